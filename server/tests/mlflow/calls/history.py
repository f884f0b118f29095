"""Calls: history."""

from __future__ import annotations

from typing import Any

from calls.call import AJAX, API, MISSING, UNKNOWN_RUN, Call, get, history


def bulk(what: str, path: str = "get-history-bulk", says: str = "", **fields: Any) -> Call:
    return get(f"histories: {what}", f"{AJAX}/metrics/{path}", fields, says=says)


HISTORY = [
    history("whole"),
    history("by the run's old name", run_id=None, run_uuid="{run}"),
    history("the first page", max_results=2, keep={"page": "next_page_token"}),
    history("the last page", max_results=2, page_token="{page}"),
    history("a page of just as many", max_results=3),
    history("of NaN", metric_key="nan"),
    history("of a metric that is not there", metric_key="absent"),
    history("of a run that is not there", run_id=UNKNOWN_RUN),
    history("of no run", run_id=None, says=MISSING.format("run_id")),
    history("of no metric", metric_key=None, says=MISSING.format("metric_key")),
    history("of no points", max_results=0),
    history("of fewer than no points", max_results=-1),
    history("by a token that nobody gave", max_results=2, page_token="not a token"),
    bulk("of two runs", run_id=["{run}", "{bare}"], metric_key="loss"),
    bulk("limited", run_id=["{run}"], metric_key="loss", max_results=2),
    bulk("of a run that is not there", run_id=[UNKNOWN_RUN, "{run}"], metric_key="loss"),
    bulk(
        "of no run", metric_key="loss", says="GetMetricHistoryBulk request must specify at least one run_id."
    ),
    bulk(
        "of 101 runs",
        run_id=[f"{n:032x}" for n in range(101)],
        metric_key="loss",
        says="cannot specify more than 100 run_ids. Received 101 run_ids.",
    ),
    bulk("of no metric", run_id=["{run}"], says="metric_key"),
    *[
        get(
            f"histories, sampled: {what}",
            f"{prefix}/metrics/get-history-bulk-interval",
            {"run_ids": ["{run}"], "metric_key": "many", **fields},
        )
        for what, prefix, fields in [
            ("few", AJAX, {"max_results": 3}),
            ("one", AJAX, {"max_results": 1}),
            ("between steps", AJAX, {"start_step": 10, "end_step": 20, "max_results": 5}),
            ("between steps, all", AJAX, {"start_step": 10, "end_step": 20}),
            ("all, by the other prefix", API, {}),
            ("none", AJAX, {"max_results": 0}),
            ("2501", AJAX, {"max_results": 2_501}),
            ("a start without end", AJAX, {"start_step": 1}),
            ("an end before the start", AJAX, {"start_step": 5, "end_step": 1}),
        ]
    ],
    get(
        "histories, sampled: of a short one",
        f"{AJAX}/metrics/get-history-bulk-interval",
        {"run_ids": ["{run}", "{bare}"], "metric_key": "loss"},
    ),
    get("histories, sampled: of no run", f"{AJAX}/metrics/get-history-bulk-interval", {"metric_key": "loss"}),
    get(
        "histories, sampled: of no metric",
        f"{AJAX}/metrics/get-history-bulk-interval",
        {"run_ids": ["{run}"]},
    ),
]
