"""Runs and histories as DataFrames. The one module that imports pandas."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import Any

from .history import History
from .record import StoredRun

SYSTEM = "system/"


def of_runs(runs: Iterable[StoredRun], system: bool) -> Any:
    """A row for each run; see ``RunList.to_pandas``."""
    pandas = _pandas()
    found = list(runs)
    columns: dict[str, Any] = {
        "run_id": pandas.Series([run.id for run in found], dtype="object"),
        "name": pandas.Series([run.name for run in found], dtype="object"),
        "status": pandas.Series([run.status for run in found], dtype="object"),
        "started": pandas.to_datetime(
            pandas.Series([run.started_at for run in found], dtype="object"), utc=True
        ),
        "duration": pandas.Series([run.duration_seconds for run in found], dtype="float64"),
        "experiment": pandas.Series([run.experiment_name for run in found], dtype="object"),
    }
    for key in _keys(run.params for run in found):
        columns[f"param.{key}"] = _typed(pandas, [run.params.get(key) for run in found])
    for key in _keys(run.metrics for run in found):
        if system or not key.startswith(SYSTEM):
            values = [run.metrics[key].last if key in run.metrics else None for run in found]
            columns[f"metric.{key}"] = pandas.Series(values, dtype="float64")
    for key in _keys(run.tags for run in found):
        columns[f"tag.{key}"] = pandas.Series([run.tags.get(key) for run in found], dtype="object")
    return pandas.DataFrame(columns)


def of_history(history: History) -> Any:
    """A row for each point."""
    pandas = _pandas()
    times = pandas.to_datetime(pandas.Series(history.times_ms, dtype="int64"), unit="ms", utc=True)
    return pandas.DataFrame({"step": history.steps, "time": times, "value": history.values})


def _typed(pandas: Any, values: list[Any]) -> Any:
    """A column of numbers where all are numbers. Whole numbers stay whole, also where some are missing."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {int}:
        return pandas.Series(values, dtype="int64" if None not in values else "Int64")
    if kinds == {bool}:
        return pandas.Series(values, dtype="bool" if None not in values else "boolean")
    return pandas.Series(values, dtype="float64" if kinds and kinds <= {int, float} else "object")


def _keys(facts: Iterable[Iterable[str]]) -> list[str]:
    return sorted({key for one in facts for key in one})


def _pandas() -> Any:
    try:
        return import_module("pandas")
    except ImportError as error:
        raise ImportError("to_pandas needs pandas: pip install pandas") from error
