"""Noticing that a call of a library has ended, also when it raised.

Most libraries tell a callback when training begins and when it has gone well, but not when it raised. A run that was
opened for the training must end as failed then, even if the caller catches the exception and goes on. So an object is
laid into the frame of the library's function: it dies with the frame. Somebody may hold the frame longer (a notebook
keeps the last traceback, an exception may be in a cycle with its frames): for that a thread looks from time to time
whether the frame is on any stack.
"""

from __future__ import annotations

import atexit
import inspect
import sys
import threading
import time
import weakref
from collections.abc import Collection
from types import FrameType
from typing import Any, Callable

# Looking takes some microseconds.
LOOK_SECONDS = 0.5
# Beside the locals of the function, under a name that no function has.
_PLACE = "(trackway)"
_GENERATOR = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR

# Re-entrant: the garbage collector may end a call in the middle of anything.
_lock = threading.RLock()
_calls: weakref.WeakSet[Call] = weakref.WeakSet()
_watcher: threading.Thread | None = None


class Call:
    """One call of a library's function, while it goes on and when it has ended."""

    def __init__(self, frame: FrameType, ended: Callable[[], None]) -> None:
        """Calls ``ended`` once the call is over, in this thread or another."""
        self._id = id(frame)
        self._ended: Callable[[], None] | None = ended
        _lay_into(frame, _Ending(self._frame_is_gone))
        _watch(self)

    def forget(self) -> None:
        """Nothing is called any more."""
        with _lock:
            self._ended = None

    def error(self) -> BaseException | None:
        """What ended the call, if that exception is being handled just now, or ended the program."""
        for error in _exceptions():
            traceback = error.__traceback__
            while traceback is not None:
                if id(traceback.tb_frame) == self._id:
                    return error
                traceback = traceback.tb_next
        return None

    def look(self, running: Collection[int]) -> None:
        """Ends the call if its frame is not among those that run."""
        if self._id not in running:
            self._end()

    def _end(self) -> None:
        with _lock:
            ended, self._ended = self._ended, None
        if ended is not None:
            ended()

    def _frame_is_gone(self) -> None:
        if self._ended is None:
            return
        if _inside_client():
            # The garbage collector came by while this thread was writing a record: not now.
            threading.Thread(target=self._end, name="trackway-call-ended").start()
        else:
            self._end()

    @property
    def is_over(self) -> bool:
        """Whether there is nothing to wait for."""
        return self._ended is None


def look_at_all() -> None:
    """Ends the calls that are over."""
    frames = _frames_of_all_threads()
    if frames is None:
        return
    running = {id(frame) for frame in frames}
    # Among them is the frame of this function.
    del frames
    for call in list(_calls):
        call.look(running)


def _watch(call: Call) -> None:
    global _watcher
    with _lock:
        _calls.add(call)
        # In a forked child the thread of the parent is not there.
        if _watcher is None or not _watcher.is_alive():
            _watcher = threading.Thread(target=_look_until_all_are_over, name="trackway-calls", daemon=True)
            _watcher.start()


def _look_until_all_are_over() -> None:
    global _watcher
    while True:
        time.sleep(LOOK_SECONDS)
        look_at_all()
        with _lock:
            if all(call.is_over for call in list(_calls)):
                _watcher = None
                return


# Before the client ends the runs that are open at exit: it cannot know of a training that raised.
atexit.register(look_at_all)


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
    for frame in _frames_of_all_threads() or ():
        if frame.f_code.co_name == name and _is_below(frame, module) and frame.f_locals.get("self") is of:
            return frame
    return None


def _exceptions() -> list[BaseException]:
    handled: Collection[Any] = getattr(sys, "_current_exceptions", dict)().values()
    # Before Python 3.12 as of sys.exc_info; at the end of the program, and in notebooks, the last that nobody caught.
    found = [error[1] if isinstance(error, tuple) else error for error in handled]
    found += [getattr(sys, "last_value", None), sys.exc_info()[1]]
    return [error for error in found if error is not None]


def _frames_of_all_threads() -> list[FrameType] | None:
    """None when that cannot be said: other threads go on meanwhile."""
    own = threading.get_ident()
    # From the caller on: a function that holds its own frame keeps it, and all further out, alive.
    frames = _outwards(sys._getframe(1))
    for thread, top in sys._current_frames().items():
        if thread != own:
            stack = _outwards(top)
            if stack[-1].f_code.co_flags & _GENERATOR:
                # It was left on the way, and with it the way further out.
                return None
            frames += stack
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
