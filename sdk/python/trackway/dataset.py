"""What a run says of its data: where it is, how large, and a digest by which it is known again."""

from __future__ import annotations

import os
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .artifact import LocalPath, files_below
from .mask import masked_url

_BLOCK_BYTES = 1024 * 1024


def describe(
    name: str,
    path: LocalPath | None,
    description: str | None,
    df: Any,
    version: str | None,
    digest: str | None,
    context: str,
    schema: Mapping[str, Any] | None,
    tags: dict[str, str],
) -> dict[str, Any]:
    """The record of a dataset. A path that is not there is kept as it is, without a digest."""
    record: dict[str, Any] = {"name": name, "context": context}
    size_bytes: int | None = None
    if path is not None:
        text = os.fspath(path)
        scheme = urlsplit(text).scheme
        if len(scheme) > 1:
            record["path"] = masked_url(text)
            record["source_type"] = scheme
        else:
            record["path"] = text
            record["source_type"] = "local"
            if digest is None and os.path.exists(text):
                digest, size_bytes = content_digest(Path(text))
    if df is not None:
        record["rows"] = len(df)
        if schema is None and hasattr(df, "dtypes") and hasattr(df, "columns"):
            schema = {str(column): str(kind) for column, kind in zip(df.columns, df.dtypes)}
        if digest is None:
            digest = _digest_of_frame(df)
    for key, value in (
        ("description", description),
        ("digest", digest),
        ("size_bytes", size_bytes),
        ("schema", None if schema is None else dict(schema)),
        ("version", version),
        ("tags", tags or None),
    ):
        if value is not None:
            record[key] = value
    return record


def content_digest(path: Path) -> tuple[str, int]:
    """SHA-256 and size of a file, or of a folder: over the paths and digests of its files."""
    if path.is_file():
        digest = sha256()
        size_bytes = 0
        with open(path, "rb") as file:
            while block := file.read(_BLOCK_BYTES):
                digest.update(block)
                size_bytes += len(block)
        return f"sha256:{digest.hexdigest()}", size_bytes
    whole = sha256()
    total = 0
    for local, name in files_below(path):
        part, size_bytes = content_digest(local)
        whole.update(f"{name}\0{part}\n".encode("utf-8", "surrogateescape"))
        total += size_bytes
    return f"sha256:{whole.hexdigest()}", total


def _digest_of_frame(df: Any) -> str | None:
    to_csv = getattr(df, "to_csv", None)
    if not callable(to_csv):
        return None
    text = to_csv(index=False)
    return f"sha256:{sha256(str(text).encode('utf-8')).hexdigest()}"
