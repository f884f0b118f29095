"""Search: what a filter means comes, in the order asked for, from one experiment and from several."""

from __future__ import annotations

import pickle
from datetime import datetime, timedelta, timezone

import pytest
from server import Server

from trackway import Experiment, MLOpsClient, TrackwayError


def _record(client: MLOpsClient, experiment: Experiment, name: str, lr: object, *losses: float) -> str:
    with client.start_run(experiment.id, name=name, tags={"phase": name[0]}) as run:
        run.log_params({"lr": lr, "deep": {"er": True}})
        for step, loss in enumerate(losses):
            run.log_metrics({"val/loss": loss}, step=step)
    return run.id


@pytest.fixture
def other(client: MLOpsClient, experiment: Experiment) -> Experiment:
    return client.create_experiment(f"{experiment.name}, other")


def test_archived_runs_are_left_out_until_they_are_named(client: MLOpsClient, experiment: Experiment) -> None:
    first, second, third = (_record(client, experiment, name, 0.1) for name in ("one", "two", "three"))
    assert client.archive_runs([client.get_run(first), second]) == 2
    assert [one.id for one in experiment.runs()] == [third]
    assert {one.id for one in experiment.runs("archived = true")} == {first, second}
    assert isinstance(client.get_run(first).archived_at, datetime)
    assert client.restore_runs(first) == 1 and client.archive_runs(["0" * 32]) == 0
    assert [one.id for one in experiment.runs(sort="name")] == [first, third]
    assert client.get_run(first).archived_at is None


def test_a_record_says_what_was_logged_with_its_types(client: MLOpsClient, experiment: Experiment) -> None:
    with client.start_run(experiment.id, name="typed", tags=["quick"]) as run:
        run.log_params({"n": 3, "x": 0.5, "inf": float("inf"), "yes": True, "none": None, "text": "3"})
        run.log_metrics({"loss": 2.0}, step=0)
        run.log_metrics({"loss": float("nan")}, step=7)
        run.log_metrics({"loss": 9.0}, step=3, context={"subset": "val"})
        run.log_metric("said", "hello", step=0)
    (found,) = experiment.runs()
    assert (found.id, found.name, found.number, found.status) == (run.id, "typed", 1, "completed")
    assert (found.experiment_id, found.experiment_name) == (experiment.id, experiment.name)
    assert found.params == {"n": 3, "x": 0.5, "inf": float("inf"), "yes": True, "none": None, "text": "3"}
    assert {type(value) for value in found.params.values()} == {int, float, bool, type(None), str}
    assert set(found.metrics) == {"loss"}
    last, last_step, low, high = found.metrics["loss"]
    assert (last != last, last_step, low, high) == (True, 7, 2.0, 2.0)
    assert found.tags == {"quick": ""}
    assert found.url == run.url
    assert found.started_at is not None and found.ended_at is not None
    assert abs(datetime.now(timezone.utc) - found.started_at) < timedelta(minutes=5)
    assert found.duration_seconds == (found.ended_at - found.started_at).total_seconds()


@pytest.mark.parametrize(
    ("filter", "meant"),
    [
        ("", {"a", "b", "c"}),
        ("metrics.val/loss < 0.5", {"b"}),
        ("metrics.val/loss.max >= 0.9 and params.lr = 0.1", {"a"}),
        ("params.lr in (0.1, 0.2) and not name = 'a'", {"b"}),
        ("params.deep.er = true and tags.phase ilike 'C'", {"c"}),
        ("status = completed and duration < 1h and started > -1d", {"a", "b", "c"}),
        ("name = 'nobody'", set()),
    ],
)
def test_a_filter_means_what_it_says(
    client: MLOpsClient, experiment: Experiment, filter: str, meant: set[str]
) -> None:
    _record(client, experiment, "a", 0.1, 0.9, 0.8)
    _record(client, experiment, "b", 0.2, 0.9, 0.4)
    _record(client, experiment, "c", "cosine", 0.7)
    assert {run.name for run in client.search_runs(experiment, filter)} == meant
    assert {run.name for run in experiment.runs(filter)} == meant


@pytest.mark.parametrize("sort", ["created", "name", "status", "duration", "metrics.val/loss", "params.lr"])
@pytest.mark.parametrize("reverse", [False, True])
def test_runs_of_several_experiments_come_in_the_order_of_one(
    client: MLOpsClient, experiment: Experiment, other: Experiment, sort: str, reverse: bool
) -> None:
    facts = [
        ("m", 0.3, 0.5),
        ("K", 2, 0.1),
        ("z", "cosine", float("inf")),
        ("b", "0.25", float("nan")),
        ("q", None),
    ]
    whole = client.create_experiment(f"{experiment.name}, whole")
    for place, (name, lr, *losses) in enumerate(facts):
        _record(client, (experiment, other)[place % 2], name, lr, *losses)
        _record(client, whole, name, lr, *losses)
    expected = [run.name for run in whole.runs(sort=sort, reverse=reverse)]
    found = client.search_runs([experiment, other.name], sort=sort, reverse=reverse)
    if sort in ("status", "duration"):
        # Equal, or near enough to each other to be told apart by chance.
        assert sorted(run.name for run in found) == sorted(expected)
    else:
        assert [run.name for run in found] == expected
    assert len(client.search_runs([experiment, other], sort=sort, reverse=reverse, limit=3)) == 3


def test_several_fields_sort_the_runs_of_one_experiment(
    client: MLOpsClient, experiment: Experiment, other: Experiment
) -> None:
    for name, lr, loss in [("a", 1, 0.5), ("b", 1, 0.2), ("c", 2, 0.9), ("d", 2, 0.1)]:
        _record(client, experiment, name, lr, loss)
    sort = "params.lr desc, metrics.val/loss.min"
    assert [run.name for run in experiment.runs(sort=sort)] == ["d", "c", "b", "a"]
    with pytest.raises(TrackwayError, match="sort: runs of several experiments are sorted by one field"):
        list(client.search_runs([experiment, other], sort=sort))
    with pytest.raises(TrackwayError, match="sort: expected"):
        list(experiment.runs(sort="params.lr sideways,"))


def test_without_an_experiment_all_are_searched_and_archived_ones_are_not(
    client: MLOpsClient, server: Server, experiment: Experiment, other: Experiment
) -> None:
    ids = {_record(client, one, "everywhere", 1) for one in (experiment, other)}
    assert {run.id for run in client.search_runs(filter="name = 'everywhere'")} == ids
    client._ask("PATCH", f"/api/v1/experiments/{other.id}", {"archived": True})
    (left,) = client.search_runs(filter="name = 'everywhere'")
    assert left.experiment_id == experiment.id


def test_pages_follow_each_other_without_gaps_and_only_when_they_are_wanted(
    client: MLOpsClient, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trackway.search.PAGE_MAX", 2)
    names = [f"run {number}" for number in range(7)]
    for name in names:
        client.start_run(experiment.id, name=name).finish()
    asked: list[str] = []
    json = client._connection.json
    monkeypatch.setattr(
        client._connection, "json", lambda *ask, **more: (asked.append(ask[1]), json(*ask, **more))[1]
    )
    found = experiment.runs(sort="name")
    assert asked == []
    assert found[0].name == "run 0" and bool(found)
    assert len(asked) == 1
    assert [run.name for run in found] == names
    assert len(asked) == 4
    assert [run.name for run in found] == names, "gone through twice, asked once"
    assert (len(found), found[-1].name, [run.name for run in found[2:4]]) == (7, "run 6", ["run 2", "run 3"])
    assert len(asked) == 4
    assert [run.name for run in experiment.runs(sort="name")[3:1:-1]] == ["run 3", "run 2"]
    assert [run.name for run in experiment.runs(sort="name", limit=3)] == names[:3]
    with pytest.raises(IndexError):
        found[7]


def test_what_begins_or_leaves_meanwhile_shifts_no_page(
    client: MLOpsClient, experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trackway.search.PAGE_MAX", 2)
    for number in range(6):
        client.start_run(experiment.id, name=f"run {number}").finish()
    found = experiment.runs()
    newest = found[0]
    assert newest.name == "run 5"
    client.start_run(experiment.id, name="late").finish()
    for run in (newest, found[1]):
        client._connection.json("PATCH", f"/api/v1/runs/{run.id}", {"trashed": True})
    assert [run.name for run in found] == [f"run {number}" for number in reversed(range(6))]


@pytest.mark.parametrize(
    ("filter", "shown"),
    [
        ("params.lr > 'a'", "  params.lr > 'a'\n              ^"),
        ("metrics.loss >", "  metrics.loss >\n                ^"),
        ("tags.größe = 'ä' and ~", "  tags.größe = 'ä' and ~\n                       ^"),
        ("tags.日本 = 'x' ~", "  tags.日本 = 'x' ~\n                  ^"),
        ("name = 'a'\nor foo.bar = 1\nor id = 'b'", "  or foo.bar = 1\n     ^"),
    ],
)
def test_a_mistake_in_a_filter_is_pointed_at(
    client: MLOpsClient, experiment: Experiment, filter: str, shown: str
) -> None:
    with pytest.raises(TrackwayError) as caught:
        list(experiment.runs(filter))
    first, _, rest = str(caught.value).partition("\n")
    assert first.startswith("filter: ") and "at character" not in first
    assert rest == shown
    assert (caught.value.kind, caught.value.field, caught.value.status) == ("invalid", "filter", 400)


def test_what_is_not_there_is_said(client: MLOpsClient, experiment: Experiment) -> None:
    with pytest.raises(TrackwayError, match='no experiment "nowhere"'):
        list(client.search_runs("nowhere"))
    with pytest.raises(TrackwayError, match="sort: there is no attribute"):
        list(experiment.runs(sort="loss"))
    with pytest.raises(ValueError, match="limit"):
        experiment.runs(limit=-1)
    with pytest.raises(TrackwayError) as caught:
        client.get_run("0" * 32)
    assert caught.value.kind == "not_found"
    for strange in ("../experiments", "..", "", "%2e%2e/version"):
        with pytest.raises(TrackwayError):
            client.get_run(strange)


def test_an_experiment_finds_its_runs_in_another_process_too(
    client: MLOpsClient, experiment: Experiment
) -> None:
    _record(client, experiment, "here", 1)
    copy = pickle.loads(pickle.dumps(experiment))
    assert copy == experiment
    assert [run.name for run in copy.runs()] == ["here"]
    assert copy._reader is not None
    copy._reader.connection.close()
