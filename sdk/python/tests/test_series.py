"""The decoder, against bytes laid out by hand and an encoder written from the server's documentation."""

from __future__ import annotations

import random
import struct
from contextlib import suppress
from typing import Any

import pytest

from trackway.series import Series, decode

RUN_ID = "0123456789abcdef0123456789abcdef"

#: Number on the wire and element type of each column, by kind.
OWN: dict[str, dict[str, tuple[int, str]]] = {
    "points": {"steps": (1, "q"), "times_ms": (2, "q"), "values": (3, "d")},
    "buckets": {
        "first_steps": (1, "q"),
        "last_steps": (4, "q"),
        "first_times_ms": (2, "q"),
        "last_times_ms": (5, "q"),
        "first": (3, "d"),
        "last": (6, "d"),
        "min": (7, "d"),
        "max": (8, "d"),
        "mean": (9, "d"),
        "counts": (10, "q"),
        "non_finite_counts": (11, "q"),
    },
    "group": {
        "first_xs": (12, "d"),
        "last_xs": (13, "d"),
        "center": (17, "d"),
        "low": (18, "d"),
        "high": (19, "d"),
        "members": (20, "q"),
        "counts": (10, "q"),
    },
    "texts": {"steps": (1, "q"), "times_ms": (2, "q")},
    "bytes": {"steps": (1, "q"), "times_ms": (2, "q")},
}
EXTRA = {
    "xs": (12, "d"),
    "last_xs": (13, "d"),
    "smooth": (14, "d"),
    "smooth_min": (15, "d"),
    "smooth_max": (16, "d"),
}
UNKNOWN = {"from the future": (99, "d")}

POINTS = """
    54575332 01000000
    0123456789abcdef0123456789abcdef  00000000 ffffffff  0200000000000000 02000000 04000000
    04000000 01000000  6c6fc39f  06000000 737562736574  03000000 76616c  000000
    01000000 00000000  ffffffffffffffff ffffffffffffff7f
    63000000 00000000  0102030405060708 090a0b0c0d0e0f10
    02000000 00000000  0000000000000000 0100000000000000
    03000000 00000000  efbeadde0000f87f 0000000000000080
"""
TEXTS = """
    54575332 01000000
    0123456789abcdef0123456789abcdef  03000000 02000000  0300000000000000 02000000 02000000
    01000000 00000000  74  00000000000000
    01000000 00000000  0500000000000000 0600000000000000
    02000000 00000000  0700000000000000 0800000000000000
    15000000 00000000  0300000000000000 0300000000000000  c39f21  0000000000
"""


def test_points_are_read_as_documented_and_unknown_columns_skipped() -> None:
    (series,) = decode(bytes.fromhex(POINTS))
    assert (series.run_id, series.key, series.context) == (RUN_ID, "loß", {"subset": "val"})
    assert (series.kind, series.group, series.total) == ("points", None, 2)
    assert series.columns.keys() == {"steps", "times_ms", "values"}
    assert series.points.steps == [-1, 2**63 - 1]
    assert series.points.times_ms == [0, 1]
    assert struct.pack(">2d", *series.points.values).hex() == "7ff80000deadbeef" + "8000000000000000"


def test_texts_are_read_as_documented() -> None:
    (series,) = decode(bytes.fromhex(TEXTS))
    assert (series.kind, series.group, series.total) == ("texts", 2, 3)
    assert series.columns == {"steps": [5, 6], "times_ms": [7, 8], "values": ["ß!", ""]}
    with pytest.raises(ValueError, match='metric "t" holds texts, not points'):
        series.points  # noqa: B018


def test_no_series_are_no_series() -> None:
    assert decode(b"TWS2" + bytes(4)) == []


def test_a_series_without_points_has_its_columns_all_the_same() -> None:
    head = bytes.fromhex(RUN_ID) + struct.pack("<IIQ4I", 0, 2**32 - 1, 0, 0, 0, 8, 0)
    (series,) = decode(b"TWS2" + struct.pack("<I", 1) + head + b"any/loss")
    assert series.points == ([], [], [])


def test_every_kind_reads_back_as_written() -> None:
    dice = random.Random(7)
    for _ in range(200):
        answer = [_any_series(dice) for _ in range(dice.randint(0, 6))]
        assert [_comparable(one) for one in decode(_encode(answer))] == [_comparable(one) for one in answer]


def test_a_damaged_answer_is_refused() -> None:
    for text in (POINTS, TEXTS):
        answer = bytes.fromhex(text)
        for length in range(len(answer)):
            with pytest.raises(ValueError):
                decode(answer[:length])
        unknown_kind = answer[:24] + b"\x05" + answer[25:]
        many_rows = answer[:40] + b"\xff" * 4 + answer[44:]
        for damaged in (b"TWS1" + answer[4:], answer + b"\0", unknown_kind, many_rows):
            with pytest.raises(ValueError):
                decode(damaged)


def test_altered_bytes_read_as_something_else_or_are_refused() -> None:
    for text in (POINTS, TEXTS):
        for at in range(len(bytes.fromhex(text))):
            answer = bytearray.fromhex(text)
            answer[at] ^= 0xFF
            with suppress(ValueError):
                decode(bytes(answer))


def _any_series(dice: random.Random) -> Series:
    kind = dice.choice(list(OWN))
    rows = dice.choice([0, 1, 7, 300])
    named = dict(OWN[kind])
    if kind != "group":
        named |= {name: column for name, column in EXTRA.items() if rows and dice.random() < 0.5}
    columns: dict[str, list[Any]] = {
        name: list(struct.unpack(f"<{rows}{code}", dice.randbytes(8 * rows)))
        for name, (_, code) in named.items()
    }
    if kind == "texts":
        columns["values"] = ["größe "[: dice.randint(0, 6)] for _ in range(rows)]
    if kind == "bytes":
        columns["values"] = [dice.randbytes(dice.randint(0, 20)) for _ in range(rows)]
    context = {"k" * dice.randint(1, 9): "größe" for _ in range(dice.randint(0, 3))}
    group = dice.choice([None, 0, 3])
    key = "schlüssel"[: dice.randint(1, 9)]
    return Series(dice.randbytes(16).hex(), key, context, dice.randrange(2**64), columns, kind, group)


def _encode(answer: list[Series]) -> bytes:
    out = b"TWS2" + struct.pack("<I", len(answer))
    for number, one in enumerate(answer):
        named = {name: column for name, column in {**EXTRA, **OWN[one.kind]}.items() if one.columns.get(name)}
        if number % 2:
            named |= UNKNOWN
        rows = len(next(iter(one.columns.values())))
        group = 2**32 - 1 if one.group is None else one.group
        key = one.key.encode()
        out += bytes.fromhex(one.run_id) + struct.pack("<IIQ", list(OWN).index(one.kind), group, one.total)
        out += struct.pack("<4I", rows, len(named), len(key), len(one.context)) + key
        for text in (text.encode() for pair in one.context.items() for text in pair):
            out += struct.pack("<I", len(text)) + text
        out += bytes(-len(out) % 8)
        for name, (wire, code) in named.items():
            out += struct.pack(f"<II{rows}{code}", wire, 0, *one.columns.get(name, [0.0] * rows))
        if one.kind in ("texts", "bytes"):
            values = [text.encode() if isinstance(text, str) else text for text in one.columns["values"]]
            ends = [sum(map(len, values[: end + 1])) for end in range(rows)]
            out += struct.pack(f"<II{rows}q", 21, 0, *ends) + b"".join(values)
            out += bytes(-len(out) % 8)
    return out


def _comparable(series: Series) -> Series:
    """With the doubles as their bits: NaN equals itself."""
    columns = {
        name: [struct.pack(">d", value) if isinstance(value, float) else value for value in values]
        for name, values in series.columns.items()
    }
    return series._replace(columns=columns)
