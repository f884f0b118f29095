"""The examples, run as they are: every value that they log comes back bit for bit, NaN included."""

from __future__ import annotations

import importlib.util
import sys
from collections import defaultdict
from collections.abc import Mapping
from types import ModuleType

import pytest
from server import REPOSITORY, Server, bits

from trackway import Run, series

#: Run id and key → steps and values, in the order logged.
Journal = dict[tuple[str, str], list[tuple[int, float]]]


def _example(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, REPOSITORY / "examples" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def journal(monkeypatch: pytest.MonkeyPatch) -> Journal:
    """What passes through ``log_metrics``, written down on the way."""
    journal: Journal = defaultdict(list)
    log_metrics = Run.log_metrics

    def log_and_note(run: Run, metrics: Mapping[str, float], step: int) -> None:
        for key, value in metrics.items():
            journal[run.id, key].append((step, float(value)))
        log_metrics(run, metrics, step)

    monkeypatch.setattr(Run, "log_metrics", log_and_note)
    return journal


def _assert_all_is_there(journal: Journal, server: Server) -> None:
    run_ids = {run_id for run_id, _ in journal}
    stored = {}
    for run_id in run_ids:
        for one in series.decode(server.get(f"/api/v1/series?run={run_id}")):
            stored[run_id, one.key] = one.points
    assert stored.keys() == journal.keys()
    for name, logged in journal.items():
        assert stored[name].steps == [step for step, _ in logged], name
        assert bits(stored[name].values) == bits([value for _, value in logged]), name


def test_many_runs_comes_back_bit_for_bit(
    server: Server, journal: Journal, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--runs", "40", "--points", "50", "--experiment", "example: many runs"]
    monkeypatch.setattr(sys, "argv", ["many_runs.py", *arguments])
    _example("many_runs").main()
    _assert_all_is_there(journal, server)
    assert any(value != value for logged in journal.values() for _, value in logged), "some of it is NaN"
    statuses = {server.status(run_id) for run_id, _ in journal}
    assert statuses == {"completed", "failed", "killed"}
    assert "40 runs in" in capsys.readouterr().out


def test_digits_comes_back_bit_for_bit_with_its_files_and_note(
    server: Server, journal: Journal, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("sklearn", reason="needs examples/requirements.txt")
    arguments = ["--configs", "3", "--epochs", "4", "--experiment", "example: digits"]
    monkeypatch.setattr(sys, "argv", ["digits.py", *arguments])
    _example("digits").main()
    _assert_all_is_there(journal, server)
    run_ids = {run_id for run_id, _ in journal}
    said = capsys.readouterr().out
    assert len(run_ids) == 3
    for run_id in run_ids:
        assert f"{server.url}/runs/{run_id}" in said
        assert server.artifact_paths(run_id) == [
            "model/classifier.joblib",
            "plots/confusion_matrix.png",
            "reports/classification_report.txt",
            "reports/mistakes.csv",
        ]
        assert server.artifact(run_id, "plots/confusion_matrix.png").startswith(b"\x89PNG")
        assert "of the test digits are right" in server.json(f"/runs/{run_id}/note")["body"]
        assert server.params(run_id)["seed"] == 0
        assert server.status(run_id) == "completed"
