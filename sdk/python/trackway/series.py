"""Reads the binary answer of ``GET /api/v1/series``: columns of little-endian numbers, bit for bit as logged.

"TWS2"  u32 number of series
series  16 bytes run id | u32 kind (its place in ``KINDS``) | u32 group or 2³² − 1
        u64 points behind the rows | u32 rows n | u32 columns
        u32 length of the key | u32 pairs of context | key | per pair: u32 length, key, u32 length, value
        zero bytes up to a multiple of 8 from the start of the answer
column  u32 what it is | u32 zero | n × 8 bytes
text    after the columns of texts and bytes: n ends as a column, then the bytes up to the last end
        zero bytes up to a multiple of 8

Columns that this reader does not know are skipped; columns without rows may be left out.
"""

from __future__ import annotations

import struct
from typing import Any, Callable, NamedTuple

MAGIC = b"TWS2"
KINDS = ("points", "buckets", "group", "texts", "bytes")
NO_GROUP = 2**32 - 1
_HEAD = struct.Struct("<IIQ4I")

#: Number on the wire → name and element type (q = i64, d = double) of the columns of each kind.
COLUMNS: dict[str, dict[int, tuple[str, str]]] = {
    "points": {1: ("steps", "q"), 2: ("times_ms", "q"), 3: ("values", "d")},
    "buckets": {
        1: ("first_steps", "q"),
        4: ("last_steps", "q"),
        2: ("first_times_ms", "q"),
        5: ("last_times_ms", "q"),
        3: ("first", "d"),
        6: ("last", "d"),
        7: ("min", "d"),
        8: ("max", "d"),
        9: ("mean", "d"),
        10: ("counts", "q"),
        11: ("non_finite_counts", "q"),
    },
    "group": {
        12: ("first_xs", "d"),
        13: ("last_xs", "d"),
        17: ("center", "d"),
        18: ("low", "d"),
        19: ("high", "d"),
        20: ("members", "q"),
        10: ("counts", "q"),
    },
    "texts": {1: ("steps", "q"), 2: ("times_ms", "q")},
    "bytes": {1: ("steps", "q"), 2: ("times_ms", "q")},
}
#: Columns that any kind but ``group`` has only when the query asks for them.
EXTRA_COLUMNS = {
    12: ("xs", "d"),
    13: ("last_xs", "d"),
    14: ("smooth", "d"),
    15: ("smooth_min", "d"),
    16: ("smooth_max", "d"),
}


class Points(NamedTuple):
    """Every point of a series, ordered by step."""

    steps: list[int]
    #: Wall clock of each point in Unix milliseconds.
    times_ms: list[int]
    values: list[float]


class Series(NamedTuple):
    """One series of an answer."""

    #: Of a group: its first member.
    run_id: str
    key: str
    context: dict[str, str]
    #: Points that stand behind the rows: more than the rows when they are buckets.
    total: int
    #: By name: the ``COLUMNS`` of its kind, and of ``EXTRA_COLUMNS`` those asked for. Texts and bytes are in
    #: ``values``.
    columns: dict[str, list[Any]]
    #: One of ``KINDS``.
    kind: str = "points"
    #: The number of its group, in an answer to a query for groups.
    group: int | None = None

    @property
    def points(self) -> Points:
        """Raises ValueError when the rows are something else, such as texts."""
        if self.kind != "points":
            raise ValueError(f'metric "{self.key}" holds {self.kind}, not points')
        return Points(self.columns["steps"], self.columns["times_ms"], self.columns["values"])


def _numbers(type_code: str, words: bytes) -> list[Any]:
    return list(struct.unpack(f"<{len(words) // 8}{type_code}", words))


def decode(answer: bytes, numbers: Callable[[str, bytes], Any] = _numbers) -> list[Series]:
    """Reads an answer; raises ValueError when the bytes are not one.

    ``numbers`` makes a column of its element type (``q`` or ``d``) and its little-endian bytes.
    """
    reader = _Reader(answer)
    if reader.take(4) != MAGIC:
        raise ValueError("not an answer of series")
    try:
        series = [_series(reader, numbers) for _ in range(reader.u32())]
    except UnicodeDecodeError as error:
        raise ValueError(f"damaged answer of series: {error}") from error
    if reader.at != len(answer):
        raise ValueError("bytes follow the last series")
    return series


def _series(reader: _Reader, numbers: Callable[[str, bytes], Any]) -> Series:
    run_id = reader.take(16).hex()
    number, group, total, rows, column_count, key_length, pairs = _HEAD.unpack(reader.take(_HEAD.size))
    if number >= len(KINDS):
        raise ValueError(f"series of a kind that this client does not know: {number}")
    kind = KINDS[number]
    key = reader.text(key_length)
    context = {}
    for _ in range(pairs):
        name = reader.text(reader.u32())
        context[name] = reader.text(reader.u32())
    reader.pad()
    columns = _columns(reader, kind, rows, column_count, numbers)
    if kind in ("texts", "bytes"):
        values = reader.texts(rows)
        columns["values"] = [value.decode("utf-8") for value in values] if kind == "texts" else values
    return Series(run_id, key, context, total, columns, kind, None if group == NO_GROUP else group)


def _columns(
    reader: _Reader, kind: str, rows: int, count: int, numbers: Callable[[str, bytes], Any]
) -> dict[str, list[Any]]:
    own = COLUMNS[kind]
    known = own if kind == "group" else {**EXTRA_COLUMNS, **own}
    columns: dict[str, list[Any]] = {}
    for _ in range(count):
        number, words = reader.column(rows)
        if number in known:
            name, type_code = known[number]
            columns[name] = numbers(type_code, words)
    missing = {name for name, _ in own.values()} - columns.keys()
    if missing and rows:
        raise ValueError(f"the answer holds {kind} without {', '.join(sorted(missing))}")
    return {**columns, **{name: [] for name in missing}}


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

    def pad(self) -> None:
        self.take(-self.at % 8)

    def u32(self) -> int:
        (number,) = struct.unpack("<I", self.take(4))
        return int(number)

    def text(self, length: int) -> str:
        return self.take(length).decode("utf-8")

    def column(self, rows: int) -> tuple[int, bytes]:
        """What the column is, and its words."""
        number = self.u32()
        self.u32()
        return number, self.take(8 * rows)

    def texts(self, rows: int) -> list[bytes]:
        _, words = self.column(rows)
        texts = []
        start = 0
        for end in _numbers("q", words):
            if end < start:
                raise ValueError("ends of texts must not fall")
            texts.append(self.take(end - start))
            start = end
        self.pad()
        return texts
