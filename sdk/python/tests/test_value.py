"""What people log, as what is stored."""

from __future__ import annotations

import enum
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from trackway.value import checked_key, flat_params, metric_step, metric_value, tag_values


def test_nested_params_become_dotted_keys() -> None:
    nested = {"optimizer": {"lr": 0.1, "betas": {0: 0.9}}, "empty": {}, "seed": 7}
    assert flat_params(nested) == {"optimizer.lr": 0.1, "optimizer.betas.0": 0.9, "empty": "{}", "seed": 7}


def test_a_dict_that_holds_itself_ends() -> None:
    endless: dict = {"lr": 0.1}
    endless["self"] = endless
    flat = flat_params(endless)
    assert flat["lr"] == 0.1
    assert len(flat) < 100


def test_params_keep_their_type() -> None:
    class Optimizer(str, enum.Enum):
        ADAM = "adam"

    values = {
        "int": 5,
        "text_five": "5",
        "float": 5.0,
        "bool": True,
        "none": None,
        "numpy_int": np.int64(3),
        "numpy_float32": np.float32(0.1),
        "numpy_float64": np.float64(0.1),
        "numpy_bool": np.bool_(False),
        "zero_dimensional": np.array(4),
        "path": Path("data/train.csv"),
        "list": [1, 2],
        "array": np.array([1, 2]),
        "enum": Optimizer.ADAM,
        "large": 2**63,
    }
    flat = flat_params(values)
    expected = {
        "int": 5,
        "text_five": "5",
        "float": 5.0,
        "bool": True,
        "none": None,
        "numpy_int": 3,
        "numpy_float32": 0.10000000149011612,
        "numpy_float64": 0.1,
        "numpy_bool": False,
        "zero_dimensional": 4,
        "path": "data/train.csv",
        "list": "[1, 2]",
        "array": "[1 2]",
        "enum": "adam",
        "large": "9223372036854775808",
    }
    assert flat == expected
    assert {key: type(value) for key, value in flat.items()} == {
        key: type(value) for key, value in expected.items()
    }


def test_a_namespace_is_named_as_the_mistake() -> None:
    with pytest.raises(TypeError, match=r"vars\(args\)"):
        flat_params(["lr"])  # type: ignore[arg-type]


def test_metric_values_are_doubles() -> None:
    assert metric_value("x", 3) == 3.0
    assert metric_value("x", True) == 1.0
    assert metric_value("x", np.float32(0.1)) == 0.10000000149011612
    assert metric_value("x", np.array([0.5])) == 0.5
    assert metric_value("x", Fraction(1, 4)) == 0.25
    assert math.isnan(metric_value("x", np.float16("nan")))
    assert type(metric_value("x", np.float64(1))) is float


@pytest.mark.parametrize(
    "bad", ["0.5", None, [0.5], np.array([1.0, 2.0]), np.array([]), 1j, {}, 10**400, b"1"]
)
def test_what_is_not_one_number_is_refused_by_name(bad: object) -> None:
    with pytest.raises(TypeError, match='metric "val/loss"'):
        metric_value("val/loss", bad)


def test_steps_are_64_bit_integers() -> None:
    assert metric_step(np.int32(5)) == 5
    assert metric_step(-(2**63)) == -(2**63)
    for bad in (1.0, "1", None, np.float32(1)):
        with pytest.raises(TypeError, match="step"):
            metric_step(bad)
    with pytest.raises(ValueError, match="64 bits"):
        metric_step(2**63)


def test_tags_are_words_or_pairs() -> None:
    assert tag_values(["baseline", "vision"]) == {"baseline": "", "vision": ""}
    assert tag_values({"phase": "search", "fold": 3, "plain": None}) == {
        "phase": "search",
        "fold": "3",
        "plain": "",
    }
    assert tag_values(None) == {}
    with pytest.raises(TypeError, match="baseline"):
        tag_values("baseline")


def test_keys_that_the_server_refuses_are_refused_at_once() -> None:
    assert checked_key("é" * 500) == "é" * 500
    for bad in ("", "é" * 501, "a\nb", "a\x00", "\x85"):
        with pytest.raises(ValueError, match="key"):
            checked_key(bad)


def test_text_that_databases_lack_and_endless_text_are_stored_all_the_same(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert flat_params({"file": "a\udce9.csv", "nul": "a\0b"}) == {"file": "a\\udce9.csv", "nul": "a\\x00b"}
    text = flat_params({"config": "ä" * 10_000})["config"]
    assert isinstance(text, str)
    assert len(text.encode()) <= 16_000
    assert text.startswith("ääää") and text.endswith("…")
    assert '"config" is cut from 20000 to 16000 bytes' in caplog.text
