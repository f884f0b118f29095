"""A run of an experiment, by its name: written by the process that started it, read by any."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from types import TracebackType
from typing import Any

from .. import session
from ..attached import SYSTEM, attach
from ..error import TrackwayError
from ..reader import Reader
from ..record import StoredRun, get
from ..run import Run
from . import artifact, lineage
from .artifact import Artifact
from .count import go_on, log_counted
from .place import client, place, resource_name

#: Of a run, in Vertex' words.
STATES = {
    "queued": "NEW",
    "running": "RUNNING",
    "completed": "COMPLETE",
    "failed": "FAILED",
    "killed": "CANCELLED",
    "lost": "STATE_UNSPECIFIED",
}


class ExperimentRun:
    """A run of an experiment, by its name; the current experiment unless another is named.

    Raises TrackwayError when there is none. What is logged is added to it, whatever its state; only the run that
    ``start_run`` gave ends with its ``with`` block.
    """

    def __init__(self, run_name: str, experiment: str | None = None) -> None:
        self._bind(run_name, experiment or place.experiment, None)
        self._run_id = find(run_name, self.experiment).id

    @classmethod
    def of(cls, run: Run, name: str, experiment: str) -> ExperimentRun:
        """A run that is open here."""
        made = object.__new__(cls)
        made._bind(name, experiment, run)
        made._run_id = run.id
        return made

    def _bind(self, name: str, experiment: str, run: Run | None) -> None:
        self.name = name
        self.experiment = experiment
        self._open: Run | None = run
        self._run_id = ""

    @property
    def run(self) -> Run:
        """The same as a run of Trackway's own, with all that it can log."""
        if self._open is None:
            self._open = next((run for run in session._runs if run.id == self._run_id), None)
        if self._open is None:
            known = self._stored()
            self._open = attach(client()._channel, known)
            count_on(self._open, known)
        return self._open

    @property
    def resource_name(self) -> str:
        """``projects/…/metadataStores/default/contexts/<experiment>-<run>``."""
        return resource_name("contexts", f"{self.experiment}-{self.name}")

    @property
    def state(self) -> str:
        """``NEW``, ``RUNNING``, ``COMPLETE``, ``FAILED`` or ``CANCELLED``; ``STATE_UNSPECIFIED`` for a run that is not
        heard of any more."""
        return STATES[self._stored().status]

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Records params; they keep their types."""
        self.run.log_params(params)

    def log_metrics(self, metrics: Mapping[str, Any]) -> None:
        """Records a value for each key. The last is what ``get_metrics`` gives; those before are kept as its curve."""
        log_counted(self.run, metrics)

    def log_time_series_metrics(
        self, metrics: Mapping[str, Any], step: int | None = None, wall_time: Any = None
    ) -> None:
        """Records a value for each key at a step; without one, at the next. ``wall_time`` is a datetime."""
        seconds = None if wall_time is None else wall_time.timestamp()
        self.run.log_metrics(metrics, step, wallclock=seconds)

    def log_input(self, artifact: Artifact) -> None:
        """Records that the run read an artifact."""
        _checked(artifact).keep(self.run, lineage.INPUT)

    def log_output(self, artifact: Artifact) -> None:
        """Records that the run made an artifact."""
        _checked(artifact).keep(self.run, lineage.OUTPUT)

    def get_params(self) -> dict[str, Any]:
        """Every param, with its type."""
        return dict(self._stored().params)

    def get_metrics(self) -> dict[str, Any]:
        """The last value of every metric, without what is recorded of the machine."""
        stored = self._stored()
        found: dict[str, Any] = {key: stat.last for key, stat in stored.metrics.items()}
        for one in stored.series():
            if one.kind == "text" and not one.context and not one.key.startswith(SYSTEM):
                found[one.key] = stored.metric_history(one.key, {}).values[-1]
        return {key: value for key, value in found.items() if not key.startswith(SYSTEM)}

    def get_artifacts(self) -> list[Artifact]:
        """What the run read, made, and what was created within it."""
        self._flush()
        return artifact.of_run(Reader(client()._connection), self._run_id)

    def end_run(self, state: str = "COMPLETE") -> None:
        """Ends the run: ``COMPLETE``, ``FAILED`` or ``CANCELLED``."""
        statuses = {name: status for status, name in STATES.items() if name in _END_STATES}
        if state not in statuses:
            raise ValueError(f'state: expected {", ".join(statuses)}, found "{state}"')
        self.run.finish(statuses[state])

    def __enter__(self) -> ExperimentRun:
        self.run.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.run.__exit__(kind, error, traceback)

    def __repr__(self) -> str:
        return f"<ExperimentRun {self.experiment}/{self.name}>"

    def _stored(self) -> StoredRun:
        self._flush()
        return get(Reader(client()._connection), self._run_id)

    def _flush(self) -> None:
        if self._open is not None:
            self._open.flush()


_END_STATES = ("COMPLETE", "FAILED", "CANCELLED")


def run_id_of(run_name: str, experiment: str) -> str:
    """The id that a name stands for, so that of two that start at once one is refused."""
    text = "\0".join(("aiplatform", experiment, run_name))
    return sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:32]


def find(run_name: str, experiment: str) -> StoredRun:
    """The run of that name, the newest should another client have made several; TrackwayError when there is none."""
    try:
        return get(Reader(client()._connection), run_id_of(run_name, experiment))
    except TrackwayError as error:
        if error.kind != "not_found":
            raise
    for run in client().get_experiment(experiment).runs():
        if run.name == run_name:
            return run
    message = f'the experiment "{experiment}" has no run "{run_name}"'
    raise TrackwayError(message, kind="not_found", field="run_name")


def count_on(run: Run, known: StoredRun) -> None:
    """Metrics of a run that goes on follow those that it has."""
    go_on(run, {one.key: one.last_step for one in known.series() if not one.context})


def _checked(given: object) -> Artifact:
    if not isinstance(given, Artifact):
        raise TypeError(f"artifact: expected an aiplatform.Artifact, found {type(given).__name__}")
    return given
