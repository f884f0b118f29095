"""The guide, `docs/python-client.md`: every program in it is run as it stands there, and its result is looked at."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from server import REPOSITORY, Server

from trackway import series

GUIDE = (REPOSITORY / "docs" / "python-client.md").read_text(encoding="utf-8")
PACKAGE = Path(__file__).resolve().parents[1]


class Block(NamedTuple):
    chapter: str
    language: str
    code: str


def _blocks() -> list[Block]:
    parts = re.split(r"^## (\d+)\. .*$", GUIDE, flags=re.MULTILINE)
    chapters = list(zip(["0", *parts[1::2]], parts[::2]))
    return [
        Block(chapter, language, code)
        for chapter, text in chapters
        for language, code in re.findall(r"^```(\w+)\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    ]


BLOCKS = _blocks()


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A folder to work in, with the command beside Python as after an installation."""
    commands = tmp_path / "bin"
    commands.mkdir()
    command = commands / "trackway"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m trackway "$@"\n')
    command.chmod(0o755)
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def _start(block: Block, work: Path, server: Server, **environment: str) -> subprocess.Popen[str]:
    script = work / f"chapter_{block.chapter}.{block.language}"
    script.write_text(block.code, encoding="utf-8")
    path = os.pathsep.join([str(work.parent / "bin"), os.environ["PATH"]])
    return subprocess.Popen(
        [sys.executable, str(script)] if block.language == "python" else ["sh", "-e", str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=work,
        env={
            **os.environ,
            "PYTHONPATH": str(PACKAGE),
            "PATH": path,
            "TRACKWAY_CREDENTIALS": str(server.credentials),
            **environment,
        },
    )


def _end(process: subprocess.Popen[str], code: int = 0) -> tuple[str, str]:
    out, err = process.communicate(timeout=120)
    assert process.returncode == code, out + err
    return out, err


def _run(
    chapter: int, work: Path, server: Server, place: int = 0, language: str = "python", code: int = 0
) -> str:
    """Runs one block; gives back what it printed. None of them warns."""
    blocks = [one for one in BLOCKS if one.chapter == str(chapter) and one.language == language]
    out, err = _end(_start(blocks[place], work, server), code)
    assert err == ""
    return out


def _stored(server: Server, name: str, *statuses: str) -> str:
    """The id of the one run of that name, of the whole guide."""
    experiments = server.json("/experiments?search=guide&limit=1000")["items"]
    found = [
        row["run"]
        for experiment in experiments
        for row in server.json(f"/runs?experiment_id={experiment['id']}&limit=1000")["items"]
        if row["run"]["name"] == name
    ]
    assert len(found) == 1 and found[0]["status"] in (statuses or ("completed",)), (name, found)
    return found[0]["id"]


def _points(server: Server, run_id: str, key: str, **context: str) -> series.Points:
    for one in series.decode(server.get(f"/api/v1/series?run={run_id}&key={key}")):
        if one.context == context:
            return one.points
    raise AssertionError(f"no {key} {context}")


def _is_whole(server: Server, name: str, *statuses: str) -> None:
    curve = _points(server, _stored(server, name, *statuses), "train/loss")
    assert curve.steps == list(range(100)), "no gap, and no step twice"
    assert curve.values == [1 / (step + 1) for step in range(100)]


def test_a_run(server: Server, work: Path) -> None:
    said = _run(1, work, server)
    assert said == f"look at {server.url}/runs/{_stored(server, 'first run')}\n"
    _is_whole(server, "first run")


def test_a_configuration(server: Server, work: Path) -> None:
    _run(2, work, server)
    run_id = _stored(server, "configured")
    assert server.params(run_id) == {
        **{"seed": 7, "model.name": "resnet", "model.layers": "[3, 4, 6]", "lr": 1e-3, "amp": True},
        "data.version": "2.1",
    }
    assert server.run(run_id)["run"]["tags"] == {"owner": "ada", "baseline": ""}
    assert "**larger**" in server.json(f"/runs/{run_id}/note")["body"]


def test_curves(server: Server, work: Path) -> None:
    _run(3, work, server)
    run_id = _stored(server, "curves")
    for key in ("train/loss", "lr"):
        assert _points(server, run_id, key).steps == list(range(20))
    assert _points(server, run_id, "accuracy", subset="val").values[19] == 19 / 25
    measured = _points(server, run_id, "measured")
    assert abs(measured.times_ms[0] / 1000 - (time.time() - 3600)) < 120


def test_images_histograms_and_tables(server: Server, work: Path) -> None:
    pytest.importorskip("numpy")
    _run(4, work, server)
    run_id = _stored(server, "pictures")
    media = [
        path for step in range(3) for path in (f"media/samples/{step}.png", f"table/mistakes/{step}.json")
    ]
    assert server.artifact_paths(run_id) == sorted(["labels.json", *media])
    assert server.artifact(run_id, "media/samples/0.png").startswith(b"\x89PNG")
    kinds = {one["key"]: (one["kind"], one["count"]) for one in server.run(run_id)["metrics"]}
    assert kinds["histogram/weights"] == ("bytes", 3)


def test_files_and_models(server: Server, work: Path) -> None:
    said = _run(5, work, server)
    paths = ["checkpoints/model.pt", "dataset/digits.json", "logs/train.txt"]
    assert [path for path in paths if path in said] == paths
    assert (work / "restored" / "checkpoints" / "model.pt").read_bytes() == b"weights" * 1000


def test_offline(server: Server, work: Path) -> None:
    assert "kept in " in _run(6, work, server)
    assert "train/loss" not in json.dumps(server.json("/experiments?search=guide"))
    assert "100 metric values" in _run(6, work, server, language="sh")
    _is_whole(server, "offline")


def test_going_on_after_a_kill(server: Server, work: Path) -> None:
    _run(7, work, server, code=-signal.SIGKILL)
    _run(7, work, server)
    _run(6, work, server, language="sh")  # trackway sync
    # It runs until the server has missed the killed process for a minute.
    _is_whole(server, "resumed", "completed", "running")


def test_many_processes(server: Server, work: Path) -> None:
    _run(8, work, server)
    run_id = _stored(server, "four ranks")
    for rank in range(4):
        curve = _points(server, run_id, "train/loss", rank=str(rank))
        assert curve.values == [(rank + 1) / (step + 1) for step in range(100)]
    assert sorted(process["rank"] for process in server.run(run_id)["processes"]) == [0, 1, 2, 3]


def test_search(server: Server, work: Path) -> None:
    lines = _run(9, work, server).splitlines()
    found = [re.sub(r"^\S+ ", "", line).split(" http")[0] for line in lines[:3]]
    assert found == ["0.0001 0.9", "0.001 0.8", "0.01 0.7"]
    assert lines[3] in ("[0] [0.9]", "array('q', [0]) array('d', [0.9])")
    table = _run(9, work, server, language="sh").splitlines()
    assert table[0].split() == ["name", "lr", "val/f1"] and len(table) >= 4
    assert len(json.loads((work / "runs.json").read_text())["runs"]) == 5


def test_pandas(server: Server, work: Path) -> None:
    pytest.importorskip("pandas")
    head, row = _run(9, work, server, place=1).splitlines()
    assert head.split() == ["name", "param.lr", "metric.val/f1"] and row.split() == ["0", "one", "0.1", "0.9"]


def test_groups(server: Server, work: Path) -> None:
    best, other = _run(9, work, server, place=2).splitlines()
    assert best.startswith("{'params.lr': '0.1'} 3 0.910 ± 0.025 [") and best.count("'") == 10
    assert other.startswith("{'params.lr': '0.01'} 3 0.820 ± 0.025 [")


@pytest.mark.parametrize("fault", [Server.kill, Server.stop])
def test_a_server_that_goes_away(own_server: Server, work: Path, fault: Callable[[Server], None]) -> None:
    (block,) = [one for one in BLOCKS if one.chapter == "10"]
    process = _start(block, work, own_server)
    time.sleep(1.5)
    fault(own_server)
    time.sleep(0.5)
    own_server.start()
    _end(process)
    _is_whole(own_server, "undisturbed")


def test_a_server_that_is_not_there(own_server: Server, work: Path) -> None:
    (block,) = [one for one in BLOCKS if one.chapter == "10"]
    own_server.kill()
    _, said = _end(_start(block, work, own_server, TRACKWAY_FINISH_SECONDS="0.5"))
    assert said.count("cannot reach") == 1 and "trackway sync" in said
    own_server.start()
    _run(6, work, own_server, language="sh")  # trackway sync
    _is_whole(own_server, "undisturbed")


def test_signing_in(server: Server, work: Path, tmp_path: Path) -> None:
    (block,) = [one for one in BLOCKS if one.chapter == "0"]
    (work / "token.txt").write_text(server.token)
    here = block._replace(code=block.code.replace("https://trackway.example.org", server.url))
    out, err = _end(
        _start(here, work, server, TRACKWAY_CREDENTIALS=str(tmp_path / "new" / "credentials.json"))
    )
    assert out.startswith(f"signed in to {server.url} as owner") and err == ""


def test_every_block_of_the_guide_is_run() -> None:
    chapters = [(one.chapter, one.language) for one in BLOCKS]
    assert chapters == [
        ("0", "sh"),
        *((str(number), "python") for number in range(1, 7)),
        ("6", "sh"),
        *(("7", "python"), ("8", "python"), *[("9", "python")] * 3, ("9", "sh"), ("10", "python")),
    ]
