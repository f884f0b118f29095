"""``trackway.init`` and the calls that go to the current run, for scripts and notebooks with one run at a time."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping
from typing import Any

from . import capture as capturing
from . import credentials, lifecycle
from .artifact import LocalPath
from .channel import DISABLED, OFFLINE, ONLINE, Channel, chosen_mode
from .connection import Connection
from .error import TrackwayError
from .run import Run
from .start import Tags, start_run

DEFAULT_EXPERIMENT = "default"
# For answers while training goes on; the start has a limit of its own.
TIMEOUT_SECONDS = 30.0

_lock = threading.RLock()
#: The current run is the last; those before it go on when it ends.
_runs: list[Run] = []
_entered: set[str] = set()
#: Values of TRACKWAY_RUN_ID that were used.
_joined: set[str] = set()
_channels: dict[tuple[Any, ...], Channel] = {}


class SessionRun(Run):
    """A run of ``init``: the current one until it ends."""

    def __enter__(self) -> SessionRun:
        _entered.add(self.id)
        return self

    def end_without_waiting(self, status: str, error: BaseException | None = None) -> None:
        super().end_without_waiting(status, error)
        if self.status != "running":
            with _lock:
                _runs[:] = [run for run in _runs if run is not self]
            _entered.discard(self.id)


def init(
    experiment: str | None = None,
    name: str | None = None,
    *,
    id: str | None = None,
    resume: str | None = None,
    parent: Run | str | None = None,
    tags: Tags = None,
    params: Mapping[Any, Any] | None = None,
    config: Mapping[Any, Any] | None = None,
    notes: str | None = None,
    mode: str | None = None,
    project: str | None = None,
    dir: LocalPath | None = None,
    url: str | None = None,
    api_token: str | None = None,
    rank: int | None = None,
    capture: bool | str | Iterable[str] | None = None,
) -> Run:
    """Starts a run, makes it the current one, and gives it back; use it in ``with``, or call ``trackway.finish()``.

    experiment  its name, made when it is missing; TRACKWAY_EXPERIMENT, else "default"
    project     the name of the project that the experiment is in, made when it is missing; TRACKWAY_PROJECT, else the
                default project
    id, resume  32 hex digits; joins the run of that id: ``allow`` (the default with an id) makes it when it is not
                there, ``must`` raises then, ``never`` raises when it is. Processes that train together pass one id;
                TRACKWAY_RUN_ID does the same from outside, for the first run of a process
    parent      the run that this one belongs to
    params      what ``log_params`` takes; ``config`` is another word for it
    mode        ``online``; ``offline``: into the spool only, for ``trackway sync``; ``disabled``: nowhere.
                TRACKWAY_MODE, else online
    dir         the folder of the spool; TRACKWAY_DIR, else the platform's folder for state
    rank        place of this process among those that train together; RANK or SLURM_PROCID
    capture     what is recorded by itself: any of ``environment``, ``system``, ``console``; True for all, False for
                none. TRACKWAY_CAPTURE, else all

    A former run of ``init`` that is still open, and neither in ``with`` nor the parent of this one, is completed
    first: so a cell of a notebook may be run again.

    Online, the server is asked once. If it does not answer, or does not know the token, that is said, and training
    goes on: everything is in the spool and sent later. Raises TrackwayError for what it refuses: a run that must be
    there and is not, or one that is there and never should.
    """
    with _lock:
        _make_room(parent)
        chosen = chosen_mode(mode)
        channel = _channel(chosen, dir, url, api_token, rank)
        run = start_run(
            channel,
            experiment_name=experiment or os.environ.get("TRACKWAY_EXPERIMENT") or DEFAULT_EXPERIMENT,
            project_name=project or os.environ.get("TRACKWAY_PROJECT"),
            name=name,
            run_id=id or (_run_id_from_outside() if parent is None else None),
            resume=resume,
            parent=parent,
            tags=tags,
            captured=capturing.chosen(capture, capturing.ALL) if chosen != DISABLED else (),
            kind=SessionRun,
        )
        _runs.append(run)
    for given in (params, config):
        if given:
            run.log_params(given)
    if notes:
        run.set_notes(notes)
    return run


def current_run() -> Run | None:
    """The run that the calls of this module go to; None when there is none."""
    return _runs[-1] if _runs else None


def finish(status: str = "completed") -> None:
    """Ends the current run, as ``Run.finish``; does nothing when there is none."""
    run = current_run()
    if run is not None:
        run.finish(status)


def close_all(seconds_max: float = 0.0) -> None:
    """Ends the threads of ``init`` and gives its spools free; what was not sent stays in them."""
    with _lock:
        for channel in _channels.values():
            channel.close(seconds_max)
            if channel.connection is not None:
                channel.connection.close()
        _channels.clear()


def log_params(params: Mapping[Any, Any] | None) -> None:
    """``Run.log_params`` of the current run."""
    _current().log_params(params)


def log_metrics(
    metrics: Mapping[Any, Any] | None,
    step: int | None = None,
    *,
    wallclock: float | None = None,
    context: Mapping[str, Any] | None = None,
) -> None:
    """``Run.log_metrics`` of the current run."""
    _current().log_metrics(metrics, step, wallclock=wallclock, context=context)


def log_metric(
    key: str,
    value: Any,
    step: int | None = None,
    *,
    wallclock: float | None = None,
    context: Mapping[str, Any] | None = None,
) -> None:
    """``Run.log_metric`` of the current run."""
    _current().log_metric(key, value, step, wallclock=wallclock, context=context)


def log_artifact(path: LocalPath, artifact_path: str | None = None) -> None:
    """``Run.log_artifact`` of the current run."""
    _current().log_artifact(path, artifact_path)


def log_artifacts(folder: LocalPath, artifact_path: str | None = None) -> None:
    """``Run.log_artifacts`` of the current run."""
    _current().log_artifacts(folder, artifact_path)


def log_text(text: str, artifact_path: str) -> None:
    """``Run.log_text`` of the current run."""
    _current().log_text(text, artifact_path)


def log_dict(content: Any, artifact_path: str) -> None:
    """``Run.log_dict`` of the current run."""
    _current().log_dict(content, artifact_path)


def log_image(key: str, image: Any, step: int | None = None) -> None:
    """``Run.log_image`` of the current run."""
    _current().log_image(key, image, step)


def log_figure(figure: Any, artifact_path: str) -> None:
    """``Run.log_figure`` of the current run."""
    _current().log_figure(figure, artifact_path)


def log_histogram(
    key: str,
    values: Any = None,
    step: int | None = None,
    *,
    bins: int = 64,
    counts: Any = None,
    edges: Any = None,
) -> None:
    """``Run.log_histogram`` of the current run."""
    _current().log_histogram(key, values, step, bins=bins, counts=counts, edges=edges)


def log_table(key: str, table: Any, step: int | None = None) -> None:
    """``Run.log_table`` of the current run."""
    _current().log_table(key, table, step)


def log_reference(uri: LocalPath, path: str | None = None, **more: Any) -> None:
    """``Run.log_reference`` of the current run."""
    _current().log_reference(uri, path, **more)


def log_dataset(
    name: str, path: LocalPath | None = None, description: str | None = None, **more: Any
) -> dict[str, Any]:
    """``Run.log_dataset`` of the current run."""
    return _current().log_dataset(name, path, description, **more)


def log_event(name: str, metadata: Mapping[str, Any] | None = None, **more: Any) -> str:
    """``Run.log_event`` of the current run."""
    return _current().log_event(name, metadata, **more)


def set_tags(tags: Mapping[Any, Any] | Iterable[Any]) -> None:
    """``Run.set_tags`` of the current run."""
    _current().set_tags(tags)


def set_notes(markdown: str) -> None:
    """``Run.set_notes`` of the current run."""
    _current().set_notes(markdown)


def _current() -> Run:
    run = current_run()
    if run is None:
        raise TrackwayError("no run was started: call trackway.init() first", kind="not_found", field="run")
    return run


def _run_id_from_outside() -> str | None:
    """The run that whoever started this process wants joined; once, as later runs of it are others."""
    run_id = os.environ.get("TRACKWAY_RUN_ID") or None
    if run_id is None or run_id in _joined:
        return None
    _joined.add(run_id)
    return run_id


def _make_room(parent: Run | str | None) -> None:
    """Ends the run of a cell that is run again."""
    run = current_run()
    if run is None or run.id in _entered:
        return
    if run.id != (parent.id if isinstance(parent, Run) else parent):
        run.finish()


def _channel(
    mode: str, directory: LocalPath | None, url: str | None, api_token: str | None, rank: int | None
) -> Channel:
    """One for each server, folder and mode: runs one after the other share its threads."""
    key = (mode, directory and os.fspath(directory), url, api_token, rank, *_environment())
    channel = _channels.get(key)
    if channel is None:
        connection = None
        known_url = url or os.environ.get("TRACKWAY_URL")
        if mode == ONLINE:
            connection = Connection(credentials.find(url, api_token), TIMEOUT_SECONDS)
            known_url = connection.url
        elif mode == OFFLINE and not known_url:
            known_url = _url_known_offline()
        channel = Channel(connection, mode=mode, url=known_url, directory=directory, rank=rank)
        _channels[key] = channel
    return channel


def _url_known_offline() -> str | None:
    """Where it would go; offline nothing may depend on a file that cannot be read."""
    try:
        return credentials.find().url
    except TrackwayError:
        return None


def _environment() -> tuple[str | None, ...]:
    names = ("TRACKWAY_URL", "TRACKWAY_TOKEN", "TRACKWAY_DIR", "TRACKWAY_CREDENTIALS", "RANK", "SLURM_PROCID")
    return tuple(os.environ.get(name) for name in names)


def _after_fork() -> None:
    """In a forked child: the parent's run is still the current one, but who held the lock is gone."""
    global _lock
    _lock = threading.RLock()
    _joined.clear()


lifecycle.after_fork(_after_fork)
