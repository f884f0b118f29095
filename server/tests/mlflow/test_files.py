"""Files that are big, many or oddly named."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import mlflow
import pytest
from genuine import Genuine
from mlflow import MlflowClient
from server import Server

MIB = 1024 * 1024
BIG_MIB = 200
# A file passes through the server in pieces; beside them there is what the allocator keeps.
GROWTH_MIB_MAX = 64


def fresh(name: str) -> str:
    return mlflow.create_experiment(f"{name}-{time.time_ns()}")


def peak_mib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) // 1024


def written(path: Path, mib: int) -> str:
    """Bytes that do not compress; their hash."""
    digest = hashlib.sha256()
    with open(path, "wb") as out:
        for number in range(mib):
            block = hashlib.shake_128(number.to_bytes(8, "big")).digest(MIB)
            digest.update(block)
            out.write(block)
    return digest.hexdigest()


def hash_of(path: Path) -> str:
    with open(path, "rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the memory of a process in /proc")
def test_a_big_file_goes_through_without_the_server_holding_it(
    server: Server | Genuine, tmp_path: Path
) -> None:
    client = MlflowClient()
    run_id = client.create_run(fresh("big")).info.run_id
    client.log_text(run_id, "warm", "warm.txt")
    content = tmp_path / "big.bin"
    digest = written(content, BIG_MIB)
    before = peak_mib(server.pid)
    client.log_artifact(run_id, str(content), "models")
    content.unlink()
    back = Path(client.download_artifacts(run_id, "models/big.bin", str(tmp_path)))
    assert hash_of(back) == digest
    assert peak_mib(server.pid) - before < GROWTH_MIB_MAX


NAMES = [
    "a b.txt",
    "größe.txt",
    "日本/語.txt",
    "a+b&c=d.txt",
    "100%.txt",
    "[x]{y}.txt",
    "semi;colon,comma.txt",
    "quote'\"s.txt",
    ".hidden/.file",
    "deep/" * 20 + "end.txt",
    "n" * 200 + ".txt",
]


def test_odd_names_come_back_as_they_were(tmp_path: Path) -> None:
    for number, name in enumerate(NAMES):
        file = tmp_path / "out" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(str(number))
    with mlflow.start_run(experiment_id=fresh("odd names")) as run:
        mlflow.log_artifacts(str(tmp_path / "out"), "odd folder ü")
    back = Path(MlflowClient().download_artifacts(run.info.run_id, "odd folder ü", str(tmp_path)))
    for number, name in enumerate(NAMES):
        assert (back / name).read_text() == str(number), name
    assert len([path for path in back.rglob("*") if path.is_file()]) == len(NAMES)


def test_a_folder_of_many_files_is_listed_whole(tmp_path: Path) -> None:
    for number in range(300):
        (tmp_path / f"{number:03}.txt").write_text(str(number))
    client = MlflowClient()
    run_id = client.create_run(fresh("many files")).info.run_id
    client.log_artifacts(run_id, str(tmp_path), "many")
    listed = client.list_artifacts(run_id, "many")
    assert [file.path for file in listed] == [f"many/{number:03}.txt" for number in range(300)]
