"""Where spools are: one folder for each process that logs, named by its writer id.

spool.json     who wrote it and for which server; no token
lock           held by the living process (flock), with the time of its last beat for where locks do not work
log-…, work-…  the streams, see ``spool.py``
aliases.json   ids of runs that had to be stored under another
files/         contents that are uploaded from here
"""

from __future__ import annotations

import json
import os
import sys
import time
from contextlib import suppress
from typing import Any

from .spool import Segment

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

FORMAT = 1
STREAMS = ("log", "work")
# A process beats every ten seconds; where its lock cannot be asked it counts as gone after six.
BEAT_SECONDS_MAX = 60.0
_LOCK_BYTES = 256


def root(explicit: str | os.PathLike[str] | None = None) -> str:
    """The folder of all spools: the argument, TRACKWAY_DIR, or the platform's place for state."""
    chosen = explicit or os.environ.get("TRACKWAY_DIR")
    if chosen:
        return os.path.abspath(os.path.expanduser(chosen))
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or os.path.expanduser("~")
    elif sys.platform == "darwin":
        base = os.path.expanduser("~/Library/Application Support")
    else:
        base = os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return os.path.join(base, "trackway", "spool")


def host_name() -> str:
    """This machine's name."""
    return os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "unknown")


class OwnFolder:
    """The folder of this process, made when something is first written. Its lock goes with the process."""

    def __init__(self, parent: str, writer_id: str, about: dict[str, Any]) -> None:
        self.path = os.path.join(parent, writer_id)
        self._about = {"format": FORMAT, "writer_id": writer_id, **about}
        self._lock: int | None = None
        self._failed = False

    @property
    def made(self) -> bool:
        return self._lock is not None

    def place(self) -> str | None:
        """The folder; None when there can be none. Tried once."""
        if self._lock is None and not self._failed:
            try:
                self._make()
            except OSError:
                self._failed = True
        return self.path if self._lock is not None else None

    def file_path(self, name: str) -> str | None:
        """Where a content of that name is kept; None when nothing can be kept."""
        folder = self.place()
        if folder is None:
            return None
        try:
            os.makedirs(os.path.join(folder, "files"), mode=0o700, exist_ok=True)
        except OSError:
            return None
        return os.path.join(folder, "files", name)

    def beat(self) -> None:
        """Says that the process lives."""
        if self._lock is not None:
            said = {"host": host_name(), "pid": os.getpid(), "beat_ms": time.time_ns() // 1_000_000}
            text = json.dumps(said).encode("utf-8").ljust(_LOCK_BYTES)
            with suppress(OSError):
                os.lseek(self._lock, 0, os.SEEK_SET)
                os.write(self._lock, text)

    def note_runs(self, run_ids: list[str]) -> None:
        """Says which runs are open."""
        if self.place() is not None:
            with suppress(OSError):
                write_json(os.path.join(self.path, "runs.json"), run_ids)

    def release(self, delivered: bool) -> None:
        """At the end of the process; takes the folder away when everything in it was delivered."""
        if self._lock is None:
            return
        if delivered:
            remove_tree(self.path)
        os.close(self._lock)
        self._lock = None
        self._failed = True

    def after_fork(self) -> None:
        """In a forked child: the lock is the parent's."""
        if self._lock is not None:
            os.close(self._lock)
        self._lock = None

    def _make(self) -> None:
        os.makedirs(os.path.dirname(self.path), mode=0o700, exist_ok=True)
        os.mkdir(self.path, 0o700)
        lock = os.open(os.path.join(self.path, "lock"), os.O_RDWR | os.O_CREAT, 0o600)
        if fcntl is not None:
            # Some network folders have no locks: the beat has to do then.
            with suppress(OSError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._lock = lock
        self.beat()
        try:
            write_json(os.path.join(self.path, "spool.json"), self._about)
        except OSError:
            os.close(lock)
            self._lock = None
            raise


class LeftFolder:
    """The folder of some process, as another finds it."""

    def __init__(self, path: str) -> None:
        self.path = path
        about = read_json(os.path.join(path, "spool.json"))
        if not isinstance(about, dict) or not isinstance(about.get("writer_id"), str):
            raise ValueError(f"not the folder of a spool: {path}")
        if about.get("format") != FORMAT:
            raise ValueError(f"written by another version of trackway: {path}")
        self.about: dict[str, Any] = about
        self.writer_id: str = about["writer_id"]
        self._gone: dict[str, set[int]] = {stream: set() for stream in STREAMS}
        self._known: dict[tuple[str, int], Segment] = {}
        self.alive = self._ask_alive()

    def segments(self, stream: str) -> list[Segment]:
        """The segments of a stream, in order, as long as they are now. Who is dead writes no more."""
        numbers = []
        with suppress(OSError):
            for name in os.listdir(self.path):
                head, _, tail = name.partition("-")
                if head == stream and tail.isdecimal() and int(tail) not in self._gone[stream]:
                    numbers.append(int(tail))
        found = []
        for number in sorted(numbers):
            path = os.path.join(self.path, f"{stream}-{number:08}")
            segment = self._known.setdefault((stream, number), Segment(number, path))
            sealed = number != max(numbers) or not self.alive
            try:
                segment.size = os.stat(path).st_size
            except OSError:
                continue
            segment.sealed = sealed
            found.append(segment)
        return found

    def free(self, stream: str, segment: Segment) -> None:
        """Takes a segment away that was delivered whole."""
        self._gone[stream].add(segment.number)
        self._known.pop((stream, segment.number), None)
        segment.remove()

    @property
    def ours(self) -> bool:
        """Written here and by us: the paths in it mean files of this machine, which are ours to send."""
        if self.about.get("host") != host_name():
            return False
        try:
            return not hasattr(os, "getuid") or os.stat(self.path).st_uid == os.getuid()
        except OSError:
            return False

    @property
    def open_runs(self) -> list[str]:
        """Runs that its process has open, as far as it could not say so itself."""
        known = read_json(os.path.join(self.path, "runs.json"))
        return [run_id for run_id in known if isinstance(run_id, str)] if isinstance(known, list) else []

    @property
    def waiting_bytes(self) -> int:
        """Bytes that have not been delivered, and those of contents to upload."""
        total = 0
        for stream in STREAMS:
            for segment in self.segments(stream):
                segment.journal.refresh()
                total += segment.base + segment.size - max(segment.journal.delivered, segment.base + 16)
                segment.close()
        return max(0, total)

    def remove(self) -> None:
        """Everything was delivered and its process is gone: takes the folder away, but keeps damaged files."""
        names = []
        with suppress(OSError):
            names = os.listdir(self.path)
        if any(name.endswith(".damaged") for name in names):
            return
        remove_tree(self.path)

    def refresh(self) -> None:
        """Asks again whether its process lives."""
        self.alive = self._ask_alive()

    def _ask_alive(self) -> bool:
        path = os.path.join(self.path, "lock")
        try:
            lock = os.open(path, os.O_RDWR)
        except OSError:
            # No lock, or a folder that is only to be read: a copy.
            return False
        try:
            said = json.loads(os.read(lock, _LOCK_BYTES) or b"{}")
        except (OSError, ValueError):
            said = {}
        works = False
        if fcntl is not None:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
                works = True
            except BlockingIOError:
                os.close(lock)
                return True
            except OSError:
                # This folder has no locks.
                pass
        os.close(lock)
        if works and said.get("host") == host_name():
            return False
        age_seconds = time.time() - float(said.get("beat_ms", 0)) / 1000
        return abs(age_seconds) < BEAT_SECONDS_MAX


def left(parent: str) -> list[LeftFolder]:
    """Every spool below a folder, or the one that the folder is, oldest first. Others' files are passed over."""
    if os.path.exists(os.path.join(parent, "spool.json")):
        return [LeftFolder(parent)]
    found = []
    with suppress(FileNotFoundError, NotADirectoryError):
        for name in sorted(os.listdir(parent)):
            if os.path.exists(os.path.join(parent, name, "spool.json")):
                with suppress(ValueError):
                    found.append(LeftFolder(os.path.join(parent, name)))
    return sorted(found, key=lambda folder: str(folder.about.get("started_at_ms", "")))


def remove_tree(path: str) -> None:
    """As far as it can be removed. Not by shutil: what it evaluates on import makes Python forget a Ctrl-C at exit."""
    try:
        entries = list(os.scandir(path))
    except OSError:
        return
    for entry in entries:
        with suppress(OSError):
            if entry.is_dir(follow_symlinks=False):
                remove_tree(entry.path)
            else:
                os.unlink(entry.path)
    with suppress(OSError):
        os.rmdir(path)


def write_json(path: str, content: Any) -> None:
    """Whole or not at all."""
    temporary = f"{path}.new"
    file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(file, json.dumps(content, ensure_ascii=False).encode("utf-8"))
    finally:
        os.close(file)
    os.replace(temporary, path)


def read_json(path: str) -> Any:
    """None when it is not there or not JSON."""
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return None
