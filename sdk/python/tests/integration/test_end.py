"""How a training that nobody finished is ended: in processes of their own, that die in every way."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
from server import Server
from stored import Stored, only_run_of, runs_of

pytest.importorskip("numpy")
pytest.importorskip("xgboost")

# Whoever starts the tests in the background has them ignore Ctrl-C, and what they start.
TRAINING = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.path[:0] = {path!r}
import numpy, time, xgboost
from trackway.integration.xgboost import TrackwayCallback

class Slow(xgboost.callback.TrainingCallback):
    def after_iteration(self, model, epoch, evals_log):
        if epoch == 3:
            {action}
        return False

data = xgboost.DMatrix(numpy.random.rand(20, 2), numpy.random.rand(20))

def train():
    callbacks = [TrackwayCallback(), Slow()]
    xgboost.train({{}}, data, 5, evals=[(data, "train")], callbacks=callbacks, verbose_eval=False)

{program}
"""
WAIT = "print('waiting', flush=True); time.sleep(60)"


def _start(program: str, action: str = "1 / 0") -> subprocess.Popen[str]:
    code = TRAINING.format(path=sys.path, program=program, action=action)
    return subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def _ended(process: subprocess.Popen[str], server: Server, experiment: str) -> Stored:
    _, said = process.communicate(timeout=60)
    assert "trackway: " not in said
    return only_run_of(server, experiment)


def test_an_exception_that_ends_the_program(server: Server, experiment_name: str) -> None:
    run = _ended(_start("train()"), server, experiment_name)
    assert run.status("failed") == "failed"
    assert "ZeroDivisionError" in run.events()[0]["metadata"]["traceback"]


def test_an_exception_that_is_caught_before_the_program_ends(server: Server, experiment_name: str) -> None:
    program = "try: train()\nexcept ZeroDivisionError as error: held = error\n"
    assert _ended(_start(program), server, experiment_name).status("failed") == "failed"


def test_an_exception_of_which_somebody_keeps_the_frames(server: Server, experiment_name: str) -> None:
    program = f"try: train()\nexcept ZeroDivisionError as error: held = error\n{WAIT}\n"
    process = _start(program)
    assert process.stdout is not None
    assert process.stdout.readline() == "waiting\n"
    assert only_run_of(server, experiment_name).status("failed") == "failed"
    process.kill()
    process.communicate()


@pytest.mark.parametrize(
    "program",
    [
        "train()",
        "try: train()\nfinally: time.sleep(2)",
        "try: train()\nexcept KeyboardInterrupt: time.sleep(2)",
    ],
    ids=["at once", "slowly", "caught"],
)
def test_ctrl_c(server: Server, experiment_name: str, program: str) -> None:
    process = _start(program, WAIT)
    assert process.stdout is not None
    assert process.stdout.readline() == "waiting\n"
    process.send_signal(signal.SIGINT)
    # Python 3.9 does not tell one thread what another is handling.
    status = "failed" if "sleep" in program and sys.version_info < (3, 10) else "killed"
    assert _ended(process, server, experiment_name).status(status) == status


def test_sigterm(server: Server, experiment_name: str) -> None:
    process = _start("train()", WAIT)
    assert process.stdout is not None
    assert process.stdout.readline() == "waiting\n"
    process.send_signal(signal.SIGTERM)
    assert _ended(process, server, experiment_name).status("killed") == "killed"
    assert process.returncode == -signal.SIGTERM


def test_a_long_training_is_left_alone(server: Server, experiment_name: str) -> None:
    """Looking again and again must not end what goes on, whatever other threads do."""
    program = """
import threading
def numbers():
    while True: yield sum(range(500))
def busy():
    for number in numbers(): pass
for _ in range(3): threading.Thread(target=busy, daemon=True).start()
from trackway.integration import call
call.LOOK_SECONDS = 0.001
train()
"""
    process = _start(program, "time.sleep(5)")
    run = _ended(process, server, experiment_name)
    assert run.status("completed") == "completed"
    assert len(run.points("train-rmse")) == 5
    assert len(runs_of(server, experiment_name)) == 1
