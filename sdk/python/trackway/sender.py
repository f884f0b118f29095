"""Delivers units of the spool to the server: exactly once, in order, however often the connection breaks.

A batch carries (writer id, number), and its bytes follow from the spool alone: whoever sends it again sends the same,
and the server can tell it from a new one. Requests and uploads may be repeated without harm.
"""

from __future__ import annotations

import logging
import re
import time
from collections import Counter
from collections.abc import Iterable
from hashlib import sha256
from typing import Any, Callable
from urllib.parse import quote

from . import artifact, batch, spool
from .batch import Keyset, gather
from .connection import Connection, encode_json
from .error import TrackwayError
from .feed import Unit
from .retry import Backoff

INGEST = "/api/v1/ingest"
RUNS = "/api/v1/runs"
#: What a request that makes a run says of itself.
RUN_START = "run start"
# One lost packet is no news; a third failure in a row is.
ATTEMPTS_BEFORE_WARNING = 3
# A server that stumbles over one record must not hold up the rest: a batch is soon cut in two to find that
# record, which then gets less time than the end of a run waits, in case the fault lies elsewhere and passes.
INTERNAL_ERROR_BATCH_SECONDS_MAX = 1.0
INTERNAL_ERROR_RECORD_SECONDS_MAX = 20.0
# Requests that one refused batch may cost: enough to find some records at fault among a hundred thousand.
SPLIT_REQUESTS_MAX = 200
# The same refusal may come for every batch: say it once, and remember a bounded number of them.
WARNINGS_MAX = 100
# Refusals that may be the fault of one record among many.
SPLIT_KINDS = ("invalid", "not_found", "too_large", "internal")

_RUN_ID = re.compile(r"[0-9a-f]{32}")
_RUN = r"/api/v1/runs/[0-9a-f]{32}"
#: What a request in a spool may be: by its name the method and the address.
REQUESTS = {
    RUN_START: ("POST", re.compile(RUNS)),
    "run end": ("PATCH", re.compile(_RUN)),
    "note": ("PUT", re.compile(_RUN + "/note")),
    "event": ("POST", re.compile(_RUN + "/events")),
    "environment": ("PUT", re.compile(_RUN + "/environment")),
    # The path inside the run, escaped, and nothing that leads out of it.
    "reference": ("PUT", re.compile(_RUN + r"/references(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~%-]+)+")),
}

_log = logging.getLogger("trackway")


class GaveUp(Exception):
    """The server cannot be reached or asks us to come back, and there is no time left."""


class Outage:
    """The server is away: said once by whoever notices it first, and when it is back."""

    def __init__(self) -> None:
        self._said = False

    def begins(self, error: TrackwayError) -> None:
        if not self._said:
            self._said = True
            _log.warning("trackway: %s; what is logged is kept and sent later", error)

    def ends(self, url: str) -> None:
        if self._said:
            self._said = False
            _log.warning("trackway: %s takes data again", url)


class Sender:
    """Sends what one writer wrote. Used by one thread at a time."""

    def __init__(
        self,
        connection: Connection,
        writer_id: str,
        *,
        wait: Callable[[float, TrackwayError], None],
        aliases: Aliases,
        files: artifact.Files,
        on_started: Callable[[str, dict[str, Any]], None] = lambda run_id, body: None,
        outage: Outage | None = None,
    ) -> None:
        self._connection = connection
        self._writer_id = writer_id
        #: Called between attempts with how long to wait and why; raises GaveUp when there is to be none.
        self._wait = wait
        self._aliases = aliases
        self._files = files
        self._on_started = on_started
        self._outage = outage or Outage()
        self._warned: set[str] = set()
        self._split_requests = 0
        #: What the server will never take.
        self.refused: Counter[str] = Counter()
        self.delivered: Counter[str] = Counter()

    def deliver(self, unit: Unit) -> None:
        """Returns when the server has it, or has refused it for good. Raises GaveUp."""
        if unit.batch is not None:
            self._split_requests = 0
            self._deliver_batch(unit)
        elif unit.kind == spool.FILE:
            self._deliver_file(unit.content)
        else:
            self._deliver_request(unit.content)

    def _deliver_batch(self, unit: Unit) -> None:
        assert unit.batch is not None
        refusal = self._ingest(unit.batch, self._writer_id, unit.start)
        if refusal is not None and refusal.kind == "conflict":
            # The number was used for other records: a copy of this spool was sent, or the disk lost an entry of
            # the journal. Under a name of its own nothing of it is lost, though some of it may be there twice.
            self._warn_once(
                f"batch {unit.start} was sent with other content before; some values may be doubled"
            )
            refusal = self._ingest(unit.batch, f"{self._writer_id}.{unit.start}", 0)
        if refusal is None:
            self.delivered += unit.batch.count()
        elif self._split_helps(refusal, unit.batch.run_ids):
            offsets = list(_offsets(unit.data))
            if len(offsets) == 1:
                self._refuse(unit.batch.count(), refusal)
                return
            self._split(unit.data, offsets, dict(unit.keysets), f"{self._writer_id}.{unit.start}", 1)
        else:
            self._refuse(unit.batch.count(), refusal)

    def _split(
        self, data: bytes, offsets: list[int], keysets: dict[int, Keyset], name: str, piece: int
    ) -> None:
        """A batch is taken whole or not at all: looks for the records at fault and saves the others."""
        middle = len(offsets) // 2
        for half, part in ((2 * piece, offsets[:middle]), (2 * piece + 1, offsets[middle:])):
            if not part:
                continue
            end = offsets[middle] if part[0] != offsets[middle] else len(data)
            known = dict(keysets)
            found = gather(data, part[0], end, keysets)
            if found.batch is None:
                continue
            self._split_requests += 1
            # The pieces are the same whoever cuts, so each has a name of its own that tells a repetition.
            refusal = self._ingest(found.batch, f"{name}.{half}", 0)
            if refusal is None:
                self.delivered += found.batch.count()
            elif len(part) > 1 and self._split_helps(refusal, found.batch.run_ids):
                cut = [offset - part[0] for offset in part]
                self._split(data[part[0] : end], cut, known, name, half)
            else:
                self._refuse(found.batch.count(), refusal)

    def _split_helps(self, refusal: TrackwayError, run_ids: set[str]) -> bool:
        if refusal.kind == "not_found" and len(run_ids) == 1:
            return False
        return refusal.kind in SPLIT_KINDS and self._split_requests < SPLIT_REQUESTS_MAX

    def _ingest(self, content: batch.Batch, writer_id: str, number: int) -> TrackwayError | None:
        body = content.encode(writer_id, number, self._aliases.known)
        alone = sum(content.count().values()) == 1

        def attempt() -> None:
            self._connection.request("POST", INGEST, body=body, content_type=batch.MIME)

        return self._until_answered(attempt, alone)

    def _deliver_request(self, content: dict[str, Any]) -> None:
        what, target = str(content.get("what")), str(content.get("target"))
        run_id = content.get("run_id")
        if run_id in self._aliases.known:
            target = target.replace(run_id, self._aliases.known[run_id])
        allowed = REQUESTS.get(what)
        if allowed is None or content.get("method") != allowed[0] or not allowed[1].fullmatch(target):
            # A spool may come from anybody; our token is not theirs.
            self._warn_once(
                f"a request in the spool is none that this client makes, and is passed over: {target}"
            )
            self.refused["record"] += 1
            return
        body = self._aliases.applied(content["content"])
        refusal = self._request(what, content["method"], target, body)
        if refusal is not None and what == RUN_START:
            refusal = self._start_otherwise(body, refusal)
        if refusal is None:
            self.delivered[what] += 1
        else:
            self._refuse(Counter([what]), refusal)

    def _request(self, what: str, method: str, target: str, content: dict[str, Any]) -> TrackwayError | None:
        body = encode_json(content)

        def attempt() -> None:
            answer = self._connection.request(method, target, body=body)
            if what == RUN_START:
                self._on_started(content["id"], answer.content())

        return self._until_answered(attempt, alone=True)

    def _start_otherwise(self, content: dict[str, Any], refusal: TrackwayError) -> TrackwayError | None:
        """The run cannot be started as asked, and training went on long ago: finds its records a place."""
        run_id = content["id"]
        if refusal.kind == "not_found" and content.get("resume") == "must":
            self._warn_once(f'there is no run "{run_id}" to resume: it is stored as a new one')
            return self._request(RUN_START, "POST", RUNS, {**content, "resume": "allow"})
        if refusal.kind == "conflict":
            if self._is_ours(run_id, content.get("process", {}).get("id")):
                return None
            other = sha256(f"{self._writer_id} {run_id}".encode()).hexdigest()[:32]
            self._warn_once(
                f'{refusal}: what was logged to the run "{run_id}" is stored as the run "{other}"'
            )
            self._aliases.add(run_id, other)
            return self._request(RUN_START, "POST", RUNS, {**content, "id": other, "resume": "allow"})
        return refusal

    def _is_ours(self, run_id: str, process_id: str | None) -> bool:
        """This process started it before, and the answer was lost."""
        found: list[dict[str, Any]] = []

        def attempt() -> None:
            found.append(self._connection.json("GET", f"{RUNS}/{quote(run_id)}"))

        if self._until_answered(attempt, alone=True) is not None:
            return False
        return any(process.get("id") == process_id for process in found[0].get("processes", ()))

    def _deliver_file(self, content: dict[str, Any]) -> None:
        run_id = self._aliases.known.get(content["run_id"], content["run_id"])
        artifact.checked_path(content["path"])
        if not _RUN_ID.fullmatch(run_id):
            raise ValueError(f"not the id of a run: {run_id}")
        what = f'the artifact "{content["path"]}"'
        try:
            with self._files.opened(content) as source:
                if source.changed:
                    self._warn_once(f"{what} has changed since it was logged and is stored as it is now")
                refusal = artifact.upload(
                    self._connection,
                    run_id,
                    content["path"],
                    source.file,
                    lambda attempt: self._until_answered(attempt, alone=True),
                )
        except (OSError, artifact.Unsteady) as error:
            self._warn_once(f"{what} was not stored: {error}")
            self.refused["artifact"] += 1
        else:
            if refusal is None:
                self.delivered["artifact"] += 1
            else:
                self._refuse(Counter(["artifact"]), refusal)
        self._files.forget(content)

    def _until_answered(self, attempt: Callable[[], None], alone: bool) -> TrackwayError | None:
        """Tries until there is an answer: None when it was taken, otherwise why it never will be."""
        internal_seconds_max = (
            INTERNAL_ERROR_RECORD_SECONDS_MAX if alone else INTERNAL_ERROR_BATCH_SECONDS_MAX
        )
        backoff = Backoff()
        started_at = time.monotonic()
        while True:
            try:
                attempt()
                break
            except TrackwayError as error:
                waited_seconds = time.monotonic() - started_at
                # A token can be renewed while we wait, and nothing of what was logged depends on it.
                unwelcome = error.status in (401, 403)
                if unwelcome:
                    self._connection.renew()
                elif not error.transient or (error.status == 500 and waited_seconds > internal_seconds_max):
                    return error
                wait_seconds = backoff.seconds(error)
                if backoff.attempts == (1 if unwelcome else ATTEMPTS_BEFORE_WARNING):
                    self._outage.begins(error)
                self._wait(wait_seconds, error)
        self._outage.ends(self._connection.url)
        return None

    def _refuse(self, counts: Counter[str], refusal: TrackwayError) -> None:
        self.refused += counts
        self._warn_once(f"{self._connection.url} refused what was logged: {refusal}")

    def _warn_once(self, message: str) -> None:
        if message not in self._warned and len(self._warned) < WARNINGS_MAX:
            self._warned.add(message)
            _log.warning("trackway: %s", message)


class Aliases:
    """Ids of runs that had to be stored under another id, kept beside the spool."""

    def __init__(
        self, known: dict[str, str] | None = None, keep: Callable[[dict[str, str]], None] | None = None
    ):
        self.known = known or {}
        self._keep = keep

    def add(self, run_id: str, other: str) -> None:
        self.known[run_id] = other
        if self._keep is not None:
            self._keep(self.known)

    def applied(self, content: dict[str, Any]) -> dict[str, Any]:
        """A request's content with ids replaced: of the parent of a run."""
        parent = content.get("parent_id")
        return {**content, "parent_id": self.known[parent]} if parent in self.known else content


def describe(counts: Counter[str]) -> str:
    """Counts for a message: ``1200 metric values, 1 param, 1 run end``."""
    return ", ".join(f"{number} {what}{'s' * (number != 1)}" for what, number in counts.items() if number)


def _offsets(data: bytes) -> Iterable[int]:
    """Where each record begins."""
    at = 0
    while at < len(data):
        yield at
        at += 8 + spool.FRAME.unpack_from(data, at)[0]
