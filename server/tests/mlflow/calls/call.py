"""What a call is, and short ways to write one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

API = "/api/2.0/mlflow"
AJAX = "/ajax-api/2.0/mlflow"
FILES = "/api/2.0/mlflow-artifacts/artifacts"
# What clients send as times; the servers' own clocks are not compared.
TIME = 1_700_000_000_000

MISSING = "Missing value for required parameter '{}'"
UNKNOWN_RUN = "0123456789abcdef0123456789abcdef"
UNKNOWN_MODEL = f"m-{UNKNOWN_RUN}"
NO_RUN = f"Run with id={UNKNOWN_RUN} not found"
NO_EXPERIMENT = "No Experiment with id=99999 exists"


@dataclass(frozen=True)
class Call:
    """One request. `{run}` in it stands for what this server gave under that name before."""

    what: str
    method: str
    # Below the API's prefix unless it begins with a slash.
    path: str
    # The query of a GET, the JSON body of all others; bytes are sent as they are.
    fields: Any = None
    # A name for later calls, and the place of its value in the answer.
    keep: dict[str, str] = field(default_factory=dict)
    # Both answers hold this text; of refusals only status and error code are compared beside it.
    says: str = ""
    content_type: str = "application/json"

    @property
    def whole_path(self) -> str:
        return self.path if self.path.startswith("/") else f"{API}/{self.path}"


def get(what: str, path: str, fields: dict[str, Any] | None = None, **more: Any) -> Call:
    return Call(what, "GET", path, fields or {}, **more)


def post(what: str, path: str, fields: Any = None, **more: Any) -> Call:
    return Call(what, "POST", path, {} if fields is None else fields, **more)


def patch(what: str, path: str, fields: dict[str, Any], **more: Any) -> Call:
    return Call(what, "PATCH", path, fields, **more)


def remove(what: str, path: str, fields: dict[str, Any] | None = None, **more: Any) -> Call:
    return Call(what, "DELETE", path, fields or {}, **more)


def file(what: str, method: str, path: str, content: bytes | None = None, **more: Any) -> Call:
    return Call(
        f"a file: {what}", method, f"{FILES}/{path}", content, content_type="application/octet-stream", **more
    )


def pairs(**values: str) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in values.items()]


def point(key: str, value: Any, step: Any = 0, time: int = TIME, **more: Any) -> dict[str, Any]:
    return {"key": key, "value": value, "timestamp": time, "step": step, **more}


def search(what: str, says: str = "", keep: dict[str, str] | None = None, **fields: Any) -> Call:
    """A search for the runs of the experiment `searched`."""
    fields = {"experiment_ids": ["{searched}"], **fields}
    return post(f"runs: {what}", "runs/search", fields, says=says, keep=keep or {})


def history(what: str, says: str = "", keep: dict[str, str] | None = None, **fields: Any) -> Call:
    """The history of the metric `loss` of `run`, unless told otherwise."""
    fields = {"run_id": "{run}", "metric_key": "loss", **fields}
    given = {name: value for name, value in fields.items() if value is not None}
    return get(f"a history: {what}", "metrics/get-history", given, says=says, keep=keep or {})
