"""How fast an experiment with very many runs is browsed: filters, orders, counts, changes to many runs.

    python bench/browse.py --server target/release/trackway [--database postgres://…] [--data FOLDER] [--quick]

Fills a fresh server through its API, asks as the run table asks, and prints one table in Markdown. Needs no package.
With `--data` what was filled stays there and is asked again the next time.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from server import Server  # noqa: E402

API = "/api/v1"
FILL_CONNECTIONS = 4
RUNS_A_BATCH = 40
# Keys seen in the experiment as a whole; each run has a share of them.
KEYS_IN_ALL = 2_500
COMMON_KEYS = 50
REPEATS = 20
EXPERIMENT = "many"


class Client:
    def __init__(self, url: str, token: str) -> None:
        self._connection = HTTPConnection(url.removeprefix("http://"), timeout=600)
        self._headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}

    def send(self, method: str, path: str, body: Any = None) -> Any:
        text = self.answer(method, path, body)
        return json.loads(text) if text else None

    def answer(self, method: str, path: str, body: Any = None) -> bytes:
        content = None if body is None else json.dumps(body).encode()
        self._connection.request(method, API + path, content, self._headers)
        answer = self._connection.getresponse()
        text = answer.read()
        assert answer.status < 300, text[:500]
        return text


def keys(dice: random.Random, kind: str, count: int) -> list[str]:
    """Half of a run's keys are those of every run, the others are of a few."""
    common = [f"{kind}{number:02}" for number in range(min(COMMON_KEYS, count))]
    others = dice.sample(range(KEYS_IN_ALL), max(0, count - COMMON_KEYS))
    return common + [f"{kind}/rare/{number}" for number in others]


def fill(url: str, token: str, experiment: str, first: int, count: int, width: int) -> None:
    client, dice = Client(url, token), random.Random(first)
    ids = [
        client.send("POST", "/runs", {"experiment_id": experiment, "name": f"try-{first + number}"})["id"]
        for number in range(count)
    ]
    runs, series = [], []
    for run_id in ids:
        values: dict[str, Any] = {key: dice.random() for key in keys(dice, "p", width)}
        values |= {"optimizer": dice.choice(["adam", "adamw", "sgd", "lion"]), "seed": dice.randrange(10)}
        runs.append({"run_id": run_id, "params": values})
        for key in keys(dice, "m", width):
            point = {"steps": [0], "times_ms": [1_700_000_000_000], "values": [dice.random()]}
            series.append({"run_id": run_id, "key": key, **point})
    client.send("POST", "/ingest", {"runs": runs, "series": series})
    for run_id in ids:
        client.send("PATCH", f"/runs/{run_id}", {"status": dice.choice(["completed", "completed", "failed"])})


def share(values: list[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def ask(
    client: Client, name: str, queries: list[dict[str, Any]], experiment: str, path: str = "/runs"
) -> str:
    """The first time each, when what it needs has to be read, and then again and again."""

    def took(query: dict[str, Any]) -> float:
        begun = time.perf_counter()
        answer = client.answer("GET", f"{path}?" + urlencode({"experiment_id": experiment, **query}))
        took = time.perf_counter() - begun
        assert json.loads(answer)["total"] > 0, query
        return took * 1_000

    first = [took(query) for query in queries]
    again = [took(query) for _ in range(REPEATS) for query in queries]
    row = [f"{max(first):.0f}", f"{share(again, 0.5):.1f}", f"{share(again, 0.95):.1f}"]
    return f"| {name} | {' | '.join(row)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", required=True)
    parser.add_argument("--database", help="a PostgreSQL server in place of SQLite")
    parser.add_argument("--data", type=Path, help="a folder that is filled once and kept")
    parser.add_argument("--quick", action="store_true", help="a fiftieth of the runs: a look, not a measurement")
    wanted = parser.parse_args()
    os.environ["TRACKWAY_BINARY"] = str(Path(wanted.server).resolve())
    count, width = (2_000, 20) if wanted.quick else (100_000, 100)
    with tempfile.TemporaryDirectory() as temporary:
        folder = wanted.data or Path(temporary)
        server = Server(folder, {"TRACKWAY_DATABASE": wanted.database} if wanted.database else None)
        server.start()
        try:
            measure(server, count, width)
        finally:
            server.stop()


def measure(server: Server, count: int, width: int) -> None:
    client = Client(server.url, server.token)
    found = client.send("GET", "/experiments?" + urlencode({"search": EXPERIMENT}))["items"]
    if found:
        experiment = found[0]["id"]
    else:
        experiment = client.send("POST", "/experiments", {"name": EXPERIMENT})["id"]
        fill_all(server, experiment, count, width)
        # What ended is packed in the background; a person comes later.
        time.sleep(20 if count > 10_000 else 2)
    ask_all(client, experiment, count)
    begun = time.perf_counter()
    query = {"experiment_id": experiment, "filter": "params.seed = 3"}
    changed = client.send("PATCH", "/runs", {"query": query, "tags": {"kept": "yes"}})["count"]
    took = time.perf_counter() - begun
    print(f"\n{changed:,} runs tagged in {took:.2f} s", flush=True)
    status = Path(f"/proc/{server.pid}/status").read_text()
    peak = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    print(f"peak memory of the server {int(peak) // 1024} MiB (RSS)")


def fill_all(server: Server, experiment: str, count: int, width: int) -> None:
    begun = time.perf_counter()
    with ThreadPoolExecutor(FILL_CONNECTIONS) as pool:
        batches = range(0, count, RUNS_A_BATCH)
        tasks = [
            pool.submit(fill, server.url, server.token, experiment, first, min(RUNS_A_BATCH, count - first), width)
            for first in batches
        ]
        for task in tasks:
            task.result()
    print(f"{count:,} runs of {width} params and {width} metrics: {time.perf_counter() - begun:.0f} s\n", flush=True)


def ask_all(client: Client, experiment: str, count: int) -> None:
    shown = "params.optimizer,params.p00,params.p01,metrics.m00,metrics.m01,metrics.m02"
    page = {"fields": shown}
    asked: dict[str, list[dict[str, Any]]] = {
        "the newest": [page],
        "a page deep inside": [{**page, "offset": count // 2}],
        "`params.optimizer = 'adam'`": [{**page, "filter": "params.optimizer = 'adam'"}],
        "`metrics.m00 > 0.99`": [{**page, "filter": "metrics.m00 > 0.99"}],
        "`metrics.m01 > 0.5 and params.p01 < 0.5`": [
            {**page, "filter": "metrics.m01 > 0.5 and params.p01 < 0.5"}
        ],
        "part of a name": [{**page, "search": "y-19"}],
        "sorted by a metric, four of them": [{**page, "sort": f"metrics.m0{key} desc"} for key in range(2, 6)],
        "sorted by a text param, then a metric": [{**page, "sort": "params.optimizer,metrics.m06.min"}],
        "sorted by name": [{**page, "sort": "name"}],
        "filtered by two, sorted by a third": [
            {**page, "filter": "metrics.m07 < 0.5 and params.seed = 3", "sort": "params.p02 desc"}
        ],
    }
    print("| 100 rows and the total | first ms | p50 ms | p95 ms |\n|-|-:|-:|-:|")
    for name, queries in asked.items():
        print(ask(client, name, queries, experiment), flush=True)
    means = {"fields": "metrics.m00,metrics.m01.min,params.p00"}
    grouped = {
        "grouped by a param": [{**means, "by": "params.optimizer"}],
        "grouped by two, of those that match": [
            {**means, "by": "params.optimizer,params.seed", "filter": "metrics.m07 < 0.5"}
        ],
    }
    for name, queries in grouped.items():
        print(ask(client, name, queries, experiment, "/run-groups"), flush=True)


if __name__ == "__main__":
    main()
