"""Artifacts: which path a file gets in its run, and how it is sent, checked end to end by its SHA-256."""

from __future__ import annotations

import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import IO, Union
from urllib.parse import quote

from .connection import BLOCK_BYTES, Body, Connection
from .retry import retried
from .value import clean_text

LocalPath = Union[str, "os.PathLike[str]"]


def target_path(local: Path, artifact_path: str | None) -> str:
    """``None``: the file's name. ``models/``: into that folder. ``models/best.pt``: exactly that."""
    if not artifact_path:
        return local.name
    return artifact_path + local.name if artifact_path.endswith("/") else artifact_path


def files_below(folder: Path) -> Iterator[tuple[Path, str]]:
    """Every file with its path inside the folder, in order. Links to folders are not followed."""
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            local = Path(parent, name)
            if local.is_file():
                yield local, local.relative_to(folder).as_posix()


def upload_file(connection: Connection, run_id: str, local: Path, path: str) -> None:
    """Sends a file as it is now; bytes appended while it is read stay out."""
    with open(local, "rb") as file:
        size_bytes = os.fstat(file.fileno()).st_size
        digest = sha256()
        for block in _blocks(file, size_bytes):
            digest.update(block)

        def attempt() -> None:
            _put(connection, run_id, path, _blocks(file, size_bytes), size_bytes, digest.hexdigest())

        retried(attempt, patience_seconds=connection.timeout_seconds)


def upload_bytes(connection: Connection, run_id: str, content: bytes, path: str) -> None:
    """Sends what is in memory."""
    digest = sha256(content).hexdigest()
    retried(
        lambda: _put(connection, run_id, path, content, len(content), digest),
        patience_seconds=connection.timeout_seconds,
    )


def _put(connection: Connection, run_id: str, path: str, body: Body, size_bytes: int, sha256: str) -> None:
    segments = "/".join(quote(clean_text(segment), safe="") for segment in path.split("/"))
    connection.request(
        "PUT",
        f"/api/v1/runs/{run_id}/artifacts/{segments}",
        body=body,
        content_type="application/octet-stream",
        headers={"Content-Length": str(size_bytes), "X-Content-SHA256": sha256},
    )


def _blocks(file: IO[bytes], size_bytes: int) -> Iterator[bytes]:
    """From the start of the file, so that a second attempt sends it again."""
    file.seek(0)
    left = size_bytes
    while left > 0:
        block = file.read(min(left, BLOCK_BYTES))
        if not block:
            # No OSError: those are taken for a fault of the network, and tried again.
            raise RuntimeError(f"the file became shorter while it was read: {file.name}")
        left -= len(block)
        yield block
