"""Artifacts through MLflow's proxy."""

from __future__ import annotations

import time
from pathlib import Path

import mlflow
import pytest
import requests
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from server import Server


def test_files_folders_texts_and_dicts_come_back(tmp_path: Path) -> None:
    mlflow.set_experiment("artifacts")
    folder = tmp_path / "out"
    (folder / "sub").mkdir(parents=True)
    (folder / "a b.txt").write_text("one")
    (folder / "sub" / "c.bin").write_bytes(bytes(range(256)) * 5_000)
    (folder / "empty").write_bytes(b"")
    with mlflow.start_run() as run:
        mlflow.log_artifacts(str(folder), "results")
        mlflow.log_artifact(str(folder / "a b.txt"))
        mlflow.log_text("hello", "notes/hello.md")
        mlflow.log_dict({"k": [1, 2]}, "config.json")
    client = MlflowClient()
    run_id = run.info.run_id
    assert [(item.path, item.is_dir, item.file_size) for item in client.list_artifacts(run_id)] == [
        ("a b.txt", False, 3),
        ("config.json", False, 29),
        ("notes", True, None),
        ("results", True, None),
    ]
    assert [item.path for item in client.list_artifacts(run_id, "results")] == [
        "results/a b.txt",
        "results/empty",
        "results/sub",
    ]
    assert client.list_artifacts(run_id, "absent") == []
    back = Path(client.download_artifacts(run_id, "results", str(tmp_path)))
    assert (back / "sub" / "c.bin").read_bytes() == bytes(range(256)) * 5_000
    assert (back / "empty").read_bytes() == b""
    assert mlflow.artifacts.load_dict(f"runs:/{run_id}/config.json") == {"k": [1, 2]}
    assert mlflow.artifacts.load_text(f"runs:/{run_id}/notes/hello.md") == "hello"
    with pytest.raises(MlflowException):
        client.download_artifacts(run_id, "absent.txt", str(tmp_path))


def test_a_path_leads_nowhere_else(server: Server) -> None:
    client = MlflowClient()
    run_id = client.create_run(client.create_experiment(f"paths-{time.time_ns()}")).info.run_id
    base = f"{server.url}/api/2.0/mlflow-artifacts/artifacts/0/{run_id}/artifacts"
    headers = {"Authorization": f"Bearer {server.token}"}
    for path in ["%2e%2e/x", "a%5Cb", "%252e%252e/%252e%252e/x", "a/%2e%2e/%2e%2e/x", "x%23y"]:
        answer = requests.put(f"{base}/{path}", data=b"x", headers=headers, timeout=10)
        assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE"), path
    assert requests.put(f"{base}/ok", data=b"x", timeout=10).status_code == 401
    missing = requests.get(f"{base}/absent", headers=headers, timeout=10)
    assert (missing.status_code, missing.json()["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    unknown = requests.post(f"{server.url}/api/2.0/mlflow/no/such", json={}, headers=headers, timeout=10)
    assert (unknown.status_code, unknown.json()["error_code"]) == (404, "ENDPOINT_NOT_FOUND")
