"""Files that are big, many or oddly named."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path
from typing import Any

import mlflow
import pytest
import requests
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


def test_a_file_comes_in_parts_and_is_whole_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD", "true")
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", "1")
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE", str(1 << 20))
    content = os.urandom((5 << 20) + 7)
    (tmp_path / "large.bin").write_bytes(content)
    put: list[str] = []
    genuine = requests.put

    def counted(url: str, **more: Any) -> requests.Response:
        put.append(url)
        return genuine(url, **more)

    monkeypatch.setattr(requests, "put", counted)
    with mlflow.start_run() as active:
        mlflow.log_artifact(str(tmp_path / "large.bin"), "folder")
    assert len(put) == 6, "five whole parts and the rest"
    path = mlflow.artifacts.download_artifacts(run_id=active.info.run_id, artifact_path="folder/large.bin")
    assert Path(path).read_bytes() == content


def test_parts_that_are_missing_make_no_file(server: Server) -> None:
    run_id = mlflow.start_run().info.run_id
    mlflow.end_run()
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {server.token}"
    base = f"{server.url}/api/2.0/mlflow-artifacts/mpu"
    create = f"{base}/create/0/{run_id}/artifacts"
    begun = session.post(create, json={"path": "/x/a.bin", "num_parts": 2}).json()
    first = begun["credentials"][0]
    assert session.put(first["url"], data=b"one", headers=first["headers"]).status_code == 200
    parts = [{"part_number": 1}, {"part_number": 2}]
    fields = {"path": "/x/a.bin", "upload_id": begun["upload_id"], "parts": parts}
    refused = session.post(f"{base}/complete/0/{run_id}/artifacts", json=fields)
    assert (refused.status_code, refused.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert mlflow.artifacts.list_artifacts(run_id=run_id) == []
    assert session.post(f"{base}/abort/0/{run_id}/artifacts", json=fields).json() == {}
    for path in ["0/no-run/artifacts", "models"]:
        assert session.post(f"{base}/create/{path}", json={"path": "a", "num_parts": 1}).status_code in (400, 404)
    assert session.post(create, json={"path": "a", "num_parts": 10_001}).status_code == 400
