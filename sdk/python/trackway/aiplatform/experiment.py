"""All runs of an experiment in one table."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ..attached import SYSTEM
from ..record import StoredRun
from .place import client, place
from .run import STATES

#: The tag that says what a run is, when it is not an experiment's run.
RUN_TYPE = "run_type"
EXPERIMENT_RUN, PIPELINE_RUN = "system.ExperimentRun", "system.PipelineRun"


def get_experiment_df(experiment: str | None = None, *, include_time_series: bool = True) -> Any:
    """A DataFrame with a row for each run of an experiment, the oldest first; the current experiment if none is named.

    Columns ``experiment_name``, ``run_name``, ``run_type``, ``state``; ``param.<key>``; ``metric.<key>``, its last
    value; and ``time_series_metric.<key>``, the same, for metrics that are curves. Metrics that are texts are left
    out; what a run lacks is NaN. Raises ImportError without pandas, TrackwayError when there is no such experiment.
    """
    try:
        pandas = import_module("pandas")
    except ImportError as error:
        raise ImportError("get_experiment_df needs pandas: pip install pandas") from error
    found = client().get_experiment(experiment or place.experiment)
    rows = [_row(run, found.name, include_time_series) for run in found.runs(reverse=True)]
    fixed = ["experiment_name", "run_name", "run_type", "state"]
    others = {key for row in rows for key in row if key not in fixed}
    order = ("param.", "metric.", "time_series_metric.")
    by_kind = [sorted(key for key in others if key.startswith(kind)) for kind in order]
    return pandas.DataFrame(rows, columns=[*fixed, *(key for keys in by_kind for key in keys)])


def _row(run: StoredRun, experiment_name: str, include_time_series: bool) -> dict[str, Any]:
    row: dict[str, Any] = {
        "experiment_name": experiment_name,
        "run_name": run.name,
        "run_type": run.tags.get(RUN_TYPE, EXPERIMENT_RUN),
        "state": STATES[run.status],
    }
    for key, value in run.params.items():
        row[f"param.{key}"] = value
    for key, stat in run.metrics.items():
        if not key.startswith(SYSTEM):
            row[f"metric.{key}"] = stat.last
            if include_time_series and stat.last_step > 0:
                row[f"time_series_metric.{key}"] = stat.last
    return row
