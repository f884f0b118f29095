"""How runs end when their process ends: signals, unhandled exceptions, forks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from server import Server

from trackway import Experiment, MLOpsClient

PACKAGE = Path(__file__).resolve().parents[1]


class Script:
    """A training script in a process of its own, that prints the id of its run first."""

    def __init__(self, experiment: Experiment, body: str) -> None:
        # A shell starts what runs in the background deaf to Ctrl-C, and that is inherited.
        head = "import os, signal, sys, time\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
        head += "from trackway import MLOpsClient\n"
        head += (
            f"client = MLOpsClient()\nrun = client.start_run({experiment.id!r})\nprint(run.id, flush=True)\n"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", head + textwrap.dedent(body)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(PACKAGE)},
        )
        assert self.process.stdout is not None
        self.run_id = self.process.stdout.readline().strip()

    def wait_for(self, line: str) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.readline().strip() == line

    def end(self) -> tuple[int, str]:
        """Exit code (negative: ended by that signal) and what it said on stderr."""
        _, said = self.process.communicate(timeout=60)
        return self.process.returncode, said


TRAIN_FOR_EVER = """
    with run:
        run.log_metrics({"loss": 1.0}, step=0)
        print("training", flush=True)
        while True:
            time.sleep(0.01)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_kills_the_run_and_the_process(experiment: Experiment, server: Server, number: int) -> None:
    script = Script(experiment, TRAIN_FOR_EVER)
    script.wait_for("training")
    script.process.send_signal(number)
    code, said = script.end()
    assert code == -number, said
    stored = server.run(script.run_id)
    assert stored["run"]["status"] == "killed"
    assert stored["run"]["late_at_ms"] is None
    assert [metric["last"] for metric in stored["metrics"]] == [1.0], "what was queued is sent first"


def test_a_signal_kills_a_run_outside_of_with(experiment: Experiment, server: Server) -> None:
    script = Script(experiment, 'print("training", flush=True)\ntime.sleep(60)')
    script.wait_for("training")
    script.process.terminate()
    code, said = script.end()
    assert (code, said) == (-signal.SIGTERM, "")
    assert server.status(script.run_id) == "killed"


def test_the_handler_that_was_there_before_has_the_last_word(experiment: Experiment, server: Server) -> None:
    body = """
        run.finish()
        def save_and_leave(number, frame):
            print("saved", flush=True)
            sys.exit(7)
        signal.signal(signal.SIGTERM, save_and_leave)
        with client.start_run(run.experiment_id) as second:
            print(second.id, flush=True)
            time.sleep(60)
    """
    script = Script(experiment, body)
    assert script.process.stdout is not None
    second_id = script.process.stdout.readline().strip()
    script.process.terminate()
    script.wait_for("saved")
    code, said = script.end()
    assert (code, said) == (7, "")
    assert server.status(script.run_id) == "completed"
    assert server.status(second_id) == "killed"


def test_after_the_last_run_the_former_handler_is_back(experiment: Experiment) -> None:
    body = """
        other = client.start_run(run.experiment_id)
        run.finish()
        held = signal.getsignal(signal.SIGTERM)
        other.finish()
        print(held is signal.SIG_DFL, signal.getsignal(signal.SIGTERM) is signal.SIG_DFL, flush=True)
    """
    script = Script(experiment, body)
    script.wait_for("False True")
    assert script.end() == (0, "")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("run.log_metrics({'loss': 1.0})", "completed", 0),
        ("raise ValueError('boom')", "failed", 1),
        ("raise KeyboardInterrupt", "killed", -signal.SIGINT),
        ("time.sleep(0.5); sys.exit(0)", "completed", 0),
    ],
)
def test_a_run_left_open_ends_with_the_interpreter(
    experiment: Experiment, server: Server, body: str, status: str, code: int
) -> None:
    script = Script(experiment, body)
    assert script.end()[0] == code
    assert server.status(script.run_id) == status


def test_what_cannot_be_sent_at_exit_is_said(own_server: Server) -> None:
    client = MLOpsClient()
    body = """
        from trackway import lifecycle
        lifecycle.EXIT_SECONDS_MAX = 1.0
        print("ready", flush=True)
        sys.stdin.readline()
        run.log_metrics({"loss": 1.0, "acc": 0.5})
    """
    script = Script(client.create_experiment("unsent"), body)
    script.wait_for("ready")
    own_server.kill()
    code, said = script.end()
    assert code == 0
    assert "trackway: not sent within 1 s: " in said and "send them with: trackway sync /" in said
    client.close()


def test_a_signal_is_obeyed_in_time_without_a_server(own_server: Server) -> None:
    client = MLOpsClient()
    body = """
        from trackway import lifecycle
        lifecycle.SIGTERM_SECONDS_MAX = 1.0
        print("ready", flush=True)
        while True:
            run.log_metrics({"loss": 1.0})
            time.sleep(0.5)
    """
    script = Script(client.create_experiment("no server"), body)
    script.wait_for("ready")
    own_server.kill()
    signalled_at = time.monotonic()
    script.process.terminate()
    code, said = script.end()
    assert time.monotonic() - signalled_at < 5
    assert code == -signal.SIGTERM
    assert "trackway: not sent within 1 s: " in said
    client.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_logs_under_a_writer_of_its_own_and_ends_nothing(
    experiment: Experiment, server: Server
) -> None:
    body = """
        run.log_metrics({"parent": 0}, step=0)
        run.log_metrics({"both": 0}, step=0)
        child = os.fork()
        who = "parent" if child else "child"
        for step in range(1, 50):
            run.log_metrics({who: step}, step=step)
            run.log_metrics({"both": step}, step=step)
        if child == 0:
            run.finish("failed")
            sys.exit(0)
        os.waitpid(child, 0)
        print("child ended", flush=True)
        sys.stdin.readline()
        run.finish()
    """
    script = Script(experiment, body)
    script.wait_for("child ended")
    assert server.status(script.run_id) == "running"
    code, said = script.end()
    assert code == 0, said
    assert server.status(script.run_id) == "completed"
    counts = {metric["key"]: metric["count"] for metric in server.run(script.run_id)["metrics"]}
    assert counts == {"parent": 50, "child": 49, "both": 99}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_logs_even_if_a_thread_of_the_parent_was_logging(
    experiment: Experiment, server: Server
) -> None:
    body = """
        import threading
        held, done = threading.Event(), threading.Event()
        def log_for_long():
            with client._channel.log.lock, client._channel.work.lock, client._connection._lock:
                held.set()
                done.wait()
        threading.Thread(target=log_for_long).start()
        held.wait()
        child = os.fork()
        if child == 0:
            run.log_metrics({"child": 1})
            sys.exit(0)
        done.set()
        print(os.waitpid(child, 0)[1], flush=True)
    """
    script = Script(experiment, body)
    script.wait_for("0")
    code, said = script.end()
    assert code == 0, said
    assert [metric["key"] for metric in server.run(script.run_id)["metrics"]] == ["child"]


@pytest.mark.parametrize("method", ["fork", "forkserver"])
def test_workers_of_multiprocessing_send_what_they_logged(
    experiment: Experiment, server: Server, tmp_path: Path, method: str
) -> None:
    program = tmp_path / "workers.py"
    program.write_text(
        textwrap.dedent(
            f"""
            import multiprocessing, sys
            from trackway import MLOpsClient

            def work(number):
                run = MLOpsClient().start_run({experiment.id!r}, name=f"worker {{number}}")
                run.log_metrics({{"m": number}}, step=0)

            if __name__ == "__main__":
                context = multiprocessing.get_context({method!r})
                workers = [context.Process(target=work, args=(number,)) for number in range(2)]
                for worker in workers:
                    worker.start()
                for worker in workers:
                    worker.join()
                sys.exit(max(worker.exitcode for worker in workers))
            """
        )
    )
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE)}
    subprocess.run([sys.executable, program], check=True, timeout=60, env=environment)
    rows = server.json(f"/runs?experiment_id={experiment.id}")["items"]
    assert sorted(
        (row["run"]["name"], row["run"]["status"], row["metrics"]["m"]["last"]) for row in rows
    ) == [
        ("worker 0", "completed", 0),
        ("worker 1", "completed", 1),
    ]
