"""The spool, writing end: what was logged goes to the kernel before the call returns, and is sent from there.

A process has a folder of its own (``folder.py``) with two streams: ``log`` (points, params, requests; in order)
and ``work`` (uploads and ends of runs, which wait for them). A stream is a row of segment files ``log-00000001``,
``log-00000002`` …, each readable without the others:

    head      "TWSPOOL1" | u64 number of the segment
    record    u32 length n of the payload, a multiple of 8 and at least 8 | u32 CRC-32 of the payload | payload
    payload   u32 kind | u32 number | body, filled up to a multiple of 8

    kind 1 KEYS      number of a keyset; body: JSON {"run_id", "keys", "context"?} padded with spaces.
                     A keyset is defined in each segment before its first use there; a number never changes its meaning
    kind 2 ROW       number of its keyset; body: i64 step | i64 time (Unix ms) | one f64 for each key
    kind 3 TEXT      number of its keyset, which has one key; body: i64 step | i64 time | u64 length | UTF-8
    kind 4 BYTES     as TEXT, any bytes
    kind 5 FACTS     body: JSON {"run_id", "params", "tags"}
    kind 6 REQUEST   body: JSON {"what", "method", "target", "content", …}, sent alone
    kind 7 FILE      body: JSON {"run_id", "path", "source", …}, an upload; see ``artifact.py``

Integers are little-endian. A reader takes records up to the first that is not whole: a torn tail is normal. A place
in a stream is one number: number of the segment · 2³² + offset in its file.

Each segment may have a journal, ``log-00000001.sent``, with entries of 24 bytes: u32 CRC-32 of the rest | u32 what |
u64 | u64. What 1, a cut: one batch goes from this place to that; written before the batch is first sent, and of
several cuts that begin at one place the first counts. What 2: everything up to this place has been delivered.
So whoever sends, and however often, sends the same batches: a batch's number is the place where it begins.
"""

from __future__ import annotations

import json
import logging
import os
import struct
import threading
from contextlib import suppress
from functools import partial
from typing import Any, Callable
from zlib import crc32

MAGIC = b"TWSPOOL1"
KEYS, ROW, TEXT, BYTES, FACTS, REQUEST, FILE = range(1, 8)
CUT, DELIVERED = 1, 2

HEAD = struct.Struct("<8sQ")
FRAME = struct.Struct("<II")
RECORD = struct.Struct("<IIII")
ENTRY = struct.Struct("<IIQQ")
POINT_HEAD = struct.Struct("<qqQ")

# A batch never spans segments, and what was delivered is freed by the segment.
SEGMENT_BYTES = 4 * 1024 * 1024
# So much waits before the sender is woken ahead of its time: about a batch of full size.
WAKE_BYTES = 512 * 1024
# A day without a server at 2 000 values a second in calls of 20.
SPOOL_BYTES_MAX = 2 * 1024 * 1024 * 1024
# When there is no folder to write to.
MEMORY_BYTES_MAX = 64 * 1024 * 1024
# What is kept of the bounds for all that is not a metric.
RESERVE = 1.125

_log = logging.getLogger("trackway")
#: Numbers of what was written since a segment was begun; a forked child goes on counting, so that none comes twice.
_generations = iter(range(1, 2**63))


def record(kind: int, number: int, body: bytes, fill: bytes = b"\0") -> bytes:
    """A record as it stands in a segment."""
    payload = FRAME.pack(kind, number) + body + fill * (-len(body) % 8)
    return FRAME.pack(len(payload), crc32(payload)) + payload


def json_record(kind: int, content: dict[str, Any], number: int = 0) -> bytes:
    """A record with a JSON body."""
    text = json.dumps(content, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    return record(kind, number, text.encode("utf-8"), b" ")


def point_record(kind: int, number: int, step: int, time_ms: int, data: bytes) -> bytes:
    """A text or bytes at a step."""
    return record(kind, number, POINT_HEAD.pack(step, time_ms, len(data)) + data)


class Layout:
    """Keys that are logged together: how their rows are packed, and where they were last defined."""

    __slots__ = ("definition", "generation", "head", "keys", "number", "pack", "width")

    def __init__(self, number: int, run_id: str, keys: tuple[str, ...], context: dict[str, str]) -> None:
        self.number = number
        self.keys = keys
        self.width = len(keys)
        #: The bytes of a row behind its frame.
        self.pack = struct.Struct(f"<IIqq{self.width}d").pack
        #: Frames a payload.
        self.head = partial(FRAME.pack, 24 + 8 * self.width)
        #: The segment that holds the definition, in the count of the stream.
        self.generation = -1
        content: dict[str, Any] = {"run_id": run_id, "keys": keys}
        if context:
            content["context"] = dict(sorted(context.items()))
        self.definition = json_record(KEYS, content, number)


class Segment:
    """One file of a stream, or its like in memory."""

    def __init__(self, number: int, path: str | None, *, size: int = 0, sealed: bool = False) -> None:
        self.number = number
        #: None: in memory.
        self.path = path
        self.memory = bytearray() if path is None else None
        #: Bytes that hold whole records.
        self.size = size
        #: Nothing will be added.
        self.sealed = sealed
        self.journal = Journal(path and path + ".sent")
        self._reader: int | None = None

    @property
    def base(self) -> int:
        """The place of its first byte."""
        return self.number << 32

    def read(self, at: int, length: int) -> bytes:
        """Bytes as they are now. Used by one thread at a time."""
        if self.memory is not None:
            return bytes(self.memory[at : at + length])
        if self._reader is None:
            self._reader = os.open(str(self.path), os.O_RDONLY | getattr(os, "O_BINARY", 0))
        os.lseek(self._reader, at, os.SEEK_SET)
        pieces = []
        while length > 0 and (piece := os.read(self._reader, length)):
            pieces.append(piece)
            length -= len(piece)
        return b"".join(pieces)

    def close(self) -> None:
        """Frees descriptors; reading opens it again."""
        if self._reader is not None:
            os.close(self._reader)
            self._reader = None
        self.journal.close()

    def remove(self) -> None:
        """Takes it away: everything in it has been delivered."""
        self.close()
        self.memory = None
        if self.path is not None:
            for path in (self.path, self.path + ".sent"):
                # Someone else delivered it as well, or the folder became read-only: it is sent again, once.
                with suppress(OSError):
                    os.unlink(path)


class Journal:
    """Which batches a segment was cut into, and up to where it was delivered."""

    def __init__(self, path: str | None) -> None:
        self._path = path
        self._file: int | None = None
        self._read_bytes = 0
        #: Where a batch begins → where it ends.
        self.cuts: dict[int, int] = {}
        #: Everything before this place has been delivered.
        self.delivered = 0

    def cut(self, start: int, end: int) -> int:
        """Settles where the batch that begins at ``start`` ends: as the first has said who asked."""
        if start not in self.cuts:
            self._append(CUT, start, end)
            self.refresh()
        # A disk that takes no entry: then this process alone knows.
        return self.cuts.setdefault(start, end)

    def deliver(self, end: int) -> None:
        """Notes that everything up to ``end`` has been delivered."""
        self.delivered = max(self.delivered, end)
        self.cuts = {start: stop for start, stop in self.cuts.items() if start >= end}
        self._append(DELIVERED, end, 0)

    def refresh(self) -> None:
        """Reads what was added, also by others."""
        file = self._opened(os.O_RDWR)
        if file is None:
            file = self._opened(os.O_RDONLY)
        if file is None:
            return
        os.lseek(file, self._read_bytes, os.SEEK_SET)
        data = b""
        while piece := os.read(file, 65536):
            data += piece
        for at in range(0, len(data) - len(data) % ENTRY.size, ENTRY.size):
            crc, what, start, end = ENTRY.unpack_from(data, at)
            self._read_bytes += ENTRY.size
            if crc != crc32(data[at + 4 : at + ENTRY.size]):
                continue
            if what == CUT and start < end:
                self.cuts.setdefault(start, end)
            elif what == DELIVERED:
                self.delivered = max(self.delivered, start)

    def close(self) -> None:
        """Frees the descriptor."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _append(self, what: int, start: int, end: int) -> None:
        rest = ENTRY.pack(0, what, start, end)[4:]
        file = self._opened(os.O_RDWR | os.O_CREAT)
        if file is not None:
            # A full disk: should this process die now as well, a batch may be sent a second time.
            with suppress(OSError):
                os.write(file, struct.pack("<I", crc32(rest)) + rest)

    def _opened(self, flags: int) -> int | None:
        if self._file is None and self._path is not None:
            try:
                self._file = os.open(self._path, flags | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o600)
            except OSError:
                return None
        return self._file


class Stream:
    """The writing end of one row of segments. Any thread may write; nothing here raises or waits for a server."""

    def __init__(
        self,
        name: str,
        place: Callable[[], str | None],
        wake: Callable[[], None],
        said: set[str] | None = None,
    ) -> None:
        self.name = name
        self._place = place
        self._wake = wake
        #: What need not be said again, shared by the streams of one process.
        self._said = set() if said is None else said
        self.limit_bytes = SPOOL_BYTES_MAX
        self.reset()

    def reset(self) -> None:
        """In a forked child: what is there belongs to the parent, and another thread may have held the lock."""
        #: Re-entrant: a signal handler may end runs while the main thread is in here.
        self.lock = threading.RLock()
        self.segments: list[Segment] = []
        #: Which segment is written, for definitions; 0 between two.
        self.generation = 0
        self.dropped_values = 0
        self.dropped_others = 0
        self._number = 0
        self._segment = Segment(0, None, sealed=True)
        self._file = -1
        self._write: Callable[[bytes], int] | None = None
        self._attention_at = 0
        self._full = False

    @property
    def position(self) -> int:
        """The place behind the last record."""
        with self.lock:
            return self._segment.base + self._segment.size

    @property
    def waiting_bytes(self) -> int:
        """Bytes in segments that have not been delivered whole."""
        with self.lock:
            return sum(segment.size for segment in self.segments)

    def put(self, frame: bytes, essential: bool = False) -> bool:
        """Adds records that are not metrics; the ``essential`` are taken even where there is no room."""
        with self.lock:
            if self._full and not essential and self._held() > RESERVE * self._limit():
                self.dropped_others += 1
                return False
            return self._append(frame) or self._append(frame)

    def put_point(self, layout: Layout, frame: bytes) -> bool:
        """Adds a record of values with the keys of the layout."""
        with self.lock:
            if self._full:
                self.dropped_values += layout.width
                return False
            if layout.generation == self.generation and self._append(frame):
                return True
            frame = layout.definition + frame
            taken = self._append(frame) or self._append(frame)
            layout.generation = self.generation or -1
            return taken

    def free(self, segment: Segment) -> None:
        """Forgets a segment that was delivered whole."""
        with self.lock:
            if segment in self.segments:
                self.segments.remove(segment)
            self._full = self._full and self._held() > 0.9 * self._limit()
        segment.remove()

    def seal(self) -> None:
        """Ends the segment; a later record begins the next."""
        with self.lock:
            if self._write is not None:
                self._seal()

    def drop_file(self) -> None:
        """Closes the file that is written; it stays as it is."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def clear(self) -> None:
        """Forgets all segments, so that the next record begins anew. The lock stays, as someone may hold it."""
        lock = self.lock
        self.reset()
        self.lock = lock

    def _append(self, frame: bytes) -> bool:
        """False: the segment took no more, and one in memory was begun, where nothing is defined yet."""
        write = self._write or self._begin()
        written = 0
        reason = "no space is left"
        try:
            written = write(frame)
        except OSError as error:
            reason = error.strerror or str(error)
        segment = self._segment
        if written != len(frame):
            self._leave_disk(written, f"{reason}: {segment.path}")
            return False
        segment.size += written
        if segment.size >= self._attention_at:
            self._attend()
        return True

    def _attend(self) -> None:
        """Now and then: is the segment long enough, is there still room?"""
        if self._segment.size >= SEGMENT_BYTES:
            self._seal()
        self._attention_at = min(self._segment.size + WAKE_BYTES, SEGMENT_BYTES)
        if self._held() >= self._limit():
            # Offline it is another process that delivers and removes.
            self.segments[:] = [one for one in self.segments if one.path is None or os.path.exists(one.path)]
            self._full = self._held() >= self._limit()
        if self._full:
            self._say(
                "full",
                f"{self._held() // 2**20} MiB wait to be sent and there is no room for more: what waits is kept, new "
                "metrics are dropped until the server has taken some",
            )
        self._wake()

    def _held(self) -> int:
        """Bytes that wait where the next record would go: on the disk, or in memory."""
        on_disk = self._segment.path is not None
        return sum(segment.size for segment in self.segments if (segment.path is not None) == on_disk)

    def _limit(self) -> int:
        return self.limit_bytes if self._segment.path is not None else min(self.limit_bytes, MEMORY_BYTES_MAX)

    def _seal(self) -> None:
        self._segment.sealed = True
        self._write = None
        self.generation = 0
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _begin(self, memory: bool = False) -> Callable[[bytes], int]:
        """The next segment: a file, or memory where there is no folder to write to."""
        self._number += 1
        head = HEAD.pack(MAGIC, self._number)
        reason = "" if memory else self._begin_file(head)
        if memory or reason:
            segment = Segment(self._number, None, size=HEAD.size)
            buffer = segment.memory
            assert buffer is not None
            buffer += head
            self._write = partial(_extend, buffer)
            self._segment = segment
            if reason:
                self._say_memory(reason)
        self.segments.append(self._segment)
        self.generation = next(_generations)
        self._attention_at = min(WAKE_BYTES, SEGMENT_BYTES)
        assert self._write is not None
        return self._write

    def _begin_file(self, head: bytes) -> str:
        """Why there is none, otherwise nothing."""
        folder = self._place()
        if folder is None:
            return "there is no folder to write to"
        path = os.path.join(folder, f"{self.name}-{self._number:08}")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_BINARY", 0)
        try:
            file = os.open(path, flags, 0o600)
        except OSError as error:
            return f"{error.strerror}: {path}"
        try:
            if os.write(file, head) != len(head):
                raise OSError(28, "no space is left")
        except OSError as error:
            os.close(file)
            with suppress(OSError):
                os.unlink(path)
            return f"{error.strerror}: {path}"
        self._file = file
        self._write = partial(os.write, file)
        self._segment = Segment(self._number, path, size=len(head))
        return ""

    def _leave_disk(self, written: int, reason: str) -> None:
        """The disk is full or gone: what is there stays, what comes goes to memory for a while."""
        if written:
            # Where that fails, a reader stops at the torn record, which is the last of its segment.
            with suppress(OSError):
                os.ftruncate(self._file, self._segment.size)
        self._say_memory(reason)
        self._seal()
        self._begin(memory=True)

    def _say_memory(self, reason: str) -> None:
        self._say(
            "memory",
            "the spool cannot be written, so what is logged is kept in memory (up to "
            f"{MEMORY_BYTES_MAX // 2**20} MiB) and dies with this process: {reason}",
        )

    def _say(self, what: str, message: str) -> None:
        """Once."""
        if what not in self._said:
            self._said.add(what)
            _log.warning("trackway: %s", message)


def _extend(buffer: bytearray, data: bytes) -> int:
    buffer += data
    return len(data)
