"""Artifacts of the metadata store: what a run read or made, with its type, where it is, and what is known of it."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any, NoReturn

from .. import session
from ..error import TrackwayError, unsupported
from ..reader import Reader
from ..run import Run
from ..start import checked_id
from ..value import json_value
from . import lineage
from .place import client, resource_name

SCHEMA_VERSION = "0.0.1"
_log = logging.getLogger("trackway")
#: Those that this process has made or met.
_known: dict[str, Artifact] = {}


class Artifact:
    """An artifact by its resource name or id; ``Artifact.create`` makes one."""

    def __init__(self, artifact_name: str) -> None:
        id = artifact_name.rpartition("/")[2]
        about = vars(_known[id]) if id in _known else _stored(id)
        vars(self).update(about)

    #: The id: the last part of the resource name.
    name: str
    display_name: str
    #: Such as ``system.Dataset`` or ``system.Model``.
    schema_title: str
    schema_version: str
    uri: str
    #: As given, as far as JSON can hold it.
    metadata: dict[str, Any]
    description: str
    #: ``LIVE`` or ``PENDING``.
    state: str
    create_time: datetime

    @classmethod
    def create(
        cls,
        schema_title: str,
        *,
        resource_id: str | None = None,
        uri: str | None = None,
        display_name: str | None = None,
        schema_version: str | None = None,
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        state: str = "LIVE",
    ) -> Artifact:
        """Makes an artifact. Within a run it is kept with the run.

        Outside of runs this process alone knows it, until a run logs it as input or output; that is said.
        """
        run = session.current_run()
        made = new(
            run,
            schema_title,
            display_name or "",
            uri or "",
            metadata or {},
            id=resource_id,
            schema_version=schema_version or SCHEMA_VERSION,
            description=description or "",
            state=state,
        )
        if run is not None:
            made.keep(run, lineage.LOOSE)
        else:
            _log.warning(
                'trackway: no run is open: the artifact "%s" is kept when a run logs it as input or output',
                made.display_name or made.name,
            )
        return made

    @classmethod
    def get_with_lineage_subgraph(cls, resource_id: str, max_hops: int | None = None) -> NoReturn:
        """The artifact with all that it came from and all that came from it: not supported yet."""
        raise unsupported("lineage")

    @property
    def resource_name(self) -> str:
        """``projects/…/metadataStores/default/artifacts/<name>``."""
        return resource_name("artifacts", self.name)

    def keep(self, run: Run, role: str, **more: Any) -> None:
        """Stores what is known of it with a run."""
        about = {
            "resource_name": self.resource_name,
            **{key: value for key, value in vars(self).items() if key != "name"},
            "create_time": self.create_time.isoformat(),
            **more,
        }
        lineage.keep(run, role, self.name, self.display_name or self.schema_title, about)

    def __repr__(self) -> str:
        return f"<Artifact {self.display_name or self.name} {self.schema_title} {self.uri}>"


def new(
    run: Run | None,
    schema_title: str,
    display_name: str,
    uri: str,
    metadata: Mapping[str, Any],
    *,
    id: str | None = None,
    schema_version: str = SCHEMA_VERSION,
    description: str = "",
    state: str = "LIVE",
) -> Artifact:
    """An artifact that this process knows and nobody keeps yet."""
    id = id or lineage.new_id(run)
    if id in _known:
        raise TrackwayError(f'there is already an artifact "{id}"', kind="conflict", field="resource_id")
    made = _known[id] = _made(
        {
            "id": id,
            "display_name": display_name,
            "schema_title": schema_title,
            "schema_version": schema_version,
            "uri": uri,
            "metadata": json_value(dict(metadata)),
            "description": description,
            "state": state,
            "create_time": datetime.now(timezone.utc).isoformat(),
        }
    )
    return made


def of_run(reader: Reader, run_id: str) -> list[Artifact]:
    """Those that a run read, made or just keeps, each once."""
    found = lineage.records(reader, run_id, lineage.INPUT, lineage.OUTPUT, lineage.LOOSE)
    return list({record["id"]: _made(record) for record in found}.values())


def _stored(id: str) -> dict[str, Any]:
    """What the server has of it. The id names the run that keeps it."""
    run_id = id.rpartition("-")[0]
    try:
        checked_id(run_id, "artifact_name")
    except ValueError:
        raise unsupported("looking up artifacts that were made outside of a run") from None
    for one in of_run(Reader(client()._connection), run_id):
        if one.name == id:
            return vars(one)
    raise TrackwayError(f'no artifact "{id}"', kind="not_found", field="artifact_name")


def _made(record: Mapping[str, Any]) -> Artifact:
    artifact = object.__new__(Artifact)
    artifact.name = record["id"]
    artifact.display_name = record["display_name"]
    artifact.schema_title = record["schema_title"]
    artifact.schema_version = record["schema_version"]
    artifact.uri = record["uri"]
    artifact.metadata = record["metadata"]
    artifact.description = record["description"]
    artifact.state = record["state"]
    artifact.create_time = datetime.fromisoformat(record["create_time"])
    return artifact
