"""Vertex AI's dialect: ``from trackway import aiplatform`` is ``from google.cloud import aiplatform`` for this server.

What is current is so for the whole process: ``init`` chooses the experiment, ``start_run`` the run. Lineage across
runs raises TrackwayError of kind ``unsupported`` until the server has it; each run keeps the records of its inputs and
outputs, below ``lineage/`` among its artifacts.
"""

from . import metadata
from .artifact import Artifact
from .experiment import get_experiment_df
from .place import MetadataStore
from .run import ExperimentRun
from .session import (
    end_run,
    init,
    log_metrics,
    log_params,
    log_time_series_metrics,
    start_run,
)

__all__ = [
    "Artifact",
    "ExperimentRun",
    "MetadataStore",
    "end_run",
    "get_experiment_df",
    "init",
    "log_metrics",
    "log_params",
    "log_time_series_metrics",
    "metadata",
    "start_run",
]
