"""The one error that callers see."""

from __future__ import annotations

UNSUPPORTED = "unsupported"


class TrackwayError(Exception):
    """The server refused a request, or could not be asked.

    ``kind`` is one of the server's kinds: ``unauthenticated``, ``forbidden``, ``not_found``,
    ``conflict``, ``invalid``, ``too_large``, ``rate_limited``, ``unavailable``, ``internal``; or ``unsupported``,
    which this client says of what was not even asked for.
    """

    def __init__(
        self,
        message: str,
        *,
        kind: str,
        field: str | None = None,
        status: int | None = None,
        retry_after_seconds: float | None = None,
        unanswered: bool = False,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        #: The part of the input at fault, such as ``series[0].values``.
        self.field = field
        #: The HTTP status; None when no answer came.
        self.status = status
        self.retry_after_seconds = retry_after_seconds
        #: The request may have reached the server, but its answer did not reach us.
        self.unanswered = unanswered

    @property
    def transient(self) -> bool:
        """Trying again may succeed."""
        if self.status is None:
            return self.kind != UNSUPPORTED
        return self.status in (408, 429) or self.status >= 500


def unsupported(feature: str) -> TrackwayError:
    """For a call that needs what no server has yet, such as ``sweeps``."""
    return TrackwayError(f"the server does not support {feature} yet", kind=UNSUPPORTED)
