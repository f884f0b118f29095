"""Brings files of a run to this machine, each under its path inside the run, and checks their SHA-256."""

from __future__ import annotations

import argparse

from ..download import below, fetch
from ..error import TrackwayError
from . import ask
from .form import print_json, size_text
from .table import clean


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``trackway download``."""
    parser.add_argument("run", metavar="RUN", help="its id, the start of its id, or its name")
    parser.add_argument(
        "path", nargs="?", default="", metavar="PATH", help="a file or folder of it (default: all)"
    )
    parser.add_argument("--to", default=".", metavar="DIR", help="where to put them (default: here)")
    ask.add_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Brings them."""
    server = ask.reader(arguments.url)
    found = ask.run(server, arguments.run)
    wanted = below(found.artifacts(), arguments.path)
    if not wanted:
        what = f'artifact "{arguments.path}"' if arguments.path else "artifacts"
        raise TrackwayError(f'run "{found.name}" has no {what}', kind="not_found", field="path")
    files = []
    for artifact in wanted:
        for done in fetch(server, found.id, [artifact], arguments.to):
            files.append(
                {
                    "path": artifact.path,
                    "local_path": str(done.local_path),
                    "size_bytes": artifact.size_bytes,
                    "sha256": artifact.sha256,
                }
            )
            if not arguments.json:
                print(f"{clean(str(done.local_path))}  {size_text(artifact.size_bytes)}", flush=True)
    if arguments.json:
        print_json({"run_id": found.id, "files": files})
    return 0
