"""Pipeline components: the tutorial's, and what calling one promises."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from page_run import PAGES, run_script
from script import sync
from server import Server

import trackway
from trackway import TrackwayError, aiplatform, dsl
from trackway.aiplatform.place import close_all, place
from trackway.dsl import Artifact, Dataset, Input, Metrics, Model, Output


@pytest.fixture(autouse=True)
def an_experiment_of_its_own(server: Server, request: pytest.FixtureRequest) -> Iterator[None]:
    aiplatform.init(experiment=request.node.name)
    yield
    vars(place).clear()
    close_all()
    assert trackway.current_run() is None


def _record(server: Server, run_id: str, role: str, start: str = "") -> dict[str, Any]:
    folder = f"lineage/{role}/{start}"
    [path] = [path for path in server.artifact_paths(run_id) if path.startswith(folder)]
    record: dict[str, Any] = json.loads(server.artifact(run_id, path))
    return record


def _last(server: Server, run_id: str) -> dict[str, float]:
    return {metric["key"]: metric["last"] for metric in server.run(run_id)["metrics"]}


@dsl.component
def train(
    data: Input[Dataset],
    model: Output[Model],
    metrics: Output[Metrics],
    rate: float = 0.1,
    fail: bool = False,
) -> None:
    metrics.log_metric("accuracy", 0.5 + rate)
    if fail:
        raise RuntimeError("no luck")
    Path(model.path).write_text(Path(data.path).read_text())


@dsl.component
def evaluate(model: Input[Model]) -> float:
    return float(len(Path(model.path).read_text()))


@pytest.fixture
def data(tmp_path: Path) -> Dataset:
    (tmp_path / "train.csv").write_text("x,y\n1,2\n")
    return Dataset(uri=str(tmp_path / "train.csv"), metadata={"row_count": 1})


def test_the_tutorial_s_component_runs_and_is_recorded(server: Server, tmp_path: Path) -> None:
    page, said = run_script(PAGES / "component.py", tmp_path / "page")
    assert "wants the package no-such-package-of-ours==1.0, which is not installed" in said
    assert "wants the package pytest" not in said
    run_id = page["run"]
    run = server.run(run_id)
    assert run["run"]["name"] == "tracked_training"
    assert (run["run"]["status"], run["experiment_name"]) == ("completed", "default")
    assert run["run"]["tags"] == {"run_type": "system.PipelineRun"}
    assert server.params(run_id) == {"learning_rate": 0.2, "n_estimators": 5}
    assert _last(server, run_id) == {"accuracy": 0.7, "n_rows": 2.0}
    name, metadata, content, resource_name = page["model"]
    assert (name, metadata, content) == ("model_output", {"framework": "stand-in"}, "model of 5 trees")
    assert page["metrics"] == {"accuracy": 0.7, "n_rows": 2}
    assert server.artifact(run_id, "tracked_training/model_output") == b"model of 5 trees"
    assert not Path(page["path"]).exists(), "sent, so the folder goes with the process"

    read = _record(server, run_id, "input")
    assert (read["schema_title"], read["uri"]) == ("system.Dataset", "train.csv")
    dataset = json.loads(server.artifact(run_id, "dataset/training_data.json"))
    assert dataset["digest"].startswith("sha256:")
    made = _record(server, run_id, "output", "model_output")
    assert made["resource_name"] == resource_name
    assert (made["schema_title"], made["metadata"]) == ("system.Model", {"framework": "stand-in"})
    assert made["artifact_path"] == "tracked_training/model_output"
    told = _record(server, run_id, "output", "metrics_output")
    assert (told["uri"], told["metadata"]) == ("", page["metrics"])
    execution = _record(server, run_id, "execution")
    assert execution["display_name"] == "tracked_training"
    assert execution["state"] == "COMPLETE"
    assert execution["parameters"] == {"learning_rate": 0.2, "n_estimators": 5}
    assert execution["inputs"] == [read["resource_name"]]
    assert execution["outputs"] == [resource_name, told["resource_name"]]
    assert execution["base_image"] == "python:3.9"
    assert execution["packages_to_install"] == ["pytest", "no-such-package-of-ours==1.0"]
    events = server.json(f"/runs/{run_id}/events")["items"]
    assert [(event["name"], event["kind"]) for event in events] == [
        ("tracked_training", "start"),
        ("tracked_training", "finish"),
    ]
    assert events[0]["span"] == events[1]["span"]


def test_offline_it_is_all_there_after_a_sync(server: Server, tmp_path: Path) -> None:
    (tmp_path / "temporary").mkdir()
    offline = {"TRACKWAY_MODE": "offline", "TMPDIR": str(tmp_path / "temporary")}
    page, _ = run_script(PAGES / "component.py", tmp_path / "page", **offline)
    assert Path(page["path"]).exists(), "not yet sent, so it stays"
    sync()
    assert server.status(page["run"]) == "completed"
    assert server.artifact(page["run"], "tracked_training/model_output") == b"model of 5 trees"
    assert _record(server, page["run"], "execution")["state"] == "COMPLETE"


def test_disabled_it_runs_and_leaves_nothing(server: Server, tmp_path: Path) -> None:
    (tmp_path / "temporary").mkdir()
    disabled = {"TRACKWAY_MODE": "disabled", "TMPDIR": str(tmp_path / "temporary")}
    page, _ = run_script(PAGES / "component.py", tmp_path / "page", **disabled)
    assert page["metrics"] == {"accuracy": 0.7, "n_rows": 2}
    assert list((tmp_path / "temporary").iterdir()) == []
    assert not (tmp_path / "spool").exists()


def test_components_share_the_open_run_and_hand_on_what_they_made(data: Dataset, server: Server) -> None:
    with aiplatform.start_run("pipeline") as run:
        trained = train(data=data, rate=0.25)
        evaluated = evaluate(model=trained.outputs["model"])
        same = evaluate(model=trained.outputs["model"])
        assert trackway.current_run() is run.run
    assert trained.run is evaluated.run is run.run
    assert evaluated.output == same.output == 8.0
    assert (run.get_params(), run.get_metrics()) == ({"rate": 0.25, "fail": False}, {"accuracy": 0.75})
    model = trained.outputs["model"].resource_name
    assert _record(server, run.run.id, "input", "model")["resource_name"] == model
    assert {one.display_name for one in run.get_artifacts()} == {"data", "model", "metrics"}
    with pytest.raises(TrackwayError, match="has 2 outputs"):
        _ = trained.output


def test_a_run_of_trackway_s_own_will_do(data: Dataset, server: Server) -> None:
    with trackway.init(experiment="of trackway's own") as run:
        assert train(data=data).run is run
        assert train(data=data).run is run
    assert run.get_metric("accuracy").steps == [0, 1]


def test_what_the_function_raises_fails_its_own_run(data: Dataset, server: Server) -> None:
    with pytest.raises(RuntimeError, match="no luck"):
        train(data=data, fail=True)
    [row] = aiplatform_rows(server, place.experiment)
    run_id = row["run"]["id"]
    assert row["run"]["status"] == "failed"
    execution = _record(server, run_id, "execution")
    assert execution["state"] == "FAILED"
    assert len(execution["outputs"]) == 1, "the model was not made"
    assert _last(server, run_id) == {"accuracy": 0.6}
    assert "exception" in [event["name"] for event in server.json(f"/runs/{run_id}/events")["items"]]


def test_a_shared_run_lives_on_after_a_failed_component(data: Dataset) -> None:
    with aiplatform.start_run("pipeline") as run:
        with pytest.raises(RuntimeError):
            train(data=data, fail=True)
        train(data=data)
    assert run.state == "COMPLETE"


def aiplatform_rows(server: Server, experiment: str) -> list[dict[str, Any]]:
    found = server.json(f"/experiments?search={experiment}")["items"]
    [one] = [one for one in found if one["name"] == experiment]
    rows: list[dict[str, Any]] = server.json(f"/runs?experiment_id={one['id']}")["items"]
    return rows


def test_an_artifact_of_the_store_is_an_input(tmp_path: Path, server: Server) -> None:
    (tmp_path / "model").write_text("abc")
    with aiplatform.start_run("run") as run:
        model = aiplatform.Artifact.create(
            "system.Model", display_name="given", uri=(tmp_path / "model").as_uri(), metadata={"a": 1}
        )
        assert evaluate(model=model).output == 3.0
        assert (
            evaluate(model=dsl.Task("t", {"only": Model(uri=str(tmp_path / "model"))}, run.run)).output == 3.0
        )
    records = {one.resource_name for one in run.get_artifacts()}
    assert model.resource_name in records
    assert len(records) == 2


def test_outputs_may_be_given_be_folders_or_be_elsewhere(tmp_path: Path, server: Server) -> None:
    @dsl.component()
    def export(
        here: Output[Artifact], folder: Output[Model], there: Output[Dataset], never: Output[Model]
    ) -> None:
        Path(here.path).write_text("here")
        (Path(folder.path) / "sub").mkdir(parents=True)
        (Path(folder.path) / "sub" / "weights.bin").write_text("w")
        there.uri = "s3://bucket/there"

    given = Artifact(uri=str(tmp_path / "mine.txt"))
    task = export(here=given)
    assert task.outputs["here"] is given
    run_id = task.run.id
    paths = [path for path in server.artifact_paths(run_id) if not path.startswith("lineage/")]
    assert paths == ["export/folder/sub/weights.bin", "export/here"]
    assert _record(server, run_id, "output", "there")["uri"] == "s3://bucket/there"
    assert _record(server, run_id, "output", "never")["uri"] == ""
    with pytest.raises(TrackwayError, match="not on this machine: s3://bucket/there"):
        _ = task.outputs["there"].path


def test_what_the_function_returns_is_an_output() -> None:
    class Both(NamedTuple):
        loss: float
        name: str

    @dsl.component
    def two(scale: int) -> Both:
        return Both(0.5 * scale, "x")

    assert two(scale=2).outputs == {"loss": 1.0, "name": "x"}
    assert two.python_func(4) == Both(2.0, "x")
    assert two.__name__ == two.name == "two"


def test_an_annotation_of_an_artifact_that_nobody_knows_is_said() -> None:
    with pytest.raises(TypeError, match="cannot make sense of Input.*Unknown"):

        @dsl.component
        def unknown(data: Input[Unknown]) -> None:  # type: ignore[name-defined] # noqa: F821
            pass


def test_a_call_that_makes_no_sense_starts_no_run(data: Dataset, server: Server) -> None:
    with pytest.raises(TypeError, match="keywords only"):
        train(data)
    with pytest.raises(TypeError, match="missing a required argument: 'data'"):
        train()
    with pytest.raises(TypeError, match="unexpected keyword argument 'epochs'"):
        train(data=data, epochs=3)
    with pytest.raises(TypeError, match=r'argument "data": expected an artifact such as Dataset\(uri=…\)'):
        train(data="train.csv")
    assert not [one for one in server.json("/experiments")["items"] if one["name"] == place.experiment]


def test_other_keywords_of_component_are_ignored_and_said(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        dsl.component(base_image="x", target_image="y", install_kfp_package=False)(lambda: None)
    assert "ignores install_kfp_package, target_image" in caplog.text


def test_metrics_outside_of_a_component_are_kept_by_themselves() -> None:
    metrics = Metrics()
    metrics.log_metric("f1", 0.5)
    assert metrics.metadata == {"f1": 0.5}
    assert metrics.resource_name is None
