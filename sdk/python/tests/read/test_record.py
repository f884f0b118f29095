"""What belongs to a run that was found: histories, series, events, environment, note."""

from __future__ import annotations

import math
from array import array
from datetime import timezone

import pytest
from server import bits

from trackway import Experiment, MLOpsClient, TrackwayError, history


@pytest.fixture
def run_id(client: MLOpsClient, experiment: Experiment) -> str:
    with client.start_run(experiment.id) as run:
        for step in range(100):
            run.log_metrics({"loss": 1 / (step + 1)}, step=step, wallclock=1_700_000_000 + step)
        run.log_metrics({"odd": float("nan")}, step=-5)
        run.log_metrics({"odd": -0.0}, step=2**62)
        run.log_metrics({"odd": float("-inf")}, step=0)
        for subset in ("train", "val"):
            run.log_metrics({"split": len(subset)}, step=0, context={"subset": subset})
        run.log_metrics({"only": 1}, step=0, context={"process": "h:1"})
        run.log_metrics({"said": "hé\n"}, step=4)
        run.log_metrics({"raw": b"\x00\xff"}, step=4)
        run.log_event("checkpoint", {"step": 3}, source="trainer", wallclock=1_700_000_000.5)
        run.log_environment({"git": {"commit": "abc"}})
        run.set_notes("# Why\n")
    return run.id


def test_a_history_comes_as_arrays_bit_for_bit(client: MLOpsClient, run_id: str) -> None:
    numpy = pytest.importorskip("numpy")
    found = client.get_run(run_id)
    loss = found.metric_history("loss")
    assert (loss.key, loss.context) == ("loss", {})
    assert (loss.steps.dtype, loss.times_ms.dtype, loss.values.dtype) == ("int64", "int64", "float64")
    assert loss.steps.tolist() == list(range(100))
    assert loss.times_ms.tolist() == [(1_700_000_000 + step) * 1000 for step in range(100)]
    assert bits(loss.values) == bits([1 / (step + 1) for step in range(100)])
    loss.values[:] = 2  # It is the caller's own.
    odd = found.metric_history("odd")
    assert odd.steps.tolist() == [-5, 0, 2**62]
    assert bits(odd.values) == bits([math.nan, -math.inf, -0.0])
    part = found.metric_history("loss", step_min=98)
    assert (part.steps.tolist(), type(part.values)) == ([98, 99], numpy.ndarray)
    none = found.metric_history("loss", step_min=1_000)
    assert (none.steps.tolist(), none.values.tolist()) == ([], [])


def test_without_numpy_the_columns_are_plain_arrays(
    client: MLOpsClient, run_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "numbers", lambda: history._plain)
    loss = client.get_run(run_id).metric_history("loss", step_max=1)
    assert loss.steps == array("q", [0, 1])
    assert loss.values == array("d", [1, 0.5])


def test_texts_and_bytes_have_a_history_too(client: MLOpsClient, run_id: str) -> None:
    found = client.get_run(run_id)
    assert found.metric_history("said").values == ["hé\n"]
    assert found.metric_history("raw").values == [b"\x00\xff"]


def test_a_series_is_chosen_by_its_context(client: MLOpsClient, run_id: str) -> None:
    found = client.get_run(run_id)
    assert found.metric_history("split", {"subset": "val"}).values.tolist() == [3]
    assert found.metric_history("only").context == {"process": "h:1"}, "there is no other"
    with pytest.raises(TrackwayError, match="which context.*train.*val"):
        found.metric_history("split")
    with pytest.raises(TrackwayError, match='has no metric "los"; did you mean "loss"'):
        found.metric_history("los")


def test_a_history_beyond_one_answer_comes_in_parts(client: MLOpsClient, experiment: Experiment) -> None:
    pytest.importorskip("numpy")
    # Texts have the lower limit: 16 MiB an answer.
    with client.start_run(experiment.id) as run:
        for step in range(0, 60, 2):
            run.log_metric("long", str(step % 10) * 1_000_000, step=step)
        assert run.flush(120)
    long = client.get_run(run.id).metric_history("long")
    assert long.steps.tolist() == list(range(0, 60, 2))
    assert [(len(text), text[0]) for text in long.values] == [
        (1_000_000, str(step % 10)) for step in range(0, 60, 2)
    ]


def test_a_history_of_a_run_that_goes_on_reaches_to_its_end(
    client: MLOpsClient, experiment: Experiment
) -> None:
    with client.start_run(experiment.id) as run:
        run.log_metrics({"loss": 1}, step=0)
        run.flush(10)
        found = client.get_run(run.id)
        assert len(found.metric_history("loss").steps) == 1
        assert found.status == "running" and found.ended_at is None and (found.duration_seconds or 0) >= 0
        run.log_metrics({"loss": 1}, step=1)
        run.flush(10)
        assert len(found.metric_history("loss").steps) == 2


def test_everything_else_of_a_run(client: MLOpsClient, run_id: str, experiment: Experiment) -> None:
    found = client.get_run(run_id)
    assert found.experiment_name == experiment.name
    assert set(found.metrics) == {"loss", "odd"}
    series = {(one.key, tuple(one.context.items())): one for one in found.series()}
    odd = series["odd", ()]
    assert (odd.points, odd.non_finite_points, odd.first_step, odd.last_step) == (3, 2, -5, 2**62)
    assert (odd.min, odd.max, odd.kind) == (0, 0, "number")
    assert series["said", ()].kind == "text"
    assert ("split", (("subset", "val"),)) in series
    (event,) = found.events()
    assert (event.name, event.source, event.metadata, event.kind) == (
        "checkpoint",
        "trainer",
        {"step": 3},
        "point",
    )
    assert event.time.timestamp() == 1_700_000_000.5 and event.time.tzinfo is timezone.utc
    assert found.environment() == {"git": {"commit": "abc"}}
    assert found.note() == "# Why\n"
    assert found.id in repr(found) and f'href="{found.url}"' in found._repr_html_()


def test_events_are_chosen_by_source_and_name(client: MLOpsClient, experiment: Experiment) -> None:
    with client.start_run(experiment.id) as run:
        for number, (name, source) in enumerate([("saved", "trainer"), ("scored", "judge"), ("saved", "judge")]):
            run.log_event(name, source=source, wallclock=1_700_000_000 + number)
    found = client.get_run(run.id)
    assert [event.name for event in found.events(source="judge")] == ["scored", "saved"]
    assert [event.source for event in found.events(name="saved")] == ["trainer", "judge"]
    assert [event.name for event in found.events("judge", "saved")] == ["saved"]


def test_events_come_page_by_page(
    client: MLOpsClient, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trackway.record.EVENTS_MAX", 3)
    with client.start_run(experiment.id) as run:
        for number in range(8):
            run.log_event(f"e{number}", wallclock=1_700_000_000 + number)
    assert [event.name for event in client.get_run(run.id).events()] == [f"e{number}" for number in range(8)]


def test_a_run_without_anything_is_no_error(client: MLOpsClient, experiment: Experiment) -> None:
    client.start_run(experiment.id, name="empty", capture=False).finish()
    (found,) = experiment.runs()
    assert (found.params, found.metrics, found.series(), found.artifacts()) == ({}, {}, [], [])
    assert (found.events(), found.environment(), found.note()) == ([], {}, None)
