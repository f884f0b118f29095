"""Trackway: record training runs and follow every model back to the run that made it.

    import trackway

    with trackway.init(experiment="digits", params={"lr": 0.1}) as run:
        for step in range(100):
            run.log_metrics({"loss": 0.5}, step=step)

Importing the package costs nothing: each public name loads its module at its first use.
"""

from __future__ import annotations

__version__ = "0.1.0"

# Module that defines each public name.
_HOME = {
    "Experiment": "experiment",
    "History": "history",
    "MLOpsClient": "podstack",
    "Points": "series",
    "Run": "run",
    "RunGroup": "group",
    "RunList": "search",
    "StoredRun": "record",
    "TrackwayError": "error",
    "current_run": "session",
    "finish": "session",
    "init": "session",
    "log_artifact": "session",
    "log_artifacts": "session",
    "log_dataset": "session",
    "log_dict": "session",
    "log_event": "session",
    "log_figure": "session",
    "log_histogram": "session",
    "log_image": "session",
    "log_metric": "session",
    "log_metrics": "session",
    "log_params": "session",
    "log_reference": "session",
    "log_table": "session",
    "log_text": "session",
    "set_notes": "session",
    "set_tags": "session",
}

TYPE_CHECKING = False  # The constant of typing, without importing typing.
if TYPE_CHECKING:
    from .error import TrackwayError as TrackwayError
    from .experiment import Experiment as Experiment
    from .group import RunGroup as RunGroup
    from .history import History as History
    from .podstack import MLOpsClient as MLOpsClient
    from .record import StoredRun as StoredRun
    from .run import Run as Run
    from .search import RunList as RunList
    from .series import Points as Points
    from .session import current_run as current_run
    from .session import finish as finish
    from .session import init as init
    from .session import log_artifact as log_artifact
    from .session import log_artifacts as log_artifacts
    from .session import log_dataset as log_dataset
    from .session import log_dict as log_dict
    from .session import log_event as log_event
    from .session import log_figure as log_figure
    from .session import log_histogram as log_histogram
    from .session import log_image as log_image
    from .session import log_metric as log_metric
    from .session import log_metrics as log_metrics
    from .session import log_params as log_params
    from .session import log_reference as log_reference
    from .session import log_table as log_table
    from .session import log_text as log_text
    from .session import set_notes as set_notes
    from .session import set_tags as set_tags

__all__ = sorted(_HOME)


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
