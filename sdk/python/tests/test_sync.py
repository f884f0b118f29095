"""Spools that are sent later: offline, after a kill, from a copy, twice."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import pytest
from proxy import LOSE_ANSWER, PASS, Proxy
from script import Script, sync
from server import Server, bits

import trackway
from trackway import MLOpsClient, series


@pytest.fixture
def folder(server: Server, tmp_path: Path) -> Path:
    return tmp_path / "spool"


def points(server: Server, run_id: str, key: str) -> series.Points:
    for one in series.decode(server.get(f"/api/v1/series?run={run_id}&key={key}")):
        if one.key == key:
            return one.points
    return series.Points([], [], [])


OFFLINE = """
    run = trackway.init(experiment="offline", name="in a cave", mode="offline", params={"lr": 0.1, "deep": {"er": 2}})
    print(run.id, flush=True)
    for step in range(1000):
        run.log_metrics({"loss": 1 / (step + 1), "nan": float("nan")}, step=step)
    run.set_tags(["cave"])
    run.log_text("dark", "notes/a.txt")
    run.log_metric("said", "hello", step=0)
    run.log_event("checkpoint", {"step": 3})
"""


def test_an_offline_run_arrives_whole_by_sync(server: Server, folder: Path) -> None:
    script = Script(OFFLINE)
    run_id = script.line()
    assert script.end() == (0, "")
    assert list(folder.iterdir())
    said = sync()
    assert "2001 metric values" in said.stdout and "1 artifact" in said.stdout
    stored = server.run(run_id)
    assert (stored["run"]["name"], stored["run"]["status"]) == ("in a cave", "completed")
    assert stored["experiment_name"] == "offline"
    assert stored["run"]["tags"] == {"cave": ""}
    assert server.params(run_id) == {"lr": 0.1, "deep.er": 2}
    assert points(server, run_id, "loss").values == [1 / (step + 1) for step in range(1000)]
    assert bits(points(server, run_id, "nan").values) == bits([float("nan")] * 1000)
    assert server.artifact(run_id, "notes/a.txt") == b"dark"
    assert [event["name"] for event in server.json(f"/runs/{run_id}/events")["items"]] == ["checkpoint"]
    assert list(folder.iterdir()) == [], "what was sent takes no room"
    assert "nothing is left" in sync().stdout


def test_a_copy_on_another_machine_is_sent_with_its_credentials_and_the_original_again_does_no_harm(
    server: Server, folder: Path, tmp_path: Path
) -> None:
    script = Script(OFFLINE)
    run_id = script.line()
    script.end()
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    summary = json.loads(sync(str(copy), "--url", server.url, "--json").stdout)
    assert (summary["exit_code"], summary["delivered"]["metric value"]) == (0, 2001)
    before = server.run(run_id)
    sync()
    after = server.run(run_id)
    assert after["metrics"] == before["metrics"], "every batch was known"
    assert after["run"]["status"] == "completed"
    assert len(server.json(f"/runs/{run_id}/events")["items"]) == 1


def test_a_spool_is_followed_while_its_process_writes(server: Server, folder: Path) -> None:
    body = """
        run = trackway.init(experiment="watched", mode="offline")
        print(run.id, flush=True)
        for step in range(500):
            run.log_metrics({"loss": step}, step=step)
        print("half", flush=True)
        sys.stdin.readline()
        for step in range(500, 1000):
            run.log_metrics({"loss": step}, step=step)
    """
    script = Script(body)
    run_id = script.line()
    script.wait_for("half")
    said = sync()
    assert "still running" in said.stdout
    assert points(server, run_id, "loss").steps == list(range(500))
    assert list(folder.iterdir()), "its process still writes there"
    script.say()
    script.end()
    sync()
    assert points(server, run_id, "loss").values == list(range(1000))
    assert server.status(run_id) == "completed"
    assert list(folder.iterdir()) == []


def test_two_syncs_at_once_beside_the_process_itself_send_one_copy(server: Server, folder: Path) -> None:
    body = """
        run = trackway.init(experiment="crowded")
        print(run.id, flush=True)
        for step in range(3000):
            run.log_metrics({"loss": step}, step=step)
            time.sleep(0.0005)
        run.finish()
    """
    script = Script(body)
    run_id = script.line()
    while script.process.poll() is None:
        sync(check=None)
    assert script.end()[0] == 0
    sync()
    assert points(server, run_id, "loss").values == list(range(3000))


def test_a_process_notices_that_another_has_sent_for_it(server: Server, folder: Path) -> None:
    script = Script(
        """
        run = trackway.init(experiment="helped")
        run.flush()
        channel = run._channel
        # Its own threads stand still while the other sends.
        with channel.lanes[0]._changed, channel.lanes[1]._changed:
            run.log_metrics({"loss": 1.0}, step=0)
            run.end_without_waiting("completed")
            print(run.id, flush=True)
            sys.stdin.readline()
        started_at = time.monotonic()
        assert run.flush(10)
        assert time.monotonic() - started_at < 5
        """
    )
    run_id = script.line()
    sync()
    assert server.status(run_id) == "completed"
    script.say()
    code, said = script.end()
    assert (code, said) == (0, "")


def test_without_a_server_everything_stays_and_the_exit_code_says_so(server: Server, folder: Path) -> None:
    Script(OFFLINE).end()
    done = sync("--url", "http://127.0.0.1:1", "--patience", "0.2", check=3)
    assert "cannot reach" in done.stderr and "still waiting" in done.stdout
    summary = json.loads(sync("--url", "http://127.0.0.1:1", "--patience", "0.2", "--json", check=3).stdout)
    assert summary["waiting_bytes"] > 10_000
    sync()


def test_a_batch_that_was_stored_before_the_trainer_died_is_not_stored_again(
    server: Server, proxy: Proxy, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer is lost, and with it the process: only the journal tells which batch that was."""
    body = """
        run = trackway.init(experiment="unlucky")
        print(run.id, flush=True)
        for step in range(100):
            run.log_metrics({"loss": step}, step=step)
        print("logged", flush=True)
        for step in range(100, 200):
            time.sleep(0.01)
            run.log_metrics({"loss": step}, step=step)
        print("all", flush=True)
        time.sleep(60)
    """
    proxy.script = [PASS, *[LOSE_ANSWER] * 1000]
    script = Script(body, {"TRACKWAY_URL": proxy.url, "TRACKWAY_TOKEN": server.token})
    run_id = script.line()
    script.wait_for("logged")
    script.wait_for("all")
    assert proxy.ingests and proxy.ingests[0][1] == 200
    script.kill()
    assert points(server, run_id, "loss").steps, "it was stored"
    sync("--url", server.url)
    assert points(server, run_id, "loss").values == list(range(200))


@pytest.mark.parametrize("seed", range(3))
def test_a_killed_trainer_loses_nothing_that_it_was_told_is_logged(server: Server, seed: int) -> None:
    """What the pipe says was logged before is the oracle."""
    body = """
        run = trackway.init(experiment="killed")
        print(run.id, flush=True)
        step = 0
        while True:
            run.log_metrics({"loss": step / 7, "acc": -step}, step=step)
            os.write(1, b"%d\\n" % step)
            step += 1
    """
    script = Script(body)
    run_id = script.line()
    assert script.process.stdout is not None
    logged = -1
    until = time.monotonic() + [0.05, 0.3, 0.9][seed]
    while time.monotonic() < until:
        logged = int(script.process.stdout.readline())
    script.process.kill()
    for line in script.process.stdout:
        if line.endswith("\n"):
            logged = int(line)
    script.kill()
    sync()
    found = points(server, run_id, "loss")
    assert len(found.steps) in (logged + 1, logged + 2), "at most the call that was under way"
    assert found.steps == list(range(len(found.steps)))
    assert found.values == [step / 7 for step in found.steps]


def test_resume_after_a_kill_makes_one_gapless_curve(server: Server) -> None:
    body = """
        run = trackway.init(experiment="resumed", id="{run_id}", resume="{resume}")
        print(run._last_step + 1, flush=True)
        for _ in range(100):
            run.log_metrics({{"loss": 1.0}})
        {end}
    """
    run_id = os.urandom(16).hex()
    first = Script(
        body.format(
            run_id=run_id, resume="never", end="run.flush(); print('done', flush=True); time.sleep(60)"
        )
    )
    first.wait_for("0")
    first.wait_for("done")
    first.kill()
    second = Script(body.format(run_id=run_id, resume="must", end="run.finish()"))
    second.wait_for("100")
    assert second.end()[0] == 0
    assert points(server, run_id, "loss").steps == list(range(200))


def test_resume_sends_what_the_killed_process_left(server: Server) -> None:
    first = Script("""
        run = trackway.init(experiment="left", capture=False)
        print(run.id, flush=True)
        run.flush()
        for step in range(100):
            run.log_metrics({"loss": step}, step=step)
        os.kill(os.getpid(), 9)
    """)
    run_id = first.line()
    first.process.communicate(timeout=30)
    second = Script(f"""
        run = trackway.init(experiment="left", id="{run_id}", resume="must")
        run.log_metrics({{"loss": 100}}, step=100)
        print("on", flush=True)
        time.sleep(60)
    """)
    second.wait_for("on")
    until = time.monotonic() + 30
    while len(points(server, run_id, "loss").steps) < 101 and time.monotonic() < until:
        time.sleep(0.05)
    second.kill()
    assert points(server, run_id, "loss").values == list(range(101))


def test_a_run_that_must_not_be_there_is_refused_at_once_or_stored_beside(
    server: Server, client: MLOpsClient, caplog: pytest.LogCaptureFixture
) -> None:
    with trackway.init(experiment="taken") as run:
        run.log_metrics({"loss": 1.0}, step=0)
    with pytest.raises(trackway.TrackwayError, match=run.id) as caught:
        trackway.init(experiment="taken", id=run.id, resume="never")
    assert caught.value.kind == "conflict"
    with pytest.raises(trackway.TrackwayError) as caught:
        trackway.init(experiment="taken", id="0" * 31 + "7", resume="must")
    assert caught.value.kind == "not_found"
    body = """
        run = trackway.init(experiment="taken", id="{run_id}", resume="never", mode="offline")
        run.log_metrics({{"loss": 2.0}}, step=1)
        run.log_text("x", "a.txt")
    """
    Script(body.format(run_id=run.id)).end()
    done = sync()
    assert f'what was logged to the run "{run.id}" is stored as the run "' in done.stderr
    other = done.stderr.split('is stored as the run "')[1][:32]
    assert points(server, run.id, "loss").values == [1.0]
    assert points(server, other, "loss").values == [2.0]
    assert server.artifact_paths(other) == ["a.txt"]
    assert server.status(other) == "completed"


def test_a_copy_of_a_spool_that_is_still_written_may_double_but_never_loses(
    server: Server, tmp_path: Path
) -> None:
    body = """
        run = trackway.init(experiment="copied too early", mode="offline")
        print(run.id, flush=True)
        for step in range(10):
            run.log_metrics({"loss": step}, step=step)
        print("half", flush=True)
        sys.stdin.readline()
        for step in range(10, 20):
            run.log_metrics({"loss": step}, step=step)
    """
    script = Script(body)
    run_id = script.line()
    script.wait_for("half")
    shutil.copytree(tmp_path / "spool", tmp_path / "copy")
    sync(str(tmp_path / "copy"))
    assert points(server, run_id, "loss").steps == list(range(10))
    script.say()
    script.end()
    assert "some values may be doubled" in sync().stderr
    assert sorted(set(points(server, run_id, "loss").steps)) == list(range(20))
    assert server.status(run_id) == "completed"
