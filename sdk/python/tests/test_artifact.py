"""Artifacts: where files land in the run, and that they land unchanged."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from server import Server

from trackway import Experiment, MLOpsClient, Run


@pytest.fixture
def run(client: MLOpsClient, experiment: Experiment) -> Run:
    return client.start_run(experiment.id)


@pytest.fixture(autouse=True)
def finish(run: Run):
    yield
    run.finish()


def test_a_file_lands_by_name_in_a_folder_or_under_a_path(run: Run, server: Server, tmp_path: Path) -> None:
    model = tmp_path / "model.pt"
    model.write_bytes(b"weights")
    run.log_artifact(model)
    run.log_artifact(str(model), artifact_path="checkpoints/")
    run.log_artifact(model, artifact_path="checkpoints/best.pt")
    run.flush()
    assert server.artifact_paths(run.id) == ["checkpoints/best.pt", "checkpoints/model.pt", "model.pt"]
    run.flush()
    assert server.artifact(run.id, "checkpoints/best.pt") == b"weights"


def test_a_folder_keeps_its_structure(run: Run, server: Server, tmp_path: Path) -> None:
    outputs = tmp_path / "outputs"
    names = [
        "a.txt",
        "sub/b c.txt",
        "sub/größe 精度.txt",
        "sub/deep/100%.txt",
        "sub/q?a=1&b#c.txt",
        ".hidden",
    ]
    for name in names:
        (outputs / name).parent.mkdir(parents=True, exist_ok=True)
        (outputs / name).write_text(name, encoding="utf-8")
    (outputs / "empty folder").mkdir()
    run.log_artifacts(outputs, artifact_path="results/")
    run.log_artifacts(f"{outputs}/", artifact_path="again")
    run.flush()
    assert server.artifact_paths(run.id) == sorted(
        f"{root}/{name}" for root in ("results", "again") for name in names
    )
    for name in names:
        assert server.artifact(run.id, f"results/{name}").decode() == name


def test_large_and_empty_files_arrive_unchanged(run: Run, server: Server, tmp_path: Path) -> None:
    large = tmp_path / "large.bin"
    large.write_bytes(os.urandom(5_000_001))
    empty = tmp_path / "empty.bin"
    empty.write_bytes(b"")
    run.log_artifact(large)
    run.log_artifact(large)
    run.log_artifact(empty)
    run.flush()
    assert server.artifact(run.id, "large.bin") == large.read_bytes()
    run.flush()
    assert server.artifact(run.id, "empty.bin") == b""
    run.flush()
    assert server.artifact_paths(run.id) == ["empty.bin", "large.bin"]


def test_a_newer_file_takes_the_place_of_the_older(run: Run, server: Server, tmp_path: Path) -> None:
    model = tmp_path / "model.pt"
    for weights in (b"epoch 1", b"epoch 2"):
        model.write_bytes(weights)
        run.log_artifact(model)
    run.flush()
    assert server.artifact(run.id, "model.pt") == b"epoch 2"


def test_text_is_stored_as_a_file(run: Run, server: Server) -> None:
    run.log_text("größer\n", "reports/summary.txt")
    run.flush()
    assert server.artifact(run.id, "reports/summary.txt").decode() == "größer\n"


def test_what_is_not_there_raises_at_once(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(FileNotFoundError, match="missing.pt"):
        run.log_artifact(tmp_path / "missing.pt")
    with pytest.raises(IsADirectoryError):
        run.log_artifact(tmp_path)
    with pytest.raises(FileNotFoundError, match="missing"):
        run.log_artifacts(tmp_path / "missing")
    with pytest.raises(NotADirectoryError):
        run.log_artifacts(file)


@pytest.mark.parametrize(
    "path", ["../outside.txt", "a/../../b.txt", "/etc/passwd", "a//b", "a\\b", "./a", "a\nb"]
)
def test_a_path_out_of_the_run_is_refused(run: Run, server: Server, path: str) -> None:
    with pytest.raises(ValueError, match="artifact path"):
        run.log_text("x", path)
    assert run.flush()
    assert server.artifact_paths(run.id) == []


def test_links_to_folders_are_not_followed(run: Run, server: Server, tmp_path: Path) -> None:
    outputs = tmp_path / "outputs"
    outputs.mkdir()
    (outputs / "real.txt").write_text("real")
    (outputs / "loop").symlink_to(outputs)
    (outputs / "dangling").symlink_to(tmp_path / "nowhere")
    (outputs / "linked.txt").symlink_to(outputs / "real.txt")
    run.log_artifacts(outputs)
    run.flush()
    assert server.artifact_paths(run.id) == ["linked.txt", "real.txt"]
