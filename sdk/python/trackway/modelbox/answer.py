"""What the calls of an experiment give back. Times are of this machine, at the call."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import NamedTuple


def now() -> datetime:
    """With its time zone, as every time here."""
    return datetime.now(timezone.utc)


class UpdateMetadataResponse(NamedTuple):
    updated_at: datetime


class LogMetricsResponse(NamedTuple):
    updated_at: datetime


class LogEventResponse(NamedTuple):
    created_at: datetime


class UploadArtifactResponse(NamedTuple):
    #: Of each file, by its path as it was given; of a folder, those of the files below it.
    artifact_ids: dict[str, str]


class TrackArtifactsResponse(NamedTuple):
    num_artifacts_tracked: int
