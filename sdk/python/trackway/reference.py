"""Files that lie elsewhere: what a run notes of them, of which nothing is stored."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from .artifact import LocalPath, checked_path
from .dataset import content_digest
from .mask import masked_url
from .value import clean_text


def describe(
    uri: LocalPath,
    path: str | None,
    size_bytes: int | None,
    digest: str | None,
    mime: str | None,
    checksum: bool,
) -> tuple[str, dict[str, Any]]:
    """The path inside the run, and the record. Raises ValueError, and OSError for a local file that cannot be read."""
    text = clean_text(os.fspath(uri))
    local = _local(text)
    if local is None:
        place, name = masked_url(text), urlsplit(text).path.rstrip("/").rpartition("/")[2] or urlsplit(text).netloc
    else:
        local = local.absolute()
        if not local.exists():
            raise FileNotFoundError(f"no such file or folder: {local}")
        place, name = local.as_uri(), local.name
        if digest is None and checksum:
            digest, found = content_digest(local)
            size_bytes = found if size_bytes is None else size_bytes
        elif size_bytes is None and local.is_file():
            size_bytes = local.stat().st_size
    target = checked_path(name if not path else path + name if path.endswith("/") else path)
    if size_bytes is not None and size_bytes < 0:
        raise ValueError(f"size_bytes: expected 0 or more, found {size_bytes}")
    record = {"uri": place, "size_bytes": size_bytes, "digest": digest, "mime": mime}
    return target, {key: value for key, value in record.items() if value is not None}


def _local(text: str) -> Path | None:
    """The file of this machine that is meant, if one is."""
    parts = urlsplit(text)
    if parts.scheme == "file":
        if parts.netloc not in ("", "localhost"):
            raise ValueError(f'uri: expected a file of this machine, found one of "{parts.netloc}"')
        from urllib.request import url2pathname

        return Path(url2pathname(parts.path) if os.name == "nt" else unquote(parts.path))
    # One letter is a drive of Windows.
    return Path(text) if len(parts.scheme) < 2 else None
