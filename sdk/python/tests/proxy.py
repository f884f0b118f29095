"""A faulty network: forwards requests to the real server, except where its script says otherwise."""

from __future__ import annotations

import threading
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PASS = "pass"
#: The server gets the request; its answer is lost on the way back.
LOSE_ANSWER = "lose answer"
#: The server is too busy and says when to come back.
BUSY = "busy"


class Proxy:
    def __init__(self, server_url: str) -> None:
        self.address = server_url.removeprefix("http://")
        #: What happens to the next POST requests; afterwards they pass.
        self.script: list[str] = []
        #: The server stumbles over ingest requests that hold these bytes.
        self.poison: bytes | None = None
        #: Body and received status of every ingest request, in order.
        self.ingests: list[tuple[bytes, int]] = []
        self.retry_after = "1"
        proxy = self

        class Handler(_Handler):
            owner = proxy

        self._listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._listener.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._listener.server_port}"
        threading.Thread(target=self._listener.serve_forever, name="proxy", daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown()
        self._listener.server_close()


class _Handler(BaseHTTPRequestHandler):
    owner: Proxy
    protocol_version = "HTTP/1.1"

    def forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        ingest = self.path == "/api/v1/ingest"
        fault = self.owner.script.pop(0) if self.command == "POST" and self.owner.script else PASS
        if ingest and self.owner.poison is not None and self.owner.poison in body:
            self.answer(500, b'{"kind": "internal", "detail": "something went wrong"}', {})
            return
        if fault == BUSY:
            self.owner.ingests.append((body, 503))
            self.answer(503, b"{}", {"Retry-After": self.owner.retry_after})
            return
        upstream = HTTPConnection(self.owner.address, timeout=30)
        headers = {key: value for key, value in self.headers.items() if key.lower() != "host"}
        upstream.request(self.command, self.path, body=body, headers=headers)
        answer = upstream.getresponse()
        data = answer.read()
        upstream.close()
        if ingest:
            self.owner.ingests.append((body, answer.status))
        if fault == LOSE_ANSWER:
            self.close_connection = True
        else:
            self.answer(answer.status, data, {})

    do_GET = do_POST = do_PUT = do_PATCH = forward

    def answer(self, status: int, data: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """The test says what matters."""
