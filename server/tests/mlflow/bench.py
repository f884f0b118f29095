"""Trackway beside the genuine mlflow server: the same work for both in turn, each on a fresh store.

    python bench.py --server target/release/trackway --mlflow target/mlflow/bin/mlflow [--quick]

Run it with the Python of the environment that holds `mlflow`. It prints one table in Markdown.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "sdk" / "python" / "tests"))

import requests  # noqa: E402
from genuine import Genuine  # noqa: E402
from server import Server  # noqa: E402

API = "/api/2.0/mlflow"
TIME = 1_700_000_000_000
BATCH_POINTS = 1_000
# What the client asks for at a time.
PAGE_POINTS = 25_000
WORKER_POINTS = 100
WORKERS = 8
FILL_CONNECTIONS = 4
QUERIES: dict[str, dict[str, Any]] = {
    "newest 100": {"order_by": ["start_time DESC"]},
    "`metrics.acc > 0.9 and params.optimizer = 'adam'`": {
        "filter": "metrics.acc > 0.9 and params.optimizer = 'adam'"
    },
    "order by `metrics.acc DESC`": {"order_by": ["metrics.acc DESC"]},
}


@dataclass(frozen=True)
class Counts:
    metrics: int = 500
    batches: int = 40
    runs: int = 5_000
    # Filling the genuine server so far would take a quarter of an hour.
    runs_of_ours: int = 20_000
    queries: int = 20
    history: int = 100_000
    seconds: float = 10.0


QUICK = Counts(metrics=50, batches=5, runs=200, runs_of_ours=500, queries=5, history=10_000, seconds=2.0)


@dataclass
class Found:
    """What was measured of one server; the unit is part of the name."""

    values: dict[str, float] = field(default_factory=dict)
    more_is_better: set[str] = field(default_factory=set)

    def rate(self, what: str, value: float) -> None:
        self.values[what] = value
        self.more_is_better.add(what)

    def took(self, what: str, value: float) -> None:
        self.values[what] = value


@dataclass
class Measured:
    url: str
    token: str

    def session(self) -> requests.Session:
        session = requests.Session()
        if self.token:
            session.headers["Authorization"] = f"Bearer {self.token}"
        return session

    def post(self, session: requests.Session, path: str, fields: Any) -> Any:
        answer = session.post(f"{self.url}{API}/{path}", json=fields, timeout=300)
        answer.raise_for_status()
        return answer.json()

    def run(self, session: requests.Session, experiment: str = "0", **fields: Any) -> str:
        fields = {"experiment_id": experiment, "start_time": TIME, **fields}
        return str(self.post(session, "runs/create", fields)["run"]["info"]["run_id"])


class Raw:
    """One connection that sends bodies made beforehand and reads answers without looking into them."""

    def __init__(self, server: Measured) -> None:
        self._connection = HTTPConnection(server.url.removeprefix("http://"), timeout=300)
        self._headers = {"Content-Type": "application/json"}
        if server.token:
            self._headers["Authorization"] = f"Bearer {server.token}"

    def send(self, method: str, path: str, body: bytes | None = None) -> bytes:
        self._connection.request(method, f"{API}/{path}", body, self._headers)
        answer = self._connection.getresponse()
        content = answer.read()
        assert answer.status == 200, content[:500]
        return content

    def post(self, path: str, fields: Any) -> Callable[[], bytes]:
        body = json.dumps(fields).encode()
        return lambda: self.send("POST", path, body)


def part(values: list[float], share: float) -> float:
    """The value below which that share of all lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def points(key: str, start: int, count: int) -> list[dict[str, Any]]:
    steps = range(start, start + count)
    return [{"key": key, "value": 1 / (step + 1), "timestamp": TIME + step, "step": step} for step in steps]


def timed(call: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def one_by_one(server: Measured, counts: Counts, found: Found) -> None:
    from mlflow import MlflowClient

    client = MlflowClient()
    run_id = server.run(server.session())
    client.log_metric(run_id, "warm", 1.0)
    took = [
        timed(partial(client.log_metric, run_id, "loss", 0.5, TIME, step)) for step in range(counts.metrics)
    ]
    found.took(f"`log_metric`, {counts.metrics} calls of MlflowClient: ms p50", part(took, 0.5) * 1e3)
    found.rate(f"`log_metric`, {counts.metrics} calls of MlflowClient: calls/s", counts.metrics / sum(took))


def in_batches(server: Measured, counts: Counts, found: Found) -> None:
    session = server.session()
    run_id = server.run(session)
    raw = Raw(server)
    batches = [
        raw.post(
            "runs/log-batch",
            {"run_id": run_id, "metrics": points("loss", number * BATCH_POINTS, BATCH_POINTS)},
        )
        for number in range(counts.batches)
    ]
    took = [timed(batch) for batch in batches]
    what = f"`log-batch`, {counts.batches} × {BATCH_POINTS:,} points on one connection"
    found.rate(f"{what}: points/s", counts.batches * BATCH_POINTS / sum(took))
    found.took(f"{what}: ms p50", part(took, 0.5) * 1e3)
    found.took(f"{what}: ms p99", part(took, 0.99) * 1e3)


def fill(server: Measured, experiment: str, numbers: range) -> None:
    """Runs with what a filter asks for; the same on both servers."""

    def some(numbers: range) -> None:
        session = server.session()
        for number in numbers:
            chosen = random.Random(number)
            run_id = server.run(session, experiment, start_time=TIME + number, run_name=f"run {number}")
            metrics = [
                {"key": key, "value": chosen.random(), "timestamp": TIME, "step": 0}
                for key in ("acc", "loss")
            ]
            params = {"optimizer": chosen.choice(["adam", "sgd"]), "lr": str(chosen.random())}
            fields = [{"key": key, "value": value} for key, value in params.items()]
            server.post(session, "runs/log-batch", {"run_id": run_id, "metrics": metrics, "params": fields})

    shares = [numbers[start::FILL_CONNECTIONS] for start in range(FILL_CONNECTIONS)]
    with ThreadPoolExecutor(FILL_CONNECTIONS) as pool:
        for _ in pool.map(some, shares):
            pass


def searches(server: Measured, counts: Counts, found: Found, runs: int, experiment: str) -> None:
    raw = Raw(server)
    for name, query in QUERIES.items():
        search = raw.post("runs/search", {"experiment_ids": [experiment], "max_results": 100, **query})
        assert json.loads(search())["runs"], name
        took = [timed(search) for _ in range(counts.queries)]
        what = f"search of {runs:,} runs, {name}, {counts.queries} times"
        found.took(f"{what}: ms p50", part(took, 0.5) * 1e3)
        found.took(f"{what}: ms p95", part(took, 0.95) * 1e3)


def search_all(server: Measured, counts: Counts, found: Found, is_ours: bool) -> None:
    experiment = server.post(server.session(), "experiments/create", {"name": "searched"})["experiment_id"]
    begun = time.perf_counter()
    fill(server, experiment, range(counts.runs))
    seconds = time.perf_counter() - begun
    found.rate(
        f"runs made, each with 2 metrics and 2 params, {FILL_CONNECTIONS} connections: runs/s",
        counts.runs / seconds,
    )
    say(f"{counts.runs} runs are there")
    searches(server, counts, found, counts.runs, experiment)
    if is_ours:
        fill(server, experiment, range(counts.runs, counts.runs_of_ours))
        say(f"{counts.runs_of_ours} runs are there")
        searches(server, counts, found, counts.runs_of_ours, experiment)


def history(server: Measured, counts: Counts, found: Found) -> None:
    from mlflow import MlflowClient

    session = server.session()
    run_id = server.run(session)
    for start in range(0, counts.history, BATCH_POINTS):
        server.post(
            session, "runs/log-batch", {"run_id": run_id, "metrics": points("loss", start, BATCH_POINTS)}
        )
    read: list[Any] = []
    took = timed(lambda: read.extend(MlflowClient().get_metric_history(run_id, "loss")))
    assert len(read) == counts.history
    found.took(f"`get_metric_history` of {counts.history:,} points by MlflowClient: s", took)
    found.took(f"history of {counts.history:,} points, raw pages of {PAGE_POINTS:,}: s", timed(partial(pages, server, run_id)))


def pages(server: Measured, run_id: str) -> None:
    """All pages of a history, of which only the token is looked at."""
    raw, token = Raw(server), ""
    while True:
        query = f"run_id={run_id}&metric_key=loss&max_results={PAGE_POINTS}&page_token={quote(token)}"
        answer = raw.send("GET", f"metrics/get-history?{query}")
        found = re.search(rb'"next_page_token":\s*"([^"]+)"', answer)
        if not found:
            return
        token = found[1].decode()


def many(server: Measured, counts: Counts, found: Found) -> None:
    """Processes that begin together, once each of them has imported its client."""
    session = server.session()
    command = [sys.executable, __file__, "--worker", str(counts.seconds)]
    workers = [
        subprocess.Popen(
            [*command, server.run(session)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(WORKERS)
    ]
    try:
        for worker in workers:
            assert worker.stdout is not None and worker.stdout.readline() == "ready\n"
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.write("go\n")
            worker.stdin.flush()
        told = [worker.communicate(timeout=counts.seconds + 120)[0].split() for worker in workers]
    finally:
        for worker in workers:
            worker.kill()
    what = (
        f"{WORKERS} processes of MlflowClient, batches of {WORKER_POINTS}, {counts.seconds:.0f} s: points/s"
    )
    found.rate(what, sum(int(logged) for logged, _ in told) / counts.seconds)
    share = sum(float(cpu) for _, cpu in told) / (counts.seconds * (os.cpu_count() or 1))
    say(f"the {WORKERS} clients took {share:.0%} of the processors; more than the rest no server can have")


def work(seconds: float, run_id: str) -> None:
    """One of many: logs batches until the time is over, then prints how many points were taken in time, and the
    seconds of processor that this process took meanwhile."""
    from mlflow import MlflowClient
    from mlflow.entities import Metric

    client = MlflowClient()
    client.get_run(run_id)
    print("ready", flush=True)
    sys.stdin.readline()
    end, step, logged = time.perf_counter() + seconds, 0, 0
    before = time.process_time()
    while time.perf_counter() < end:
        batch = [Metric("loss", 1 / (at + 1), TIME + at, at) for at in range(step, step + WORKER_POINTS)]
        client.log_batch(run_id, metrics=batch)
        step += WORKER_POINTS
        if time.perf_counter() <= end:
            logged = step
    print(logged, time.process_time() - before, flush=True)


@contextmanager
def serving(server: Server | Genuine) -> Iterator[Measured]:
    try:
        server.start()
        os.environ["MLFLOW_TRACKING_URI"] = server.url
        os.environ.pop("MLFLOW_TRACKING_TOKEN", None)
        if server.token:
            os.environ["MLFLOW_TRACKING_TOKEN"] = server.token
        yield Measured(server.url, server.token)
    finally:
        server.stop()


PARTS: dict[str, Callable[[Measured, Counts, Found], None]] = {
    "loop": one_by_one,
    "batches": in_batches,
    "history": history,
    "many": many,
}


def measure(server: Server | Genuine, counts: Counts, parts: list[str]) -> Found:
    found = Found()
    with serving(server) as measured:
        for name in parts:
            say(name)
            if name == "search":
                search_all(measured, counts, found, isinstance(server, Server))
            else:
                PARTS[name](measured, counts, found)
    return found


def number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def table(ours: Found, theirs: Found, counts: Counts) -> str:
    lines = ["| what | Trackway | mlflow server | ratio |", "|-|-:|-:|-:|"]
    for what, value in ours.values.items():
        other = theirs.values.get(what)
        ratio = "–"
        if other:
            ratio = f"{number(value / other if what in ours.more_is_better else other / value)}×"
        lines.append(f"| {what} | {number(value)} | {number(other)} | {ratio} |")
    lines.append("")
    lines.append(
        f"mlflow server as it comes (its workers, SQLite). Its search is measured over {counts.runs:,} runs "
        f"only: filling it with {counts.runs_of_ours:,} takes too long. Ratios above 1 favour Trackway."
    )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--server", type=Path, help="the binary of Trackway")
    parser.add_argument("--mlflow", type=Path, help="the program mlflow; without it only ours is measured")
    parser.add_argument(
        "--quick", action="store_true", help="a tenth of the work, to see that all of it runs"
    )
    parser.add_argument(
        "--only", nargs="+", choices=[*PARTS, "search"], default=[*PARTS, "search"], help="parts to measure"
    )
    parser.add_argument("--worker", nargs=2, metavar=("SECONDS", "RUN"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        return work(float(options.worker[0]), options.worker[1])
    if not options.server:
        parser.error("--server is needed")
    counts = QUICK if options.quick else Counts()
    os.environ["TRACKWAY_BINARY"] = str(options.server.resolve())
    with tempfile.TemporaryDirectory() as folder:
        say(f"Trackway: {json.dumps(counts.__dict__)}")
        ours = measure(Server(Path(folder) / "trackway"), counts, options.only)
        theirs = Found()
        if options.mlflow:
            say("mlflow server")
            genuine = Genuine(Path(folder) / "mlflow", options.mlflow.absolute(), workers=None)
            theirs = measure(genuine, counts, options.only)
    print(table(ours, theirs, counts))


if __name__ == "__main__":
    main()
