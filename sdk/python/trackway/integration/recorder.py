"""The run that an integration records to: the caller's, or one of its own; and nothing raised into training."""

from __future__ import annotations

import inspect
import logging
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any, Callable

import trackway
from trackway import MLOpsClient, Run

from ..start import start_run
from .call import Call, look_at_all

# A run that cannot be opened is not tried for at every step.
RETRY_SECONDS = 60.0

_log = logging.getLogger("trackway")
_lock = threading.RLock()
_said: set[str] = set()
#: Recorders with a run of their own that is open, by the run's id.
_own: dict[str, Recorder] = {}


class Recorder:
    """Records to the run given, else to the current one, else opens one and ends it.

    ``start`` is what ``trackway.init`` takes. A copy made for another process (pickle) joins the same run; a copy
    made in this one (deepcopy) shares a run of the caller and otherwise opens its own.
    """

    def __init__(self, run: Run | None = None, start: Mapping[str, Any] | None = None) -> None:
        if run is not None and start:
            raise TypeError(f"{', '.join(start)}: only for a run that the integration opens itself")
        # A wrong name is told to who wrote it, not hours later in a warning.
        inspect.signature(trackway.init).bind(**(start or {}))
        #: The run that is recorded to right now.
        self.run: Run | None = None
        self._given = run
        self._start = dict(start or {})
        if isinstance(self._start.get("parent"), Run):
            # Copies for other processes need no more of it.
            self._start["parent"] = self._start["parent"].id
        self._joins: dict[str, Any] = {}
        self._call: Call | None = None
        self._watched: Run | None = None
        self._retry_at = 0.0

    @property
    def is_owner(self) -> bool:
        """Whether the open run was opened here and will be ended here."""
        return self.run is not None and _own.get(self.run.id) is self

    def open(
        self, frame: FrameType | None = None, ended: Callable[[], None] | None = None, **defaults: Any
    ) -> Run | None:
        """The run from now on; None if there is none to be had, which is said once.

        ``defaults`` are what ``trackway.init`` gets where the user said nothing. If the call of ``frame`` ends before
        ``close``, ``ended`` is called; without it the training has failed.
        """
        if self.run is not None or time.monotonic() < self._retry_at:
            return self.run
        self._retry_at = time.monotonic() + RETRY_SECONDS
        with guarded("the training"), _lock:
            look_at_all()
            self.run = self._given or self._current() or self._open_own(defaults)
            if frame is not None:
                self._watch(frame, ended or self.fail)
        return self.run

    def close(self, status: str = "completed", error: BaseException | None = None, wait: bool = True) -> None:
        """Ends the run if it was opened here; in any case nothing is recorded from now on."""
        with _lock:
            run, self.run = self.run, None
            self._retry_at = 0.0
            if self._call is not None:
                self._call.forget()
                self._call = None
            if run is None or _own.get(run.id) is not self:
                return
            del _own[run.id]
        with guarded("the end of the run"):
            run.end_without_waiting(status, error)
            if wait:
                run.finish(status)

    def fail(self) -> None:
        """Ends the run as the call that was recorded: by an exception, or by Ctrl-C."""
        error = self._call.error() if self._call is not None else None
        by_hand = isinstance(error, (KeyboardInterrupt, SystemExit))
        self.close("killed" if by_hand else "failed", error, wait=False)

    def join(self, run_id: str, resume: str = "allow") -> None:
        """The next ``open`` is of this run, ``resume`` as in ``trackway.init``; those after it go on with it."""
        self._joins = {"id": run_id, "resume": resume}

    def finds_run(self) -> bool:
        """Whether there is a run to record to without opening one."""
        return (self._given or self._current()) is not None

    def borrow(self, run: Run) -> None:
        """Records to this run of the caller."""
        self._given = run

    def metrics(self, values: Mapping[Any, Any], step: int | None = None) -> None:
        """Metrics under the library's names. One that cannot be recorded takes no other with it."""
        run = self.run
        if run is None:
            return
        present = {str(key): value for key, value in values.items() if value is not None}
        try:
            run.log_metrics(present, step)
        except Exception:
            for key, value in present.items():
                with guarded(f'the metric "{key}"'):
                    run.log_metrics({key: value}, step)

    def params(self, values: Mapping[Any, Any]) -> None:
        """Params; one that cannot be recorded takes no other with it."""
        run = self.run
        if run is None:
            return
        try:
            run.log_params(values)
        except Exception:
            for key, value in values.items():
                with guarded(f'the param "{key}"'):
                    run.log_params({key: value})

    def _watch(self, frame: FrameType, ended: Callable[[], None]) -> None:
        self._call = Call(frame, ended)
        run = self.run
        if run is not None and not self.is_owner and run is not self._watched:
            # What is left to record of a call is recorded before the caller's run ends.
            self._watched = run
            run.on_end(look_at_all)

    def _current(self) -> Run | None:
        current = trackway.current_run()
        joined = self._joins.get("id")
        # A copy in another process goes on with the run of the original, unless a fork has it open already.
        return current if joined is None or (current is not None and current.id == joined) else None

    def _open_own(self, defaults: Mapping[str, Any]) -> Run:
        start = {**defaults, **self._start, **self._joins}
        experiment_id = start.pop("experiment_id", None)
        if experiment_id is None:
            run = trackway.init(**start)
        else:
            client = MLOpsClient(api_token=start.get("api_token"), url=start.get("url"))
            run = client.start_run(experiment_id, id=start["id"], resume="allow")
        if self._joins:
            self._joins["resume"] = "allow"
        _own[run.id] = self
        return run

    def __getstate__(self) -> dict[str, Any]:
        """What another process needs to join."""
        run = self._given or self.run
        joins = self._joins
        if run is not None:
            joins = {"id": run.id, "resume": "allow"}
            if run.experiment_name is not None:
                joins["experiment"] = run.experiment_name
            else:
                joins["experiment_id"] = run.experiment_id
        return {"_start": self._start, "_joins": joins}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__()  # type: ignore[misc]
        self.__dict__.update(state)

    def __deepcopy__(self, memo: dict[int, Any]) -> Recorder:
        copy = Recorder(self._given, None)
        copy._start, copy._joins = dict(self._start), dict(self._joins)
        return copy


def child_run(parent: Run, name: str, tags: Mapping[str, Any]) -> Run:
    """A run below another, in its experiment. It does not become the current one: other threads may use that."""
    in_experiment = (
        {"experiment_id": parent.experiment_id}
        if parent.experiment_id is not None
        else {"experiment_name": parent.experiment_name}
    )
    return start_run(parent._channel, name=name, parent=parent, tags=tags, **in_experiment)


@contextmanager
def guarded(what: str) -> Iterator[None]:
    """Training goes on whatever happens in here; it is said once for each thing."""
    try:
        yield
    except Exception as error:
        warn_once(f"{what} was not recorded", error)


def warn_once(message: str, error: Exception | None = None) -> None:
    """A warning, the first time that there is reason for it."""
    if message not in _said:
        _said.add(message)
        _log.warning(
            "trackway: %s%s",
            message,
            f": {error}" if error else "",
            exc_info=_log.isEnabledFor(logging.DEBUG),
        )
