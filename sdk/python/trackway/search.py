"""Search: from a filter to runs, page by page, of one experiment or of several."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from itertools import islice
from math import isfinite
from pathlib import Path
from typing import Any, Callable, NamedTuple, overload

from .artifact import LocalPath
from .error import TrackwayError
from .reader import Reader
from .record import RUNS, StoredRun, number, param

# Runs asked for at once; the server's largest page.
PAGE_MAX = 1_000
# Keys that need no quotes in the query language.
_PLAIN = re.compile(r"^[\w./:+@#$-]+$")
_STATS = ("last", "min", "max", "mean")
_PLACE = re.compile(r"^filter: (?P<message>.*), at character (?P<place>\d+)$", re.DOTALL)


class Searched(NamedTuple):
    """An experiment that is searched."""

    id: str
    name: str


class RunList(Sequence[StoredRun]):
    """The runs that a search found. They come page by page while one goes through them; ``len``, an index from the
    end and a slice without an end bring all."""

    def __init__(
        self,
        reader: Reader,
        experiments: Callable[[], Sequence[Searched]],
        filter: str,
        sort: str,
        reverse: bool,
        limit: int | None,
    ) -> None:
        if limit is not None and limit < 0:
            raise ValueError(f"limit: expected 0 or more, found {limit}")
        self._found: list[StoredRun] = []
        self._question = _Question(reader, filter, sort, reverse, limit)
        self._experiments = experiments
        self._rest = islice(_together(self._question, experiments), limit)

    def __iter__(self) -> Iterator[StoredRun]:
        place = 0
        while self._has(place):
            yield self._found[place]
            place += 1

    def __len__(self) -> int:
        self._bring(None)
        return len(self._found)

    def __bool__(self) -> bool:
        return self._has(0)

    @overload
    def __getitem__(self, place: int) -> StoredRun: ...

    @overload
    def __getitem__(self, place: slice) -> list[StoredRun]: ...

    def __getitem__(self, place: int | slice) -> StoredRun | list[StoredRun]:
        if isinstance(place, int):
            self._bring(place + 1 if place >= 0 else None)
        else:
            ends = (place.start or 0, -1 if place.stop is None else place.stop)
            self._bring(max(ends) + 1 if min(ends) >= 0 else None)
        return self._found[place]

    def to_pandas(self, *, system: bool = False) -> Any:
        """A DataFrame with a row for each run; raises ImportError without pandas.

        Columns: ``run_id``, ``name``, ``status``, ``started`` (UTC), ``duration`` (seconds, until now while it runs),
        ``experiment``, then ``param.<key>``, ``metric.<key>`` (the last value) and ``tag.<key>``, each in order of
        key. What a run lacks is missing in the sense of pandas. Metrics of the machine (``system/…``) are left out
        unless ``system`` asks for them.
        """
        from .frame import of_runs

        return of_runs(self, system)

    def to_csv(self, path: LocalPath, *, columns: Iterable[str] | None = None) -> Path:
        """Writes the runs of one experiment to a CSV file, which the server makes of what it has now; gives back where.

        ``columns`` are fields as a filter names them: ``params.lr``, ``metrics.loss.min``, ``tags.owner``; without them
        there is one for every param, metric (its last value) and tag of the experiment's runs. Before them come ``id``,
        ``name``, ``number``, ``status``, ``user``, ``created``, ``started``, ``ended`` and ``duration``. However many
        runs there are, they pass through a few at a time. Raises TrackwayError, OSError.
        """
        return self._exported("csv", path, columns)

    def to_parquet(self, path: LocalPath, *, columns: Iterable[str] | None = None) -> Path:
        """The same as a Parquet file, where columns have types: numbers, booleans, times and texts."""
        return self._exported("parquet", path, columns)

    def _exported(self, kind: str, path: LocalPath, columns: Iterable[str] | None) -> Path:
        from .export import fetch

        question, searched = self._question, self._experiments()
        if len(searched) != 1:
            message = f"a file has the runs of one experiment, found {len(searched)}"
            raise TrackwayError(message, kind="invalid", field="experiments")
        try:
            return fetch(
                question.reader,
                kind,
                searched[0].id,
                question.filter,
                question.sort_text(),
                columns,
                question.limit,
                path,
            )
        except TrackwayError as error:
            raise pointed_at(error, question.filter) from None

    def __repr__(self) -> str:
        # Of those that came so far: to look at a list must not ask the server.
        return f"<RunList {', '.join(run.name for run in self._found[:5])} …>"

    def _has(self, place: int) -> bool:
        self._bring(place + 1)
        return place < len(self._found)

    def _bring(self, count: int | None) -> None:
        missing = None if count is None else max(0, count - len(self._found))
        self._found += islice(self._rest, missing)


class _Question(NamedTuple):
    reader: Reader
    filter: str
    sort: str
    reverse: bool
    limit: int | None

    def pages(self, experiment: Searched) -> Iterator[dict[str, Any]]:
        """The rows of one experiment. Runs that begin meanwhile shift nothing; one that moved to a later page comes once."""
        after: str | None = None
        offset: int | None = 0
        seen: set[str] = set()
        while offset is not None:
            query = {
                "experiment_id": experiment.id,
                "filter": self.filter or None,
                "sort": self.sort_text(),
                "after": after,
                "offset": None if after else offset,
                "limit": PAGE_MAX if self.limit is None else max(1, min(PAGE_MAX, self.limit - len(seen))),
            }
            try:
                page = self.reader.json(RUNS, query)
            except TrackwayError as error:
                if after is None or error.field != "after":
                    raise pointed_at(error, self.filter) from None
                # That run has left the experiment since, so the place counts.
                after, offset = None, len(seen)
                continue
            after = None
            for row in page["items"]:
                if row["run"]["id"] not in seen:
                    seen.add(row["run"]["id"])
                    after = row["run"]["id"]
                    yield row
            if self.limit is not None and len(seen) >= self.limit:
                return
            # A page without anything new is followed by its place, so that what keeps moving is no circle.
            offset = page.get("next_offset")

    def spelled(self) -> bool:
        """Whether the order is written out in the query language."""
        return "," in self.sort or self.sort.lower().endswith((" asc", " desc"))

    def falls(self) -> bool:
        return (self.sort in ("created", "duration") or self.sort.startswith("metrics.")) != self.reverse

    def sort_text(self) -> str:
        """The order in the query language, where all rises unless it says otherwise."""
        if self.spelled():
            return self.sort
        kind, dot, key = self.sort.partition(".")
        if dot and not _PLAIN.match(key):
            quoted = key.replace('"', '""')
            field = f'{kind}."{quoted}"'
        else:
            # Runs of one moment come in the order in which they were made.
            field = "number" if self.sort == "created" else self.sort
        return f"{field} desc" if self.falls() else field

    def order(self) -> tuple[Callable[[dict[str, Any]], Any], bool]:
        """What the server sorts by, and whether that falls."""
        if self.spelled():
            message = f"runs of several experiments are sorted by one field, such as metrics.loss, not by {self.sort}"
            raise TrackwayError(f"sort: {message}", kind="invalid", field="sort")
        place, falls = _sorted_by(self.sort), self.falls()

        def key(row: dict[str, Any]) -> Any:
            tier, value = place(row)
            return -tier if falls else tier, value

        return key, falls


def _together(question: _Question, experiments: Callable[[], Sequence[Searched]]) -> Iterator[StoredRun]:
    searched = experiments()
    names = {one.id: one.name for one in searched}
    if len(searched) == 1:
        rows = question.pages(searched[0])
    else:
        key, falls = question.order()
        rows = merge(*(question.pages(one) for one in searched), key=key, reverse=falls)
    for row in rows:
        yield StoredRun(question.reader, row, names[row["run"]["experiment_id"]])


def _sorted_by(sort: str) -> Callable[[dict[str, Any]], tuple[int, Any]]:
    """Where the server puts a row: its tier, which comes in this order either way, and its value within."""
    kind, _, key = sort.partition(".")
    if kind == "metrics":
        return lambda row: _metric_place(row["metrics"], key)
    if kind == "params":
        return lambda row: _param_place(row["params"], key)
    if kind == "duration":
        return lambda row: _duration_place(row["run"])
    if kind == "name":
        return lambda row: (0, row["run"]["name"].lower())
    return lambda row: (0, row["run"]["created_at_ms" if kind == "created" else kind])


def _metric_place(metrics: dict[str, Any], key: str) -> tuple[int, float]:
    """Numbers, then NaN, then what has no such metric."""
    name, _, stat = key.rpartition(".")
    name, stat = (name, stat) if name and stat in _STATS else (key, "last")
    if name not in metrics:
        return (2 if stat == "last" else 1), 0.0
    found = metrics[name][stat]
    value = float("nan") if found is None else number(found)
    return (1, 0.0) if value != value else (0, value)


def _param_place(params: dict[str, Any], key: str) -> tuple[int, Any]:
    """Numbers, texts that are numbers among them, then other texts, then what has no such param."""
    if key not in params:
        return 2, (0.0, "")
    value = param(params[key])
    try:
        known = float("nan") if isinstance(value, bool) or value is None else float(value)
    except ValueError:
        known = float("nan")
    return (0, (known, str(value))) if isfinite(known) else (1, (0.0, str(value)))


def _duration_place(run: dict[str, Any]) -> tuple[int, int]:
    """What never started comes last."""
    if run["started_at_ms"] is None:
        return 1, 0
    # All that still run have the same end: now.
    ended_at_ms = 2**62 if run["ended_at_ms"] is None else run["ended_at_ms"]
    return 0, ended_at_ms - run["started_at_ms"]


def pointed_at(error: TrackwayError, filter: str) -> TrackwayError:
    """The server's message about a filter, with the filter below it and a mark under the place."""
    said = _PLACE.match(str(error)) if error.kind == "invalid" else None
    if said is None:
        return error
    before = filter[: int(said["place"]) - 1]
    line = (before + filter[len(before) :].split("\n", 1)[0]).rsplit("\n", 1)[-1]
    mark = "".join("\t" if one == "\t" else " " * width(one) for one in before.rsplit("\n", 1)[-1])
    message = f"filter: {said['message']}\n  {line}\n  {mark}^"
    return TrackwayError(message, kind=error.kind, field="filter", status=error.status)


def width(text: str) -> int:
    """How many columns of a terminal a text takes."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(one) else 2 if east_asian_width(one) in "WF" else 1 for one in text)
