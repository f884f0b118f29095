"""A run: one execution of a training script, as the script sees it."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import urlencode

from . import artifact, lifecycle, series
from .artifact import LocalPath
from .connection import Connection
from .error import TrackwayError
from .outbox import Outbox
from .record import Edit, Facts, Logged
from .retry import retried
from .value import checked_key, flat_params, metric_step, metric_value, stored_text, tag_values

# How long the end of a run waits for its last records; the background thread goes on trying after that.
FINISH_SECONDS_MAX = 30.0
# One record must fit one request: 10 000 keys of 1 000 bytes, 200 texts of 16 000 bytes.
METRICS_PER_RECORD_MAX = 10_000
FACTS_PER_RECORD_MAX = 200
END_STATUSES = ("completed", "failed", "killed")

_log = logging.getLogger("trackway")
V = TypeVar("V")


class Run:
    """Records what a training run does. Use it in ``with``, or call ``finish`` at the end.

    Logging calls queue and return at once. They raise for values that make no sense (TypeError, ValueError
    that name the key), never because of the server or the network. After the run has ended they still
    work; the server marks the run as logged to late. All methods may be called from any thread.

    A run that nobody ends is ended with the interpreter: as failed if an exception ended the program, killed
    on Ctrl-C or SIGTERM, completed otherwise. Only the process that started a run ends it.
    """

    def __init__(self, connection: Connection, outbox: Outbox, body: Mapping[str, Any]) -> None:
        #: 32 hex digits.
        self.id: str = body["id"]
        self.name: str = body["name"]
        self.experiment_id: str = body["experiment_id"]
        #: Its page in the browser.
        self.url = f"{connection.url}/runs/{self.id}"
        #: ``running`` until this process ends it.
        self.status = "running"
        self._connection = connection
        self._outbox = outbox
        self._process = os.getpid()
        self._last_step = -1
        self._checked_keys: dict[Any, str] = {}
        # Re-entrant: the SIGTERM handler may end the run in the middle of a call of the main thread.
        self._lock = threading.RLock()
        outbox.open()
        lifecycle.opened(self)

    def log_params(self, params: Mapping[Any, Any] | None) -> None:
        """Records params. Nested dicts become dotted keys; int, float, bool, str and None keep their type."""
        for piece in _pieces(flat_params(params or {}), FACTS_PER_RECORD_MAX):
            self._outbox.put(Facts(self.id, piece, {}))

    def log_metrics(self, metrics: Mapping[Any, Any] | None, step: int | None = None) -> None:
        """Records one value for each key at a step; NaN and infinities are values too.

        Without a step the values get the one after the highest so far of this run, starting at 0.
        """
        if not metrics:
            return
        if not isinstance(metrics, Mapping):
            raise TypeError(f"metrics: expected a dict, found {type(metrics).__name__}")
        time_ms = time.time_ns() // 1_000_000
        values = {self._metric_key(key): metric_value(key, value) for key, value in metrics.items()}
        with self._lock:
            number = metric_step(self._last_step + 1 if step is None else step)
            self._last_step = max(self._last_step, number)
        for piece in _pieces(values, METRICS_PER_RECORD_MAX):
            self._outbox.put(Logged(self.id, number, time_ms, piece))

    def set_tags(self, tags: Mapping[Any, Any] | Iterable[Any]) -> None:
        """Adds tags: a dict, or a list of plain words. A tag of the same key is overwritten."""
        for piece in _pieces(tag_values(tags), FACTS_PER_RECORD_MAX):
            self._outbox.put(Facts(self.id, {}, piece))

    def set_notes(self, markdown: str) -> None:
        """Writes the run's note, in place of what was there; older revisions are kept."""
        if not isinstance(markdown, str):
            raise TypeError(f"notes: expected a text, found {type(markdown).__name__}")
        body = {"body": stored_text(markdown)}
        self._outbox.put(Edit("note", "PUT", f"/api/v1/runs/{self.id}/note", body))

    def log_artifact(self, path: LocalPath, artifact_path: str | None = None) -> None:
        """Uploads a file and returns when the server has it.

        ``artifact_path`` is a folder when it ends in a slash, otherwise the full path inside the run.
        """
        local = Path(path)
        artifact.upload_file(self._connection, self.id, local, artifact.target_path(local, artifact_path))

    def log_artifacts(self, folder: LocalPath, artifact_path: str | None = None) -> None:
        """Uploads every file below a folder, paths kept, into the folder ``artifact_path`` of the run."""
        root = Path(folder)
        if not root.exists():
            raise FileNotFoundError(f"no such folder: {root}")
        if not root.is_dir():
            raise NotADirectoryError(f"not a folder: {root}")
        prefix = artifact_path.rstrip("/") + "/" if artifact_path else ""
        for local, path in artifact.files_below(root):
            artifact.upload_file(self._connection, self.id, local, prefix + path)

    def log_text(self, text: str, artifact_path: str) -> None:
        """Stores a text as the file ``artifact_path`` of the run."""
        content = text.encode("utf-8", "backslashreplace")
        artifact.upload_bytes(self._connection, self.id, content, artifact_path)

    def get_metric(self, key: str) -> series.Points:
        """Reads a metric back: every point, bit for bit as logged; ValueError if it holds texts or bytes."""
        self._outbox.flush(self._connection.timeout_seconds)
        target = f"/api/v1/series?{urlencode({'run': self.id, 'key': key})}"
        answer = retried(
            lambda: self._connection.request("GET", target),
            patience_seconds=self._connection.timeout_seconds,
        )
        for one in series.decode(answer.body):
            if one.key == key and not one.context:
                return one.points
        raise TrackwayError(f'run "{self.id}" has no metric "{key}"', kind="not_found", field="key")

    def finish(self, status: str = "completed") -> None:
        """Ends the run and waits, a bounded time, until everything logged is with the server.

        The first end counts; later ones only wait.
        """
        self.end_without_waiting(status)
        if not self._outbox.flush(FINISH_SECONDS_MAX):
            waiting = self._outbox.unsent()
            _log.warning("trackway: not yet taken by %s, still trying: %s", self._connection.url, waiting)
        lost = self._outbox.take_lost()
        if lost:
            _log.warning("trackway: lost: %s", lost)

    #: Another word for ``finish``.
    end = finish

    def end_without_waiting(self, status: str) -> None:
        """Queues the end of the run."""
        if status not in END_STATUSES:
            raise ValueError(f'status: expected completed, failed or killed, found "{status}"')
        with self._lock:
            if self.status != "running" or self._process != os.getpid():
                return
            ended = {"status": status, "ended_at_ms": time.time_ns() // 1_000_000}
            self._outbox.put(Edit("run end", "PATCH", f"/api/v1/runs/{self.id}", ended))
            self.status = status
        lifecycle.closed(self)

    def after_fork(self) -> None:
        """In a forked child: another thread of the parent may have held the lock."""
        self._lock = threading.RLock()

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.finish(_status_after(error))

    def __repr__(self) -> str:
        return f"<Run {self.name} {self.status} {self.url}>"

    def _metric_key(self, key: Any) -> str:
        checked = self._checked_keys.get(key)
        if checked is None:
            checked = self._checked_keys[key] = checked_key(str(key))
        return checked


def _status_after(error: BaseException | None) -> str:
    if error is None or (isinstance(error, SystemExit) and error.code in (None, 0)):
        return "completed"
    return "killed" if isinstance(error, KeyboardInterrupt) else "failed"


def _pieces(values: dict[str, V], length_max: int) -> Iterator[dict[str, V]]:
    if len(values) <= length_max:
        if values:
            yield values
        return
    items = iter(values.items())
    while piece := dict(islice(items, length_max)):
        yield piece
