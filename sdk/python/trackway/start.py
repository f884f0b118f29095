"""How a run comes into being: asked of the server at once where it answers, otherwise written into the spool."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable, Mapping
from typing import Any, Union
from urllib.parse import quote

from . import capture
from .channel import OFFLINE, ONLINE, Channel
from .connection import encode_json
from .error import TrackwayError
from .folder import host_name
from .retry import retried
from .run import Run
from .sender import RUN_START, RUNS
from .value import tag_values

Tags = Union[Mapping[Any, Any], Iterable[Any], None]
RESUMES = ("must", "allow", "never")
# Training waits so long for a server that does not answer before it goes on without.
START_SECONDS_MAX = 5.0

_ID = re.compile(r"[0-9a-f]{32}")


def start_run(
    channel: Channel,
    *,
    experiment_id: str | None = None,
    experiment_name: str | None = None,
    project_name: str | None = None,
    name: str | None = None,
    run_id: str | None = None,
    resume: str | None = None,
    parent: Run | str | None = None,
    tags: Tags = None,
    captured: Iterable[str] = (),
    patience_seconds: float | None = None,
    kind: type[Run] = Run,
) -> Run:
    """Starts a run, or joins one.

    With ``patience_seconds`` the server has to answer within them: TrackwayError otherwise. Without, it is asked once,
    and if it does not answer the run is in the spool until it does. What the server refuses is raised either way.
    """
    if resume is not None and resume not in RESUMES:
        raise ValueError(f'resume: expected must, allow or never, found "{resume}"')
    if resume == "must" and run_id is None:
        raise ValueError("resume: which run must be there? id is missing")
    parent_id = checked_id(parent.id if isinstance(parent, Run) else parent, "parent")
    chosen_id = checked_id(run_id, "id")
    new: dict[str, Any] = {
        "id": chosen_id or os.urandom(16).hex(),
        # A random id is nobody else's, so asking twice does no harm.
        "resume": resume or "allow",
        "experiment_id": experiment_id,
        "experiment_name": experiment_name,
        "project_name": project_name,
        "name": name,
        "tags": tag_values(tags),
        "parent_id": parent_id,
        "started_at_ms": time.time_ns() // 1_000_000,
        "process": channel.process,
    }
    new = {key: value for key, value in new.items() if value is not None}
    answer: dict[str, Any] | None = None
    known: dict[str, Any] | None = None
    if channel.mode == ONLINE and channel.connection is not None:
        answer, known = _ask(channel, new, chosen_id is not None, patience_seconds)
    if answer is None and channel.mode in (ONLINE, OFFLINE):
        channel.request(RUN_START, "POST", RUNS, new, run_id=new["id"])
    steps = _last_steps(known)
    run = kind(
        channel,
        new["id"],
        name=(answer or {}).get("name") or name,
        experiment_id=(answer or {}).get("experiment_id") or experiment_id,
        experiment_name=experiment_name,
        parent_id=parent_id,
        first_step=max((step for key, step in steps.items() if not key.startswith("system/")), default=-1)
        + 1,
        series_context=_series_context(channel, joined=chosen_id is not None),
    )
    capture.start(run, captured, steps)
    if answer is not None and chosen_id is not None:
        # Who goes on with a run may have been killed in it here.
        channel.send_left()
    return run


def checked_id(run_id: str | None, field: str) -> str | None:
    """An id of a run as the server takes it."""
    if run_id is None:
        return None
    plain = str(run_id).replace("-", "").lower()
    if not _ID.fullmatch(plain):
        raise ValueError(f'{field}: expected 32 hex digits, as of uuid.uuid4().hex, found "{run_id}"')
    return plain


def _ask(
    channel: Channel, new: dict[str, Any], joins: bool, patience_seconds: float | None
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """The run, if the server answers, and all that it knows of it, if it was there before."""
    connection = channel.connection
    assert connection is not None
    body = encode_json(new)
    wait_seconds = patience_seconds or start_seconds_max()

    def attempt() -> tuple[dict[str, Any], dict[str, Any] | None]:
        response = connection.request("POST", RUNS, body=body, timeout_seconds=wait_seconds)
        run = response.content()
        if not isinstance(run, dict) or "id" not in run:
            message = f"{connection.url} does not answer as a Trackway server does: POST {RUNS}"
            raise TrackwayError(message, kind="internal", status=response.status)
        known = None
        if joins and response.status == 200:
            known = connection.json("GET", f"{RUNS}/{quote(run['id'])}", timeout_seconds=wait_seconds)
        return run, known

    try:
        if patience_seconds is not None:
            return retried(attempt, patience_seconds=patience_seconds)
        return attempt()
    except TrackwayError as error:
        if patience_seconds is not None or not (error.transient or error.status in (401, 403)):
            raise
        channel.outage.begins(error)
        return None, None


def start_seconds_max() -> float:
    """How long training waits for the server at the start."""
    try:
        return float(os.environ.get("TRACKWAY_START_SECONDS", "")) or START_SECONDS_MAX
    except ValueError:
        return START_SECONDS_MAX


def _last_steps(known: dict[str, Any] | None) -> dict[str, int]:
    """The highest step of each key, of a run that goes on."""
    steps: dict[str, int] = {}
    for metric in (known or {}).get("metrics", ()):
        steps[metric["key"]] = max(steps.get(metric["key"], -1), metric["last_step"])
    return steps


def _series_context(channel: Channel, joined: bool) -> dict[str, str]:
    """What tells the captured series of this process from those of others in the same run."""
    if channel.rank is not None:
        return {"process": str(channel.rank)}
    return {"process": f"{host_name()}:{os.getpid()}"} if joined else {}
