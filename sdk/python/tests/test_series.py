"""The decoder, against bytes laid out by hand as the server's documentation says."""

from __future__ import annotations

import struct

import pytest

from trackway.series import BUCKET_COLUMNS, decode

RUN_ID = "0123456789abcdef0123456789abcdef"


def _head(columns: int, rows: int, total: int, key: bytes, pairs: int) -> bytes:
    return bytes.fromhex(RUN_ID) + struct.pack("<IIQII", columns, rows, total, len(key), pairs) + key


def _padded(answer: bytes) -> bytes:
    return answer + bytes(-len(answer) % 8)


def _answer() -> bytes:
    answer = b"TWS1" + struct.pack("<I", 2)
    answer += (
        _head(0, 2, 2, "loß".encode(), 1) + struct.pack("<I", 6) + b"subset" + struct.pack("<I", 3) + b"val"
    )
    answer = _padded(answer)
    answer += (
        struct.pack("<2q", -1, 2**63 - 1) + struct.pack("<2q", 0, 1) + struct.pack("<2d", -0.0, float("inf"))
    )
    answer = _padded(answer + _head(1, 1, 10, b"b", 0))
    for kind in (kind for _, kind in BUCKET_COLUMNS):
        answer += struct.pack(f"<1{kind}", 7)
    return answer


def test_points_and_buckets_are_read() -> None:
    points, buckets = decode(_answer())
    assert (points.run_id, points.key, points.context, points.total) == (RUN_ID, "loß", {"subset": "val"}, 2)
    assert points.points.steps == [-1, 2**63 - 1]
    assert points.points.times_ms == [0, 1]
    assert str(points.points.values) == "[-0.0, inf]"
    assert (buckets.key, buckets.context, buckets.total) == ("b", {}, 10)
    assert buckets.columns == {name: [7] for name, _ in BUCKET_COLUMNS}


def test_no_series_are_no_series() -> None:
    assert decode(b"TWS1" + struct.pack("<I", 0)) == []


def test_a_damaged_answer_is_refused() -> None:
    answer = _answer()
    for length in range(len(answer)):
        with pytest.raises(ValueError):
            decode(answer[:length])
    for damaged in (b"TWS2" + answer[4:], answer + b"\0", answer[:28] + b"\xff" * 4 + answer[32:]):
        with pytest.raises(ValueError):
            decode(damaged)
