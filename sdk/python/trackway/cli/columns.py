"""Columns of the run table, named as the query language names what they show."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Callable

from ..record import StoredRun
from .form import duration_text, time_text, value_text
from .table import Column

# What everybody wants to see first; the table drops from the right what does not fit.
METRICS_SHOWN_MAX = 5
SHORT_ID = 8
ATTRIBUTES: dict[str, Callable[[StoredRun], str]] = {
    "id": lambda run: run.id,
    "name": lambda run: run.name,
    "number": lambda run: str(run.number),
    "status": lambda run: run.status,
    "user": lambda run: run.user,
    "experiment": lambda run: run.experiment_name or run.experiment_id,
    "created": lambda run: time_text(run.created_at),
    "started": lambda run: time_text(run.started_at),
    "ended": lambda run: time_text(run.ended_at),
    "duration": lambda run: duration_text(run.duration_seconds),
    "url": lambda run: run.url,
}
#: Of no use when they are cut.
WHOLE = {"id", "number", "status", "created", "started", "ended", "duration", "url"}
_PARTS = re.compile(r'(?:[^,"]|"(?:[^"]|"")*")+')
_QUOTED = re.compile(r'"((?:[^"]|"")*)"(?:\.(last|min|max))?')
_STAT = re.compile(r"(.+)\.(last|min|max)")


def named(texts: Sequence[str]) -> list[str]:
    """The columns of ``--columns``, with commas between them."""
    return [part.strip() for text in texts for part in _PARTS.findall(text) if part.strip()]


def default(runs: Sequence[StoredRun], several: bool) -> list[str]:
    """What is shown unless asked otherwise: the metrics that most of the runs have."""
    counts = Counter(key for run in runs for key in run.metrics if not key.startswith("system/"))
    keys = sorted(key for key, _ in counts.most_common(METRICS_SHOWN_MAX))
    where = ["experiment"] if several else []
    return [
        "id",
        "name",
        *where,
        "status",
        "started",
        "duration",
        *(f'metrics."{_doubled(key)}"' for key in keys),
    ]


def column(name: str, runs: Sequence[StoredRun], short_ids: bool) -> Column:
    """One column; ValueError when there is none of that name."""
    if name in ATTRIBUTES:
        cells = [ATTRIBUTES[name](run) for run in runs]
        if name == "id" and short_ids:
            cells = [cell[:SHORT_ID] for cell in cells]
        return Column(name, cells, right=name in ("number", "duration"), whole=name in WHOLE)
    kind, _, rest = name.partition(".")
    if kind == "params" and rest:
        key = _unquoted(rest)
        return Column(key, [value_text(run.params.get(key)) for run in runs], right=True)
    if kind == "tags" and rest:
        key = _unquoted(rest)
        # A plain word has no value: that it is there is all there is to show.
        return Column(key, [run.tags[key] or "yes" if key in run.tags else "" for run in runs])
    if kind == "metrics" and rest:
        return _metric(rest, runs)
    known = ", ".join(ATTRIBUTES)
    raise ValueError(f'no column "{name}": expected {known}, metrics.<key>, params.<key> or tags.<key>')


def _metric(rest: str, runs: Sequence[StoredRun]) -> Column:
    quoted = _QUOTED.fullmatch(rest)
    plain = None if quoted else _STAT.fullmatch(rest)
    if quoted:
        key, stat = quoted[1].replace('""', '"'), quoted[2]
    elif plain:
        key, stat = plain[1], plain[2]
    else:
        key, stat = rest, None
    values = [getattr(run.metrics[key], stat or "last") if key in run.metrics else None for run in runs]
    return Column(
        f"{key} {stat}" if stat else key, [value_text(value) for value in values], right=True, whole=True
    )


def _unquoted(text: str) -> str:
    return text[1:-1].replace('""', '"') if len(text) > 1 and text[0] == text[-1] == '"' else text


def _doubled(text: str) -> str:
    return text.replace('"', '""')
