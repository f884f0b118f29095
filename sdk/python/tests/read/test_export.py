"""Runs as CSV and Parquet files."""

from __future__ import annotations

import csv
import math
from datetime import datetime, timezone
from pathlib import Path

import pytest

from trackway import Experiment, MLOpsClient, TrackwayError

FIXED = ["id", "name", "number", "status", "user", "created", "started", "ended", "duration"]


@pytest.fixture
def runs(client: MLOpsClient, experiment: Experiment) -> list[str]:
    """Three runs, the newest first."""
    ids = []
    for number in range(3):
        with client.start_run(experiment.id, name=f"bert-{number}", tags={"owner": 'ada, "b"'}) as run:
            run.log_params({"lr": 10.0**-number / 3, "n": number, "odd": number or "=1+1\nü", "amp": True})
            run.log_metrics({"val loss": 0.5}, step=0)
            run.log_metrics({"val loss": [0.25, math.nan, -math.inf][number]}, step=1)
        ids.append(run.id)
    return ids[::-1]


def test_csv_reads_back_bit_for_bit(runs: list[str], experiment: Experiment, tmp_path: Path) -> None:
    found = experiment.runs("name ~ '^bert-[0-9]$'")
    path = found.to_csv(tmp_path / "runs.csv")
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    fields = ["params.amp", "params.lr", "params.n", "params.odd", 'metrics."val loss"', "tags.owner"]
    assert list(rows[0]) == FIXED + fields
    assert [row["id"] for row in rows] == runs
    assert [float(row["params.lr"]) for row in rows] == [run.params["lr"] for run in found]
    assert [row['metrics."val loss"'] for row in rows] == ["-Infinity", "NaN", "0.25"]
    assert rows[2]["params.odd"] == "=1+1\nü" and rows[0]["tags.owner"] == 'ada, "b"'
    started = datetime.fromisoformat(rows[0]["started"].replace("Z", "+00:00"))
    assert started == found[0].started_at and started.tzinfo == timezone.utc
    assert path.read_bytes().count(b"\r\n") == 4


def test_columns_order_and_number_of_runs_are_those_asked_for(
    runs: list[str], experiment: Experiment, tmp_path: Path
) -> None:
    path = tmp_path / "runs.csv"
    path.write_text("what was there before")
    columns = ['metrics."val loss".max', "params.n"]
    found = experiment.runs(sort="params.n", limit=2)
    with open(found.to_csv(path, columns=columns), encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == FIXED + columns
    assert [row[0] for row in rows[1:]] == [runs[2], runs[1]]
    assert [row[-2:] for row in rows[1:]] == [["0.5", "0"], ["0.5", "1"]]
    with open(experiment.runs().to_csv(path, columns=[]), encoding="utf-8", newline="") as file:
        assert next(csv.reader(file)) == FIXED


def test_parquet_has_types(runs: list[str], experiment: Experiment, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(experiment.runs(sort="number").to_parquet(tmp_path / "runs.parquet"))
    types = {field.name: str(field.type) for field in table.schema}
    assert types["params.lr"] == "double" and types["params.n"] == "int64" and types["params.amp"] == "bool"
    assert types["params.odd"] == types["tags.owner"] == types["id"] == "string"
    assert types["created"] == "timestamp[ms, tz=UTC]" and types["duration"] == "double"
    columns = table.to_pydict()
    assert columns["params.lr"] == [run.params["lr"] for run in experiment.runs(sort="number")]
    assert columns["params.odd"] == ["=1+1\nü", "1", "2"]
    first, second, third = columns['metrics."val loss"']
    assert (first, third) == (0.25, -math.inf) and math.isnan(second)
    assert columns["created"] == [run.created_at for run in experiment.runs(sort="number")]


def test_what_cannot_be_exported_leaves_the_file_alone(
    client: MLOpsClient, runs: list[str], experiment: Experiment, tmp_path: Path
) -> None:
    path = tmp_path / "runs.csv"
    path.write_text("before")
    with pytest.raises(TrackwayError, match="unclosed group") as caught:
        experiment.runs("name ~ '(a'").to_csv(path)
    assert str(caught.value).splitlines()[1:] == ["  name ~ '(a'", "          ^"]
    other = client.create_experiment("test_export: other")
    with pytest.raises(TrackwayError, match="runs of one experiment"):
        client.search_runs([experiment.id, other.id]).to_csv(path)
    assert path.read_text() == "before" and list(tmp_path.glob(".trackway-*")) == []
