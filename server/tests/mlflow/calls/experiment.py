"""Calls: experiment."""

from __future__ import annotations

import json
from typing import Any

from calls.call import AJAX, MISSING, NO_EXPERIMENT, Call, get, pairs, post

EXPERIMENTS = [
    get("experiment 0 is there from the start", "experiments/get", {"experiment_id": "0"}),
    post(
        "an experiment is made",
        "experiments/create",
        {"name": "one", "tags": pairs(team="a", empty="")},
        keep={"one": "experiment_id"},
    ),
    post(
        "an experiment is made under the pages' prefix",
        f"{AJAX}/experiments/create",
        {"name": "two"},
        keep={"two": "experiment_id"},
    ),
    get("an experiment is read", "experiments/get", {"experiment_id": "{one}"}),
    get("an experiment is read in camelCase", "experiments/get", {"experimentId": "{one}"}),
    get("an experiment is read by name", "experiments/get-by-name", {"experiment_name": "one"}),
    post(
        "an experiment with a name that is taken",
        "experiments/create",
        {"name": "one"},
        says="Experiment(name=one) already exists",
    ),
    post("an experiment without a name", "experiments/create", says=MISSING.format("name")),
    post("an experiment with an empty name", "experiments/create", {"name": ""}, says=MISSING.format("name")),
    post(
        "an experiment whose name is null", "experiments/create", {"name": None}, says=MISSING.format("name")
    ),
    post(
        "an experiment with a name of 500 letters",
        "experiments/create",
        {"name": "x" * 500},
        keep={"long": "experiment_id"},
    ),
    post(
        "an experiment with a name of 501 letters",
        "experiments/create",
        {"name": "x" * 501},
        says="'name' exceeds the maximum length of 500 characters",
    ),
    post(
        "an experiment with tags that are no list",
        "experiments/create",
        {"name": "t", "tags": 5},
        says="for parameter 'tags' supplied",
    ),
    post(
        "an experiment with a tag without key",
        "experiments/create",
        {"name": "tagless", "tags": [{"value": "b"}]},
    ),
    post(
        "an experiment with fields that nobody knows",
        "experiments/create",
        {"name": "three", "colour": "red", "deep": {"er": [1]}},
        keep={"three": "experiment_id"},
    ),
    post(
        "an experiment by a text that holds JSON",
        "experiments/create",
        json.dumps(json.dumps({"name": "four"})).encode(),
        keep={"four": "experiment_id"},
    ),
    post(
        "an experiment by a body that is no JSON", "experiments/create", b"{name", says=MISSING.format("name")
    ),
    post("an experiment by an empty body", "experiments/create", b"", says=MISSING.format("name")),
    post(
        "an experiment as plain text",
        "experiments/create",
        b'{"name": "plain"}',
        content_type="text/plain",
        says="Content-Type must be one of ['application/json']",
    ),
    post(
        "an experiment in JSON of a named charset",
        "experiments/create",
        b'{"name": "charset"}',
        content_type="application/json; charset=utf-8",
        keep={"charset": "experiment_id"},
    ),
    post(
        "an experiment in a place with a fragment",
        "experiments/create",
        {"name": "p1", "artifact_location": "http://h#/../../../etc/"},
        says="'artifact_location'",
    ),
    post(
        "an experiment in a place with a query",
        "experiments/create",
        {"name": "p2", "artifact_location": "http:///?/../../../etc/"},
    ),
    post(
        "an experiment in an empty place",
        "experiments/create",
        {"name": "p3", "artifact_location": ""},
        keep={"p3": "experiment_id"},
    ),
    get("an experiment that is not there", "experiments/get", {"experiment_id": "99999"}, says=NO_EXPERIMENT),
    get("an experiment whose id is no number", "experiments/get", {"experiment_id": "abc"}),
    get("an experiment without id", "experiments/get", says=MISSING.format("experiment_id")),
    get(
        "an experiment by a name that nobody has",
        "experiments/get-by-name",
        {"experiment_name": "nobody"},
        says="Could not find experiment with name 'nobody'",
    ),
    get("an experiment by no name", "experiments/get-by-name", says=MISSING.format("experiment_name")),
    post(
        "a tag of an experiment",
        "experiments/set-experiment-tag",
        {"experiment_id": "{one}", "key": "phase", "value": "1"},
    ),
    post(
        "a tag of an experiment again",
        "experiments/set-experiment-tag",
        {"experiment_id": "{one}", "key": "phase", "value": "2"},
    ),
    post(
        "an empty tag of an experiment",
        "experiments/set-experiment-tag",
        {"experiment_id": "{one}", "key": "void", "value": ""},
    ),
    post(
        "a note of an experiment",
        "experiments/set-experiment-tag",
        {"experiment_id": "{one}", "key": "mlflow.note.content", "value": "Why?"},
    ),
    post(
        "a tag of an experiment without key",
        "experiments/set-experiment-tag",
        {"experiment_id": "{one}", "value": "x"},
        says=MISSING.format("key"),
    ),
    post(
        "a tag of no experiment",
        "experiments/set-experiment-tag",
        {"key": "a", "value": "x"},
        says=MISSING.format("experiment_id"),
    ),
    post(
        "a tag of an experiment that is not there",
        "experiments/set-experiment-tag",
        {"experiment_id": "99999", "key": "a", "value": "x"},
        says=NO_EXPERIMENT,
    ),
    post(
        "a tag of an experiment with a key of 251 letters",
        "experiments/set-experiment-tag",
        {"experiment_id": "{one}", "key": "k" * 251, "value": "x"},
    ),
    post(
        "a tag of an experiment with a key of strange letters",
        "experiments/set-experiment-tag",
        {"experiment_id": "{one}", "key": "a$b", "value": "x"},
        says="Names may only contain",
    ),
    post(
        "a tag of an experiment is taken away",
        "experiments/delete-experiment-tag",
        {"experiment_id": "{one}", "key": "phase"},
    ),
    post(
        "a tag of an experiment that it does not have",
        "experiments/delete-experiment-tag",
        {"experiment_id": "{one}", "key": "phase"},
        says="No tag with name: phase in experiment with id {one}",
    ),
    post(
        "a tag taken away from no experiment",
        "experiments/delete-experiment-tag",
        {"experiment_id": "99999", "key": "phase"},
    ),
    get("an experiment with its tags", "experiments/get", {"experiment_id": "{one}"}),
    post(
        "an experiment gets another name",
        "experiments/update",
        {"experiment_id": "{two}", "new_name": "zwei"},
    ),
    post(
        "an experiment gets no name",
        "experiments/update",
        {"experiment_id": "{two}"},
        says=MISSING.format("new_name"),
    ),
    post(
        "an experiment gets a name that is taken",
        "experiments/update",
        {"experiment_id": "{two}", "new_name": "one"},
    ),
    post(
        "an experiment gets a name of 501 letters",
        "experiments/update",
        {"experiment_id": "{two}", "new_name": "x" * 501},
    ),
    post(
        "an experiment that is not there gets a name",
        "experiments/update",
        {"experiment_id": "99999", "new_name": "x"},
        says=NO_EXPERIMENT,
    ),
    get("an experiment under its new name", "experiments/get-by-name", {"experiment_name": "zwei"}),
    post("an experiment is deleted", "experiments/delete", {"experiment_id": "{four}"}),
    post("an experiment is deleted again", "experiments/delete", {"experiment_id": "{four}"}),
    post(
        "an experiment that is not there is deleted",
        "experiments/delete",
        {"experiment_id": "99999"},
        says=NO_EXPERIMENT,
    ),
    post("no experiment is deleted", "experiments/delete", says=MISSING.format("experiment_id")),
    get("a deleted experiment is read", "experiments/get", {"experiment_id": "{four}"}),
    get("a deleted experiment is read by name", "experiments/get-by-name", {"experiment_name": "four"}),
    post(
        "the name of a deleted experiment is taken",
        "experiments/create",
        {"name": "four"},
        says="Experiment(name=four) already exists",
    ),
    post(
        "a deleted experiment gets a name",
        "experiments/update",
        {"experiment_id": "{four}", "new_name": "vier"},
    ),
    post(
        "a deleted experiment gets a tag",
        "experiments/set-experiment-tag",
        {"experiment_id": "{four}", "key": "a", "value": "x"},
        says="must be in the 'active' state",
    ),
    post(
        "a run in a deleted experiment",
        "runs/create",
        {"experiment_id": "{four}"},
        says="must be in the 'active' state",
    ),
]

SEARCH = "experiments/search"


def search_experiments(what: str, says: str = "", keep: dict[str, str] | None = None, **fields: Any) -> Call:
    return post(f"experiments: {what}", SEARCH, fields, says=says, keep=keep or {})


FOUND_EXPERIMENTS = [
    search_experiments("all that are active", max_results=1000),
    search_experiments("all", max_results=1000, view_type="ALL"),
    search_experiments("the deleted", max_results=1000, view_type="DELETED_ONLY"),
    search_experiments("the deleted by number", max_results=1000, view_type=2),
    search_experiments("a view that is not known", max_results=1000, view_type="SOME"),
    get(
        "experiments: by GET",
        SEARCH,
        {"max_results": "2", "view_type": "ACTIVE_ONLY", "order_by": ["name DESC"]},
    ),
    search_experiments("without a count", says="Invalid value 0 for parameter 'max_results' supplied"),
    search_experiments("none", max_results=0, says="Invalid value 0 for parameter 'max_results' supplied"),
    search_experiments(
        "fewer than none", max_results=-1, says="Invalid value -1 for parameter 'max_results' supplied"
    ),
    search_experiments("50001", max_results=50_001),
    search_experiments("a count as text", max_results="2", order_by=["name"]),
    search_experiments(
        "a count that is no number", max_results="two", says="for parameter 'max_results' supplied"
    ),
    search_experiments("the first page", max_results=2, order_by=["name"], keep={"page": "next_page_token"}),
    search_experiments("the second page", max_results=2, order_by=["name"], page_token="{page}"),
    search_experiments(
        "a token that nobody gave", max_results=2, page_token="not a token", says="Invalid page token"
    ),
    search_experiments("no token", max_results=1, order_by=["name"], page_token=""),
    *[
        search_experiments(filter_text, max_results=100, filter=filter_text, order_by=["name"])
        for filter_text in [
            "name = 'one'",
            "name != 'one'",
            "attribute.name LIKE 'o%'",
            "attributes.name ILIKE 'O%'",
            "name LIKE '%e'",
            "experiment_id = '{one}'",
            "experiment_id IN ('{one}', '{three}')",
            "experiment_id NOT IN ('{one}', '{three}')",
            "creation_time > 0",
            "last_update_time <= 0",
            "creation_time >= 1700000000000 AND name = 'three'",
            "tags.team = 'a'",
            "tag.team != 'a'",
            "tags.team LIKE 'A'",
            "tags.team ILIKE 'A'",
            "tags.`team` IS NULL",
            "tags.team IS NOT NULL",
            "tags.void = ''",
        ]
    ],
    *[
        search_experiments(f"refused: {filter_text}", max_results=100, filter=filter_text)
        for filter_text in [
            "name == 'one'",
            "name = one",
            "name > 'a'",
            "creation_time LIKE '1'",
            "creation_time > 'x'",
            "colour = 'red'",
            "metrics.a > 1",
            "name = 'one' OR name = 'three'",
            "name",
            " ",
            "name = 'one' AND",
            "name = 'one;'; DROP TABLE runs",
        ]
    ],
    *[
        search_experiments(
            f"ordered by {', '.join(order_by)}", max_results=100, view_type="ALL", order_by=order_by
        )
        for order_by in (
            ["name"],
            ["name DESC"],
            ["name ASC"],
            ["experiment_id"],
            ["creation_time", "name"],
            ["attribute.name"],
        )
    ],
    search_experiments("ordered by what they have not", max_results=10, order_by=["colour"]),
    search_experiments("ordered by a wrong direction", max_results=10, order_by=["name DOWN"]),
    search_experiments("ordered by one field twice", max_results=10, order_by=["name", "name DESC"]),
]

# What one of the servers takes and the other does not comes last, so that nothing else differs by it.
ODD_EXPERIMENTS = [
    post(
        "an experiment whose name is a number",
        "experiments/create",
        {"name": 123},
        says="Invalid value 123 for parameter 'name' supplied",
    ),
    post(
        "an experiment whose name is a list",
        "experiments/create",
        {"name": ["a"]},
        says="for parameter 'name' supplied",
    ),
    post(
        "an experiment in a place of its own",
        "experiments/create",
        {"name": "placed", "artifact_location": "s3://bucket/folder"},
    ),
    post("an experiment by a list", "experiments/create", b"[1]"),
    post(
        "a tag of an experiment of 20000 letters",
        "experiments/set-experiment-tag",
        {"experiment_id": "{two}", "key": "k", "value": "v" * 20_000},
    ),
    post(
        "a tag of an experiment of 20001 letters",
        "experiments/set-experiment-tag",
        {"experiment_id": "{two}", "key": "l", "value": "v" * 20_001},
    ),
]
