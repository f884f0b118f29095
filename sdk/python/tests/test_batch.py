"""The body of a batch."""

from __future__ import annotations

import json
import math

from trackway.batch import encode
from trackway.record import Facts, Logged


def test_points_are_grouped_into_columns_in_order() -> None:
    records = [
        Logged("r1", 0, 1000, {"loss": 0.1, "acc": 1.0}),
        Logged("r2", 0, 1001, {"loss": 2.0}),
        Logged("r1", 1, 1002, {"loss": math.nan}),
    ]
    batch = json.loads(encode("w", 3, records))
    assert batch["writer"] == {"id": "w", "sequence": 3}
    assert batch["series"] == [
        {"run_id": "r1", "key": "loss", "steps": [0, 1], "times_ms": [1000, 1002], "values": [0.1, "NaN"]},
        {"run_id": "r1", "key": "acc", "steps": [0], "times_ms": [1000], "values": [1.0]},
        {"run_id": "r2", "key": "loss", "steps": [0], "times_ms": [1001], "values": [2.0]},
    ]
    assert batch["runs"] == []


def test_later_facts_overwrite_earlier_ones() -> None:
    records = [Facts("r", {"lr": 0.1, "depth": 3}, {}), Facts("r", {"lr": math.inf}, {"best": ""})]
    batch = json.loads(encode("w", 0, records))
    assert batch["runs"] == [
        {"run_id": "r", "params": {"lr": {"float": "Infinity"}, "depth": 3}, "tags": {"best": ""}}
    ]


def test_the_json_is_strict() -> None:
    body = encode("w", 0, [Logged("r", 0, 0, {"a": math.nan, "b": -math.inf, "c": -0.0, "d": 5e-324})])

    def refuse(constant: str) -> float:
        raise AssertionError(f"{constant} is not JSON")

    series = json.loads(body, parse_constant=refuse)["series"]
    assert [repr(one["values"][0]) for one in series] == ["'NaN'", "'-Infinity'", "-0.0", "5e-324"]
