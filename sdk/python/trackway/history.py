"""A metric of a run, read back whole: columns of numbers, bit for bit as logged."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Callable, NamedTuple

from .error import TrackwayError
from .reader import Reader
from .series import Series, decode

SERIES = "/api/v1/series"
# Little-endian, as on the wire.
_NUMPY_TYPES = {"q": "<i8", "d": "<f8"}


class History(NamedTuple):
    """Every point of a series in order of step; of equal steps, in the order in which they were stored.

    The columns are arrays of numpy where it is installed, otherwise of the module ``array``.
    """

    key: str
    #: What tells this series from others of the same key; mostly empty.
    context: dict[str, str]
    #: Whole numbers of 64 bits.
    steps: Any
    #: When each point was logged, in milliseconds since 1970.
    times_ms: Any
    #: Doubles, NaN and infinities included; a list when the series holds texts or bytes.
    values: Any

    def to_pandas(self) -> Any:
        """A DataFrame with the columns ``step``, ``time`` (UTC) and ``value``. Raises ImportError without pandas."""
        from .frame import of_history

        return of_history(self)


def read(
    reader: Reader,
    run_id: str,
    key: str,
    context: Mapping[str, str] | None,
    known: list[dict[str, Any]],
    step_min: int | None,
    step_max: int | None,
) -> History:
    """Reads one series of those that the run is ``known`` to have. Raises TrackwayError when it has none such."""
    wanted = _chosen(run_id, key, context, [one for one in known if one["key"] == key], known)
    told = dict(wanted.get("context") or {})
    first = wanted["first_step"] if step_min is None else step_min
    last = wanted["last_step"] if step_max is None else step_max
    pieces = [
        one
        for answer in _answers(reader, run_id, key, first, last)
        for one in answer
        if one.key == key and one.context == told
    ]
    steps = _joined([piece.columns["steps"] for piece in pieces], "q")
    times_ms = _joined([piece.columns["times_ms"] for piece in pieces], "q")
    if wanted.get("kind", "number") != "number":
        return History(
            key, told, steps, times_ms, [value for piece in pieces for value in piece.columns["values"]]
        )
    return History(key, told, steps, times_ms, _joined([piece.columns["values"] for piece in pieces], "d"))


def _chosen(
    run_id: str,
    key: str,
    context: Mapping[str, str] | None,
    candidates: list[dict[str, Any]],
    known: list[dict[str, Any]],
) -> dict[str, Any]:
    """The series that is meant: of that context; without one the plain series, or the only one there is."""
    wanted = {} if context is None else {str(name): str(value) for name, value in context.items()}
    for one in candidates:
        if (one.get("context") or {}) == wanted:
            return one
    if context is None and len(candidates) == 1:
        return candidates[0]
    if candidates:
        there = " or ".join(str(one.get("context") or {}) for one in candidates[:5])
        message = f'metric "{key}": which context? There is {there}'
        raise TrackwayError(message, kind="not_found", field="context")
    from difflib import get_close_matches

    near = get_close_matches(key, [one["key"] for one in known], n=1)
    hint = f'; did you mean "{near[0]}"?' if near else ""
    raise TrackwayError(f'run "{run_id}" has no metric "{key}"{hint}', kind="not_found", field="key")


def _answers(reader: Reader, run_id: str, key: str, first: int, last: int) -> Iterator[list[Series]]:
    """The points from one step to another, in as many answers as the server's limit asks for."""
    query = {"run": run_id, "key": key, "step_min": first, "step_max": last}
    try:
        answer = reader.bytes(SERIES, query)
    except TrackwayError as error:
        if error.kind != "too_large" or first >= last:
            raise
    else:
        yield decode(answer, numbers())
        return
    middle = (first + last) // 2
    yield from _answers(reader, run_id, key, first, middle)
    yield from _answers(reader, run_id, key, middle + 1, last)


@lru_cache(maxsize=1)
def numbers() -> Callable[[str, bytes], Any]:
    """Turns a column of the wire into an array: of numpy where it is installed."""
    try:
        from importlib import import_module

        numpy: Any = import_module("numpy")
    except ImportError:
        return _plain
    # A copy, because an array over the bytes of an answer cannot be written to.
    return lambda type_code, words: numpy.frombuffer(words, _NUMPY_TYPES[type_code]).astype(
        _NUMPY_TYPES[type_code][1:], copy=True
    )


def _plain(type_code: str, words: bytes) -> Any:
    column = array(type_code, words)
    if sys.byteorder == "big":
        column.byteswap()
    return column


def _joined(columns: list[Any], type_code: str) -> Any:
    if not columns:
        return numbers()(type_code, b"")
    # The column of a series that has no rows in this part may be left out, and is then an empty list.
    columns = [column if len(column) else numbers()(type_code, b"") for column in columns]
    if len(columns) == 1:
        return columns[0]
    if isinstance(columns[0], array):
        whole = array(type_code)
        for column in columns:
            whole.extend(column)
        return whole
    from importlib import import_module

    return import_module("numpy").concatenate(columns)
