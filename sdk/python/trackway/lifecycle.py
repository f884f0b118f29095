"""What becomes of open runs and unsent records when the process ends, is told to end, or forks.

* SIGTERM: open runs end as killed; then the handler that was there before decides, or the process ends.
* Normal exit of the interpreter: a run that nobody ended is completed; failed if an exception ended the
  program, killed if that was Ctrl-C.
* A forked child neither ends its parent's runs nor sends what its parent logged.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
import time
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Callable

if TYPE_CHECKING:
    from .channel import Channel
    from .run import Run

# How long a finished program stays for its last records.
EXIT_SECONDS_MAX = 10.0
# Docker grants ten seconds between SIGTERM and SIGKILL; half of them are left to the program.
SIGTERM_SECONDS_MAX = 5.0


class _State:
    """Of this process; a forked child starts with a fresh one."""

    def __init__(self) -> None:
        # Re-entrant, because the signal handler may interrupt its own thread in here.
        self.lock = threading.RLock()
        self.runs: list[Run] = []
        self.previous_handler: Any = None
        self.hooked_worker = False


_state = _State()
_channels: weakref.WeakSet[Channel] = weakref.WeakSet()
_after_fork_calls: list[Callable[[], None]] = []


def watch(channel: Channel) -> None:
    """Closes this channel at exit."""
    _channels.add(channel)
    _hook_worker()


def opened(run: Run) -> None:
    """From now on this run is ended with the process."""
    with _state.lock:
        _state.runs.append(run)
        _install_handler()
    _hook_worker()


def closed(run: Run) -> None:
    """This run has been ended."""
    with _state.lock:
        if run in _state.runs:
            _state.runs.remove(run)
        if not _state.runs:
            _remove_handler()


def after_fork(call: Callable[[], None]) -> None:
    """Calls this in each forked child, before anything else is done there."""
    _after_fork_calls.append(call)


def interrupt() -> None:
    """Ends training as Ctrl-C does: KeyboardInterrupt in the main thread, also out of a sleep.

    What a shell started in the background, or under nohup, ignores Ctrl-C: that is ended as by SIGTERM.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        os.kill(os.getpid(), signal.SIGTERM)
        return
    main = threading.main_thread()
    if main.is_alive() and hasattr(signal, "pthread_kill") and main.ident is not None:
        signal.pthread_kill(main.ident, signal.SIGINT)
    else:
        import _thread

        _thread.interrupt_main()


def _end_all(status: str, seconds_max: float, error: BaseException | None = None) -> None:
    deadline = time.monotonic() + seconds_max
    for run in list(_state.runs):
        run.end_without_waiting(status, error)
    for channel in list(_channels):
        unsent = lost = ""
        if not channel.flush(max(0.0, deadline - time.monotonic())):
            unsent = f"not sent within {seconds_max:.0f} s: {channel.unsent()}"
        lost = channel.take_lost()
        channel.close(0)
        for said in filter(None, (unsent, lost and f"lost: {lost}")):
            # Python refuses a write from a handler that interrupted another write: then it stays unsaid.
            with suppress(RuntimeError, OSError, ValueError):
                print(f"trackway: {said}", file=sys.stderr)


def _install_handler() -> None:
    if threading.current_thread() is not threading.main_thread():
        return
    current = signal.getsignal(signal.SIGTERM)
    # None: a handler that Python did not install and could not call. A process that ignores SIGTERM goes on.
    if current is _on_sigterm or current is None or current is signal.SIG_IGN:
        return
    _state.previous_handler = current
    signal.signal(signal.SIGTERM, _on_sigterm)


def _remove_handler() -> None:
    in_main_thread = threading.current_thread() is threading.main_thread()
    if in_main_thread and signal.getsignal(signal.SIGTERM) is _on_sigterm:
        signal.signal(signal.SIGTERM, _state.previous_handler)


def _on_sigterm(number: int, frame: Any) -> None:
    previous = _state.previous_handler
    _end_all("killed", SIGTERM_SECONDS_MAX)
    _remove_handler()
    if callable(previous):
        previous(number, frame)
    else:
        # Die by the signal, so that the parent sees the right exit status.
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)


def _at_exit() -> None:
    # The interpreter keeps the exception that ended the program here; a SystemExit is not among them.
    error = getattr(sys, "last_type", None)
    value = None
    if error is None or hasattr(sys, "ps1"):
        # At a prompt (ps1) an exception does not end the program.
        status = "completed"
    else:
        status = "killed" if issubclass(error, KeyboardInterrupt) else "failed"
        value = getattr(sys, "last_value", None)
    _end_all(status, EXIT_SECONDS_MAX, value)


def _hook_worker() -> None:
    """The workers of multiprocessing leave without atexit; they have a list of their own."""
    util = sys.modules.get("multiprocessing.util")
    process = sys.modules.get("multiprocessing.process")
    if _state.hooked_worker or util is None or process is None or process.parent_process() is None:
        return
    _state.hooked_worker = True
    util.Finalize(None, _at_exit, exitpriority=0)


def _after_fork() -> None:
    global _state
    handler = _state.previous_handler
    _state = _State()
    if signal.getsignal(signal.SIGTERM) is _on_sigterm:
        signal.signal(signal.SIGTERM, handler)
    for channel in list(_channels):
        channel.after_fork()
    for call in _after_fork_calls:
        call()


atexit.register(_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
