"""Metrics that come without a step: each key counts its own values from 0, so that one value is one point."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from ..run import Run

_lock = threading.Lock()
#: The next step of each key.
_steps: WeakKeyDictionary[Run, dict[str, int]] = WeakKeyDictionary()


def log_counted(run: Run, metrics: Mapping[str, Any]) -> None:
    """Logs the next value of each key."""
    together: dict[int, dict[str, Any]] = {}
    with _lock:
        steps = _steps.setdefault(run, {})
        for key, value in metrics.items():
            step = steps.get(key, 0)
            steps[key] = step + 1
            together.setdefault(step, {})[key] = value
    for step, values in together.items():
        run.log_metrics(values, step)


def go_on(run: Run, steps: Mapping[str, int]) -> None:
    """Counts on behind these, the highest steps of a run that goes on."""
    with _lock:
        _steps[run] = {key: step + 1 for key, step in steps.items()}
