"""Vertex' dialect: its tutorial, asked about by another process, and what else it promises."""

from __future__ import annotations

import importlib.util
import json
import logging
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from page_run import PAGES, run_page, run_script
from script import PACKAGE
from server import Server

import trackway
from trackway import TrackwayError, aiplatform
from trackway.aiplatform.place import close_all, place

with_pandas = pytest.mark.skipif(importlib.util.find_spec("pandas") is None, reason="needs pandas")


@pytest.fixture(autouse=True)
def a_process_that_is_new() -> Iterator[None]:
    """What is current belongs to the process, and all tests are one."""
    vars(place).clear()
    yield
    vars(place).clear()
    aiplatform.end_run()
    close_all()
    assert trackway.current_run() is None


@pytest.fixture
def experiment_name(server: Server, request: pytest.FixtureRequest) -> str:
    aiplatform.init(experiment=request.node.name)
    return str(request.node.name)


def _experiment(server: Server, name: str) -> dict[str, Any]:
    found = server.json(f"/experiments?search={name}")["items"]
    [one] = [one for one in found if one["name"] == name]
    return one


def _runs(server: Server, name: str) -> dict[str, dict[str, Any]]:
    rows = server.json(f"/runs?experiment_id={_experiment(server, name)['id']}")["items"]
    return {row["run"]["name"]: row for row in rows}


def _records(server: Server, run_id: str, role: str) -> list[dict[str, Any]]:
    paths = [path for path in server.artifact_paths(run_id) if path.startswith(f"lineage/{role}/")]
    return [json.loads(server.artifact(run_id, path)) for path in paths]


def test_the_tutorial_runs_and_another_process_answers_its_questions(
    own_server: Server, tmp_path: Path
) -> None:
    page, said = run_script(PAGES / "vertex.py", tmp_path / "page")
    assert said == ""
    assert page["store"] == "projects/your-project/locations/us-central1/metadataStores/default"
    assert page["metadata"] == "trackway.aiplatform.metadata"
    assert page["refused"] == [
        'the experiment "churn-prediction-v2" has a run "config-0": choose another name, or resume=True',
        "the server does not support lineage yet",
    ]
    rows = _runs(own_server, "default")
    assert rows.keys() == {page["first"], page["second"], page["preprocessing"]}
    assert {row["run"]["status"] for row in rows.values()} == {"completed"}
    first = rows[page["first"]]
    assert first["params"] == {
        "learning_rate": 0.01,
        "epochs": 50,
        "batch_size": 5,
        "optimizer": "adam",
        "framework": "tensorflow",
        "framework_version": "2.15",
    }
    assert type(first["params"]["batch_size"]) is int
    metrics = {key: stat["last"] for key, stat in first["metrics"].items()}
    losses = {f"train_loss_epoch_{epoch}": 1 / (epoch + 1) for epoch in range(0, 50, 10)}
    assert metrics == {**losses, "accuracy": 0.9, "auc": 0.9}
    [read] = _records(own_server, first["run"]["id"], "input")
    assert read["display_name"] == "training-dataset"
    assert read["uri"] == "gs://your-bucket/data/processed/train.csv"
    assert read["metadata"] == {
        "row_count": 150000,
        "date_range": "2024-01-01 to 2024-12-31",
        "columns": ["a", "b"],
    }
    [made] = _records(own_server, first["run"]["id"], "output")
    assert (made["schema_title"], made["resource_name"]) == ("system.Model", page["artifacts"][1])
    preprocessing = rows[page["preprocessing"]]
    [made] = _records(own_server, preprocessing["run"]["id"], "output")
    assert (made["display_name"], made["uri"]) == ("processed-data", read["uri"])
    assert preprocessing["params"] == {"remove_nulls": True, "outlier_std": 3}

    answer = run_page("vertex_query", tmp_path / "query", page["first"], page["second"], *page["artifacts"])
    assert answer["changed"] == {"metrics.accuracy": [0.9, 0.95]}
    assert answer["params"] == first["params"]
    assert answer["state"] == "COMPLETE"
    assert answer["resource_name"].endswith(f"/metadataStores/default/contexts/default-{page['first']}")
    assert answer["kept"] == ["churn-model", "training-dataset"]
    assert answer["artifacts"] == [
        [one["display_name"], one["schema_title"], one["uri"], one["metadata"], "LIVE"]
        for one in (read, _records(own_server, first["run"]["id"], "output")[0])
    ]
    assert _runs(own_server, "churn-prediction-v2").keys() == {f"config-{number}" for number in range(4)}


@with_pandas
def test_the_table_of_an_experiment_sorts_by_its_numbers(experiment_name: str, server: Server) -> None:
    for number, params in enumerate([{"lr": 0.1, "depth": 3}, {"lr": 0.01, "depth": 9, "extra": "x"}]):
        with aiplatform.start_run(f"config-{number}"):
            aiplatform.log_params(params)
            aiplatform.log_metrics({"accuracy": 0.5 + number / 10})
            aiplatform.log_time_series_metrics({"loss": 1.0}, step=1)
            aiplatform.log_time_series_metrics({"loss": 0.5})
    with pytest.raises(ZeroDivisionError), aiplatform.start_run("config-2"):
        aiplatform.log_params({"lr": float("nan"), "flag": True})
        _ = 1 / 0
    table = aiplatform.get_experiment_df()
    assert list(table.columns) == [
        "experiment_name",
        "run_name",
        "run_type",
        "state",
        "param.depth",
        "param.extra",
        "param.flag",
        "param.lr",
        "metric.accuracy",
        "metric.loss",
        "time_series_metric.loss",
    ]
    assert list(table["run_name"]) == ["config-0", "config-1", "config-2"]
    assert list(table["state"]) == ["COMPLETE", "COMPLETE", "FAILED"]
    assert set(table["run_type"]) == {"system.ExperimentRun"}
    assert list(table.sort_values("metric.accuracy", ascending=False)["run_name"])[0] == "config-1"
    for column in ("param.depth", "param.lr", "metric.accuracy", "time_series_metric.loss"):
        assert table[column].dtype.kind == "f", column
    assert list(table["metric.loss"][:2]) == [0.5, 0.5]
    assert math.isnan(table["metric.accuracy"][2]) and math.isnan(table["param.lr"][2])
    bare = aiplatform.get_experiment_df(experiment_name, include_time_series=False)
    assert not [column for column in bare.columns if column.startswith("time_series_metric.")]
    aiplatform.init(experiment="empty but there", experiment_description="nothing yet")
    assert list(aiplatform.get_experiment_df().columns) == list(table.columns)[:4]
    with pytest.raises(TrackwayError, match='no experiment "nowhere"'):
        aiplatform.get_experiment_df("nowhere")


def test_a_name_is_used_once_and_a_run_is_resumed_by_it(experiment_name: str, server: Server) -> None:
    with aiplatform.start_run("one") as run:
        run.log_metrics({"loss": 3.0})
        run.log_metrics({"loss": 2.0, "note": "falling"})
    with pytest.raises(TrackwayError, match='has a run "one"') as said:
        aiplatform.start_run("one")
    assert said.value.kind == "conflict"
    with aiplatform.start_run("one", resume=True) as again:
        assert again.run.id == run.run.id
        assert server.status(run.run.id) == "running"
        again.log_metrics({"loss": 1.0})
    assert again.get_metrics() == {"loss": 1.0, "note": "falling"}
    points = run.run.get_metric("loss")
    assert (points.steps, points.values) == ([0, 1, 2], [3.0, 2.0, 1.0])
    with pytest.raises(TrackwayError, match='no run "two"'):
        aiplatform.start_run("two", resume=True)


def test_of_processes_that_start_it_together_one_gets_the_name(experiment_name: str, server: Server) -> None:
    program = (
        "import sys\nfrom trackway import TrackwayError, aiplatform\n"
        "aiplatform.init(experiment=sys.argv[1])\n"
        "try:\n    aiplatform.start_run('name')\n"
        "except TrackwayError as error:\n    print(error.kind)\n"
        "else:\n    print('started')"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program, experiment_name],
            env={**os.environ, "PYTHONPATH": str(PACKAGE)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(5)
    ]
    said = sorted(process.communicate(timeout=60)[0].strip() for process in started)
    assert said == ["conflict"] * 4 + ["started"]
    assert len(_runs(server, experiment_name)) == 1


def test_the_same_name_in_another_experiment_is_another_run(experiment_name: str) -> None:
    with aiplatform.start_run("same"):
        aiplatform.log_params({"in": "first"})
    aiplatform.init(experiment=f"{experiment_name}, second")
    with aiplatform.start_run("same"):
        aiplatform.log_params({"in": "second"})
    assert aiplatform.ExperimentRun("same").get_params() == {"in": "second"}
    assert aiplatform.ExperimentRun("same", experiment=experiment_name).get_params() == {"in": "first"}


@pytest.mark.parametrize(
    ("error", "state"), [(ValueError(), "FAILED"), (KeyboardInterrupt(), "CANCELLED"), (None, "COMPLETE")]
)
def test_how_the_block_ends_is_the_state(
    experiment_name: str, error: BaseException | None, state: str
) -> None:
    try:
        with aiplatform.start_run("run") as run:
            assert run.state == "RUNNING"
            if error is not None:
                raise error
    except BaseException as raised:
        assert raised is error
    assert run.state == state


def test_a_run_without_a_block_is_ended_by_hand_or_by_the_next(experiment_name: str) -> None:
    first = aiplatform.start_run("first")
    second = aiplatform.start_run("second")
    aiplatform.log_params({"to": "second"})
    with pytest.raises(ValueError, match="COMPLETE, FAILED, CANCELLED"):
        aiplatform.end_run("DONE")
    aiplatform.end_run("CANCELLED")
    aiplatform.end_run()
    assert (first.state, second.state) == ("COMPLETE", "CANCELLED")
    assert (first.get_params(), second.get_params()) == ({}, {"to": "second"})
    with pytest.raises(TrackwayError, match="call aiplatform.start_run"):
        aiplatform.log_metrics({"loss": 1.0})


def test_an_inner_run_leaves_the_outer_current(experiment_name: str) -> None:
    with aiplatform.start_run("outer") as outer:
        with aiplatform.start_run("inner") as inner:
            aiplatform.log_params({"where": "inner"})
        aiplatform.log_params({"where": "outer"})
    assert (outer.get_params(), inner.get_params()) == ({"where": "outer"}, {"where": "inner"})


def test_calls_go_to_a_run_of_trackways_own_too(server: Server) -> None:
    with trackway.init(experiment="of trackway's own", name="plain") as run:
        aiplatform.log_params({"lr": 0.1})
        aiplatform.log_metrics({"loss": 1.0})
        aiplatform.log_metrics({"loss": 0.5})
    found = aiplatform.ExperimentRun("plain", experiment="of trackway's own")
    assert found.run.id == run.id
    assert (found.get_params(), found.get_metrics()) == ({"lr": 0.1}, {"loss": 0.5})


def test_a_run_that_ended_is_added_to_by_its_name(experiment_name: str, server: Server) -> None:
    with aiplatform.start_run("ended") as run:
        aiplatform.log_metrics({"loss": 1.0})
    later = aiplatform.ExperimentRun("ended")
    with later:
        later.log_metrics({"loss": 0.5})
        later.log_params({"late": True})
    assert later.get_metrics() == {"loss": 0.5}
    assert later.get_params() == {"late": True}
    stored = server.run(run.run.id)["run"]
    assert stored["status"] == "completed"
    assert stored["late_at_ms"] is not None
    with pytest.raises(TrackwayError, match='has no run "nobody"'):
        aiplatform.ExperimentRun("nobody")


def test_artifacts_keep_all_that_was_said_of_them(
    experiment_name: str, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    loose = aiplatform.Artifact.create("system.Dataset", display_name="made before", uri="gs://b/raw")
    assert 'the artifact "made before" is kept when a run logs it' in caplog.text
    metadata = {"text": '{"a": 1}', "list": [1, 2.5, None], "nested": {"deep": True}}
    with aiplatform.start_run("run") as run:
        run.log_input(loose)
        kept = aiplatform.Artifact.create(
            schema_title="system.Metrics",
            display_name="odd / name: größer",
            metadata=metadata,
            description="of this run",
            state="PENDING",
            resource_id="my/own-id",
        )
        run.log_output(kept)
        with pytest.raises(TypeError, match="expected an aiplatform.Artifact"):
            run.log_output("model.pt")  # type: ignore[arg-type]
    with pytest.raises(TrackwayError, match='already an artifact "my/own-id"'):
        aiplatform.Artifact.create("system.Model", resource_id="my/own-id")
    found = {one.display_name: one for one in run.get_artifacts()}
    assert found.keys() == {"made before", "odd / name: größer"}
    back = found["odd / name: größer"]
    assert (back.metadata, back.description, back.state) == (metadata, "of this run", "PENDING")
    assert (back.name, back.resource_name) == ("my/own-id", kept.resource_name)
    assert back.create_time == kept.create_time <= datetime.now(timezone.utc)
    assert aiplatform.Artifact(loose.resource_name).uri == "gs://b/raw"
    assert aiplatform.Artifact(loose.name).schema_title == "system.Dataset"
    assert [one["uri"] for one in _records(server, run.run.id, "input")] == ["gs://b/raw"]


def test_artifacts_that_nobody_has_are_not_made_up(experiment_name: str) -> None:
    with aiplatform.start_run("run") as run:
        run.run.flush()
        with pytest.raises(TrackwayError, match="no artifact"):
            aiplatform.Artifact(f"{run.run.id}-{'0' * 16}")
    with pytest.raises(TrackwayError, match="does not support looking up artifacts .* yet"):
        aiplatform.Artifact("of-no-run")
    with pytest.raises(TrackwayError, match="^the server does not support lineage yet$"):
        aiplatform.Artifact.get_with_lineage_subgraph(resource_id="x", max_hops=3)


def test_there_is_one_store(caplog: pytest.LogCaptureFixture) -> None:
    assert aiplatform.MetadataStore("default").resource_name == aiplatform.MetadataStore().resource_name
    with pytest.raises(TrackwayError, match='no metadata store "other"'):
        aiplatform.MetadataStore("other")
    with caplog.at_level(logging.WARNING):
        aiplatform.init(project="p", location="l", staging_bucket="gs://b", network="n")
    assert "ignores network, staging_bucket" in caplog.text
    assert (
        aiplatform.MetadataStore("default").resource_name == "projects/p/locations/l/metadataStores/default"
    )
