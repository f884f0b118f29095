"""Tells which server is asked and whether it answers, who the token belongs to, and what waits to be sent.

Exit code 1 when the server does not answer, or does not know the token.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

from .. import __version__, credentials, folder
from ..connection import Connection
from ..error import TrackwayError
from .ask import FIRST_TIMEOUT_SECONDS, add_options
from .form import print_json, size_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``trackway status``."""
    add_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Asks and tells."""
    known = credentials.find(arguments.url)
    server, user, error = _asked(known)
    spool = _spool()
    if arguments.json:
        print_json(
            {
                "server": {
                    "url": known.url,
                    "reachable": server is not None,
                    **(server or {}),
                    "error": error,
                },
                "user": user,
                "token_source": known.token_source,
                "client_version": __version__,
                "spool": spool,
            }
        )
    else:
        _tell(known, server, user, spool)
        if error:
            print(f"trackway: {error}", file=sys.stderr)
    return 1 if error else 0


def _asked(
    known: credentials.Credentials,
) -> tuple[dict[str, Any] | None, dict[str, Any] | None, str | None]:
    """The server's version, the caller, and what went wrong."""
    server = None
    connection = Connection(known, FIRST_TIMEOUT_SECONDS)
    try:
        server = connection.json("GET", "/api/v1/version")
        caller = connection.json("GET", "/api/v1/me")
    except TrackwayError as error:
        return server, None, str(error)
    return server, {"name": caller["name"], "role": caller["role"]}, None


def _spool() -> dict[str, Any]:
    directory = folder.root()
    spools: list[dict[str, Any]] = [
        {
            "path": one.path,
            "url": one.about.get("url"),
            "host": one.about.get("host"),
            "pid": one.about.get("pid"),
            "alive": one.alive,
            "waiting_bytes": one.waiting_bytes,
        }
        for one in folder.left(directory)
    ]
    waiting = sum(one["waiting_bytes"] for one in spools)
    return {"directory": directory, "waiting_bytes": waiting, "spools": spools}


def _tell(
    known: credentials.Credentials,
    server: dict[str, Any] | None,
    user: dict[str, Any] | None,
    spool: dict[str, Any],
) -> None:
    version = f"version {server['version']}" if server else "no answer"
    print(f"server  {known.url}, {version}")
    print(f"user    {user['name']} ({user['role']})" if user else "user    nobody")
    print(f"token   from {known.token_source}" if known.token else "token   none")
    print(f"client  version {__version__}")
    waiting = [one for one in spool["spools"] if one["waiting_bytes"]]
    if not waiting:
        print(f"spool   nothing waits in {spool['directory']}")
        return
    alive = sum(1 for one in waiting if one["alive"])
    about = f"{len(waiting)} processes" if len(waiting) != 1 else "1 process"
    about += f" ({alive} still running)" if alive else ""
    print(f"spool   {size_text(spool['waiting_bytes'])} of {about} wait in {spool['directory']}")
    if alive < len(waiting):
        print("        send them with: trackway sync")
