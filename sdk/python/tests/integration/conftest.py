"""Integrations against the real libraries and the real server; a library that is not installed skips its tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from server import Server

import trackway
from trackway.integration import recorder

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            # The libraries warn about themselves and each other.
            item.add_marker(pytest.mark.filterwarnings("default"))


@pytest.fixture
def experiment_name(
    server: Server, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> str:
    """Where runs go that do not say where."""
    name = request.node.nodeid.rpartition("/")[2]
    monkeypatch.setenv("TRACKWAY_EXPERIMENT", name)
    monkeypatch.chdir(tmp_path)
    return name


@pytest.fixture(autouse=True)
def nothing_goes_wrong_and_no_run_stays_open(request: pytest.FixtureRequest) -> Iterator[None]:
    """Errors are not raised into training, so here is where they show."""
    recorder._said.clear()
    yield
    assert trackway.current_run() is None
    assert not recorder._own
    if "what_went_wrong" not in request.fixturenames:
        assert not recorder._said


@pytest.fixture
def what_went_wrong() -> set[str]:
    """For a test in which something should."""
    return recorder._said
