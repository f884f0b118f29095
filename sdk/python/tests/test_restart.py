"""The server dies without warning in the middle of it all and comes back."""

from __future__ import annotations

import threading
import time

import pytest
from server import Server

from trackway import MLOpsClient


def test_a_killed_server_loses_nothing_and_gets_nothing_twice(own_server: Server) -> None:
    client = MLOpsClient()
    experiment = client.create_experiment("restart")
    with client.start_run(experiment.id) as run:
        run.log_params({"before": 1})
        killer = threading.Thread(target=_kill_and_start, args=(own_server, 3))
        killer.start()
        step = 0
        while killer.is_alive():
            run.log_metrics({"loss": step / 7, "acc": -step}, step=step)
            step += 1
            time.sleep(0.001)
        killer.join()
        run.log_params({"after": 2})
    for key, value in (("loss", lambda step: step / 7), ("acc", lambda step: -float(step))):
        points = run.get_metric(key)
        assert points.steps == list(range(step))
        assert points.values == [value(number) for number in range(step)]
    assert own_server.status(run.id) == "completed"
    assert own_server.params(run.id) == {"before": 1, "after": 2}
    client.close()


def _kill_and_start(server: Server, times: int) -> None:
    for _ in range(times):
        time.sleep(0.7)
        server.kill()
        time.sleep(0.5)
        server.start()


def test_calls_that_need_an_answer_wait_for_a_restart(own_server: Server) -> None:
    client = MLOpsClient()
    experiment = client.create_experiment("restart")
    own_server.kill()
    starter = threading.Timer(1.0, own_server.start)
    starter.start()
    with client.start_run(experiment.id) as run:
        run.log_text("after the restart", "a.txt")
    starter.join()
    assert own_server.artifact(run.id, "a.txt") == b"after the restart"
    client.close()


def test_an_outage_is_said_once_and_its_end_too(own_server: Server, caplog: pytest.LogCaptureFixture) -> None:
    client = MLOpsClient()
    with client.start_run(client.create_experiment("outage").id) as run:
        own_server.kill()
        for step in range(15):
            run.log_metrics({"loss": step}, step=step)
            time.sleep(0.1)
        own_server.start()
    assert run.get_metric("loss").values == list(range(15))
    messages = [record.message for record in caplog.records]
    assert len(messages) == 2
    assert own_server.url in messages[0] and "kept and sent later" in messages[0]
    assert "takes data again" in messages[1]
    client.close()
