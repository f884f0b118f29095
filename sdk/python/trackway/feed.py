"""The spool, reading end: what is to be sent next, the same for everyone who reads these files.

A unit is a batch of neighbouring records or one record that goes alone. Where a batch ends is settled in the journal
before it is handed out, so that it is the same batch when it has to be sent again, by this process or by another.
"""

from __future__ import annotations

import logging
import os
from typing import Any, Callable, NamedTuple

from . import spool
from .batch import POINTS_MAX, Batch, Keyset, gather
from .spool import Segment

# Twice what a batch of long rows needs; a larger record is read whole.
READ_BYTES = 1024 * 1024
UNBOUNDED = 2**62
# A process that was killed leaves at most a torn record.
TORN_BYTES_MAX = 64 * 1024

_log = logging.getLogger("trackway")


class Unit(NamedTuple):
    """What is sent in one piece."""

    #: Its place in the stream, which is its number too.
    start: int
    end: int
    #: A batch, or the kind and content of a record that goes alone.
    batch: Batch | None
    kind: int
    content: dict[str, Any]
    #: The bytes of the batch, and the definitions known where it begins: to cut it in two if it must be.
    data: bytes
    keysets: dict[int, Keyset]


class Feed:
    """Units of a stream from the first that was not delivered. Used by one thread."""

    def __init__(self, segments: Callable[[], list[Segment]], free: Callable[[Segment], None]) -> None:
        #: The segments in order; asked again and again, because others write.
        self._segments = segments
        self._free = free
        self._segment: Segment | None = None
        self._at = 0
        self._keysets: dict[int, Keyset] = {}
        #: Bytes that no reader can make sense of.
        self.skipped_bytes = 0

    @property
    def position(self) -> int:
        """Everything before this place has been handed out, was delivered by others, or is damaged."""
        return self._segment.base + self._at if self._segment is not None else 0

    def next(self) -> Unit | None:
        """The next unit; None when there is nothing more for now."""
        while True:
            segment = self._segment or self._enter()
            if segment is None:
                return None
            # In this order: once it is sealed, its size stays.
            sealed, size = segment.sealed, segment.size
            if self._at < size:
                try:
                    unit = self._unit(segment, size)
                except FileNotFoundError:
                    # Someone else delivered it meanwhile.
                    self._leave(segment)
                    continue
                if unit is not None:
                    return unit
            if not sealed:
                return None
            self._leave(segment)

    def delivered(self, unit: Unit) -> None:
        """The unit needs not be sent again."""
        if self._segment is not None:
            self._segment.journal.deliver(unit.end)

    def close(self) -> None:
        """Frees descriptors; reading opens them again."""
        if self._segment is not None:
            self._segment.close()

    def _enter(self) -> Segment | None:
        segments = self._segments()
        if not segments:
            return None
        segment = segments[0]
        self._keysets = {}
        try:
            head = segment.read(0, spool.HEAD.size)
            segment.journal.refresh()
        except FileNotFoundError:
            self._free(segment)
            return self._enter()
        if len(head) < spool.HEAD.size and not segment.sealed:
            return None
        self._segment = segment
        self._at = spool.HEAD.size
        if len(head) < spool.HEAD.size or head[: len(spool.MAGIC)] != spool.MAGIC:
            self._skip(segment, segment.size, "short" if len(head) < spool.HEAD.size else "altered")
            return segment
        delivered = min(segment.journal.delivered - segment.base, segment.size)
        if delivered > self._at:
            # Only for the definitions.
            data = segment.read(0, delivered)
            while self._at < delivered:
                found = gather(data, self._at, delivered, self._keysets)
                if found.fault or found.end == self._at:
                    break
                self._at = found.end
            self._at = delivered
        return segment

    def _unit(self, segment: Segment, size: int) -> Unit | None:
        at = self._at
        start = segment.base + at
        settled = segment.journal.cuts.get(start)
        if settled and settled > segment.base + size and not segment.sealed:
            # Another sender saw a record before the thread that wrote it said so here.
            return None
        data = segment.read(at, min(size - at, settled - start if settled else READ_BYTES))
        keysets = dict(self._keysets)
        # Another version of this client may have made larger batches; what was settled stays.
        points_max = UNBOUNDED if settled else POINTS_MAX
        found = gather(data, 0, len(data), keysets, points_max)
        if found.end == 0 and len(data) < size - at:
            data = segment.read(at, size - at)
            found = gather(data, 0, len(data), keysets)
        if found.end == 0:
            # Not even one record: torn, or still being written by another process.
            if segment.sealed:
                self._skip(segment, size - at, found.fault)
            return None
        end = start + found.end
        if found.batch is not None:
            settled = segment.journal.cut(start, end)
            if settled > segment.base + segment.size and not segment.sealed:
                return None
            if settled != end:
                # Another sender was first and made it shorter or longer.
                other_keysets = dict(self._keysets)
                other_data = segment.read(at, min(segment.size - at, settled - start))
                other = gather(other_data, 0, len(other_data), other_keysets, UNBOUNDED)
                # A journal that ends a batch within its first record is none.
                if other.end:
                    data, keysets, found, end = other_data, other_keysets, other, start + other.end
        before, self._keysets = self._keysets, keysets
        self._at = end - segment.base
        if found.batch is None and found.alone is None:
            # Definitions only.
            return self._unit(segment, size) if self._at < size else None
        kind, content = found.alone or (0, {})
        return Unit(start, end, found.batch, kind, content, data[: found.end], before)

    def _skip(self, segment: Segment, count: int, fault: str) -> None:
        self._at = segment.size
        self.skipped_bytes += count
        if fault == "short" and count <= TORN_BYTES_MAX:
            return
        kept = None
        if segment.path is not None:
            kept = segment.path + ".damaged"
            try:
                os.link(segment.path, kept)
            except OSError:
                kept = None
        where = f"; the file is kept as {kept}" if kept else ""
        _log.warning("trackway: %d bytes of the spool are damaged and passed over%s", count, where)

    def _leave(self, segment: Segment) -> None:
        self._segment = None
        self._free(segment)
