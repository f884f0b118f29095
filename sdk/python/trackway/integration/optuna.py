"""Optuna: a run for the study and, below it, one for each trial."""

from __future__ import annotations

import threading
from typing import Any

from trackway import Run

from .call import caller_in_any_thread
from .library import required
from .recorder import Recorder, child_run, guarded

_optuna: Any = required("optuna", "optuna")

# A pruned trial was stopped before its end; that is no failure.
_STATUSES = {"COMPLETE": "completed", "PRUNED": "killed", "FAIL": "failed"}


class TrackwayCallback:
    """For ``study.optimize(objective, callbacks=[TrackwayCallback()])``.

    ``run`` is the run of the study; without it the current one, else one of its own, opened with ``trackway.init``
    and the other arguments, and ended when ``optimize`` returns or raises. Its metrics are ``value`` and
    ``best_value`` over the numbers of the trials, at the end it gets the best params and the table of all trials.
    ``trial_runs=False`` leaves out the runs of the trials. With several objectives the values are named by the
    study's metric names, else ``values_0``, ``values_1`` as in its data frame.

    A trial's run has its params and their distributions, its values, its intermediate values by step, its attributes
    and its state; a pruned trial is killed, a failed one failed.
    """

    def __init__(self, run: Run | None = None, *, trial_runs: bool = True, **init: Any) -> None:
        self._recorder = Recorder(run, init)
        self._trial_runs = trial_runs
        self._told: set[int] = set()
        self._lock = threading.Lock()

    def __call__(self, study: Any, trial: Any) -> None:
        # Trials of n_jobs > 1 end in several threads.
        with guarded("a trial"), self._lock:
            if self._recorder.run is None:
                self._begin(study)
            self._log_trial(study, trial)

    def _begin(self, study: Any) -> None:
        frame = caller_in_any_thread("optuna", "optimize", study)
        self._recorder.open(frame, lambda: self._end(study), name=study.study_name)
        # Trials of former calls of ``optimize`` are not of this run.
        self._told = set()
        self._recorder.params(
            {
                "study_name": study.study_name,
                "directions": ",".join(direction.name.lower() for direction in study.directions),
                "sampler": type(study.sampler).__name__,
                "pruner": type(study.pruner).__name__,
                "user_attrs": study.user_attrs,
            }
        )

    def _log_trial(self, study: Any, trial: Any) -> None:
        run = self._recorder.run
        if run is None:
            return
        self._told.add(trial.number)
        self._recorder.metrics(_values(study, trial), trial.number)
        if len(study.directions) == 1:
            best = _best(study)
            if best is not None:
                self._recorder.metrics({"best_value": best.value}, trial.number)
        if self._trial_runs:
            _log_trial_run(run, study, trial)

    def _end(self, study: Any) -> None:
        """``optimize`` has returned or raised."""
        raised = False
        with guarded("the end of the study"):
            for trial in study.get_trials(deepcopy=False):
                # The callback is not called for the trial whose exception ends ``optimize``.
                if trial.number > max(self._told) and trial.state.name == "FAIL":
                    self._log_trial(study, trial)
                    raised = True
            self._summarize(study)
        if raised:
            self._recorder.fail()
        else:
            self._recorder.close()

    def _summarize(self, study: Any) -> None:
        run = self._recorder.run
        best = _best(study)
        if run is None:
            return
        if best is not None:
            self._recorder.params({"best_params": best.params, "best_trial": best.number})
        rows = [
            {
                "number": trial.number,
                "state": trial.state.name,
                **_values(study, trial),
                "duration_seconds": _duration_seconds(trial),
                **{f"params_{key}": value for key, value in trial.params.items()},
            }
            for trial in study.get_trials(deepcopy=False)
        ]
        run.log_table("trials", rows, step=0)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_lock": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _lock=threading.Lock())


def _log_trial_run(parent: Run, study: Any, trial: Any) -> None:
    tags = {"state": trial.state.name, "trial": trial.number}
    run = child_run(parent, f"{study.study_name} {trial.number}", tags)
    try:
        distributions = {key: repr(value) for key, value in trial.distributions.items()}
        run.log_params({**trial.params, "distributions": distributions, "user_attrs": trial.user_attrs})
        for step, value in trial.intermediate_values.items():
            run.log_metrics({"intermediate_value": value}, step)
        last = max(trial.intermediate_values, default=0)
        duration_seconds = _duration_seconds(trial)
        if duration_seconds is not None:
            run.log_metrics({"duration_seconds": duration_seconds}, last)
        run.log_metrics(_values(study, trial), last)
    finally:
        run.end_without_waiting(_STATUSES.get(trial.state.name, "completed"))


def _values(study: Any, trial: Any) -> dict[str, float]:
    values = trial.values or ()
    names = study.metric_names or (["value"] if len(study.directions) == 1 else None)
    return {names[place] if names else f"values_{place}": value for place, value in enumerate(values)}


def _best(study: Any) -> Any:
    """The best trial of a study with one objective; None as long as there is none."""
    if len(study.directions) > 1:
        return None
    try:
        return study.best_trial
    except ValueError:
        return None


def _duration_seconds(trial: Any) -> float | None:
    return trial.duration.total_seconds() if trial.duration is not None else None
