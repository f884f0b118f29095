"""The long forms: trainer and server killed again and again while the other goes on. Run with ``-m long``.

Print of a failure: the seed. TRACKWAY_LONG_SEED takes another one, TRACKWAY_LONG_KILLS more of them.
"""

from __future__ import annotations

import os
import random
import threading
import time
from pathlib import Path

import pytest
from script import Script, sync
from server import Server

from trackway import series

KILLS = int(os.environ.get("TRACKWAY_LONG_KILLS", "100"))
SEED = int(os.environ.get("TRACKWAY_LONG_SEED", "1"))

TRAINER = """
    run = trackway.init(experiment="killed for long", id="{run_id}")
    step = {first}
    while True:
        run.log_metrics({{"loss": step / 7, "acc": -step}}, step=step)
        if step % 3 == 0:
            run.log_metrics({{"loss": step / 7 + 1, "rare": step}}, step=step)
        if step % 100 == 0:
            run.log_params({{f"p{{step}}": step}})
            run.log_metric("said", f"text {{step}}", step=step)
        os.write(1, b"%d\\n" % step)
        step += 1
        {pause}
"""


@pytest.mark.long
def test_trainers_and_servers_killed_at_random_times_lose_and_double_nothing(
    own_server: Server, tmp_path: Path
) -> None:
    server = own_server
    stop = threading.Event()
    dice = random.Random(SEED)

    def kill_the_server() -> None:
        other = random.Random(SEED + 1)
        while not stop.wait(other.uniform(0.5, 4.0)):
            server.kill()
            time.sleep(other.uniform(0, 1.0))
            server.start()

    killer = threading.Thread(target=kill_the_server)
    killer.start()
    logged: dict[str, list[int]] = {}
    try:
        for _ in range(KILLS):
            run_id = os.urandom(16).hex() if not logged or dice.random() < 0.5 else dice.choice([*logged])
            first = logged.get(run_id, [-1])[-1] + 1
            pause = "time.sleep(0.001)" if dice.random() < 0.5 else ""
            script = Script(TRAINER.format(run_id=run_id, first=first, pause=pause))
            assert script.process.stdout is not None
            until = time.monotonic() + dice.choice([0.1, 0.5, 1.5]) * dice.random() + 0.2
            last = first - 1
            while time.monotonic() < until:
                last = int(script.process.stdout.readline())
            script.process.kill()
            for line in script.process.stdout:
                last = int(line) if line.endswith("\n") else last
            script.kill()
            # The call that was under way may have been written or not: the next goes on behind it.
            logged.setdefault(run_id, []).append(last + 1)
            if dice.random() < 0.3:
                sync("--patience", "20")
    finally:
        stop.set()
        killer.join()
    sync("--patience", "60")
    for run_id, ends in logged.items():
        check(server, run_id, ends)
    assert not any((tmp_path / "spool").iterdir())


def check(server: Server, run_id: str, ends: list[int]) -> None:
    """Every step up to the last end is there once; of those at an end it is open whether the call was in time."""
    found = {one.key: one for one in series.decode(server.get(f"/api/v1/series?run={run_id}"))}
    assert "loss" in found, f"seed {SEED}: nothing of {run_id}"
    open_steps = set(ends)
    loss = found["loss"].points
    counts: dict[int, int] = {}
    for step, value in zip(loss.steps, loss.values):
        assert value in (step / 7, step / 7 + 1)
        counts[step] = counts.get(step, 0) + 1
    for step in range(max(ends)):
        expected = 2 if step % 3 == 0 else 1
        if step not in open_steps:
            assert counts.get(step) == expected, f"seed {SEED}: step {step} of {run_id}: {counts.get(step)}"
    said = found.get("said")
    if said is not None:
        assert said.columns["values"] == [f"text {step}" for step in said.columns["steps"]]


@pytest.mark.long
def test_a_million_points_in_a_server_that_is_killed_all_the_time(own_server: Server) -> None:
    server = own_server
    script = Script(
        """
        run = trackway.init(experiment="million")
        print(run.id, flush=True)
        metrics = {f"m{number}": number * 0.1 for number in range(20)}
        for step in range(50_000):
            run.log_metrics(metrics, step=step)
        assert run.flush(300)
        run.finish()
        """
    )
    run_id = script.line()
    for _ in range(5):
        time.sleep(0.4)
        server.kill()
        time.sleep(0.2)
        server.start()
    code, said = script.process.wait(timeout=300), ""
    assert code == 0, said
    script.kill()
    assert {metric["count"] for metric in server.run(run_id)["metrics"]} == {50_000}
    assert server.status(run_id) == "completed"
