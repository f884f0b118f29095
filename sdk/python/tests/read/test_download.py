"""Downloads: whole or not at all, checked, and never outside the folder that was named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from script import Script
from server import Server

from trackway import Experiment, MLOpsClient, TrackwayError
from trackway.download import StoredArtifact, fetch
from trackway.reader import Reader

NAMES = ["top.txt", "model/best.pt", "model/deep/ä b#?%.bin", "models/other.txt", "..hidden/...", "empty"]


@pytest.fixture
def run_id(client: MLOpsClient, experiment: Experiment) -> str:
    with client.start_run(experiment.id) as run:
        for name in NAMES:
            run.log_bytes(b"" if name == "empty" else name.encode() * 100_000, name)
        assert run.flush(30)
    return run.id


def _files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_all_files_come_under_their_paths(client: MLOpsClient, run_id: str, tmp_path: Path) -> None:
    paths = client.get_run(run_id).download(destination=tmp_path / "new" / "out")
    assert _files(tmp_path / "new" / "out") == set(NAMES)
    assert {path.relative_to(tmp_path / "new" / "out").as_posix() for path in paths} == set(NAMES)
    for path in paths:
        name = path.relative_to(tmp_path / "new" / "out").as_posix()
        assert path.read_bytes() == (b"" if name == "empty" else name.encode() * 100_000)


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("model", {"model/best.pt", "model/deep/ä b#?%.bin"}),
        ("model/", {"model/best.pt", "model/deep/ä b#?%.bin"}),
        ("model/best.pt", {"model/best.pt"}),
        ("empty", {"empty"}),
    ],
)
def test_a_file_or_a_folder_comes_alone(
    client: MLOpsClient, run_id: str, tmp_path: Path, path: str, meant: set[str]
) -> None:
    client.get_run(run_id).download(path, tmp_path / "out")
    assert _files(tmp_path / "out") == meant


@pytest.mark.parametrize("path", ["nothing", "model/best", "mod", "../top.txt"])
def test_what_the_run_does_not_have_is_said(
    client: MLOpsClient, run_id: str, tmp_path: Path, path: str
) -> None:
    with pytest.raises(TrackwayError, match="has no artifact") as caught:
        client.get_run(run_id).download(path, tmp_path / "out")
    assert caught.value.kind == "not_found"
    assert not (tmp_path / "out").exists()


def test_a_file_that_was_there_is_replaced_and_a_link_is_not_followed(
    client: MLOpsClient, run_id: str, tmp_path: Path
) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    out = tmp_path / "out"
    out.mkdir()
    (out / "top.txt").symlink_to(precious)
    client.get_run(run_id).download("top.txt", out)
    assert precious.read_text() == "mine"
    assert (out / "top.txt").read_bytes().startswith(b"top.txt") and not (out / "top.txt").is_symlink()
    assert os.stat(out / "top.txt").st_mode & 0o777 == 0o666 & ~_umask()


def test_a_link_out_of_the_folder_is_not_gone_through(
    client: MLOpsClient, run_id: str, tmp_path: Path
) -> None:
    out, outside = tmp_path / "out", tmp_path / "outside"
    out.mkdir()
    outside.mkdir()
    (out / "model").symlink_to(outside)
    with pytest.raises(TrackwayError, match="outside of"):
        client.get_run(run_id).download("model", out)
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize("path", ["../up.txt", "a/../../up.txt", "/etc/up.txt", "a//b", "."])
def test_a_server_that_names_evil_paths_gets_nothing_written(
    client: MLOpsClient, run_id: str, tmp_path: Path, path: str
) -> None:
    evil = StoredArtifact(path, 1, "0" * 64, "text/plain")
    with pytest.raises(TrackwayError, match="outside of"):
        fetch(Reader(client._connection), run_id, [evil], tmp_path / "out")
    assert _files(tmp_path) & {"up.txt", "out/a/b"} == set()


def test_a_damaged_content_is_not_kept(
    client: MLOpsClient, server: Server, run_id: str, tmp_path: Path
) -> None:
    (stored,) = [one for one in client.get_run(run_id).artifacts() if one.path == "top.txt"]
    blobs = (path for path in server.data.rglob("*") if path.is_file())
    content = next(path for path in blobs if stored.sha256.endswith(path.name))
    whole = content.read_bytes()
    out = tmp_path / "out"
    out.mkdir()
    (out / "top.txt").write_text("before")
    try:
        os.chmod(content, 0o600)
        content.write_bytes(b"X" + whole[1:])
        impatient = MLOpsClient(timeout=0.2)
        with pytest.raises(TrackwayError, match='content of "top.txt" was damaged'):
            impatient.get_run(run_id).download("top.txt", out)
        impatient.close()
    finally:
        content.write_bytes(whole)
    assert _files(out) == {"top.txt"}, "nothing half is left behind"
    assert (out / "top.txt").read_text() == "before"


def test_a_disk_that_takes_no_more_is_the_callers_to_know(
    client: MLOpsClient, run_id: str, tmp_path: Path
) -> None:
    (tmp_path / "out").write_text("a file where the folder should be")
    with pytest.raises(OSError):
        client.get_run(run_id).download("top.txt", tmp_path / "out")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_large_file_takes_no_memory(client: MLOpsClient, experiment: Experiment, tmp_path: Path) -> None:
    large = tmp_path / "large"
    with open(large, "wb") as file:
        for _ in range(64):
            file.write(os.urandom(1) * (1 << 20))
    with client.start_run(experiment.id) as run:
        run.log_artifact(large)
        assert run.flush(60)
    script = Script(f"""
        import resource
        stored = trackway.MLOpsClient().get_run("{run.id}")
        stored.artifacts()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        stored.download(destination={str(tmp_path / "out")!r})
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    """)
    grown_kib = int(script.line())
    assert script.end()[0] == 0
    assert (tmp_path / "out" / "large").read_bytes() == large.read_bytes()
    assert grown_kib < 16 * 1024
