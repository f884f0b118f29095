"""Delivers records to the server: exactly once, in order, however often the connection breaks.

Each batch carries (writer id, sequence). A retry repeats the number and the very same bytes, so that the
server can tell a batch whose answer got lost from a new one.
"""

from __future__ import annotations

import logging
import os
import time

from . import batch
from .connection import Connection, encode_json
from .error import TrackwayError
from .record import Edit, Record
from .retry import Backoff

INGEST = "/api/v1/ingest"
# One lost packet is no news; a third failure in a row is.
ATTEMPTS_BEFORE_WARNING = 3
# A server that stumbles over one record must not hold up the rest: a batch is soon cut in two to find that
# record, which then gets less time than the end of a run waits, in case the fault lies elsewhere and passes.
INTERNAL_ERROR_BATCH_SECONDS_MAX = 1.0
INTERNAL_ERROR_RECORD_SECONDS_MAX = 20.0
# The same refusal may come for every batch: say it once, and remember a bounded number of them.
WARNINGS_MAX = 100
# Refusals that may be the fault of one record among many.
SPLIT_KINDS = ("invalid", "not_found", "too_large", "internal")

_log = logging.getLogger("trackway")


class Sender:
    """One writer in the eyes of the server. Used by one thread at a time."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._warned: set[str] = set()
        self.become_new_writer()

    def become_new_writer(self) -> None:
        """A forked child must not count on with its parent's number."""
        self._writer_id = os.urandom(16).hex()
        self._sequence = 0

    def after_fork(self) -> None:
        """In a forked child."""
        self.become_new_writer()
        self._connection.after_fork()

    def deliver(self, records: list[Record]) -> list[Record]:
        """Returns when the server has the records; gives back those that it refused for good."""
        if isinstance(records[0], Edit):
            edit = records[0]
            content = encode_json(edit.content)
            refusal = self._send(edit.method, edit.target, content, "application/json", records)
        else:
            refusal = self._send_batch(records)
            if refusal is not None and refusal.kind == "conflict":
                # Someone else counts with our writer id: this process was cloned together with its machine.
                self.become_new_writer()
                refusal = self._send_batch(records)
        if refusal is None:
            return []
        if len(records) > 1 and refusal.kind in SPLIT_KINDS:
            # A batch is taken whole or not at all: look for the record at fault and save the others.
            middle = len(records) // 2
            return self.deliver(records[:middle]) + self.deliver(records[middle:])
        self._warn_once(f"{self._connection.url} refused what was logged: {refusal}")
        return records

    def _send_batch(self, records: list[Record]) -> TrackwayError | None:
        body = batch.encode(self._writer_id, self._sequence, records)
        self._sequence += 1
        return self._send("POST", INGEST, body, batch.MIME, records)

    def _send(
        self, method: str, target: str, body: bytes, content_type: str, records: list[Record]
    ) -> TrackwayError | None:
        """Sends until there is an answer: None when it was taken, otherwise why it never will be."""
        alone = len(records) == 1
        internal_seconds_max = (
            INTERNAL_ERROR_RECORD_SECONDS_MAX if alone else INTERNAL_ERROR_BATCH_SECONDS_MAX
        )
        backoff = Backoff()
        started_at = time.monotonic()
        while True:
            try:
                self._connection.request(method, target, body=body, content_type=content_type)
                break
            except TrackwayError as error:
                waited_seconds = time.monotonic() - started_at
                if not error.transient or (error.status == 500 and waited_seconds > internal_seconds_max):
                    return error
                wait_seconds = backoff.seconds(error)
                if backoff.attempts == ATTEMPTS_BEFORE_WARNING:
                    _log.warning("trackway: %s; what is logged is kept and sent later", error)
            time.sleep(wait_seconds)
        if backoff.attempts >= ATTEMPTS_BEFORE_WARNING:
            _log.warning("trackway: %s takes data again", self._connection.url)
        return None

    def _warn_once(self, message: str) -> None:
        if message not in self._warned and len(self._warned) < WARNINGS_MAX:
            self._warned.add(message)
            _log.warning("trackway: %s", message)
