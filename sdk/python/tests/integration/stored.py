"""What the server holds of a run, asked without the client under test."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import quote, urlencode

from server import Server

from trackway import series

# The end of a run that failed is sent in the background.
SECONDS_MAX = 10.0


class Stored:
    def __init__(self, server: Server, run_id: str) -> None:
        self.id = run_id
        self._server = server
        self._run = server.run(run_id)

    @property
    def name(self) -> str:
        return self._run["run"]["name"]

    @property
    def parent_id(self) -> str | None:
        return self._run["run"]["parent_id"]

    @property
    def tags(self) -> dict[str, str]:
        return self._run["run"]["tags"]

    @property
    def is_late(self) -> bool:
        return self._run["run"]["late_at_ms"] is not None

    @property
    def params(self) -> dict[str, Any]:
        return {param["key"]: param["value"] for param in self._run["params"]}

    @property
    def keys(self) -> set[str]:
        return {metric["key"] for metric in self._run["metrics"]}

    def status(self, expected: str) -> str:
        """The status, after a while if it is not yet the expected one."""
        deadline = time.monotonic() + SECONDS_MAX
        while (found := self._server.status(self.id)) != expected and time.monotonic() < deadline:
            time.sleep(0.05)
        # What arrived while it was waited for.
        self._run = self._server.json(f"/runs/{self.id}")
        return found

    def points(self, key: str) -> dict[int, float]:
        """Value by step."""
        answer = self._server.get(f"/api/v1/series?{urlencode({'run': self.id, 'key': key})}")
        for one in series.decode(answer):
            if one.key == key:
                return dict(zip(one.points.steps, one.points.values))
        raise AssertionError(f"no metric {key}, only {sorted(self.keys)}")

    def values(self, key: str) -> list[float]:
        return list(self.points(key).values())

    @property
    def artifacts(self) -> list[str]:
        return self._server.artifact_paths(self.id)

    def artifact(self, path: str) -> bytes:
        return self._server.artifact(self.id, path)

    def table(self, key: str) -> list[dict[str, Any]]:
        content = json.loads(self.artifact(f"table/{key}/0.json"))
        return [dict(zip(content["columns"], row)) for row in content["rows"]]

    def events(self) -> list[dict[str, Any]]:
        return self._server.json(f"/runs/{self.id}/events")["items"]


def runs_of(server: Server, experiment: str) -> list[Stored]:
    """All runs of the experiment of this name, oldest first."""
    found = server.json(f"/experiments?search={quote(experiment)}")["items"]
    ids = [one["id"] for one in found if one["name"] == experiment]
    if not ids:
        return []
    rows = server.json(f"/runs?experiment_id={ids[0]}&sort=number&limit=1000")["items"]
    runs = [Stored(server, row["run"]["id"]) for row in rows]
    return sorted(runs, key=lambda run: run._run["run"]["number"])


def only_run_of(server: Server, experiment: str) -> Stored:
    runs = runs_of(server, experiment)
    assert len(runs) == 1, [run.name for run in runs]
    return runs[0]
