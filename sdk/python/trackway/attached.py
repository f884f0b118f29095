"""A run that was started elsewhere or before, to add to."""

from __future__ import annotations

from typing import Any

from . import lifecycle
from .channel import Channel
from .record import StoredRun
from .run import Run

#: Series that are recorded of the machine start so.
SYSTEM = "system/"


class AttachedRun(Run):
    """What is logged is added to the run; this process is none of its own, and does not end it."""

    def __init__(self, channel: Channel, run_id: str, **more: Any) -> None:
        beats = channel.beating.get(run_id)
        super().__init__(channel, run_id, **more)
        lifecycle.closed(self)
        # Another object of this process may have it open.
        if beats is None:
            del channel.beating[run_id]
        else:
            channel.beating[run_id] = beats

    def end_without_waiting(self, status: str, error: BaseException | None = None) -> None:
        """Nothing: who started the run ends it."""


def attach(channel: Channel, known: StoredRun) -> AttachedRun:
    """The run, with steps that follow those that it has."""
    steps = [one.last_step for one in known.series() if not one.key.startswith(SYSTEM)]
    run = AttachedRun(
        channel,
        known.id,
        name=known.name,
        experiment_id=known.experiment_id,
        experiment_name=known.experiment_name,
        parent_id=known.parent_id,
        first_step=max(steps, default=-1) + 1,
    )
    run.status = known.status
    return run
