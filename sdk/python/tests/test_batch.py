"""The body of a batch, against bytes laid out by hand and a decoder of its own."""

from __future__ import annotations

import json
import math
import random
import struct
from typing import Any, NamedTuple, Union
from zlib import crc32

from trackway import spool
from trackway.batch import Keyset, gather

R1 = "0123456789abcdef0123456789abcdef"
R2 = "ff" * 16


class Logged(NamedTuple):
    """Values of one call."""

    run_id: str
    step: int
    time_ms: int
    values: dict[str, float]


class Facts(NamedTuple):
    """Params and tags."""

    run_id: str
    params: dict[str, Any]
    tags: dict[str, str]


class Text(NamedTuple):
    """A text or bytes at a step."""

    run_id: str
    step: int
    time_ms: int
    key: str
    value: str | bytes
    context: dict[str, str]


Record = Union[Logged, Facts, Text]


def spooled(records: list[Record]) -> bytes:
    """Records as they stand in a segment."""
    layouts: dict[Any, spool.Layout] = {}
    data = b""

    def layout(run_id: str, keys: tuple[str, ...], context: dict[str, str]) -> spool.Layout:
        nonlocal data
        name = (run_id, keys, tuple(context.items()))
        if name not in layouts:
            layouts[name] = spool.Layout(len(layouts) + 1, run_id, keys, context)
            data += layouts[name].definition
        return layouts[name]

    for record in records:
        if isinstance(record, Logged):
            one = layout(record.run_id, tuple(record.values), {})
            payload = one.pack(spool.ROW, one.number, record.step, record.time_ms, *record.values.values())
            data += one.head(crc32(payload)) + payload
        elif isinstance(record, Text):
            one = layout(record.run_id, (record.key,), record.context)
            kind, value = (
                (spool.TEXT, record.value.encode())
                if isinstance(record.value, str)
                else (spool.BYTES, record.value)
            )
            data += spool.point_record(kind, one.number, record.step, record.time_ms, value)
        else:
            data += spool.json_record(spool.FACTS, record._asdict())
    return data


def encode(writer_id: str, sequence: int, records: list[Record]) -> bytes:
    data = spooled(records)
    found = gather(data, 0, len(data), {}, points_max=10**9)
    assert (found.end, found.fault, found.alone) == (len(data), "", None)
    assert found.batch is not None
    return found.batch.encode(writer_id, sequence)


class _Points(NamedTuple):
    """One series of a batch; values as their bits, so that NaN equals itself."""

    run_id: str
    key: str
    steps: list[int]
    times_ms: list[int]
    values: list[str]


def _decode(body: bytes) -> tuple[dict[str, Any], list[_Points]]:
    magic, head_length, count, zero = struct.unpack_from("<4s3I", body)
    assert (magic, zero) == (b"TWB1", 0)
    head = json.loads(body[16 : 16 + head_length], parse_constant=_refuse)
    at = _after_padding(body, 16 + head_length)
    series = []
    for _ in range(count):
        run_id = body[at : at + 16].hex()
        kind, rows, key_length, pairs = struct.unpack_from("<4I", body, at + 16)
        assert (kind, pairs) == (0, 0)
        key = body[at + 32 : at + 32 + key_length].decode()
        at = _after_padding(body, at + 32 + key_length)
        steps = struct.unpack_from(f"<{rows}q", body, at)
        times_ms = struct.unpack_from(f"<{rows}q", body, at + 8 * rows)
        words = struct.unpack_from(f"<{rows}Q", body, at + 16 * rows)
        at += 24 * rows
        series.append(_Points(run_id, key, [*steps], [*times_ms], [f"{word:016x}" for word in words]))
    assert at == len(body)
    return head, series


def _refuse(constant: str) -> float:
    raise AssertionError(f"{constant} is not JSON")


def _after_padding(body: bytes, at: int) -> int:
    end = -(-at // 8) * 8
    assert body[at:end] == bytes(end - at)
    return end


def _bits(*values: float) -> list[str]:
    return [struct.pack(">d", value).hex() for value in values]


def _double(bits: str) -> float:
    return float(struct.unpack(">d", bytes.fromhex(bits))[0])


def test_a_batch_is_laid_out_as_documented() -> None:
    records: list[Record] = [
        Logged(R1, -2, 1_763_000_000_000, {"loß": -0.0}),
        Facts(R2, {}, {"top": ""}),
        Logged(R1, 2**63 - 1, -1, {"loß": 1.5}),
    ]
    head = b'{"writer":{"id":"w","sequence":3},"runs":[{"run_id":"%s","params":{},"tags":{"top":""}}]}'
    columns = """
        0123456789abcdef0123456789abcdef  00000000 02000000 04000000 00000000
        6c6fc39f 00000000
        feffffffffffffff ffffffffffffff7f
        001efd7a9a010000 ffffffffffffffff
        0000000000000080 000000000000f83f
    """
    prefix = bytes.fromhex("54574231 77000000 01000000 00000000")
    assert encode("w", 3, records) == prefix + head % R2.encode() + b"\0" + bytes.fromhex(columns)


def test_points_are_grouped_into_columns_in_order() -> None:
    records = [
        Logged(R1, 0, 1000, {"loss": 0.1, "acc": 1.0}),
        Logged(R2, 0, 1001, {"loss": 2.0}),
        Logged(R1, 1, 1002, {"loss": math.inf}),
        Logged(R1, 0, 1003, {"acc": 0.5, "loss": 0.2}),
    ]
    head, series = _decode(encode("w", 3, records))
    assert head == {"writer": {"id": "w", "sequence": 3}, "runs": []}
    assert series == [
        _Points(R1, "loss", [0, 1, 0], [1000, 1002, 1003], _bits(0.1, math.inf, 0.2)),
        _Points(R1, "acc", [0, 0], [1000, 1003], _bits(1.0, 0.5)),
        _Points(R2, "loss", [0], [1001], _bits(2.0)),
    ]


def test_every_bit_of_a_value_is_kept() -> None:
    negative_zero, denormal = "8000000000000000", "0000000000000001"
    bits = ["7ff80000deadbeef", "fff8000000000001", negative_zero, denormal, "fff0000000000000"]
    records = [Logged(R1, step, 0, {"a": _double(one), "b": 0.0}) for step, one in enumerate(bits)]
    _, (a, _) = _decode(encode("w", 0, records))
    assert a.values == bits


def test_later_facts_overwrite_earlier_ones() -> None:
    records = [Facts(R1, {"lr": 0.1, "depth": 3}, {}), Facts(R1, {"lr": {"float": "Infinity"}}, {"best": ""})]
    head, series = _decode(encode("w", 0, records))
    assert head["runs"] == [
        {"run_id": R1, "params": {"lr": {"float": "Infinity"}, "depth": 3}, "tags": {"best": ""}}
    ]
    assert series == []


def test_whatever_is_logged_reads_as_if_it_were_sent_point_by_point() -> None:
    dice = random.Random(7)
    for _ in range(200):
        keys = ["größe", "精度", *("k" * length for length in range(1, dice.randint(2, 12)))]
        # Few shapes of calls, as in training, or as many as calls.
        shapes = [dice.sample(keys, dice.randint(1, len(keys))) for _ in range(dice.choice([1, 3, 40]))]
        records = [_any_values(dice, dice.choice(shapes)) for _ in range(dice.randint(1, 40))]
        writer_id = "w" * dice.randint(1, 9)
        body = encode(writer_id, 2**53, records)
        head, series = _decode(body)
        assert head["writer"] == {"id": writer_id, "sequence": 2**53}
        assert series == _point_by_point(records)
        assert body == encode(writer_id, 2**53, list(records)), "a replay has the same bytes"


def _any_values(dice: random.Random, keys: list[str]) -> Logged:
    values = {key: _double(dice.randbytes(8).hex()) for key in keys}
    return Logged(dice.choice([R1, R2]), dice.randint(-(2**63), 2**63 - 1), dice.randint(0, 2**42), values)


def _point_by_point(records: list[Logged]) -> list[_Points]:
    series: dict[tuple[str, str], _Points] = {}
    for record in records:
        for key, value in record.values.items():
            empty = _Points(record.run_id, key, [], [], [])
            points = series.setdefault((record.run_id, key), empty)
            points.steps.append(record.step)
            points.times_ms.append(record.time_ms)
            points.values.extend(_bits(value))
    return list(series.values())


def test_texts_and_contexts_are_laid_out_as_documented() -> None:
    records: list[Record] = [
        Text(R1, 0, 5, "t", "größe", {"subset": "val"}),
        Text(R1, 1, 6, "t", "", {"subset": "val"}),
        Text(R2, 0, 7, "b", b"\xff\0", {}),
    ]
    body = encode("w", 0, records)
    assert body.endswith(
        bytes.fromhex(R1)
        + struct.pack("<4I", 1, 2, 1, 1)
        + b"t"
        + struct.pack("<I", 6)
        + b"subset"
        + struct.pack("<I", 3)
        + b"val"
        + bytes(6)
        + struct.pack("<6q", 0, 1, 5, 6, 7, 7)
        + "größe".encode()
        + bytes(1)
        + bytes.fromhex(R2)
        + struct.pack("<4I", 2, 1, 1, 0)
        + b"b"
        + bytes(7)
        + struct.pack("<3q", 0, 7, 2)
        + b"\xff\0"
        + bytes(6)
    )


def test_a_batch_ends_where_it_is_full_and_the_next_goes_on() -> None:
    records: list[Record] = [Logged(R1, step, step, {"a": 1.0, "b": 2.0}) for step in range(100)]
    data = spooled(records)
    keysets: dict[int, Keyset] = {}
    at, steps = 0, []
    while at < len(data):
        found = gather(data, at, len(data), keysets, points_max=30)
        assert found.batch is not None and found.end > at
        _, (a, _) = _decode(found.batch.encode("w", at))
        assert len(a.steps) <= 16
        steps += a.steps
        at = found.end
    assert steps == list(range(100))
