"""The command ``trackway``: one module for each subcommand, with its arguments and what it does.

A subcommand is a module of this package with ``HELP``, ``add_arguments(parser)`` and ``run(arguments) -> exit code``,
and a line in ``COMMANDS``.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from importlib import import_module

from .. import __version__
from ..error import TrackwayError

#: Subcommand → its module here.
COMMANDS = {"sync": "sync"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command line; gives back the exit code: 0 done, 1 not all of it, 2 wrong use, 3 no server."""
    parser = argparse.ArgumentParser(
        prog="trackway", description="Record training runs, and look after them."
    )
    parser.add_argument("--version", action="version", version=f"trackway {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    modules = {}
    for name, module_name in COMMANDS.items():
        module = modules[name] = import_module(f".{module_name}", __name__)
        command = commands.add_parser(name, help=module.HELP, description=module.__doc__)
        command.formatter_class = argparse.RawDescriptionHelpFormatter
        module.add_arguments(command)
    chosen = parser.parse_args(arguments)
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    try:
        return int(modules[chosen.command].run(chosen))
    except TrackwayError as error:
        print(f"trackway: {error}", file=sys.stderr)
        return 3 if error.transient else 1
    except KeyboardInterrupt:
        return 130
