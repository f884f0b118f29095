"""ModelBox's dialect: its page, and that another process finds what was recorded."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from page_run import run_page
from script import PACKAGE
from server import Server

from trackway import TrackwayError
from trackway.modelbox import ArtifactMime, Event, EventSource, MLFramework, ModelBox


@pytest.fixture
def mbox(server: Server) -> Any:
    made = ModelBox()
    yield made
    made.close()


def test_the_page_runs_and_another_process_reads_all_of_it(server: Server, tmp_path: Path) -> None:
    page = run_page("modelbox", tmp_path / "page")
    run = server.run(page["id"])
    assert run["run"]["name"] == "wav2vec-lid"
    assert run["experiment_name"] == "langtech/wav2vec-lid"
    assert run["run"]["tags"] == {
        "owner": "owner@email.com",
        "namespace": "langtech",
        "external_id": "extern1",
        "framework": "PYTORCH",
    }
    assert server.params(page["id"]) == {"fc_layers": 3, "lr": 0.002, "optimizer.name": "adam"}
    assert run["run"]["status"] == "completed", "with its process"
    assert page["existed"] == [False, True, False]
    assert page["same"] == [page["id"], "wav2vec-lid", "owner@email.com", "extern1", "PYTORCH"]
    assert page["other"] != page["id"]

    def md5(content: str) -> str:
        return hashlib.md5(content.encode()).hexdigest()

    files = {
        "checkpoint.pt": "Checkpoint",
        "samples/one.txt": "Text",
        "samples/deep/two.png": "Image",
    }
    assert page["ids"].keys() == files.keys()
    assert page["tracked"] == 2
    expected = [[path, mime, md5(path), page["ids"][path]] for path, mime in files.items()]
    listed = page["artifacts"]
    assert [one for one in listed if one[3] in page["ids"].values()] == sorted(expected)
    others = [one[:3] for one in listed if one[3] not in page["ids"].values()]
    assert others == [
        ["checkpoint.pt", "Checkpoint", md5("checkpoint.pt")],
        ["s3://bucket/weights.onnx", "ModelVersion", ""],
    ]
    assert server.artifact(page["id"], "samples/deep/two.png") == b"samples/deep/two.png"

    address = server.url.removeprefix("http://")
    read = run_page("modelbox_query", tmp_path / "query", page["id"], address)
    assert read["fields"] == ["wav2vec-lid", "owner@email.com", "langtech", "PYTORCH"]
    assert read["metadata"] == {
        "hyperparams": {"fc_layers": 3, "lr": 0.002, "optimizer": {"name": "adam"}},
        "notes": ["any", {"json": None}, 2**60],
    }
    late = read["metrics"].pop("late")
    assert (late[0][0], late[0][2]) == (0, 1.0)
    assert read["metrics"] == {
        "loss": [[10, 12345.0, 2.4], [10, 12347.0, 2.3]],
        "accu": [[10, 12345.0, 97.6]],
        "tensor": [[10, 12346.0, "[1.0, 2.0]"]],
        "bytes": [[10, 12346.0, [0, 255, 1]]],
    }
    assert read["events"] == [
        ["checkpoint_write_start", "trainer", 12000.0, {"chk_size": 2345}],
        ["checkpoint_write_finish", "trainer", 12500.0, {"write_speed": "2mb/s"}],
    ]
    assert read["again"] == "samples/one.txt"
    assert sorted(read["in_namespace"]) == sorted([page["id"], page["other"]])
    assert read["in_another"] == []
    after = server.run(page["id"])["run"]
    assert after["status"] == "completed"
    assert after["late_at_ms"] is not None


def test_an_empty_owner_and_no_namespace_are_fine(mbox: ModelBox, server: Server) -> None:
    experiment = mbox.new_experiment(name="plain", framework=MLFramework.TENSORFLOW)
    assert (experiment.owner, experiment.namespace, experiment.framework) == ("", "", MLFramework.KERAS)
    assert server.run(experiment.id)["experiment_name"] == "plain"
    assert experiment.id in [one.id for one in mbox.experiments("")]
    experiment.run.finish()
    assert mbox.experiment(experiment.id).run.status == "completed"


def test_an_experiment_that_ended_goes_on(mbox: ModelBox, server: Server) -> None:
    first = mbox.new_experiment(name="twice", namespace="n")
    first.log_metrics({"loss": 1.0}, step=1)
    first.run.finish("failed")
    again = mbox.new_experiment(name="twice", namespace="n")
    assert again.experiment_exists and again.id == first.id
    assert server.status(first.id) == "running"
    again.log_metrics({"loss": 0.5}, step=2)
    again.run.finish()
    assert [one.value for one in again.all_metrics()["loss"]] == [1.0, 0.5]


def test_a_file_that_is_not_there_leaves_nothing_half_uploaded(mbox: ModelBox, tmp_path: Path) -> None:
    (tmp_path / "there.txt").write_text("x")
    experiment = mbox.new_experiment(name="files")
    with pytest.raises(FileNotFoundError, match="nowhere.txt"):
        experiment.upload_artifact([tmp_path / "there.txt", "nowhere.txt"])
    with pytest.raises(ValueError, match="track_artifacts"):
        experiment.upload_artifact(["s3://bucket/x"])
    with pytest.raises(TypeError, match="expected a list"):
        experiment.track_artifacts("there.txt")
    assert experiment.artifacts == []
    experiment.upload_artifact([tmp_path / "there.txt"])
    [one] = experiment.artifacts()
    assert (one.path, one.mime_type) == (str(tmp_path / "there.txt"), ArtifactMime.Text)
    with pytest.raises(TrackwayError, match="no file with the id"):
        experiment.download_artifact("0" * 32, tmp_path / "x")


def test_files_of_one_name_in_different_places_do_not_meet(
    mbox: ModelBox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server
) -> None:
    for name in ("a.txt", "work/a.txt", "work/x/a.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    monkeypatch.chdir(tmp_path / "work")
    given = ["a.txt", "../a.txt", "x", str(tmp_path / "work" / "a.txt"), "./x/../x/a.txt"]
    experiment = mbox.new_experiment(name="one name")
    assert len(experiment.upload_artifact(given).artifact_ids) == 5
    assert {one.path for one in experiment.artifacts} == {*given, "x/a.txt"} - {"x"}
    inside = f"absolute{tmp_path.as_posix()}"
    for path, content in (
        ("a.txt", b"work/a.txt"),
        ("x/a.txt", b"work/x/a.txt"),
        (f"{inside}/a.txt", b"a.txt"),
        (f"{inside}/work/a.txt", b"work/a.txt"),
    ):
        assert server.artifact(experiment.id, path) == content


def test_processes_that_start_it_together_get_the_same(server: Server, tmp_path: Path) -> None:
    program = (
        "from trackway.modelbox import ModelBox\n"
        "print(ModelBox().new_experiment('together', namespace='many', external_id='x').id)"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONPATH": str(PACKAGE)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(5)
    ]
    ids = {process.communicate(timeout=60)[0].strip() for process in started}
    assert len(ids) == 1
    assert {process.returncode for process in started} == {0}
    assert server.status(ids.pop()) == "completed"
    [experiment] = server.json("/experiments?search=many/together")["items"]
    assert experiment["run_count"] == 1


def test_an_event_is_of_now_unless_told(mbox: ModelBox) -> None:
    experiment = mbox.new_experiment(name="events")
    event = Event("started", EventSource("trainer"))
    assert experiment.log_event(event).created_at.timestamp() - event.wallclock_time < 60
    [stored] = experiment.events()
    assert stored.name == "started"
    assert abs(stored.wallclock_time - event.wallclock_time) < 0.001


def test_what_the_server_cannot_do_yet_is_said(mbox: ModelBox) -> None:
    experiment = mbox.new_experiment(name="unsupported")
    for feature, call in (
        ("a model registry", lambda: mbox.new_model(name="m", owner="", namespace="")),
        ("a model registry", lambda: mbox.models("n")),
        ("a model registry", lambda: mbox.model("1")),
        ("checkpoints", lambda: experiment.new_checkpoint(1, {"loss": 1.0})),
        ("checkpoints", experiment.checkpoints),
    ):
        with pytest.raises(TrackwayError, match=f"^the server does not support {feature} yet$"):
            call()
    with pytest.raises(TrackwayError):
        mbox.experiment("0" * 32)
