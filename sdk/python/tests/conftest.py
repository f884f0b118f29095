"""Fixtures: the real server on a free port with a folder of its own, and a client that finds it by itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from proxy import Proxy
from server import Server

from trackway import Experiment, MLOpsClient, session


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests that leave it standing."""
    server = Server(tmp_path_factory.mktemp("server"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """A server that the test may kill."""
    server = Server(tmp_path / "server")
    server.start()
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def only_the_credentials_of_the_test(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The developer's own server and token stay out of the tests."""
    for name in [name for name in os.environ if name.startswith("TRACKWAY_") and name != "TRACKWAY_BINARY"]:
        monkeypatch.delenv(name)
    credentials = tmp_path / "no-credentials.json"
    for fixture in ("own_server", "server"):
        if fixture in request.fixturenames:
            credentials = request.getfixturevalue(fixture).credentials
            break
    monkeypatch.setenv("TRACKWAY_CREDENTIALS", str(credentials))
    monkeypatch.setenv("TRACKWAY_DIR", str(tmp_path / "spool"))
    # What is recorded by itself has tests of its own.
    monkeypatch.setenv("TRACKWAY_CAPTURE", "none")


@pytest.fixture(autouse=True)
def sessions_end_with_their_test() -> Iterator[None]:
    yield
    session.close_all()


@pytest.fixture
def client(server: Server) -> Iterator[MLOpsClient]:
    client = MLOpsClient()
    yield client
    client.close()


@pytest.fixture
def experiment(client: MLOpsClient, request: pytest.FixtureRequest) -> Experiment:
    return client.create_experiment(request.node.name)


@pytest.fixture
def proxy(server: Server) -> Iterator[Proxy]:
    """A faulty network in front of the server."""
    proxy = Proxy(server.url)
    yield proxy
    proxy.close()
