"""Calls: search."""

from __future__ import annotations

from calls.call import NO_EXPERIMENT, TIME, pairs, point, post, search

SEARCHED = [
    post(
        "searched: the experiment",
        "experiments/create",
        {"name": "searched"},
        keep={"searched": "experiment_id"},
    ),
    *[
        call
        for number, (name, loss, optimizer, status) in enumerate(
            [
                ("a one", 0.5, "adam", "FINISHED"),
                ("b two", 0.2, "sgd", "FAILED"),
                ("c three", "NaN", "adamw", "RUNNING"),
                ("d four", None, None, "KILLED"),
            ]
        )
        for call in [
            post(
                f"searched: {name}",
                "runs/create",
                {
                    "experiment_id": "{searched}",
                    "user_id": ("ada", "bob", "cyd", "dan")[number],
                    "run_name": name,
                    "start_time": TIME + 10 + number,
                    "tags": pairs(number=str(number), quote="it's") if loss else [],
                },
                keep={f"found{number}": "run.info.run_id"},
            ),
            post(
                f"searched: {name} has data",
                "runs/log-batch",
                {
                    "run_id": f"{{found{number}}}",
                    "metrics": [point("val loss", loss), point("acc", number)],
                    "params": [*pairs(optimizer=optimizer or ""), {"key": "a b", "value": "c"}],
                }
                if loss
                else {"run_id": f"{{found{number}}}"},
            ),
            post(
                f"searched: {name} ends",
                "runs/update",
                {
                    "run_id": f"{{found{number}}}",
                    "status": status,
                    **({} if status == "RUNNING" else {"end_time": TIME + 100 + number}),
                },
            ),
        ]
    ],
]


FOUND_RUNS = [
    search("all"),
    search("of no experiment", experiment_ids=[]),
    search("of an experiment that is not there", experiment_ids=["99999"]),
    search("of an experiment whose id is no number", experiment_ids=["abc"]),
    search("of two experiments", experiment_ids=["{searched}", "{one}"], order_by=["start_time"]),
    search("under the pages' view", run_view_type="ALL", max_results=2),
    search("the deleted", run_view_type="DELETED_ONLY"),
    search("none", max_results=0),
    search("50001", max_results=50_001),
    search("a count as text", max_results="1"),
    search("the first page", max_results=2, keep={"page": "next_page_token"}),
    search("the second page", max_results=2, page_token="{page}"),
    search("by a token that nobody gave", page_token="not a token", says="Invalid page token"),
    search("with a filter that is no text", filter=5, says="for parameter 'filter' supplied"),
    search("with ids that are no list", experiment_ids="1"),
    *[
        search(filter_text, filter=filter_text)
        for filter_text in [
            "metrics.`val loss` < 0.4",
            "metrics.'val loss' >= 0.2",
            'metrics."val loss" != 0.5',
            "metric.acc = 1",
            "metrics.acc=1",
            "metrics.acc > .5 AND metrics.acc <= 1e0",
            "metrics.acc > -1 and params.optimizer = 'adam'",
            "metrics.absent != 1",
            "params.optimizer = 'adam'",
            'params.optimizer = "adam"',
            "param.optimizer != 'adam'",
            "parameters.optimizer LIKE 'adam%'",
            "params.optimizer like '_dam'",
            "params.optimizer ILIKE 'ADAM'",
            "params.optimizer IS NULL",
            "params.optimizer IS NOT NULL",
            "params.\"a b\" = 'c'",
            "tags.number = '1'",
            "tag.number != '1'",
            "tags.mlflow.runName = 'a one'",
            "tags.`mlflow.runName` LIKE '%o%'",
            "tags.absent IS NULL",
            "status = 'FINISHED'",
            "attributes.status != 'RUNNING'",
            "attribute.status LIKE 'F%'",
            "status = 'finished'",
            "run_name = 'a one'",
            "attributes.`Run name` ILIKE 'A%'",
            "run.run_id = '{found0}'",
            "run_id IN ('{found0}', \"{found1}\")",
            "run_id NOT IN ('{found0}')",
            "user_id = 'ada'",
            "start_time > 1700000000011",
            "attr.end_time <= 1700000000101",
            "created >= 1700000000013",
            "artifact_uri LIKE '%{found0}%'",
            "attributes.artifact_uri != 'x'",
            "metrics.acc > 0 AND ",
            "metrics.acc > 0 AND AND metrics.acc < 9",
            "dataset.name = 'nothing'",
            "datasets.context = 'train'",
            "(metrics.acc > 0)",
            "tags.'number' = '1'",
            "tags.quote = 'it''s'",
            'tags.quote = "it\'s"',
        ]
    ],
    *[
        search(f"refused: {filter_text}", says=says, filter=filter_text)
        for filter_text, says in [
            ("metrics.acc > 'x'", "Expected numeric value type for metric"),
            ("metrics.acc LIKE 1", ""),
            ("metrics.acc IS NULL", "IS NULL / IS NOT NULL is only supported for"),
            ("params.optimizer = 1", ""),
            ("params.optimizer > 'a'", "Invalid comparator"),
            ("foo.bar = 'x'", "Invalid entity type 'foo'"),
            ("lifecycle_stage = 'active'", "Invalid attribute key 'lifecycle_stage' specified"),
            ("colour = 'red'", "Invalid attribute key 'colour' specified"),
            ("metrics.acc > 1 OR metrics.acc < 1", "Invalid clause(s) in filter string"),
            ("NOT metrics.acc > 1", "Invalid clause(s) in filter string"),
            ("metrics.acc > 1; DROP TABLE runs", ""),
            ("status = FINISHED", ""),
            (
                "status IN ('FINISHED')",
                "Only ['run_id'] attributes support comparison with a list of quoted string values.",
            ),
            ("status > 'A'", "Invalid comparator"),
            ("run_id IN ()", ""),
            ("run_id = 5", ""),
            ("start_time = 'x'", ""),
            ("acc =", ""),
            ("= 1", ""),
            ("1 = metrics.acc", ""),
            (" ", ""),
            ("metrics.acc == 1", "Invalid comparator '=='"),
            ("dataset.colour = 'x'", "Invalid dataset key"),
            ("params.a IN ('b')", ""),
            ("metrics.acc > 1 -- comment", ""),
        ]
    ],
    *[
        search(f"ordered by {', '.join(order_by) or 'nothing'}", order_by=order_by)
        for order_by in [
            [],
            ["metrics.`val loss` ASC"],
            ["metrics.`val loss` DESC"],
            ["metrics.acc"],
            ["params.optimizer"],
            ["params.optimizer desc"],
            ["tags.number DESC"],
            ["start_time ASC"],
            ["attributes.start_time"],
            ["status", "start_time"],
            ["end_time DESC"],
            ["run_name"],
            ["`Run name` DESC"],
            ["user_id DESC"],
            ["created"],
            ["metrics.absent"],
        ]
    ],
    search("ordered by what they have not", order_by=["colour"]),
    search("ordered by an entity that is none", order_by=["foo.bar"]),
    search("ordered by a wrong direction", order_by=["start_time DOWN"]),
    search("ordered by one field twice", order_by=["metrics.acc", "metrics.acc DESC"]),
    search("ordered by a data set", order_by=["dataset.name"]),
    post("sizes: the experiment", "experiments/create", {"name": "sizes"}, keep={"sizes": "experiment_id"}),
    *[
        call
        for number, size in enumerate(["0.1", "0.02", "10", "9", "x"])
        for call in [
            post(
                f"sizes: run {number}",
                "runs/create",
                {"experiment_id": "{sizes}", "run_name": size, "start_time": TIME},
                keep={f"size{number}": "run.info.run_id"},
            ),
            post(
                f"sizes: {size}",
                "runs/log-parameter",
                {"run_id": f"{{size{number}}}", "key": "size", "value": size},
            ),
        ]
    ],
    search("ordered by a param of numbers", experiment_ids=["{sizes}"], order_by=["params.size"]),
    post("twin: the experiment", "experiments/create", {"name": "twin"}, keep={"twin": "experiment_id"}),
    post(
        "twin: a run",
        "runs/create",
        {"experiment_id": "{twin}", "start_time": TIME, "run_name": "a"},
        keep={"twin a": "run.info.run_id"},
    ),
    post(
        "twin: another run",
        "runs/create",
        {"experiment_id": "{twin}", "start_time": TIME + 1, "run_name": "b"},
        keep={"twin b": "run.info.run_id"},
    ),
    post("twin: the first is deleted", "runs/delete", {"run_id": "{twin a}"}),
    post("twin: the experiment is deleted", "experiments/delete", {"experiment_id": "{twin}"}),
    search("of a deleted experiment", experiment_ids=["{twin}"], run_view_type="ALL"),
    search("active ones of a deleted experiment", experiment_ids=["{twin}"]),
    post("twin: the experiment comes back", "experiments/restore", {"experiment_id": "{twin}"}),
    post("twin: it comes back again", "experiments/restore", {"experiment_id": "{twin}"}),
    search("of an experiment that came back", experiment_ids=["{twin}"]),
    post(
        "an experiment that is not there comes back",
        "experiments/restore",
        {"experiment_id": "99999"},
        says=NO_EXPERIMENT,
    ),
]
