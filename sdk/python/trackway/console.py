"""What the program prints, as text series: line by line, as it appears on the terminal.

The original streams get everything first and unchanged. A line that is drawn again and again after a carriage return,
as progress bars are, counts as one: its last state. More lines than a person could read are left out, and counted.
"""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING, Any, Callable

from . import lifecycle
from .value import stored_text

if TYPE_CHECKING:
    from .run import Run

NAMES = ("stdout", "stderr")
# A second holds so many lines; a loop that prints without end must not fill the disk.
LINES_PER_SECOND_MAX = 500
CHARACTERS_MAX = 10_000

_busy = threading.local()
_installed: list[Tee] = []


class Lines:
    """Text as it is written, as the lines of one stream of a run."""

    def __init__(
        self, put: Callable[[int, str], None], first: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._put = put
        self._number = first
        self._clock = clock
        self._lock = threading.RLock()
        self._open = ""
        self._second = 0.0
        self._in_second = 0
        self._left_out = 0

    def feed(self, text: str) -> None:
        """Takes what was written, in pieces as they come."""
        with self._lock:
            *lines, rest = (self._open + text).split("\n")
            # Only what is on the screen: the rest was overwritten.
            before, back, drawn = rest.rpartition("\r")
            self._open = (back + drawn if back and drawn else rest)[-2 * CHARACTERS_MAX :]
            for line in lines:
                self._line(line)

    def end(self) -> None:
        """The last line, though it has no end."""
        with self._lock:
            if self._open.strip():
                self._line(self._open)
            self._open = ""
            self._say_left_out()

    def _line(self, line: str) -> None:
        shown = _on_screen(line)
        now = self._clock()
        if now - self._second >= 1.0:
            self._say_left_out()
            self._second, self._in_second = now, 0
        self._in_second += 1
        if self._in_second > LINES_PER_SECOND_MAX:
            self._left_out += 1
            return
        self._write(shown)

    def _say_left_out(self) -> None:
        if self._left_out:
            count, self._left_out = self._left_out, 0
            self._write(f"… {count} lines were printed faster than they can be read and are left out")

    def _write(self, line: str) -> None:
        text = stored_text(line)
        if len(text) > CHARACTERS_MAX:
            text = text[: CHARACTERS_MAX - 1] + "…"
        self._put(self._number, text)
        self._number += 1


def _on_screen(line: str) -> str:
    """What is left of a line in which the cursor went back to its start."""
    if "\r" not in line:
        return line
    # The last drawing that is not blank; a shorter one over a longer leaves its tail, which nobody wants to read.
    drawn = [part for part in line.split("\r") if part.strip()]
    return drawn[-1] if drawn else ""


class Tee:
    """Stands in for ``sys.stdout`` or ``sys.stderr``: passes everything on, and hands a copy to the runs."""

    def __init__(self, name: str, stream: Any) -> None:
        self._name = name
        self._stream = stream
        self._listeners: list[Lines] = []

    def write(self, text: str) -> Any:
        written = self._stream.write(text)
        if self._listeners and not getattr(_busy, "now", False):
            _busy.now = True
            try:
                for lines in list(self._listeners):
                    lines.feed(text)
            except Exception:
                # Whatever it is: printing has to go on.
                pass
            finally:
                _busy.now = False
        return written

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __iter__(self) -> Any:
        return iter(self._stream)


def capture(run: Run, first_lines: dict[str, int]) -> Callable[[], None]:
    """Follows both streams for a run; call what is given back to end it."""
    followed: list[tuple[Tee, Lines]] = []
    for name in NAMES:
        tee = _tee(name)
        if tee is None:
            continue
        key = f"system/{name}"

        def put(number: int, text: str, key: str = key) -> None:
            run.log_series(key, number, text)

        lines = Lines(put, first_lines.get(name, 0))
        tee._listeners.append(lines)
        followed.append((tee, lines))

    def end() -> None:
        for tee, lines in followed:
            lines.end()
            if lines in tee._listeners:
                tee._listeners.remove(lines)
            _uninstall(tee)

    return end


def _tee(name: str) -> Tee | None:
    stream = getattr(sys, name)
    if stream is None:
        # A program without a console.
        return None
    if isinstance(stream, Tee):
        return stream
    tee = Tee(name, stream)
    setattr(sys, name, tee)
    _installed.append(tee)
    return tee


def _uninstall(tee: Tee) -> None:
    """Puts the original back, unless somebody else stands in its place by now."""
    if not tee._listeners and getattr(sys, tee._name) is tee:
        setattr(sys, tee._name, tee._stream)
        if tee in _installed:
            _installed.remove(tee)


def _after_fork() -> None:
    """In a forked child: what it prints is not followed, as its parent is the one that was asked for."""
    for tee in _installed:
        tee._listeners.clear()
    _busy.now = False


lifecycle.after_fork(_after_fork)
