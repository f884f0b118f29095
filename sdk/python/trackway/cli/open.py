"""Opens a run, an experiment, or the server itself in the browser, and prints its address."""

from __future__ import annotations

import argparse
import sys

from . import ask
from .form import print_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``trackway open``."""
    help = "a run (id, start of its id, name) or an experiment (id, name); default: the server's first page"
    parser.add_argument("what", nargs="?", metavar="RUN|EXPERIMENT", help=help)
    parser.add_argument("--print", action="store_true", help="print the address, open nothing")
    ask.add_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Finds and opens."""
    server = ask.reader(arguments.url)
    url = ask.run_or_experiment(server, arguments.what).url if arguments.what else server.url
    opened = False
    if not arguments.print:
        import webbrowser

        opened = webbrowser.open(url)
    if arguments.json:
        print_json({"url": url, "opened": opened})
    else:
        print(url)
    if not (opened or arguments.print):
        print("trackway: no browser could be opened", file=sys.stderr)
    return 0
