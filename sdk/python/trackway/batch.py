"""The body of ``POST /api/v1/ingest``: records grouped into columns, one series for each metric of a run.

"TWB1"  u32 length of the head | u32 number of series | u32 zero
head    JSON with ``writer`` and ``runs``; zero bytes up to a multiple of 8
series  16 bytes run id | u32 kind (0 = numbers) | u32 rows n | u32 length of the key | u32 pairs of context
        key; zero bytes up to a multiple of 8
        n × i64 steps | n × i64 times (Unix milliseconds) | n × f64 values

All integers are little-endian. Values are IEEE 754 doubles and keep every bit, the payload of a NaN too.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterable
from functools import cached_property
from typing import Any

from .connection import encode_json
from .record import Facts, Logged, Record
from .value import json_param

MIME = "application/vnd.trackway.batch"
MAGIC = b"TWB1"
NUMBERS = 0
NO_CONTEXT = 0

_HEAD = struct.Struct("<4s3I")
_SERIES = struct.Struct("<16s4I")


def encode(writer_id: str, sequence: int, records: Iterable[Record]) -> bytes:
    """The same records give the same bytes, though a retry must send the bytes that it kept.

    Raises struct.error for a step or a time that 64 bits do not hold.
    """
    tables: dict[tuple[str, ...], _Table] = {}
    facts: dict[str, dict[str, Any]] = {}
    for place, record in enumerate(records):
        if isinstance(record, Logged):
            run_id, step, time_ms, values = record
            names = (run_id, *values)
            table = tables.get(names)
            if table is None:
                table = tables[names] = _Table()
            table.places.append(place)
            table.steps.append(step)
            table.times_ms.append(time_ms)
            table.values.extend(values.values())
        elif isinstance(record, Facts):
            run = facts.setdefault(record.run_id, {"run_id": record.run_id, "params": {}, "tags": {}})
            run["params"].update((key, json_param(value)) for key, value in record.params.items())
            run["tags"].update(record.tags)
    head = encode_json({"writer": {"id": writer_id, "sequence": sequence}, "runs": list(facts.values())})
    homes = _homes(tables)
    parts = [_HEAD.pack(MAGIC, len(head), len(homes), 0), _padded(head)]
    for (run_id, key), columns in homes.items():
        table, index = columns[0] if len(columns) == 1 else (_merged(columns), 0)
        name = key.encode("utf-8")
        parts += (
            _SERIES.pack(bytes.fromhex(run_id), NUMBERS, len(table.steps), len(name), NO_CONTEXT),
            _padded(name),
            table.axis,
            table.column(index),
        )
    return b"".join(parts)


class _Table:
    """Calls of one run with the same keys: gathered row by row in a few steps each, sent column by column."""

    def __init__(self) -> None:
        #: Place of each row among the records.
        self.places: list[int] = []
        self.steps: list[int] = []
        self.times_ms: list[int] = []
        #: One row after the other.
        self.values: list[float] = []

    @cached_property
    def axis(self) -> bytes:
        """Steps, then times: the same for every column."""
        return struct.pack(f"<{2 * len(self.steps)}q", *self.steps, *self.times_ms)

    def column(self, index: int) -> bytes:
        return self._words[index :: self.width].tobytes()

    @cached_property
    def width(self) -> int:
        return len(self.values) // len(self.steps)

    @cached_property
    def _words(self) -> array[int]:
        # Words to be moved, not read: they are little-endian on every machine.
        return array("q", struct.pack(f"<{len(self.values)}d", *self.values))


#: A table, and which of its columns.
_Column = tuple[_Table, int]


def _homes(tables: dict[tuple[str, ...], _Table]) -> dict[tuple[str, str], list[_Column]]:
    """Run id and key → the columns that hold its points; several when calls differ in their other keys."""
    homes: dict[tuple[str, str], list[_Column]] = {}
    for (run_id, *keys), table in tables.items():
        for index, key in enumerate(keys):
            homes.setdefault((run_id, key), []).append((table, index))
    return homes


def _merged(columns: list[_Column]) -> _Table:
    """Columns of one series as one, in the order of the records: the server keeps it among equal steps."""
    rows: list[tuple[int, int, int, float]] = []
    for table, index in columns:
        rows += zip(table.places, table.steps, table.times_ms, table.values[index :: table.width])
    # No two rows of a series have the same place: nothing else is compared.
    rows.sort()
    merged = _Table()
    merged.places, merged.steps, merged.times_ms, merged.values = map(list, zip(*rows))
    return merged


def _padded(text: bytes) -> bytes:
    return text + bytes(-len(text) % 8)
