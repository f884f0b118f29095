"""Experiments: made once, found by id and by name."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from trackway import MLOpsClient, TrackwayError


def test_the_same_name_is_the_same_experiment(client: MLOpsClient) -> None:
    first = client.create_experiment("idempotent", description="what for", tags=["baseline", "vision"])
    again = client.create_experiment("idempotent", description="something else")
    assert again.id == first.id
    assert again.description == "what for"
    assert again.tags == ["baseline", "vision"]
    assert again.status == "active"
    assert abs(datetime.now(timezone.utc) - first.created_at) < timedelta(minutes=5)


def test_an_experiment_is_found_by_id_and_by_exact_name(client: MLOpsClient) -> None:
    wanted = client.create_experiment("exact 100%_name", tags={"phase": "search"})
    client.create_experiment("exact 100%_name, longer")
    assert client.get_experiment(wanted.id) == wanted
    assert client.get_experiment(int(wanted.id)) == wanted
    assert client.get_experiment("exact 100%_name") == wanted
    assert wanted.tags == ["phase: search"]


def test_a_name_of_digits_is_found_too(client: MLOpsClient) -> None:
    named = client.create_experiment("20260131")
    huge = client.create_experiment("9" * 30)
    assert client.get_experiment("20260131").id == named.id
    assert client.get_experiment("9" * 30).id == huge.id


@pytest.mark.parametrize("unknown", ["exp-123", "999999999", "../runs", "", "nä/m?e#"])
def test_an_unknown_experiment_is_said_by_name(client: MLOpsClient, unknown: str) -> None:
    with pytest.raises(TrackwayError) as caught:
        client.start_run(experiment_id=unknown)
    assert str(caught.value) == f'no experiment "{unknown}"'
    assert (caught.value.kind, caught.value.status) == ("not_found", 404)


def test_a_bad_name_is_refused_with_the_servers_reason(client: MLOpsClient) -> None:
    with pytest.raises(TrackwayError) as caught:
        client.create_experiment("   ")
    assert (caught.value.kind, caught.value.status) == ("invalid", 400)
    assert "name" in str(caught.value)


def test_experiments_are_listed_in_full_and_in_part(client: MLOpsClient) -> None:
    made = [client.create_experiment(f"listed {number}").id for number in range(5)]
    by_name = [one.id for one in client.list_experiments(search="LISTED", sort="name")]
    assert by_name == made
    assert [one.id for one in client.list_experiments(search="listed", sort="name", limit=2)] == made[:2]
    assert client.list_experiments(search="nothing has this name") == []
