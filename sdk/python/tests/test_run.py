"""Runs: what is recorded of them, and how they end."""

from __future__ import annotations

import logging
import threading
from collections import Counter

import pytest
from server import Server

from trackway import Experiment, MLOpsClient, Run


def test_params_keep_type_and_value(client: MLOpsClient, experiment: Experiment, server: Server) -> None:
    params = {
        "int": 5,
        "text": "5",
        "float": 5.0,
        "small": 5e-324,
        "minus_zero": -0.0,
        "large_int": 2**63 - 1,
        "bool": True,
        "none": None,
        "name of NaN": "NaN",
        "unicode": "größe 精度 🚀\n\ttab",
        "empty": "",
        "optimizer": {"name": "adam", "lr": 0.001},
    }
    with client.start_run(experiment.id) as run:
        run.log_params(params)
        run.log_params({"nan": float("nan"), "inf": float("-inf")})
        run.log_params(None)
    stored = server.params(run.id)
    nested = params.pop("optimizer")
    assert isinstance(nested, dict)
    expected = {**params, **{f"optimizer.{key}": value for key, value in nested.items()}}
    expected |= {"nan": {"float": "NaN"}, "inf": {"float": "-Infinity"}}
    assert {key: (type(value), str(value)) for key, value in stored.items()} == {
        key: (type(value), str(value)) for key, value in expected.items()
    }


def test_the_same_params_again_are_fine_and_the_last_value_counts(
    client: MLOpsClient, experiment: Experiment, server: Server
) -> None:
    with client.start_run(experiment.id) as run:
        run.log_params({"lr": 0.1, "seed": 1})
        run.log_params({"lr": 0.1})
        run.log_params({"seed": 2})
    assert server.params(run.id) == {"lr": 0.1, "seed": 2}


def test_many_params_arrive_whole(client: MLOpsClient, experiment: Experiment, server: Server) -> None:
    params = {f"p{number:04}": "x" * 10_000 for number in range(600)}
    with client.start_run(experiment.id) as run:
        run.log_params(params)
    assert server.params(run.id) == params


def test_tags_are_added_and_overwritten(client: MLOpsClient, experiment: Experiment, server: Server) -> None:
    with client.start_run(experiment.id, tags=["baseline"]) as run:
        run.set_tags({"phase": "warm-up", "fold": 3})
        run.set_tags(["best"])
        run.set_tags({"phase": "done"})
    assert server.run(run.id)["run"]["tags"] == {"baseline": "", "phase": "done", "fold": "3", "best": ""}


def test_a_run_knows_its_name_and_page(client: MLOpsClient, experiment: Experiment, server: Server) -> None:
    with client.start_run(experiment.name, name="größer, 2. Versuch") as run:
        assert run.name == "größer, 2. Versuch"
        assert run.url == f"{server.url}/runs/{run.id}"
        assert server.status(run.id) == "running"
    with client.start_run(experiment) as unnamed:
        pass
    assert unnamed.name
    stored = server.run(unnamed.id)["run"]
    assert stored["name"] == unnamed.name
    assert stored["experiment_id"] == experiment.id


def test_the_end_of_the_block_completes_the_run(
    client: MLOpsClient, experiment: Experiment, server: Server
) -> None:
    with client.start_run(experiment.id) as run:
        run.log_metrics({"loss": 1.0})
    stored = server.run(run.id)["run"]
    assert stored["status"] == run.status == "completed"
    assert stored["late_at_ms"] is None
    assert stored["ended_at_ms"] >= stored["started_at_ms"]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ZeroDivisionError("boom"), "failed"),
        (KeyboardInterrupt(), "killed"),
        (SystemExit(3), "failed"),
        (SystemExit("no data"), "failed"),
        (SystemExit(0), "completed"),
        (SystemExit(), "completed"),
    ],
)
def test_what_ends_the_block_is_the_status_and_is_raised_again(
    client: MLOpsClient, experiment: Experiment, server: Server, error: BaseException, status: str
) -> None:
    with pytest.raises(type(error)) as caught:
        with client.start_run(experiment.id) as run:
            raise error
    assert caught.value is error
    assert server.status(run.id) == status


def test_a_run_can_be_ended_by_hand_and_the_first_end_counts(
    client: MLOpsClient, experiment: Experiment, server: Server
) -> None:
    run = client.start_run(experiment.id)
    with pytest.raises(ValueError, match='found "done"'):
        run.finish("done")
    run.end("killed")
    run.finish()
    assert server.status(run.id) == run.status == "killed"


def test_logging_after_the_end_is_taken_and_marked(
    client: MLOpsClient, experiment: Experiment, server: Server
) -> None:
    with client.start_run(experiment.id) as run:
        run.log_metrics({"loss": 1.0}, step=0)
    run.log_metrics({"test_acc": 0.9}, step=0)
    run.log_params({"late": True})
    run.log_text("late", "late.txt")
    run.set_notes("late")
    assert run.flush()
    assert run.get_metric("test_acc").values == [0.9]
    stored = server.run(run.id)
    assert stored["run"]["status"] == "completed"
    assert stored["run"]["late_at_ms"] is not None
    assert server.params(run.id) == {"late": True}
    assert server.artifact(run.id, "late.txt") == b"late"


def test_several_runs_at_once_keep_their_values_apart(client: MLOpsClient, experiment: Experiment) -> None:
    runs = [client.start_run(experiment.id) for _ in range(3)]
    for step in range(50):
        for number, run in enumerate(runs):
            run.log_metrics({"m": 100 * number + step}, step=step)
    for number, run in enumerate(runs):
        run.finish()
        assert run.get_metric("m").values == [100 * number + step for step in range(50)]


def test_threads_may_share_a_run(client: MLOpsClient, experiment: Experiment) -> None:
    with client.start_run(experiment.id) as run:

        def log(thread: int) -> None:
            for _ in range(250):
                run.log_metrics({"thread": thread})

        threads = [threading.Thread(target=log, args=(thread,)) for thread in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    points = run.get_metric("thread")
    assert points.steps == list(range(1000))
    assert Counter(points.values) == {0: 250, 1: 250, 2: 250, 3: 250}


def test_notes_are_kept_in_revisions(client: MLOpsClient, experiment: Experiment, server: Server) -> None:
    with client.start_run(experiment.id) as run:
        run.set_notes("first")
        run.set_notes("# Größe\n\n**bold** 🚀")
        with pytest.raises(TypeError, match="notes"):
            run.set_notes(b"bytes")  # type: ignore[arg-type]
    assert server.json(f"/runs/{run.id}/note")["body"] == "# Größe\n\n**bold** 🚀"
    history = server.json(f"/runs/{run.id}/note/history")
    assert {note["revision"]: note["body"] for note in history} == {1: "first", 2: "# Größe\n\n**bold** 🚀"}


def test_a_refused_record_is_reported_once_and_takes_no_other_with_it(
    client: MLOpsClient, experiment: Experiment, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "trackway")
    with client.start_run(experiment.id) as run:
        ghost = _unknown_to_the_server(run)
        for step in range(100):
            run.log_metrics({"loss": step}, step=step)
            if step % 10 == 0:
                ghost.log_metrics({"loss": step}, step=step)
        run.log_params({"lr": 0.1})
    assert run.get_metric("loss").values == list(range(100))
    refusals = [record.message for record in caplog.records if "refused" in record.message]
    assert len(refusals) == 1
    assert ghost.id in refusals[0]
    assert caplog.records[-1].message == "trackway: lost: 10 metric values"


def _unknown_to_the_server(run: Run) -> Run:
    """The same run under an id that the server never gave."""
    ghost = object.__new__(Run)
    ghost.__dict__.update(run.__dict__, id="0" * 32, _layouts={})
    return ghost


def test_a_run_reads_well(client: MLOpsClient, experiment: Experiment) -> None:
    with client.start_run(experiment.id, name="quick fox") as run:
        assert repr(run) == f"<Run quick fox running {run.url}>"
