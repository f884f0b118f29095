"""What components read and make, and the annotations that say which is which."""

from __future__ import annotations

import os
import typing
from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from ..aiplatform import artifact as vertex
from ..aiplatform import lineage
from ..aiplatform.count import log_counted
from ..error import TrackwayError
from ..run import Run
from ..value import json_value

T = TypeVar("T")
#: What a component reads: ``Input[Dataset]``.
Input = typing.Annotated[T, lineage.INPUT]
#: What a component makes: ``Output[Model]``.
Output = typing.Annotated[T, lineage.OUTPUT]


class Artifact:
    """A file or folder, or something elsewhere, at ``uri``."""

    schema_title = "system.Artifact"

    def __init__(self, name: str = "", uri: str = "", metadata: Mapping[str, Any] | None = None) -> None:
        self.name = name
        self.uri = uri
        self.metadata: dict[str, Any] = dict(metadata or {})
        #: In the metadata store, once a component has recorded it.
        self.record: vertex.Artifact | None = None

    @property
    def resource_name(self) -> str | None:
        """Its name in the metadata store; None before a component has recorded it."""
        return self.record.resource_name if self.record is not None else None

    @property
    def path(self) -> str:
        """The file or folder of this machine; raises TrackwayError when it is elsewhere."""
        scheme, _, path, _, _ = urlsplit(self.uri)
        if scheme == "file":
            return unquote(path)
        if "://" in self.uri:
            raise TrackwayError(f"not on this machine: {self.uri}", kind="not_found", field="path")
        return self.uri

    @path.setter
    def path(self, path: str) -> None:
        self.uri = path

    @property
    def is_here(self) -> bool:
        """There is such a file or folder on this machine."""
        here = self.uri.startswith("file:") or "://" not in self.uri
        return bool(self.uri) and here and os.path.exists(self.path)

    def keep(self, run: Run, role: str, name: str, uri: str, **more: Any) -> str:
        """Records that a run read it or made it; gives back its resource name."""
        if self.record is None:
            self.record = vertex.new(run, self.schema_title, self.name or name, uri, self.metadata)
        self.record.uri = uri
        self.record.metadata = json_value(self.metadata)
        self.record.keep(run, role, **more)
        return self.record.resource_name

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r}, uri={self.uri!r}, metadata={self.metadata!r})"


class Dataset(Artifact):
    """Data to train with, or to test."""

    schema_title = "system.Dataset"


class Model(Artifact):
    """What training made."""

    schema_title = "system.Model"


class Metrics(Artifact):
    """Values that tell how well it went."""

    schema_title = "system.Metrics"
    #: The run of the component that fills it in now.
    run: Run | None = None

    def log_metric(self, metric: str, value: float) -> None:
        """Keeps a value in ``metadata``, and as a metric of the run."""
        if self.run is not None:
            log_counted(self.run, {metric: value})
        self.metadata[metric] = value


def as_artifact(given: Any, argument: str, kind: type[Artifact]) -> Artifact:
    """An artifact of the metadata store as one of these."""
    if isinstance(given, vertex.Artifact):
        made = kind(given.display_name, given.uri, given.metadata)
        made.record = given
        return made
    if isinstance(given, Artifact):
        return given
    expected = f"expected an artifact such as {kind.__name__}(uri=…)"
    raise TypeError(f'argument "{argument}": {expected}, found {given!r}')
