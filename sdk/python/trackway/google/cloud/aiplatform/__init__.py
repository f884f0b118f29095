"""``trackway.aiplatform`` under the name that it has in Google Cloud."""

from ....aiplatform import (
    Artifact,
    ExperimentRun,
    MetadataStore,
    end_run,
    get_experiment_df,
    init,
    log_metrics,
    log_params,
    log_time_series_metrics,
    start_run,
)
from . import metadata

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
