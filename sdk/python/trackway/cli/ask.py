"""The server that a command asks, and what a person means by a word: a run or an experiment."""

from __future__ import annotations

import argparse
import re

from .. import credentials, experiment, record
from ..connection import Connection
from ..error import TrackwayError
from ..experiment import Experiment
from ..reader import Reader
from ..record import StoredRun
from ..search import RunList, Searched

TIMEOUT_SECONDS = 30.0
# Whoever sits at a terminal is told soon that there is no server.
FIRST_TIMEOUT_SECONDS = 10.0
# So many runs of one name are named in a message.
NAMED_MAX = 5
_ID = re.compile(r"[0-9a-f]{32}")
_START_OF_ID = re.compile(r"[0-9a-f]{4,31}")


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of every command that asks a server."""
    parser.add_argument("--url", help="the server (default: TRACKWAY_URL, else the credentials file's)")
    add_json(parser)


def add_json(parser: argparse.ArgumentParser) -> None:
    """The option of every command."""
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def reader(url: str | None) -> Reader:
    """The server to ask. Raises TrackwayError at once when there is none."""
    connection = Connection(credentials.find(url), TIMEOUT_SECONDS)
    connection.json("GET", "/api/v1/version", timeout_seconds=FIRST_TIMEOUT_SECONDS)
    return Reader(connection)


def run(server: Reader, word: str) -> StoredRun:
    """The run of that id, of an id that begins so (four digits at least), or of that exact name."""
    plain = word.replace("-", "").lower()
    if _ID.fullmatch(plain):
        return record.get(server, plain)
    quoted = "'" + word.replace("'", "''") + "'"
    meant = f"name = {quoted}"
    if _START_OF_ID.fullmatch(plain):
        meant = f"id like '{plain}%' or {meant}"
    # A name means a run that is archived, too.
    meant = f"({meant}) and archived in (true, false)"
    found = RunList(server, lambda: every(server), meant, "created", False, NAMED_MAX)
    if len(found) == 1:
        return record.get(server, found[0].id)
    if not found:
        raise TrackwayError(f'no run "{word}"', kind="not_found", field="run")
    these = "\n".join(f"  {one.id}  {one.name}  ({one.experiment_name})" for one in found)
    message = f'several runs are meant by "{word}"; say which by its id:\n{these}'
    raise TrackwayError(message, kind="invalid", field="run")


def run_or_experiment(server: Reader, word: str) -> StoredRun | Experiment:
    """An experiment by its id or exact name; else a run."""
    if not _ID.fullmatch(word.replace("-", "").lower()):
        try:
            return experiment.found(server, word)
        except TrackwayError as error:
            if error.kind != "not_found":
                raise
    try:
        return run(server, word)
    except TrackwayError as error:
        if error.kind != "not_found":
            raise
        raise TrackwayError(f'no run and no experiment "{word}"', kind="not_found") from None


def every(server: Reader) -> list[Searched]:
    """All experiments that have runs, archived ones too."""
    listed = [*experiment.listed(server), *experiment.listed(server, status="archived")]
    return [Searched(one.id, one.name) for one in listed if one.run_count]
