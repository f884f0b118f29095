"""The process-wide calls: which experiment is current, which run, and what is logged to it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from .. import session
from ..error import TrackwayError
from . import place as places
from .place import place
from .run import ExperimentRun, count_on, find, run_id_of

_log = logging.getLogger("trackway")


def init(
    *,
    project: str | None = None,
    location: str | None = None,
    experiment: str | None = None,
    experiment_description: str | None = None,
    **ignored: Any,
) -> None:
    """Chooses, for this process, the experiment of the runs that follow; at first it is ``default``.

    ``project`` and ``location`` become parts of resource names. With a description the experiment is made at once, so
    the server must answer; otherwise with its first run. Other keywords are ignored, with a warning.
    """
    if ignored:
        _log.warning("trackway: aiplatform.init ignores %s", ", ".join(sorted(ignored)))
    if experiment is not None and experiment_description is not None:
        places.client().create_experiment(experiment, experiment_description)
    place.project = project or place.project
    place.location = location or place.location
    place.experiment = experiment or place.experiment


def start_run(run: str, *, tensorboard: Any = None, resume: bool = False) -> ExperimentRun:
    """Starts a run of the current experiment and makes it the current one; use it in ``with``, or call ``end_run``.

    A name is used once in an experiment: TrackwayError if there is such a run, unless it is to ``resume``, and then if
    there is none. ``tensorboard`` is ignored. A run that is still open outside of a ``with`` is completed first.
    """
    known = find(run, place.experiment) if resume else None
    try:
        started = session.init(
            place.experiment,
            run,
            id=known.id if known is not None else run_id_of(run, place.experiment),
            resume="must" if resume else "never",
        )
    except TrackwayError as error:
        if error.kind != "conflict":
            raise
        message = (
            f'the experiment "{place.experiment}" has a run "{run}": choose another name, or resume=True'
        )
        raise TrackwayError(message, kind="conflict", field="run", status=error.status) from None
    if known is not None:
        count_on(started, known)
    return ExperimentRun.of(started, run, place.experiment)


def current() -> ExperimentRun:
    """The run that the calls here go to; one of ``trackway.init`` will do."""
    run = session.current_run()
    if run is None:
        message = "no run was started: call aiplatform.start_run() first"
        raise TrackwayError(message, kind="not_found", field="run")
    return ExperimentRun.of(run, run.name, run.experiment_name or place.experiment)


def end_run(state: str = "COMPLETE") -> None:
    """Ends the current run; does nothing when there is none."""
    if session.current_run() is not None:
        current().end_run(state)


def log_params(params: Mapping[str, Any]) -> None:
    """``ExperimentRun.log_params`` of the current run."""
    current().log_params(params)


def log_metrics(metrics: Mapping[str, Any]) -> None:
    """``ExperimentRun.log_metrics`` of the current run."""
    current().log_metrics(metrics)


def log_time_series_metrics(
    metrics: Mapping[str, Any], step: int | None = None, wall_time: Any = None
) -> None:
    """``ExperimentRun.log_time_series_metrics`` of the current run."""
    current().log_time_series_metrics(metrics, step, wall_time)
