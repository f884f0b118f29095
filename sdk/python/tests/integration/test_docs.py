"""The page about the integrations: each of its examples runs, and is recorded."""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from server import REPOSITORY, Server
from stored import runs_of

PAGE = REPOSITORY / "docs" / "integrations.md"
LIBRARY = {
    "What is the same in all of them": "xgboost",
    "PyTorch Lightning": "lightning",
    "Hugging Face Transformers": "transformers",
    "Keras": "keras",
    "XGBoost": "xgboost",
    "LightGBM": "lightgbm",
    "scikit-learn": "sklearn",
    "Optuna": "optuna",
}
#: What has to be there afterwards: experiment and a metric.
RECORDED = {
    "What is the same in all of them": ("house prices", {"train-rmse", "error in euros"}),
    "PyTorch Lightning": ("lines", {"train/loss"}),
    "Hugging Face Transformers": ("sentences", {"loss", "eval_loss"}),
    "Keras": ("sums", {"loss", "val_accuracy", "batch_loss", "best_val_loss"}),
    "XGBoost": ("house prices", {"train-rmse", "valid-rmse"}),
    "LightGBM": ("house prices", {"valid_0/l2"}),
    "scikit-learn": ("classification", {"GridSearchCV/best_score", "GridSearchCV/score"}),
    "Optuna": ("parabola", {"value", "best_value"}),
}


def _examples() -> Iterator[tuple[str, str]]:
    for section in re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        title = section.splitlines()[0]
        for code in re.findall(r"^```python\n(.*?)^```", section, flags=re.MULTILINE | re.DOTALL):
            yield title, code


def test_there_is_one_example_for_each() -> None:
    assert [title for title, _ in _examples()] == list(RECORDED)


@pytest.mark.parametrize(("title", "code"), list(_examples()), ids=[title for title, _ in _examples()])
def test_the_example_runs_and_is_recorded(
    server: Server, title: str, code: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    library = LIBRARY[title]
    if library == "keras" and "KERAS_BACKEND" not in os.environ:
        backends = [name for name in ("jax", "torch", "tensorflow") if importlib.util.find_spec(name)]
        if not backends:
            pytest.skip("Keras needs jax, torch or tensorflow")
        monkeypatch.setenv("KERAS_BACKEND", backends[0])
    pytest.importorskip(library)
    monkeypatch.chdir(tmp_path)
    experiment, metrics = RECORDED[title]
    before = len(runs_of(server, experiment))
    exec(compile(code, f"{PAGE.name}: {title}", "exec"), {"__name__": "__main__"})
    run = runs_of(server, experiment)[before]
    assert run.status("completed") == "completed"
    assert metrics <= run.keys
