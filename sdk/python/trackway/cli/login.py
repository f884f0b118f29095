"""Keeps the token of a server in the credentials file, after checking it, and makes that server the default.

The token is asked for; where nobody sits at the keyboard, it is the first line of stdin. It is never printed.
"""

from __future__ import annotations

import argparse
import getpass
import os
import sys

from .. import credentials
from ..connection import Connection
from ..error import TrackwayError
from .ask import FIRST_TIMEOUT_SECONDS, add_options
from .form import print_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``trackway login``."""
    add_options(parser)
    parser.add_argument(
        "--token", help="the token; other users of this machine may see it there, so rather use stdin"
    )


def run(arguments: argparse.Namespace) -> int:
    """Asks, checks, and writes."""
    url = credentials.find(arguments.url).url
    token = (arguments.token or _asked(url)).strip()
    if not token:
        raise TrackwayError("no token was given", kind="invalid", field="token")
    connection = Connection(credentials.find(url, token), FIRST_TIMEOUT_SECONDS)
    try:
        caller = connection.json("GET", "/api/v1/me")
    except TrackwayError as error:
        if error.status != 401:
            raise
        raise TrackwayError(f"{url} does not know this token", kind="unauthenticated", status=401) from None
    path = credentials.save(url, token)
    if arguments.json:
        shown = {"url": url, "user": caller["name"], "role": caller["role"], "credentials_path": str(path)}
        print_json(shown)
    else:
        print(f"signed in to {url} as {caller['name']} ({caller['role']}); kept in {path}")
    for name in ("TRACKWAY_TOKEN", "TRACKWAY_URL"):
        if os.environ.get(name):
            print(f"trackway: {name} is set, and beats what was kept", file=sys.stderr)
    return 0


def _asked(url: str) -> str:
    if sys.stdin is not None and sys.stdin.isatty():
        return getpass.getpass(f"token for {url}: ")
    return sys.stdin.readline() if sys.stdin is not None else ""
