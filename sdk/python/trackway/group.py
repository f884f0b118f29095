"""Groups: runs that have the same in some fields, with means over each group."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from .error import TrackwayError
from .reader import Reader
from .record import number
from .search import PAGE_MAX, pointed_at

if TYPE_CHECKING:
    from .experiment import Experiment
    from .search import RunList

GROUPS = "/api/v1/run-groups"


class GroupStat(NamedTuple):
    """One field over the runs of a group."""

    #: Runs with a finite number: all else is of these.
    n: int
    #: Runs whose value is NaN, infinite or no number. Runs without the field are in neither count.
    not_finite: int
    mean: float | None
    #: Of a sample (over n - 1); None for fewer than two.
    std: float | None
    #: The 95 % confidence interval of the mean is this much to either side of it, by Student's t.
    ci95: float | None
    min: float | None
    max: float | None


class RunGroup:
    """Runs that have the same in all that they are grouped by, as it was when the server was asked."""

    def __init__(self, experiment: Experiment, body: Mapping[str, Any]) -> None:
        self._experiment = experiment
        #: What they have in common, as text, by field: ``{"params.lr": "0.1"}``; None where they lack it. Of all params
        #: but some only those that differ between the groups.
        self.keys: dict[str, str | None] = {one["field"]: one["value"] for one in body["keys"]}
        #: How many runs.
        self.n: int = body["n"]
        #: By field, as the query language calls it: ``{"metrics.loss.min": GroupStat(...)}``.
        self.stats: dict[str, GroupStat] = {one["field"]: _stat(one) for one in body["stats"]}
        #: The condition that means exactly these runs; None where it would be too long.
        self.filter: str | None = body["filter"]

    def runs(self, *, sort: str = "created", reverse: bool = False, limit: int | None = None) -> RunList:
        """Its runs; see ``MLOpsClient.search_runs``."""
        if self.filter is None:
            raise TrackwayError("the group's filter would be too long", kind="too_large", field="filter")
        return self._experiment.runs(self.filter, sort=sort, reverse=reverse, limit=limit)

    def __repr__(self) -> str:
        return f"<RunGroup {self.keys} n={self.n}>"


def listed(
    reader: Reader,
    experiment: Experiment,
    by: str | Iterable[str],
    fields: str | Iterable[str],
    filter: str,
    sort: str,
    limit: int | None,
) -> list[RunGroup]:
    """See ``Experiment.groups``."""
    if limit is not None and limit < 0:
        raise ValueError(f"limit: expected 0 or more, found {limit}")
    query: dict[str, Any] = {
        "experiment_id": experiment.id,
        "by": _joined(by),
        "fields": _joined(fields) or None,
        "filter": filter or None,
        "sort": sort or None,
    }
    found: list[RunGroup] = []
    offset: int | None = 0
    while offset is not None and (limit is None or len(found) < limit):
        query["offset"] = offset
        query["limit"] = PAGE_MAX if limit is None else min(PAGE_MAX, limit - len(found))
        try:
            page = reader.json(GROUPS, query)
        except TrackwayError as error:
            raise pointed_at(error, filter) from None
        found += [RunGroup(experiment, one) for one in page["items"]]
        offset = page.get("next_offset")
    return found


def _joined(fields: str | Iterable[str]) -> str:
    return fields if isinstance(fields, str) else ", ".join(fields)


def _stat(body: Mapping[str, Any]) -> GroupStat:
    numbers = {name: number(body[name]) for name in ("mean", "std", "ci95", "min", "max")}
    return GroupStat(n=body["n"], not_finite=body["not_finite"], **numbers)
