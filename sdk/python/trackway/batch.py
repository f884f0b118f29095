"""From the spool to the body of ``POST /api/v1/ingest``: records gathered into columns, one for each series.

"TWB1"  u32 length of the head | u32 number of series | u32 zero
head    JSON with ``writer`` and ``runs``; zero bytes up to a multiple of 8
series  16 bytes run id | u32 kind (0 numbers, 1 texts, 2 bytes) | u32 rows n
        u32 length of the key | u32 pairs of context | key
        per pair: u32 length, key, u32 length, value; zero bytes up to a multiple of 8
        n × i64 steps | n × i64 times (Unix milliseconds) | n × f64 values
        texts and bytes have instead of values: n × u64 ends, then the bytes up to the last end, padded to 8

All integers are little-endian. Values are IEEE 754 doubles and keep every bit, the payload of a NaN too.
"""

from __future__ import annotations

import json
import struct
from array import array
from collections import Counter
from functools import cached_property
from typing import Any, NamedTuple
from zlib import crc32

from . import spool

MIME = "application/vnd.trackway.batch"
MAGIC = b"TWB1"
NUMBERS, TEXTS, BYTES = range(3)

# Of one batch. The server takes four times as much; this bounds memory on both sides and how long a reader waits.
POINTS_MAX = 50_000
# A call with many keys counts once for each key that is new to the batch; the server takes 20 000.
SERIES_MAX = 10_000

_HEAD = struct.Struct("<4s3I")
_SERIES = struct.Struct("<16s4I")
_U32 = struct.Struct("<I")
#: Words of a row before its values, as it stands in the spool: frame, kind and number, step, time.
_ROW_WORDS = 4


class Keyset(NamedTuple):
    """What the rows of one number hold."""

    run_id: str
    keys: tuple[str, ...]
    context: tuple[tuple[str, str], ...]

    @classmethod
    def read(cls, body: bytes) -> Keyset:
        """From the body of its definition."""
        content = json.loads(body)
        context = tuple(sorted(content.get("context", {}).items()))
        keys = tuple(content["keys"])
        if not all(isinstance(text, str) for text in (*keys, *(part for pair in context for part in pair))):
            raise ValueError("a key that is no text")
        return cls(_checked_run_id(content["run_id"]), keys, context)


class Gathered(NamedTuple):
    """What was found in a piece of the spool."""

    #: None when there were no records for one.
    batch: Batch | None
    #: A record to be sent alone, when there is no batch before it.
    alone: tuple[int, dict[str, Any]] | None
    #: Behind the last record that was taken.
    end: int
    #: What is wrong with the record at ``end``: ``short``, ``altered``, or nothing.
    fault: str


def gather(
    data: bytes, at: int, end: int, keysets: dict[int, Keyset], points_max: int = POINTS_MAX
) -> Gathered:
    """Reads records of a segment from one offset of ``data`` up to another, as far as they fit one batch.

    ``keysets`` holds the definitions so far, and gains those that are read. The same bytes with the same
    definitions give the same batch.
    """
    view = memoryview(data)
    unpack, row = spool.RECORD.unpack_from, spool.ROW
    batch = Batch()
    points = series = 0
    # Neighbouring rows of one keyset are taken as one piece.
    piece_at, piece_number, piece_rows, width = at, -1, 0, 0
    fault = ""
    alone = None
    place = 0
    while at < end and points < points_max and series < SERIES_MAX:
        if at + 16 > end:
            fault = "short"
            break
        length, crc, kind, number = unpack(data, at)
        stop = at + 8 + length
        if length < 8 or length % 8 or stop > end or crc32(view[at + 8 : stop]) != crc:
            fault = "short" if stop > end else "altered"
            break
        if kind == row and number == piece_number:
            piece_rows += 1
            points += width
            at = stop
            place += 1
            continue
        if piece_rows:
            batch.add_rows(keysets[piece_number], view[piece_at:at], piece_rows, place - piece_rows)
            piece_rows, piece_number = 0, -1
        if kind == row:
            keyset = keysets.get(number)
            if keyset is None or length != 24 + 8 * len(keyset.keys):
                fault = "altered"
                break
            width = len(keyset.keys)
            piece_at, piece_number, piece_rows = at, number, 1
            points += width
            series += batch.is_new(keyset) * width
        elif kind in (spool.REQUEST, spool.FILE) and not batch.empty:
            break
        else:
            try:
                alone, more = _read_other(data[at + 16 : stop], kind, number, keysets, batch)
            except (ValueError, KeyError, TypeError, AttributeError, struct.error):
                # The checksum is right, but no version of ours wrote this.
                fault = "altered"
                break
            points += more
            series += 1
            if alone is not None:
                at = stop
                break
        # Kinds of later versions are passed over: their records hold nothing that this one could send.
        at = stop
        place += 1
    if piece_rows:
        batch.add_rows(keysets[piece_number], view[piece_at:at], piece_rows, place - piece_rows)
    return Gathered(None if batch.empty else batch, alone, at, fault)


def _read_other(
    body: bytes, kind: int, number: int, keysets: dict[int, Keyset], batch: Batch
) -> tuple[tuple[int, dict[str, Any]] | None, int]:
    """A record that is no row: its content when it goes alone, and how much room it takes in a batch, in points."""
    if kind == spool.KEYS:
        keysets[number] = Keyset.read(body)
        return None, 0
    if kind in (spool.TEXT, spool.BYTES):
        step, time_ms, size = spool.POINT_HEAD.unpack_from(body)
        value = body[24 : 24 + size]
        if len(value) != size:
            raise ValueError("a text that is longer than its record")
        batch.add_value(keysets[number], TEXTS if kind == spool.TEXT else BYTES, step, time_ms, value)
        return None, 1 + size // 16
    if kind == spool.FACTS:
        batch.add_facts(json.loads(body))
        return None, len(body) // 16
    if kind in (spool.REQUEST, spool.FILE):
        return (kind, dict(json.loads(body))), 0
    return None, 0


class Batch:
    """What is sent together: points by series, params and tags by run."""

    def __init__(self) -> None:
        self._tables: dict[Keyset, _Table] = {}
        self._texts: dict[tuple[Keyset, int], _Texts] = {}
        self._facts: dict[str, dict[str, Any]] = {}

    @property
    def empty(self) -> bool:
        return not (self._tables or self._texts or self._facts)

    @property
    def run_ids(self) -> set[str]:
        """Runs that it has something for."""
        points = {keyset.run_id for keyset in self._tables} | {keyset.run_id for keyset, _ in self._texts}
        return points | set(self._facts)

    def is_new(self, keyset: Keyset) -> bool:
        return keyset not in self._tables

    def count(self) -> Counter[str]:
        """How many of what, for messages."""
        counts: Counter[str] = Counter()
        for keyset, table in self._tables.items():
            counts["metric value"] += table.rows * len(keyset.keys)
        for texts in self._texts.values():
            counts["metric value"] += len(texts.steps)
        for run in self._facts.values():
            counts["param"] += len(run["params"])
            counts["tag"] += len(run["tags"])
        return counts

    def add_rows(self, keyset: Keyset, piece: memoryview, rows: int, place: int) -> None:
        """Adds neighbouring rows as they stand in the spool; ``place`` counts records from the start."""
        table = self._tables.get(keyset)
        if table is None:
            table = self._tables[keyset] = _Table(_ROW_WORDS + len(keyset.keys))
        table.pieces.append(piece)
        table.places.append((place, rows))
        table.rows += rows

    def add_value(self, keyset: Keyset, kind: int, step: int, time_ms: int, value: bytes) -> None:
        """Adds a text or bytes."""
        texts = self._texts.setdefault((keyset, kind), _Texts([], [], []))
        texts.steps.append(step)
        texts.times_ms.append(time_ms)
        texts.values.append(value)

    def add_facts(self, facts: dict[str, Any]) -> None:
        """Adds params and tags; of equal keys the last counts."""
        run_id = _checked_run_id(facts["run_id"])
        run = self._facts.setdefault(run_id, {"run_id": run_id, "params": {}, "tags": {}})
        run["params"].update(facts["params"])
        run["tags"].update(facts["tags"])

    def encode(self, writer_id: str, sequence: int, aliases: dict[str, str] | None = None) -> bytes:
        """The same content gives the same bytes. ``aliases`` are ids of runs that go under another."""
        known = aliases or {}
        runs = [{**run, "run_id": known.get(run_id, run_id)} for run_id, run in self._facts.items()]
        content = {"writer": {"id": writer_id, "sequence": sequence}, "runs": runs}
        head = json.dumps(content, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
        homes = self._homes()
        parts = [_HEAD.pack(MAGIC, len(head), len(homes) + len(self._texts), 0), _padded(head)]
        for (run_id, key, context), columns in homes.items():
            table, index = columns[0] if len(columns) == 1 else (_merged(columns), 0)
            parts += _series_head(known.get(run_id, run_id), NUMBERS, table.rows, key, context)
            parts += (table.axis, table.column(index))
        for (keyset, kind), texts in self._texts.items():
            run_id = known.get(keyset.run_id, keyset.run_id)
            parts += _series_head(run_id, kind, len(texts.steps), keyset.keys[0], keyset.context)
            parts += texts.columns()
        return b"".join(parts)

    def _homes(self) -> dict[_Name, list[_Column]]:
        """Series → the columns that hold its points; several when calls differ in their other keys."""
        homes: dict[_Name, list[_Column]] = {}
        for (run_id, keys, context), table in self._tables.items():
            for index, key in enumerate(keys):
                homes.setdefault((run_id, key, context), []).append((table, index))
        return homes


class _Table:
    """Rows of one keyset: gathered piece by piece, sent column by column."""

    def __init__(self, width: int) -> None:
        self.pieces: list[memoryview] = []
        #: For each piece: its place among the records, and its rows.
        self.places: list[tuple[int, int]] = []
        self.rows = 0
        #: Words of a row as it stands in the spool.
        self.width = width

    @cached_property
    def axis(self) -> bytes:
        """Steps, then times: the same for every column."""
        return self._words[2 :: self.width].tobytes() + self._words[3 :: self.width].tobytes()

    def column(self, index: int) -> bytes:
        return self._words[_ROW_WORDS + index :: self.width].tobytes()

    @cached_property
    def _words(self) -> array[int]:
        # Words to be moved, not read: they are little-endian on every machine.
        return array("q", b"".join(self.pieces))


#: Run id, key, context.
_Name = tuple[str, str, tuple[tuple[str, str], ...]]
#: A table, and which of its columns.
_Column = tuple[_Table, int]


def _merged(columns: list[_Column]) -> _Table:
    """Columns of one series as one, in the order of the records: the server keeps it among equal steps."""
    rows: list[tuple[int, int, bytes]] = []
    for number, (table, index) in enumerate(columns):
        axis, values = table.axis, table.column(index)
        times = 8 * table.rows
        places = [place + row for place, count in table.places for row in range(count)]
        for row, place in enumerate(places):
            at = 8 * row
            # The words before step, time and value stay empty: only a column of it is read.
            words = bytes(16) + axis[at : at + 8] + axis[times + at : times + at + 8] + values[at : at + 8]
            rows.append((place, number, words))
    rows.sort(key=lambda row: row[:2])
    merged = _Table(_ROW_WORDS + 1)
    merged.pieces = [memoryview(words) for _, _, words in rows]
    merged.rows = len(rows)
    return merged


class _Texts(NamedTuple):
    """Texts or bytes of one series."""

    steps: list[int]
    times_ms: list[int]
    values: list[bytes]

    def columns(self) -> tuple[bytes, ...]:
        rows = len(self.steps)
        ends = []
        end = 0
        for value in self.values:
            end += len(value)
            ends.append(end)
        words = struct.pack(f"<{3 * rows}q", *self.steps, *self.times_ms, *ends)
        return words, _padded(b"".join(self.values))


def _series_head(
    run_id: str, kind: int, rows: int, key: str, context: tuple[tuple[str, str], ...]
) -> tuple[bytes, ...]:
    name = key.encode("utf-8")
    texts = name
    for pair in context:
        for text in pair:
            encoded = text.encode("utf-8")
            texts += _U32.pack(len(encoded)) + encoded
    return _SERIES.pack(bytes.fromhex(run_id), kind, rows, len(name), len(context)), _padded(texts)


def _checked_run_id(run_id: str) -> str:
    if len(bytes.fromhex(run_id)) != 16:
        raise ValueError("not the id of a run")
    return run_id


def _padded(text: bytes) -> bytes:
    return text + bytes(-len(text) % 8)
