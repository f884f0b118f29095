"""What a process has open to one server: its spool, the threads that send from it, and its sign of life.

* ``log`` carries points, params and requests in order; ``work`` uploads and ends of runs, so that a large file does
  not hold up the curves. What stands in ``work`` is done when the part of ``log`` before it has been delivered.
* A third thread beats every ten seconds: it tells the server that the process lives, and hears when a person asks a
  run to stop.

Offline there is no thread that sends; ``trackway sync`` does later what they would have done.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Callable

from . import artifact, folder, lifecycle, spool
from .connection import Connection
from .credentials import Credentials
from .error import TrackwayError
from .feed import Feed
from .sender import Aliases, GaveUp, Outage, Sender, describe
from .spool import Stream

# Short enough for curves that grow while one watches; each batch holds training up for some microseconds.
GATHER_SECONDS = 0.5
BEAT_SECONDS = 10.0
# A request that is under way when everything ends is left to itself after this.
STOP_SECONDS = 0.2
# A beat that hangs must not delay the next.
BEAT_TIMEOUT_SECONDS = 5.0
HEARTBEATS = "/api/v1/heartbeats"
#: Variables in which launchers tell a process its place among others.
RANK_VARIABLES = ("RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK", "PMI_RANK")

ONLINE, OFFLINE, DISABLED = "online", "offline", "disabled"
MODES = (ONLINE, OFFLINE, DISABLED)

_log = logging.getLogger("trackway")


def chosen_mode(mode: str | None = None) -> str:
    """The argument, else TRACKWAY_MODE, else online."""
    chosen = (mode or os.environ.get("TRACKWAY_MODE") or ONLINE).lower()
    if chosen not in MODES:
        raise ValueError(f'mode: expected online, offline or disabled, found "{chosen}"')
    return chosen


def rank_of_process() -> int | None:
    """Place of this process among those that train together; None when it trains alone."""
    for name in RANK_VARIABLES:
        text = os.environ.get(name, "")
        # A Slurm job of one task has a place too, but there is nothing to tell apart.
        if text.isdecimal() and not (name == "SLURM_PROCID" and os.environ.get("SLURM_NTASKS", "1") == "1"):
            return int(text)
    return None


class Channel:
    """Keeps what is logged and brings it to the server. All methods may be called from any thread."""

    def __init__(
        self,
        connection: Connection | None,
        *,
        mode: str = ONLINE,
        url: str | None = None,
        directory: str | os.PathLike[str] | None = None,
        rank: int | None = None,
    ) -> None:
        self.connection = connection
        self.mode = mode
        self.url = url
        self.rank = rank_of_process() if rank is None else rank
        self._parent = folder.root(directory)
        said: set[str] = set()
        stream = NothingStream if mode == DISABLED else Stream
        limit = _bytes_from_environment("TRACKWAY_SPOOL_BYTES", spool.SPOOL_BYTES_MAX)
        self.log = stream("log", self._place, self._wake, said)
        self.work = stream("work", self._place, self._wake, said)
        self.log.limit_bytes = limit
        self.work.limit_bytes = limit
        self._reset()
        lifecycle.watch(self)

    def _reset(self) -> None:
        #: This process in the eyes of the server; a forked child is another.
        self.writer_id = os.urandom(16).hex()
        self.started_at_ms = time.time_ns() // 1_000_000
        about = {
            "url": self.url,
            "mode": self.mode,
            "host": folder.host_name(),
            "pid": os.getpid(),
            "rank": self.rank,
            "started_at_ms": self.started_at_ms,
        }
        self.folder = folder.OwnFolder(self._parent, self.writer_id, about)
        self.files = artifact.Files(self.folder.file_path, limit_bytes=self.log.limit_bytes)
        self.outage = Outage()
        self._aliases = Aliases(keep=self._keep_aliases)
        #: Runs that this process started and has not ended: told to be alive.
        self.beating: dict[str, Callable[[], None]] = {}
        self._sends_left = False
        #: Called with each beat; the samplers of system metrics.
        self.on_beat: list[Callable[[], None]] = []
        self.lanes: list[Lane] = []
        self._started = False
        self._beat_now = threading.Event()
        # Re-entrant: a signal handler may log while the main thread is in there.
        self._start_lock = threading.RLock()
        self._closed = False
        #: What the server answered to runs that were started through the spool.
        self.started_runs: dict[str, dict[str, Any]] = {}
        self._said_dropped: Counter[str] = Counter()

    @property
    def process(self) -> dict[str, Any]:
        """This process as it introduces itself."""
        about: dict[str, Any] = {"id": self.writer_id, "host": folder.host_name(), "pid": os.getpid()}
        if self.rank is not None:
            about["rank"] = self.rank
        return about

    @property
    def path(self) -> str:
        """The folder of this process, whether or not it is there already."""
        return self.folder.path

    def start(self) -> None:
        """Starts the threads. Python 3.12 and later start none at exit, when a last status may be due."""
        if self._started or self.mode == DISABLED:
            return
        with self._start_lock:
            if self._started:
                return
            self._started = True
            self._closed = False
            if self.connection is not None and not self.lanes:
                log = Lane(self, self.log, None)
                self.lanes = [log, Lane(self, self.work, log)]
            try:
                for lane in self.lanes:
                    lane.start()
                threading.Thread(target=self._beat, name="trackway-beat", daemon=True).start()
            except RuntimeError as error:
                _log.warning("trackway: nothing can be sent any more: %s", error)
        lifecycle.watch(self)

    def begin_beats(self, run_id: str, stop: Callable[[], None]) -> None:
        """From now on this process is told to be alive for the run; ``stop`` is called when a person asks for it."""
        self.beating[run_id] = stop
        self._note_runs()

    def end_beats(self, run_id: str) -> None:
        """This process has nothing more to say to the run."""
        if self.beating.pop(run_id, None) is not None:
            self._note_runs()

    def send_left(self) -> None:
        """Sends, beside everything else, what processes of this machine left that died while they were online."""
        if self.connection is not None and not self._sends_left:
            self._sends_left = True
            known = self.connection.credentials
            thread = threading.Thread(target=self._send_left, args=(known,), name="trackway left", daemon=True)
            thread.start()

    def _send_left(self, known: Credentials) -> None:
        try:
            from .sync import Syncer

            syncer = Syncer(self._parent, url=known.url, api_token=known.token)
            for outcome in syncer.run(
                lambda left: (
                    left.ours
                    and not left.alive
                    and (left.about.get("url"), left.about.get("mode")) == (self.url, ONLINE)
                )
            ):
                _log.debug("trackway: sent what %s left: %s", outcome.path, dict(outcome.delivered))
            syncer.close()
        except (TrackwayError, OSError, ValueError) as error:
            # It stays where it is, for `trackway sync` or the next start.
            _log.debug("trackway: what others left is not sent: %r", error)

    def _note_runs(self) -> None:
        """Offline it is ``trackway sync --watch`` that tells of our life."""
        if self.mode == OFFLINE:
            self.folder.note_runs([*self.beating])

    def request(self, what: str, method: str, target: str, content: dict[str, Any], **more: Any) -> None:
        """Puts a request into the spool that may be repeated without harm."""
        record = {"what": what, "method": method, "target": target, "content": content, **more}
        self.log.put(spool.json_record(spool.REQUEST, record))
        self.start()

    def request_after_all(
        self, what: str, method: str, target: str, content: dict[str, Any], **more: Any
    ) -> None:
        """The same, done after everything that was logged before, uploads too."""
        record = {"what": what, "method": method, "target": target, "content": content, **more}
        record["after"] = self.log.position
        self.work.put(spool.json_record(spool.REQUEST, record), essential=True)
        self.start()

    def upload(self, run_id: str, path: str, about: dict[str, Any]) -> None:
        """Puts an upload into the spool."""
        record = {"run_id": run_id, "path": path, **about, "after": self.log.position}
        if not self.work.put(spool.json_record(spool.FILE, record)):
            self.files.forget(record)
        self.start()

    def flush(self, seconds_max: float) -> bool:
        """Waits until everything logged so far has been delivered; True when it has. Offline there is no such wait."""
        if self.mode != ONLINE:
            return True
        if not self.lanes:
            return not self.log.waiting_bytes and not self.work.waiting_bytes
        deadline = time.monotonic() + seconds_max
        targets = [(lane, lane.stream.position) for lane in self.lanes]
        return all(lane.wait_for(target, deadline) for lane, target in targets)

    def close(self, seconds_max: float) -> bool:
        """Flushes, then ends the threads. What was not delivered stays in the folder; later records begin another."""
        delivered = self.flush(seconds_max)
        self._closed = True
        self._beat_now.set()
        for lane in self.lanes:
            lane.stop()
        with self.log.lock, self.work.lock:
            delivered = delivered and self.mode != OFFLINE and all(lane.drained for lane in self.lanes)
            self.log.drop_file()
            self.work.drop_file()
            self.folder.release(delivered)
            self.files.after_fork()
            # What comes now is of a writer of its own, in a folder of its own.
            self.log.clear()
            self.work.clear()
            beating, on_beat, started = self.beating, self.on_beat, self.started_runs
            self._reset()
            self.beating, self.on_beat, self.started_runs = beating, on_beat, started
        return delivered

    def unsent(self) -> str:
        """What waits and where, for a message; empty when nothing does."""
        on_disk = in_memory = 0
        delivered = {lane.stream: lane.delivered for lane in self.lanes}
        for stream in (self.log, self.work):
            for segment in list(stream.segments):
                # What was delivered of the first one stays until all of it is.
                waits = (
                    segment.base
                    + segment.size
                    - max(delivered.get(stream, 0), segment.base + spool.HEAD.size)
                )
                if segment.path is None:
                    in_memory += max(0, waits)
                else:
                    on_disk += max(0, waits)
        said = []
        if on_disk:
            said.append(f"{_size(on_disk)} stay in the spool; send them with: trackway sync {self.path}")
        if in_memory:
            said.append(f"{_size(in_memory)} wait in memory and are lost with this process")
        return "; ".join(said)

    def take_lost(self) -> str:
        """What was dropped or refused since the last time this was asked, for a message; mostly nothing."""
        counts: Counter[str] = Counter()
        for lane in self.lanes:
            counts += lane.sender.refused
        counts["metric value"] += self.log.dropped_values
        counts["record"] += self.log.dropped_others + self.work.dropped_others
        news = counts - self._said_dropped
        self._said_dropped = counts
        return describe(news)

    def after_fork(self) -> None:
        """In a forked child: what is in the spool belongs to the parent, who still sends it."""
        self.log.drop_file()
        self.work.drop_file()
        for lane in self.lanes:
            lane.close_files()
        self.folder.after_fork()
        self.files.after_fork()
        if self.connection is not None:
            self.connection.after_fork()
        self.log.reset()
        self.work.reset()
        self._reset()

    def _place(self) -> str | None:
        # Asked for each segment, so also for the first after a fork or a close.
        self.start()
        return self.folder.place()

    def _wake(self) -> None:
        for lane in self.lanes:
            lane.wake()

    def _keep_aliases(self, known: dict[str, str]) -> None:
        place = self.folder.place()
        if place is not None:
            try:
                folder.write_json(os.path.join(place, "aliases.json"), known)
            except OSError as error:
                _log.warning("trackway: cannot note under which id a run is stored: %s", error)

    def on_started(self, run_id: str, body: dict[str, Any] | None) -> None:
        """The server knows the run now."""
        if isinstance(body, dict):
            self.started_runs[run_id] = body

    def _beat(self) -> None:
        beat_now = self._beat_now
        while not self._closed and beat_now is self._beat_now:
            beat_now.wait(_seconds_from_environment("TRACKWAY_BEAT_SECONDS", BEAT_SECONDS))
            beat_now.clear()
            if self._closed or beat_now is not self._beat_now:
                return
            self.folder.beat()
            for sample in list(self.on_beat):
                try:
                    sample()
                except Exception:
                    _log.debug("trackway: a sampler failed", exc_info=True)
            if self.connection is not None and self.beating:
                self._tell_alive(self.connection)

    def _tell_alive(self, connection: Connection) -> None:
        runs = [
            {"run_id": self._aliases.known.get(run_id, run_id), "process": self.process}
            for run_id in list(self.beating)
        ]
        stops = list(self.beating.items())
        try:
            # The server tells of a clock that is wrong.
            beats = {"runs": runs, "sent_at_ms": time.time_ns() // 1_000_000}
            answer = connection.json("POST", HEARTBEATS, beats, timeout_seconds=BEAT_TIMEOUT_SECONDS)
            answers = answer["runs"]
        except (TrackwayError, KeyError, TypeError) as error:
            _log.debug("trackway: a sign of life was not heard: %s", error)
            return
        for (run_id, stop), said in zip(stops, answers):
            if said.get("stop") and run_id in self.beating:
                stop()


class Lane:
    """One stream on its way: reads units and delivers them, in a thread of its own."""

    def __init__(self, channel: Channel, stream: Stream, before: Lane | None) -> None:
        assert channel.connection is not None
        self.stream = stream
        self._channel = channel
        self._before = before
        self._feed = Feed(lambda: stream.segments, stream.free)
        self._event = threading.Event()
        self._changed = threading.Condition(threading.RLock())
        self._done = 0
        #: How many wait for something to be delivered.
        self._waiting = 0
        self._stopped = False
        self._thread: threading.Thread | None = None
        self._failures = 0
        #: The server refused the token when it was last asked.
        self._unwelcome = False
        self.sender = Sender(
            channel.connection,
            channel.writer_id,
            wait=self._wait,
            aliases=channel._aliases,
            files=channel.files,
            on_started=channel.on_started,
            outage=channel.outage,
        )

    def start(self) -> None:
        self._thread = threading.Thread(target=self._work, name=f"trackway-{self.stream.name}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread after what it does now; for that it is given a moment."""
        self._stopped = True
        self._event.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(STOP_SECONDS)

    def wake(self) -> None:
        self._event.set()

    @property
    def delivered(self) -> int:
        """Everything before this place was."""
        return self._done

    @property
    def drained(self) -> bool:
        """Everything was delivered."""
        return not self.stream.segments or self._done >= self.stream.position

    def close_files(self) -> None:
        """In a forked child: frees the descriptors that the parent's thread reads with."""
        self._feed.close()

    def wait_for(self, position: int, deadline: float) -> bool:
        """Waits until everything before this place has been delivered."""
        with self._hurry(), self._changed:
            failures = self._failures
            while self._done < position:
                left = deadline - time.monotonic()
                # A refused token stays refused; it is worth one more try, not the whole time.
                if left <= 0 or (self._unwelcome and self._failures > failures):
                    return False
                self._changed.wait(min(left, 0.5))
        return True

    @contextmanager
    def _hurry(self) -> Iterator[None]:
        """As long as somebody waits, nothing is gathered."""
        with self._changed:
            self._waiting += 1
        self._event.set()
        try:
            if self._before is None:
                yield
            else:
                with self._before._hurry():
                    yield
        finally:
            with self._changed:
                self._waiting -= 1

    def _work(self) -> None:
        try:
            while not self._stopped:
                if not self._step():
                    self._event.wait(GATHER_SECONDS)
                    self._event.clear()
        except GaveUp:
            pass
        finally:
            self._feed.close()

    def _step(self) -> bool:
        """Sends one unit; False when it is better to wait a little."""
        unit = self._feed.next()
        if unit is None:
            # Also what `trackway sync` delivered beside us.
            with self.stream.lock:
                nothing_left = not self.stream.segments
                position = self.stream.position if nothing_left else self._feed.position
            self._note_done(position)
            return False
        try:
            if self._before is not None:
                self._wait_for_log(unit.content.get("after", 0))
            self.sender.deliver(unit)
        except GaveUp:
            raise
        except Exception:
            # Our own mistake, but training and the records that follow must not suffer for it.
            _log.exception("trackway: a fault of the client")
            self.sender.refused += unit.batch.count() if unit.batch else Counter(["record"])
        self._feed.delivered(unit)
        self._note_done(unit.end)
        return self._waiting > 0 or self.stream.position - unit.end > spool.WAKE_BYTES

    def _note_done(self, position: int) -> None:
        with self._changed:
            if position > self._done:
                self._done = position
                self._unwelcome = False
                self._changed.notify_all()

    def _wait_for_log(self, position: int) -> None:
        assert self._before is not None
        with self._before._hurry(), self._before._changed:
            while self._before._done < position:
                if self._stopped:
                    raise GaveUp
                self._before._changed.wait(0.5)

    def _wait(self, seconds: float, error: TrackwayError) -> None:
        with self._changed:
            self._failures += 1
            self._unwelcome = error.status in (401, 403)
            self._changed.notify_all()
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if self._stopped:
                raise GaveUp
            time.sleep(min(left, 0.2))


class NothingStream(Stream):
    """Where everything goes when the client is disabled."""

    def put(self, frame: bytes, essential: bool = False) -> bool:
        return True

    def put_point(self, layout: spool.Layout, frame: bytes) -> bool:
        return True


def _size(count: int) -> str:
    if count < 1024:
        return f"{count} B"
    return f"{count / 1024:.1f} KiB" if count < 2**20 else f"{count / 2**20:.1f} MiB"


def _bytes_from_environment(name: str, otherwise: int) -> int:
    text = os.environ.get(name, "")
    return int(text) if text.isdecimal() else otherwise


def _seconds_from_environment(name: str, otherwise: float) -> float:
    try:
        return float(os.environ.get(name, "")) or otherwise
    except ValueError:
        return otherwise
