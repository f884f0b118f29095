"""Calls: log."""

from __future__ import annotations

from typing import Any

from calls.call import MISSING, NO_RUN, TIME, UNKNOWN_RUN, Call, get, history, pairs, point, post


def metric(what: str, says: str = "", **fields: Any) -> Call:
    return post(f"a point: {what}", "runs/log-metric", {"run_id": "{run}", **fields}, says=says)


def batch(what: str, says: str = "", **fields: Any) -> Call:
    return post(f"a batch: {what}", "runs/log-batch", {"run_id": "{run}", **fields}, says=says)


LOGGING = [
    metric("plain", **point("loss", 0.5, step=1)),
    metric("the same again", **point("loss", 0.5, step=1)),
    metric("a later step", **point("loss", 0.25, step=2, time=TIME + 1)),
    metric("an earlier step", **point("loss", 4, step=-1, time=TIME + 2)),
    metric("a value as text", **point("texts", "1.5")),
    metric("NaN as text", **point("nan", "NaN")),
    metric("Infinity as text", **point("inf", "Infinity")),
    metric("-Infinity as text", **point("minus", "-Infinity")),
    metric("true", **point("true", True)),
    metric("without step", key="stepless", value=1.5, timestamp=TIME),
    metric("a step as text", key="text step", value=1.5, timestamp=str(TIME), step="7"),
    metric("with the run's old name", run_uuid="{run}", **point("old", 1)),
    metric("zero", **point("zero", 0, time=0)),
    metric("the smallest and the largest", **point("tiny", 5e-324)),
    metric("a value that is no number", **point("loss", "abc"), says="for parameter 'value' supplied"),
    metric("without value", key="loss", timestamp=TIME, says=MISSING.format("value")),
    metric("without time", key="loss", value=1, says=MISSING.format("timestamp")),
    metric("without key", value=1, timestamp=TIME, says=MISSING.format("key")),
    metric("an empty key", **point("", 1), says=MISSING.format("key")),
    metric("a time before all times", **point("loss", 1, time=-1)),
    metric("a key with strange letters", **point("a$b", 1), says="Names may only contain"),
    metric("a key that begins with a slash", **point("/a", 1), says="Names may be treated as files"),
    metric("a key with two slashes", **point("a//b", 1), says="Names may be treated as files"),
    metric("a key that is two dots", **point("..", 1), says="Names may be treated as files"),
    metric("a key of 250 letters", **point("k" * 250, 1)),
    metric(
        "a key of 251 letters", **point("k" * 251, 1), says="exceeds the maximum length of 250 characters"
    ),
    post("a point: of no run", "runs/log-metric", point("a", 1), says=MISSING.format("run_id")),
    post(
        "a point: of a run that is not there",
        "runs/log-metric",
        {"run_id": UNKNOWN_RUN, **point("a", 1)},
        says=NO_RUN,
    ),
    post("a param", "runs/log-parameter", {"run_id": "{run}", "key": "lr", "value": "0.1"}),
    post("a param again", "runs/log-parameter", {"run_id": "{run}", "key": "lr", "value": "0.1"}),
    post(
        "a param with another value",
        "runs/log-parameter",
        {"run_id": "{run}", "key": "lr", "value": "0.2"},
        says="Changing param values is not allowed. Param with key='lr' was already logged with value='0.1' "
        "for run ID='{run}'. Attempted logging new value '0.2'.",
    ),
    post("an empty param", "runs/log-parameter", {"run_id": "{run}", "key": "void", "value": ""}),
    post(
        "a param that looks like True",
        "runs/log-parameter",
        {"run_id": "{run}", "key": "flag", "value": "True"},
    ),
    post(
        "a param that looks like a number",
        "runs/log-parameter",
        {"run_id": "{run}", "key": "number", "value": "1.50"},
    ),
    post(
        "a param that looks like true",
        "runs/log-parameter",
        {"run_id": "{run}", "key": "small flag", "value": "true"},
    ),
    post(
        "a param that looks like JSON",
        "runs/log-parameter",
        {"run_id": "{run}", "key": "json", "value": '{"a": [1]}'},
    ),
    post("a param without value", "runs/log-parameter", {"run_id": "{run}", "key": "valueless"}),
    post(
        "a param without key",
        "runs/log-parameter",
        {"run_id": "{run}", "value": "x"},
        says=MISSING.format("key"),
    ),
    post(
        "a param with strange letters",
        "runs/log-parameter",
        {"run_id": "{run}", "key": "a\nb", "value": "x"},
        says="Names may only contain",
    ),
    post(
        "a param with a key of 251 letters",
        "runs/log-parameter",
        {"run_id": "{run}", "key": "k" * 251, "value": "x"},
        says="exceeds the maximum length of 250 characters",
    ),
    post(
        "a param of 6001 letters",
        "runs/log-parameter",
        {"run_id": "{bare}", "key": "long", "value": "v" * 6_001},
    ),
    post(
        "a param of a run that is not there",
        "runs/log-parameter",
        {"run_id": UNKNOWN_RUN, "key": "a", "value": "1"},
        says=NO_RUN,
    ),
    batch(
        "of everything",
        metrics=[point("acc", 0.1 * step, step=step, time=TIME + step) for step in range(5)]
        + [point("nan", "NaN", step=3)],
        params=pairs(optimizer="adam", depth="3"),
        tags=pairs(phase="one", other="x"),
    ),
    batch(
        "again",
        metrics=[point("acc", 0.1 * step, step=step, time=TIME + step) for step in range(5)],
        params=pairs(optimizer="adam"),
    ),
    batch("nothing"),
    batch(
        "one param twice",
        params=[*pairs(p="1"), *pairs(p="1")],
        says="Duplicate parameter keys have been submitted: ['p']",
    ),
    batch("one tag twice", tags=[*pairs(twice="1"), *pairs(twice="2")]),
    batch(
        "a param with another value",
        params=pairs(optimizer="sgd", fresh="1"),
        metrics=[point("never", 1)],
        says="Changing param values is not allowed.",
    ),
    batch(
        "a metric without key", metrics=[point("a", 1), {"value": 1, "timestamp": 1}], says="'metrics[1].key'"
    ),
    batch("a metric without value", metrics=[{"key": "a", "timestamp": 1}], says="'metrics[0].value'"),
    batch("a metric without time", metrics=[{"key": "a", "value": 1}], says="'metrics[0].timestamp'"),
    batch("a param without key", params=[{"value": "1"}], says="'params[0].key'"),
    batch("a tag without key", tags=[*pairs(a="1"), {"value": "1"}], says="'tags[1].key'"),
    batch("a metric with strange letters", metrics=[point("a$b", 1)], says="Names may only contain"),
    batch(
        "a param that climbs", params=[{"key": "../a", "value": "1"}], says="Names may be treated as files"
    ),
    batch("a tag with strange letters", tags=[{"key": "a\tb", "value": "1"}], says="Names may only contain"),
    batch("metrics that are no list", metrics="acc", says="for parameter 'metrics' supplied"),
    batch("a metric that is no object", metrics=["acc"]),
    batch(
        "1001 metrics",
        metrics=[point("m", step, step=step) for step in range(1_001)],
        says="A batch logging request can contain at most 1000 metrics. Got 1001 metrics.",
    ),
    batch(
        "101 params",
        params=[{"key": f"p{n}", "value": "1"} for n in range(101)],
        says="A batch logging request can contain at most 100 params. Got 101 params.",
    ),
    batch(
        "101 tags",
        tags=[{"key": f"t{n}", "value": "1"} for n in range(101)],
        says="A batch logging request can contain at most 100 tags. Got 101 tags.",
    ),
    batch(
        "1001 things",
        metrics=[point("m", step, step=step) for step in range(999)],
        params=pairs(pp="1", qq="1"),
        says="can contain at most 1000 metrics, params, and tags. Got 1001 metrics, params, and tags.",
    ),
    batch(
        "1000 metrics", metrics=[point("many", step, step=step, time=TIME + step) for step in range(1_000)]
    ),
    post("a batch: of no run", "runs/log-batch", {"metrics": [point("a", 1)]}, says=MISSING.format("run_id")),
    post(
        "a batch: of a run that is not there",
        "runs/log-batch",
        {"run_id": UNKNOWN_RUN, "metrics": [point("a", 1)]},
        says=NO_RUN,
    ),
    post(
        "a batch: of a run whose id is a path",
        "runs/log-batch",
        {"run_id": "../x", "metrics": [point("a", 1)]},
    ),
    get("a run with all that was logged", "runs/get", {"run_id": "{run}"}),
    get("a run with a long param", "runs/get", {"run_id": "{bare}"}),
    batch(
        "two values of one step",
        metrics=[point("tie", 9, step=1, time=TIME + 5), point("tie", 3, step=1, time=TIME)],
    ),
    get("the latest of two values of one step", "runs/get", {"run_id": "{run}"}),
]

ODD_LOGGING = [
    post(
        "a point: a bare NaN",
        "runs/log-metric",
        b'{"run_id": "{odd}", "key": "bare", "value": NaN, "timestamp": 1}',
    ),
    history("of a bare NaN", run_id="{odd}", metric_key="bare"),
    metric("a value that is a list", run_id="{odd}", **point("loss", [1])),
    metric("a step that is half", run_id="{odd}", **point("loss", 1, step=1.5)),
    metric("a step beyond all steps", run_id="{odd}", **point("loss", 1, step=2**63)),
    post(
        "a param that is a number",
        "runs/log-parameter",
        {"run_id": "{odd}", "key": "int", "value": 5},
        says="Invalid value 5 for parameter 'value' supplied",
    ),
]
