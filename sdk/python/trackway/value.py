"""From what people log to what the server stores: typed params, 64-bit metric values, keys and tags.

Everything is checked here, before it is queued: one bad value must not spoil the batch it would travel in.
"""

from __future__ import annotations

import logging
import math
import operator
import time
from collections.abc import Iterable, Mapping
from typing import Any, Union

ParamValue = Union[None, bool, int, float, str]

# The server's limits (its limits.rs).
KEY_BYTES_MAX = 1_000
TEXT_BYTES_MAX = 16_000
# One text or byte string at a step.
POINT_BYTES_MAX = 1024 * 1024
# Configurations are rarely deeper than five levels; a dict that holds itself is infinitely deep.
DEPTH_MAX = 30

_I64 = range(-(2**63), 2**63)
_log = logging.getLogger("trackway")


def flat_params(params: Mapping[Any, Any]) -> dict[str, ParamValue]:
    """Nested dicts become dotted keys: ``{"optimizer": {"lr": 0.1}}`` is ``optimizer.lr``."""
    if not isinstance(params, Mapping):
        kind = type(params).__name__
        raise TypeError(f"params: expected a dict, found {kind} (for an argparse.Namespace pass vars(args))")
    flat: dict[str, ParamValue] = {}
    _flatten(params, "", 1, flat)
    return flat


def _flatten(params: Mapping[Any, Any], prefix: str, depth: int, flat: dict[str, ParamValue]) -> None:
    for name, value in params.items():
        key = f"{prefix}{name}"
        if isinstance(value, Mapping) and value and depth < DEPTH_MAX:
            _flatten(value, f"{key}.", depth + 1, flat)
        else:
            key = checked_key(key)
            flat[key] = param_value(key, value)


def param_value(key: str, value: Any) -> ParamValue:
    """Keeps int, float, bool, str and None; anything else is stored as its text."""
    value = _scalar(value)
    if value is None or isinstance(value, bool):
        return value
    # int() and float() also strip subclasses such as IntEnum and numpy.float64.
    if isinstance(value, int) and value in _I64:
        return int(value)
    if isinstance(value, float):
        return float(value)
    text = str.__str__(value) if isinstance(value, str) else str(value)
    return _bounded_text(key, text)


def metric_value(key: str, value: Any) -> float:
    """A double; raises TypeError that names the key for what is not one number."""
    if type(value) is float:
        return value
    scalar = _scalar(value)
    if hasattr(scalar, "__float__") or hasattr(scalar, "__index__"):
        try:
            return float(scalar)
        except (TypeError, ValueError, OverflowError) as error:
            raise TypeError(f'metric "{key}": not a 64-bit number: {error}') from error
    raise TypeError(f'metric "{key}": expected a number, found {type(value).__name__}')


def metric_point(key: str, value: Any) -> float | str | bytes:
    """What one point holds: a number, a text or bytes."""
    if isinstance(value, str):
        text = clean_text(str.__str__(value))
        if len(text.encode("utf-8")) > POINT_BYTES_MAX:
            raise ValueError(f'metric "{key}": a text has at most {POINT_BYTES_MAX} bytes')
        return text
    if isinstance(value, (bytes, bytearray, memoryview)):
        if len(value) > POINT_BYTES_MAX:
            raise ValueError(f'metric "{key}": at most {POINT_BYTES_MAX} bytes at a step')
        return bytes(value)
    return metric_value(key, value)


def context_values(context: Mapping[Any, Any]) -> dict[str, str]:
    """The context of a series, as texts."""
    if not isinstance(context, Mapping):
        raise TypeError(f"context: expected a dict, found {type(context).__name__}")
    return {checked_key(str(key)): stored_text(str(value)) for key, value in context.items()}


def wallclock_ms(seconds: float | None) -> int:
    """Unix milliseconds of seconds, now when absent."""
    if seconds is None:
        return time.time_ns() // 1_000_000
    try:
        return metric_step(round(float(seconds) * 1000))
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"wallclock: expected seconds since 1970, found {seconds!r}") from None


def json_value(value: Any, depth: int = 1) -> Any:
    """What JSON can hold: keys become texts, numbers of numpy and the like plain, NaN its name, the rest its text."""
    value = _scalar(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return stored_text(str.__str__(value))
    if isinstance(value, int):
        return int(value) if value in _I64 else str(int(value))
    if isinstance(value, float):
        return json_float(float(value))
    if depth < DEPTH_MAX:
        if isinstance(value, Mapping):
            return {stored_text(str(key)): json_value(item, depth + 1) for key, item in value.items()}
        if isinstance(value, (list, tuple, set, frozenset)):
            return [json_value(item, depth + 1) for item in value]
        listed = getattr(value, "tolist", None)
        if callable(listed):
            return json_value(listed(), depth + 1)
    return stored_text(str(value))


def metric_step(step: Any) -> int:
    """A 64-bit integer; numpy's integers are taken, floats are not."""
    try:
        number = operator.index(_scalar(step))
    except TypeError:
        raise TypeError(f"step: expected an integer, found {type(step).__name__}") from None
    if number not in _I64:
        raise ValueError(f"step: {number} does not fit 64 bits")
    return number


def tag_values(tags: Mapping[Any, Any] | Iterable[Any] | None) -> dict[str, str]:
    """Tags from a dict, or from a list of plain words."""
    if tags is None:
        return {}
    if isinstance(tags, str):
        raise TypeError(f'tags: expected a dict or a list, found the text "{tags}"')
    pairs = tags.items() if isinstance(tags, Mapping) else ((word, "") for word in tags)
    values = {}
    for name, value in pairs:
        key = checked_key(str(name))
        values[key] = _bounded_text(key, "" if value is None else str(value))
    return values


def checked_key(key: str) -> str:
    """A key of a param, metric or tag as the server takes it; raises ValueError for others."""
    key = clean_text(key)
    if not 1 <= len(key.encode("utf-8")) <= KEY_BYTES_MAX:
        raise ValueError(f'a key has 1 to {KEY_BYTES_MAX} bytes: "{key[:80]}"')
    if any(character < " " or "\x7f" <= character <= "\x9f" for character in key):
        raise ValueError(f"a key holds no control characters: {key!r}")
    return key


def clean_text(text: str) -> str:
    """Text that UTF-8 can hold: lone surrogates (from undecodable file names) become escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def stored_text(text: str) -> str:
    """Text that every database can hold: PostgreSQL has no NUL."""
    return clean_text(text).replace("\0", "\\x00")


def json_float(value: float) -> float | str:
    """JSON lacks NaN and the infinities: they travel by name."""
    if math.isfinite(value):
        return value
    return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"


def json_param(value: ParamValue) -> Any:
    """A float that JSON lacks is marked as one, so that it is not taken for a text."""
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": json_float(value)}
    return value


def _scalar(value: Any) -> Any:
    """The Python value inside a scalar of numpy, torch, jax or the like, and of one-element arrays."""
    if value is None or isinstance(value, (str, int, float)):
        return value
    item: Any | None = getattr(value, "item", None)
    if not callable(item) or getattr(value, "size", 1) == 0:
        return value
    try:
        return item()
    except Exception:
        # Every library has its own error for "more than one element"; the caller names the key.
        return value


def _bounded_text(key: str, text: str) -> str:
    text = stored_text(text)
    encoded = text.encode("utf-8")
    if len(encoded) <= TEXT_BYTES_MAX:
        return text
    _log.warning('trackway: the text of "%s" is cut from %d to %d bytes', key, len(encoded), TEXT_BYTES_MAX)
    return encoded[: TEXT_BYTES_MAX - 3].decode("utf-8", "ignore") + "…"
