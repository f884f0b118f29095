"""The examples of docs/python-surfaces.md, each in a process of its own, and what each leaves behind."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable

import pytest
from script import PACKAGE
from server import REPOSITORY, Server

PAGE = REPOSITORY / "docs" / "python-surfaces.md"
BLOCK = re.compile(r"^```python ?(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
BLOCKS = [(needs, block) for needs, block in BLOCK.findall(PAGE.read_text(encoding="utf-8"))]
Row = dict[str, Any]


def _podstack(server: Server, rows: list[Row]) -> None:
    [row] = rows
    run_id = row["run"]["id"]
    assert row["params"] == {"learning_rate": 0.001, "optimizer": "adam", "git_commit": "86bd254"}
    assert row["metrics"]["val_loss"]["last"] == 0.2
    assert server.artifact_paths(run_id) == ["checkpoints/model.pt", "dataset/product-images.json"]


def _vertex(server: Server, rows: list[Row]) -> None:
    [row] = rows
    assert row["run"]["name"] == "config-1"
    assert row["metrics"]["accuracy"] == {
        "last": 0.9,
        "last_step": 1,
        "min": 0.8,
        "max": 0.9,
        "mean": pytest.approx(0.85),
    }


def _table(server: Server, rows: list[Row]) -> None:
    assert {row["run"]["name"] for row in rows} == {"config-0", "config-1"}


def _component(server: Server, rows: list[Row]) -> None:
    [row] = rows
    assert row["run"]["name"] == "train"
    assert server.artifact(row["run"]["id"], "train/model") == b"trained on s3://bucket/train.csv"


def _modelbox(server: Server, rows: list[Row]) -> None:
    [row] = rows
    assert row["params"] == {"fc_layers": 3, "lr": 0.002}
    assert server.artifact(row["run"]["id"], "checkpoint.pt") == b"weights"


#: The experiment that each block makes, and what must be there.
LEFT: list[tuple[str, Callable[[Server, list[Row]], None]]] = [
    ("image-classification-v1", _podstack),
    ("churn-prediction", _vertex),
    ("configurations", _table),
    ("default", _component),
    ("langtech/wav2vec-lid", _modelbox),
]


@pytest.mark.parametrize("place", range(len(LEFT)), ids=[name for name, _ in LEFT])
def test_an_example_runs_and_is_recorded(own_server: Server, place: int, tmp_path: Path) -> None:
    needs, block = BLOCKS[place]
    if needs and importlib.util.find_spec(needs) is None:
        pytest.skip(f"needs {needs}")
    done = subprocess.run(
        [sys.executable, "-c", block],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(PACKAGE)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    name, assert_left = LEFT[place]
    [experiment] = [one for one in own_server.json("/experiments")["items"] if one["run_count"]]
    assert experiment["name"] == name
    rows = own_server.json(f"/runs?experiment_id={experiment['id']}")["items"]
    assert {row["run"]["status"] for row in rows} == {"completed"}
    assert_left(own_server, rows)


def test_every_example_is_run() -> None:
    assert len(BLOCKS) == len(LEFT)
