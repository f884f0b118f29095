"""XGBoost: what is recorded equals what it gives back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from server import Server, bits
from stored import only_run_of, runs_of

import trackway

numpy = pytest.importorskip("numpy")
xgboost = pytest.importorskip("xgboost")

from trackway.integration.xgboost import TrackwayCallback  # noqa: E402

PARAMS = {
    "objective": "reg:squarederror",
    "eta": 0.3,
    "max_depth": 2,
    "eval_metric": ["rmse", "mae"],
    "seed": 7,
}


def _data(rows: int = 120) -> Any:
    random = numpy.random.default_rng(7)
    features = random.normal(size=(rows, 3))
    target = features[:, 0] * 2 + features[:, 1] + random.normal(size=rows) / 10
    return xgboost.DMatrix(features, target, feature_names=["first", "second", "noise"])


def _train(rounds: int = 8, callback: Any = None, **more: Any) -> tuple[Any, Any]:
    train, valid = _data(), _data(60)
    history: Any = {}
    evals = [(train, "train"), (valid, "valid")]
    callbacks = [callback] if callback is not None else []
    model = xgboost.train(
        PARAMS,
        train,
        rounds,
        evals=evals,
        evals_result=history,
        verbose_eval=False,
        callbacks=callbacks,
        **more,
    )
    return model, history


def test_every_round_every_param_and_the_importances(server: Server, experiment_name: str) -> None:
    model, history = _train(callback=TrackwayCallback(log_model=True, tags=["tiny"]))
    run = only_run_of(server, experiment_name)
    assert run.status("completed") == "completed"
    for data in ("train", "valid"):
        for metric in ("rmse", "mae"):
            points = run.points(f"{data}-{metric}")
            assert list(points) == list(range(8))
            assert bits(list(points.values())) == bits(history[data][metric])
    assert run.keys == {"train-rmse", "train-mae", "valid-rmse", "valid-mae"}
    expected = {**PARAMS, "eval_metric": "['rmse', 'mae']", "num_boost_round": 8}
    assert {key: run.params[key] for key in expected} == expected
    assert run.tags == {"tiny": ""}
    gains = {row["feature"]: row["gain"] for row in run.table("feature_importance")}
    assert gains == {**gains, **model.get_score(importance_type="gain")}
    assert "learner" in json.loads(run.artifact("xgboost/config.json"))
    stored = xgboost.Booster()
    stored.load_model(bytearray(run.artifact("model/model.ubj")))
    assert stored.predict(_data()).tolist() == model.predict(_data()).tolist()


def test_early_stopping_says_which_round_was_best(server: Server, experiment_name: str) -> None:
    random = numpy.random.default_rng(1)
    train = xgboost.DMatrix(random.normal(size=(40, 3)), random.normal(size=40))
    valid = xgboost.DMatrix(random.normal(size=(40, 3)), random.normal(size=40))
    model = xgboost.train(
        {"eta": 1.0, "max_depth": 6},
        train,
        100,
        evals=[(valid, "valid")],
        early_stopping_rounds=3,
        verbose_eval=False,
        callbacks=[TrackwayCallback()],
    )
    run = only_run_of(server, experiment_name)
    assert run.points("best_iteration") == {model.best_iteration: model.best_iteration}
    assert run.values("best_score") == [model.best_score]
    assert len(run.points("valid-rmse")) < 100
    assert run.params["early_stopping_rounds"] == 3


def test_an_open_run_is_used_and_left_open(server: Server, experiment_name: str) -> None:
    with trackway.init() as run:
        run.log_params({"mine": 1})
        _train(callback=TrackwayCallback())
        assert server.status(run.id) == "running"
        assert trackway.current_run() is run
    stored = only_run_of(server, experiment_name)
    assert stored.params["mine"] == 1
    assert len(stored.points("valid-rmse")) == 8


def test_a_run_given_is_used_and_left_open(
    client: trackway.MLOpsClient, server: Server, experiment_name: str
) -> None:
    experiment = client.create_experiment(experiment_name)
    with client.start_run(experiment) as run:
        _train(callback=TrackwayCallback(run))
        assert server.status(run.id) == "running"
    assert len(only_run_of(server, experiment_name).points("valid-rmse")) == 8


def test_cross_validation_has_the_columns_of_its_result(server: Server, experiment_name: str) -> None:
    result = xgboost.cv(PARAMS, _data(), 5, nfold=3, as_pandas=False, callbacks=[TrackwayCallback()], seed=3)
    run = only_run_of(server, experiment_name)
    assert run.keys == set(result)
    for name, values in result.items():
        assert bits(run.values(name)) == bits(values)
    assert run.params["nfold"] == 3


def test_the_scikit_learn_classes_work_too(server: Server, experiment_name: str) -> None:
    pytest.importorskip("sklearn")
    random = numpy.random.default_rng(7)
    features, target = random.normal(size=(80, 2)), random.integers(0, 2, 80)
    model = xgboost.XGBClassifier(n_estimators=4, max_depth=2, callbacks=[TrackwayCallback()])
    model.fit(features, target, eval_set=[(features, target)], verbose=False)
    run = only_run_of(server, experiment_name)
    assert bits(run.values("validation_0-logloss")) == bits(model.evals_result()["validation_0"]["logloss"])
    assert run.params["max_depth"] == 2
    assert run.params["num_boost_round"] == 4


def test_a_training_that_raises_has_failed_even_if_the_caller_goes_on(
    server: Server, experiment_name: str
) -> None:
    class Broken(xgboost.callback.TrainingCallback):  # type: ignore[misc,name-defined]
        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
            if epoch == 2:
                raise ZeroDivisionError("boom")
            return False

    callback = TrackwayCallback()
    train = _data()
    with pytest.raises(ZeroDivisionError):
        xgboost.train(
            PARAMS, train, 8, evals=[(train, "train")], callbacks=[callback, Broken()], verbose_eval=False
        )
    _train(callback=callback)
    broken, good = runs_of(server, experiment_name)
    assert broken.status("failed") == "failed"
    # Before XGBoost 3 callbacks are called in no order.
    assert len(broken.points("train-rmse")) in (2, 3)
    assert good.status("completed") == "completed"
    assert len(good.points("train-rmse")) == 8


def test_results_are_the_same_as_without(server: Server, experiment_name: str) -> None:
    plain, _ = _train()
    recorded, _ = _train(callback=TrackwayCallback(log_model=True))
    assert plain.save_raw("json") == recorded.save_raw("json")


def test_without_a_server_training_goes_on(
    monkeypatch: pytest.MonkeyPatch, what_went_wrong: set[str], tmp_path: Any
) -> None:
    monkeypatch.setenv("TRACKWAY_URL", "no address")
    _, history = _train(callback=TrackwayCallback())
    assert len(history["valid"]["rmse"]) == 8
    assert what_went_wrong == {"the training was not recorded"}
