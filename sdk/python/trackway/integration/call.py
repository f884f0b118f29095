"""Noticing that a call of a library has ended, also when it raised.

Most libraries tell a callback when training begins and when it has gone well, but not when it raised. A run that was
opened for the training must end as failed then, even if the caller catches the exception and goes on. So an object is
laid into the frame of the library's function: it dies with the frame. Somebody may hold the frame longer (a notebook
keeps the last traceback, an exception may be in a cycle): for that there is ``look``, called from time to time.
"""

from __future__ import annotations

import inspect
import sys
import threading
from collections.abc import Collection
from types import FrameType
from typing import Callable

# Beside the locals of the function, under a name that no function has.
_PLACE = "(trackway)"


class Call:
    """One call of a library's function, while it goes on and when it has ended."""

    def __init__(self, frame: FrameType, ended: Callable[[], None]) -> None:
        """Calls ``ended`` once the frame is gone, in the thread that dropped it last."""
        self._id = id(frame)
        self._over = False
        self._ended: Callable[[], None] | None = ended
        _lay_into(frame, _Ending(self._frame_is_gone))

    def look(self) -> None:
        """Calls ``ended`` if no thread is in the call any more."""
        if not self._over and not any(id(frame) == self._id for frame in _frames_of_all_threads()):
            self._end()

    def forget(self) -> None:
        """Nothing is called any more."""
        self._ended = None

    def _end(self) -> None:
        self._over = True
        ended, self._ended = self._ended, None
        if ended is not None:
            ended()

    def _frame_is_gone(self) -> None:
        if _inside_client():
            # The garbage collector came by while this thread was writing a record: not now.
            threading.Thread(target=self._end, name="trackway-call-ended").start()
        else:
            self._end()


class _Ending:
    def __init__(self, call: Callable[[], None]) -> None:
        self._call = call

    def __del__(self) -> None:
        if not sys.is_finalizing():
            self._call()


def caller(module: str, names: Collection[str]) -> FrameType | None:
    """The outermost frame on this thread's stack of a function of these names in a module below ``module``."""
    found = None
    for frame in _outwards(sys._getframe(1)):
        if frame.f_code.co_name in names and _is_below(frame, module):
            found = frame
    return found


def caller_in_any_thread(module: str, name: str, of: object) -> FrameType | None:
    """The frame, in whatever thread, of the method ``name`` of the object ``of``."""
    for frame in _frames_of_all_threads():
        if frame.f_code.co_name == name and _is_below(frame, module) and frame.f_locals.get("self") is of:
            return frame
    return None


def _frames_of_all_threads() -> list[FrameType]:
    own = threading.get_ident()
    # From the caller on: a function that holds its own frame keeps it, and all further out, alive.
    frames = _outwards(sys._getframe(1))
    for thread, top in sys._current_frames().items():
        if thread != own:
            frames += _outwards(top)
    del top
    return frames


def _outwards(frame: FrameType | None) -> list[FrameType]:
    frames = []
    while frame is not None:
        frames.append(frame)
        frame = frame.f_back
    return frames


def _is_below(frame: FrameType, module: str) -> bool:
    name = frame.f_globals.get("__name__", "")
    return bool(name == module or name.startswith(module + "."))


def _inside_client() -> bool:
    """Whether this thread is in the middle of a call of the client itself."""
    return any(
        _is_below(frame, "trackway") and not _is_below(frame, __package__)
        for frame in _outwards(sys._getframe(1))
    )


def _lay_into(frame: FrameType, ending: _Ending) -> None:
    if not frame.f_code.co_flags & inspect.CO_NEWLOCALS:
        raise ValueError("not the frame of a function")
    place = frame.f_locals
    if isinstance(place, dict):
        # Before Python 3.13 this is a copy of all locals that lives as long as the frame: it must not keep data
        # sets alive that the function itself lets go.
        place.clear()
    place[_PLACE] = ending
