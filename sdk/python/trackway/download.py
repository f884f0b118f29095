"""Artifacts onto this machine: streamed, checked by their SHA-256, never outside the folder that was named."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from .artifact import LocalPath
from .error import TrackwayError
from .reader import Reader, segment

_SHA256_DIGITS = 64


class StoredArtifact(NamedTuple):
    """A file of a run, as the server lists it."""

    #: Inside the run, with slashes.
    path: str
    size_bytes: int
    #: 64 hex digits.
    sha256: str
    #: Guessed from the name.
    mime: str
    #: Where it lies when it is tracked elsewhere; then it cannot be downloaded. ``sha256`` is empty then, and
    #: ``size_bytes`` 0 unless it was told.
    uri: str | None = None
    #: Of what is tracked elsewhere, as it was told.
    digest: str | None = None


class Downloaded(NamedTuple):
    """A file that was brought here."""

    artifact: StoredArtifact
    local_path: Path


def below(artifacts: Iterable[StoredArtifact], path: str) -> list[StoredArtifact]:
    """The file of that path, or all in the folder of that path; every one for an empty path. What of a folder is
    tracked elsewhere is left out; raises TrackwayError when the path itself is."""
    wanted = path.strip("/")
    found = [one for one in artifacts if not wanted or one.path == wanted or one.path.startswith(f"{wanted}/")]
    for one in found:
        if one.uri is not None and one.path == wanted:
            message = f'"{one.path}" is tracked elsewhere, and the server has none of its bytes: {one.uri}'
            raise TrackwayError(message, kind="conflict", field="path")
    return [one for one in found if one.uri is None]


def fetch(
    reader: Reader, run_id: str, artifacts: Iterable[StoredArtifact], destination: LocalPath
) -> list[Downloaded]:
    """Brings files here, each under its path inside the run. What is there of the same name is replaced, whole files
    only: one that breaks off leaves what was there before. Raises TrackwayError, OSError."""
    folder = Path(destination)
    return [Downloaded(one, _fetch_one(reader, run_id, one, folder)) for one in artifacts]


def _fetch_one(reader: Reader, run_id: str, artifact: StoredArtifact, folder: Path) -> Path:
    local = _inside(folder, artifact.path)
    local.parent.mkdir(parents=True, exist_ok=True)
    # Again, because now the folders are there, and links among them are followed.
    local = _inside(folder, artifact.path)
    target = f"/api/v1/runs/{run_id}/artifacts/{'/'.join(map(segment, artifact.path.split('/')))}"

    def blocks() -> Iterator[bytes]:
        digest = sha256()
        expected = artifact.sha256
        for block, etag in reader.connection.stream(target):
            # The file may have been replaced since it was listed; the answer says what it holds.
            expected = etag if len(etag) == _SHA256_DIGITS else expected
            digest.update(block)
            yield block
        if digest.hexdigest() != expected:
            raise TrackwayError(f'the content of "{artifact.path}" was damaged on its way', kind="unavailable")

    keep(reader, blocks, local)
    return local


def keep(reader: Reader, blocks: Callable[[], Iterable[bytes]], local: Path) -> None:
    """Makes a file of blocks that are asked for again while the server is away. What is there of the same name is
    replaced by the whole file only. Raises TrackwayError, OSError."""
    file, temporary = tempfile.mkstemp(prefix=".trackway-", dir=local.parent)
    try:
        with open(file, "wb") as opened:

            def attempt() -> None:
                opened.seek(0)
                opened.truncate()
                for block in blocks():
                    opened.write(block)

            reader.patiently(attempt)
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, local)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def _inside(folder: Path, path: str) -> Path:
    """Where the file goes; raises TrackwayError when that is not in the folder, by its name or by a link."""
    local = folder.joinpath(*path.split("/"))
    root = folder.resolve()
    parts = path.split("/")
    if any(part in ("", ".", "..") for part in parts) or root not in (local.parent / "x").resolve().parents:
        message = f'the artifact "{path}" would be stored outside of {folder}'
        raise TrackwayError(message, kind="invalid", field="path")
    return local


def _umask() -> int:
    """Which rights this process takes from files that it makes."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
