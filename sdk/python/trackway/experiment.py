"""An experiment: a question and the runs that try to answer it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from . import credentials
from .connection import Connection
from .error import TrackwayError
from .reader import Reader

if TYPE_CHECKING:
    from .group import RunGroup
    from .search import RunList

EXPERIMENTS = "/api/v1/experiments"
# Experiments asked for at once; the server's largest page.
PAGE_MAX = 1_000
# How long an experiment that came from another process waits for the server.
TIMEOUT_SECONDS = 30.0


class _Facts(NamedTuple):
    id: str
    name: str
    description: str
    #: As people read them: ``baseline``, ``phase: search``.
    tags: list[str]
    #: ``active``, ``completed`` or ``archived``.
    status: str
    run_count: int
    created_at: datetime
    #: Its page in the browser.
    url: str


class Experiment(_Facts):
    """An experiment as it was when it was asked for."""

    #: Whom to ask for its runs; None in another process than the one that asked for it.
    _reader: Reader | None = None

    def runs(
        self, filter: str = "", *, sort: str = "created", reverse: bool = False, limit: int | None = None
    ) -> RunList:
        """Its runs, or those that a filter means; see ``MLOpsClient.search_runs``."""
        from .search import RunList, Searched

        reader = self._reading()
        return RunList(reader, lambda: [Searched(self.id, self.name)], filter, sort, reverse, limit)

    def groups(
        self,
        by: str | Iterable[str],
        fields: str | Iterable[str] = (),
        filter: str = "",
        *,
        sort: str = "",
        limit: int | None = None,
    ) -> list[RunGroup]:
        """Its runs in groups: those that have the same in some fields, with means over each group.

        by      ``"params.lr"``, ``["params.lr", "tags.phase"]``, also ``status``, ``user``, ``name``, ``parent``; or
                ``"all but params.seed"``: every param but these; or ``"all params"``
        fields  what to have means of: ``"metrics.loss.min"`` (also ``.last``, ``.max``, ``.mean``), params that are
                numbers, ``duration`` in seconds; one or several
        filter  only of the runs that it means; see ``MLOpsClient.search_runs``
        sort    ``n``, what it is grouped by, or a field, which stands for its mean, each rising unless ``desc``
                follows: ``metrics.loss.min, n desc``. Empty: the largest group first
        limit   at most so many groups

        Raises TrackwayError when the server cannot be asked, or for what makes no sense, with its place.
        """
        from .group import listed as groups_of

        return groups_of(self._reading(), self, by, fields, filter, sort, limit)

    def _reading(self) -> Reader:
        if self._reader is None:
            found = credentials.find(self.url.rpartition("/experiments/")[0])
            self._reader = Reader(Connection(found, TIMEOUT_SECONDS))
        return self._reader

    def __reduce__(self) -> tuple[Any, ...]:
        return Experiment, tuple(self)


def listed(
    reader: Reader,
    search: str = "",
    status: str | None = None,
    tags: Iterable[str] = (),
    sort: str = "last_activity",
    reverse: bool = False,
    limit: int | None = None,
) -> list[Experiment]:
    """See ``MLOpsClient.list_experiments``."""
    query: dict[str, Any] = {
        "search": search,
        "status": status,
        "sort": sort,
        "reverse": reverse,
        "tag": list(tags),
    }
    found: list[Experiment] = []
    offset: int | None = 0
    while offset is not None and (limit is None or len(found) < limit):
        query["offset"] = offset
        query["limit"] = PAGE_MAX if limit is None else min(PAGE_MAX, limit - len(found))
        page = reader.json(EXPERIMENTS, query)
        found += [from_json(reader.url, item, reader) for item in page["items"]]
        offset = page.get("next_offset")
    return found


def found(reader: Reader, experiment_id: str | int) -> Experiment:
    """See ``MLOpsClient.get_experiment``."""
    wanted = str(experiment_id)
    if wanted.isdecimal() and wanted.isascii():
        try:
            return from_json(reader.url, reader.json(f"{EXPERIMENTS}/{wanted}"), reader)
        except TrackwayError as error:
            # Digits may also be a name, and too many of them are no id.
            if error.kind not in ("not_found", "invalid"):
                raise
    for status in (None, "archived"):
        for one in listed(reader, search=wanted, status=status):
            if one.name == wanted:
                return one
    raise TrackwayError(f'no experiment "{wanted}"', kind="not_found", field="experiment_id", status=404)


def from_json(server_url: str, body: dict[str, Any], reader: Reader | None = None) -> Experiment:
    """The server's form as ours; ``reader`` is asked for its runs."""
    from .record import moment

    experiment = Experiment(
        id=body["id"],
        name=body["name"],
        description=body["description"],
        tags=[f"{key}: {value}" if value else key for key, value in body["tags"].items()],
        status=body["status"],
        run_count=body["run_count"],
        created_at=moment(body["created_at_ms"]),
        url=f"{server_url}/experiments/{body['id']}",
    )
    experiment._reader = reader
    return experiment
