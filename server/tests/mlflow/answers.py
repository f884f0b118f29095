"""Where answers differ from the genuine server's on purpose: the table in docs/mlflow.md, row by row."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    # The first and the last column of its row.
    what: str
    why: str
    # Patterns of a call and of the places in its answer that differ; each of them must match something.
    shows: tuple[tuple[str, str], ...]


def whole(*calls: str) -> tuple[tuple[str, str], ...]:
    """Calls whose answers have nothing in common."""
    return tuple((call, "*") for call in calls)


DIFFERENCES: list[Difference] = [
    Difference(
        "`artifact_location` of a new experiment",
        "the server chooses where files lie",
        whole("an experiment in a place of its own"),
    ),
    Difference(
        "order by a param",
        "`0.1` comes before `0.02` as text",
        (("runs: ordered by a param of numbers", "runs/*"),),
    ),
    Difference(
        "restoring an experiment",
        "a person threw them away",
        (("runs: of an experiment that came back", "runs/1/*"),),
    ),
    Difference(
        "names that clash, a deleted experiment renamed",
        "a client does not try a 400 again",
        (
            ("an experiment gets a name that is taken", "error_code"),
            *whole("a deleted experiment gets a name"),
        ),
    ),
    Difference(
        "the same field twice in `order_by`",
        "a mistake of the caller",
        whole("runs: ordered by one field twice", "experiments: ordered by one field twice"),
    ),
    Difference(
        "a filter on `artifact_uri`",
        "the location follows from the run's id, by which runs are found",
        whole("runs: artifact_uri LIKE '%{found0}%'", "runs: attributes.artifact_uri != 'x'"),
    ),
    Difference(
        "order by `status`",
        "in the order of the names that pages show",
        (("runs: ordered by status, start_time", "runs/*"),),
    ),
    Difference("one clause in parentheses", "harmless", whole("runs: (metrics.acc > 0)")),
    Difference("a doubled quote inside a value", "as in SQL", whole("runs: tags.quote = 'it''s'")),
    Difference(
        "notes in the runs of a search",
        "a note may be long",
        (("runs: of two experiments", "runs/*/data/tags/mlflow.note.content/*"),),
    ),
    Difference(
        "the latest of points with one step",
        "clocks decide nothing",
        (
            ("the latest of two values of one step", "run/data/metrics/tie/*"),
            ("runs: of two experiments", "runs/*/data/metrics/tie/*"),
        ),
    ),
    Difference("`/version`", "below the version from which clients send spans", (("version", "content*"),)),
    Difference(
        "what `server-info` offers",
        "not served",
        (("server-info", "features_enabled/gateway"), ("server-info", "presigned_upload_*")),
    ),
    Difference(
        "files in parts",
        "large files come by several connections at once",
        (*whole("files in parts: begin"), ("server-info", "multipart_uploads_enabled")),
    ),
    Difference("`workspace` of an experiment", "there is one of them", (("*", "*workspace"),)),
    Difference(
        "`sqlstate` and `error_class` of errors",
        "clients do not read them",
        (("*", "sqlstate"), ("*", "error_class")),
    ),
    Difference(
        "mistakes that are answered with 500",
        "a client tries a 500 again",
        whole(
            "an experiment by a list",
            "a point: a value that is a list",
            "a batch: a metric that is no object",
            "models: by a token that nobody gave",
            "models: refused: colour = 'red'",
            "models: refused: metrics.score > 'x'",
        ),
    ),
    Difference(
        "things that are not there, told by an error of SQL",
        "that is what 404 is for",
        (
            ("a model that is not there gets a metric", "status"),
            ("a model that is not there gets a metric", "error_code"),
            ("a trace that is not there is tagged", "status"),
            ("a trace that is not there is tagged", "error_code"),
        ),
    ),
    Difference(
        "the outputs of a run once more",
        "a client may send them twice",
        whole("outputs: again"),
    ),
    Difference(
        "a run that names no experiment",
        "so does MLflow with files",
        whole("a run without anything"),
    ),
    Difference(
        "`start_time` of a run that names none",
        "1970 is never meant",
        (("a run *", "run/info/start_time"),),
    ),
    Difference("`user_id` of a run that names none", "the token tells who it is", (("*", "*user_id"),)),
    Difference(
        "the end of a run that goes on",
        "it has not ended",
        (("an ended run goes on", "run_info/end_time"),),
    ),
    Difference(
        "tags and params without key, data sets without name, digest or source",
        "nobody can ask for them",
        whole(
            "a run with a tag without key",
            "a model with a param without key",
            "inputs: without name",
            "inputs: without digest",
            "inputs: without source",
            "inputs: without source type",
            "inputs: without data set",
        ),
    ),
    Difference(
        "a bare `NaN` in a metric",
        "it is a value like others",
        (("a history: of a bare NaN", "metrics/*"),),
    ),
    Difference(
        "a step that is no integer or beyond 64 bits",
        "nothing is logged that was not meant",
        whole("a point: a step that is half", "a point: a step beyond all steps"),
    ),
    Difference(
        "names of views and statuses that are not known",
        "a word that does nothing is a mistake",
        whole("experiments: a view that is not known", "a model of a status that is not known"),
    ),
    Difference(
        "a run id that no run can have",
        "it is not there",
        (
            ("a batch: of a run whose id is a path", "status"),
            ("a batch: of a run whose id is a path", "error_code"),
        ),
    ),
    Difference(
        "the history of a run that is not there",
        "as every other call says",
        whole("a history: of a run that is not there"),
    ),
    Difference(
        "which points a sample of a history holds",
        "the ends are always among them",
        (("histories, sampled: *", "metrics/*"),),
    ),
    Difference(
        "the answer to an upload",
        "an answer is always an object",
        (("a file: *", ""), ("a file: *", "content*"), ("upload-artifact: a file", "*")),
    ),
    Difference(
        "the size of an empty file",
        "it has one",
        (("files: *", "files/2/file_size"),),
    ),
    Difference(
        "a backslash in the path of a file",
        "it leads out on other systems",
        whole("a file: has a backslash"),
    ),
    Difference(
        "errors of files",
        "every error has its code",
        (
            ("a file: ends in a slash", "*"),
            ("a file: is a folder", "*"),
            ("get-artifact: no run", "*"),
            ("get-artifact: no path", "*"),
        ),
    ),
    Difference(
        "an endpoint that is not there",
        "clients try another way when they are told so",
        (("an endpoint that is not there", "content*"), ("an endpoint that is not there", "error_code")),
    ),
    Difference(
        "`experiments/search-datasets` under `/api`",
        "both prefixes answer everywhere",
        whole("data sets: of two experiments"),
    ),
    Difference(
        "`model_type` and `source_run_id` of a model that has none",
        "clients read both as empty",
        (("*", "*info/model_type"), ("*", "*info/source_run_id")),
    ),
    Difference(
        "names in camelCase in a query",
        "harmless",
        whole("an experiment is read in camelCase"),
    ),
    Difference(
        "`attributes.` in a search for experiments, `metric.` in one for models, `Run name` in an order",
        "harmless",
        whole(
            "experiments: attributes.name ILIKE 'O%'",
            "models: refused: metric.score > 1",
            "runs: ordered by `Run name` DESC",
        ),
    ),
    Difference(
        "`status` in a search for models",
        "it is what the model says",
        (("models: status = 'READY'", "*"), ("models: status != 'READY'", "models/*")),
    ),
    Difference(
        "texts without quotes, `max_results` of 0 in searches for models",
        "as in all other searches",
        whole("models: refused: name = tree", "models: none", "registered: none"),
    ),
    Difference(
        "`model_id` of a version of a model",
        "it tells which it is",
        (("*", "model_version*/model_id"), ("*", "registered_model*/latest_versions/*/model_id")),
    ),
    Difference(
        "aliases of versions in lists",
        "they need not be asked for one by one",
        (
            ("versions: *", "model_versions/*/aliases/*"),
            ("*", "registered_model*/latest_versions/*/aliases/*"),
        ),
    ),
    Difference(
        "the source of a model version",
        "the source says it already",
        whole("a version of a run that it does not name"),
    ),
    Difference(
        "queries and fragments in the source of a model version",
        "paths are hidden behind them",
        whole("a version of an address with a query"),
    ),
    Difference(
        "`get-download-uri` of a `runs:/` source",
        "it stays true whatever becomes of names",
        (("where net 2 lies", "artifact_uri"),),
    ),
    Difference(
        "archiving what is in a stage that is not active",
        "a client does not try a 400 again",
        whole("a version is archived with all in the archive"),
    ),
    Difference(
        "`mlflow.log-model.history`",
        "members that clients did not send add nothing",
        (("log-model: is a tag", "run/data/tags/mlflow.log-model.history/value"),),
    ),
    Difference(
        "`request_time` of a trace, `mlflow.trace.infoFinalized`",
        "the same moment; a mark of the server for itself",
        (("*", "*request_time"), ("*", "*trace_metadata/mlflow.trace.infoFinalized")),
    ),
]
