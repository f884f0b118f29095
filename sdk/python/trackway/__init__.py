"""Trackway: record training runs and follow every model back to the run that made it.

    from trackway import MLOpsClient

    client = MLOpsClient()
    experiment = client.create_experiment("digits")
    with client.start_run(experiment.id) as run:
        run.log_params({"lr": 0.1})
        run.log_metrics({"loss": 0.5}, step=0)

Importing the package costs nothing: each public name loads its module at its first use.
"""

from __future__ import annotations

__version__ = "0.1.0"
__all__ = ["Experiment", "MLOpsClient", "Points", "Run", "TrackwayError"]

# Module that defines each public name.
_HOME = {
    "Experiment": "experiment",
    "MLOpsClient": "client",
    "Points": "series",
    "Run": "run",
    "TrackwayError": "error",
}

TYPE_CHECKING = False  # The constant of typing, without importing typing.
if TYPE_CHECKING:
    from .client import MLOpsClient
    from .error import TrackwayError
    from .experiment import Experiment
    from .run import Run
    from .series import Points


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
