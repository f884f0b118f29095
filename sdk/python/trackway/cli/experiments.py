"""Lists experiments."""

from __future__ import annotations

import argparse

from .. import experiment
from .ask import add_options, reader
from .form import experiment_json, print_json, time_text
from .table import Column, print_table

LIMIT = 50


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``trackway experiments``."""
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    ls = verbs.add_parser("ls", help="list them", description="Lists experiments, those in use last first.")
    ls.add_argument(
        "search", nargs="?", default="", metavar="TEXT", help="part of the name or the description"
    )
    ls.add_argument(
        "--status", choices=("active", "completed", "archived"), help="else all but archived ones"
    )
    ls.add_argument("--tag", action="append", default=[], help="only with this tag; may be repeated")
    ls.add_argument(
        "--sort",
        default="last_activity",
        metavar="KEY",
        choices=("last_activity", "created", "name", "run_count"),
        help="last_activity, created, name or run_count (default: %(default)s)",
    )
    ls.add_argument("--reverse", action="store_true", help="the other way round")
    ls.add_argument(
        "--limit", type=int, default=LIMIT, metavar="N", help="at most so many (default: %(default)s)"
    )
    add_options(ls)


def run(arguments: argparse.Namespace) -> int:
    """Lists."""
    found = experiment.listed(
        reader(arguments.url),
        arguments.search,
        arguments.status,
        arguments.tag,
        arguments.sort,
        arguments.reverse,
        max(arguments.limit, 0) + 1,
    )
    shown, more = found[: arguments.limit], len(found) > arguments.limit
    if arguments.json:
        print_json({"experiments": [experiment_json(one) for one in shown], "more": more})
        return 0
    if not shown:
        print("no experiments")
        return 0
    print_table(
        [
            Column("id", [one.id for one in shown], right=True, whole=True),
            Column("name", [one.name for one in shown]),
            Column("status", [one.status for one in shown], whole=True),
            Column("runs", [str(one.run_count) for one in shown], right=True, whole=True),
            Column("created", [time_text(one.created_at) for one in shown], whole=True),
            Column("tags", [", ".join(one.tags) for one in shown]),
        ]
    )
    if more:
        print(f"(more than {arguments.limit}: see --limit)")
    return 0
