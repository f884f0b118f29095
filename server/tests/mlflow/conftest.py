"""The genuine mlflow package against a real server, which it finds by MLflow's own environment variables."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(REPOSITORY / "sdk" / "python" / "tests"))
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
# Every answer that a client could try again is an error in a test.
os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "0"

from genuine import Genuine  # noqa: E402
from server import Server  # noqa: E402


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server | Genuine]:
    folder = tmp_path_factory.mktemp("server")
    # With TRACKWAY_TEST_GENUINE=1 tests run against mlflow's own server, which shows that they are right themselves.
    if os.environ.get("TRACKWAY_TEST_GENUINE"):
        server: Server | Genuine = Genuine(folder)
    else:
        # SQLite in the folder, unless a database is named.
        database = os.environ.get("TRACKWAY_TEST_DATABASE")
        server = Server(folder, {"TRACKWAY_DATABASE": database} if database else None)
    server.start()
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def tracking(server: Server | Genuine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    import mlflow

    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.url)
    if server.token:
        monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", server.token)
    monkeypatch.chdir(tmp_path)
    yield
    while mlflow.active_run() is not None:
        mlflow.end_run()
