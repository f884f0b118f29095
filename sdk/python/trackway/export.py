"""Runs as a file of the server's making: streamed here, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from .artifact import LocalPath
from .download import keep
from .error import TrackwayError
from .reader import Reader, addressed
from .record import RUNS

#: Kinds of file that the server writes.
KINDS = ("csv", "parquet")


def fetch(
    reader: Reader,
    kind: str,
    experiment_id: str,
    filter: str,
    sort: str,
    columns: Iterable[str] | None,
    limit: int | None,
    path: LocalPath,
) -> Path:
    """Brings the file here. What is there of the same name is replaced by a whole file only. Raises TrackwayError,
    OSError."""
    local = Path(path)
    query = {
        "experiment_id": experiment_id,
        "filter": filter or None,
        "sort": sort,
        "fields": None if columns is None else (",".join(columns) or "name"),
        "limit": limit,
    }
    target = addressed(f"{RUNS}.{kind}", query)
    keep(reader, lambda: (block for block, _ in reader.connection.stream(target)), local)
    return local


def kind_of(path: LocalPath) -> str:
    """The kind of file that a name ends in; raises TrackwayError when it is none."""
    kind = Path(path).suffix[1:].lower()
    if kind not in KINDS:
        raise TrackwayError(
            f'expected a name that ends in .csv or .parquet, found "{path}"', kind="invalid", field="path"
        )
    return kind
