"""Calls: lineage."""

from __future__ import annotations

import json
from typing import Any

from calls.call import AJAX, MISSING, NO_RUN, UNKNOWN_RUN, Call, get, post, search


def dataset(name: str, digest: str = "d1", context: str | None = "train", **more: Any) -> dict[str, Any]:
    about = {"name": name, "digest": digest, "source_type": "local", "source": '{"uri": "x"}', **more}
    return {
        "dataset": about,
        "tags": [] if context is None else [{"key": "mlflow.data.context", "value": context}],
    }


def inputs(what: str, says: str = "", run_id: str | None = "{found0}", **fields: Any) -> Call:
    return post(f"inputs: {what}", "runs/log-inputs", {"run_id": run_id, **fields}, says=says)


INPUTS = [
    inputs("a data set", datasets=[dataset("iris", schema='{"columns": []}', profile='{"rows": 3}')]),
    inputs("the same again", datasets=[dataset("iris")]),
    inputs("the same with another context", datasets=[dataset("iris", context="test")]),
    inputs("two", datasets=[dataset("wine", context=None), dataset("iris", "d2", context="test")]),
    inputs("nothing"),
    inputs("a name of 501 letters", datasets=[dataset("n" * 501)]),
    inputs("a digest of 37 letters", datasets=[dataset("n", "d" * 37)]),
    inputs("a source of 65536 letters", datasets=[dataset("n", source="s" * 65_536)]),
    inputs(
        "a tag with a key of 256 letters",
        datasets=[{**dataset("n"), "tags": [{"key": "k" * 256, "value": "v"}]}],
    ),
    inputs("a tag of 501 letters", datasets=[{**dataset("n"), "tags": [{"key": "k", "value": "v" * 501}]}]),
    inputs("that are no list", datasets="iris", says="for parameter 'datasets' supplied"),
    inputs("of a run that is not there", run_id=UNKNOWN_RUN, datasets=[dataset("iris")], says=NO_RUN),
    inputs("of no run", run_id=None, datasets=[dataset("iris")], says=MISSING.format("run_id")),
    post(
        "inputs: of another run",
        "runs/log-inputs",
        {"run_id": "{found1}", "datasets": [dataset("iris", "d1", "train")]},
    ),
    get("a run with its inputs", "runs/get", {"run_id": "{found0}"}),
    search("with inputs", filter="dataset.name = 'iris'"),
    search("dataset.name LIKE", filter="dataset.name LIKE 'ir%'"),
    search("dataset.digest", filter="dataset.digest = 'd2'"),
    search("dataset.context", filter="dataset.context = 'test'"),
    search("dataset.context IN", filter="datasets.context IN ('test', 'eval')"),
    search("dataset.name NOT IN", filter="dataset.name NOT IN ('iris')"),
    search("dataset.name !=", filter="dataset.name != 'iris'"),
    search("dataset.name and context", filter="dataset.name = 'iris' AND dataset.context = 'train'"),
    search("refused: dataset.name > 'a'", filter="dataset.name > 'a'"),
    search("refused: dataset.name = iris", filter="dataset.name = iris"),
    post(
        "data sets: of an experiment",
        f"{AJAX}/experiments/search-datasets",
        {"experiment_ids": ["{searched}"]},
    ),
    post(
        "data sets: of two experiments",
        "experiments/search-datasets",
        {"experiment_ids": ["{one}", "{searched}"]},
    ),
    post(
        "data sets: of no experiment",
        f"{AJAX}/experiments/search-datasets",
        {"experiment_ids": []},
        says="SearchDatasets request must specify at least one experiment_id.",
    ),
    post(
        "data sets: of 21 experiments",
        f"{AJAX}/experiments/search-datasets",
        {"experiment_ids": [str(n) for n in range(21)]},
        says="21",
    ),
    post(
        "log-model",
        "runs/log-model",
        {
            "run_id": "{found1}",
            "model_json": json.dumps(
                {
                    "artifact_path": "model",
                    "flavors": {"python_function": {}},
                    "utc_time_created": "2026-01-01 00:00:00",
                    "run_id": "{found1}",
                }
            ),
        },
    ),
    post(
        "log-model: another",
        "runs/log-model",
        {
            "run_id": "{found1}",
            "model_json": json.dumps(
                {
                    "artifact_path": "other",
                    "flavors": {},
                    "utc_time_created": "2026-01-01 00:00:01",
                    "run_id": "{found1}",
                }
            ),
        },
    ),
    post(
        "log-model: too little",
        "runs/log-model",
        {"run_id": "{found1}", "model_json": '{"artifact_path": "model"}'},
        says="Model json is missing mandatory fields",
    ),
    post("log-model: no JSON", "runs/log-model", {"run_id": "{found1}", "model_json": "{nothing"}),
    post("log-model: no model", "runs/log-model", {"run_id": "{found1}"}, says=MISSING.format("model_json")),
    post(
        "log-model: of a run that is not there",
        "runs/log-model",
        {
            "run_id": UNKNOWN_RUN,
            "model_json": json.dumps(
                {"artifact_path": "m", "flavors": {}, "utc_time_created": "x", "run_id": UNKNOWN_RUN}
            ),
        },
        says=NO_RUN,
    ),
    get("log-model: is a tag", "runs/get", {"run_id": "{found1}"}),
]

ODD_INPUTS = [
    inputs(
        "without name",
        run_id="{odd}",
        datasets=[{"dataset": {"digest": "d", "source_type": "l", "source": "s"}}],
    ),
    inputs(
        "without digest",
        run_id="{odd}",
        datasets=[{"dataset": {"name": "n", "source_type": "l", "source": "s"}}],
    ),
    inputs(
        "without source",
        run_id="{odd}",
        datasets=[{"dataset": {"name": "n", "digest": "d", "source_type": "l"}}],
    ),
    inputs(
        "without source type",
        run_id="{odd}",
        datasets=[{"dataset": {"name": "n", "digest": "d", "source": "s"}}],
    ),
    inputs("without data set", run_id="{odd}", datasets=[{"tags": []}]),
]
