"""From start to end of a run: modes, exceptions, kills, requests to stop, resumption, parents, many processes."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable

import pytest
from script import Script, sync
from server import Server

import trackway
from trackway import MLOpsClient, session
from trackway.sync import Syncer


@pytest.fixture(autouse=True)
def no_run_is_left() -> Iterator[None]:
    yield
    while trackway.current_run() is not None:
        trackway.finish()


@pytest.fixture
def watchful_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """One that calls a silent process lost after two seconds."""
    server = Server(tmp_path / "watchful", {"TRACKWAY_LOST_AFTER_SECONDS": "2"})
    server.start()
    monkeypatch.setenv("TRACKWAY_CREDENTIALS", str(server.credentials))
    monkeypatch.setenv("TRACKWAY_BEAT_SECONDS", "0.3")
    yield server
    server.stop()


def wait_until(true: Callable[[], Any], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def test_init_and_the_calls_of_the_module_go_to_one_run(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "model.bin"
    file.write_bytes(b"weights")
    run = trackway.init(
        experiment="module", name="first", params={"lr": 0.1}, config={"depth": 3}, tags=["a"], notes="# n"
    )
    assert trackway.current_run() is run
    trackway.log_params({"late": True})
    trackway.log_metrics({"loss": 1.0}, step=0)
    trackway.log_metric("loss", 0.5, step=1)
    trackway.log_artifact(file)
    trackway.log_text("t", "a.txt")
    trackway.log_dict({"a": 1}, "a.json")
    trackway.set_tags({"phase": "x"})
    trackway.set_notes("# better")
    trackway.log_event("checkpoint", {"step": 1})
    trackway.finish()
    assert trackway.current_run() is None
    stored = server.run(run.id)
    assert (stored["run"]["name"], stored["run"]["status"], stored["experiment_name"]) == (
        "first",
        "completed",
        "module",
    )
    assert stored["run"]["tags"] == {"a": "", "phase": "x"}
    assert server.params(run.id) == {"lr": 0.1, "depth": 3, "late": True}
    assert server.artifact_paths(run.id) == ["a.json", "a.txt", "model.bin"]
    assert stored["note"]["body"] == "# better"
    assert stored["run"]["late_at_ms"] is None
    (process,) = stored["processes"]
    assert (process["pid"], process["status"]) == (os.getpid(), "completed")
    with pytest.raises(trackway.TrackwayError, match="call trackway.init"):
        trackway.log_metrics({"loss": 1.0})
    trackway.finish()


def test_disabled_records_nothing_anywhere(tmp_path: Path) -> None:
    with trackway.init(mode="disabled", params={"lr": 1}, capture=True) as run:
        run.log_metrics({"loss": 1.0, "text": "t"}, step=0)
        run.log_text("x", "a.txt")
        run.log_event("e")
        with pytest.raises(TypeError, match="loss"):
            run.log_metrics({"loss": object()})
    assert run.status == "completed"
    assert not (tmp_path / "spool").exists()
    with pytest.raises(ValueError, match="online, offline or disabled"):
        trackway.init(mode="ofline")


def test_an_exception_fails_the_run_and_its_traceback_is_kept(server: Server) -> None:
    with pytest.raises(ZeroDivisionError):
        with trackway.init(experiment="fails") as run:
            1 / 0  # noqa: B018
    assert server.status(run.id) == "failed"
    (event,) = server.json(f"/runs/{run.id}/events")["items"]
    assert (event["name"], event["metadata"]["type"]) == ("exception", "ZeroDivisionError")
    assert "1 / 0" in event["metadata"]["traceback"]


def test_an_exception_outside_of_with_fails_the_run_at_exit(server: Server) -> None:
    script = Script(
        "run = trackway.init(experiment='fails'); print(run.id, flush=True); raise ValueError('boom')"
    )
    run_id = script.line()
    assert script.end()[0] == 1
    assert server.status(run_id) == "failed"
    (event,) = server.json(f"/runs/{run_id}/events")["items"]
    assert (event["metadata"]["type"], event["metadata"]["message"]) == ("ValueError", "boom")


def test_a_killed_process_is_lost_and_resuming_makes_it_run_again(watchful_server: Server) -> None:
    body = """
        run = trackway.init(experiment="lost", id="{run_id}")
        run.log_metrics({{"loss": 1.0}})
        run.flush()
        print("ready", flush=True)
        sys.stdin.readline()
        run.finish()
    """
    run_id = os.urandom(16).hex()
    first = Script(body.format(run_id=run_id))
    first.wait_for("ready")
    time.sleep(3.0)
    assert watchful_server.status(run_id) == "running", "it beats"
    first.kill()
    wait_until(lambda: watchful_server.status(run_id) == "lost")
    second = Script(body.format(run_id=run_id))
    second.wait_for("ready")
    assert watchful_server.status(run_id) == "running"
    second.say()
    assert second.end()[0] == 0
    assert watchful_server.status(run_id) == "completed"
    (metric,) = watchful_server.run(run_id)["metrics"]
    assert (metric["count"], metric["last_step"]) == (2, 1)


def test_an_offline_process_that_is_followed_is_not_lost(
    watchful_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = Script(
        """
        run = trackway.init(experiment="followed", mode="offline")
        print(run.id, flush=True)
        sys.stdin.readline()
        """
    )
    run_id = script.line()
    monkeypatch.setattr("trackway.sync.BEAT_SECONDS", 0.3)
    syncer = Syncer()
    for _ in range(10):
        (outcome,) = syncer.run()
        assert outcome.alive and not outcome.error
        time.sleep(0.4)
        assert watchful_server.status(run_id) == "running"
    script.kill()
    wait_until(lambda: watchful_server.status(run_id) == "lost")
    assert list(syncer.run())
    assert not list(syncer.run()), "what was sent of a dead process is removed"
    syncer.close()


@pytest.mark.parametrize(
    ("before", "by"), [("", signal.SIGINT), ("signal.signal(signal.SIGINT, signal.SIG_IGN)", signal.SIGTERM)]
)
def test_a_person_stops_the_run_and_it_ends_as_killed(
    watchful_server: Server, before: str, by: signal.Signals
) -> None:
    body = f"""
        {before}
        with trackway.init(experiment="stopped") as run:
            print(run.id, flush=True)
            time.sleep(60)
    """
    script = Script(body)
    run_id = script.line()
    watchful_server.send("PATCH", f"/api/v1/runs/{run_id}", {"stop_requested": True})
    asked_at = time.monotonic()
    code, said = script.end()
    assert time.monotonic() - asked_at < 10
    assert code == -by and "asked the run" in said
    assert watchful_server.status(run_id) == "killed"


def test_without_a_server_training_goes_on_and_everything_arrives_later(
    own_server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    own_server.kill()
    started_at = time.monotonic()
    run = trackway.init(experiment="away", name="patient")
    assert time.monotonic() - started_at < 3
    run.log_params({"lr": 0.1})
    for step in range(100):
        run.log_metrics({"loss": step}, step=step)
    run.log_text("x", "a.txt")
    assert run.name == "patient"
    own_server.start()
    run.finish()
    assert [record.message.rpartition("; ")[2] for record in caplog.records] == [
        "what is logged is kept and sent later",
        f"trackway: {own_server.url} takes data again",
    ]
    stored = own_server.run(run.id)
    assert (stored["run"]["name"], stored["run"]["status"]) == ("patient", "completed")
    assert stored["metrics"][0]["count"] == 100
    assert own_server.artifact_paths(run.id) == ["a.txt"]


def test_the_end_is_bounded_says_what_stays_and_sync_sends_it(
    own_server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    monkeypatch.setenv("TRACKWAY_FINISH_SECONDS", "0.5")
    script = Script(
        """
        run = trackway.init(experiment="bounded")
        print(run.id, flush=True)
        sys.stdin.readline()
        run.log_metrics({"loss": 1.0}, step=0)
        from trackway import lifecycle
        lifecycle.EXIT_SECONDS_MAX = 0.5
        run.finish()
        """
    )
    run_id = script.line()
    own_server.kill()
    finished_at = time.monotonic()
    script.say()
    code, said = script.end()
    assert code == 0 and time.monotonic() - finished_at < 5
    assert "stay in the spool; send them with: trackway sync" in said
    own_server.start()
    sync()
    assert own_server.status(run_id) == "completed"


def test_a_wrong_token_does_not_stop_training_and_a_right_one_sends_it(
    server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    token = server.token
    monkeypatch.setenv("TRACKWAY_URL", server.url)
    monkeypatch.setenv("TRACKWAY_TOKEN", "trk_expired")
    run = trackway.init(experiment="token")
    run.log_metrics({"loss": 1.0}, step=0)
    started_at = time.monotonic()
    assert not run.flush(10)
    assert time.monotonic() - started_at < 5, "no use in waiting for a token that is refused"
    monkeypatch.setenv("TRACKWAY_TOKEN", token)
    wait_until(lambda: run.flush(5))
    assert run.get_metric("loss").values == [1.0]
    run.finish()
    assert sum("kept and sent later" in record.message for record in caplog.records) == 1


def test_a_cell_that_is_run_again_ends_the_former_run(server: Server) -> None:
    first = trackway.init(experiment="notebook")
    second = trackway.init(experiment="notebook")
    assert first.status == "completed" and server.status(first.id) == "completed"
    with trackway.init(experiment="notebook", parent=second) as child:
        assert trackway.current_run() is child
        with trackway.init(experiment="notebook") as other:
            assert child.status == "running"
            assert trackway.current_run() is other
    assert trackway.current_run() is second
    second.finish()
    assert server.run(child.id)["run"]["parent_id"] == second.id
    assert server.run(other.id)["run"]["parent_id"] is None


def test_the_first_run_of_a_process_may_be_chosen_from_outside(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = os.urandom(16).hex()
    monkeypatch.setenv("TRACKWAY_RUN_ID", run_id)
    with trackway.init(experiment="outside") as run:
        with trackway.init(experiment="outside", parent=run) as child:
            pass
    with trackway.init(experiment="outside") as later:
        pass
    assert run.id == run_id
    assert len({run.id, child.id, later.id}) == 3


def test_a_run_shows_itself_in_notebooks_without_trusting_its_name(server: Server) -> None:
    with trackway.init(experiment="notebook", name="<script>alert(1)</script>") as run:
        html = run._repr_html_()
    assert f'<a href="{run.url}"' in html
    assert "<script" not in html and "&lt;script&gt;" in html


def test_eight_processes_log_to_one_run(server: Server) -> None:
    body = """
        run = trackway.init(experiment="ranks", id="{run_id}")
        for step in range(300):
            run.log_metrics({{f"rank{{run._channel.rank}}/loss": step, "shared": run._channel.rank}}, step=step)
        run.finish()
    """
    run_id = os.urandom(16).hex()
    scripts = [
        Script(body.format(run_id=run_id), {"RANK": str(rank), "WORLD_SIZE": "8"}) for rank in range(8)
    ]
    for script in scripts:
        code, said = script.end()
        assert code == 0, said
    stored = server.run(run_id)
    assert stored["run"]["status"] == "completed"
    assert sorted(process["rank"] for process in stored["processes"]) == list(range(8))
    counts = {metric["key"]: metric["count"] for metric in stored["metrics"]}
    assert counts == {**{f"rank{rank}/loss": 300 for rank in range(8)}, "shared": 2400}


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_workers_join_the_run_of_their_parent(server: Server, tmp_path: Path, method: str) -> None:
    program = tmp_path / "workers.py"
    program.write_text(
        f"""
import multiprocessing, sys
import trackway

def work(run_id, rank):
    run = trackway.init(experiment="workers", id=run_id, rank=rank)
    run.log_metrics({{f"worker{{rank}}": rank}}, step=0)

if __name__ == "__main__":
    context = multiprocessing.get_context({method!r})
    with trackway.init(experiment="workers") as run:
        print(run.id, flush=True)
        workers = [context.Process(target=work, args=(run.id, rank)) for rank in range(2)]
        [worker.start() for worker in workers]
        [worker.join() for worker in workers]
        run.log_metrics({{"parent": 1}}, step=0)
        sys.exit(max(worker.exitcode for worker in workers))
"""
    )
    script = Script(
        f"import runpy; sys.argv = [{str(program)!r}]\nrunpy.run_path({str(program)!r}, run_name='__main__')"
    )
    run_id = script.line()
    code, said = script.end()
    assert code == 0, said
    stored = server.run(run_id)
    assert {metric["key"] for metric in stored["metrics"]} == {"parent", "worker0", "worker1"}
    assert stored["run"]["status"] == "completed"
    assert {process["rank"] for process in stored["processes"]} == {None, 0, 1}


def test_clock_jumps_decide_nothing(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    run = trackway.init(experiment="clock")
    now = time.time_ns()
    for step, years in enumerate((0, 10, -10, 40, -30)):
        monkeypatch.setattr("trackway.run.time_ns", lambda years=years: now + years * 365 * 86_400 * 10**9)
        run.log_metrics({"loss": step}, step=step)
    monkeypatch.undo()
    points = run.get_metric("loss")
    assert (points.steps, points.values) == ([0, 1, 2, 3, 4], [0, 1, 2, 3, 4])
    assert points.times_ms[1] - points.times_ms[0] > 9 * 365 * 86_400_000
    run.finish()


def test_hostile_names_come_back_as_they_are_or_are_refused_by_name(server: Server) -> None:
    name = "'; DROP TABLE run; -- <img src=x> \u202e ../../etc \U0001f680"
    with trackway.init(experiment=name, name=name, tags={name: name}) as run:
        run.log_params({name: name})
        run.log_metrics({name: 1.0}, step=0, context={name: name})
        run.log_text("x", f"{name.replace('../', '')}.txt")
        for bad in ("../up", "/etc/passwd", "a/../b", "nul\0", ""):
            with pytest.raises(ValueError):
                run.log_text("x", bad)
            with pytest.raises((ValueError, TypeError)):
                run.log_dataset(f"../{bad}")
    stored = server.run(run.id)
    assert (stored["run"]["name"], stored["experiment_name"]) == (name, name)
    assert stored["metrics"][0]["key"] == name and stored["metrics"][0]["context"] == {name: name}
    assert server.params(run.id) == {name: name}
    assert server.artifact_paths(run.id) == [f"{name.replace('../', '')}.txt"]


def test_two_processes_in_one_folder_keep_apart(server: Server, tmp_path: Path) -> None:
    body = """
        run = trackway.init(experiment="shared folder", mode="offline")
        print(run.id, flush=True)
        for step in range(2000):
            run.log_metrics({"loss": step}, step=step)
    """
    scripts = [Script(body) for _ in range(2)]
    run_ids = [script.line() for script in scripts]
    assert [script.end()[0] for script in scripts] == [0, 0]
    assert len(list((tmp_path / "spool").iterdir())) == 2
    sync()
    for run_id in run_ids:
        assert server.run(run_id)["metrics"][0]["count"] == 2000


def test_an_unwritable_folder_is_said_once_and_training_goes_on(server: Server, tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a folder is wanted")
    script = Script(
        """
        run = trackway.init(experiment="blocked", params={"lr": 1})
        print(run.id, flush=True)
        for step in range(1000):
            run.log_metrics({"loss": step}, step=step)
        run.log_text("x", "a.txt")
        """,
        {"TRACKWAY_DIR": str(blocked)},
    )
    run_id = script.line()
    code, said = script.end()
    assert code == 0
    assert said.count("dies with this process") == 1
    assert server.run(run_id)["metrics"][0]["count"] == 1000
    assert server.artifact_paths(run_id) == ["a.txt"]
    assert server.status(run_id) == "completed"


def test_the_client_of_several_runs_and_the_session_do_not_disturb_each_other(
    server: Server, client: MLOpsClient
) -> None:
    own = trackway.init(experiment="both")
    with client.start_run(client.create_experiment("both").id, parent=own) as other:
        other.log_metrics({"loss": 1.0}, step=0)
        assert trackway.current_run() is own
    own.finish()
    assert server.run(other.id)["run"]["parent_id"] == own.id
    assert session.current_run() is None


def test_workers_of_a_data_loader_may_log_to_the_run_of_their_parent(server: Server, tmp_path: Path) -> None:
    program = tmp_path / "loader.py"
    program.write_text(
        """
import multiprocessing
import trackway

def work(number):
    trackway.log_metrics({f"worker{number}": number, "all": number}, step=number)

if __name__ == "__main__":
    with trackway.init(experiment="loader") as run:
        print(run.id, flush=True)
        trackway.log_metrics({"all": -1}, step=99)
        workers = [multiprocessing.get_context("fork").Process(target=work, args=(n,)) for n in range(3)]
        [worker.start() for worker in workers]
        [worker.join() for worker in workers]
"""
    )
    script = Script(f"import runpy; runpy.run_path({str(program)!r}, run_name='__main__')")
    run_id = script.line()
    code, said = script.end()
    assert code == 0, said
    stored = server.run(run_id)
    assert {metric["key"]: metric["count"] for metric in stored["metrics"]} == {
        "all": 4,
        "worker0": 1,
        "worker1": 1,
        "worker2": 1,
    }
    assert (stored["run"]["status"], len(stored["processes"])) == ("completed", 1)
    assert not list((tmp_path / "spool").iterdir())
