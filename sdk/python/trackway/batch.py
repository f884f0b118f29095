"""The body of ``POST /api/v1/ingest``: records grouped into columns, one for each series."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .connection import encode_json
from .record import Facts, Logged, Record
from .value import json_float, json_param


def encode(writer_id: str, sequence: int, records: Iterable[Record]) -> bytes:
    """The same records give the same bytes, though a retry must send the bytes that it kept."""
    series: dict[tuple[str, str], dict[str, Any]] = {}
    facts: dict[str, dict[str, Any]] = {}
    for record in records:
        if isinstance(record, Logged):
            _add_points(series, record)
        elif isinstance(record, Facts):
            run = facts.setdefault(record.run_id, {"run_id": record.run_id, "params": {}, "tags": {}})
            run["params"].update((key, json_param(value)) for key, value in record.params.items())
            run["tags"].update(record.tags)
    return encode_json(
        {
            "writer": {"id": writer_id, "sequence": sequence},
            "series": list(series.values()),
            "runs": list(facts.values()),
        }
    )


def _add_points(series: dict[tuple[str, str], dict[str, Any]], record: Logged) -> None:
    for key, value in record.values.items():
        columns = series.get((record.run_id, key))
        if columns is None:
            columns = {"run_id": record.run_id, "key": key, "steps": [], "times_ms": [], "values": []}
            series[record.run_id, key] = columns
        columns["steps"].append(record.step)
        columns["times_ms"].append(record.time_ms)
        columns["values"].append(json_float(value))
