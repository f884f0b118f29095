"""``trackway runs logs``: what a run printed, in order of time, and what it prints meanwhile."""

from __future__ import annotations

import os
import subprocess

from command import PACKAGE, RUN, documented, trackway
from server import Server

from trackway import Experiment, MLOpsClient
from trackway.cli.logs import Console

MINUTE = 60_000
START = 1_769_882_400_123


def printed(
    server: Server, run_id: str, stream: str, rank: int | None, first: int, lines: dict[int, str]
) -> None:
    """Lines by the minute in which they were printed."""
    one = {
        "run_id": run_id,
        "key": f"system/{stream}",
        "context": {} if rank is None else {"process": str(rank)},
        "steps": list(range(first, first + len(lines))),
        "times_ms": [START + minute * MINUTE for minute in lines],
        "texts": list(lines.values()),
    }
    server.post("/api/v1/ingest", {"series": [one], "runs": []})


def shown(*words: str) -> list[str]:
    return trackway("runs", "logs", *words).stdout.splitlines()


def test_lines_of_all_streams_and_processes_come_in_order_of_time(
    server: Server, client: MLOpsClient, experiment: Experiment
) -> None:
    run = client.start_run(experiment.id, name="told")
    run.finish()
    printed(server, run.id, "stdout", 0, 0, {0: "\x1b[32mepoch 1\x1b[0m\tGröße", 2: "epoch 2"})
    printed(server, run.id, "stderr", 1, 0, {1: "WARNING: slow", 3: "\x1b]0;title\x07\x1b[2Jdone\x07"})
    lines = shown("told")
    assert lines == [
        "2026-01-31T18:00:00.123Z stdout process=0 epoch 1\tGröße",
        "2026-01-31T18:01:00.123Z stderr process=1 WARNING: slow",
        "2026-01-31T18:02:00.123Z stdout process=0 epoch 2",
        "2026-01-31T18:03:00.123Z stderr process=1 done\\x07",
    ]
    assert shown(run.id, "--tail", "2") == lines[2:]
    assert shown(run.id, "--tail", "0") == [] == shown(run.id, "--search", "nowhere")
    assert shown(run.id, "--stream", "stderr") == lines[1::2]
    assert shown(run.id, "--stream", "stdout", "--tail", "1") == lines[2:3]
    assert shown(run.id, "--search", "EPOCH") == lines[0::2]
    assert shown(run.id, "--search", "epoch", "--tail", "1") == lines[2:3]
    assert shown(run.id, "--follow") == lines, "a run that has ended is followed to its end"
    document = documented("runs", "logs", "told", "--tail", "1")
    assert document["run_id"] == run.id and [one["number"] for one in document["lines"]] == [4]
    assert document["lines"][0]["context"] == "process=1"
    assert "--follow" in trackway("runs", "logs", "told", "--follow", "--json", check=2).stderr


def test_many_lines_come_in_pages(server: Server, client: MLOpsClient, experiment: Experiment) -> None:
    run = client.start_run(experiment.id)
    run.finish()
    printed(server, run.id, "stdout", None, 0, {number: f"line {number}" for number in range(2_500)})
    told = [line.split(" ", 2)[2] for line in shown(run.id)]
    assert told == [f"line {number}" for number in range(2_500)]
    assert len(shown(run.id, "--tail", "1200")) == 1_200


def test_what_is_printed_meanwhile_follows_once_even_when_it_comes_late(
    server: Server, client: MLOpsClient, experiment: Experiment
) -> None:
    run = client.start_run(experiment.id)
    printed(server, run.id, "stdout", 0, 0, {0: "a", 10: "b"})
    console = Console(client._reader, run.id, None)
    assert [one["text"] for one in console.lines(None)] == ["a", "b"]
    assert [*console.news()] == []
    printed(server, run.id, "stdout", 0, 2, {20: "c", 21: "c"})
    assert [one["text"] for one in console.news()] == ["c", "c"]
    printed(server, run.id, "stderr", 1, 0, {5: "late", 22: "d"})
    assert [one["text"] for one in console.news()] == ["late", "d"]
    assert [*console.news()] == []
    tail = Console(client._reader, run.id, None)
    assert [one["text"] for one in tail.lines(1)] == ["d"]
    printed(server, run.id, "stdout", 0, 4, {7: "too late", 23: "e"})
    assert [one["text"] for one in tail.news()] == ["e"], "what is older than the tail was not asked for"
    run.finish()


def test_a_run_is_followed_until_it_ends(
    server: Server, client: MLOpsClient, experiment: Experiment
) -> None:
    run = client.start_run(experiment.id)
    printed(server, run.id, "stdout", None, 0, {0: "first"})
    with subprocess.Popen(
        [*RUN, "runs", "logs", run.id, "--follow"],
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(PACKAGE), "PYTHONUTF8": "1"},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().endswith("first\n")
        printed(server, run.id, "stdout", None, 1, {1: "second"})
        assert process.stdout.readline().endswith("second\n")
        printed(server, run.id, "stdout", None, 2, {2: "last"})
        run.finish()
        assert process.stdout.read().endswith("last\n")
        assert process.wait(timeout=60) == 0
