"""What waits to be sent: small immutable records, and how they read to people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple, Union

from .value import ParamValue


class Logged(NamedTuple):
    """Metric values of one call: one step, one time."""

    run_id: str
    step: int
    time_ms: int
    values: dict[str, float]

    @property
    def size_bytes(self) -> int:
        # As sent when each key comes once: 32 bytes of head, the key, then step, time and value.
        return 60 * len(self.values) + sum(map(len, self.values))


class Facts(NamedTuple):
    """Params and tags of one run; each key overwrites what was there."""

    run_id: str
    params: dict[str, ParamValue]
    tags: dict[str, str]

    @property
    def size_bytes(self) -> int:
        texts = {**self.params, **self.tags}
        return sum(
            40 + len(key) + (len(value) if isinstance(value, str) else 0) for key, value in texts.items()
        )


class Edit(NamedTuple):
    """A request of its own that may be repeated: the status or the note of a run."""

    what: str
    method: str
    target: str
    content: dict[str, Any]

    @property
    def size_bytes(self) -> int:
        # A status has none, so that a full queue never refuses the end of a run.
        return len(self.content.get("body", ""))


Record = Union[Logged, Facts, Edit]


def count(records: Iterable[Record]) -> Counter[str]:
    """How many of what: metric values, params, tags, notes, ends of runs."""
    counts: Counter[str] = Counter()
    for record in records:
        if isinstance(record, Logged):
            counts["metric value"] += len(record.values)
        elif isinstance(record, Facts):
            counts["param"] += len(record.params)
            counts["tag"] += len(record.tags)
        else:
            counts[record.what] += 1
    return counts


def describe(counts: Counter[str]) -> str:
    """Counts for a message: ``1200 metric values, 1 param, 1 run end``."""
    return ", ".join(f"{number} {what}{'s' * (number != 1)}" for what, number in counts.items() if number)
