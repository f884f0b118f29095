"""Podstack's dialect: its page, block by block, and what else MLOpsClient promises."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
from page_run import run_page
from server import Server

from trackway import Experiment, TrackwayError, client, podstack, series
from trackway.podstack import MLOpsClient


def _points(server: Server, run_id: str) -> dict[str, tuple[list[int], list[float]]]:
    found = series.decode(server.get(f"/api/v1/series?run={run_id}"))
    return {one.key: (one.points.steps, one.points.values) for one in found}


@pytest.fixture
def page(server: Server, tmp_path: Path) -> Any:
    return run_page("podstack", tmp_path / "page", YOUR_TOKEN=server.token)


def test_the_page_runs_in_its_order_and_everything_is_there(page: Any, server: Server) -> None:
    experiment = server.json(f"/experiments/{page['experiment']}")
    assert experiment["name"] == "image-classification-v1"
    assert experiment["description"] == "Comparing CNN architectures for product images"
    assert experiment["tags"] == {"computer-vision": "", "cnn": "", "baseline": ""}
    assert experiment["status"] == "completed"

    run = server.run(page["run"])["run"]
    assert run["status"] == "completed"
    assert run["late_at_ms"] is not None, "what comes after the block is taken, and marked"
    assert server.params(page["run"]) == {
        "learning_rate": 0.001,
        "batch_size": 32,
        "optimizer": "adam",
        "epochs": 100,
        "dropout": 0.5,
        "seed": 42,
        "torch_version": "2.9.0+cpu",
        "cuda_version": None,
        "git_commit": "86bd254",
    }
    points = _points(server, page["run"])
    assert points.keys() == {"train_loss", "train_accuracy", "val_loss", "val_accuracy"}
    assert points["val_loss"] == (list(range(5)), [1.1 / (epoch + 1) for epoch in range(5)])
    assert server.artifact_paths(page["run"]) == [
        "checkpoints/model.pt",
        "config.yaml",
        "dataset/elsewhere.json",
        "dataset/product-images.json",
        "model.pt",
        "results/plot.txt",
        "results/sub/b c.txt",
    ]
    assert server.artifact(page["run"], "results/sub/b c.txt") == b"outputs/sub/b c.txt"
    dataset = json.loads(server.artifact(page["run"], "dataset/product-images.json"))
    assert dataset["description"] == "Product images, cleaned"
    assert dataset["path"] == "data/train.csv"
    assert dataset["digest"].startswith("sha256:")
    assert json.loads(server.artifact(page["run"], "dataset/elsewhere.json"))["source_type"] == "s3"
    assert page["refused"] == [
        "the server does not support sweeps yet",
        "the server does not support alerts yet",
    ]


def test_the_loops_of_the_page_record_their_curves(page: Any, server: Server) -> None:
    assert _points(server, page["pytorch_run"]) == {"loss": (list(range(5)), [0.25] * 5)}
    assert server.artifact_paths(page["pytorch_run"]) == ["model.pt"]
    points = _points(server, page["keras_run"])
    assert points.keys() == {"loss", "accuracy"}
    assert points["loss"][0] == list(range(10))
    assert points["loss"][1][:2] == [1.0, 0.5]
    for run in ("pytorch_run", "keras_run"):
        stored = server.run(page[run])["run"]
        assert (stored["status"], stored["late_at_ms"]) == ("completed", None)
        assert stored["experiment_id"] == page["experiment"]


@pytest.mark.skipif(
    not all(map(importlib.util.find_spec, ("torch", "keras"))), reason="needs torch and keras"
)
def test_the_loops_of_the_page_run_with_the_real_libraries(server: Server, tmp_path: Path) -> None:
    page = run_page("podstack_real", tmp_path / "page", KERAS_BACKEND="torch")
    steps, values = _points(server, page["run"])["loss"]
    assert (steps, values[-1]) == ([0, 1, 2], page["loss"])
    params = server.params(page["run"])
    assert [params["torch_version"], params["cuda_version"]] == page["versions"]
    assert server.artifact_paths(page["run"]) == ["model.pt"]
    found = {key: values for key, (_, values) in _points(server, page["keras_run"]).items()}
    assert found == page["history"]
    assert found.keys() == {"loss", "mae", "val_loss", "val_mae"}


@pytest.fixture
def mlops(server: Server) -> Any:
    made = MLOpsClient()
    yield made
    made.close()


def test_the_client_of_the_package_is_this_one(mlops: MLOpsClient) -> None:
    import trackway

    assert trackway.MLOpsClient is MLOpsClient
    assert isinstance(mlops, client.MLOpsClient)


def test_an_experiment_is_archived_and_restored_by_name_or_id(mlops: MLOpsClient, server: Server) -> None:
    experiment = mlops.create_experiment("archived and back", project="default")
    assert mlops.archive_experiment("archived and back").status == "archived"
    assert experiment.id not in [one.id for one in mlops.list_experiments()]
    assert mlops.restore_experiment(experiment.id).status == "active"
    assert experiment.id in [one.id for one in mlops.list_experiments()]
    with pytest.raises(TrackwayError, match='no project "other"'):
        mlops.create_experiment("x", project="other")


def test_a_missing_file_is_said_before_the_run_ends(mlops: MLOpsClient, experiment: Experiment) -> None:
    with mlops.start_run(experiment.id) as run:
        with pytest.raises(FileNotFoundError):
            run.log_artifact("no-such-file.pt", artifact_path="checkpoints/")
        with pytest.raises(FileNotFoundError):
            run.log_artifacts("no-such-folder")


def test_a_dataset_is_given_back_with_its_digest(
    mlops: MLOpsClient, experiment: Experiment, tmp_path: Path
) -> None:
    data = tmp_path / "data.csv"
    data.write_text("x\n1\n")
    with mlops.start_run(experiment.id) as run:
        assert isinstance(run, podstack.Run)
        one = run.log_dataset("train", data, version="2.1", tags=["clean"])
        data.rename(tmp_path / "moved.csv")
        same = run.log_dataset("again", tmp_path / "moved.csv", context="validation")
    assert one.digest == same.digest == one["digest"]
    assert (one.version, one.context, same.context) == ("2.1", "training", "validation")
    with pytest.raises(AttributeError, match='"train" has no rows'):
        _ = one.rows


def test_what_the_server_cannot_do_yet_is_said_in_one_wording(
    mlops: MLOpsClient, experiment: Experiment
) -> None:
    sweep: dict[str, Any] = {"strategy": "grid", "parameters": {}, "objective_metric": "loss"}
    with mlops.start_run(experiment.id) as run:
        calls = {
            "sweeps": [
                lambda: mlops.create_sweep(experiment.id, **sweep),
                lambda: mlops.suggest_sweep_params(sweep_id="1"),
                lambda: mlops.complete_sweep_trial(sweep_id="1", trial_id="1", metrics={"loss": 1.0}),
                lambda: mlops.stop_sweep("1"),
                lambda: mlops.list_sweeps(experiment.id),
                lambda: mlops.best("1"),
            ],
            "alerts": [lambda: run.create_alert(condition="loss > 2.0", message="high")],
            "a model registry": [
                lambda: mlops.register_model("m", description="", tags=["a"]),
                lambda: mlops.create_model_version("m", source_run_id=run.id, artifact_path="model.pt"),
                lambda: mlops.transition_model_version_stage("m", 1, stage="Staging"),
                lambda: mlops.download_model_version("m", 1, "."),
                lambda: mlops.set_model_alias("m", "best", 1),
                lambda: mlops.get_model_by_alias("m", "best"),
                lambda: mlops.set_model_version_tag("m", 1, "a", "b"),
            ],
        }
        for feature, several in calls.items():
            for call in several:
                with pytest.raises(
                    TrackwayError, match=f"^the server does not support {feature} yet$"
                ) as said:
                    call()
                assert said.value.kind == "unsupported"
                assert not said.value.transient
        with pytest.raises(TrackwayError, match="not a tracker's job"):
            mlops.deploy_model("m", 1)
