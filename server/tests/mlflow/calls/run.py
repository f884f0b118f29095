"""Calls: run."""

from __future__ import annotations

from calls.call import AJAX, MISSING, NO_EXPERIMENT, NO_RUN, TIME, UNKNOWN_RUN, get, pairs, point, post

RUNS = [
    post(
        "a run is made",
        "runs/create",
        {
            "experiment_id": "{one}",
            "user_id": "ada",
            "run_name": "first",
            "start_time": TIME,
            "tags": pairs(kind="x"),
        },
        keep={"run": "run.info.run_id"},
    ),
    get("a run is read", "runs/get", {"run_id": "{run}"}),
    get("a run is read by its old name", "runs/get", {"run_uuid": "{run}"}),
    get("a run is read under the pages' prefix", f"{AJAX}/runs/get", {"run_id": "{run}"}),
    get("a run that is not there", "runs/get", {"run_id": UNKNOWN_RUN}, says=NO_RUN),
    get("a run whose id is no id", "runs/get", {"run_id": "x y"}),
    get("a run without id", "runs/get", says=MISSING.format("run_id")),
    post("a run without name", "runs/create", {"experiment_id": "{three}"}, keep={"bare": "run.info.run_id"}),
    post(
        "a run for what is odd",
        "runs/create",
        {"experiment_id": "{two}", "run_name": "odd"},
        keep={"odd": "run.info.run_id"},
    ),
    post(
        "a run in an experiment that is not there",
        "runs/create",
        {"experiment_id": "99999"},
        says=NO_EXPERIMENT,
    ),
    post("a run in an experiment whose id is no number", "runs/create", {"experiment_id": "abc"}),
    post(
        "a run named by a tag",
        "runs/create",
        {
            "experiment_id": "{three}",
            "start_time": TIME + 1,
            "tags": [{"key": "mlflow.runName", "value": "tagged"}],
        },
        keep={"tagged": "run.info.run_id"},
    ),
    post(
        "a run named twice",
        "runs/create",
        {"experiment_id": "{three}", "run_name": "a", "tags": [{"key": "mlflow.runName", "value": "b"}]},
        says="Both 'run_name' argument and 'mlflow.runName' tag are specified",
    ),
    post(
        "a run named twice alike",
        "runs/create",
        {
            "experiment_id": "{three}",
            "start_time": 5,
            "run_name": "a",
            "tags": [{"key": "mlflow.runName", "value": "a"}],
        },
        keep={"alike": "run.info.run_id"},
    ),
    post(
        "a run with a time that is no number",
        "runs/create",
        {"experiment_id": "{three}", "start_time": "soon"},
        says="for parameter 'start_time' supplied",
    ),
    post(
        "a run with a time as text",
        "runs/create",
        {"experiment_id": "{two}", "start_time": "1700000000000", "run_name": "t"},
        keep={"timed": "run.info.run_id"},
    ),
    post(
        "a run with a parent",
        "runs/create",
        {
            "experiment_id": "{two}",
            "start_time": TIME,
            "run_name": "child",
            "tags": [{"key": "mlflow.parentRunId", "value": "{run}"}, {"key": "mlflow.user", "value": "bob"}],
        },
        keep={"child": "run.info.run_id"},
    ),
    post("a run ends", "runs/update", {"run_id": "{tagged}", "status": "FINISHED", "end_time": TIME + 500}),
    post("a run ends by number", "runs/update", {"run_id": "{alike}", "status": 4, "end_time": TIME + 900}),
    post("an ended run goes on", "runs/update", {"run_id": "{alike}", "status": "RUNNING"}),
    post(
        "a run ends again", "runs/update", {"run_id": "{alike}", "status": "KILLED", "end_time": TIME + 901}
    ),
    post("a run of a status that is not known", "runs/update", {"run_id": "{child}", "status": "SLEEPING"}),
    post("a run is scheduled", "runs/update", {"run_id": "{child}", "status": "SCHEDULED"}),
    post("a run gets another name", "runs/update", {"run_id": "{child}", "run_name": "kind"}),
    get("a run with its new name", "runs/get", {"run_id": "{child}"}),
    post(
        "a run gets a name by a tag",
        "runs/set-tag",
        {"run_id": "{child}", "key": "mlflow.runName", "value": "enfant"},
    ),
    get("a run with the name of the tag", "runs/get", {"run_id": "{child}"}),
    post("a run is not changed", "runs/update", {"run_id": "{run}"}),
    post(
        "a run that is not there is changed",
        "runs/update",
        {"run_id": UNKNOWN_RUN, "status": "FINISHED"},
        says=NO_RUN,
    ),
    post("no run is changed", "runs/update", {"status": "FINISHED"}, says=MISSING.format("run_id")),
    post(
        "a run's end is no number",
        "runs/update",
        {"run_id": "{run}", "end_time": "late"},
        says="for parameter 'end_time' supplied",
    ),
    post("a tag", "runs/set-tag", {"run_id": "{run}", "key": "a b/c.d-e:f", "value": "1"}),
    post("a tag again", "runs/set-tag", {"run_uuid": "{run}", "key": "a b/c.d-e:f", "value": "2"}),
    post("an empty tag", "runs/set-tag", {"run_id": "{run}", "key": "void", "value": ""}),
    post("a tag without value", "runs/set-tag", {"run_id": "{run}", "key": "none"}),
    post("a tag of another alphabet", "runs/set-tag", {"run_id": "{run}", "key": "größe", "value": "日本"}),
    post("a tag without key", "runs/set-tag", {"run_id": "{run}", "value": "1"}, says=MISSING.format("key")),
    post("a tag of no run", "runs/set-tag", {"key": "a", "value": "1"}, says=MISSING.format("run_id")),
    post(
        "a tag of a run that is not there",
        "runs/set-tag",
        {"run_id": UNKNOWN_RUN, "key": "a", "value": "1"},
        says=NO_RUN,
    ),
    post(
        "a tag with strange letters",
        "runs/set-tag",
        {"run_id": "{run}", "key": "a$b", "value": "1"},
        says="Names may only contain",
    ),
    post(
        "a tag that climbs",
        "runs/set-tag",
        {"run_id": "{run}", "key": "a/../b", "value": "1"},
        says="Names may be treated as files in certain cases",
    ),
    post(
        "a tag with a key of 251 letters",
        "runs/set-tag",
        {"run_id": "{run}", "key": "k" * 251, "value": "1"},
        says="'key' exceeds the maximum length of 250 characters",
    ),
    post("a tag of 8001 letters", "runs/set-tag", {"run_id": "{bare}", "key": "long", "value": "v" * 8_001}),
    post("a tag is taken away", "runs/delete-tag", {"run_id": "{run}", "key": "void"}),
    post(
        "a tag that is not there is taken away",
        "runs/delete-tag",
        {"run_id": "{run}", "key": "void"},
        says="No tag with name: void in run with id {run}",
    ),
    post(
        "a tag without key is taken away", "runs/delete-tag", {"run_id": "{run}"}, says=MISSING.format("key")
    ),
    post(
        "a run's note", "runs/set-tag", {"run_id": "{run}", "key": "mlflow.note.content", "value": "A *note*"}
    ),
    get("a run with its tags", "runs/get", {"run_id": "{run}"}),
    get("a run with a long tag", "runs/get", {"run_id": "{bare}"}),
    post("a run is deleted", "runs/delete", {"run_id": "{timed}"}),
    post("a run is deleted again", "runs/delete", {"run_id": "{timed}"}),
    get("a deleted run is read", "runs/get", {"run_id": "{timed}"}),
    *[
        post(
            f"a deleted run: {path} {list(fields)[0]}",
            f"runs/{path}",
            {"run_id": "{timed}", **fields},
            says="must be in the 'active' state",
        )
        for path, fields in [
            ("update", {"run_name": "x"}),
            ("set-tag", {"key": "a", "value": "x"}),
            ("delete-tag", {"key": "a"}),
            ("log-metric", point("a", 1)),
            ("log-parameter", {"key": "a", "value": "1"}),
            ("log-batch", {"metrics": [point("a", 1)]}),
            ("log-batch", {"tags": pairs(a="1")}),
        ]
    ],
    post("a run comes back", "runs/restore", {"run_id": "{timed}"}),
    post("a run that is not deleted comes back", "runs/restore", {"run_id": "{timed}"}),
    post("a run that is not there is deleted", "runs/delete", {"run_id": UNKNOWN_RUN}, says=NO_RUN),
    post("a run that is not there comes back", "runs/restore", {"run_id": UNKNOWN_RUN}, says=NO_RUN),
    post("no run is deleted", "runs/delete", says=MISSING.format("run_id")),
]

ODD_RUNS = [
    post("a run without anything", "runs/create", {}),
    post("a run with a tag without key", "runs/create", {"experiment_id": "{two}", "tags": [{"value": "x"}]}),
    post(
        "a tag whose value is a number",
        "runs/set-tag",
        {"run_id": "{odd}", "key": "n", "value": 5},
        says="Invalid value 5 for parameter 'value' supplied",
    ),
]
