"""What logging costs: microseconds a call, a million points to their acknowledgement, import, memory.

    python bench/log.py --server ../../target/release/trackway

Starts a server of its own on a free port with a folder of its own; prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(PACKAGE), str(PACKAGE / "tests")]

# A bare interpreter, and one with the client.
IMPORT = "import time; t = time.perf_counter(); {statement}; print(time.perf_counter() - t)"
MEMORY = "{statement}\nprint(open('/proc/self/statm').read().split()[1])"
# One of several processes: ten metrics at a step.
PROCESS = """
import trackway
run = trackway.init(experiment='bench', capture=False)
metrics = {f'm{i}': i * 0.1 for i in range(10)}
for step in range(5_000):
    run.log_metrics(metrics, step=step)
run.flush(120)
run.finish()
"""
PROCESSES = 8
WORK = """
import os, trackway
run = trackway.init(experiment='bench', capture=False)
for step in range(20_000):
    run.log_metrics({f'm{i}': step for i in range(20)}, step=step)
run.flush(60)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--server", required=True, help="the binary")
    parser.add_argument("--calls", type=int, default=50_000)
    arguments = parser.parse_args()
    os.environ["TRACKWAY_BINARY"] = arguments.server
    from server import Server

    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder))
        server.start()
        os.environ["TRACKWAY_CREDENTIALS"] = str(server.credentials)
        os.environ["TRACKWAY_DIR"] = f"{folder}/spool"
        try:
            print(json.dumps(measure(arguments.calls), indent=1))
        finally:
            server.stop()


def measure(calls: int) -> dict[str, Any]:
    """All figures; times in the unit that their name says."""
    figures: dict[str, Any] = {}
    for name, statement in (
        ("import_ms", "import trackway"),
        ("import_with_init_ms", "from trackway import init"),
    ):
        program = IMPORT.format(statement=statement)
        figures[name] = _least(lambda program=program: 1000 * float(_python(program)))
    bare = int(_python(MEMORY.format(statement="pass")))
    ours = int(_python(MEMORY.format(statement=WORK)))
    figures["memory_over_bare_mib"] = round((ours - bare) * os.sysconf("SC_PAGE_SIZE") / 2**20, 1)
    import trackway

    for width in (1, 20):
        for name, pause in (("loop", 0.0), ("training", 0.0002)):
            figures[f"{width}_keys_{name}"] = _calls(trackway, width, 5_000, pause)
    metrics = {f"train/metric{number}": number * 0.1 for number in range(20)}
    run = trackway.init(experiment="bench", capture=False)
    started_at = time.perf_counter()
    for step in range(calls):
        run.log_metrics(metrics, step=step)
    logged_at = time.perf_counter()
    assert run.flush(120)
    figures["points"] = calls * 20
    figures["logged_s"] = round(logged_at - started_at, 3)
    figures["acknowledged_s"] = round(time.perf_counter() - started_at, 3)
    run.log_metrics(metrics, step=calls)
    finish_at = time.perf_counter()
    run.finish()
    figures["finish_ms"] = round(1000 * (time.perf_counter() - finish_at), 1)
    figures["eight_processes_points_per_s"] = _processes()
    return figures


def _processes() -> int:
    """Points a second of several processes at once, from their start to their end."""
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    started_at = time.perf_counter()
    processes = [subprocess.Popen([sys.executable, "-c", PROCESS], env=environment) for _ in range(PROCESSES)]
    codes = [process.wait() for process in processes]
    assert not any(codes)
    return round(PROCESSES * 50_000 / (time.perf_counter() - started_at))


def _calls(trackway: Any, width: int, calls: int, pause_seconds: float) -> dict[str, float]:
    """Microseconds a call, in a bare loop or with work between calls as training has it."""
    metrics = {f"train/metric{number}": number * 0.1 for number in range(width)}
    run = trackway.init(experiment="bench", capture=False)
    took = []
    for step in range(calls):
        started_at = time.perf_counter_ns()
        run.log_metrics(metrics, step=step)
        took.append(time.perf_counter_ns() - started_at)
        if pause_seconds:
            until = time.perf_counter() + pause_seconds
            while time.perf_counter() < until:
                pass
    run.finish()
    took.sort()
    return {name: took[int(share * calls)] / 1000 for name, share in (("p50_us", 0.5), ("p99_us", 0.99))}


def _python(program: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE)}
    # Where compiled modules are not kept, each import would compile them anew.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment
    ).stdout.split()[-1]


def _least(measure_once: Any) -> float:
    return round(min(measure_once() for _ in range(5)), 1)


if __name__ == "__main__":
    main()
