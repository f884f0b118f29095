"""A network that loses answers and a server that is too busy: every value arrives exactly once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from proxy import BUSY, LOSE_ANSWER, PASS, Proxy
from server import Server

from trackway import Experiment, MLOpsClient, artifact, sender


@pytest.fixture
def faulty_client(proxy: Proxy, server: Server) -> Iterator[MLOpsClient]:
    client = MLOpsClient(url=proxy.url, api_token=server.token)
    yield client
    client.close()


def test_a_lost_answer_is_asked_for_again_with_the_same_bytes(
    faulty_client: MLOpsClient, experiment: Experiment, proxy: Proxy
) -> None:
    run = faulty_client.start_run(experiment.id)
    proxy.script = [LOSE_ANSWER, LOSE_ANSWER, PASS, LOSE_ANSWER]
    for step in range(20):
        run.log_metrics({"loss": step}, step=step)
        if step == 10:
            assert run.get_metric("loss").values == list(range(11))
    run.finish()
    assert run.get_metric("loss").values == list(range(20))
    bodies = [body for body, _ in proxy.ingests]
    assert [status for _, status in proxy.ingests] == [200] * 5
    assert bodies[0] == bodies[1] == bodies[2]
    assert bodies[3] == bodies[4]
    assert len(set(bodies)) == 2


def test_a_busy_server_is_given_the_time_it_asks_for(
    faulty_client: MLOpsClient, experiment: Experiment, proxy: Proxy
) -> None:
    with faulty_client.start_run(experiment.id) as run:
        proxy.script = [BUSY, BUSY]
        started_at = time.monotonic()
        run.log_metrics({"loss": 1.0}, step=0)
        assert time.monotonic() - started_at < 0.5, "training must not wait"
    assert time.monotonic() - started_at >= 2.0, "Retry-After: 1, twice"
    assert [status for _, status in proxy.ingests] == [503, 503, 200]
    assert len({body for body, _ in proxy.ingests}) == 1
    assert run.get_metric("loss").values == [1.0]


def test_a_record_that_the_server_stumbles_over_takes_no_other_with_it(
    faulty_client: MLOpsClient,
    experiment: Experiment,
    proxy: Proxy,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(sender, "INTERNAL_ERROR_BATCH_SECONDS_MAX", 0.1)
    monkeypatch.setattr(sender, "INTERNAL_ERROR_RECORD_SECONDS_MAX", 0.5)
    proxy.poison = b"poisonous"
    with faulty_client.start_run(experiment.id) as run:
        for step in range(100):
            run.log_metrics({"poisonous" if step == 37 else "loss": step}, step=step)
    assert run.get_metric("loss").values == [step for step in range(100) if step != 37]
    assert "something went wrong" in caplog.text
    assert "lost: 1 metric value" in caplog.text


def test_a_run_is_not_started_twice_when_the_answer_is_lost(
    faulty_client: MLOpsClient, experiment: Experiment, proxy: Proxy, server: Server
) -> None:
    proxy.script = [LOSE_ANSWER]
    with faulty_client.start_run(experiment.id) as run:
        run.log_metrics({"loss": 1.0})
    (row,) = server.json(f"/runs?experiment_id={experiment.id}")["items"]
    assert (row["run"]["id"], row["run"]["status"]) == (run.id, "completed")


def test_a_run_is_started_as_soon_as_a_busy_server_allows(
    faulty_client: MLOpsClient, experiment: Experiment, proxy: Proxy
) -> None:
    proxy.script = [BUSY]
    with faulty_client.start_run(experiment.id) as run:
        pass
    assert run.status == "completed"


def test_a_large_file_comes_in_parts_and_lost_answers_do_no_harm(
    faulty_client: MLOpsClient,
    experiment: Experiment,
    proxy: Proxy,
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(artifact, "PART_BYTES", 1_000)
    large = tmp_path / "large.bin"
    large.write_bytes(bytes(range(256)) * 10)
    with faulty_client.start_run(experiment.id) as run:
        run.flush()
        # What begins the parts, and what joins them.
        proxy.script = [LOSE_ANSWER, PASS, LOSE_ANSWER]
        run.log_artifact(large, artifact_path="model/")
        run.flush()
    assert server.artifact_paths(run.id) == ["model/large.bin"]
    assert server.artifact(run.id, "model/large.bin") == large.read_bytes()
