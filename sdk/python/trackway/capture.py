"""What a run records by itself: the environment it runs in, what the machine does, what the program prints.

Nothing here may hurt training: each capture is started in a block of its own, and a fault is only noted for debugging.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .run import Run

ENVIRONMENT, SYSTEM, CONSOLE = "environment", "system", "console"
ALL = (ENVIRONMENT, SYSTEM, CONSOLE)
# The end of a short run waits so long for what is still being found out.
ENVIRONMENT_SECONDS_MAX = 2.0

_log = logging.getLogger("trackway")


def chosen(wanted: bool | str | Iterable[str] | None, otherwise: Iterable[str]) -> tuple[str, ...]:
    """The argument, else TRACKWAY_CAPTURE (``environment,system,console``, ``all`` or ``none``), else the default."""
    if wanted is None:
        wanted = os.environ.get("TRACKWAY_CAPTURE")
    if wanted is None or wanted == "":
        return tuple(otherwise)
    if isinstance(wanted, bool):
        return ALL if wanted else ()
    words = wanted.replace(",", " ").split() if isinstance(wanted, str) else list(wanted)
    if words in (["all"], ["none"]):
        return ALL if words == ["all"] else ()
    for word in words:
        if word not in ALL:
            raise ValueError(f'capture: expected environment, system or console, found "{word}"')
    return tuple(words)


def start(run: Run, captured: Iterable[str], steps: Mapping[str, int]) -> None:
    """Starts what is asked for; ``steps`` are the highest so far of a run that goes on."""
    starters = {ENVIRONMENT: _environment, SYSTEM: _system, CONSOLE: _console}
    for what in captured:
        try:
            starters[what](run, steps)
        except Exception:
            _log.debug("trackway: %s is not captured", what, exc_info=True)


def _environment(run: Run, steps: Mapping[str, int]) -> None:
    from . import environment

    # Git and the list of packages take a tenth of a second that training need not wait for.
    thread = threading.Thread(
        target=environment.record, args=(run,), name="trackway-environment", daemon=True
    )
    thread.start()
    run.on_end(lambda: thread.join(ENVIRONMENT_SECONDS_MAX))


def _system(run: Run, steps: Mapping[str, int]) -> None:
    from .system import Sampler

    sampler = Sampler(run, first_step=_after(steps, "system/", ("system/stdout", "system/stderr")))
    run.on_beat(sampler.sample)


def _console(run: Run, steps: Mapping[str, int]) -> None:
    from . import console

    first_lines = {name: steps.get(f"system/{name}", -1) + 1 for name in console.NAMES}
    run.on_end(console.capture(run, first_lines))


def _after(steps: Mapping[str, int], prefix: str, without: tuple[str, ...]) -> int:
    own = [step for key, step in steps.items() if key.startswith(prefix) and key not in without]
    return max(own, default=-1) + 1
