"""Logged models: written and loaded by flavours, found, tagged, deleted; and the registry as log_model fills it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from sklearn.linear_model import LogisticRegression

IS_2 = mlflow.__version__.startswith("2.")
needs_3 = pytest.mark.skipif(IS_2, reason="logged models came with mlflow 3")
X = np.array([[0.0], [1.0], [2.0], [3.0]])
Y = np.array([0, 0, 1, 1])
# Named, so that nothing loads the model once more to find out what it needs.
REQUIREMENTS = ["scikit-learn"]


def fresh(name: str) -> str:
    return mlflow.create_experiment(f"{name}-{time.time_ns()}")


def fitted() -> LogisticRegression:
    return LogisticRegression().fit(X, Y)


def log(model: Any, name: str, **more: Any) -> Any:
    if IS_2:
        return mlflow.sklearn.log_model(model, artifact_path=name, pip_requirements=REQUIREMENTS, **more)
    # Its own format refuses types that it does not know; what is tested here is the way there and back.
    return mlflow.sklearn.log_model(
        model, name=name, pip_requirements=REQUIREMENTS, serialization_format="cloudpickle", **more
    )


def predictions(uri: str) -> list[int]:
    return list(mlflow.sklearn.load_model(uri).predict(X))


def test_a_model_comes_back_as_it_was_logged() -> None:
    with mlflow.start_run(experiment_id=fresh("model")) as run:
        info = log(fitted(), "tree", input_example=X)
    assert predictions(f"runs:/{run.info.run_id}/tree") == [0, 0, 1, 1]
    assert predictions(info.model_uri) == [0, 0, 1, 1]
    assert list(mlflow.pyfunc.load_model(info.model_uri).predict(X)) == [0, 0, 1, 1]
    assert mlflow.models.get_model_info(info.model_uri).flavors.keys() >= {"python_function", "sklearn"}


@needs_3
def test_a_logged_model_knows_its_run_its_params_and_its_metrics() -> None:
    with mlflow.start_run(experiment_id=fresh("known")) as run:
        mlflow.log_metric("before", 0.25)
        info = log(fitted(), "known", params={"C": 1.0}, model_type="classifier", tags={"team": "a"})
        mlflow.log_metric("after", 0.5, model_id=info.model_id)
    model = mlflow.get_logged_model(info.model_id)
    assert (model.name, model.status.value, model.model_type) == ("known", "READY", "classifier")
    assert (model.source_run_id, model.params["C"], model.tags["team"]) == (run.info.run_id, "1.0", "a")
    assert {metric.key: metric.value for metric in model.metrics} == {"before": 0.25, "after": 0.5}
    written = MlflowClient().get_run(run.info.run_id)
    assert [output.model_id for output in written.outputs.model_outputs] == [info.model_id]
    assert written.data.metrics == {"before": 0.25, "after": 0.5}
    files = {file.path for file in MlflowClient().list_logged_model_artifacts(info.model_id)}
    assert {"MLmodel", "requirements.txt"} <= files


@needs_3
def test_files_of_a_model_are_written_listed_and_read(tmp_path: Path) -> None:
    client = MlflowClient()
    model = client.create_logged_model(fresh("files"), name="files")
    (tmp_path / "out" / "deep").mkdir(parents=True)
    (tmp_path / "out" / "deep" / "a b.txt").write_text("one")
    client.log_model_artifacts(model.model_id, str(tmp_path / "out"))
    assert [file.path for file in client.list_logged_model_artifacts(model.model_id)] == ["deep"]
    assert [file.path for file in client.list_logged_model_artifacts(model.model_id, "deep")] == [
        "deep/a b.txt"
    ]
    back = mlflow.artifacts.download_artifacts(f"models:/{model.model_id}", dst_path=str(tmp_path / "back"))
    assert (Path(back) / "deep" / "a b.txt").read_text() == "one"


@pytest.fixture(scope="module")
def shelf() -> dict[str, str]:
    return {}


@pytest.fixture
def searched(shelf: dict[str, str]) -> dict[str, str]:
    """Three models, made by the first test that asks; the experiment's id is under `experiment`."""
    if shelf:
        return shelf
    client = MlflowClient()
    shelf["experiment"] = fresh("searched models")
    run = client.create_run(shelf["experiment"])
    shelf["run"] = run.info.run_id
    for name, depth, score, kind in [
        ("tree", "3", 0.9, "a"),
        ("forest", "10", 0.8, "b"),
        ("net", "7", None, None),
    ]:
        model = client.create_logged_model(
            shelf["experiment"],
            name=name,
            source_run_id=shelf["run"] if name == "tree" else None,
            params={"depth": depth},
            tags={"kind": kind} if kind else None,
            model_type="classifier" if kind else None,
        )
        shelf[name] = model.model_id
        if score is not None:
            client.log_metric(
                shelf["run"],
                "score",
                score,
                model_id=model.model_id,
                dataset_name="iris",
                dataset_digest="d1",
            )
        # Newer than the one before, also where the clock counts in milliseconds.
        time.sleep(0.002)
    client.finalize_logged_model(shelf["tree"], "READY")
    client.finalize_logged_model(shelf["net"], "FAILED")
    return shelf


def names(searched: dict[str, str], filter_string: str | None = None, **more: Any) -> list[str]:
    found = MlflowClient().search_logged_models([searched["experiment"]], filter_string=filter_string, **more)
    return [model.name for model in found]


@needs_3
@pytest.mark.parametrize(
    ("filter_string", "expected"),
    [
        (None, ["net", "forest", "tree"]),
        ("name = 'tree'", ["tree"]),
        ("name != 'tree'", ["net", "forest"]),
        ("name LIKE '%e%'", ["net", "forest", "tree"]),
        ("name ILIKE 'TR%'", ["tree"]),
        ("name IN ('tree', 'net')", ["net", "tree"]),
        ("name NOT IN ('tree', 'net')", ["forest"]),
        ("attributes.model_id = '{tree}'", ["tree"]),
        ("model_type = 'classifier'", ["forest", "tree"]),
        ("source_run_id = '{run}'", ["tree"]),
        ("creation_timestamp > 0", ["net", "forest", "tree"]),
        ("last_updated_timestamp <= 0", []),
        ("params.depth = '3'", ["tree"]),
        ("params.depth != '3'", ["net", "forest"]),
        ("params.depth LIKE '1%'", ["forest"]),
        ("tags.kind = 'a'", ["tree"]),
        ("tags.kind != 'a'", ["forest"]),
        ("metrics.score = 0.9", ["tree"]),
        ("metrics.score != 0.9", ["forest"]),
        ("metrics.score > 0.8", ["tree"]),
        ("metrics.score >= 0.8", ["forest", "tree"]),
        ("metrics.score < 0.9", ["forest"]),
        ("metrics.score <= 0.9", ["forest", "tree"]),
        ("metrics.score > 0.5 AND params.depth = '10'", ["forest"]),
    ],
)
def test_a_filter_finds_the_models_that_it_means(
    searched: dict[str, str], filter_string: str | None, expected: list[str]
) -> None:
    assert names(searched, filter_string and filter_string.format_map(searched)) == expected


@needs_3
@pytest.mark.parametrize(
    ("order_by", "expected"),
    [
        ([{"field_name": "name"}], ["forest", "net", "tree"]),
        ([{"field_name": "name", "ascending": False}], ["tree", "net", "forest"]),
        ([{"field_name": "creation_timestamp"}], ["tree", "forest", "net"]),
        ([{"field_name": "metrics.score"}], ["forest", "tree", "net"]),
        ([{"field_name": "metrics.score", "ascending": False}], ["tree", "forest", "net"]),
        (
            [{"field_name": "metrics.score", "dataset_name": "iris", "dataset_digest": "d1"}],
            ["forest", "tree", "net"],
        ),
    ],
)
def test_an_order_puts_models_so(
    searched: dict[str, str], order_by: list[dict[str, Any]], expected: list[str]
) -> None:
    assert names(searched, order_by=order_by) == expected


@needs_3
def test_metrics_are_those_of_the_data_sets_that_are_named(searched: dict[str, str]) -> None:
    iris, wine = {"dataset_name": "iris", "dataset_digest": "d1"}, {"dataset_name": "wine"}
    assert names(searched, "metrics.score > 0", datasets=[iris]) == ["forest", "tree"]
    assert names(searched, "metrics.score > 0", datasets=[wine]) == []


@needs_3
def test_pages_of_models_follow_each_other(searched: dict[str, str]) -> None:
    client, seen, token = MlflowClient(), [], None
    for _ in range(5):
        page = client.search_logged_models([searched["experiment"]], max_results=2, page_token=token)
        seen += [model.name for model in page]
        token = page.token
        if not token:
            break
    assert seen == ["net", "forest", "tree"]


@needs_3
@pytest.mark.parametrize(
    "filter_string", ["foo.bar = 'x'", "name > 'a'", "name = 'a' OR name = 'b'", "name ="]
)
def test_a_filter_that_means_nothing_is_refused(searched: dict[str, str], filter_string: str) -> None:
    with pytest.raises(MlflowException) as refused:
        names(searched, filter_string)
    assert refused.value.error_code == "INVALID_PARAMETER_VALUE"


@needs_3
def test_an_order_that_means_nothing_is_refused(searched: dict[str, str]) -> None:
    with pytest.raises(MlflowException, match="Invalid order by field name"):
        names(searched, order_by=[{"field_name": "colour"}])


@needs_3
def test_more_params_than_one_request_takes_are_all_there() -> None:
    params = {f"p{number}": str(number) for number in range(250)}
    client = MlflowClient()
    model = client.create_logged_model(fresh("params"), name="many", params=params)
    assert client.get_logged_model(model.model_id).params == params


@needs_3
def test_tags_of_a_model_are_put_replaced_and_taken_away() -> None:
    client = MlflowClient()
    model_id = client.create_logged_model(fresh("tags"), name="tagged", tags={"a": "1"}).model_id
    client.set_logged_model_tags(model_id, {"a": "2", "b": "", "größe": "日本"})
    assert client.get_logged_model(model_id).tags == {"a": "2", "b": "", "größe": "日本"}
    client.delete_logged_model_tag(model_id, "a")
    assert client.get_logged_model(model_id).tags == {"b": "", "größe": "日本"}
    with pytest.raises(MlflowException) as refused:
        client.delete_logged_model_tag(model_id, "a")
    assert refused.value.error_code in {"RESOURCE_DOES_NOT_EXIST", "NOT_FOUND"}


@needs_3
def test_a_deleted_model_is_neither_read_nor_found() -> None:
    client, experiment = MlflowClient(), fresh("deleted model")
    model_id = client.create_logged_model(experiment, name="gone").model_id
    client.delete_logged_model(model_id)
    with pytest.raises(MlflowException, match="not found") as refused:
        client.get_logged_model(model_id)
    assert refused.value.error_code in {"RESOURCE_DOES_NOT_EXIST", "NOT_FOUND"}
    assert client.search_logged_models([experiment]) == []


@needs_3
def test_a_model_whose_logging_fails_is_marked_so() -> None:
    client, experiment = MlflowClient(), fresh("failed model")
    model_id = client.create_logged_model(experiment, name="broken").model_id
    assert client.get_logged_model(model_id).status.value == "PENDING"
    assert client.finalize_logged_model(model_id, "FAILED").status.value == "FAILED"
    assert client.get_logged_model(model_id).status.value == "FAILED"


def test_a_model_is_registered_as_it_is_logged_and_loaded_by_number_and_alias() -> None:
    name = f"net {time.time_ns()}"
    for _ in range(2):
        with mlflow.start_run(experiment_id=fresh("registered")) as run:
            info = log(fitted(), "model", registered_model_name=name)
    client = MlflowClient()
    version = client.get_model_version(name, "2")
    assert (version.version, version.status, version.run_id) in {
        ("2", "READY", run.info.run_id),
        (2, "READY", run.info.run_id),
    }
    client.set_registered_model_alias(name, "champion", "1")
    for uri in [f"models:/{name}/1", f"models:/{name}@champion", f"models:/{name}/latest"]:
        assert predictions(uri) == [0, 0, 1, 1], uri
    if not IS_2:
        assert version.source == f"models:/{info.model_id}"
        tags = mlflow.get_logged_model(info.model_id).tags
        assert f'"{name}"' in tags["mlflow.modelVersions"]


def test_a_model_of_a_run_is_registered_afterwards() -> None:
    name = f"later-{time.time_ns()}"
    with mlflow.start_run(experiment_id=fresh("later")) as run:
        log(fitted(), "model")
    assert str(mlflow.register_model(f"runs:/{run.info.run_id}/model", name).version) == "1"
    assert predictions(f"models:/{name}/1") == [0, 0, 1, 1]
    copied = MlflowClient().copy_model_version(f"models:/{name}/1", f"{name}-copy")
    assert predictions(f"models:/{copied.name}/{copied.version}") == [0, 0, 1, 1]
