"""The command ``trackway``: one module for each subcommand, with its arguments and what it does.

A subcommand is a module of this package with ``add_arguments(parser)`` and ``run(arguments) -> exit code``, and a line
in ``COMMANDS``. Only the module of the one that was called is loaded. What the server's own program does, it is left to
do: see ``server.py``.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from .. import __version__

#: Subcommand → its module here, and what it does.
COMMANDS = {
    "login": ("login", "keep the token of a server, after checking it"),
    "status": ("status", "which server, who am I, and what waits to be sent"),
    "runs": ("runs", "list, search, show and export runs, and print their logs"),
    "experiments": ("experiments", "list experiments"),
    "download": ("download", "bring the files of a run to this machine"),
    "open": ("open", "open a run or an experiment in the browser"),
    "sync": ("sync", "send what is left in spools"),
}
#: Those of the server's program that everybody needs; it may have more.
SERVER_COMMANDS = {
    "serve": "start the server",
    "sign-in": "print a link that signs a browser in to a running server",
}
EPILOG = """\
exit codes: 0 done, 1 it went wrong (the reason is on stderr), 2 wrong use

With --json a command prints one JSON document on stdout and nothing else. Which server: --url, else TRACKWAY_URL, else
the credentials file that `trackway login`, or a server on this machine, wrote; TRACKWAY_TOKEN beats the token in it.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command line; gives back the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    chosen = words[0] if words and not words[0].startswith("-") else None
    if chosen is not None and chosen not in COMMANDS:
        from . import server

        if chosen in SERVER_COMMANDS or server.knows(chosen):
            return server.hand_over(words)
    parser = _parser(chosen)
    if not words:
        parser.print_help(sys.stderr)
        return 2
    parsed = parser.parse_args(words)
    module = import_module(f".{COMMANDS[parsed.command][0]}", __name__)
    return _guarded(lambda: int(module.run(parsed)))


def _parser(chosen: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="trackway",
        description="Record training runs, and look after them.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"trackway {__version__} (Python package)")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, (module_name, help) in COMMANDS.items():
        command = commands.add_parser(name, help=help)
        if name == chosen:
            module = import_module(f".{module_name}", __name__)
            command.description = module.__doc__
            command.formatter_class = argparse.RawDescriptionHelpFormatter
            module.add_arguments(command)
    for name, help in SERVER_COMMANDS.items():
        commands.add_parser(name, help=f"{help} (done by the server's program)")
    return parser


def _guarded(run: Callable[[], int]) -> int:
    """Errors that are to be expected are said in a line; nobody needs a traceback for them."""
    import logging

    from ..error import TrackwayError

    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal cannot show is no reason to fail.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = run()
        sys.stdout.flush()
        return code
    except TrackwayError as error:
        print(f"trackway: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Whoever read has enough, such as `head`. What is still in the buffer goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        print(f"trackway: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
