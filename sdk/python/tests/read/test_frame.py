"""Runs and histories as DataFrames."""

from __future__ import annotations

import pytest

from trackway import Experiment, MLOpsClient

pandas = pytest.importorskip("pandas")


def test_a_frame_has_a_row_for_each_run_and_columns_of_numbers(
    client: MLOpsClient, experiment: Experiment
) -> None:
    for number in range(3):
        with client.start_run(
            experiment.id, name=f"run {number}", tags=["even"] if number % 2 == 0 else None
        ) as run:
            run.log_params({"lr": 0.1 * number, "optimizer": "adam", "mixed": number if number else "none"})
            if number:
                run.log_params({"seed": 2**53 + number, "amp": True})
                run.log_metrics(
                    {"accuracy": number / 3, "loss": float("inf"), "system/cpu_percent": 5}, step=0
                )
    frame = experiment.runs(sort="name").to_pandas()
    assert list(frame.columns) == [
        *("run_id", "name", "status", "started", "duration", "experiment"),
        *("param.amp", "param.lr", "param.mixed", "param.optimizer", "param.seed"),
        *("metric.accuracy", "metric.loss", "tag.even"),
    ]
    assert frame["name"].tolist() == ["run 0", "run 1", "run 2"]
    assert frame["run_id"].tolist() == [run.id for run in experiment.runs(sort="name")]
    assert set(frame["status"]) == {"completed"} and set(frame["experiment"]) == {experiment.name}
    assert str(frame["started"].dt.tz) == "UTC"
    assert frame["duration"].dtype == "float64" and (frame["duration"] >= 0).all()
    assert frame["metric.accuracy"].dtype == "float64" and frame["metric.accuracy"].isna().tolist() == [
        True,
        False,
        False,
    ]
    assert frame["param.lr"].tolist() == [0.0, 0.1, 0.2]
    assert frame["param.seed"].isna().tolist() == [True, False, False]
    assert frame["param.seed"].tolist()[1:] == [2**53 + 1, 2**53 + 2], "no digit is lost to a float"
    assert frame["param.mixed"].tolist() == ["none", 1, 2]
    assert frame.sort_values("metric.accuracy", ascending=False)["name"].iloc[0] == "run 2"
    assert "metric.system/cpu_percent" in experiment.runs().to_pandas(system=True)


def test_no_runs_are_a_frame_without_rows(client: MLOpsClient, experiment: Experiment) -> None:
    frame = experiment.runs().to_pandas()
    assert len(frame) == 0
    assert list(frame.columns) == ["run_id", "name", "status", "started", "duration", "experiment"]


def test_a_history_is_a_frame_too(client: MLOpsClient, experiment: Experiment) -> None:
    with client.start_run(experiment.id) as run:
        run.log_metrics({"loss": 0.5}, step=3, wallclock=1_700_000_000)
    frame = client.get_run(run.id).metric_history("loss").to_pandas()
    assert frame.to_dict("list") == {
        "step": [3],
        "time": [pandas.Timestamp(1_700_000_000, unit="s", tz="UTC")],
        "value": [0.5],
    }
