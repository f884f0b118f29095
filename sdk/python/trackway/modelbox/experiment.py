"""An experiment: one training job, its metadata, metrics, events and files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Callable, NoReturn
from urllib.parse import quote, unquote

from .. import series
from ..artifact import LocalPath
from ..attached import SYSTEM
from ..error import TrackwayError, unsupported
from ..reader import Reader, segment
from ..record import StoredRun, get, moment
from ..run import Run
from ..value import json_value
from . import file
from .answer import (
    LogEventResponse,
    LogMetricsResponse,
    TrackArtifactsResponse,
    UpdateMetadataResponse,
    UploadArtifactResponse,
    now,
)
from .file import Artifacts
from .value import Event, EventSource, MetricValue, MLFramework

METADATA = "modelbox/metadata/"
#: Metadata of this key are params too, so that runs can be sorted and compared by them.
HYPERPARAMS = "hyperparams"


class Experiment:
    """Made by ``ModelBox.new_experiment`` or ``ModelBox.experiment``. Calls that log return at once and never fail
    because of the server; calls that read ask it, after what was logged before has arrived.
    """

    def __init__(self, reader: Reader, known: StoredRun, open_run: Callable[[], Run], existed: bool) -> None:
        self._reader = reader
        self._open_run = open_run
        self._run: Run | None = None
        tags = known.tags
        self.id: str = known.id
        self.name: str = known.name
        self.owner: str = tags.get("owner", "")
        self.namespace: str = tags.get("namespace", "")
        self.external_id: str = tags.get("external_id", "")
        self.framework = MLFramework[tags.get("framework", "UNKNOWN")]
        self.created_at: datetime = known.created_at
        #: It was there before.
        self.experiment_exists = existed

    @property
    def run(self) -> Run:
        """The same as a run of Trackway's own, with all that it can log."""
        if self._run is None:
            self._run = self._open_run()
        return self._run

    @property
    def updated_at(self) -> datetime:
        """When its run was last changed, as the server tells."""
        return moment(self._reader.json(f"/api/v1/runs/{self.id}")["run"]["updated_at_ms"])

    def __repr__(self) -> str:
        return f"<Experiment {self.name} {self.id}>"

    def update_metadata(self, key: str, value: Any) -> UpdateMetadataResponse:
        """Keeps a value of one key, anything that JSON can hold; other keys stay.

        A dict under the key ``hyperparams`` is also logged as params, nested keys joined with dots.
        """
        self.run.log_dict(value, METADATA + quote(key, safe="") + ".json")
        if key == HYPERPARAMS and isinstance(value, Mapping):
            self.run.log_params(value)
        return UpdateMetadataResponse(now())

    def metadata(self) -> dict[str, Any]:
        """Every key with its value."""
        return {unquote(name[: -len(".json")]): value for name, value in self._records(METADATA)}

    def log_metrics(
        self, metrics: Mapping[str, Any], step: int = 0, wallclock: float | None = None
    ) -> LogMetricsResponse:
        """Records a value for each key: numbers, texts or bytes; a key keeps the kind that it began with.

        ``wallclock`` is in seconds since 1970, now when absent. The same step twice keeps both values.
        """
        self.run.log_metrics(metrics, step, wallclock=wallclock)
        return LogMetricsResponse(now())

    def all_metrics(self) -> dict[str, list[MetricValue]]:
        """Every value of every key, in order of step; without what is recorded of the machine."""
        self._flush()
        found: dict[str, list[MetricValue]] = {}
        for one in series.decode(self._reader.bytes("/api/v1/series", {"run": self.id})):
            if not one.key.startswith(SYSTEM):
                columns = zip(one.columns["steps"], one.columns["times_ms"], one.columns["values"])
                values = [MetricValue(step, time_ms / 1000, value) for step, time_ms, value in columns]
                found.setdefault(one.key, []).extend(values)
        return found

    def log_event(self, event: Event) -> LogEventResponse:
        """Records an event at the time that it tells."""
        self.run.log_event(
            event.name, event.metadata, source=event.source.name, wallclock=event.wallclock_time
        )
        return LogEventResponse(now())

    def events(self) -> list[Event]:
        """Every event, in order of time."""
        return [
            Event(one.name, EventSource(one.source), one.time.timestamp(), one.metadata)
            for one in self._stored().events()
        ]

    def upload_artifact(self, files: Iterable[LocalPath]) -> UploadArtifactResponse:
        """Stores files, and every file below folders. Raises FileNotFoundError before anything is stored."""
        found = file.found(files)
        for one in found:
            if one.local is None:
                raise ValueError(f"files: not on this machine, see track_artifacts: {one.path}")
        ids = {}
        for one in found:
            assert one.local is not None
            target = file.target_of(one.path)
            self.run.log_artifact(one.local, target)
            ids[one.path] = self._keep(file.record(self.id, one, target))
        return UploadArtifactResponse(ids)

    #: Another word for the same.
    upload_artifacts = upload_artifact

    def track_artifacts(self, files: Iterable[LocalPath]) -> TrackArtifactsResponse:
        """Records where files are, without their content: local paths, with a checksum, or URIs."""
        found = file.found(files)
        for one in found:
            self._keep(file.record(self.id, one, None))
        return TrackArtifactsResponse(len(found))

    @property
    def artifacts(self) -> Artifacts:
        """The files uploaded and tracked, in order of path; a list that may also be called."""
        found = [file.from_record(self.id, record) for _, record in self._records(file.FOLDER)]
        return Artifacts(sorted(found, key=lambda one: one.path))

    def download_artifact(self, id: str, path: LocalPath) -> None:
        """Brings an uploaded file here. TrackwayError when there is none of that id."""
        record = dict(self._records(file.FOLDER)).get(f"{id}.json")
        if record is None or record["file"] is None:
            raise TrackwayError(f'no file with the id "{id}" was uploaded', kind="not_found", field="id")
        with TemporaryDirectory(dir=Path(path).absolute().parent) as folder:
            [local] = self._stored().download(record["file"], folder)
            local.replace(path)

    def new_checkpoint(self, epoch: int, metrics: Mapping[str, float] | None = None) -> NoReturn:
        """Records a checkpoint: not supported yet."""
        raise unsupported("checkpoints")

    def checkpoints(self) -> NoReturn:
        """The checkpoints recorded: not supported yet."""
        raise unsupported("checkpoints")

    def _keep(self, record: Mapping[str, Any]) -> str:
        self.run.log_dict(json_value(record), f"{file.FOLDER}{record['id']}.json")
        return str(record["id"])

    def _records(self, folder: str) -> Iterator[tuple[str, Any]]:
        """The JSON files of a folder of the run, by their names."""
        for one in self._stored().artifacts():
            if one.path.startswith(folder):
                where = "/".join(map(segment, one.path.split("/")))
                yield one.path[len(folder) :], self._reader.json(f"/api/v1/runs/{self.id}/artifacts/{where}")

    def _stored(self) -> StoredRun:
        self._flush()
        return get(self._reader, self.id)

    def _flush(self) -> None:
        if self._run is not None:
            self._run.flush(self._reader.connection.timeout_seconds)
