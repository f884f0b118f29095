"""What an experiment is told: its framework, events, and the values of metrics."""

from __future__ import annotations

import time
from collections.abc import Mapping
from enum import Enum
from typing import Any, NamedTuple


class MLFramework(Enum):
    """By the numbers of ModelBox's protocol."""

    UNKNOWN = 0
    PYTORCH = 1
    KERAS = 2
    #: Another word for the same.
    TENSORFLOW = 2


class EventSource(NamedTuple):
    """Who tells of an event, such as ``trainer`` or ``checkpoint-writer``."""

    name: str


class Event:
    """Something that happened, at ``wallclock_time`` seconds since 1970; now when absent."""

    def __init__(
        self,
        name: str,
        source: EventSource,
        wallclock_time: float | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        self.name = name
        self.source = source
        self.wallclock_time = time.time() if wallclock_time is None else wallclock_time
        self.metadata = dict(metadata or {})

    def __repr__(self) -> str:
        return f"Event({self.name!r}, {self.source!r}, {self.wallclock_time!r}, {self.metadata!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Event) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]


class MetricValue(NamedTuple):
    """A metric at a step."""

    step: int
    #: Seconds since 1970.
    wallclock_time: float
    value: float | str | bytes
