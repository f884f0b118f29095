"""Experiments, runs, params, metrics, tags and searches, through the fluent interface and through MlflowClient."""

from __future__ import annotations

import json
import math
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.request import Request, urlopen

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag, ViewType
from mlflow.exceptions import MlflowException
from server import Server


def fresh(name: str) -> str:
    return mlflow.create_experiment(f"{name}-{time.time_ns()}")


def test_a_script_records_a_run_and_reads_it_back() -> None:
    mlflow.set_experiment("fluent")
    with mlflow.start_run(run_name="first", description="A *note*") as active:
        mlflow.log_params({"lr": 0.1, "layers": [1, 2]})
        mlflow.log_param("lr", 0.1)
        for step in range(5):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        mlflow.log_metrics({"acc": 0.5, "nan": math.nan, "inf": math.inf}, step=3)
        mlflow.set_tags({"phase": "search", "empty": ""})
    run = mlflow.get_run(active.info.run_id)
    assert (run.info.status, run.info.run_name, run.info.lifecycle_stage) == ("FINISHED", "first", "active")
    assert run.info.end_time >= run.info.start_time > 1_700_000_000_000
    assert run.data.params == {"lr": "0.1", "layers": "[1, 2]"}
    assert run.data.metrics["loss"] == 0.2 and run.data.metrics["acc"] == 0.5
    assert math.isnan(run.data.metrics["nan"]) and run.data.metrics["inf"] > 1e308
    assert run.data.tags["phase"] == "search" and run.data.tags["empty"] == ""
    assert run.data.tags["mlflow.runName"] == "first"
    assert run.data.tags["mlflow.note.content"] == "A *note*"
    assert run.data.tags["mlflow.source.name"]
    history = MlflowClient().get_metric_history(run.info.run_id, "loss")
    assert [(point.step, point.value) for point in history] == [(step, 1 / (step + 1)) for step in range(5)]


def test_an_exception_fails_the_run_and_nested_runs_know_their_parent() -> None:
    mlflow.set_experiment("nested")
    with pytest.raises(ZeroDivisionError):
        with mlflow.start_run() as parent:
            with mlflow.start_run(nested=True) as child:
                mlflow.log_metric("a", 1)
            1 / 0  # noqa: B018
    assert mlflow.get_run(parent.info.run_id).info.status == "FAILED"
    assert mlflow.get_run(child.info.run_id).data.tags["mlflow.parentRunId"] == parent.info.run_id
    found = mlflow.search_runs(filter_string=f"tags.mlflow.parentRunId = '{parent.info.run_id}'")
    assert list(found["run_id"]) == [child.info.run_id]


def test_a_param_keeps_its_first_value() -> None:
    client = MlflowClient()
    run_id = client.create_run(fresh("params")).info.run_id
    client.log_param(run_id, "lr", 1)
    client.log_param(run_id, "lr", 1)
    with pytest.raises(MlflowException, match="Changing param values is not allowed") as refused:
        client.log_param(run_id, "lr", 2)
    assert refused.value.error_code == "INVALID_PARAMETER_VALUE"
    with pytest.raises(MlflowException, match="Changing param values is not allowed"):
        client.log_batch(run_id, params=[Param("new", "1"), Param("lr", "3")], metrics=[Metric("m", 1, 1, 1)])
    run = client.get_run(run_id)
    assert run.data.params == {"lr": "1"} and run.data.metrics == {}, "a batch is stored whole or not at all"


def test_a_repeated_point_is_one_and_the_latest_is_that_of_the_highest_step() -> None:
    client = MlflowClient()
    run_id = client.create_run(fresh("points")).info.run_id
    for step, value in [(5, 0.5), (3, 0.3), (5, 0.5), (-1, 9.0)]:
        client.log_metric(run_id, "loss", value, timestamp=1000 + step, step=step)
    assert client.get_run(run_id).data.metrics["loss"] == 0.5
    history = client.get_metric_history(run_id, "loss")
    assert [(point.timestamp, point.step, point.value) for point in history] == [
        (999, -1, 9.0),
        (1003, 3, 0.3),
        (1005, 5, 0.5),
    ]


def test_a_long_history_comes_in_pages() -> None:
    client = MlflowClient()
    run_id = client.create_run(fresh("long")).info.run_id
    for start in range(0, 60_000, 1_000):
        points = [Metric("loss", step / 7, 1000 + step, step) for step in range(start, start + 1_000)]
        client.log_batch(run_id, metrics=points)
    history = client.get_metric_history(run_id, "loss")
    assert [point.step for point in history] == list(range(60_000))
    assert history[12_345].value == 12_345 / 7


def test_many_threads_log_to_one_run() -> None:
    client = MlflowClient()
    run_id = client.create_run(fresh("threads")).info.run_id

    def log(worker: int) -> None:
        for step in range(25):
            client.log_batch(run_id, metrics=[Metric(f"m{worker}", step, 1000 + step, step)], tags=[RunTag("t", "x")])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(log, range(8)))
    assert client.get_run(run_id).data.metrics == {f"m{worker}": 24.0 for worker in range(8)}


def test_limits_and_names_are_mlflows() -> None:
    client = MlflowClient()
    run_id = client.create_run(fresh("limits")).info.run_id
    for call, message in [
        (lambda: client.log_metric(run_id, "a$b", 1), "Names may only contain"),
        (lambda: client.log_metric(run_id, "../b", 1), "Names may be treated as files|Invalid metric name"),
        (lambda: client.log_param(run_id, "k" * 251, 1), "exceeds the maximum length"),
        (lambda: client.log_batch(run_id, params=[Param("a", "1"), Param("a", "2")]), "Duplicate parameter keys"),
        (lambda: client.get_run("0" * 32), "not found"),
        (lambda: client.get_experiment("99999"), "No Experiment with id=99999 exists"),
        (lambda: client.create_experiment("x" * 501), "exceeds the maximum length"),
        (lambda: client.create_experiment("elsewhere", artifact_location="s3://bucket"), "artifact_location"),
        (lambda: client.delete_tag(run_id, "absent"), "No tag with name: absent"),
    ]:
        with pytest.raises(MlflowException, match=message):
            call()
    client.log_param(run_id, "long", "v" * 7_000)
    assert len(client.get_run(run_id).data.params["long"]) == 6_000


def test_a_deleted_run_takes_nothing_until_it_is_restored() -> None:
    client = MlflowClient()
    experiment = fresh("deleted")
    run_id = client.create_run(experiment).info.run_id
    client.delete_run(run_id)
    assert client.get_run(run_id).info.lifecycle_stage == "deleted"
    for call in [
        lambda: client.log_metric(run_id, "a", 1),
        lambda: client.log_param(run_id, "a", 1),
        lambda: client.set_tag(run_id, "a", 1),
        lambda: client.update_run(run_id, name="b"),
    ]:
        with pytest.raises(MlflowException, match="must be in the 'active' state"):
            call()
    assert client.search_runs([experiment]) == []
    assert len(client.search_runs([experiment], run_view_type=ViewType.DELETED_ONLY)) == 1
    client.restore_run(run_id)
    client.log_metric(run_id, "a", 1)
    assert len(client.search_runs([experiment])) == 1


def test_experiments_are_made_found_renamed_deleted_and_restored() -> None:
    client = MlflowClient()
    name = f"life-{time.time_ns()}"
    experiment_id = client.create_experiment(name, tags={"team": "a"})
    with pytest.raises(MlflowException, match=f"Experiment\\(name={name}\\) already exists") as taken:
        client.create_experiment(name)
    assert taken.value.error_code == "RESOURCE_ALREADY_EXISTS"
    client.set_experiment_tag(experiment_id, "mlflow.note.content", "Why?")
    client.set_experiment_tag(experiment_id, "stage", "1")
    if hasattr(client, "delete_experiment_tag"):
        client.delete_experiment_tag(experiment_id, "stage")
    found = client.get_experiment_by_name(name)
    kept = {} if hasattr(client, "delete_experiment_tag") else {"stage": "1"}
    assert found is not None and found.tags == {"team": "a", "mlflow.note.content": "Why?", **kept}
    assert found.artifact_location == f"mlflow-artifacts:/{experiment_id}"
    client.rename_experiment(experiment_id, f"{name}-b")
    run_id = client.create_run(experiment_id).info.run_id
    client.delete_experiment(experiment_id)
    assert client.get_experiment(experiment_id).lifecycle_stage == "deleted"
    with pytest.raises(MlflowException, match="must be in the 'active' state"):
        client.create_run(experiment_id)
    with pytest.raises(MlflowException, match="already exists"):
        client.create_experiment(f"{name}-b")
    client.restore_experiment(experiment_id)
    assert client.get_run(run_id).info.experiment_id == experiment_id
    assert client.get_experiment_by_name("no such") is None


def test_experiments_are_searched() -> None:
    client = MlflowClient()
    mark = f"search{time.time_ns()}"
    ids = [client.create_experiment(f"{mark}-{letter}", tags={"mark": mark, "n": letter}) for letter in "abc"]

    def names(filter_string: str, **options: Any) -> list[str]:
        found = client.search_experiments(filter_string=filter_string, **options)
        return [experiment.name.removeprefix(f"{mark}-") for experiment in found]

    assert names(f"tags.mark = '{mark}'", order_by=["name DESC"]) == ["c", "b", "a"]
    assert names(f"name LIKE '{mark}%' AND tags.n != 'b'", order_by=["name"]) == ["a", "c"]
    assert names(f"name ILIKE '{mark.upper()}-A'") == ["a"]
    assert names(f"attribute.name = '{mark}-b'") == ["b"]
    assert names(f"tags.mark = '{mark}' AND creation_time > 0", max_results=1, order_by=["name"]) == ["a"]
    client.delete_experiment(ids[0])
    assert names(f"tags.mark = '{mark}'", view_type=ViewType.DELETED_ONLY) == ["a"]
    pages = client.search_experiments(filter_string=f"tags.mark = '{mark}'", view_type=ViewType.ALL, max_results=2)
    assert len(pages) == 2 and pages.token
    rest = client.search_experiments(
        filter_string=f"tags.mark = '{mark}'", view_type=ViewType.ALL, max_results=2, page_token=pages.token
    )
    assert len(rest) == 1 and not rest.token


@pytest.fixture(scope="module")
def searched(server: Any) -> dict[str, Any]:
    mlflow.set_tracking_uri(server.url)
    import os

    os.environ["MLFLOW_TRACKING_TOKEN"] = server.token
    client = MlflowClient()
    experiment = fresh("searched")
    runs = []
    for number, (loss, optimizer, status) in enumerate(
        [(0.5, "adam", "FINISHED"), (0.2, "sgd", "FAILED"), (math.nan, "adamw", "RUNNING"), (None, None, "KILLED")]
    ):
        run_id = client.create_run(experiment, start_time=1_000 + number, run_name=f"run {number}").info.run_id
        if loss is not None:
            client.log_metric(run_id, "val loss", loss)
            client.log_param(run_id, "optimizer", optimizer)
            client.set_tag(run_id, "number", number)
        if status != "RUNNING":
            client.set_terminated(run_id, status, end_time=5_000 + number)
        runs.append(run_id)
    return {"experiment": experiment, "runs": runs, "client": client}


@pytest.mark.parametrize(
    ("filter_string", "expected"),
    [
        ("", {0, 1, 2, 3}),
        ("metrics.`val loss` < 0.4", {1}),
        ("metrics.'val loss' >= 0.2", {0, 1}),
        ('metrics."val loss" != 0.5', {1, 2}),
        ("metrics.`val loss` = 0.5 and params.optimizer = 'adam'", {0}),
        ("params.optimizer LIKE 'adam%'", {0, 2}),
        ("params.optimizer ILIKE 'ADAM'", {0}),
        ("param.optimizer != 'adam'", {1, 2}),
        ("params.optimizer IS NULL", {3}),
        ("params.optimizer IS NOT NULL", {0, 1, 2}),
        ("tags.number = '1'", {1}),
        ("tag.number IS NULL", {3}),
        ("status = 'FINISHED'", {0}),
        ("attributes.status != 'RUNNING'", {0, 1, 3}),
        ("start_time > 1001", {2, 3}),
        ("attr.end_time <= 5001", {0, 1}),
        ("run_name = 'run 2'", {2}),
        ("attributes.`run_name` LIKE 'run%' AND metrics.`val loss` > 0", {0, 1}),
    ],
)
def test_a_filter_finds_the_runs_that_it_means(searched: dict[str, Any], filter_string: str, expected: set[int]) -> None:
    found = searched["client"].search_runs([searched["experiment"]], filter_string=filter_string)
    assert {searched["runs"].index(run.info.run_id) for run in found} == expected


def test_run_ids_are_found_in_a_list(searched: dict[str, Any]) -> None:
    first, second, *_ = searched["runs"]
    found = searched["client"].search_runs([searched["experiment"]], f"run_id IN ('{first}', '{second}')")
    assert {run.info.run_id for run in found} == {first, second}


@pytest.mark.parametrize(
    ("order_by", "expected"),
    [
        ([], [3, 2, 1, 0]),
        (["metrics.`val loss` ASC"], [1, 0, 2, 3]),
        (["metrics.`val loss` DESC"], [0, 1, 2, 3]),
        (["params.optimizer"], [0, 2, 1, 3]),
        (["tags.number DESC"], [2, 1, 0, 3]),
        (["start_time ASC"], [0, 1, 2, 3]),
        (["attributes.status", "start_time"], [0, 1, 3, 2]),
        (["end_time DESC"], [3, 1, 0, 2]),
    ],
)
def test_an_order_puts_runs_so(searched: dict[str, Any], order_by: list[str], expected: list[int]) -> None:
    found = searched["client"].search_runs([searched["experiment"]], order_by=order_by)
    assert [searched["runs"].index(run.info.run_id) for run in found] == expected


def test_pages_of_a_search_follow_each_other(searched: dict[str, Any]) -> None:
    client, seen, token = searched["client"], [], None
    while True:
        page = client.search_runs([searched["experiment"]], max_results=3, page_token=token)
        seen += [searched["runs"].index(run.info.run_id) for run in page]
        token = page.token
        if not token:
            break
    assert seen == [3, 2, 1, 0]


@pytest.mark.parametrize(
    "filter_string",
    ["metrics.a > 'x'", "params.a = 1", "foo.bar = 'x'", "metrics.a > 1 OR metrics.b > 1", "status = FINISHED", "a ="],
)
def test_a_filter_that_means_nothing_is_refused(searched: dict[str, Any], filter_string: str) -> None:
    with pytest.raises(MlflowException) as refused:
        searched["client"].search_runs([searched["experiment"]], filter_string=filter_string)
    assert refused.value.error_code == "INVALID_PARAMETER_VALUE"


def test_a_user_name_and_the_token_as_password_are_a_way_in(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_TOKEN")
    with pytest.raises(MlflowException):
        MlflowClient().search_experiments()
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "anyone")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", server.token)
    assert MlflowClient().get_experiment("0").name == "Default"
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "trk_wrong")
    with pytest.raises(MlflowException):
        MlflowClient().search_experiments()


def test_what_a_client_says_of_its_source_is_in_the_environment(server: Server) -> None:
    mlflow.set_experiment("source")
    with mlflow.start_run() as active:
        mlflow.set_tag("mlflow.source.git.branch", "main")
    request = Request(f"{server.url}/api/v1/runs/{active.info.run_id}/environment")
    request.add_header("Authorization", f"Bearer {server.token}")
    environment = json.loads(urlopen(request).read())
    assert environment["entry"] == active.data.tags["mlflow.source.name"]
    assert environment["git"]["branch"] == "main"
