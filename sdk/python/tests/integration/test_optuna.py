"""Optuna: a study and its trials as runs."""

from __future__ import annotations

from typing import Any

import pytest
from server import Server, bits
from stored import runs_of

import trackway

optuna = pytest.importorskip("optuna")

from trackway.integration.optuna import TrackwayCallback  # noqa: E402

optuna.logging.set_verbosity(optuna.logging.ERROR)


def _objective(trial: Any) -> float:
    x = trial.suggest_float("x", -10, 10)
    kind = trial.suggest_categorical("kind", ["a", "b"])
    depth = trial.suggest_int("depth", 1, 4)
    for step in range(3):
        trial.report(x * x + step, step)
    trial.set_user_attr("seen", depth)
    return x * x + depth + (kind == "b")


def _study(**more: Any) -> Any:
    return optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=7), **more)


def test_a_study_is_a_run_with_a_run_for_each_trial(server: Server, experiment_name: str) -> None:
    study = _study(study_name="find x")
    study.optimize(_objective, n_trials=4, callbacks=[TrackwayCallback(tags=["search"])])
    parent, *children = runs_of(server, experiment_name)
    assert server.status(parent.id) == "completed"
    assert parent.name == "find x"
    assert parent.tags == {"search": ""}
    values = [trial.value for trial in study.trials]
    assert bits(parent.values("value")) == bits(values)
    assert bits(parent.values("best_value")) == bits([min(values[: place + 1]) for place in range(4)])
    assert parent.params["best_trial"] == study.best_trial.number
    for name, value in study.best_params.items():
        assert parent.params[f"best_params.{name}"] == value
    assert parent.params["sampler"] == "RandomSampler"
    assert parent.params["directions"] == "minimize"
    rows = parent.table("trials")
    assert [row["value"] for row in rows] == values
    assert [row["params_depth"] for row in rows] == [trial.params["depth"] for trial in study.trials]

    assert [child.name for child in children] == [f"find x {number}" for number in range(4)]
    for child, trial in zip(children, study.trials):
        assert child.parent_id == parent.id
        assert child.status("completed") == "completed"
        assert {name: child.params[name] for name in trial.params} == trial.params
        assert isinstance(child.params["depth"], int)
        assert child.params["distributions.depth"] == repr(trial.distributions["depth"])
        assert child.params["user_attrs.seen"] == trial.params["depth"]
        assert child.tags == {"state": "COMPLETE", "trial": str(trial.number)}
        assert child.points("intermediate_value") == trial.intermediate_values
        assert child.values("value") == [trial.value]


def test_pruned_and_failed_trials_are_told_apart(server: Server, experiment_name: str) -> None:
    def objective(trial: Any) -> float:
        trial.report(1.5, 0)
        if trial.number == 1:
            raise optuna.TrialPruned
        if trial.number == 2:
            raise ZeroDivisionError("boom")
        return float("nan") if trial.number == 3 else 0.5

    _study().optimize(objective, n_trials=5, callbacks=[TrackwayCallback()], catch=(ZeroDivisionError,))
    # Optuna keeps the frames of such trials in cycles, so the end is noticed a little later.
    parent, *children = runs_of(server, experiment_name)
    assert parent.status("completed") == "completed"
    ends = ["completed", "killed", "failed", "failed", "completed"]
    assert [child.status(end) for child, end in zip(children, ends)] == ends
    assert [child.tags["state"] for child in children] == ["COMPLETE", "PRUNED", "FAIL", "FAIL", "COMPLETE"]
    assert children[1].points("intermediate_value") == {0: 1.5}


def test_an_exception_that_ends_the_study_fails_it(server: Server, experiment_name: str) -> None:
    def objective(trial: Any) -> float:
        if trial.number == 2:
            raise ZeroDivisionError("boom")
        return trial.suggest_float("x", 0, 1)

    study = _study()
    with pytest.raises(ZeroDivisionError):
        study.optimize(objective, n_trials=5, callbacks=[TrackwayCallback()])
    parent, *_ = runs_of(server, experiment_name)
    assert parent.status("failed") == "failed"
    children = runs_of(server, experiment_name)[1:]
    assert [child.status(end) for child, end in zip(children, ("completed", "completed", "failed"))] == [
        "completed",
        "completed",
        "failed",
    ]
    assert parent.table("trials")[2]["state"] == "FAIL"


def test_several_objectives(server: Server, experiment_name: str) -> None:
    study = _study(directions=["minimize", "maximize"])
    study.optimize(lambda trial: (trial.number + 0.5, -1.0), n_trials=2, callbacks=[TrackwayCallback()])
    parent, child, _ = runs_of(server, experiment_name)
    assert parent.points("values_0") == {0: 0.5, 1: 1.5}
    assert parent.points("values_1") == {0: -1.0, 1: -1.0}
    assert parent.params["directions"] == "minimize,maximize"
    assert child.values("values_0") == [0.5]


def test_named_objectives(server: Server, experiment_name: str) -> None:
    study = _study(directions=["minimize", "maximize"])
    study.set_metric_names(["loss", "speed"])
    study.optimize(lambda trial: (0.5, 3.0), n_trials=1, callbacks=[TrackwayCallback(trial_runs=False)])
    (parent,) = runs_of(server, experiment_name)
    assert parent.values("loss") == [0.5]
    assert parent.values("speed") == [3.0]


def test_trials_in_several_threads(server: Server, experiment_name: str) -> None:
    study = _study()
    study.optimize(_objective, n_trials=12, n_jobs=4, callbacks=[TrackwayCallback()])
    parent, *children = runs_of(server, experiment_name)
    assert server.status(parent.id) == "completed"
    assert parent.points("value") == {trial.number: trial.value for trial in study.trials}
    assert {child.tags["trial"] for child in children} == {str(number) for number in range(12)}
    assert {child.parent_id for child in children} == {parent.id}


def test_a_study_goes_on_in_a_run_of_its_own(server: Server, experiment_name: str) -> None:
    study, callback = _study(), TrackwayCallback(trial_runs=False)
    study.optimize(_objective, n_trials=2, callbacks=[callback])
    study.optimize(_objective, n_trials=2, callbacks=[callback])
    first, second = runs_of(server, experiment_name)
    assert list(first.points("value")) == [0, 1]
    assert list(second.points("value")) == [2, 3]
    assert server.status(second.id) == "completed"


def test_an_open_run_is_used_and_left_open(server: Server, experiment_name: str) -> None:
    with trackway.init() as run:
        study = _study()
        study.optimize(_objective, n_trials=2, callbacks=[TrackwayCallback()])
        assert server.status(run.id) == "running"
        assert trackway.current_run() is run
    parent, *children = runs_of(server, experiment_name)
    assert parent.id == run.id
    assert len(children) == 2
    assert parent.params["best_trial"] == study.best_trial.number
