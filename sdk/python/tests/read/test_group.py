"""Groups: what runs have in common, and means over them."""

from __future__ import annotations

from math import sqrt

import pytest

from trackway import Experiment, MLOpsClient, TrackwayError


@pytest.fixture
def grid(client: MLOpsClient, experiment: Experiment) -> Experiment:
    """Two learning rates by three seeds; one run diverged, and one has no learning rate."""
    for lr in (0.1, 0.01):
        for seed in range(3):
            with client.start_run(experiment.id, name=f"lr {lr} seed {seed}") as run:
                run.log_params({"lr": lr, "seed": seed, "it's": "x y"})
                diverged = lr == 0.1 and seed == 2
                run.log_metrics({"loss": float("nan") if diverged else lr + seed}, step=0)
    with client.start_run(experiment.id, name="bare") as run:
        run.log_metrics({"loss": 9.0}, step=0)
    return experiment


def test_runs_that_differ_in_their_seed_alone_are_one_group(grid: Experiment) -> None:
    groups = grid.groups("all but params.seed", "metrics.loss", sort="params.lr")
    assert [(group.keys, group.n) for group in groups] == [
        ({"params.lr": "0.01"}, 3),
        ({"params.lr": "0.1"}, 3),
        ({"params.lr": None}, 1),
    ]
    low, high, bare = (group.stats["metrics.loss"] for group in groups)
    assert (low.n, low.not_finite, low.min, low.max) == (3, 0, 0.01, 2.01)
    assert low.mean == pytest.approx(1.01) and low.std == pytest.approx(1.0)
    assert low.ci95 == pytest.approx(4.302652730 / sqrt(3))
    assert (high.n, high.not_finite, high.mean) == (2, 1, pytest.approx(0.6))
    assert (bare.n, bare.mean, bare.std, bare.ci95) == (1, 9.0, None, None)


def test_a_group_leads_to_its_runs(grid: Experiment) -> None:
    groups = grid.groups(["params.lr"], (), "name like 'lr%' or name = 'bare'", sort="n, params.lr")
    names = [[run.name for run in group.runs(sort="name")] for group in groups]
    assert names == [
        ["bare"],
        ["lr 0.01 seed 0", "lr 0.01 seed 1", "lr 0.01 seed 2"],
        ["lr 0.1 seed 0", "lr 0.1 seed 1", "lr 0.1 seed 2"],
    ]


def test_groups_come_page_by_page_up_to_a_limit(grid: Experiment) -> None:
    assert len(grid.groups("name")) == 7
    assert [group.keys for group in grid.groups("name", sort="name desc", limit=1)] == [
        {"name": "lr 0.1 seed 2"}
    ]
    assert grid.groups("user", filter="name = 'nobody'") == []
    assert grid.groups("user", limit=0) == []


def test_what_makes_no_groups_is_refused_with_its_place(grid: Experiment) -> None:
    with pytest.raises(TrackwayError, match="nearly every run has a started of its own.*at character 12"):
        grid.groups("params.lr, started")
    with pytest.raises(TrackwayError, match="sort: groups are not ordered by metrics.loss"):
        grid.groups("params.lr", sort="metrics.loss")
    with pytest.raises(TrackwayError, match=r"\n  name =\n        \^"):
        grid.groups("params.lr", filter="name =")
