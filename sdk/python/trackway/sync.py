"""Sends what is left in spools: of processes that died, that could not reach the server, or that run offline.

It sends the very batches that the processes would have sent, or did send; so it does no harm to run it twice, or
beside a process that is still sending.
"""

from __future__ import annotations

import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from . import artifact, credentials, folder
from .channel import BEAT_SECONDS, HEARTBEATS
from .connection import Connection
from .error import TrackwayError
from .feed import Feed
from .folder import LeftFolder
from .sender import Aliases, GaveUp, Sender

# A server that restarts is back by then.
PATIENCE_SECONDS = 30.0
TIMEOUT_SECONDS = 30.0

_log = logging.getLogger("trackway")


@dataclass
class Outcome:
    """What became of one spool."""

    path: str
    url: str
    host: str
    pid: int
    #: Its process is still there, and may write more.
    alive: bool
    #: How many of what the server has now.
    delivered: Counter[str] = field(default_factory=Counter)
    #: How many of what the server will never take.
    refused: Counter[str] = field(default_factory=Counter)
    #: Bytes that are damaged; a torn end counts, as the call that wrote it never returned.
    skipped_bytes: int = 0
    #: Bytes that are still to be sent.
    waiting_bytes: int = 0
    #: Why they are.
    error: str = ""

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {**self.__dict__, "delivered": dict(self.delivered), "refused": dict(self.refused)}


class Syncer:
    """Sends the spools below a folder, as often as it is asked to."""

    def __init__(
        self,
        directory: str | os.PathLike[str] | None = None,
        *,
        url: str | None = None,
        api_token: str | None = None,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self.directory = folder.root(directory)
        self._url = url
        self._api_token = api_token
        self._patience_seconds = patience_seconds
        self._connections: dict[str, Connection] = {}
        self._beaten_at: dict[str, float] = {}

    def run(self, wanted: Callable[[LeftFolder], bool] = lambda _: True) -> Iterator[Outcome]:
        """Sends each spool in turn, or those that are wanted."""
        for left in folder.left(self.directory):
            if wanted(left):
                yield self._send(left)

    def close(self) -> None:
        """Frees the sockets."""
        for connection in self._connections.values():
            connection.close()

    def _send(self, left: LeftFolder) -> Outcome:
        about = left.about
        outcome = Outcome(left.path, "", str(about.get("host", "")), int(about.get("pid") or 0), left.alive)
        started_at = time.monotonic()

        def wait(seconds: float, error: TrackwayError) -> None:
            waited = time.monotonic() - started_at
            if error.status in (401, 403) or waited + seconds > self._patience_seconds:
                raise GaveUp(str(error))
            time.sleep(seconds)

        try:
            connection = self._connection(self._url or about.get("url"))
            outcome.url = connection.url
            sender = Sender(
                connection,
                left.writer_id,
                wait=wait,
                aliases=_aliases(left),
                files=artifact.Files(partial(_file_path, left.path), elsewhere=not left.ours),
            )
        except TrackwayError as error:
            outcome.error = str(error)
            outcome.waiting_bytes = left.waiting_bytes
            return outcome
        feeds = []
        try:
            for stream in folder.STREAMS:
                feed = Feed(partial(left.segments, stream), partial(left.free, stream))
                feeds.append(feed)
                while (unit := feed.next()) is not None:
                    try:
                        sender.deliver(unit)
                    except (LookupError, TypeError, ValueError) as error:
                        # Whole, but nonsense: a spool may come from anybody.
                        sender.refused["record"] += 1
                        _log.warning("trackway: a record of this spool makes no sense: %r", error)
                    feed.delivered(unit)
        except (GaveUp, OSError) as error:
            outcome.error = str(error)
        finally:
            for feed in feeds:
                feed.close()
        outcome.delivered = sender.delivered
        outcome.refused = sender.refused
        outcome.skipped_bytes = sum(feed.skipped_bytes for feed in feeds)
        left.refresh()
        outcome.alive = left.alive
        if left.alive and not outcome.error:
            self._beat(left, connection)
        outcome.waiting_bytes = left.waiting_bytes
        if not outcome.error and not left.alive and not outcome.waiting_bytes:
            left.remove()
        return outcome

    def _beat(self, left: LeftFolder, connection: Connection) -> None:
        """Tells that a process lives that cannot tell itself."""
        now = time.monotonic()
        runs = left.open_runs
        if not runs or now - self._beaten_at.get(left.path, -BEAT_SECONDS) < BEAT_SECONDS:
            return
        self._beaten_at[left.path] = now
        about = left.about
        process = {"id": left.writer_id, "host": about.get("host"), "pid": about.get("pid")}
        if about.get("rank") is not None:
            process["rank"] = about["rank"]
        try:
            beats = [{"run_id": run_id, "process": process} for run_id in runs]
            connection.json("POST", HEARTBEATS, {"runs": beats, "sent_at_ms": time.time_ns() // 1_000_000})
        except TrackwayError as error:
            _log.debug("trackway: a sign of life was not heard: %s", error)

    def _connection(self, url: str | None) -> Connection:
        found = credentials.find(url, self._api_token)
        connection = self._connections.get(found.url)
        if connection is None:
            connection = self._connections[found.url] = Connection(found, TIMEOUT_SECONDS)
        return connection


def _file_path(path: str, name: str) -> str | None:
    # The name comes from a file that anybody may have written.
    return os.path.join(path, "files", os.path.basename(name))


def _aliases(left: LeftFolder) -> Aliases:
    path = os.path.join(left.path, "aliases.json")
    known = folder.read_json(path)
    return Aliases(known if isinstance(known, dict) else {}, lambda aliases: folder.write_json(path, aliases))
