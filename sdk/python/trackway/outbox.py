"""Between the calls that log and the thread that sends: a bounded queue in memory.

This class is a seam. Runs know only ``open``, ``put``, ``flush`` and ``close``, so that a queue on disk that
survives the process can take its place without a change to them.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, deque
from typing import Callable

from . import lifecycle
from .record import Edit, Record, count, describe

# About half a million metric values: an hour without a server at a hundred values a second.
QUEUE_BYTES_MAX = 64 * 1024 * 1024
# A quarter of what the server takes, because records are measured roughly.
BATCH_BYTES_MAX = 4 * 1024 * 1024
# Long enough to gather the values of a fast loop, short enough for curves that grow while one watches.
GATHER_SECONDS = 0.25
# How long a full queue holds up training, once; then values are dropped until there is room.
PUT_SECONDS_MAX = 1.0

_log = logging.getLogger("trackway")


class Outbox:
    """Keeps records in order until ``deliver`` has returned for them.

    ``deliver`` runs in one background thread and gets either neighbouring records that share a batch or
    one edit; it returns when the server has them, and gives back those that it refused for good.
    """

    def __init__(self, deliver: Callable[[list[Record]], list[Record]], on_fork: Callable[[], None]) -> None:
        self._deliver = deliver
        self._on_fork = on_fork
        self._reset()
        lifecycle.watch(self)

    def _reset(self) -> None:
        self._queue: deque[Record] = deque()
        self._sending: list[Record] = []
        self._queued_bytes = 0
        self._put_count = 0
        self._done_count = 0
        self._flushing = 0
        self._full = False
        self._lost: Counter[str] = Counter()
        self._closed = False
        self._thread: threading.Thread | None = None
        # Re-entrant: a signal handler may end runs while the main thread is in here.
        self._changed = threading.Condition(threading.RLock())

    def open(self) -> bool:
        """Starts the thread. Python 3.12 and later start none at exit, when a last status may be due."""
        with self._changed:
            self._closed = False
            if self._thread is not None:
                return True
            thread = threading.Thread(target=self._work, name="trackway-sender", daemon=True)
            self._thread = thread
            lifecycle.watch(self)
            try:
                thread.start()
            except RuntimeError as error:
                self._thread = None
                _log.warning("trackway: nothing can be sent any more: %s", error)
            return self._thread is not None

    def put(self, record: Record) -> bool:
        """Queues a record; False when it was dropped because the queue stayed full."""
        with self._changed:
            if not (self._has_room(record) or self._wait_for_room(record)) or not self.open():
                self._lost += count([record])
                return False
            self._queue.append(record)
            self._queued_bytes += record.size_bytes
            self._put_count += 1
            if len(self._queue) == 1 or self._queued_bytes >= BATCH_BYTES_MAX:
                self._changed.notify_all()
        return True

    def flush(self, seconds_max: float) -> bool:
        """Waits until everything put so far is dealt with; False when that took too long."""
        with self._changed:
            target = self._put_count
            self._flushing += 1
            self._changed.notify_all()
            try:
                return self._changed.wait_for(lambda: self._done_count >= target, seconds_max)
            finally:
                self._flushing -= 1

    def close(self, seconds_max: float) -> bool:
        """Flushes, then lets the thread end. A later ``put`` starts it again."""
        sent = self.flush(seconds_max)
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        return sent

    def unsent(self) -> str:
        """What the server has not yet confirmed, for a message."""
        with self._changed:
            return describe(count([*self._sending, *self._queue]))

    def take_lost(self) -> str:
        """What was dropped or refused since the last time this was asked, for a message; mostly nothing."""
        with self._changed:
            lost, self._lost = self._lost, Counter()
        return describe(lost)

    def after_fork(self) -> None:
        """In a forked child: what is queued belongs to the parent, who still sends it."""
        self._reset()
        self._on_fork()

    def _has_room(self, record: Record) -> bool:
        size_bytes = record.size_bytes
        # The end of a run has no size and always fits; a giant fits when it is alone.
        return not size_bytes or not self._queued_bytes or self._queued_bytes + size_bytes <= QUEUE_BYTES_MAX

    def _wait_for_room(self, record: Record) -> bool:
        if self._full:
            return False
        if self._changed.wait_for(lambda: self._has_room(record), PUT_SECONDS_MAX):
            return True
        self._full = True
        _log.warning(
            "trackway: %d MiB wait to be sent and there is no room for more: until the server takes them, "
            "what is logged is lost",
            QUEUE_BYTES_MAX // 2**20,
        )
        return False

    def _work(self) -> None:
        while self._take():
            try:
                refused = self._deliver(self._sending)
            except Exception:
                # Our own mistake, but training and the records that follow must not suffer for it.
                _log.exception("trackway: a fault of the client")
                refused = self._sending
            with self._changed:
                self._lost += count(refused)
                self._done_count += len(self._sending)
                self._queued_bytes -= sum(record.size_bytes for record in self._sending)
                self._sending = []
                self._full = False
                self._changed.notify_all()

    def _take(self) -> bool:
        """Moves the next records to ``_sending``; False when the thread has nothing left to do."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closed)
            if not self._queue:
                self._thread = None
                return False
            gathered_at = time.monotonic() + GATHER_SECONDS
            while not self._flushing and self._queued_bytes < BATCH_BYTES_MAX:
                left = gathered_at - time.monotonic()
                if left <= 0:
                    break
                self._changed.wait(left)
            self._sending = [self._queue.popleft()]
            size_bytes = self._sending[0].size_bytes
            while (
                self._queue
                and not isinstance(self._sending[0], Edit)
                and not isinstance(self._queue[0], Edit)
            ):
                size_bytes += self._queue[0].size_bytes
                if size_bytes > BATCH_BYTES_MAX:
                    break
                self._sending.append(self._queue.popleft())
            return True
