"""A run: one execution of a training script, as the script sees it."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from time import time_ns
from types import TracebackType
from typing import Any, Callable, TypeVar
from urllib.parse import quote, urlencode
from zlib import crc32

from . import artifact, lifecycle, media, series, spool
from .artifact import LocalPath
from .channel import Channel
from .error import TrackwayError
from .retry import retried
from .spool import Layout
from .value import (
    checked_key,
    context_values,
    flat_params,
    json_param,
    json_value,
    metric_point,
    metric_step,
    stored_text,
    tag_values,
    wallclock_ms,
)

# How long the end of a run waits for its last records, unless TRACKWAY_FINISH_SECONDS says otherwise; what is left
# then stays in the spool.
FINISH_SECONDS_MAX = 10.0
# One record must fit one request: 5 000 keys of 1 000 bytes, 200 texts of 16 000 bytes.
METRICS_PER_RECORD_MAX = 5_000
FACTS_PER_RECORD_MAX = 200
# Sets of keys that are remembered: code that makes up keys as it goes must not fill the memory.
LAYOUTS_MAX = 1_000
# Of the server: text of one exception.
TRACEBACK_CHARACTERS_MAX = 20_000
END_STATUSES = ("completed", "failed", "killed")
EVENT_KINDS = ("point", "start", "finish")

_log = logging.getLogger("trackway")
V = TypeVar("V")
_ROW = spool.ROW
#: Numbers of keysets: one never means two things in a process.
_layout_numbers = iter(range(1, 2**32))


class Run:
    """Records what a training run does. Use it in ``with``, or call ``finish`` at the end.

    Logging calls return when the bytes are with the kernel: they survive the process. They raise for values that make
    no sense (TypeError, ValueError that name the key), never because of the disk, the server or the network. After
    the run has ended they still work; the server marks the run as logged to late. All methods may be called from any
    thread.

    A run that nobody ends is ended with the interpreter: as failed if an exception ended the program, killed
    on Ctrl-C or SIGTERM, completed otherwise. Only the process that started a run ends it.
    """

    def __init__(
        self,
        channel: Channel,
        run_id: str,
        *,
        name: str | None = None,
        experiment_id: str | None = None,
        experiment_name: str | None = None,
        parent_id: str | None = None,
        first_step: int = 0,
        series_context: Mapping[str, str] | None = None,
    ) -> None:
        #: 32 hex digits.
        self.id = run_id
        #: None as long as only the server could tell.
        self.experiment_id = experiment_id
        self.experiment_name = experiment_name
        self.parent_id = parent_id
        #: ``running`` until this process ends it.
        self.status = "running"
        #: A person asked in the browser that the run be stopped.
        self.stop_requested = False
        self._name = name
        self._channel = channel
        self._stream = channel.log
        self._process = os.getpid()
        self._last_step = first_step - 1
        self._layouts: dict[Any, Layout] = {}
        #: Told apart from the other processes of the run; empty when there are none.
        self._series_context = dict(series_context or {})
        #: Called when the run ends: what captures stops then, and says what it still holds.
        self._on_end: list[Callable[[], None]] = []
        channel.start()
        channel.begin_beats(run_id, self._stop)
        lifecycle.opened(self)

    @property
    def name(self) -> str:
        """The name given, or the one that the server made up; the start of the id until that is known."""
        known = self._channel.started_runs.get(self.id, {})
        return str(self._name or known.get("name") or self.id[:8])

    @property
    def url(self) -> str | None:
        """Its page in the browser; None when no server is known."""
        return f"{self._channel.url}/runs/{self.id}" if self._channel.url else None

    @property
    def mode(self) -> str:
        """``online``, ``offline`` or ``disabled``."""
        return self._channel.mode

    @property
    def spool_path(self) -> str:
        """The folder that ``trackway sync`` sends from, should this process not come to it."""
        return self._channel.path

    def log_metrics(
        self,
        metrics: Mapping[Any, Any] | None,
        step: int | None = None,
        *,
        wallclock: float | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> None:
        """Records one value for each key at a step.

        Values are numbers (also of numpy and torch; NaN and infinities are values too), texts or bytes; a key keeps
        the kind that it began with. Without a step they get the one after the highest so far of this run, from 0.
        ``wallclock`` is the time in seconds since 1970 in place of now; ``context`` such as ``{"subset": "val"}``
        keeps series of one key apart. None and an empty dict do nothing.
        """
        if context is not None or wallclock is not None:
            self._log_checked(metrics, step, wallclock, context)
            return
        # The way of nearly all calls: known keys, numbers.
        try:
            layout = self._layouts[tuple(metrics)]  # type: ignore[arg-type]
            if step is None:
                with self._stream.lock:
                    self._last_step = step = self._last_step + 1
            elif step.__class__ is not int:
                step = metric_step(step)
            payload = layout.pack(_ROW, layout.number, step, time_ns() // 1_000_000, *metrics.values())  # type: ignore[union-attr]
        except Exception:
            self._log_checked(metrics, step, None, None)
            return
        if step > self._last_step:
            self._last_step = step
        self._stream.put_point(layout, layout.head(crc32(payload)) + payload)

    def log_metric(
        self,
        key: str,
        value: Any,
        step: int | None = None,
        *,
        wallclock: float | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> None:
        """Records one value; as ``log_metrics`` with one key."""
        self.log_metrics({key: value}, step, wallclock=wallclock, context=context)

    def log_params(self, params: Mapping[Any, Any] | None) -> None:
        """Records params. Nested dicts become dotted keys; int, float, bool, str and None keep their type."""
        for piece in _pieces(flat_params(params or {}), FACTS_PER_RECORD_MAX):
            self._put_facts({key: json_param(value) for key, value in piece.items()}, {})

    def set_tags(self, tags: Mapping[Any, Any] | Iterable[Any]) -> None:
        """Adds tags: a dict, or a list of plain words. A tag of the same key is overwritten."""
        for piece in _pieces(tag_values(tags), FACTS_PER_RECORD_MAX):
            self._put_facts({}, piece)

    def set_notes(self, markdown: str) -> None:
        """Writes the run's note, in place of what was there; older revisions are kept."""
        if not isinstance(markdown, str):
            raise TypeError(f"notes: expected a text, found {type(markdown).__name__}")
        self._request("note", "PUT", "/note", {"body": stored_text(markdown)})

    def log_event(
        self,
        name: str,
        metadata: Mapping[str, Any] | None = None,
        *,
        source: str = "",
        wallclock: float | None = None,
        kind: str = "point",
        span: str | None = None,
    ) -> str:
        """Records that something happened: a checkpoint, a change of the learning rate, the start of an evaluation.

        ``wallclock`` is in seconds since 1970, now when absent. A span has two events of the same ``span`` (32 hex
        digits), one of kind ``start`` and one of kind ``finish``. Gives back the event's id.
        """
        if kind not in EVENT_KINDS:
            raise ValueError(f'kind: expected point, start or finish, found "{kind}"')
        event: dict[str, Any] = {
            "id": os.urandom(16).hex(),
            "name": checked_key(str(name)),
            "source": stored_text(str(source)),
            "time_ms": wallclock_ms(wallclock),
            "metadata": json_value(dict(metadata or {})),
            "kind": kind,
        }
        if span is not None:
            event["span"] = span
        self._request("event", "POST", "/events", {"events": [event]})
        return str(event["id"])

    def log_artifact(self, path: LocalPath, artifact_path: str | None = None) -> None:
        """Stores a file with the run. Raises OSError when it cannot be read; the upload is done in the background.

        ``artifact_path`` is a folder when it ends in a slash, otherwise the full path inside the run. A file up to
        1 MiB is stored as it is now. A larger one is read when its turn comes: it may be renamed or deleted
        meanwhile while this process lives, but when its content has changed, that is said and the newer is stored.
        """
        local = Path(path)
        target = artifact.checked_path(artifact.target_path(local, artifact_path))
        if self._channel.mode == "disabled":
            return
        self._upload(target, lambda: self._channel.files.keep_file(local))

    def log_artifacts(self, folder: LocalPath, artifact_path: str | None = None) -> None:
        """Stores every file below a folder, paths kept, in the folder ``artifact_path`` of the run."""
        root = Path(folder)
        if not root.exists():
            raise FileNotFoundError(f"no such folder: {root}")
        if not root.is_dir():
            raise NotADirectoryError(f"not a folder: {root}")
        prefix = artifact_path.rstrip("/") + "/" if artifact_path else ""
        for local, path in artifact.files_below(root):
            self.log_artifact(local, prefix + path)

    def log_reference(
        self,
        uri: LocalPath,
        path: str | None = None,
        *,
        size_bytes: int | None = None,
        digest: str | None = None,
        mime: str | None = None,
        checksum: bool = True,
    ) -> None:
        """Notes a file or folder that lies elsewhere among the files of the run; nothing of it is stored.

        ``path`` is as in ``log_artifact``; without it, the last part of ``uri``. Of a local path or ``file://`` size and
        SHA-256 are taken here, unless ``checksum`` is False; of any other URI what you say is kept as it is, without
        passwords and tokens. What the run had under this path is replaced, as a later file replaces the reference.
        Raises OSError when a local file cannot be read.
        """
        from . import reference

        target, about = reference.describe(uri, path, size_bytes, digest, mime, checksum)
        segments = "/".join(quote(segment, safe="") for segment in target.split("/"))
        self._request("reference", "PUT", f"/references/{segments}", about)

    def log_bytes(self, content: bytes, artifact_path: str) -> None:
        """Stores bytes as the file ``artifact_path`` of the run."""
        target = artifact.checked_path(artifact_path)
        if self._channel.mode == "disabled":
            return
        self._upload(target, lambda: self._channel.files.keep_bytes(content))

    def log_text(self, text: str, artifact_path: str) -> None:
        """Stores a text as the file ``artifact_path`` of the run."""
        self.log_bytes(text.encode("utf-8", "backslashreplace"), artifact_path)

    def log_dict(self, content: Any, artifact_path: str) -> None:
        """Stores a dict or list as JSON; numbers of numpy and the like become plain, NaN its name."""
        self.log_bytes(media.json_bytes(content), artifact_path)

    def log_image(self, key: str, image: Any, step: int | None = None) -> None:
        """Stores an image as PNG under ``media/<key>/<step>.png``.

        Takes a PIL image, a numpy array (height × width, or × 1, 3 or 4 channels; uint8, bool, or floats from 0 to 1),
        a matplotlib figure, or the path of a PNG, JPEG, GIF or WebP file, which keeps its ending. Without a step it
        gets the highest step logged so far.
        """
        number = self._step_of_media(step)
        if isinstance(image, (str, os.PathLike)):
            local = Path(image)
            self.log_artifact(local, f"media/{checked_key(key)}/{number}{local.suffix.lower() or '.png'}")
        else:
            self.log_bytes(media.png_bytes(image), f"media/{checked_key(key)}/{number}.png")

    def log_figure(self, figure: Any, artifact_path: str) -> None:
        """Stores a matplotlib figure in the format that the path ends in, or a plotly figure as HTML or JSON."""
        self.log_bytes(media.figure_bytes(figure, artifact_path), artifact_path)

    def log_histogram(
        self,
        key: str,
        values: Any = None,
        step: int | None = None,
        *,
        bins: int = 64,
        counts: Any = None,
        edges: Any = None,
    ) -> None:
        """Records how values lie, as the metric ``histogram/<key>``, which holds byte strings.

        ``values`` is an array, a tensor or a list of numbers; it is counted here, in 1 to 512 bins from the smallest to
        the largest, and NaN and infinities are counted apart. Or ``counts`` with ``edges``, of which there is one more.
        Without a step it gets the highest step logged so far.
        """
        number = self._step_of_media(step)
        data = media.histogram_bytes(values, bins, counts, edges)
        layout = self._layout((f"histogram/{key}",), {})
        record = spool.point_record(spool.BYTES, layout.number, number, time_ns() // 1_000_000, data)
        self._stream.put_point(layout, record)

    def log_table(self, key: str, table: Any, step: int | None = None) -> None:
        """Stores a table under ``table/<key>/<step>.json``: ``{"columns": [names], "rows": [[values]]}``.

        Takes a list of dicts, a dict of columns, or a DataFrame; at most 200 000 rows, a million cells and 16 MiB. Without
        a step: the highest logged so far.
        """
        number = self._step_of_media(step)
        self.log_bytes(media.table_bytes(table), f"table/{checked_key(key)}/{number}.json")

    def log_dataset(
        self,
        name: str,
        path: LocalPath | None = None,
        description: str | None = None,
        *,
        df: Any = None,
        version: str | None = None,
        digest: str | None = None,
        context: str = "training",
        schema: Mapping[str, Any] | None = None,
        tags: Mapping[Any, Any] | Iterable[Any] | None = None,
    ) -> dict[str, Any]:
        """Records which data the run saw, as ``dataset/<name>.json``, and gives back the record.

        ``path`` is a local file or folder, of which size and SHA-256 are taken, or a URI, which is kept as it is;
        ``df`` a DataFrame, of which rows, schema and digest are taken. The data itself is not stored.
        """
        from . import dataset

        about = dataset.describe(
            checked_key(name), path, description, df, version, digest, context, schema, tag_values(tags)
        )
        self.log_dict(about, f"dataset/{name}.json")
        return about

    def log_environment(self, environment: Mapping[str, Any]) -> None:
        """Records what the run runs in (git, command, packages, host …), in place of what was there."""
        self._request("environment", "PUT", "/environment", json_value(dict(environment)))

    def get_metric(self, key: str) -> series.Points:
        """Reads a metric back: every point, bit for bit as logged; ValueError if it holds texts or bytes."""
        connection = self._channel.connection
        if connection is None:
            raise TrackwayError("a metric can only be read back online", kind="unavailable")
        self.flush(connection.timeout_seconds)
        target = f"/api/v1/series?{urlencode({'run': self.id, 'key': key})}"
        answer = retried(
            lambda: connection.request("GET", target), patience_seconds=connection.timeout_seconds
        )
        for one in series.decode(answer.body):
            if one.key == key and not one.context:
                return one.points
        raise TrackwayError(f'run "{self.id}" has no metric "{key}"', kind="not_found", field="key")

    def flush(self, seconds_max: float | None = None) -> bool:
        """Waits until the server has everything logged so far; True when it has. Offline there is no such wait."""
        return self._channel.flush(finish_seconds_max() if seconds_max is None else seconds_max)

    def finish(self, status: str = "completed") -> None:
        """Ends the run and waits, at most ten seconds, until everything logged is with the server.

        What is not stays in the spool, and is said. The first end counts; later ones only wait.
        """
        self._finish(status, None)

    #: Another word for ``finish``.
    end = finish

    def end_without_waiting(self, status: str, error: BaseException | None = None) -> None:
        """Writes the end of the run into the spool, with what ended it."""
        if status not in END_STATUSES:
            raise ValueError(f'status: expected completed, failed or killed, found "{status}"')
        with self._stream.lock:
            if self.status != "running" or self._process != os.getpid():
                return
            self.status = status
        for call in self._on_end:
            try:
                call()
            except Exception:
                _log.debug("trackway: a capture did not end well", exc_info=True)
        self._on_end = []
        if error is not None and status == "failed":
            self._log_exception(error)
        self._channel.end_beats(self.id)
        content = {
            "status": status,
            "ended_at_ms": time_ns() // 1_000_000,
            "process": self._channel.writer_id,
        }
        self._channel.request_after_all(
            "run end", "PATCH", f"/api/v1/runs/{self.id}", content, run_id=self.id
        )
        lifecycle.closed(self)

    def on_end(self, call: Callable[[], None]) -> None:
        """Calls this when the run ends, before its end is written."""
        self._on_end.append(call)

    def on_beat(self, call: Callable[[], None]) -> None:
        """Calls this every ten seconds while the run goes on, in a thread of the client."""
        beats = self._channel.on_beat
        beats.append(call)
        self._on_end.append(lambda: beats.remove(call))

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._finish(_status_after(error), error)

    def __repr__(self) -> str:
        return f"<Run {self.name} {self.status} {self.url or self.id}>"

    def _repr_html_(self) -> str:
        from html import escape

        name = escape(self.name)
        url = self.url
        shown = f'<a href="{escape(url)}" target="_blank" rel="noopener">{name}</a>' if url else name
        return f"Trackway run {shown}: {escape(self.status)}"

    def _finish(self, status: str, error: BaseException | None) -> None:
        self.end_without_waiting(status, error)
        if not self._channel.flush(finish_seconds_max()):
            _log.warning("trackway: not yet sent: %s", self._channel.unsent())
        lost = self._channel.take_lost()
        if lost:
            _log.warning("trackway: lost: %s", lost)

    def _stop(self) -> None:
        """A person asked for it."""
        if not self.stop_requested and self._process == os.getpid():
            self.stop_requested = True
            _log.warning('trackway: somebody asked the run "%s" to stop', self.name)
            lifecycle.interrupt()

    def _log_checked(
        self,
        metrics: Mapping[Any, Any] | None,
        step: int | None,
        wallclock: float | None,
        context: Mapping[str, Any] | None,
    ) -> None:
        """As ``log_metrics``, for what has not been seen before or needs a second look."""
        if not metrics:
            return
        if not isinstance(metrics, Mapping):
            raise TypeError(f"metrics: expected a dict, found {type(metrics).__name__}")
        time_ms = wallclock_ms(wallclock)
        told = context_values(context) if context else {}
        # All are looked at before the first is written: one bad value leaves nothing half logged.
        points = {key: metric_point(str(key), value) for key, value in metrics.items()}
        numbers = {key: value for key, value in points.items() if isinstance(value, float)}
        others = {key: value for key, value in points.items() if not isinstance(value, float)}
        layouts = [
            (self._layout(tuple(piece), told), piece) for piece in _pieces(numbers, METRICS_PER_RECORD_MAX)
        ]
        singles = [(self._layout((key,), told), value) for key, value in others.items()]
        with self._stream.lock:
            number = self._last_step + 1 if step is None else metric_step(step)
            self._last_step = max(self._last_step, number)
        for layout, piece in layouts:
            payload = layout.pack(_ROW, layout.number, number, time_ms, *piece.values())
            self._stream.put_point(layout, layout.head(crc32(payload)) + payload)
        for layout, value in singles:
            kind, data = (
                (spool.TEXT, value.encode("utf-8")) if isinstance(value, str) else (spool.BYTES, value)
            )
            self._stream.put_point(layout, spool.point_record(kind, layout.number, number, time_ms, data))

    def _layout(self, keys: tuple[Any, ...], context: dict[str, str]) -> Layout:
        known = (keys, tuple(sorted(context.items()))) if context else keys
        layout = self._layouts.get(known)
        if layout is None:
            names = tuple(checked_key(str(key)) for key in keys)
            with self._stream.lock:
                if len(self._layouts) >= LAYOUTS_MAX:
                    self._layouts.clear()
                layout = self._layouts[known] = Layout(next(_layout_numbers), self.id, names, context)
        return layout

    def log_series(self, key: str, step: int, value: str | float) -> None:
        """A point of what is captured by itself: apart for each process, and no step of the run."""
        layout = self._layout((key,), self._series_context)
        time_ms = time_ns() // 1_000_000
        if isinstance(value, str):
            record = spool.point_record(spool.TEXT, layout.number, step, time_ms, value.encode("utf-8"))
        else:
            payload = layout.pack(_ROW, layout.number, step, time_ms, value)
            record = layout.head(crc32(payload)) + payload
        self._stream.put_point(layout, record)

    def _step_of_media(self, step: int | None) -> int:
        return max(self._last_step, 0) if step is None else metric_step(step)

    def _put_facts(self, params: dict[str, Any], tags: dict[str, str]) -> None:
        content = {"run_id": self.id, "params": params, "tags": tags}
        self._stream.put(spool.json_record(spool.FACTS, content))

    def _request(self, what: str, method: str, below: str, content: dict[str, Any]) -> None:
        self._channel.request(what, method, f"/api/v1/runs/{self.id}{below}", content, run_id=self.id)

    def _upload(self, path: str, keep: Callable[[], dict[str, Any]]) -> None:
        try:
            about = keep()
        except artifact.NoRoom as error:
            _log.warning('trackway: the artifact "%s" is not stored: %s', path, error)
        else:
            self._channel.upload(self.id, path, about)

    def _log_exception(self, error: BaseException) -> None:
        import traceback

        text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        said = {
            "type": type(error).__name__,
            "message": str(error)[:2_000],
            # The end of it says where it happened.
            "traceback": text[-TRACEBACK_CHARACTERS_MAX:],
        }
        self.log_event("exception", said, source="trackway")


def finish_seconds_max() -> float:
    """How long the end of a run waits for the server."""
    try:
        return float(os.environ.get("TRACKWAY_FINISH_SECONDS", ""))
    except ValueError:
        return FINISH_SECONDS_MAX


def _status_after(error: BaseException | None) -> str:
    if error is None or (isinstance(error, SystemExit) and error.code in (None, 0)):
        return "completed"
    return "killed" if isinstance(error, KeyboardInterrupt) else "failed"


def _pieces(values: dict[Any, V], length_max: int) -> Iterator[dict[Any, V]]:
    if len(values) <= length_max:
        if values:
            yield values
        return
    items = iter(values.items())
    while piece := dict(islice(items, length_max)):
        yield piece
