"""Records of what a run read and made, kept with the run: ``lineage/<role>/<name>-<number>.json`` among its artifacts.

The role is ``input``, ``output``, ``execution`` or, for an artifact that was neither read nor made, ``artifact``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..reader import Reader, segment
from ..record import get
from ..run import Run
from ..value import clean_text, json_value

INPUT, OUTPUT, LOOSE, EXECUTION = "input", "output", "artifact", "execution"
FOLDER = "lineage/"
#: An id of ``new_id``; others are anything that people chose.
_OF_RUN = re.compile(r"[0-9a-f]{32}-[0-9a-f]{16}$")
_UNTIDY = re.compile(r"[^\w.-]+")


def new_id(run: Run | None) -> str:
    """An id that tells where the record is: that of the run and a number, or the number alone."""
    number = os.urandom(8).hex()
    return f"{run.id}-{number}" if run is not None else number


def keep(run: Run, role: str, id: str, name: str, record: Mapping[str, Any]) -> None:
    """Stores a record with the run."""
    readable = _UNTIDY.sub("_", clean_text(name))[:80]
    number = id[33:] if _OF_RUN.match(id) else segment(id)
    run.log_dict(json_value({"id": id, **record}), f"{FOLDER}{role}/{readable}-{number}.json")


def records(reader: Reader, run_id: str, *roles: str) -> Iterator[dict[str, Any]]:
    """What the server has of the run in these roles."""
    folders = tuple(f"{FOLDER}{role}/" for role in roles)
    for one in get(reader, run_id).artifacts():
        if one.path.startswith(folders):
            where = "/".join(map(segment, one.path.split("/")))
            yield reader.json(f"/api/v1/runs/{run_id}/artifacts/{where}")
