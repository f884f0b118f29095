"""Reads the binary answer of ``GET /api/v1/series``: columns of little-endian numbers, bit for bit as logged.

"TWS1"  u32 number of series
series  16 bytes run id | u32 columns (0 = points, 1 = buckets) | u32 rows n | u64 points behind the rows
        u32 length of the key | u32 pairs of context | key | per pair: u32 length, key, u32 length, value
        zero bytes up to a multiple of 8 from the start of the answer
        the columns, n × 8 bytes each, in the order of ``Points`` or ``BUCKET_COLUMNS``
"""

from __future__ import annotations

import struct
import sys
from array import array
from typing import Any, NamedTuple

MAGIC = b"TWS1"

# Name and element type (q = i64, d = double) of the columns of a bucketed series.
BUCKET_COLUMNS = (
    ("first_steps", "q"),
    ("last_steps", "q"),
    ("first_times_ms", "q"),
    ("last_times_ms", "q"),
    ("first", "d"),
    ("last", "d"),
    ("min", "d"),
    ("max", "d"),
    ("mean", "d"),
    ("counts", "q"),
    ("non_finite_counts", "q"),
)
POINT_COLUMNS = (("steps", "q"), ("times_ms", "q"), ("values", "d"))


class Points(NamedTuple):
    """Every point of a series, ordered by step."""

    steps: list[int]
    #: Wall clock of each point in Unix milliseconds.
    times_ms: list[int]
    values: list[float]


class Series(NamedTuple):
    """One series of an answer."""

    run_id: str
    key: str
    context: dict[str, str]
    #: Points that stand behind the rows: more than the rows when they are buckets.
    total: int
    #: Columns by name: those of ``Points``, or of ``BUCKET_COLUMNS``.
    columns: dict[str, list[Any]]

    @property
    def points(self) -> Points:
        return Points(**self.columns)


def decode(answer: bytes) -> list[Series]:
    """Reads an answer; raises ValueError when the bytes are not one."""
    reader = _Reader(answer)
    try:
        if reader.take(4) != MAGIC:
            raise ValueError("not an answer of series")
        series = [_series(reader) for _ in range(reader.u32())]
    except (struct.error, UnicodeDecodeError) as error:
        raise ValueError(f"damaged answer of series: {error}") from error
    if reader.at != len(answer):
        raise ValueError("bytes follow the last series")
    return series


def _series(reader: _Reader) -> Series:
    run_id = reader.take(16).hex()
    columns = BUCKET_COLUMNS if reader.u32() == 1 else POINT_COLUMNS
    rows = reader.u32()
    (total,) = struct.unpack("<Q", reader.take(8))
    key_length = reader.u32()
    pairs = reader.u32()
    key = reader.text(key_length)
    context = {}
    for _ in range(pairs):
        name = reader.text(reader.u32())
        context[name] = reader.text(reader.u32())
    reader.at += -reader.at % 8
    return Series(run_id, key, context, total, {name: reader.column(kind, rows) for name, kind in columns})


class _Reader:
    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.at = 0

    def take(self, length: int) -> bytes:
        piece = self.answer[self.at : self.at + length]
        if len(piece) != length:
            raise ValueError(f"the answer ends at byte {len(self.answer)}, within a series")
        self.at += length
        return piece

    def u32(self) -> int:
        (number,) = struct.unpack("<I", self.take(4))
        return int(number)

    def text(self, length: int) -> str:
        return self.take(length).decode("utf-8")

    def column(self, kind: str, rows: int) -> list[Any]:
        column = array(kind, self.take(8 * rows))
        if sys.byteorder == "big":
            column.byteswap()
        return column.tolist()
