"""Trackers whose pages are measured beside ours, filled with the curves of `curve.ts`.

    peers.py mlflow FOLDER          by a Python that has mlflow
    peers.py tensorboard FOLDER     by a Python that has tensorboard and tensorboardX

Prints where each page is as one line of JSON, and ends when its input does.
"""

from __future__ import annotations

import json
import math
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

LONG, OVERLAY, OVERLAY_POINTS, TABLE = 1_000_000, 50, 10_000, 5_000
SPIKES = 1_000
SPIKE = 10.0
TIME = 1_760_000_000_000
NEWEST = "newest of all"


def value(step: int, points: int, run: int) -> float:
    """A falling loss with a wobble; every peer draws the same."""
    wobble = math.sin(step * 1.7 + run) * math.sin(step * 0.61 + run * 3)
    return 0.2 + 2 * math.exp(-5 * step / points) + 0.05 * wobble + run * 0.01


def spikes(points: int) -> set[int]:
    return {index * points // SPIKES + index * 7919 % 501 for index in range(SPIKES)}


def long_curve() -> Iterator[tuple[int, float]]:
    high = spikes(LONG)
    for step in range(LONG):
        yield step, SPIKE if step in high else value(step, LONG, 0)


def curves() -> Iterator[tuple[str, Iterator[tuple[int, float]]]]:
    yield "long", long_curve()
    for run in range(OVERLAY):
        points = ((step, value(step, OVERLAY_POINTS, run)) for step in range(OVERLAY_POINTS))
        yield f"overlay-{run:02}", points


def mlflow(folder: Path) -> tuple[dict[str, Any], Any]:
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "server/tests/mlflow"))
    from genuine import Genuine

    # As many workers as it has by itself.
    server = Genuine(folder, workers=None)
    server.start()

    def post(path: str, fields: Any) -> Any:
        body = json.dumps(fields).encode()
        request = Request(f"{server.url}/api/2.0/mlflow/{path}", body, {"Content-Type": "application/json"})
        with urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def run(experiment: str, name: str) -> str:
        fields = {"experiment_id": experiment, "run_name": name, "start_time": TIME}
        return str(post("runs/create", fields)["run"]["info"]["run_id"])

    made = {name: post("experiments/create", {"name": name})["experiment_id"] for name in ("long", "overlay", "table")}
    ids = {}
    # Its own door takes 5 000 points a second: the rows are written as it would.
    with sqlite3.connect(server.folder / "mlflow.db", timeout=60) as db:
        for name, points in curves():
            ids[name] = run(made["long" if name == "long" else "overlay"], name)
            rows = [("loss", one, TIME + step * 1000, ids[name], step, 0) for step, one in points]
            db.executemany(
                "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES (?, ?, ?, ?, ?, ?)",
                rows,
            )
            db.execute(
                "INSERT INTO latest_metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES (?, ?, ?, ?, ?, ?)",
                rows[-1],
            )
            db.commit()
        template = run(made["table"], "first")
        db.row_factory = sqlite3.Row
        first = dict(db.execute("SELECT * FROM runs WHERE run_uuid = ?", (template,)).fetchone())
        for number in range(1, TABLE):
            name = NEWEST if number == TABLE - 1 else f"run-{number}"
            copy = first | {"run_uuid": uuid.uuid4().hex, "name": name, "start_time": TIME + number}
            marks = ", ".join("?" for _ in copy)
            db.execute(f"INSERT INTO runs ({', '.join(copy)}) VALUES ({marks})", list(copy.values()))
            db.execute("INSERT INTO tags VALUES ('mlflow.runName', ?, ?)", (name, copy["run_uuid"]))
            for key in range(20):
                db.execute(
                    "INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?)",
                    (f"p{key:02}", str(number * key % 97), copy["run_uuid"]),
                )
                metric = (f"m{key:02}", number * key % 89 / 89, TIME, copy["run_uuid"], 0, 0)
                for table in ("metrics", "latest_metrics"):
                    db.execute(
                        f"INSERT INTO {table} (key, value, timestamp, run_uuid, step, is_nan) VALUES (?, ?, ?, ?, ?, ?)",
                        metric,
                    )
    at = f"{server.url}/#/experiments"
    pages = {
        "table": f"{at}/{made['table']}/runs",
        "long": f"{at}/{made['long']}/runs/{ids['long']}/model-metrics",
        # It draws ten of the runs by itself.
        "overlay": f"{at}/{made['overlay']}/runs?compareRunsMode=CHART",
    }
    return pages, server.stop


def tensorboard(folder: Path) -> tuple[dict[str, Any], Any]:
    from tensorboardX import SummaryWriter

    for name, points in curves():
        kind = "long" if name == "long" else "overlay"
        writer = SummaryWriter(str(folder / kind / name), max_queue=10_000, flush_secs=600)
        for step, one in points:
            writer.add_scalar("loss", one, step)
        writer.close()
    started = [serve_board(folder / kind) for kind in ("long", "overlay")]

    def stop() -> None:
        for process, _ in started:
            process.terminate()
            process.wait()

    options = "#timeseries&_smoothingWeight=0"
    return {kind: f"{url}/{options}" for kind, (_, url) in zip(("long", "overlay"), started)}, stop


def serve_board(folder: Path) -> tuple[subprocess.Popen[str], str]:
    arguments = ["--logdir", str(folder), "--host", "127.0.0.1", "--port", "0", "--load_fast", "true"]
    program = Path(sys.executable).with_name("tensorboard")
    process = subprocess.Popen([str(program), *arguments], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    url = next(line.split(" at ")[1].split(" ")[0] for line in process.stderr if " at http" in line)
    # It reads the files behind its own back: measured is a server that has come to rest.
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            with urlopen(f"{url}data/plugin/timeseries/tags", timeout=5) as answer:
                if b"loss" in answer.read():
                    break
        except URLError:
            pass
        time.sleep(0.5)
    time.sleep(10)
    return process, url.rstrip("/")


def main() -> None:
    peer, folder = sys.argv[1], Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    pages, stop = {"mlflow": mlflow, "tensorboard": tensorboard}[peer](folder)
    try:
        print(json.dumps(pages), flush=True)
        sys.stdin.read()
    finally:
        stop()


if __name__ == "__main__":
    main()
