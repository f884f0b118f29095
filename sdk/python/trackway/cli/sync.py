"""Sends what is left in spools: of training that was killed, was offline, or could not reach the server.

DIR is a folder of spools or one spool; without it, the folder that this machine logs to. It may have been copied from
another machine: the credentials of this one are used. What was sent is removed, unless its process still runs.

Exit codes: 0 everything is with the server, 1 something is damaged or was refused, 3 something still waits.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from typing import Any

from ..folder import root
from ..sender import describe
from ..sync import PATIENCE_SECONDS, Outcome, Syncer

# As often as a process with a server sends what it has gathered, but for many spools.
WATCH_SECONDS = 2.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``trackway sync``."""
    parser.add_argument("dir", nargs="?", metavar="DIR", help=f"folder of spools (default: {root()})")
    parser.add_argument("--watch", action="store_true", help="go on, and send what is added")
    parser.add_argument("--url", help="server to send to (default: the one that was logged to)")
    parser.add_argument(
        "--json", action="store_true", help="say what became of each spool as JSON, a line a round"
    )
    parser.add_argument(
        "--patience",
        type=float,
        default=PATIENCE_SECONDS,
        metavar="SECONDS",
        help="how long to keep trying while the server is away (default: %(default)g)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Sends once, or until Ctrl-C."""
    syncer = Syncer(arguments.dir, url=arguments.url, patience_seconds=arguments.patience)
    try:
        while True:
            outcomes = list(syncer.run())
            code = _exit_code(outcomes)
            if arguments.json:
                print(json.dumps(_summary(outcomes, code)), flush=True)
            else:
                _say(outcomes, syncer.directory, quiet=arguments.watch)
            if not arguments.watch:
                return code
            time.sleep(WATCH_SECONDS)
    finally:
        syncer.close()


def _exit_code(outcomes: list[Outcome]) -> int:
    if any(outcome.error for outcome in outcomes):
        return 3
    # A torn end is what a kill leaves; what is damaged in the middle is kept beside as `.damaged`.
    return 1 if any(outcome.refused or outcome.skipped_bytes > 65536 for outcome in outcomes) else 0


def _summary(outcomes: list[Outcome], code: int) -> dict[str, Any]:
    delivered: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    for outcome in outcomes:
        delivered += outcome.delivered
        refused += outcome.refused
    return {
        "exit_code": code,
        "delivered": dict(delivered),
        "refused": dict(refused),
        "waiting_bytes": sum(outcome.waiting_bytes for outcome in outcomes),
        "skipped_bytes": sum(outcome.skipped_bytes for outcome in outcomes),
        "spools": [outcome.as_json() for outcome in outcomes],
    }


def _say(outcomes: list[Outcome], directory: str, quiet: bool) -> None:
    for outcome in outcomes:
        if quiet and not (outcome.delivered or outcome.refused or outcome.error or outcome.skipped_bytes):
            continue
        state = ", still running" if outcome.alive else ""
        print(f"{outcome.path} ({outcome.host}, process {outcome.pid}{state})")
        print(f"  sent to {outcome.url or 'nowhere'}: {describe(outcome.delivered) or 'nothing new'}")
        if outcome.refused:
            print(f"  refused by the server: {describe(outcome.refused)}")
        if outcome.skipped_bytes:
            print(f"  damaged or torn, passed over: {outcome.skipped_bytes} bytes")
        if outcome.waiting_bytes and outcome.error:
            print(f"  still waiting: {outcome.waiting_bytes} bytes")
        if outcome.error:
            print(f"  {outcome.error}", file=sys.stderr)
    if not outcomes and not quiet:
        print(f"nothing is left to send in {directory}")
    sys.stdout.flush()
