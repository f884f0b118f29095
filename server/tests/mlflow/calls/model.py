"""Calls: model."""

from __future__ import annotations

from typing import Any

from calls.call import (
    AJAX,
    FILES,
    MISSING,
    NO_EXPERIMENT,
    UNKNOWN_MODEL,
    UNKNOWN_RUN,
    Call,
    file,
    get,
    history,
    pairs,
    patch,
    point,
    post,
    remove,
)


def search_models(what: str, says: str = "", keep: dict[str, str] | None = None, **fields: Any) -> Call:
    fields = {"experiment_ids": ["{searched}"], **fields}
    return post(f"models: {what}", "logged-models/search", fields, says=says, keep=keep or {})


LOGGED_MODELS = [
    post(
        "a model is made",
        "logged-models",
        {
            "experiment_id": "{searched}",
            "name": "tree",
            "model_type": "classifier",
            "source_run_id": "{found0}",
            "params": pairs(depth="3"),
            "tags": pairs(stage="x"),
        },
        keep={"tree": "model.info.model_id"},
    ),
    post(
        "a model without run",
        "logged-models",
        {"experiment_id": "{searched}", "name": "forest", "params": pairs(depth="10")},
        keep={"forest": "model.info.model_id"},
    ),
    post(
        "a model of the same name",
        "logged-models",
        {"experiment_id": "{searched}", "name": "tree", "source_run_id": "{found1}"},
        keep={"tree2": "model.info.model_id"},
    ),
    post(
        "a model without name",
        "logged-models",
        {"experiment_id": "{one}"},
        keep={"nameless": "model.info.model_id"},
    ),
    post("a model without experiment", "logged-models", {"name": "x"}, says=MISSING.format("experiment_id")),
    post(
        "a model in an experiment that is not there",
        "logged-models",
        {"experiment_id": "99999", "name": "x"},
        says=NO_EXPERIMENT,
    ),
    *[
        post(
            f"a model with the name {name!r}", "logged-models", {"experiment_id": "{searched}", "name": name}
        )
        for name in ["a/b", "a:b", "a.b", "a%b", 'a"b', "a'b"]
    ],
    get("a model is read", "logged-models/{tree}"),
    get(
        "a model that is not there",
        f"logged-models/{UNKNOWN_MODEL}",
        says=f"Logged model with ID '{UNKNOWN_MODEL}' not found.",
    ),
    get("a model whose id is no id", "logged-models/nonsense"),
    patch("a model is ready", "logged-models/{tree}", {"model_id": "{tree}", "status": "LOGGED_MODEL_READY"}),
    patch("a model failed, by number", "logged-models/{tree2}", {"model_id": "{tree2}", "status": 3}),
    patch("a model without status", "logged-models/{tree2}", {"model_id": "{tree2}"}),
    patch(
        "a model that is not there is ready",
        f"logged-models/{UNKNOWN_MODEL}",
        {"model_id": UNKNOWN_MODEL, "status": "LOGGED_MODEL_READY"},
        says="not found",
    ),
    patch(
        "a model is tagged",
        "logged-models/{tree}/tags",
        {"model_id": "{tree}", "tags": pairs(stage="y", other="z")},
    ),
    patch(
        "a model that is not there is tagged",
        f"logged-models/{UNKNOWN_MODEL}/tags",
        {"tags": pairs(a="b")},
        says="not found",
    ),
    remove("a model's tag is taken away", "logged-models/{tree}/tags/other"),
    remove("a model's tag that is not there is taken away", "logged-models/{tree}/tags/other"),
    post(
        "a model gets params",
        "logged-models/{tree}/params",
        {"model_id": "{tree}", "params": pairs(width="2")},
    ),
    post(
        "a model that is not there gets params",
        f"logged-models/{UNKNOWN_MODEL}/params",
        {"model_id": UNKNOWN_MODEL, "params": pairs(a="b")},
        says="not found",
    ),
    post(
        "a model gets metrics",
        "runs/log-batch",
        {
            "run_id": "{found0}",
            "metrics": [
                point("score", 0.9, model_id="{tree}", dataset_name="iris", dataset_digest="d1"),
                point("score", 0.8, step=1, model_id="{tree}"),
            ],
        },
    ),
    post(
        "a model gets a metric",
        "runs/log-metric",
        {"run_id": "{found1}", **point("score", 0.7, model_id="{tree2}")},
    ),
    post(
        "a model that is not there gets a metric",
        "runs/log-metric",
        {"run_id": "{found1}", **point("score", 0.7, model_id=UNKNOWN_MODEL)},
    ),
    get("a model with all", "logged-models/{tree}"),
    history("with models", run_id="{found0}", metric_key="score"),
    get("a run with a model's metrics", "runs/get", {"run_id": "{found0}"}),
    post(
        "outputs: a model",
        "runs/outputs",
        {"run_id": "{found0}", "models": [{"model_id": "{tree}", "step": 3}]},
    ),
    post(
        "outputs: again",
        "runs/outputs",
        {"run_id": "{found0}", "models": [{"model_id": "{tree}", "step": 3}]},
    ),
    post("outputs: nothing", "runs/outputs", {"run_id": "{found0}"}),
    post(
        "outputs: of no run",
        "runs/outputs",
        {"models": [{"model_id": "{tree}", "step": 3}]},
        says=MISSING.format("run_id"),
    ),
    post(
        "outputs: of a run that is not there",
        "runs/outputs",
        {"run_id": UNKNOWN_RUN, "models": [{"model_id": "{tree}", "step": 0}]},
    ),
    post("inputs: a model", "runs/log-inputs", {"run_id": "{found2}", "models": [{"model_id": "{tree}"}]}),
    get("a run with its output", "runs/get", {"run_id": "{found0}"}),
    get("a run with its input", "runs/get", {"run_id": "{found2}"}),
    search_models("all"),
    search_models("of no experiment", experiment_ids=[]),
    search_models("of an experiment that is not there", experiment_ids=["99999"]),
    search_models(
        "the first page", max_results=2, order_by=[{"field_name": "name"}], keep={"page": "next_page_token"}
    ),
    search_models("the second page", max_results=2, order_by=[{"field_name": "name"}], page_token="{page}"),
    search_models("by a token that nobody gave", page_token="not a token"),
    search_models("none", max_results=0),
    *[
        search_models(filter_text, filter=filter_text)
        for filter_text in [
            "name = 'tree'",
            "name != 'tree'",
            "attributes.name LIKE 't%'",
            "name ILIKE 'T%'",
            "name IN ('forest', 'x')",
            "name NOT IN ('forest')",
            "model_id = '{tree}'",
            "model_type = 'classifier'",
            "status = 'READY'",
            "status != 'READY'",
            "status = 'LOGGED_MODEL_READY'",
            "source_run_id = '{found1}'",
            "creation_timestamp > 0",
            "creation_time > 0",
            "last_updated_timestamp >= 0",
            "params.depth = '3'",
            "params.depth LIKE '1%'",
            "tags.stage = 'y'",
            "tags.stage != 'y'",
            "metrics.score > 0.75",
            "metrics.score <= 0.75",
            "metrics.score > 0.5 AND params.depth = '3'",
        ]
    ],
    search_models(
        "metrics of a data set",
        filter="metrics.score > 0.85",
        datasets=[{"dataset_name": "iris", "dataset_digest": "d1"}],
    ),
    search_models(
        "metrics of another data set", filter="metrics.score > 0.5", datasets=[{"dataset_name": "wine"}]
    ),
    search_models(
        "metrics of a nameless data set", filter="metrics.score > 0.5", datasets=[{"dataset_digest": "d1"}]
    ),
    *[
        search_models(f"refused: {filter_text}", filter=filter_text)
        for filter_text in [
            "colour = 'red'",
            "name = tree",
            "name > 'a'",
            "metric.score > 1",
            "metrics.score > 'x'",
            "name = 'a' OR name = 'b'",
            "foo.bar = 'x'",
            "name =",
        ]
    ],
    *[
        search_models(f"ordered by {order_by}", order_by=order_by)
        for order_by in [
            [{"field_name": "name"}, {"field_name": "creation_timestamp"}],
            [{"field_name": "name", "ascending": False}],
            [{"field_name": "metrics.score"}],
            [{"field_name": "metrics.score", "ascending": False}],
            [{"field_name": "metrics.score", "dataset_name": "iris", "dataset_digest": "d1"}],
        ]
    ],
    search_models(
        "ordered by what they have not",
        order_by=[{"field_name": "colour"}],
        says="Invalid order by field name: colour",
    ),
    search_models("ordered by nothing", order_by=[{"ascending": True}]),
    file("of a model is put", "PUT", "{searched}/models/{tree}/artifacts/a/MLmodel", b"flavors: {}\n"),
    file("of a model is read", "GET", "{searched}/models/{tree}/artifacts/a/MLmodel"),
    get("files: of a model", FILES, {"path": "{searched}/models/{tree}/artifacts"}),
    get(
        "files: of a model's directory",
        "logged-models/{tree}/artifacts/directories",
        {"artifact_directory_path": "a"},
    ),
    get("files: of a model's root", "logged-models/{tree}/artifacts/directories"),
    get(
        "files: a model's file",
        f"{AJAX}/logged-models/{{tree}}/artifacts/files",
        {"artifact_file_path": "a/MLmodel"},
    ),
    get(
        "files: a model's file outside",
        f"{AJAX}/logged-models/{{tree}}/artifacts/files",
        {"artifact_file_path": "../../x"},
        says="Invalid path",
    ),
    get(
        "files: of a model's directory outside",
        "logged-models/{tree}/artifacts/directories",
        {"artifact_directory_path": "../x"},
        says="Invalid path",
    ),
    remove("a model is deleted", "logged-models/{forest}"),
    remove("a model is deleted again", "logged-models/{forest}"),
    remove("a model that is not there is deleted", f"logged-models/{UNKNOWN_MODEL}", says="not found"),
    get("a deleted model is read", "logged-models/{forest}", says="not found"),
    get("a deleted model is asked for", "logged-models/{forest}", {"allow_deleted": "true"}),
    search_models("without the deleted"),
]

ODD_MODELS = [
    post(
        "a model with a param without key",
        "logged-models",
        {"experiment_id": "{two}", "name": "x", "params": [{"value": "1"}]},
    ),
    patch(
        "a model of a status that is not known",
        "logged-models/{tree2}",
        {"model_id": "{tree2}", "status": "SLEEPING"},
    ),
]
