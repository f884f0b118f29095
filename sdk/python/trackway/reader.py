"""Asks a server for what it has: each request again while the server is away, never one that changes anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Callable, TypeVar
from urllib.parse import quote, urlencode

from .connection import Connection
from .retry import retried

T = TypeVar("T")


class Reader:
    """A server to read from. ``patience_seconds`` is how long a request is repeated while there is no answer."""

    def __init__(self, connection: Connection, patience_seconds: float | None = None) -> None:
        self.connection = connection
        self._patience_seconds = connection.timeout_seconds if patience_seconds is None else patience_seconds

    @property
    def url(self) -> str:
        """The server's address."""
        return self.connection.url

    def json(self, target: str, query: Mapping[str, Any] | None = None) -> Any:
        """What the server answers, as JSON. Raises TrackwayError."""
        return self.patiently(lambda: self.connection.json("GET", addressed(target, query)))

    def bytes(self, target: str, query: Mapping[str, Any] | None = None) -> bytes:
        """What the server answers. Raises TrackwayError."""
        return self.patiently(lambda: self.connection.request("GET", addressed(target, query)).body)

    def patiently(self, attempt: Callable[[], T]) -> T:
        """Calls it again while the server is away."""
        return retried(attempt, patience_seconds=self._patience_seconds)


def addressed(target: str, query: Mapping[str, Any] | None) -> str:
    """The address of a question; what is None is not asked, lists repeat their key."""
    told = {key: _text(value) for key, value in (query or {}).items() if value is not None}
    return f"{target}?{urlencode(told, doseq=True)}" if told else target


def segment(text: str) -> str:
    """A text as one part of an address, whatever it holds. Dots alone would be taken for a way up."""
    return "%2E" * len(text) if text in (".", "..") else quote(text, safe="")


def _text(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value
