"""Calls: registry."""

from __future__ import annotations

from typing import Any

from calls.call import AJAX, MISSING, Call, get, pairs, patch, post, remove


def search_registered(what: str, says: str = "", keep: dict[str, str] | None = None, **fields: Any) -> Call:
    return get(f"registered: {what}", "registered-models/search", fields, says=says, keep=keep or {})


def search_versions(what: str, says: str = "", keep: dict[str, str] | None = None, **fields: Any) -> Call:
    return get(f"versions: {what}", "model-versions/search", fields, says=says, keep=keep or {})


REGISTRY = [
    post(
        "a registered model is made",
        "registered-models/create",
        {"name": "net", "description": "A net", "tags": pairs(team="a")},
    ),
    post("a registered model under the pages' prefix", f"{AJAX}/registered-models/create", {"name": "Zoo"}),
    post("a registered model of 'b c'", "registered-models/create", {"name": "b c"}),
    post(
        "a registered model that is a prompt",
        "registered-models/create",
        {"name": "prompt", "tags": [{"key": "mlflow.prompt.is_prompt", "value": "true"}]},
    ),
    post(
        "a registered model with a name that is taken",
        "registered-models/create",
        {"name": "net"},
        says="Registered Model (name=net) already exists",
    ),
    post("a registered model without name", "registered-models/create", says=MISSING.format("name")),
    post(
        "a registered model with a slash",
        "registered-models/create",
        {"name": "a/b"},
        says="Names cannot contain",
    ),
    post(
        "a registered model with a colon",
        "registered-models/create",
        {"name": "a:b"},
        says="Names cannot contain",
    ),
    post("a registered model whose name is dots", "registered-models/create", {"name": ".."}),
    post("a registered model whose name is blank", "registered-models/create", {"name": " "}),
    get("a registered model is read", "registered-models/get", {"name": "net"}),
    get(
        "a registered model that is not there",
        "registered-models/get",
        {"name": "nobody"},
        says="Registered Model with name=nobody not found",
    ),
    get("a registered model without name is read", "registered-models/get", says=MISSING.format("name")),
    patch(
        "a registered model is described",
        "registered-models/update",
        {"name": "net", "description": "Better"},
    ),
    patch(
        "a registered model is described by nothing",
        "registered-models/update",
        {"name": "net", "description": ""},
    ),
    patch(
        "a registered model that is not there is described",
        "registered-models/update",
        {"name": "nobody", "description": "x"},
        says="not found",
    ),
    post(
        "a registered model is tagged",
        "registered-models/set-tag",
        {"name": "net", "key": "phase", "value": "1"},
    ),
    post(
        "a registered model that is not there is tagged",
        "registered-models/set-tag",
        {"name": "nobody", "key": "a", "value": "1"},
        says="not found",
    ),
    post(
        "a registered model is tagged without key",
        "registered-models/set-tag",
        {"name": "net", "value": "1"},
        says=MISSING.format("key"),
    ),
    post(
        "a registered model is tagged strangely",
        "registered-models/set-tag",
        {"name": "net", "key": "a$b", "value": "1"},
        says="Names may only contain",
    ),
    remove(
        "a registered model's tag is taken away",
        "registered-models/delete-tag",
        {"name": "net", "key": "phase"},
    ),
    remove(
        "a registered model's tag that is not there is taken away",
        "registered-models/delete-tag",
        {"name": "net", "key": "phase"},
    ),
    remove(
        "a tag of no registered model is taken away",
        "registered-models/delete-tag",
        {"name": "nobody", "key": "phase"},
        says="not found",
    ),
    post(
        "a version is made",
        "model-versions/create",
        {
            "name": "net",
            "source": "mlflow-artifacts:/{searched}/{found0}/artifacts/model",
            "run_id": "{found0}",
            "description": "first",
            "run_link": "http://x",
            "tags": pairs(a="b"),
        },
    ),
    post(
        "a version of a run",
        "model-versions/create",
        {"name": "net", "source": "runs:/{found0}/model", "run_id": "{found0}"},
    ),
    post(
        "a version of a logged model",
        "model-versions/create",
        {"name": "net", "source": "models:/{tree}", "model_id": "{tree}"},
    ),
    post("a version of a version", "model-versions/create", {"name": "Zoo", "source": "models:/net/1"}),
    post(
        "a version of an object store",
        "model-versions/create",
        {"name": "b c", "source": "s3://bucket/model"},
    ),
    post(
        "a version of no model",
        "model-versions/create",
        {"name": "nobody", "source": "s3://bucket/model"},
        says="Registered Model with name=nobody not found",
    ),
    post("a version without source", "model-versions/create", {"name": "net"}, says=MISSING.format("source")),
    post(
        "a version without name",
        "model-versions/create",
        {"source": "s3://bucket/model"},
        says=MISSING.format("name"),
    ),
    *[
        post(
            f"a version of {source}",
            "model-versions/create",
            {"name": "net", "source": source, "run_id": "{found0}"},
        )
        for source in [
            "/etc",
            "file:///etc",
            "FILE:///etc",
            "//localhost/etc",
            "mlflow-artifacts:/../../etc",
            "mlflow-artifacts:/%2e%2e/etc",
            "./model",
            "http://host/../../etc",
            "s3://bucket/../x",
            "models:/net/99",
            "models:/nobody/1",
            "runs:/{found1}/model",
            "mlflow-artifacts:/{searched}/{found1}/artifacts/model",
        ]
    ],
    post(
        "a version of a local path, a prompt",
        "model-versions/create",
        {"name": "prompt", "source": "/etc", "tags": [{"key": "mlflow.prompt.is_prompt", "value": "true"}]},
    ),
    get("a version is read", "model-versions/get", {"name": "net", "version": "1"}),
    get("a version of a logged model is read", "model-versions/get", {"name": "net", "version": "3"}),
    get("a model that is registered", "logged-models/{tree}"),
    get(
        "a version that is not there",
        "model-versions/get",
        {"name": "net", "version": "99"},
        says="Model Version (name=net, version=99) not found",
    ),
    get("a version that is no number", "model-versions/get", {"name": "net", "version": "one"}),
    get("a version without number", "model-versions/get", {"name": "net"}, says=MISSING.format("version")),
    patch(
        "a version is described",
        "model-versions/update",
        {"name": "net", "version": "1", "description": "better"},
    ),
    patch(
        "a version that is not there is described",
        "model-versions/update",
        {"name": "net", "version": "99", "description": "x"},
        says="not found",
    ),
    post(
        "a version is tagged",
        "model-versions/set-tag",
        {"name": "net", "version": "2", "key": "phase", "value": "1"},
    ),
    post(
        "a version that is not there is tagged",
        "model-versions/set-tag",
        {"name": "net", "version": "99", "key": "phase", "value": "1"},
        says="not found",
    ),
    remove(
        "a version's tag is taken away",
        "model-versions/delete-tag",
        {"name": "net", "version": "2", "key": "phase"},
    ),
    remove(
        "a version's tag that is not there is taken away",
        "model-versions/delete-tag",
        {"name": "net", "version": "2", "key": "phase"},
    ),
    *[
        get(
            f"where {name} {version} lies",
            "model-versions/get-download-uri",
            {"name": name, "version": version},
        )
        for name, version in [
            ("net", "1"),
            ("net", "2"),
            ("net", "3"),
            ("Zoo", "1"),
            ("b c", "1"),
            ("net", "99"),
        ]
    ],
    post(
        "a version goes to production",
        "model-versions/transition-stage",
        {"name": "net", "version": "1", "stage": "Production"},
    ),
    post(
        "another goes to production",
        "model-versions/transition-stage",
        {"name": "net", "version": "2", "stage": "production", "archive_existing_versions": True},
    ),
    post(
        "a version goes to a stage that is none",
        "model-versions/transition-stage",
        {"name": "net", "version": "1", "stage": "Shelf"},
        says="Invalid Model Version stage: Shelf.",
    ),
    post(
        "a version without stage",
        "model-versions/transition-stage",
        {"name": "net", "version": "1"},
        says=MISSING.format("stage"),
    ),
    post(
        "a version that is not there goes to a stage",
        "model-versions/transition-stage",
        {"name": "net", "version": "99", "stage": "Staging"},
        says="not found",
    ),
    get("a version is archived", "model-versions/get", {"name": "net", "version": "1"}),
    post("the latest versions", "registered-models/get-latest-versions", {"name": "net"}),
    get(
        "the latest versions by GET",
        "registered-models/get-latest-versions",
        {"name": "net", "stages": ["Production"]},
    ),
    post(
        "the latest version in production",
        "registered-models/get-latest-versions",
        {"name": "net", "stages": ["Production", "None"]},
    ),
    post(
        "the latest versions of no model",
        "registered-models/get-latest-versions",
        {"name": "nobody"},
        says="not found",
    ),
    post(
        "the latest versions in a stage that is none",
        "registered-models/get-latest-versions",
        {"name": "net", "stages": ["Shelf"]},
    ),
    post("an alias", "registered-models/alias", {"name": "net", "alias": "champion", "version": "1"}),
    post("an alias moves", "registered-models/alias", {"name": "net", "alias": "champion", "version": "2"}),
    post("another alias", "registered-models/alias", {"name": "net", "alias": "old", "version": "1"}),
    get("an alias is followed", "registered-models/alias", {"name": "net", "alias": "champion"}),
    get("the alias latest is followed", "registered-models/alias", {"name": "net", "alias": "latest"}),
    get(
        "an alias that is not there",
        "registered-models/alias",
        {"name": "net", "alias": "nobody"},
        says="Registered model alias nobody not found.",
    ),
    get("an alias of no model", "registered-models/alias", {"name": "nobody", "alias": "champion"}),
    post(
        "an alias called latest",
        "registered-models/alias",
        {"name": "net", "alias": "latest", "version": "1"},
    ),
    post("an alias called v1", "registered-models/alias", {"name": "net", "alias": "v1", "version": "1"}),
    post(
        "an alias with strange letters",
        "registered-models/alias",
        {"name": "net", "alias": "a b", "version": "1"},
    ),
    post(
        "an alias of 256 letters",
        "registered-models/alias",
        {"name": "net", "alias": "a" * 256, "version": "1"},
    ),
    post(
        "an alias of a version that is not there",
        "registered-models/alias",
        {"name": "net", "alias": "a", "version": "99"},
        says="not found",
    ),
    get("a registered model with all", "registered-models/get", {"name": "net"}),
    get("a version with an alias", "model-versions/get", {"name": "net", "version": "2"}),
    remove("an alias is taken away", "registered-models/alias", {"name": "net", "alias": "old"}),
    remove(
        "an alias that is not there is taken away", "registered-models/alias", {"name": "net", "alias": "old"}
    ),
    search_registered("all"),
    search_registered("a page", max_results=1, keep={"page": "next_page_token"}),
    search_registered("the next page", max_results=1, page_token="{page}"),
    search_registered("none", max_results=0),
    search_registered("1001", max_results=1_001),
    search_registered("by a token that nobody gave", page_token="not a token"),
    *[
        search_registered(filter_text, filter=filter_text)
        for filter_text in [
            "name = 'net'",
            "name != 'net'",
            "name LIKE 'n%'",
            "name ILIKE 'z%'",
            "name IN ('net', 'Zoo')",
            "tags.team = 'a'",
            "tags.team LIKE 'A'",
            "tags.team ILIKE 'A'",
            "name = 'net' AND tags.team = 'a'",
            "tags.`mlflow.prompt.is_prompt` = 'true'",
        ]
    ],
    *[
        search_registered(f"refused: {filter_text}", filter=filter_text)
        for filter_text in [
            "colour = 'red'",
            "name > 'a'",
            "name = net",
            "name = 'a' OR name = 'b'",
            "run_id = 'x'",
            "name =",
        ]
    ],
    *[search_registered(f"ordered by {order_by}", order_by=[order_by]) for order_by in ["name DESC", "name"]],
    search_registered("ordered by what they have not", order_by=["colour"]),
    search_versions("all", order_by=["name", "version_number"]),
    search_versions(
        "a page", max_results=2, order_by=["name", "version_number"], keep={"page": "next_page_token"}
    ),
    search_versions("the next page", max_results=2, order_by=["name", "version_number"], page_token="{page}"),
    search_versions("none", max_results=0),
    search_versions("200001", max_results=200_001),
    *[
        search_versions(filter_text, filter=filter_text, order_by=["name", "version_number DESC"])
        for filter_text in [
            "name = 'net'",
            "name != 'net'",
            "name LIKE 'n%'",
            "name ILIKE 'Z%'",
            "name IN ('net', 'b c')",
            "run_id = '{found0}'",
            "run_id IN ('{found0}')",
            "source_path = 's3://bucket/model'",
            "source_path LIKE 's3%'",
            "version_number = 1",
            "version_number > 1",
            "name = 'net' AND version_number <= 2",
            "tags.a = 'b'",
        ]
    ],
    *[
        search_versions(f"refused: {filter_text}", filter=filter_text)
        for filter_text in [
            "colour = 'red'",
            "version_number = 'x'",
            "version_number LIKE 1",
            "name = net",
            "name = 'a' OR name = 'b'",
            "source = 'x'",
        ]
    ],
    search_versions("ordered by what they have not", order_by=["colour"]),
    get(
        "a version's file",
        "/model-versions/get-artifact",
        {"name": "net", "version": "3", "path": "a/MLmodel"},
    ),
    get(
        "a version's file that is not there",
        "/model-versions/get-artifact",
        {"name": "net", "version": "3", "path": "absent"},
    ),
    get(
        "a version's file outside",
        "/model-versions/get-artifact",
        {"name": "net", "version": "3", "path": "../../x"},
        says="Invalid path",
    ),
    get(
        "a file of a version that is not there",
        "/model-versions/get-artifact",
        {"name": "net", "version": "99", "path": "x"},
        says="not found",
    ),
    remove("a version is deleted", "model-versions/delete", {"name": "net", "version": "3"}),
    remove("a version is deleted again", "model-versions/delete", {"name": "net", "version": "3"}),
    get("a deleted version is read", "model-versions/get", {"name": "net", "version": "3"}, says="not found"),
    post(
        "a version after one was deleted",
        "model-versions/create",
        {"name": "net", "source": "s3://bucket/other"},
    ),
    post("a registered model is renamed", "registered-models/rename", {"name": "net", "new_name": "network"}),
    post(
        "a registered model is renamed to what is taken",
        "registered-models/rename",
        {"name": "network", "new_name": "Zoo"},
        says="already exists",
    ),
    post(
        "a registered model is renamed to nothing",
        "registered-models/rename",
        {"name": "network"},
        says=MISSING.format("new_name"),
    ),
    post(
        "a registered model is renamed strangely",
        "registered-models/rename",
        {"name": "network", "new_name": "a/b"},
    ),
    post(
        "a registered model that is not there is renamed",
        "registered-models/rename",
        {"name": "net", "new_name": "x"},
        says="not found",
    ),
    get("a registered model by its new name", "registered-models/get", {"name": "network"}),
    get("an alias by the new name", "registered-models/alias", {"name": "network", "alias": "champion"}),
    remove("a registered model is deleted", "registered-models/delete", {"name": "network"}),
    remove(
        "a registered model is deleted again",
        "registered-models/delete",
        {"name": "network"},
        says="not found",
    ),
    search_versions("after a model was deleted", order_by=["name"]),
]

ODD_REGISTRY = [
    post(
        "a registered model whose name is a number",
        "registered-models/create",
        {"name": 5},
        says="for parameter 'name' supplied",
    ),
    post(
        "a version of a run that it does not name",
        "model-versions/create",
        {"name": "Zoo", "source": "runs:/{found0}/model"},
    ),
    post(
        "a version of an address with a query",
        "model-versions/create",
        {"name": "Zoo", "source": "s3://bucket/model?x=y"},
    ),
    post(
        "a version is archived with all in the archive",
        "model-versions/transition-stage",
        {"name": "Zoo", "version": "1", "stage": "Archived", "archive_existing_versions": True},
    ),
]
