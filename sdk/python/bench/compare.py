"""What one logging call costs training, here and in the trackers that people use today.

    python bench/compare.py --server ../../target/release/trackway

Each tracker runs in a process of its own, one after the other, with the same calls: 20 metrics a call, then one, with a
fifth of a millisecond of work between calls, as training has it. Prints a Markdown table. Trackers that are not installed are
left out and named.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parents[1]
SECONDS_MAX = 300
WORK_SECONDS = 0.0002
# A tracker that takes 60 ms a call is known well enough after fewer.
CALLS, CALLS_SLOW = 5_000, 200

Log = Callable[[dict[str, float], int], None]


def trackway(folder: Path) -> tuple[Log, Callable[[], None]]:
    import trackway

    run = trackway.init(experiment="compare", capture=False)
    return (lambda metrics, step: run.log_metrics(metrics, step=step)), run.finish


def trackio(folder: Path) -> tuple[Log, Callable[[], None]]:
    import trackio

    trackio.init(project="compare")
    return (lambda metrics, step: trackio.log(metrics, step=step)), trackio.finish


def wandb(folder: Path) -> tuple[Log, Callable[[], None]]:
    import wandb

    run = wandb.init(project="compare", mode="offline", dir=str(folder), settings=wandb.Settings(silent=True))
    return (lambda metrics, step: run.log(metrics, step=step)), run.finish


def tensorboardx(folder: Path) -> tuple[Log, Callable[[], None]]:
    from tensorboardX import SummaryWriter

    writer = SummaryWriter(str(folder / "events"))

    def log(metrics: dict[str, float], step: int) -> None:
        for key, value in metrics.items():
            writer.add_scalar(key, value, step)

    return log, writer.close


def mlflow(folder: Path) -> tuple[Log, Callable[[], None]]:
    """Against its own server, started in `main`."""
    import mlflow

    mlflow.set_experiment("compare")
    mlflow.start_run()
    return (lambda metrics, step: mlflow.log_metrics(metrics, step=step)), mlflow.end_run


#: Name, installed package, what is true of a call that has returned when the process is killed.
TRACKERS = {
    "trackway": (trackway, None, "kept: the bytes are with the kernel"),
    "trackio": (trackio, "trackio", "lost up to half a second"),
    "wandb": (wandb, "wandb", "kept: handed to another process"),
    "tensorboardX": (tensorboardx, "tensorboardX", "lost what waits in its queue and buffer"),
    "mlflow": (mlflow, "mlflow", "kept: on its server"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", help="Trackway's binary")
    parser.add_argument("--one", nargs=3, metavar=("TRACKER", "WIDTH", "CALLS"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        tracker, width, calls = arguments.one
        print(json.dumps(measure(tracker, int(width), int(calls))))
        return
    if not arguments.server:
        parser.error("--server is needed")
    print("| tracker | keys | p50 µs | p99 µs | finish ms | killed after a call has returned |")
    print("|-|-:|-:|-:|-:|-|")
    for tracker, (_, package, kept) in TRACKERS.items():
        try:
            version = metadata.version(package) if package else "this one"
        except metadata.PackageNotFoundError:
            print(f"{tracker} is not installed", file=sys.stderr)
            continue
        for width in (20, 1):
            with tempfile.TemporaryDirectory() as folder, serving(tracker, arguments.server, Path(folder)) as more:
                calls = CALLS_SLOW if tracker == "mlflow" else CALLS
                command = [sys.executable, __file__, "--one", tracker, str(width), str(calls)]
                environment = {**os.environ, "BENCH_FOLDER": folder, "TRACKIO_DIR": folder, **more}
                done = subprocess.run(
                    command, env=environment, cwd=folder, capture_output=True, text=True, timeout=SECONDS_MAX
                )
                if done.returncode != 0:
                    raise SystemExit(f"{tracker} failed:\n{done.stderr}")
                found = json.loads(done.stdout.splitlines()[-1])
            cells = [f"{tracker} {version}", width, found["p50_us"], found["p99_us"], found["finish_ms"], kept]
            print("| " + " | ".join(map(str, cells)) + " |", flush=True)


@contextmanager
def serving(tracker: str, binary: str, folder: Path) -> Any:
    """The server that the tracker logs to, if it is one that needs a server; and the environment that names it."""
    if tracker == "trackway":
        os.environ["TRACKWAY_BINARY"] = binary
        sys.path[:0] = [str(PACKAGE), str(PACKAGE / "tests")]
        from server import Server

        server = Server(folder)
        server.start()
        try:
            yield {
                "TRACKWAY_CREDENTIALS": str(server.credentials),
                "TRACKWAY_DIR": str(folder / "spool"),
                "PYTHONPATH": str(PACKAGE),
            }
        finally:
            server.stop()
    elif tracker == "mlflow":
        import socket
        from urllib.request import urlopen

        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        options = ["--host", "127.0.0.1", "--port", str(port), "--backend-store-uri", f"sqlite:///{folder}/mlflow.db"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        program = [sys.executable, "-m", "mlflow", "server", *options]
        process = subprocess.Popen(program, cwd=folder, start_new_session=True, **quiet)
        try:
            url = f"http://127.0.0.1:{port}"
            for _ in range(240):
                try:
                    urlopen(f"{url}/health", timeout=2).read()
                    break
                except OSError:
                    time.sleep(0.25)
            yield {"MLFLOW_TRACKING_URI": url, "MLFLOW_DISABLE_TELEMETRY": "true"}
        finally:
            os.killpg(process.pid, 9)
            process.wait()
    else:
        yield {}


def measure(tracker: str, width: int, calls: int) -> dict[str, float]:
    """Microseconds a call, and milliseconds until it is finished."""
    log, finish = TRACKERS[tracker][0](Path(os.environ["BENCH_FOLDER"]))
    metrics = {f"train/metric{number}": number * 0.1 for number in range(width)}
    took = []
    for step in range(calls):
        started_at = time.perf_counter_ns()
        log(metrics, step)
        took.append(time.perf_counter_ns() - started_at)
        until = time.perf_counter() + WORK_SECONDS
        while time.perf_counter() < until:
            pass
    took.sort()
    started_at_s = time.perf_counter()
    finish()
    finish_ms = round(1000 * (time.perf_counter() - started_at_s), 1)
    p50, p99 = (round(took[int(share * calls)] / 1000, 1) for share in (0.5, 0.99))
    return {"p50_us": p50, "p99_us": p99, "finish_ms": finish_ms}


if __name__ == "__main__":
    main()
