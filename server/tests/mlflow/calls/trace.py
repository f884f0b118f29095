"""Calls: trace."""

from __future__ import annotations

from typing import Any

from calls.call import UNKNOWN_RUN, Call, get, patch, post, remove

TRACES = "/api/3.0/mlflow/traces"


def trace(number: int, experiment: str = "{searched}", **more: Any) -> dict[str, Any]:
    return {
        "trace": {
            "trace_info": {
                "trace_id": f"tr-{number:032x}",
                "trace_location": {
                    "type": "MLFLOW_EXPERIMENT",
                    "mlflow_experiment": {"experiment_id": experiment},
                },
                "request_time": f"2026-01-01T00:00:0{number}Z",
                "execution_duration": "0.046s",
                "state": "OK",
                "trace_metadata": {"mlflow.trace_schema.version": "3"},
                "tags": {"mlflow.traceName": f"name{number}"},
                "request_preview": "{}",
                "response_preview": "1",
                **more,
            }
        }
    }


HERE = [{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "{searched}"}}]
TRACE = f"tr-{1:032x}"
UNKNOWN_TRACE = f"tr-{UNKNOWN_RUN}"


def search_traces(what: str, **fields: Any) -> Call:
    return post(f"traces: {what}", f"{TRACES}/search", {"locations": HERE, **fields})


TRACED = [
    post("a trace", TRACES, trace(1)),
    post("a trace that failed", TRACES, trace(2, state="ERROR")),
    post("a trace again", TRACES, trace(1)),
    post("a trace of no experiment", TRACES, trace(3, "99999")),
    get("a trace is read", f"{TRACES}/{TRACE}"),
    get("a trace that is not there", f"{TRACES}/{UNKNOWN_TRACE}"),
    search_traces("all"),
    search_traces("one", max_results=1),
    search_traces("501", max_results=501),
    search_traces("of a state", filter="status = 'ERROR'"),
    search_traces("of a tag", filter="tags.`mlflow.traceName` = 'name1'"),
    search_traces("oldest first", order_by=["timestamp_ms ASC"]),
    search_traces("refused", filter="colour = 'red'"),
    patch("a trace is tagged", f"traces/{TRACE}/tags", {"key": "a", "value": "b"}),
    patch("a trace that is not there is tagged", f"traces/{UNKNOWN_TRACE}/tags", {"key": "a", "value": "b"}),
    get("a trace with its tag", f"{TRACES}/{TRACE}"),
    remove("a trace's tag is taken away", f"traces/{TRACE}/tags", {"key": "a"}),
    remove("a trace's tag that is not there is taken away", f"traces/{TRACE}/tags", {"key": "a"}),
    post(
        "traces are deleted", "traces/delete-traces", {"experiment_id": "{searched}", "request_ids": [TRACE]}
    ),
    search_traces("after one was deleted"),
]
