"""LightGBM: what is recorded equals what it gives back."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from server import Server, bits
from stored import only_run_of, runs_of

import trackway

numpy = pytest.importorskip("numpy")
lightgbm = pytest.importorskip("lightgbm")

from trackway.integration.lightgbm import trackway_callback  # noqa: E402

PARAMS = {
    "objective": "regression",
    "metric": ["l2", "l1"],
    "num_leaves": 4,
    "verbose": -1,
    "seed": 7,
    "num_threads": 1,
}


def _data(seed: int = 7, noise: float = 0.1) -> tuple[Any, Any]:
    random = numpy.random.default_rng(seed)
    features = random.normal(size=(200, 3))
    return features, features[:, 0] * 2 + features[:, 1] + random.normal(size=200) * noise


def _train(rounds: int = 6, callbacks: Any = (), noise: float = 0.1, seed: int = 8) -> tuple[Any, Any]:
    train = lightgbm.Dataset(*_data(noise=noise), feature_name=["first", "second", "noise"])
    valid = lightgbm.Dataset(*_data(seed, noise), reference=train)
    history: Any = {}
    model = lightgbm.train(
        PARAMS, train, rounds, valid_sets=[valid], callbacks=[lightgbm.record_evaluation(history), *callbacks]
    )
    return model, history


def _broken(env: Any) -> None:
    if env.iteration == 2:
        raise ZeroDivisionError("boom")


# After the one that is tested.
_broken.order = 40  # type: ignore[attr-defined]


def test_every_round_every_param_and_the_importances(server: Server, experiment_name: str) -> None:
    model, history = _train(callbacks=[trackway_callback(log_model=True)])
    run = only_run_of(server, experiment_name)
    assert server.status(run.id) == "completed"
    for metric in ("l2", "l1"):
        points = run.points(f"valid_0/{metric}")
        assert list(points) == list(range(6))
        assert bits(list(points.values())) == bits(history["valid_0"][metric])
    assert run.keys == {"valid_0/l2", "valid_0/l1"}
    assert run.params == {**PARAMS, "metric": "['l2', 'l1']", "num_boost_round": 6} | {
        key: run.params[key] for key in run.params.keys() - PARAMS.keys() - {"num_boost_round"}
    }
    table = run.table("feature_importance")
    assert [row["feature"] for row in table] == ["first", "second", "noise"]
    assert [row["gain"] for row in table] == model.feature_importance("gain").tolist()
    assert [row["split"] for row in table] == model.feature_importance("split").tolist()
    stored = lightgbm.Booster(model_str=run.artifact("model/model.txt").decode())
    assert stored.predict(_data()[0]).tolist() == model.predict(_data()[0]).tolist()


def test_early_stopping_records_the_last_round_and_ends_well(server: Server, experiment_name: str) -> None:
    stop = lightgbm.early_stopping(3, verbose=False)
    model, history = _train(300, [trackway_callback(), stop], noise=20.0)
    run = only_run_of(server, experiment_name)
    assert server.status(run.id) == "completed"
    rounds = len(history["valid_0"]["l2"])
    assert rounds < 300
    assert len(run.points("valid_0/l2")) == rounds
    assert run.points("best_iteration") == {rounds - 1: model.best_iteration}


def test_cross_validation(server: Server, experiment_name: str) -> None:
    train = lightgbm.Dataset(*_data())
    result = lightgbm.cv(PARAMS, train, 5, nfold=3, stratified=False, callbacks=[trackway_callback()])
    run = only_run_of(server, experiment_name)
    assert server.status(run.id) == "completed"
    assert run.keys == {name.replace(" ", "/") for name in result}
    for name, values in result.items():
        assert bits(run.values(name.replace(" ", "/"))) == bits(values)


def test_an_open_run_is_used_and_left_open(server: Server, experiment_name: str) -> None:
    with trackway.init() as run:
        model, _ = _train(callbacks=[trackway_callback()])
        assert server.status(run.id) == "running"
    stored = only_run_of(server, experiment_name)
    assert len(stored.points("valid_0/l2")) == 6
    assert len(stored.table("feature_importance")) == model.num_feature()


def test_a_training_that_raises_has_failed_even_if_the_caller_goes_on(
    server: Server, experiment_name: str
) -> None:
    callback = trackway_callback()
    with pytest.raises(ZeroDivisionError):
        _train(callbacks=[callback, _broken])
    assert only_run_of(server, experiment_name).status("failed") == "failed"
    _train(callbacks=[callback])
    failed, good = runs_of(server, experiment_name)
    assert failed.status("failed") == "failed"
    assert len(failed.points("valid_0/l2")) == 3
    assert server.status(good.id) == "completed"
    assert len(good.points("valid_0/l2")) == 6


def test_a_notebook_that_holds_the_last_traceback_gets_a_new_run(
    server: Server, experiment_name: str
) -> None:
    held = None
    try:
        _train(callbacks=[trackway_callback(), _broken])
    except ZeroDivisionError as error:
        held = error
    _train(callbacks=[trackway_callback()])
    assert trackway.current_run() is None
    failed, good = runs_of(server, experiment_name)
    assert failed.status("failed") == "failed"
    assert server.status(good.id) == "completed"
    # The frame goes only now, and the good run stays as it is.
    assert held is not None
    del held
    assert server.status(good.id) == "completed"


def test_the_scikit_learn_classes_work_too(server: Server, experiment_name: str) -> None:
    pytest.importorskip("sklearn")
    features, target = _data()
    model = lightgbm.LGBMRegressor(n_estimators=5, num_leaves=4, verbose=-1)
    model.fit(features, target, eval_set=[(features, target)], callbacks=[trackway_callback()])
    run = only_run_of(server, experiment_name)
    assert server.status(run.id) == "completed"
    assert bits(run.values("training/l2")) == bits(model.evals_result_["training"]["l2"])


def test_copies_record_too(server: Server, experiment_name: str) -> None:
    with trackway.init(name="parent") as parent:
        pass
    callback = trackway_callback(tags=["copied"], parent=parent)
    for copied in (copy.deepcopy(callback), pickle.loads(pickle.dumps(callback))):
        _train(callbacks=[copied])
    runs = runs_of(server, experiment_name)[1:]
    assert [run.tags for run in runs] == [{"copied": ""}] * 2
    assert [run.parent_id for run in runs] == [parent.id] * 2
    assert [len(run.points("valid_0/l2")) for run in runs] == [6, 6]


def test_a_copy_for_another_process_joins_the_run_given(
    client: trackway.MLOpsClient, server: Server, experiment_name: str
) -> None:
    with client.start_run(client.create_experiment(experiment_name)) as run:
        _train(callbacks=[pickle.loads(pickle.dumps(trackway_callback(run)))])
    assert only_run_of(server, experiment_name).id == run.id
    assert len(only_run_of(server, experiment_name).points("valid_0/l2")) == 6


def test_results_are_the_same_as_without(server: Server, experiment_name: str) -> None:
    plain, _ = _train()
    recorded, _ = _train(callbacks=[trackway_callback()])
    assert plain.model_to_string() == recorded.model_to_string()
