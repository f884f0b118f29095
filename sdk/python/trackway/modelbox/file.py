"""Files of an experiment: kept by the server, or only told of.

Each has a record of its own among the run's artifacts, ``modelbox/artifact/<id>.json``; an uploaded file lies at the
path that it was given by.
"""

from __future__ import annotations

import hashlib
import mimetypes
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

from ..artifact import LocalPath, checked_path, files_below
from ..value import clean_text

FOLDER = "modelbox/artifact/"
_BLOCK_BYTES = 1024 * 1024
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_CHECKPOINTS = (".ckpt", ".pt", ".pth")
_MODELS = (".bin", ".gguf", ".h5", ".joblib", ".keras", ".onnx", ".pb", ".pkl", ".safetensors", ".tflite")
_TEXTS = (".json", ".jsonl", ".log", ".md", ".toml", ".yaml", ".yml")


class ArtifactMime(Enum):
    """What a file holds, by the numbers of ModelBox's protocol."""

    Unknown = 0
    ModelVersion = 1
    Checkpoint = 2
    Text = 3
    Image = 4
    Audio = 5
    Video = 6


class Artifact(NamedTuple):
    """A file of an experiment."""

    #: The experiment's id.
    parent: str
    #: As it was given.
    path: str
    mime_type: ArtifactMime
    #: MD5 of the content in hex digits; empty for a file that only its URI is known of.
    checksum: str
    #: The same when the same path is uploaded, or tracked, again.
    id: str


class Artifacts(list[Artifact]):
    """A list that may also be called: people write ``experiment.artifacts`` and ``experiment.artifacts()``."""

    def __call__(self) -> Artifacts:
        return self


class Found(NamedTuple):
    """A file to record."""

    path: str
    #: None when it is not on this machine.
    local: Path | None


def found(files: Iterable[LocalPath]) -> list[Found]:
    """The files given, and those below the folders given; raises FileNotFoundError for what is not there."""
    if isinstance(files, (str, os.PathLike)):
        raise TypeError(f"files: expected a list of paths, found {files!r}")
    return [one for path in files for one in _found(os.fspath(path))]


def record(parent: str, file: Found, target: str | None) -> dict[str, Any]:
    """What is kept of a file; ``target`` is where it lies in the run."""
    kind = "tracked" if target is None else "uploaded"
    return {
        "id": hashlib.sha256(f"{parent}\0{kind}\0{clean_text(file.path)}".encode()).hexdigest()[:32],
        "path": clean_text(file.path),
        "mime_type": mime_type(file.path).name,
        "checksum": "" if file.local is None else _md5(file.local),
        "file": target,
    }


def target_of(path: str) -> str:
    """Where an uploaded file lies in its run: at its path, or below ``absolute/`` if that leaves this folder."""
    if os.path.isabs(path) or os.path.normpath(path).split(os.sep)[0] == os.pardir:
        return checked_path("absolute" + Path(os.path.splitdrive(os.path.abspath(path))[1]).as_posix())
    return checked_path(Path(os.path.normpath(path)).as_posix())


def from_record(parent: str, about: Mapping[str, Any]) -> Artifact:
    """The file that a record tells of."""
    mime = ArtifactMime[about["mime_type"]]
    return Artifact(parent, about["path"], mime, about["checksum"], about["id"])


def mime_type(path: str) -> ArtifactMime:
    """By the ending of the name."""
    ending = os.path.splitext(path)[1].lower()
    for endings, mime in (
        (_CHECKPOINTS, ArtifactMime.Checkpoint),
        (_MODELS, ArtifactMime.ModelVersion),
        (_TEXTS, ArtifactMime.Text),
    ):
        if ending in endings:
            return mime
    kind = (mimetypes.guess_type(path)[0] or "").split("/")[0].capitalize()
    return ArtifactMime[kind] if kind in ("Text", "Image", "Audio", "Video") else ArtifactMime.Unknown


def _found(path: str) -> Iterator[Found]:
    local = Path(path)
    if _URI.match(path):
        yield Found(path, None)
    elif local.is_dir():
        for below, name in files_below(local):
            yield Found(os.path.join(path, name), below)
    elif local.is_file():
        yield Found(path, local)
    else:
        raise FileNotFoundError(f"no such file: {path}")


def _md5(local: Path) -> str:
    # ModelBox's checksum; it guards against accidents only.
    digest = hashlib.md5(usedforsecurity=False)
    with open(local, "rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()
