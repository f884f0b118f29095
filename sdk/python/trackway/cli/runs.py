"""Lists, searches, shows and exports runs, and prints what they printed."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from .. import experiment
from ..download import StoredArtifact
from ..export import KINDS, kind_of
from ..group import GroupStat, RunGroup
from ..record import SeriesSummary, StoredRun
from ..search import RunList, Searched
from . import ask, columns, form, logs
from .table import Column, clean, heading, print_table, status_text, terminal_columns

LIMIT = 20
LS = """\
Lists runs, the newest first. QUERY is a condition in the query language:

  trackway runs ls "metrics.val_f1 > 0.85 and params.optimizer = 'adam'"
  trackway runs ls "status = failed and started > -7d" --columns name,started,tags.owner
  trackway runs ls --experiment digits --sort metrics.val/loss --reverse

It compares metrics.<key> (also .min, .max, .mean), params.<key>, tags.<key>, id, name, number, status, user, created,
started, ended, updated, duration and archived (true or false; without it, archived runs are left out); with = != < <= > >=, in (...), between ... and ..., like, ilike, ~ and !~ (regular
expressions), is null, is nan; joined by and, or, not and parentheses. Texts stand in quotes.
"""
EXPORT = """\
Writes the runs of an experiment to a file: all, or those that QUERY means (see `trackway runs ls --help`).

  trackway runs export --experiment digits -o digits.csv
  trackway runs export "name ~ '^bert-'" --experiment digits --columns params.lr,metrics.loss.min -o runs.parquet

Parquet keeps the types of the columns: numbers, booleans, times and texts. CSV holds every value as it is; a
spreadsheet may take a text that begins with = for a formula, so import such a column as text.
"""
GROUPS = """\
Puts the runs of an experiment in groups: those that have the same in some fields. Shows how many each has, and of
each field asked for the mean with its 95 % confidence interval; with --json also deviation, minimum and maximum.

  trackway runs groups "all but params.seed" --experiment digits --fields metrics.val/loss.min
  trackway runs groups params.lr,tags.phase --experiment digits --fields metrics.val/loss.min,duration --sort "n desc"
"""
SHOW = "Shows a run: what it is, its params, its metrics, its files and its note."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``trackway runs``."""
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    raw = argparse.RawDescriptionHelpFormatter
    ls = verbs.add_parser("ls", help="list and search them", description=LS, formatter_class=raw)
    ls.add_argument("query", nargs="?", default="", metavar="QUERY", help="only those that it means")
    ls.add_argument(
        "--experiment",
        action="append",
        metavar="NAME|ID",
        help="only of this experiment; may be repeated (default: all that are not archived)",
    )
    ls.add_argument(
        "--sort",
        default="created",
        metavar="KEY",
        help="created, name, status, duration, metrics.<key> or params.<key> (default: %(default)s); of one experiment "
        "also several, such as 'metrics.loss.min, params.lr desc'",
    )
    ls.add_argument("--reverse", action="store_true", help="the other way round")
    ls.add_argument(
        "--limit", type=int, default=LIMIT, metavar="N", help="at most so many (default: %(default)s)"
    )
    ls.add_argument(
        "--columns",
        action="append",
        metavar="COLUMNS",
        help="such as id,name,params.lr,metrics.loss.min,tags.owner,url; keys with a comma in double quotes",
    )
    ask.add_options(ls)
    export = verbs.add_parser("export", help="write them to a file", description=EXPORT, formatter_class=raw)
    export.add_argument("query", nargs="?", default="", metavar="QUERY", help="only those that it means")
    export.add_argument("--experiment", required=True, metavar="NAME|ID", help="the experiment")
    export.add_argument("-o", "--output", required=True, metavar="FILE", help="the file to write")
    export.add_argument(
        "--format", choices=KINDS, help="what to write (default: what the name of the file ends in)"
    )
    export.add_argument(
        "--columns",
        action="append",
        metavar="COLUMNS",
        help="such as params.lr,metrics.loss.min,tags.owner, after what every run has (default: all that there are)",
    )
    export.add_argument(
        "--sort", default="created", metavar="KEY", help="as of `trackway runs ls` (default: %(default)s)"
    )
    export.add_argument("--reverse", action="store_true", help="the other way round")
    export.add_argument("--limit", type=int, metavar="N", help="at most so many (default: all)")
    ask.add_options(export)
    groups = verbs.add_parser("groups", help="group them", description=GROUPS, formatter_class=raw)
    groups.add_argument(
        "by", metavar="BY", help="such as params.lr,tags.phase,status; or all but params.seed"
    )
    groups.add_argument("query", nargs="?", default="", metavar="QUERY", help="only runs that it means")
    groups.add_argument("--experiment", required=True, metavar="NAME|ID", help="whose runs")
    groups.add_argument(
        "--fields",
        default="",
        metavar="FIELDS",
        help="what to have means of, such as metrics.loss.min,duration",
    )
    groups.add_argument(
        "--sort",
        default="",
        metavar="FIELDS",
        help="n, what it is grouped by, or fields, each rising unless desc follows (default: n desc)",
    )
    groups.add_argument(
        "--limit", type=int, default=LIMIT, metavar="N", help="at most so many (default: %(default)s)"
    )
    ask.add_options(groups)
    show = verbs.add_parser("show", help="show one", description=SHOW)
    show.add_argument(
        "run", metavar="RUN", help="its id, the start of its id (4 digits or more), or its name"
    )
    ask.add_options(show)
    told = verbs.add_parser("logs", help="print what one printed", description=logs.ABOUT)
    logs.add_arguments(told)


def run(arguments: argparse.Namespace) -> int:
    """Lists, groups, shows, exports or prints."""
    verbs = {"ls": _list, "groups": _groups, "show": _show, "export": _export, "logs": logs.run}
    return verbs[arguments.verb](arguments)


def _export(arguments: argparse.Namespace) -> int:
    kind = arguments.format or kind_of(arguments.output)
    server = ask.reader(arguments.url)
    found = experiment.found(server, arguments.experiment)
    runs = RunList(
        server,
        lambda: [Searched(found.id, found.name)],
        arguments.query,
        arguments.sort,
        arguments.reverse,
        arguments.limit,
    )
    write = {"csv": runs.to_csv, "parquet": runs.to_parquet}[kind]
    written = write(arguments.output, columns=columns.named(arguments.columns) if arguments.columns else None)
    size_bytes = written.stat().st_size
    if arguments.json:
        form.print_json({"path": str(written), "format": kind, "size_bytes": size_bytes})
    else:
        print(f"{clean(str(written))}  {form.size_text(size_bytes)}")
    return 0


def _list(arguments: argparse.Namespace) -> int:
    server = ask.reader(arguments.url)
    limit = max(arguments.limit, 0)

    def searched() -> list[Searched]:
        if arguments.experiment:
            found = [experiment.found(server, wanted) for wanted in arguments.experiment]
        else:
            found = [one for one in experiment.listed(server) if one.run_count]
        return [Searched(one.id, one.name) for one in found]

    wanted = searched()
    found = list(
        RunList(server, lambda: wanted, arguments.query, arguments.sort, arguments.reverse, limit + 1)
    )
    runs, more = found[:limit], len(found) > limit
    if arguments.json:
        form.print_json({"runs": [form.run_json(one) for one in runs], "more": more})
        return 0
    names = columns.named(arguments.columns or []) or columns.default(runs, several=len(wanted) != 1)
    try:
        # Of a terminal, the whole of an id is of no use to anybody; commands take its start.
        table = [columns.column(name, runs, terminal_columns() is not None) for name in names]
    except ValueError as error:
        print(f"trackway: {error}", file=sys.stderr)
        return 2
    if not runs:
        print("no runs")
        return 0
    print_table(table)
    if more:
        print(f"(more than {limit}: see --limit)")
    return 0


def _groups(arguments: argparse.Namespace) -> int:
    searched = experiment.found(ask.reader(arguments.url), arguments.experiment)
    limit = max(arguments.limit, 0)
    found = searched.groups(
        arguments.by, arguments.fields, arguments.query, sort=arguments.sort, limit=limit + 1
    )
    groups, more = found[:limit], len(found) > limit
    if arguments.json:
        form.print_json({"groups": [_group_json(one) for one in groups], "more": more})
        return 0
    if not groups:
        print("no runs")
        return 0
    table = [
        Column(
            field.partition(".")[2] or field,
            ["-" if one.keys[field] is None else str(one.keys[field]) for one in groups],
        )
        for field in groups[0].keys
    ]
    table.append(Column("n", [str(one.n) for one in groups], right=True, whole=True))
    for field in groups[0].stats:
        title = field.removeprefix("metrics.").removeprefix("params.")
        cells = [_mean(one.stats[field]) for one in groups]
        table.append(Column(title, cells, right=True, whole=True))
    print_table(table)
    if more:
        print(f"(more than {limit}: see --limit)")
    return 0


def _mean(stat: GroupStat) -> str:
    """``0.25 +-0.012``, and how many values went not into it because they are not finite."""
    if stat.mean is None:
        return f"- ({stat.not_finite} not finite)" if stat.not_finite else "-"
    interval = "" if stat.ci95 is None else f" +-{stat.ci95:.2g}"
    odd = f" ({stat.not_finite} not finite)" if stat.not_finite else ""
    return f"{form.value_text(stat.mean)}{interval}{odd}"


def _group_json(group: RunGroup) -> dict[str, Any]:
    def numbers(stat: GroupStat) -> dict[str, Any]:
        return {name: form.number_json(value) for name, value in stat._asdict().items()} | {
            "n": stat.n,
            "not_finite": stat.not_finite,
        }

    stats = {field: numbers(stat) for field, stat in group.stats.items()}
    return {"keys": group.keys, "n": group.n, "stats": stats, "filter": group.filter}


def _show(arguments: argparse.Namespace) -> int:
    found = ask.run(ask.reader(arguments.url), arguments.run)
    series, artifacts, note = found.series(), found.artifacts(), found.note()
    environment = found.environment()
    if arguments.json:
        form.print_json(
            {
                **form.run_json(found),
                "series": [_series_json(one) for one in series],
                "artifacts": [one._asdict() for one in artifacts],
                "note": note,
                "environment": environment,
            }
        )
        return 0
    _tell(found, _commit(environment), series, artifacts, note)
    return 0


def _commit(environment: dict[str, Any]) -> str:
    """The code that ran, in a line; anybody may have written what the environment holds."""
    git = environment.get("git")
    if not isinstance(git, dict) or not git.get("commit"):
        return ""
    branch = f" on {git['branch']}" if git.get("branch") else ""
    return f"{str(git['commit'])[:12]}{branch}{', with changes of its own' if git.get('dirty') else ''}"


def _series_json(one: SeriesSummary) -> dict[str, Any]:
    numbers = {name: form.number_json(getattr(one, name)) for name in ("last", "min", "max", "mean")}
    return {**one._asdict(), **numbers, "last_time": form.time_json(one.last_time)}


def _tell(
    run: StoredRun,
    commit: str,
    series: list[SeriesSummary],
    artifacts: list[StoredArtifact],
    note: str | None,
) -> None:
    print(f"{heading(clean(run.name))}  {status_text(run.status)}")
    tags = ", ".join(f"{key}: {value}" if value else key for key, value in run.tags.items())
    facts = {
        "id": run.id,
        "experiment": f"{run.experiment_name} ({run.experiment_id}), run {run.number}",
        "started": f"{form.time_text(run.started_at)} by {run.user}",
        "duration": form.duration_text(run.duration_seconds),
        "tags": tags,
        "commit": commit,
        "parent": run.parent_id or "",
        "page": run.url,
    }
    for name, value in facts.items():
        if value:
            print(f"{name:<12}{clean(value)}")
    if run.params:
        print(f"\n{heading('Params')}")
        print_table(
            [
                Column("key", list(run.params)),
                Column("value", [form.value_text(one) for one in run.params.values()]),
            ]
        )
    shown = [one for one in series if not one.key.startswith("system/")]
    if shown:
        print(f"\n{heading('Metrics')}")
        print_table(_metric_columns(shown))
    if artifacts:
        total = form.size_text(sum(one.size_bytes for one in artifacts if one.uri is None))
        print(f"\n{heading('Artifacts')}: {len(artifacts)}, {total}")
        sizes = Column("size", [form.size_text(one.size_bytes) for one in artifacts], right=True)
        columns = [Column("path", [one.path for one in artifacts]), sizes]
        if any(one.uri for one in artifacts):
            columns.append(Column("tracked elsewhere", [one.uri or "" for one in artifacts]))
        print_table(columns)
    if note:
        print(f"\n{heading('Note')}")
        print("\n".join(clean(line) for line in note.splitlines()))


def _metric_columns(series: list[SeriesSummary]) -> list[Column]:
    def name(one: SeriesSummary) -> str:
        told = ", ".join(f"{key}={value}" for key, value in one.context.items())
        return f"{one.key} [{told}]" if told else one.key

    def last(one: SeriesSummary) -> str:
        return form.value_text(one.last) if one.kind == "number" else f"({one.kind})"

    return [
        Column("key", [name(one) for one in series]),
        Column("last", [last(one) for one in series], right=True, whole=True),
        Column("step", [str(one.last_step) for one in series], right=True, whole=True),
        Column("min", [form.value_text(one.min) for one in series], right=True, whole=True),
        Column("max", [form.value_text(one.max) for one in series], right=True, whole=True),
        Column("points", [str(one.points) for one in series], right=True, whole=True),
    ]
