"""What the server has of a run: read-only records, and what belongs to each, read when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

from .artifact import LocalPath
from .download import StoredArtifact, below, fetch
from .error import TrackwayError
from .history import History
from .history import read as read_history
from .reader import Reader, segment
from .value import ParamValue

RUNS = "/api/v1/runs"
# Events asked for at once; the server's largest page.
EVENTS_MAX = 1_000


class MetricStat(NamedTuple):
    """A metric in three numbers."""

    #: The value at the highest step; NaN and infinities included.
    last: float
    last_step: int
    #: Of the finite values; None when there is none.
    min: float | None
    max: float | None


class SeriesSummary(NamedTuple):
    """All that is known of a series without reading its points."""

    key: str
    #: What tells it from others of the same key, such as ``{"subset": "val"}``.
    context: dict[str, str]
    #: ``number``, ``text`` or ``bytes``.
    kind: str
    #: How many, NaN and infinities included.
    points: int
    non_finite_points: int
    first_step: int
    last_step: int
    last_time: datetime
    #: NaN for texts and bytes.
    last: float
    #: Of the finite values; None when there is none.
    min: float | None
    min_step: int | None
    max: float | None
    max_step: int | None
    mean: float | None


class RunEvent(NamedTuple):
    """Something that happened while a run went on."""

    id: str
    name: str
    source: str
    time: datetime
    metadata: dict[str, Any]
    #: ``point``, or ``start`` and ``finish`` of one span.
    kind: str
    span: str | None


class StoredRun:
    """A run as it was when the server was asked. Nothing here changes it; ``client.start_run`` with its id does."""

    def __init__(self, reader: Reader, row: Mapping[str, Any], experiment_name: str | None) -> None:
        run = row["run"]
        self._reader = reader
        self._series: list[dict[str, Any]] | None = None
        #: 32 hex digits.
        self.id: str = run["id"]
        self.name: str = run["name"]
        #: Counts up from 1 in its experiment.
        self.number: int = run["number"]
        #: ``queued``, ``running``, ``completed``, ``failed``, ``killed`` or ``lost``.
        self.status: str = run["status"]
        self.experiment_id: str = run["experiment_id"]
        self.experiment_name: str | None = experiment_name
        self.parent_id: str | None = run.get("parent_id")
        #: Who started it.
        self.user: str = run["user"]
        self.created_at: datetime = moment(run["created_at_ms"])
        self.started_at: datetime | None = _moment_or_none(run["started_at_ms"])
        #: None while it runs.
        self.ended_at: datetime | None = _moment_or_none(run["ended_at_ms"])
        #: When it was put aside; None for most.
        self.archived_at: datetime | None = _moment_or_none(run.get("archived_at_ms"))
        self.tags: dict[str, str] = dict(run["tags"])
        #: With their types, as logged.
        self.params: dict[str, ParamValue] = {key: param(value) for key, value in row["params"].items()}
        #: The plain series of numbers: those without context, without texts and bytes; ``series`` has them all.
        self.metrics: dict[str, MetricStat] = {
            key: MetricStat(number(stat["last"]), stat["last_step"], number(stat["min"]), number(stat["max"]))
            for key, stat in row["metrics"].items()
        }
        #: Its page in the browser.
        self.url: str = f"{reader.url}/runs/{self.id}"

    @property
    def duration_seconds(self) -> float | None:
        """From its start to its end, or until now; None when it has not started."""
        if self.started_at is None:
            return None
        return ((self.ended_at or datetime.now(timezone.utc)) - self.started_at).total_seconds()

    def metric_history(
        self,
        key: str,
        context: Mapping[str, str] | None = None,
        *,
        step_min: int | None = None,
        step_max: int | None = None,
    ) -> History:
        """Reads every point of a series, or those from one step to another, both included.

        Without ``context``: the series without context, else the only one of that key. Raises TrackwayError when the
        run has no such series, or when the server cannot be asked.
        """
        return read_history(self._reader, self.id, key, context, self._summaries(), step_min, step_max)

    def series(self) -> list[SeriesSummary]:
        """Every series of the run, of any kind and context, in order of key."""
        return [_summary(one) for one in self._summaries(again=True)]

    def artifacts(self) -> list[StoredArtifact]:
        """The files of the run, in order of path; those with a ``uri`` are tracked elsewhere."""
        found = self._reader.json(f"{RUNS}/{self.id}/artifacts")
        return [_artifact(one) for one in found]

    def download(self, path: str = "", destination: LocalPath = ".") -> list[Path]:
        """Brings files of the run into a folder of this machine, and gives back where they are.

        ``path`` is a file or a folder of the run; empty, it means all. Each file keeps its path:
        ``run.download("model/best.pt", "out")`` writes ``out/model/best.pt``. Contents are checked by their SHA-256;
        a file that was there before is replaced when the new one is whole. Raises TrackwayError when the run has no
        such file, or when one would end up outside ``destination``; OSError when one cannot be written.
        """
        wanted = below(self.artifacts(), path)
        if not wanted and path:
            message = f'run "{self.id}" has no artifact "{path}"'
            raise TrackwayError(message, kind="not_found", field="path")
        return [one.local_path for one in fetch(self._reader, self.id, wanted, destination)]

    def events(self, source: str | None = None, name: str | None = None) -> list[RunEvent]:
        """What ``log_event`` recorded, in order of time; of one source or one name where they are given."""
        found: list[RunEvent] = []
        query: dict[str, Any] = {"limit": EVENTS_MAX, "after": None, "source": source, "name": name}
        while True:
            page = self._reader.json(f"{RUNS}/{self.id}/events", query)
            found += [_event(one) for one in page["items"]]
            query["after"] = page.get("next_after")
            if query["after"] is None:
                return found

    def environment(self) -> dict[str, Any]:
        """What the run ran in: git, command, packages, host and so on; empty when nothing was recorded."""
        try:
            return dict(self._reader.json(f"{RUNS}/{self.id}/environment"))
        except TrackwayError as error:
            if error.kind != "not_found":
                raise
            return {}

    def note(self) -> str | None:
        """The note in Markdown; None when there is none."""
        try:
            return str(self._reader.json(f"{RUNS}/{self.id}/note")["body"])
        except TrackwayError as error:
            if error.kind != "not_found":
                raise
            return None

    def __repr__(self) -> str:
        return f"<StoredRun {self.name} {self.status} {self.url}>"

    def _repr_html_(self) -> str:
        from html import escape

        name, url = escape(self.name), escape(self.url)
        return (
            f'Trackway run <a href="{url}" target="_blank" rel="noopener">{name}</a>: {escape(self.status)}'
        )

    def _summaries(self, again: bool = False) -> list[dict[str, Any]]:
        """Of a run that goes on, they are asked for again: the history is to be read to its end."""
        if self._series is None or again or self.ended_at is None:
            self._series = list(self._reader.json(f"{RUNS}/{self.id}")["metrics"])
        return self._series


def get(reader: Reader, run_id: str) -> StoredRun:
    """The run of that id. Raises TrackwayError when there is none."""
    detail = reader.json(f"{RUNS}/{segment(run_id)}")
    plain = {
        one["key"]: one
        for one in detail["metrics"]
        if not one.get("context") and one.get("kind", "number") == "number"
    }
    row = {
        "run": detail["run"],
        "params": {one["key"]: one["value"] for one in detail["params"]},
        "metrics": plain,
    }
    run = StoredRun(reader, row, detail["experiment_name"])
    run._series = detail["metrics"]
    return run


def moment(unix_ms: int) -> datetime:
    """A time of the server, in UTC."""
    return datetime.fromtimestamp(unix_ms / 1000, tz=timezone.utc)


def number(value: Any) -> Any:
    """A number of the server's JSON, where NaN and the infinities are texts; None stays."""
    return None if value is None else float(value)


def param(value: Any) -> ParamValue:
    """A param of the server's JSON, where a float that JSON lacks is ``{"float": "NaN"}``."""
    return float(value["float"]) if isinstance(value, dict) else value


def _moment_or_none(unix_ms: int | None) -> datetime | None:
    return None if unix_ms is None else moment(unix_ms)


def _summary(one: Mapping[str, Any]) -> SeriesSummary:
    return SeriesSummary(
        key=one["key"],
        context=dict(one.get("context") or {}),
        kind=one.get("kind", "number"),
        points=one["count"],
        non_finite_points=one["non_finite_count"],
        first_step=one["first_step"],
        last_step=one["last_step"],
        last_time=moment(one["last_time_ms"]),
        last=number(one["last"]),
        min=number(one["min"]),
        min_step=one["min_step"],
        max=number(one["max"]),
        max_step=one["max_step"],
        mean=number(one["mean"]),
    )


def _artifact(one: dict[str, Any]) -> StoredArtifact:
    told = one.get("reference") or {}
    return StoredArtifact(
        one["path"], one["size_bytes"], one["sha256"], one["mime"], told.get("uri"), told.get("digest")
    )


def _event(one: Mapping[str, Any]) -> RunEvent:
    return RunEvent(
        id=one["id"],
        name=one["name"],
        source=one.get("source", ""),
        time=moment(one["time_ms"]),
        metadata=one.get("metadata", {}),
        kind=one.get("kind", "point"),
        span=one.get("span"),
    )
