"""Answers to the calls of an experiment. Times are of this machine, at the call."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import NamedTuple


def now() -> datetime:
    """With its time zone, as every time here."""
    return datetime.now(timezone.utc)


class UpdateMetadataResponse(NamedTuple):
    """To ``update_metadata``."""

    updated_at: datetime


class LogMetricsResponse(NamedTuple):
    """To ``log_metrics``."""

    updated_at: datetime


class LogEventResponse(NamedTuple):
    """To ``log_event``."""

    created_at: datetime


class UploadArtifactResponse(NamedTuple):
    """To ``upload_artifact``."""

    #: Of each file, by its path as it was given; of a folder, those of the files below it.
    artifact_ids: dict[str, str]


class TrackArtifactsResponse(NamedTuple):
    """To ``track_artifacts``."""

    num_artifacts_tracked: int
