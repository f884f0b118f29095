"""When to try again, and how long to wait before."""

from __future__ import annotations

import os
import time
from typing import Callable, TypeVar

from .error import TrackwayError

T = TypeVar("T")

# A restarting server is back within a second or two; five seconds keep the load of waiting clients low.
BACKOFF_SECONDS_FIRST = 0.1
BACKOFF_SECONDS_MAX = 5.0


class Backoff:
    """Growing waits with jitter, so that clients cut off together do not come back together."""

    def __init__(self) -> None:
        self.attempts = 0

    def seconds(self, error: TrackwayError) -> float:
        """How long to wait after this failure; never less than the server asks for."""
        longest: float = min(BACKOFF_SECONDS_FIRST * 2 ** min(self.attempts, 16), BACKOFF_SECONDS_MAX)
        self.attempts += 1
        # From the system, so that forked twins differ: half to all of the longest wait.
        jitter = (256 + os.urandom(1)[0]) / 512
        return max(longest * jitter, error.retry_after_seconds or 0.0)


def retried(attempt: Callable[[], T], *, patience_seconds: float, repeatable: bool = True) -> T:
    """Calls until it succeeds, fails for good, or has kept failing for ``patience_seconds``.

    A request that is not ``repeatable`` is not sent again when its answer got lost, because it may
    have been applied.
    """
    backoff = Backoff()
    give_up_at: float | None = None
    while True:
        try:
            return attempt()
        except TrackwayError as error:
            if not error.transient or (error.unanswered and not repeatable):
                raise
            now = time.monotonic()
            give_up_at = give_up_at or now + patience_seconds
            wait_seconds = backoff.seconds(error)
            if now + wait_seconds > give_up_at:
                raise
        time.sleep(wait_seconds)
