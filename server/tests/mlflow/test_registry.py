"""The model registry: registered models, versions, stages, aliases, tags, searches and what a version is made of."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import mlflow
import pytest
import requests
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from server import Server

needs_3 = pytest.mark.skipif(
    mlflow.__version__.startswith("2."), reason="logged models and mlflow.genai came with mlflow 3"
)

# Stages are deprecated, and served.
pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")

STORED = "s3://bucket/models/one"
PROMPT = "mlflow.prompt.is_prompt"


def fresh(name: str) -> str:
    return f"{name}-{time.time_ns()}"


def model(client: MlflowClient, name: str, versions: int = 0, **facts: Any) -> str:
    name = client.create_registered_model(fresh(name), **facts).name
    for _ in range(versions):
        client.create_model_version(name, STORED)
    return name


def new_run(client: MlflowClient) -> Any:
    return client.create_run(client.create_experiment(fresh("registry")))


def ask(server: Server, method: str, path: str, **fields: Any) -> requests.Response:
    headers = {"Authorization": f"Bearer {server.token}"}
    where = f"{server.url}/api/2.0/mlflow/{path}"
    given = {"params": fields} if method == "GET" else {"json": fields}
    return requests.request(method, where, headers=headers, timeout=10, **given)


def refused(code: str, message: str, call: Any) -> None:
    with pytest.raises(MlflowException, match=message) as refusal:
        call()
    assert refusal.value.error_code == code


def test_a_registered_model_is_made_edited_renamed_and_deleted() -> None:
    client = MlflowClient()
    name = model(client, "life", tags={"team": "vision"}, description="First")
    made = client.get_registered_model(name)
    assert (made.name, made.description, made.tags) == (name, "First", {"team": "vision"})
    assert made.latest_versions == [] and made.aliases == {}
    assert made.creation_timestamp == made.last_updated_timestamp > 1_700_000_000_000
    time.sleep(0.01)
    updated = client.update_registered_model(name, "Second")
    assert updated.description == "Second"
    assert updated.last_updated_timestamp > updated.creation_timestamp == made.creation_timestamp
    client.create_model_version(name, STORED, tags={"good": "yes"})
    client.set_registered_model_alias(name, "best", 1)
    client.rename_registered_model(name, name + " new")
    renamed = client.get_registered_model(name + " new")
    assert (renamed.name, renamed.aliases, renamed.tags) == (name + " new", {"best": "1"}, {"team": "vision"})
    version = client.get_model_version_by_alias(renamed.name, "best")
    assert (version.name, version.version, version.tags) == (renamed.name, "1", {"good": "yes"})
    refused("RESOURCE_DOES_NOT_EXIST", f"name={name} not found", lambda: client.get_registered_model(name))
    client.delete_registered_model(renamed.name)
    refused("RESOURCE_DOES_NOT_EXIST", "not found", lambda: client.get_registered_model(renamed.name))
    refused("RESOURCE_DOES_NOT_EXIST", "not found", lambda: client.get_model_version(renamed.name, "1"))
    assert client.search_model_versions(f"name = '{renamed.name}'") == []
    again = client.create_registered_model(renamed.name)
    assert again.tags == {} and client.create_model_version(again.name, STORED).version == "1"


def test_a_taken_or_odd_name_is_refused(server: Server) -> None:
    client = MlflowClient()
    name, other = model(client, "taken"), model(client, "other")
    refused("RESOURCE_ALREADY_EXISTS", rf"Registered Model \(name={name}\) already exists", lambda: client.create_registered_model(name))
    refused("RESOURCE_ALREADY_EXISTS", rf"Registered Model \(name={name}\) already exists", lambda: client.rename_registered_model(other, name))
    answer = ask(server, "POST", "registered-models/create", name=name, tags=[{"key": PROMPT, "value": "true"}])
    assert (answer.status_code, answer.json()["error_code"]) == (400, "RESOURCE_ALREADY_EXISTS")
    assert "create a prompt" in answer.json()["message"]
    for bad in ["a/b", "a:b", "..", "."]:
        answer = ask(server, "POST", "registered-models/create", name=bad)
        assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE"), bad
    for bad in ["", "  ", None]:
        answer = ask(server, "POST", "registered-models/create", name=bad)
        assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
        assert "Missing value for required parameter 'name'" in answer.json()["message"]
    assert ask(server, "POST", "registered-models/rename", name=name).status_code == 400
    for method, path in [
        ("GET", "registered-models/get"),
        ("PATCH", "registered-models/update"),
        ("DELETE", "registered-models/delete"),
        ("POST", "registered-models/get-latest-versions"),
    ]:
        answer = ask(server, method, path, name="never there")
        assert (answer.status_code, answer.json()["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST"), path
        assert answer.json()["message"] == "Registered Model with name=never there not found"


def test_empty_answers_leave_empty_fields_out(server: Server) -> None:
    name = fresh("bare")
    made = ask(server, "POST", "registered-models/create", name=name).json()["registered_model"]
    assert set(made) == {"name", "creation_timestamp", "last_updated_timestamp"}
    version = ask(server, "POST", "model-versions/create", name=name, source=STORED).json()["model_version"]
    assert version.pop("creation_timestamp") == version.pop("last_updated_timestamp")
    assert version == {
        "name": name,
        "version": "1",
        "current_stage": "None",
        "description": "",
        "source": STORED,
        "run_id": "",
        "run_link": "",
        "status": "READY",
    }
    assert ask(server, "GET", "registered-models/search", filter="name = 'never there'").json() == {}
    assert ask(server, "GET", "model-versions/search", filter="name = 'never there'").json() == {}
    ajax = f"{server.url}/ajax-api/2.0/mlflow/registered-models/get"
    headers = {"Authorization": f"Bearer {server.token}"}
    assert requests.get(ajax, params={"name": name}, headers=headers, timeout=10).status_code == 200
    assert requests.get(ajax, params={"name": name}, timeout=10).status_code == 401


def test_versions_count_up_and_no_number_comes_twice() -> None:
    client = MlflowClient()
    name = model(client, "numbers", versions=2)
    client.delete_model_version(name, "2")
    version = client.create_model_version(name, STORED, description="Third", run_link="http://x/run", tags={"a": "b"})
    assert (version.version, version.description, version.run_link) == ("3", "Third", "http://x/run")
    assert (version.status, version.current_stage, version.tags) == ("READY", "None", {"a": "b"})
    assert client.get_registered_model(name).last_updated_timestamp >= version.creation_timestamp
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: client.create_model_version(name, STORED).version, range(16)))
    assert sorted(map(int, made)) == list(range(4, 20))
    for missing in ["2", "99"]:
        for call in [
            lambda: client.get_model_version(name, missing),
            lambda: client.update_model_version(name, missing, "x"),
            lambda: client.delete_model_version(name, missing),
            lambda: client.get_model_version_download_uri(name, missing),
            lambda: client.transition_model_version_stage(name, missing, "Staging"),
            lambda: client.set_model_version_tag(name, missing, "k", "v"),
            lambda: client.set_registered_model_alias(name, "best", missing),
        ]:
            message = rf"Model Version \(name={name}, version={missing}\) not found"
            refused("RESOURCE_DOES_NOT_EXIST", message, call)
    refused("RESOURCE_DOES_NOT_EXIST", "Registered Model with name=", lambda: client.create_model_version("never there", STORED))
    refused("INVALID_PARAMETER_VALUE", "must be an integer", lambda: client.get_model_version(name, "one"))


def test_a_description_changes_the_time_of_a_version_and_a_tag_does_not() -> None:
    client = MlflowClient()
    name = model(client, "edit", versions=1)
    made = client.get_model_version(name, "1")
    time.sleep(0.01)
    client.set_model_version_tag(name, "1", "key", "value")
    client.set_model_version_tag(name, "1", "key", "other")
    client.set_model_version_tag(name, "1", "long", "x" * 100_000)
    tagged = client.get_model_version(name, "1")
    assert tagged.tags == {"key": "other", "long": "x" * 100_000}
    assert tagged.last_updated_timestamp == made.last_updated_timestamp
    client.delete_model_version_tag(name, "1", "long")
    client.delete_model_version_tag(name, "1", "never there")
    updated = client.update_model_version(name, "1", "Better")
    assert (updated.description, updated.tags) == ("Better", {"key": "other"})
    assert updated.last_updated_timestamp > made.last_updated_timestamp


def test_tags_of_registered_models_have_mlflows_limits() -> None:
    client = MlflowClient()
    name = model(client, "tags", versions=1)
    client.set_registered_model_tag(name, "key", "value")
    client.set_registered_model_tag(name, "key", "")
    assert client.get_registered_model(name).tags == {"key": ""}
    client.delete_registered_model_tag(name, "key")
    client.delete_registered_model_tag(name, "key")
    assert client.get_registered_model(name).tags == {}
    for put in [
        lambda key, value: client.set_registered_model_tag(name, key, value),
        lambda key, value: client.set_model_version_tag(name, "1", key, value),
    ]:
        refused("INVALID_PARAMETER_VALUE", "exceeds the maximum length", lambda: put("k", "x" * 100_001))
        refused("INVALID_PARAMETER_VALUE", "exceeds the maximum length", lambda: put("k" * 251, "x"))
        refused("INVALID_PARAMETER_VALUE", "Names may only contain", lambda: put("a$b", "x"))
    refused("RESOURCE_DOES_NOT_EXIST", "Registered Model", lambda: client.set_registered_model_tag("never there", "k", "v"))


def test_aliases_move_and_go_with_their_version(server: Server) -> None:
    client = MlflowClient()
    name = model(client, "aliases", versions=3)
    client.set_registered_model_alias(name, "best", 1)
    client.set_registered_model_alias(name, "best", "2")
    client.set_registered_model_alias(name, "also-good_1", 2)
    assert client.get_registered_model(name).aliases == {"best": "2", "also-good_1": "2"}
    assert client.get_model_version(name, "2").aliases == ["also-good_1", "best"]
    assert client.get_model_version_by_alias(name, "best").version == "2"
    for latest in ["latest", "LATEST"]:
        assert client.get_model_version_by_alias(name, latest).version == "3"
    client.delete_registered_model_alias(name, "also-good_1")
    client.delete_registered_model_alias(name, "also-good_1")
    client.delete_model_version(name, "2")
    assert client.get_registered_model(name).aliases == {}
    refused("INVALID_PARAMETER_VALUE", "Registered model alias best not found", lambda: client.get_model_version_by_alias(name, "best"))
    for reserved in ["latest", "Latest", "v1", "V20"]:
        answer = ask(server, "POST", "registered-models/alias", name=name, alias=reserved, version="1")
        assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
        assert "is reserved" in answer.json()["message"]
    for bad, message in [("a b", "Invalid alias name"), ("a/b", "Invalid alias name"), ("x" * 256, "maximum length")]:
        answer = ask(server, "POST", "registered-models/alias", name=name, alias=bad, version="1")
        assert (answer.status_code, message in answer.json()["message"]) == (400, True), answer.text
    empty = model(client, "empty")
    answer = ask(server, "GET", "registered-models/alias", name=empty, alias="latest")
    assert (answer.status_code, answer.json()["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    refused("RESOURCE_DOES_NOT_EXIST", "Registered Model", lambda: client.delete_registered_model_alias("never there", "a"))


def test_each_stage_has_a_latest_version(server: Server) -> None:
    client = MlflowClient()
    name = model(client, "stages", versions=5)
    for version, stage in [("1", "production"), ("2", "Production"), ("3", "STAGING")]:
        moved = client.transition_model_version_stage(name, version, stage)
        assert moved.current_stage == stage.capitalize()
    latest = {version.current_stage: version.version for version in client.get_latest_versions(name)}
    assert latest == {"Production": "2", "Staging": "3", "None": "5"}
    asked = client.get_latest_versions(name, ["staging", "Archived"])
    assert [version.version for version in asked] == ["3"]
    got = ask(server, "GET", "registered-models/get-latest-versions", name=name, stages=["None", "Staging"])
    assert [version["version"] for version in got.json()["model_versions"]] == ["3", "5"]
    client.transition_model_version_stage(name, "4", "Production", archive_existing_versions=True)
    stages = {version.version: version.current_stage for version in client.search_model_versions(f"name = '{name}'")}
    assert stages == {"1": "Archived", "2": "Archived", "3": "Staging", "4": "Production", "5": "None"}
    latest = {version.current_stage: version.version for version in client.get_registered_model(name).latest_versions}
    assert latest == {"Archived": "2", "Staging": "3", "Production": "4", "None": "5"}
    expected = "Invalid Model Version stage: best. Value must be one of None, Staging, Production, Archived."
    refused("INVALID_PARAMETER_VALUE", expected, lambda: client.transition_model_version_stage(name, "1", "best"))
    refused("INVALID_PARAMETER_VALUE", "not an Active stage", lambda: client.transition_model_version_stage(name, "1", "Archived", True))
    assert ask(server, "POST", "registered-models/get-latest-versions", name=name, stages=["best"]).status_code == 400


def test_registered_models_are_found_by_name_and_tag() -> None:
    client = MlflowClient()
    mark = fresh("find").replace("-", "")
    for word, tags in [("Alpha", {"team": "vision"}), ("beta", {"team": "text", "x y": "1"}), ("gamma_", {})]:
        client.create_registered_model(f"{mark}{word}", tags=tags)

    def found(text: str, **facts: Any) -> list[str]:
        models = client.search_registered_models(text, **facts)
        return [one.name.removeprefix(mark) for one in models]

    everything = f"name LIKE '{mark}%'"
    for text, expected in [
        (everything, ["Alpha", "beta", "gamma_"]),
        (f"name = '{mark}beta'", ["beta"]),
        (f"name = '{mark}BETA'", []),
        (f"name != '{mark}beta' AND {everything}", ["Alpha", "gamma_"]),
        (f"name ILIKE '{mark}%A'", ["Alpha", "beta"]),
        (f"name LIKE '{mark}%A'", []),
        (f"name like '{mark}_eta'", ["beta"]),
        (f"name IN ('{mark}beta', '{mark}Alpha', 'x')", ["Alpha", "beta"]),
        (f"name NOT IN ('{mark}beta') AND {everything}", ["Alpha", "gamma_"]),
        (f"tags.team = 'vision' AND {everything}", ["Alpha"]),
        (f"tag.team != 'vision' AND {everything}", ["beta"]),
        (f"tags.team ILIKE 'TE%' AND {everything}", ["beta"]),
        (f"tags.team LIKE 'TE%' AND {everything}", []),
        (f"tags.`x y` = '1' AND tags.team = 'text' AND {everything}", ["beta"]),
    ]:
        assert found(text) == expected, text
    assert found(everything, order_by=["name DESC"]) == ["gamma_", "beta", "Alpha"]
    time.sleep(0.01)
    client.update_registered_model(f"{mark}beta", "changed")
    assert found(everything, order_by=["timestamp DESC"])[0] == "beta"
    assert found(everything, order_by=["last_updated_timestamp ASC", "name"])[-1] == "beta"
    first = client.search_registered_models(everything, max_results=2)
    assert [one.name for one in first] == [f"{mark}Alpha", f"{mark}beta"] and first.token
    rest = client.search_registered_models(everything, max_results=2, page_token=first.token)
    assert [one.name for one in rest] == [f"{mark}gamma_"] and not rest.token


def test_model_versions_are_found_by_name_number_run_source_and_tag() -> None:
    client = MlflowClient()
    mark = fresh("find").replace("-", "")
    run = new_run(client)
    run_id = run.info.run_id
    one, two = f"{mark}one", f"{mark}two"
    for name in [one, two]:
        client.create_registered_model(name)
    for name, source, of_run, tags in [
        (one, "s3://bucket/a", None, {"kind": "small"}),
        (one, "s3://bucket/B", run_id, {"kind": "large"}),
        (one, "gs://other/c", None, {}),
        (two, f"runs:/{run_id}/model", run_id, {"kind": "large"}),
    ]:
        client.create_model_version(name, source, of_run, tags=tags)
        time.sleep(0.01)

    def found(text: str, **facts: Any) -> list[str]:
        versions = client.search_model_versions(text, **facts)
        return [one.name.removeprefix(mark) + one.version for one in versions]

    everything = f"name LIKE '{mark}%'"
    for text, expected in [
        (everything, ["two1", "one3", "one2", "one1"]),
        (f"name = '{one}'", ["one3", "one2", "one1"]),
        (f"name != '{one}' AND {everything}", ["two1"]),
        (f"name ILIKE '{mark.upper()}T%'", ["two1"]),
        (f"name IN ('{one}', '{two}') AND version_number = 1", ["two1", "one1"]),
        (f"name NOT IN ('{one}') AND {everything}", ["two1"]),
        (f"run_id = '{run_id}'", ["two1", "one2"]),
        (f"run_id = '{run_id}' AND name = '{one}'", ["one2"]),
        ("run_id = 'no run'", []),
        (f"run_id != '{run_id}' AND {everything}", ["one3", "one1"]),
        (f"run_id LIKE '{run_id[:20]}%'", ["two1", "one2"]),
        (f"run_id ILIKE '{run_id.upper()}'", ["two1", "one2"]),
        (f"run_id IN ('{run_id}', 'x')", ["two1", "one2"]),
        (f"run_id NOT IN ('{run_id}') AND {everything}", ["one3", "one1"]),
        (f"source_path = 's3://bucket/a' AND {everything}", ["one1"]),
        (f"source_path != 's3://bucket/a' AND {everything}", ["two1", "one3", "one2"]),
        (f"source_path LIKE 's3://%' AND {everything}", ["one2", "one1"]),
        (f"source_path ILIKE '%/b' AND {everything}", ["one2"]),
        (f"version_number > 1 AND {everything}", ["one3", "one2"]),
        (f"version_number >= 2 AND version_number <= 2 AND {everything}", ["one2"]),
        (f"version_number < 2 AND {everything}", ["two1", "one1"]),
        (f"version_number != 1 AND {everything}", ["one3", "one2"]),
        (f"version_number = '3' AND {everything}", ["one3"]),
        (f"tags.kind = 'large' AND {everything}", ["two1", "one2"]),
        (f"tag.`kind` != 'large' AND {everything}", ["one1"]),
        (f"tags.kind LIKE '%m%' AND {everything}", ["one1"]),
        (f"tags.kind ILIKE 'L%' AND version_number = 1 AND {everything}", ["two1"]),
    ]:
        assert found(text) == expected, text
    for order, expected in [
        (["name ASC"], ["one3", "one2", "one1", "two1"]),
        (["name DESC", "version_number ASC"], ["two1", "one1", "one2", "one3"]),
        (["version_number"], ["one1", "two1", "one2", "one3"]),
        (["creation_timestamp ASC"], ["one1", "one2", "one3", "two1"]),
        (["last_updated_timestamp DESC"], ["two1", "one3", "one2", "one1"]),
    ]:
        assert found(everything, order_by=order) == expected, order
    client.update_model_version(one, "1", "changed")
    assert found(everything)[0] == "one1"
    pages, token = [], None
    while True:
        page = client.search_model_versions(everything, max_results=3, page_token=token)
        pages.append([version.version for version in page])
        if not (token := page.token):
            break
    assert [len(page) for page in pages] == [3, 1]


def test_searches_refuse_what_mlflow_refuses(server: Server) -> None:
    for path, fields in [
        ("registered-models", {"filter": "run_id = 'x'"}),
        ("registered-models", {"filter": "name > 'x'"}),
        ("registered-models", {"filter": "name = x"}),
        ("registered-models", {"filter": "params.a = 'x'"}),
        ("registered-models", {"filter": "name = 'a' OR name = 'b'"}),
        ("registered-models", {"filter": "tags.a IS NULL"}),
        ("registered-models", {"filter": "name = 'a'; DROP TABLE run"}),
        ("registered-models", {"order_by": "description"}),
        ("registered-models", {"order_by": "tags.a"}),
        ("registered-models", {"order_by": "name down"}),
        ("registered-models", {"order_by": ["timestamp", "last_updated_timestamp"]}),
        ("registered-models", {"max_results": 1001}),
        ("registered-models", {"max_results": 0}),
        ("registered-models", {"max_results": "many"}),
        ("registered-models", {"page_token": "no token"}),
        ("model-versions", {"filter": "stage = 'None'"}),
        ("model-versions", {"filter": "version_number = 1.5"}),
        ("model-versions", {"filter": "version_number = 'one'"}),
        ("model-versions", {"filter": "version_number LIKE '1'"}),
        ("model-versions", {"filter": "version_number IN (1, 2)"}),
        ("model-versions", {"filter": "source_path IN ('a')"}),
        ("model-versions", {"filter": "metrics.a > 1"}),
        ("model-versions", {"order_by": "run_id"}),
        ("model-versions", {"max_results": 200_001}),
        ("model-versions", {"max_results": -1}),
    ]:
        answer = ask(server, "GET", f"{path}/search", **fields)
        assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE"), (fields, answer.text)


@needs_3
def test_prompts_are_left_out_unless_they_are_asked_for(server: Server) -> None:
    client = MlflowClient()
    mark = fresh("prompt")
    client.create_registered_model(f"{mark}-model", tags={"team": "text"})
    mlflow.genai.register_prompt(name=f"{mark}-prompt", template="Say {{word}}", commit_message="First")
    mlflow.genai.register_prompt(name=f"{mark}-prompt", template="Say {{word}}!")
    loaded = mlflow.genai.load_prompt(f"prompts:/{mark}-prompt/2")
    assert (loaded.version, loaded.format(word="hello")) == (2, "Say hello!")
    mlflow.genai.set_prompt_alias(f"{mark}-prompt", "best", 1)
    assert mlflow.genai.load_prompt(f"prompts:/{mark}-prompt@best").template == "Say {{word}}"

    def names(kind: str, text: str) -> list[str]:
        answer = ask(server, "GET", f"{kind}/search", filter=text).json()
        return [one["name"].removeprefix(f"{mark}-") for one in answer.get(kind.replace("-", "_"), [])]

    mine = f"name LIKE '{mark}%'"
    assert names("registered-models", mine) == ["model"]
    assert names("registered-models", f"{mine} AND tag.`{PROMPT}` != 'true'") == ["model"]
    assert names("registered-models", f"{mine} AND tags.`{PROMPT}` = 'false'") == ["model"]
    assert names("registered-models", f"{mine} AND tags.`{PROMPT}` = 'true'") == ["prompt"]
    assert names("model-versions", mine) == []
    assert names("model-versions", f"{mine} AND tags.`{PROMPT}` = 'true'") == ["prompt", "prompt"]
    assert [one.name for one in client.search_registered_models(mine)] == [f"{mark}-model"]
    assert [one.name for one in client.search_prompts(f"name LIKE '{mark}%'")] == [f"{mark}-prompt"]
    for source in [f"models:/{mark}-prompt/1", f"models:/{mark}-prompt@best"]:
        refused("INVALID_PARAMETER_VALUE", "Prompt versions cannot be used", lambda: client.create_model_version(f"{mark}-model", source))
    tags = [{"key": PROMPT, "value": "true"}]
    answer = ask(server, "POST", "model-versions/create", name=f"{mark}-prompt", source="file:///etc", tags=tags)
    assert (answer.status_code, "Invalid prompt source" in answer.json()["message"]) == (400, True)


def test_a_version_of_a_run_is_read_from_the_files_of_the_run(server: Server, tmp_path: Path) -> None:
    client = MlflowClient()
    run = new_run(client)
    run_id = run.info.run_id
    client.log_text(run_id, "flavors: {}", "my model/MLmodel")
    client.log_text(run_id, "weights", "my model/data/weights.txt")
    name = model(client, "files")
    root = f"mlflow-artifacts:/{run.info.experiment_id}/{run_id}/artifacts"
    for source, given in [
        (f"runs:/{run_id}/my model", run_id),
        (f"runs:/{run_id}//my model/", None),
        (f"{root}/my model", run_id),
        (f"{root}/my model", None),
    ]:
        version = client.create_model_version(name, source, given)
        assert (version.source, version.run_id) == (source, run_id)
        assert client.get_model_version_download_uri(name, version.version) == f"{root}/my model"
        back = Path(mlflow.artifacts.download_artifacts(f"models:/{name}/{version.version}", dst_path=str(tmp_path / version.version)))
        assert (back / "data" / "weights.txt").read_text() == "weights"
    client.set_registered_model_alias(name, "best", 1)
    back = Path(mlflow.artifacts.download_artifacts(f"models:/{name}@best", dst_path=str(tmp_path / "alias")))
    assert (back / "MLmodel").read_text() == "flavors: {}"

    def file(path: str, version: str = "1", headers: dict[str, str] | None = None) -> requests.Response:
        headers = {"Authorization": f"Bearer {server.token}", **(headers or {})}
        fields = {"name": name, "version": version, "path": path}
        return requests.get(f"{server.url}/model-versions/get-artifact", params=fields, headers=headers, timeout=10)

    assert file("data/weights.txt").content == b"weights"
    part = file("data/weights.txt", headers={"Range": "bytes=1-3"})
    assert (part.status_code, part.content) == (206, b"eig")
    assert (file("absent").status_code, file("data").status_code, file("MLmodel", version="99").status_code) == (404, 400, 404)
    for bad in ["../MLmodel", "%2e%2e/x", "/etc/passwd", "a\\b"]:
        assert (file(bad).status_code, file(bad).json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE"), bad
    client.create_model_version(name, STORED)
    assert (file("x", version="5").status_code, STORED in file("x", version="5").text) == (400, True)
    assert requests.get(f"{server.url}/model-versions/get-artifact", timeout=10).status_code == 401


def test_a_copied_version_keeps_run_and_place_of_the_first() -> None:
    client = MlflowClient()
    run = new_run(client)
    first, second = model(client, "first"), model(client, "second")
    version = client.create_model_version(first, f"runs:/{run.info.run_id}/model", run.info.run_id, tags={"a": "b"})
    place = client.get_model_version_download_uri(first, "1")
    copy = client.copy_model_version(f"models:/{first}/1", second)
    assert (copy.name, copy.version, copy.source) == (second, "1", f"models:/{first}/1")
    assert (copy.run_id, copy.tags) == (version.run_id, {"a": "b"})
    client.set_registered_model_alias(first, "best", 1)
    for source in [f"models:/{first}@best", f"models:/{first}/latest", f"models:/{first}/none"]:
        again = client.create_model_version(second, source)
        assert (again.source, again.run_id) == (f"models:/{first}/1", run.info.run_id)
    client.delete_registered_model(first)
    assert client.get_model_version_download_uri(second, "1") == place
    other = new_run(client).info.run_id
    refused("INVALID_PARAMETER_VALUE", "must match the referenced", lambda: client.create_model_version(second, f"models:/{second}/1", other))
    for missing in [f"models:/{first}/1", f"models:/{second}/99", f"models:/{second}/Staging"]:
        refused("RESOURCE_DOES_NOT_EXIST", "not found", lambda: client.create_model_version(second, missing))


@needs_3
def test_a_logged_model_knows_the_versions_made_of_it() -> None:
    client = MlflowClient()
    run = new_run(client)
    logged = client.create_logged_model(run.info.experiment_id, "net", source_run_id=run.info.run_id)
    name = model(client, "logged")
    place = f"mlflow-artifacts:/{run.info.experiment_id}/models/{logged.model_id}/artifacts"
    for source, given in [
        (f"models:/{logged.model_id}", logged.model_id),
        (f"models:/{logged.model_id}", None),
        (f"{place}/weights", logged.model_id),
        (STORED, logged.model_id),
    ]:
        version = client.create_model_version(name, source, model_id=given)
        assert (version.source, version.run_id) == (source, run.info.run_id)
    uris = [client.get_model_version_download_uri(name, str(number)) for number in range(1, 5)]
    assert uris == [place, place, f"{place}/weights", STORED]
    listed = json.loads(client.get_logged_model(logged.model_id).tags["mlflow.modelVersions"])
    assert listed == [{"name": name, "version": number} for number in range(1, 5)]
    other = client.create_logged_model(run.info.experiment_id, "other").model_id
    for source, given in [
        (f"models:/{logged.model_id}", other),
        (place, other),
        (f"runs:/{run.info.run_id}/model", other),
        (run.info.artifact_uri, other),
    ]:
        refused("INVALID_PARAMETER_VALUE", "must identify the resource", lambda: client.create_model_version(name, source, model_id=given))
    client.delete_logged_model(other)
    for source in [f"models:/{other}", "models:/m-" + "0" * 32, "models:/m-x"]:
        refused("RESOURCE_DOES_NOT_EXIST", "Logged model with ID", lambda: client.create_model_version(name, source))


@needs_3
def test_register_model_makes_name_and_version_of_a_logged_model(tmp_path: Path) -> None:
    class Double(mlflow.pyfunc.PythonModel):
        def predict(self, model_input: list[float]) -> list[float]:
            return [2 * value for value in model_input]

    mlflow.set_experiment("registered")
    name = fresh("doubled")
    with mlflow.start_run() as run:
        info = mlflow.pyfunc.log_model(name="double", python_model=Double(), registered_model_name=name)
    assert info.registered_model_version == "1"
    version = mlflow.register_model(info.model_uri, name, tags={"again": "yes"})
    assert (version.version, version.tags) == ("2", {"again": "yes"})
    client = MlflowClient()
    found = client.search_model_versions(f"run_id = '{run.info.run_id}'")
    assert [(one.name, one.version) for one in found] == [(name, "2"), (name, "1")]
    client.set_registered_model_alias(name, "best", 1)
    for uri in [f"models:/{name}/2", f"models:/{name}@best", f"models:/{name}/latest"]:
        assert mlflow.pyfunc.load_model(uri).predict([1.0, 2.0]) == [2.0, 4.0]
    listed = json.loads(client.get_logged_model(info.model_id).tags["mlflow.modelVersions"])
    assert {(one["name"], one["version"]) for one in listed} == {(name, 1), (name, "1"), (name, 2), (name, "2")}, "the client adds them, too"


@pytest.mark.parametrize(
    "source",
    [
        "/etc/passwd",
        "/etc",
        "relative/path",
        "./here",
        "../up",
        "file:///etc/passwd",
        "FILE:///etc/passwd",
        "file:/etc",
        "file://localhost/etc",
        "file%3A///etc/passwd",
        "C:\\models",
        "c:/models",
        "s3://bucket/../x",
        "s3://bucket/a/..",
        "s3://bucket/a/./b",
        "s3://bucket/%2e%2e/x",
        "s3://bucket/%252e%252e/x",
        "s3://bucket/..%2f..%2fx",
        "s3://bucket/..%252f..%252fx",
        "s3://bucket/x%00",
        "s3://bucket/a\\..\\b",
        "s3://bucket/x?versionId=1",
        "s3://bucket/x#part",
        "https://host/api/2.0/mlflow-artifacts/artifacts/../../x",
        "https://host/api/2.0/mlflow-artifacts/artifacts/0/x",
        "mlflow-artifacts:/",
        "mlflow-artifacts:/models",
        "mlflow-artifacts://host:5000/RUN",
        "mlflow-artifacts:/0/ROOT/../../x",
        "mlflow-artifacts:/999999/RUN/artifacts/model",
        "runs://host/RUN/model",
        "runs:/RUN/../x",
        "runs:/RUN/%2e%2e/x",
        "runs:RUN/model",
        "models://registry/name/1",
        "models:/a/b/c",
        "models:/../1",
        "s3://bucket",
        "://x/y",
        "s3://bucket/" + "x" * 5_000,
    ],
)
def test_a_source_that_leads_elsewhere_is_refused(server: Server, source: str) -> None:
    client = MlflowClient()
    run_id = new_run(client).info.run_id
    name = model(client, "hostile")
    for given in [{}, {"run_id": run_id}]:
        fields = {"name": name, "source": source.replace("RUN", run_id), **given}
        answer = ask(server, "POST", "model-versions/create", **fields)
        assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE"), answer.text
    assert client.search_model_versions(f"name = '{name}'") == []


def test_a_source_of_another_run_or_of_none_is_refused() -> None:
    client = MlflowClient()
    run, other = new_run(client), new_run(client)
    name = model(client, "others")
    for source in [f"runs:/{run.info.run_id}/model", f"{run.info.artifact_uri}/model"]:
        refused("INVALID_PARAMETER_VALUE", "must identify the resource", lambda: client.create_model_version(name, source, other.info.run_id))
    refused("RESOURCE_DOES_NOT_EXIST", "Run with id=", lambda: client.create_model_version(name, "runs:/" + "0" * 32 + "/model"))
    for source in ["s3://bucket/a b/c", "gs://bucket/x", "wasbs://c@account.example/p", "dbfs:/models/x", "hdfs://host:9000/x"]:
        version = client.create_model_version(name, source, other.info.run_id)
        assert (version.source, version.run_id) == (source, other.info.run_id)
        assert client.get_model_version_download_uri(name, version.version) == source
