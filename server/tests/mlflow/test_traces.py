"""Traces of functions: written by the decorator, read back, found, tagged and deleted."""

from __future__ import annotations

import time
from typing import Any

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

pytestmark = pytest.mark.skipif(
    mlflow.__version__.startswith("2."), reason="mlflow 3 speaks the third version of the protocol of traces"
)


@mlflow.trace(name="double", attributes={"kind": "arithmetic"})
def double(number: int) -> int:
    return number * 2


@mlflow.trace
def quadruple(number: int) -> int:
    return double(double(number))


@mlflow.trace
def failing(number: int) -> int:
    raise ValueError(f"no {number}")


def traced(function: Any, *arguments: Any) -> str:
    function(*arguments)
    mlflow.flush_trace_async_logging()
    trace_id = mlflow.get_last_active_trace_id()
    assert trace_id is not None
    return trace_id


@pytest.fixture
def experiment() -> str:
    return mlflow.set_experiment(f"traces-{time.time_ns()}").experiment_id


def test_a_trace_holds_the_spans_of_the_calls_inside(experiment: str) -> None:
    trace_id = traced(quadruple, 3)
    trace = mlflow.get_trace(trace_id)
    assert trace is not None
    assert trace.info.state == "OK" and trace.info.experiment_id == experiment
    assert trace.info.execution_duration >= 0
    names = [span.name for span in trace.data.spans]
    assert sorted(names) == ["double", "double", "quadruple"] or sorted(names) == [
        "double_1",
        "double_2",
        "quadruple",
    ]
    (root,) = [span for span in trace.data.spans if span.parent_id is None]
    assert (root.inputs, root.outputs) == ({"number": 3}, 12)
    inner = [span for span in trace.data.spans if span.parent_id == root.span_id]
    assert [span.outputs for span in inner] == [6, 12]
    assert inner[0].attributes["kind"] == "arithmetic"


def test_a_trace_tells_what_failed(experiment: str) -> None:
    with pytest.raises(ValueError, match="no 1"):
        failing(1)
    mlflow.flush_trace_async_logging()
    trace = mlflow.get_trace(mlflow.get_last_active_trace_id())
    assert trace is not None and trace.info.state == "ERROR"
    assert "no 1" in str(trace.data.spans[0].events)


def found(experiment: str, **more: Any) -> list[str]:
    traces = mlflow.search_traces(locations=[experiment], return_type="list", **more)
    return [trace.info.trace_id for trace in traces]


def test_traces_are_found_by_state_name_and_tag_newest_first(experiment: str) -> None:
    first = traced(double, 1)
    # Their times have milliseconds.
    time.sleep(0.005)
    second = traced(quadruple, 1)
    with pytest.raises(ValueError):
        failing(1)
    mlflow.flush_trace_async_logging()
    failed = mlflow.get_last_active_trace_id()
    mlflow.set_trace_tag(first, "team", "a")
    assert found(experiment) == [failed, second, first]
    assert found(experiment, max_results=1) == [failed]
    assert found(experiment, filter_string="trace.status = 'ERROR'") == [failed]
    assert found(experiment, filter_string="tags.team = 'a'") == [first]
    assert found(experiment, filter_string="trace.name = 'quadruple'") == [second]
    assert found(experiment, order_by=["timestamp_ms ASC"]) == [first, second, failed]
    assert found(experiment, filter_string="trace.timestamp_ms > 0 AND tags.team = 'b'") == []


def test_tags_of_a_trace_are_set_and_taken_away(experiment: str) -> None:
    trace_id = traced(double, 2)
    mlflow.set_trace_tag(trace_id, "team", "a")
    mlflow.set_trace_tag(trace_id, "team", "b")
    trace = mlflow.get_trace(trace_id)
    assert trace is not None and trace.info.tags["team"] == "b"
    mlflow.delete_trace_tag(trace_id, "team")
    trace = mlflow.get_trace(trace_id)
    assert trace is not None and "team" not in trace.info.tags
    with pytest.raises(MlflowException):
        mlflow.delete_trace_tag(trace_id, "team")


def test_traces_that_are_deleted_are_gone(experiment: str) -> None:
    gone, kept = traced(double, 1), traced(double, 2)
    assert MlflowClient().delete_traces(experiment, trace_ids=[gone]) == 1
    assert found(experiment) == [kept]
    assert mlflow.get_trace(gone, silent=True) is None
    later = int(time.time() * 1000) + 1_000
    assert MlflowClient().delete_traces(experiment, max_timestamp_millis=later) == 1
    assert found(experiment) == []


def test_a_trace_in_a_run_belongs_to_it(experiment: str) -> None:
    with mlflow.start_run() as run:
        inside = traced(double, 1)
    traced(double, 2)
    trace = mlflow.get_trace(inside)
    assert trace is not None and trace.info.trace_metadata["mlflow.sourceRun"] == run.info.run_id
    assert found(experiment, run_id=run.info.run_id) == [inside]
