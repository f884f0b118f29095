"""Artifacts: which path a file gets in its run, where its content waits, and how it is sent, checked by its SHA-256.

A small content is copied into the spool's folder at the call; so is what was made in memory. A large file is not: a
hard link where the file system is the same, and else an open descriptor, keep the content alive should its name go
away. What happens to the content itself cannot be helped, but is noticed and said.
"""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, Callable, NamedTuple, Union
from urllib.parse import quote

from .connection import BLOCK_BYTES, Body, Connection
from .error import TrackwayError
from .value import clean_text

LocalPath = Union[str, "os.PathLike[str]"]
# Calls what it is given until there is an answer: None when it was taken, otherwise why it never will be.
UntilAnswered = Callable[[Callable[[], None]], Union[TrackwayError, None]]

# A file up to here is copied when it is logged: most results are small, and may be gone a moment later.
COPY_BYTES_MAX = 1024 * 1024
# Descriptors held for files that cannot be linked; a process has about a thousand.
HELD_MAX = 100
# Of the server.
PATH_BYTES_MAX = 1_000
# A file that keeps changing while it is read.
ATTEMPTS_MAX = 3
# A larger content is sent in parts of this size, so that a connection that breaks costs one part only.
PART_BYTES = 64 * 1024 * 1024
# The server reads all parts once more to make one file of them: at 50 MB/s the largest takes a quarter of an hour.
JOIN_SECONDS_MAX = 1_800.0


class NoRoom(Exception):
    """A content cannot be kept: the spool is full, or there is no place for it."""


class Unsteady(Exception):
    """A file changes faster than it can be read."""


def checked_path(path: str) -> str:
    """A path inside a run as the server takes it; raises ValueError for others."""
    path = clean_text(path)
    if not 1 <= len(path.encode("utf-8")) <= PATH_BYTES_MAX:
        raise ValueError(f'artifact path: expected 1 to {PATH_BYTES_MAX} bytes, found "{path[:80]}"')
    if "\\" in path or any(character < " " or "\x7f" <= character <= "\x9f" for character in path):
        raise ValueError(f"artifact path: no backslash and no control characters are allowed: {path!r}")
    if any(part in ("", ".", "..") for part in path.split("/")):
        raise ValueError(
            f'artifact path: expected a relative path without empty, "." or ".." parts: "{path}"'
        )
    return path


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


class Source(NamedTuple):
    """A content to be sent."""

    file: IO[bytes]
    #: It is not what it was when it was logged.
    changed: bool

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *error: object) -> None:
        self.file.close()


class Files:
    """Contents that wait for their upload: those of this process, or those of a folder that one left."""

    def __init__(
        self,
        file_path: Callable[[str], str | None],
        *,
        limit_bytes: int = 2**63,
        elsewhere: bool = False,
    ) -> None:
        self._file_path = file_path
        self._limit_bytes = limit_bytes
        #: Bytes of contents that are copies.
        self._kept_bytes = 0
        #: The records were written on another machine: their paths mean nothing here.
        self._elsewhere = elsewhere
        self._held: dict[str, int] = {}
        self._lock = threading.Lock()
        self._count = 0

    def keep_bytes(self, content: bytes) -> dict[str, Any]:
        """What a record says of a content that was in memory; raises NoRoom."""
        name, path = self._new()
        about = {"content": name, "size_bytes": len(content), "copied": True}
        with self._lock:
            if self._kept_bytes + len(content) > self._limit_bytes:
                raise NoRoom(f"{self._kept_bytes // 2**20} MiB of files wait to be sent")
            self._kept_bytes += len(content)
        try:
            if path is not None and _write(path, content):
                return about
            self._hold_bytes(name, content)
        except OSError as error:
            self.forget(about)
            raise NoRoom(f"there is no place to keep it: {error.strerror}") from error
        del about["content"]
        return {**about, "held": name}

    def keep_file(self, local: Path) -> dict[str, Any]:
        """What a record says of a file; raises OSError when it cannot be read, NoRoom when it cannot be kept."""
        file = open(local, "rb")  # noqa: SIM115 (it may be held)
        try:
            facts = os.fstat(file.fileno())
            if not stat.S_ISREG(facts.st_mode):
                raise OSError(f"not a regular file: {local}")
            if facts.st_size <= COPY_BYTES_MAX:
                return {**self.keep_bytes(file.read(facts.st_size)), "source": os.path.abspath(local)}
            about = {
                "source": os.path.abspath(local),
                "size_bytes": facts.st_size,
                "mtime_ns": facts.st_mtime_ns,
            }
            name, path = self._new()
            if path is not None:
                with suppress(OSError, NotImplementedError):
                    os.link(local, path)
                    return {**about, "content": name}
            with self._lock:
                if len(self._held) < HELD_MAX:
                    self._held[name] = os.dup(file.fileno())
                    about["held"] = name
            return about
        finally:
            file.close()

    def opened(self, record: dict[str, Any]) -> Source:
        """The content of a record; raises OSError when it is gone."""
        with self._lock:
            held = self._held.get(record.get("held", ""))
        if "content" in record:
            path = self._file_path(record["content"])
        elif self._elsewhere:
            raise OSError(f"the file was left on the machine that logged it: {record.get('source')}")
        else:
            path = record.get("source")
        if held is not None:
            file = open(os.dup(held), "rb")  # noqa: SIM115 (the caller closes it)
        elif path is None:
            raise OSError("its content was kept in memory by a process that is gone")
        else:
            try:
                file = open(path, "rb")  # noqa: SIM115 (the caller closes it)
            except FileNotFoundError:
                raise OSError(f"the file is gone: {record.get('source', path)}") from None
        facts = os.fstat(file.fileno())
        now = (facts.st_size, facts.st_mtime_ns)
        then = (record["size_bytes"], record.get("mtime_ns", facts.st_mtime_ns))
        return Source(file, now != then)

    def forget(self, record: dict[str, Any]) -> None:
        """The content is not needed any more."""
        with self._lock:
            held = self._held.pop(record.get("held", ""), None)
            if record.get("copied"):
                self._kept_bytes -= record["size_bytes"]
        if held is not None:
            os.close(held)
        if "content" in record:
            path = self._file_path(record["content"])
            if path is not None:
                with suppress(OSError):
                    os.unlink(path)

    def after_fork(self) -> None:
        """In a forked child: what waits is the parent's."""
        for held in self._held.values():
            os.close(held)
        self._held = {}
        self._lock = threading.Lock()

    def _new(self) -> tuple[str, str | None]:
        with self._lock:
            self._count += 1
            name = f"{self._count:08}"
        return name, self._file_path(name)

    def _hold_bytes(self, name: str, content: bytes) -> None:
        """Where there is no folder for it: in a file without a name, which goes with the process."""
        import tempfile

        with tempfile.TemporaryFile() as file:
            file.write(content)
            file.flush()
            with self._lock:
                self._held[name] = os.dup(file.fileno())


def _write(path: str, content: bytes) -> bool:
    """Writes a new file, or leaves none."""
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        with open(file, "wb") as opened:
            opened.write(content)
    except OSError:
        with suppress(OSError):
            os.unlink(path)
        return False
    return True


def upload(
    connection: Connection,
    run_id: str,
    path: str,
    file: IO[bytes],
    until_answered: UntilAnswered,
) -> TrackwayError | None:
    """Sends a content as it is now, in pieces; gives back why it was refused. Raises Unsteady, OSError."""
    for _ in range(ATTEMPTS_MAX):
        before = os.fstat(file.fileno())
        digest = sha256()
        try:
            for block in _blocks(file, 0, before.st_size):
                digest.update(block)

            send = _put_whole if before.st_size <= PART_BYTES else _put_parts
            target, checksum = _target(run_id, path), digest.hexdigest()
            refusal = send(connection, target, file, before.st_size, checksum, until_answered)
        except Unsteady:
            continue
        after = os.fstat(file.fileno())
        if refusal is None or (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns):
            return refusal
    raise Unsteady("it kept changing while it was read")


def _target(run_id: str, path: str) -> str:
    segments = "/".join(quote(segment, safe="") for segment in path.split("/"))
    return f"/api/v1/runs/{run_id}/artifacts/{segments}"


def _put_whole(
    connection: Connection,
    target: str,
    file: IO[bytes],
    size_bytes: int,
    checksum: str,
    until_answered: UntilAnswered,
) -> TrackwayError | None:
    def attempt() -> None:
        headers = {"X-Content-SHA256": checksum}
        _put(connection, target, _blocks(file, 0, size_bytes), size_bytes, headers)

    return until_answered(attempt)


def _put_parts(
    connection: Connection,
    target: str,
    file: IO[bytes],
    size_bytes: int,
    checksum: str,
    until_answered: UntilAnswered,
) -> TrackwayError | None:
    """Each part until it is answered; the server checks the sum of all when it joins them."""
    begun: list[str] = []
    refusal = until_answered(lambda: begun.append(connection.json("POST", "/api/v1/uploads", {})["id"]))
    if refusal is not None:
        return refusal
    try:
        refusal = _put_each_part(connection, target, file, size_bytes, checksum, until_answered, begun[0])
    except Unsteady:
        _give_up(connection, begun[0])
        raise
    if refusal is not None:
        _give_up(connection, begun[0])
    return refusal


def _give_up(connection: Connection, upload: str) -> None:
    """Parts that will not be joined only fill the server's disk; it removes them after a day by itself."""
    with suppress(TrackwayError, OSError):
        connection.request("DELETE", f"/api/v1/uploads/{upload}")


def _put_each_part(
    connection: Connection,
    target: str,
    file: IO[bytes],
    size_bytes: int,
    checksum: str,
    until_answered: UntilAnswered,
    upload: str,
) -> TrackwayError | None:
    count = -(-size_bytes // PART_BYTES)
    for number in range(1, count + 1):
        start = (number - 1) * PART_BYTES
        length = min(PART_BYTES, size_bytes - start)

        def attempt(number: int = number, start: int = start, length: int = length) -> None:
            part = f"/api/v1/uploads/{upload}/{number}"
            _put(connection, part, _blocks(file, start, length), length, {})

        refusal = until_answered(attempt)
        if refusal is not None:
            return refusal
    content = {"upload_id": upload, "part_count": count, "sha256": checksum}

    def join() -> None:
        connection.json("POST", target, content, timeout_seconds=JOIN_SECONDS_MAX)

    return until_answered(join)


def _put(connection: Connection, target: str, body: Body, size_bytes: int, headers: dict[str, str]) -> None:
    connection.request(
        "PUT",
        target,
        body=body,
        content_type="application/octet-stream",
        headers={"Content-Length": str(size_bytes), **headers},
    )


def _blocks(file: IO[bytes], start: int, size_bytes: int) -> Iterator[bytes]:
    """From a place in the file, so that a second attempt sends it again; what is appended meanwhile stays out."""
    file.seek(start)
    left = size_bytes
    while left > 0:
        block = file.read(min(left, BLOCK_BYTES))
        if not block:
            raise Unsteady("the file became shorter while it was read")
        left -= len(block)
        yield block
