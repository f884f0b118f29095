"""An experiment: a question and the runs that try to answer it."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, NamedTuple


class Experiment(NamedTuple):
    """An experiment as it was when it was asked for."""

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


def from_json(server_url: str, body: dict[str, Any]) -> Experiment:
    """The server's form as ours."""
    return Experiment(
        id=body["id"],
        name=body["name"],
        description=body["description"],
        tags=[f"{key}: {value}" if value else key for key, value in body["tags"].items()],
        status=body["status"],
        run_count=body["run_count"],
        created_at=datetime.fromtimestamp(body["created_at_ms"] / 1000, tz=timezone.utc),
        url=f"{server_url}/experiments/{body['id']}",
    )
