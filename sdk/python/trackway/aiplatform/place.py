"""Where things are: the project, the location and the experiment of this process, and the server."""

from __future__ import annotations

import os

from .. import credentials
from ..client import MLOpsClient
from ..error import TrackwayError
from ..session import DEFAULT_EXPERIMENT

STORE = "default"


class _Place:
    project = "default"
    location = "local"
    experiment = DEFAULT_EXPERIMENT


#: Of this process.
place = _Place()
_clients: dict[object, MLOpsClient] = {}


class MetadataStore:
    """The store of all metadata. There is one, ``default``, and it is always there."""

    def __init__(self, name: str = STORE) -> None:
        if name.rpartition("/")[2] != STORE:
            message = f'no metadata store "{name}": there is one, "{STORE}"'
            raise TrackwayError(message, kind="not_found", field="name")
        self.name = STORE

    @property
    def resource_name(self) -> str:
        """``projects/<project>/locations/<location>/metadataStores/default``."""
        return resource_name()

    def __repr__(self) -> str:
        return f"<MetadataStore {self.resource_name}>"


def resource_name(*below: str) -> str:
    """The long name of the store, or of what is in it: of the ``artifacts`` or the ``contexts``."""
    store = ("projects", place.project, "locations", place.location, "metadataStores", STORE)
    return "/".join((*store, *below))


def client() -> MLOpsClient:
    """The server that the environment names, to ask."""
    key = (credentials.find(), os.environ.get("TRACKWAY_DIR"))
    if key not in _clients:
        _clients[key] = MLOpsClient()
    return _clients[key]


def close_all() -> None:
    """Frees what is open to servers, after the last of what was logged has been sent."""
    for one in _clients.values():
        one.close()
    _clients.clear()
