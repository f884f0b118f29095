"""Artifacts: where files land in the run, and that they land unchanged."""

from __future__ import annotations

import json
import os
from hashlib import sha256
from pathlib import Path

import pytest
from script import Script
from server import Server

import trackway
from trackway import Experiment, MLOpsClient, Run, TrackwayError, session
from trackway.sync import Outcome, Syncer


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


def test_a_file_that_goes_away_after_the_call_is_stored_all_the_same(
    run: Run, server: Server, tmp_path: Path
) -> None:
    small, large = tmp_path / "small.bin", tmp_path / "large.bin"
    content = os.urandom(3_000_000)
    small.write_bytes(b"small")
    large.write_bytes(content)
    run.log_artifact(small)
    run.log_artifact(large)
    small.write_bytes(b"SMALL")
    small.unlink()
    large.unlink()
    assert run.flush()
    assert server.artifact(run.id, "small.bin") == b"small", "as it was at the call"
    assert server.artifact(run.id, "large.bin") == content


def test_a_large_file_that_cannot_be_linked_is_held_open(
    run: Run, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*paths: object) -> None:
        raise OSError("another file system")

    monkeypatch.setattr(os, "link", refuse)
    large = tmp_path / "large.bin"
    large.write_bytes(bytes(2_000_000))
    run.log_artifact(large)
    large.unlink()
    assert run.flush()
    assert len(server.artifact(run.id, "large.bin")) == 2_000_000
    assert run._channel.files._held == {}, "and not for longer than needed"


def test_contents_that_wait_are_bounded_and_never_raise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, server: Server
) -> None:
    monkeypatch.setenv("TRACKWAY_SPOOL_BYTES", "1000000")
    offline = trackway.init(experiment="bounded", mode="offline")
    for number in range(10):
        offline.log_bytes(bytes(300_000), f"{number}.bin")
    assert sum("is not stored: 0 MiB of files wait" in record.message for record in caplog.records) == 7
    offline.finish()
    session.close_all()
    (outcome,) = synced(server)
    assert (outcome.delivered["artifact"], outcome.error) == (3, "")


def synced(server: Server) -> list[Outcome]:
    syncer = Syncer(url=server.url)
    outcomes = list(syncer.run())
    syncer.close()
    return outcomes


def test_a_file_that_changed_before_it_was_sent_is_said(
    tmp_path: Path, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    large = tmp_path / "large.bin"
    large.write_bytes(bytes(2_000_000))
    offline = trackway.init(experiment="changed", mode="offline")
    offline.log_artifact(large)
    with open(large, "r+b") as file:
        file.write(b"changed")
    offline.finish()
    session.close_all()
    (outcome,) = synced(server)
    assert outcome.delivered["artifact"] == 1 and not outcome.error
    assert '"large.bin" has changed since it was logged' in caplog.text
    assert server.artifact(offline.id, "large.bin").startswith(b"changed")


def test_a_file_of_another_machine_is_not_looked_for_here(
    tmp_path: Path, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    large = tmp_path / "large.bin"
    large.write_bytes(bytes(2_000_000))
    offline = trackway.init(experiment="elsewhere", mode="offline")
    offline.log_artifact(large)
    offline.finish()
    session.close_all()
    (spool,) = (tmp_path / "spool").iterdir()
    about = json.loads((spool / "spool.json").read_text())
    (spool / "spool.json").write_text(json.dumps({**about, "host": "another"}))
    (spool / "files" / "00000001").unlink()
    (outcome,) = synced(server)
    assert outcome.refused["artifact"] == 1
    assert "large.bin" in caplog.text
    assert server.artifact_paths(offline.id) == []


def test_a_request_that_no_client_makes_is_not_sent_with_our_token(tmp_path: Path, server: Server) -> None:
    offline = trackway.init(experiment="forged", mode="offline")
    for method, target in (
        ("POST", "/api/v1/sign-in-links"),
        ("PATCH", "/api/v1/runs/../users/1"),
        ("DELETE", "/"),
    ):
        offline._channel.request("run end", method, target, {})
    offline.finish()
    session.close_all()
    (spool,) = (tmp_path / "spool").iterdir()
    (spool / "aliases.json").write_text(json.dumps({offline.id: offline.id, "/api": "/../api", "x": 7}))
    (outcome,) = synced(server)
    assert outcome.refused == {"record": 3}
    assert server.status(offline.id) == "completed"


@pytest.mark.parametrize("size", [200_000_000, pytest.param(2 * 2**30, marks=pytest.mark.long)])
def test_a_huge_file_needs_no_memory_and_no_copy(server: Server, tmp_path: Path, size: int) -> None:
    huge = tmp_path / "huge.bin"
    with open(huge, "wb") as file:
        file.truncate(size)
    script = Script(
        f"""
        import resource
        run = trackway.init(experiment="huge")
        run.log_text("warm", "warm.txt")
        run.flush(60)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        started_at = time.monotonic()
        run.log_artifact({str(huge)!r})
        assert time.monotonic() - started_at < 0.5
        assert run.flush(300)
        print(run.id, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, flush=True)
        """
    )
    run_id, grown_kib = script.line().split()
    assert script.end()[0] == 0
    assert int(grown_kib) < 8 * 1024
    (stored,) = [one for one in server.json(f"/runs/{run_id}/artifacts") if one["path"] == "huge.bin"]
    assert stored["size_bytes"] == size


def test_what_lies_elsewhere_is_noted_and_not_stored(
    run: Run, client: MLOpsClient, server: Server, tmp_path: Path
) -> None:
    run.log_reference("s3://bucket/data/train.parquet", size_bytes=5_000_000_000, digest="etag:abc")
    run.log_reference("https://user:secret@example.org/x.csv", "data/")
    local = tmp_path / "big ü.bin"
    local.write_bytes(b"content")
    run.log_reference(local, "local/")
    run.log_reference(local.as_uri(), "unread.bin", checksum=False)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.txt").write_text("a")
    run.log_reference(folder)
    run.log_text("here", "data/notes.txt")
    run.flush()
    stored = client.get_run(run.id)
    found = {one.path: one for one in stored.artifacts()}
    assert sorted(found) == [
        "data/notes.txt",
        "data/x.csv",
        "folder",
        "local/big ü.bin",
        "train.parquet",
        "unread.bin",
    ]
    train = found["train.parquet"]
    assert train[1:3] == (5_000_000_000, "")
    assert (train.uri, train.digest) == ("s3://bucket/data/train.parquet", "etag:abc")
    assert "secret" not in str(found["data/x.csv"].uri)
    here = found["local/big ü.bin"]
    assert (here.uri, here.size_bytes) == (local.as_uri(), 7)
    assert here.digest == f"sha256:{sha256(b'content').hexdigest()}"
    assert (found["unread.bin"].size_bytes, found["unread.bin"].digest) == (7, None)
    assert str(found["folder"].digest).startswith("sha256:")
    assert found["data/notes.txt"].uri is None
    assert [one.name for one in stored.download("data", tmp_path / "out")] == ["notes.txt"]
    with pytest.raises(TrackwayError, match="tracked elsewhere") as refused:
        stored.download("train.parquet", tmp_path / "out")
    assert refused.value.kind == "conflict"


def test_a_reference_that_is_none_is_refused_at_the_call(run: Run, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        run.log_reference(tmp_path / "missing.bin")
    with pytest.raises(ValueError, match="file of this machine"):
        run.log_reference("file://elsewhere/x.bin")
    with pytest.raises(ValueError, match="artifact path"):
        run.log_reference("s3://bucket/a.bin", "../a.bin")
    with pytest.raises(ValueError, match="size_bytes"):
        run.log_reference("s3://bucket/a.bin", size_bytes=-1)
