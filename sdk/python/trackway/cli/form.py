"""How things are written: for people in a line, for programs as JSON."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import Any

from ..experiment import Experiment
from ..record import StoredRun
from ..value import json_float, json_param

SIZES = ("B", "KiB", "MiB", "GiB", "TiB")


def print_json(content: Any) -> None:
    """The one document that a command prints with ``--json``."""
    print(json.dumps(content, indent=2, ensure_ascii=not _utf8(), allow_nan=False))


def run_json(run: StoredRun) -> dict[str, Any]:
    """A run: times in UTC as ISO 8601, NaN and the infinities by name as in the REST API."""
    return {
        "id": run.id,
        "name": run.name,
        "number": run.number,
        "status": run.status,
        "experiment_id": run.experiment_id,
        "experiment": run.experiment_name,
        "parent_id": run.parent_id,
        "user": run.user,
        "created_at": time_json(run.created_at),
        "started_at": time_json(run.started_at),
        "ended_at": time_json(run.ended_at),
        "archived_at": time_json(run.archived_at),
        "duration_seconds": run.duration_seconds,
        "params": {key: json_param(value) for key, value in run.params.items()},
        "metrics": {
            key: {
                "last": number_json(stat.last),
                "last_step": stat.last_step,
                "min": number_json(stat.min),
                "max": number_json(stat.max),
            }
            for key, stat in run.metrics.items()
        },
        "tags": run.tags,
        "url": run.url,
    }


def experiment_json(experiment: Experiment) -> dict[str, Any]:
    """An experiment, as ``run_json``."""
    return {**experiment._asdict(), "created_at": time_json(experiment.created_at)}


def time_json(time: datetime | None) -> str | None:
    """``2026-01-31T18:00:05.123Z``"""
    return None if time is None else time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def number_json(value: float | None) -> float | str | None:
    """A number that JSON may lack."""
    return None if value is None else json_float(value)


def time_text(time: datetime | None) -> str:
    """``2026-01-31 18:00`` by this machine's clock."""
    return time.astimezone().strftime("%Y-%m-%d %H:%M") if time else ""


def duration_text(seconds: float | None) -> str:
    """``3.2s``, ``2m05s``, ``1h02m``, ``3d04h``"""
    if seconds is None:
        return ""
    if seconds < 60:
        return f"{max(seconds, 0):.1f}s"
    whole = round(seconds)
    if whole < 3_600:
        return f"{whole // 60}m{whole % 60:02}s"
    if whole < 86_400:
        return f"{whole // 3_600}h{whole // 60 % 60:02}m"
    return f"{whole // 86_400}d{whole // 3_600 % 24:02}h"


def value_text(value: Any) -> str:
    """A param or a number of a metric: six digits are enough to tell runs apart."""
    if isinstance(value, float):
        return f"{value:.6g}"
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def size_text(size_bytes: int) -> str:
    """``1.5 MiB``"""
    size = float(size_bytes)
    for unit in SIZES:
        if size < 1024 or unit == SIZES[-1]:
            break
        size /= 1024
    return f"{size_bytes} B" if unit == "B" else f"{size:.1f} {unit}"


def _utf8() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
