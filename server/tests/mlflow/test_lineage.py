"""What runs read and wrote: data sets, models, and metrics that belong to both."""

from __future__ import annotations

import time
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric
from mlflow.exceptions import MlflowException

IS_2 = mlflow.__version__.startswith("2.")
needs_3 = pytest.mark.skipif(IS_2, reason="runs name the models that they read and wrote since mlflow 3")


def fresh(name: str) -> str:
    return mlflow.create_experiment(f"{name}-{time.time_ns()}")


def frame() -> Any:
    return mlflow.data.from_pandas(
        pd.DataFrame({"x": [1.0, 2.0], "y": [0, 1]}), source="file.csv", name="frame", targets="y"
    )


def test_a_data_set_is_an_input_of_its_run_with_schema_profile_and_context() -> None:
    dataset = frame()
    with mlflow.start_run(experiment_id=fresh("inputs")) as run:
        mlflow.log_input(dataset, context="training", tags={"split": "a"})
        mlflow.log_input(mlflow.data.from_numpy(np.zeros((4, 2)), name="zeros"), context="validation")
    inputs = mlflow.get_run(run.info.run_id).inputs.dataset_inputs
    found = {one.dataset.name: one for one in inputs}
    assert found.keys() == {"frame", "zeros"}
    assert found["frame"].dataset.digest == dataset.digest
    assert '"mlflow_colspec"' in found["frame"].dataset.schema
    assert '"num_rows": 2' in found["frame"].dataset.profile
    assert found["frame"].dataset.source_type == "local" and "file.csv" in found["frame"].dataset.source
    tags = {tag.key: tag.value for tag in found["frame"].tags}
    assert tags == {"mlflow.data.context": "training", "split": "a"}
    assert {tag.value for tag in found["zeros"].tags} == {"validation"}
    assert mlflow.data.get_source(found["frame"].dataset).uri.endswith("file.csv")


def test_a_data_set_that_is_logged_again_is_one_input() -> None:
    with mlflow.start_run(experiment_id=fresh("again")) as run:
        mlflow.log_input(frame(), context="training")
        mlflow.log_input(frame(), context="training")
    assert len(mlflow.get_run(run.info.run_id).inputs.dataset_inputs) == 1


def read_by(client: MlflowClient, experiment: str, name: str, digest: str, context: str) -> str:
    run_id = client.create_run(experiment).info.run_id
    dataset = Dataset(name, digest, "local", '{"uri": "x"}')
    client.log_inputs(run_id, [DatasetInput(dataset, [InputTag("mlflow.data.context", context)])])
    return run_id


@pytest.mark.parametrize(
    ("filter_string", "expected"),
    [
        ("dataset.name = 'iris'", {"train", "test"}),
        ("dataset.name != 'iris'", {"wine"}),
        ("dataset.name LIKE 'w%'", {"wine"}),
        ("datasets.name ILIKE 'IR%'", {"train", "test"}),
        ("dataset.name IN ('iris', 'wine')", {"train", "test", "wine"}),
        ("dataset.digest = 'd2'", {"test"}),
        ("dataset.digest NOT IN ('d2')", {"train", "wine"}),
        ("dataset.context = 'training'", {"train", "wine"}),
        ("dataset.context IN ('eval')", {"test"}),
        ("dataset.name = 'iris' AND dataset.context = 'training'", {"train"}),
        ("dataset.name = 'iris' AND attributes.status = 'FINISHED'", set()),
    ],
)
def test_runs_are_found_by_what_they_read(
    found_by: dict[str, str], filter_string: str, expected: set[str]
) -> None:
    names = {run_id: name for name, run_id in found_by.items()}
    found = MlflowClient().search_runs([found_by["experiment"]], filter_string)
    assert {names[run.info.run_id] for run in found} == expected
    assert all(run.inputs.dataset_inputs for run in found)


@pytest.fixture(scope="module")
def shelf() -> dict[str, str]:
    return {}


@pytest.fixture
def found_by(shelf: dict[str, str]) -> dict[str, str]:
    """Runs by name, made by the first test that asks, and one that read nothing."""
    if not shelf:
        client = MlflowClient()
        shelf["experiment"] = experiment = fresh("found by")
        shelf["train"] = read_by(client, experiment, "iris", "d1", "training")
        shelf["test"] = read_by(client, experiment, "iris", "d2", "eval")
        shelf["wine"] = read_by(client, experiment, "wine", "d1", "training")
        shelf["nothing"] = client.create_run(experiment).info.run_id
    return shelf


def test_a_data_set_beyond_the_limits_is_refused() -> None:
    client = MlflowClient()
    run_id = client.create_run(fresh("limits")).info.run_id
    for name, digest, source in [("n" * 501, "d", "s"), ("n", "d" * 37, "s"), ("n", "d", "s" * 65_536)]:
        with pytest.raises(MlflowException) as refused:
            client.log_inputs(run_id, [DatasetInput(Dataset(name, digest, "local", source), [])])
        assert refused.value.error_code == "INVALID_PARAMETER_VALUE"
    assert client.get_run(run_id).inputs.dataset_inputs == []


def test_a_deleted_run_reads_nothing() -> None:
    client = MlflowClient()
    run_id = client.create_run(fresh("deleted")).info.run_id
    client.delete_run(run_id)
    with pytest.raises(MlflowException, match="must be in the 'active' state"):
        client.log_inputs(run_id, [DatasetInput(Dataset("n", "d", "local", "s"), [])])


@needs_3
def test_models_that_a_run_read_and_wrote_are_its_inputs_and_outputs() -> None:
    from mlflow.entities import LoggedModelInput, LoggedModelOutput

    client, experiment = MlflowClient(), fresh("models")
    written = client.create_logged_model(experiment, name="written").model_id
    read = client.create_logged_model(experiment, name="read").model_id
    run_id = client.create_run(experiment).info.run_id
    client.log_outputs(run_id, models=[LoggedModelOutput(written, step=7)])
    client.log_inputs(run_id, models=[LoggedModelInput(read)])
    run = client.get_run(run_id)
    assert [(output.model_id, output.step) for output in run.outputs.model_outputs] == [(written, 7)]
    assert [model.model_id for model in run.inputs.model_inputs] == [read]
    (found,) = client.search_runs([experiment])
    assert [output.model_id for output in found.outputs.model_outputs] == [written]


@needs_3
def test_a_metric_belongs_to_its_run_its_model_and_its_data_set() -> None:
    client, experiment = MlflowClient(), fresh("metrics")
    model_id = client.create_logged_model(experiment, name="scored").model_id
    run_id = client.create_run(experiment).info.run_id
    client.log_metric(run_id, "acc", 0.5, step=1, model_id=model_id, dataset_name="iris", dataset_digest="d1")
    client.log_batch(
        run_id,
        metrics=[
            Metric("acc", 0.75, 2_000, 2, model_id=model_id, dataset_name="wine", dataset_digest="d2"),
            Metric("loss", 0.1, 2_000, 2),
        ],
    )
    model = client.get_logged_model(model_id)
    assert {(m.key, m.value, m.dataset_name, m.dataset_digest, m.run_id) for m in model.metrics} == {
        ("acc", 0.5, "iris", "d1", run_id),
        ("acc", 0.75, "wine", "d2", run_id),
    }
    assert client.get_run(run_id).data.metrics == {"acc": 0.75, "loss": 0.1}
    assert [point.value for point in client.get_metric_history(run_id, "acc")] in ([0.75, 0.5], [0.5, 0.75])


@needs_3
def test_a_data_set_object_gives_a_metric_its_data_set() -> None:
    dataset = frame()
    with mlflow.start_run(experiment_id=fresh("by object")):
        model = mlflow.initialize_logged_model(name="by object")
        mlflow.log_metrics({"acc": 0.5}, dataset=dataset, model_id=model.model_id)
        mlflow.finalize_logged_model(model.model_id, "READY")
    (metric,) = mlflow.get_logged_model(model.model_id).metrics
    assert (metric.dataset_name, metric.dataset_digest) == ("frame", dataset.digest)
