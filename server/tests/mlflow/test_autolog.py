"""What MLflow's integrations and its background threads log."""

from __future__ import annotations

import time
from typing import Any

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

ROWS = 60


def fresh(name: str) -> str:
    return mlflow.create_experiment(f"{name}-{time.time_ns()}")


def data() -> tuple[Any, Any]:
    x = np.arange(ROWS * 2, dtype=float).reshape(ROWS, 2)
    return x, (np.arange(ROWS) % 3 == 0).astype(int)


@pytest.fixture
def sklearn_logged() -> Any:
    mlflow.sklearn.autolog(log_models=False, silent=True)
    yield
    mlflow.sklearn.autolog(disable=True, silent=True)


def test_scikit_learn_logs_params_scores_and_data_by_itself(sklearn_logged: None) -> None:
    with mlflow.start_run(experiment_id=fresh("sklearn")) as active:
        x, y = data()
        LogisticRegression(C=0.5).fit(x, y)
    run = mlflow.get_run(active.info.run_id)
    assert run.data.params["C"] == "0.5" and run.data.params["max_iter"] == "100"
    assert 0 <= run.data.metrics["training_accuracy_score"] <= 1
    assert run.data.tags["estimator_name"] == "LogisticRegression"
    assert [one.tags[0].value for one in run.inputs.dataset_inputs] == ["train"]
    files = {file.path for file in MlflowClient().list_artifacts(active.info.run_id)}
    assert "training_confusion_matrix.png" in files or "estimator.html" in files


def test_a_search_over_a_grid_has_a_child_run_for_each_of_the_best(sklearn_logged: None) -> None:
    experiment = fresh("grid")
    with mlflow.start_run(experiment_id=experiment) as active:
        x, y = data()
        GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0, 10.0]}, cv=3).fit(x, y)
    parent = mlflow.get_run(active.info.run_id)
    assert parent.data.params["best_C"] in {"0.1", "1.0", "10.0"}
    assert "best_cv_score" in parent.data.metrics
    children = MlflowClient().search_runs([experiment], f"tags.mlflow.parentRunId = '{active.info.run_id}'")
    assert {run.data.params["C"] for run in children} == {"0.1", "1.0", "10.0"}
    assert {run.info.status for run in children} == {"FINISHED"}
    assert all("mean_test_score" in run.data.metrics for run in children)


def test_lightgbm_logs_its_metrics_by_step() -> None:
    lightgbm = pytest.importorskip("lightgbm")
    mlflow.lightgbm.autolog(log_models=False, silent=True)
    try:
        with mlflow.start_run(experiment_id=fresh("lightgbm")) as active:
            x, y = data()
            train = lightgbm.Dataset(x, label=y)
            params = {"objective": "binary", "metric": "binary_logloss", "verbose": -1, "num_threads": 1}
            lightgbm.train(params, train, num_boost_round=8, valid_sets=[train], valid_names=["train"])
    finally:
        mlflow.lightgbm.autolog(disable=True, silent=True)
    run = mlflow.get_run(active.info.run_id)
    assert run.data.params["objective"] == "binary" and run.data.params["num_boost_round"] == "8"
    history = MlflowClient().get_metric_history(active.info.run_id, "train-binary_logloss")
    assert sorted(point.step for point in history) == list(range(8))
    files = {file.path for file in MlflowClient().list_artifacts(active.info.run_id)}
    assert {"feature_importance_split.png", "feature_importance_gain.json"} & files


def test_what_is_logged_in_the_background_is_all_there_when_the_run_ends() -> None:
    with mlflow.start_run(experiment_id=fresh("background")) as active:
        for step in range(300):
            mlflow.log_metrics({"loss": 1 / (step + 1), "acc": step / 300}, step=step, synchronous=False)
        mlflow.log_params({f"p{number}": number for number in range(50)}, synchronous=False)
        mlflow.set_tags({"kind": "background"}, synchronous=False)
        mlflow.flush_async_logging()
    run = mlflow.get_run(active.info.run_id)
    assert len(run.data.params) == 50 and run.data.tags["kind"] == "background"
    for key in ("loss", "acc"):
        history = MlflowClient().get_metric_history(active.info.run_id, key)
        assert sorted(point.step for point in history) == list(range(300)), key


def test_a_background_operation_tells_when_it_is_done_and_why_it_is_not() -> None:
    client = MlflowClient()
    run_id = client.create_run(fresh("operation")).info.run_id
    client.log_param(run_id, "lr", "1", synchronous=False).wait()
    assert client.get_run(run_id).data.params == {"lr": "1"}
    with pytest.raises(Exception, match="Changing param values is not allowed"):
        client.log_param(run_id, "lr", "2", synchronous=False).wait()
