"""HTTP to one server: keep-alive, JSON, and problem answers as errors. One request, one attempt."""

from __future__ import annotations

import json
import select
import socket
import threading
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, Union
from urllib.parse import urlsplit

from . import credentials
from .credentials import Credentials
from .error import TrackwayError

if TYPE_CHECKING:
    import http.client

Body = Union[bytes, Iterable[bytes]]

# Larger than the 8 KiB of http.client: fewer system calls for each megabyte of an artifact.
BLOCK_BYTES = 256 * 1024
# Kinds of answers that carry none, such as those of a proxy in between.
KIND_OF_STATUS = {
    400: "invalid",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    408: "unavailable",
    409: "conflict",
    413: "too_large",
    429: "rate_limited",
    502: "unavailable",
    503: "unavailable",
    504: "unavailable",
}


class Response(NamedTuple):
    """An answer that is not an error."""

    status: int
    body: bytes

    def content(self) -> Any:
        """The body as JSON; None when it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


class Piece(NamedTuple):
    """A part of a body that is read in pieces."""

    block: bytes
    #: What the server calls this state of the body; empty when it says nothing.
    etag: str


class Connection:
    """A server as this process talks to it: a socket for each request at once, kept for the next."""

    def __init__(self, known: Credentials, timeout_seconds: float) -> None:
        parts = urlsplit(known.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            message = f'expected a URL such as "http://127.0.0.1:7171", found "{known.url}"'
            raise TrackwayError(message, kind="invalid", field="url")
        if known.token and not (known.token.isascii() and known.token.isprintable()):
            message = f"the token from {known.token_source} holds characters that no token has"
            raise TrackwayError(message, kind="unauthenticated", field="api_token")
        self.url = known.url
        self.timeout_seconds = timeout_seconds
        self.credentials = known
        self._parts = parts
        self._idle: list[http.client.HTTPConnection] = []
        self._lock = threading.Lock()

    def request(
        self,
        method: str,
        target: str,
        *,
        body: Body | None = None,
        content_type: str = "application/json",
        headers: dict[str, str] | None = None,
        timeout_seconds: float | None = None,
    ) -> Response:
        """Sends one request; raises TrackwayError for anything but a 2xx answer."""
        # Here, because it takes longer to import than all the rest of the package.
        import http.client

        headers = {**self._headers(), **(headers or {})}
        if body is not None:
            headers["Content-Type"] = content_type
        http_connection = self._idle_or_new(timeout_seconds or self.timeout_seconds)
        try:
            answer, data = _exchange(http_connection, method, self._parts.path + target, body, headers)
        except (OSError, http.client.HTTPException) as error:
            http_connection.close()
            message = f"no answer from {self.url}: {_reason(error)}"
            raise TrackwayError(message, kind="unavailable", unanswered=True) from error
        except BaseException:
            # Ctrl-C in the middle of an exchange leaves a socket that no one can use again.
            http_connection.close()
            raise
        with self._lock:
            self._idle.append(http_connection)
        if 200 <= answer.status < 300:
            return Response(answer.status, data)
        raise self._refusal(answer, data)

    def json(
        self, method: str, target: str, content: Any = None, *, timeout_seconds: float | None = None
    ) -> Any:
        """Sends and reads JSON."""
        body = None if content is None else encode_json(content)
        response = self.request(method, target, body=body, timeout_seconds=timeout_seconds)
        try:
            return json.loads(response.body)
        except ValueError as error:
            message = f"{self.url} does not answer as a Trackway server does: {method} {target}"
            raise TrackwayError(message, kind="internal", status=response.status) from error

    def stream(self, target: str) -> Iterator[Piece]:
        """Gets a body of any size in pieces; raises TrackwayError for a refusal and for a body that is cut short.

        Closing the iterator early closes the socket.
        """
        import http.client

        http_connection = self._idle_or_new(self.timeout_seconds)
        whole = False
        try:
            http_connection.request("GET", self._parts.path + target, headers=self._headers())
            answer = http_connection.getresponse()
            if not 200 <= answer.status < 300:
                raise self._refusal(answer, answer.read())
            etag = (answer.getheader("ETag") or "").strip('"')
            while block := answer.read(BLOCK_BYTES):
                yield Piece(block, etag)
            if answer.length:
                raise TrackwayError(f"{self.url} broke off in the middle of an answer", kind="unavailable")
            whole = not answer.will_close
        except (OSError, http.client.HTTPException) as error:
            message = f"no answer from {self.url}: {_reason(error)}"
            raise TrackwayError(message, kind="unavailable", unanswered=True) from error
        finally:
            if whole:
                with self._lock:
                    self._idle.append(http_connection)
            else:
                http_connection.close()

    def renew(self) -> None:
        """Looks for a newer token where the present one was found; an explicit one stays."""
        try:
            found = credentials.find(self.url)
        except TrackwayError:
            return
        if self.credentials.token_source != credentials.EXPLICIT and found.token:
            self.credentials = found

    def close(self) -> None:
        """Closes the sockets not in use; the next request opens another."""
        with self._lock:
            idle, self._idle = self._idle, []
        for http_connection in idle:
            http_connection.close()

    def after_fork(self) -> None:
        """In a forked child: the sockets belong to the parent's conversations, the lock may be held."""
        self._lock = threading.Lock()
        self.close()

    def _headers(self) -> dict[str, str]:
        headers = {"Accept": "*/*", "User-Agent": "trackway-python"}
        if self.credentials.token:
            headers["Authorization"] = f"Bearer {self.credentials.token}"
        return headers

    def _idle_or_new(self, timeout_seconds: float) -> http.client.HTTPConnection:
        while True:
            with self._lock:
                http_connection = self._idle.pop() if self._idle else None
            if http_connection is None:
                return self._opened(timeout_seconds)
            if not _stale(http_connection.sock):
                http_connection.sock.settimeout(timeout_seconds)
                return http_connection
            http_connection.close()

    def _opened(self, timeout_seconds: float) -> http.client.HTTPConnection:
        import http.client

        kind = http.client.HTTPSConnection if self._parts.scheme == "https" else http.client.HTTPConnection
        http_connection = kind(
            str(self._parts.hostname), self._parts.port, timeout=timeout_seconds, blocksize=BLOCK_BYTES
        )
        try:
            http_connection.connect()
        except OSError as error:
            message = f"cannot reach {self.url}: {_reason(error)}"
            # The message says it all; a traceback through http.client would bury it.
            raise TrackwayError(message, kind="unavailable") from None
        return http_connection

    def _refusal(self, answer: http.client.HTTPResponse, data: bytes) -> TrackwayError:
        try:
            problem = json.loads(data)
        except ValueError:
            problem = None
        if not isinstance(problem, dict):
            problem = {"detail": data[:200].decode("utf-8", "replace").strip()}
        message = problem.get("detail") or problem.get("title") or f"{answer.status} {answer.reason}"
        if answer.status == 401:
            if self.credentials.token:
                message += f" (token from {self.credentials.token_source}, server {self.url})"
            else:
                message += f" (no token found: set TRACKWAY_TOKEN or pass api_token, server {self.url})"
        return TrackwayError(
            message,
            kind=problem.get("kind") or KIND_OF_STATUS.get(answer.status, "internal"),
            field=problem.get("field"),
            status=answer.status,
            retry_after_seconds=_retry_after_seconds(answer),
        )


def encode_json(content: Any) -> bytes:
    """Compact JSON. NaN is a mistake here: params name their non-finite values."""
    return json.dumps(content, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def _exchange(
    connection: http.client.HTTPConnection,
    method: str,
    target: str,
    body: Body | None,
    headers: dict[str, str],
) -> tuple[http.client.HTTPResponse, bytes]:
    cut_short = False
    try:
        connection.request(method, target, body=body, headers=headers)
    except (BrokenPipeError, ConnectionResetError):
        # The server stopped reading; it may have said why before it closed.
        cut_short = True
    answer = connection.getresponse()
    data = answer.read()
    if cut_short or answer.will_close:
        connection.close()
    return answer, data


def _stale(sock: socket.socket | None) -> bool:
    """The server has closed it, or said something nobody asked for."""
    if sock is None:
        return True
    try:
        return bool(select.select([sock], [], [], 0)[0])
    except (OSError, ValueError):
        # ValueError: a descriptor beyond what select can watch. A new socket is cheap.
        return True


def _retry_after_seconds(answer: http.client.HTTPResponse) -> float | None:
    text = answer.getheader("Retry-After") or ""
    return float(text) if text.isdigit() else None


def _reason(error: Exception) -> str:
    if isinstance(error, socket.timeout):
        return "timed out"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
