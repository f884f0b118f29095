"""Which server, and with which token: explicit arguments, then the environment, then the credentials file.

The server writes the file at its first start on this machine, so a laptop needs no set-up at all.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

from .error import TrackwayError

URL_DEFAULT = "http://127.0.0.1:7171"
#: The source of a token that was passed.
EXPLICIT = "the argument api_token"


class Credentials(NamedTuple):
    """A server's address without a trailing slash, and the token to show it."""

    url: str
    token: str | None
    #: Where the token was found, for messages.
    token_source: str


def find(url: str | None = None, token: str | None = None) -> Credentials:
    """Fills in what was not given. Without any token the server is asked as nobody."""
    known: dict[str, Any] | None = None
    url = url or os.environ.get("TRACKWAY_URL")
    if not url:
        known = _read_file()
        url = known.get("default") or URL_DEFAULT
    url = url.strip().rstrip("/")
    if token:
        return Credentials(url, token.strip(), EXPLICIT)
    token = os.environ.get("TRACKWAY_TOKEN")
    if token:
        return Credentials(url, token.strip(), "the variable TRACKWAY_TOKEN")
    known = _read_file() if known is None else known
    # A token is shown only to the server that it belongs to.
    servers = {_same_host(server): entry for server, entry in known.get("servers", {}).items()}
    token = servers.get(_same_host(url), {}).get("token")
    return Credentials(url, token, f"the file {path()}" if token else "nowhere")


def path() -> Path:
    """Where the credentials file is, whether or not it exists."""
    explicit = os.environ.get("TRACKWAY_CREDENTIALS")
    if explicit:
        return Path(explicit)
    config = os.environ.get("XDG_CONFIG_HOME")
    folder = Path(config) if config else Path.home() / ".config"
    return folder / "trackway" / "credentials.json"


def save(url: str, token: str) -> Path:
    """Keeps a server's token in the credentials file and makes that server the default; gives back where the file is.

    Nobody but its owner may read it. What it says of other servers stays. Raises TrackwayError when the file that is
    there cannot be read, OSError when it cannot be written.
    """
    # Here, because it takes longer to import than the client needs to start.
    import tempfile

    known = _read_file()
    servers = known.get("servers") or {}
    kept = {server: entry for server, entry in servers.items() if _same_host(server) != _same_host(url)}
    content = {**known, "servers": {**kept, url: {"token": token}}, "default": url}
    # Through a link, as people who keep their settings in a repository have it.
    target = path().resolve()
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # A new file, because one that is there may be open to others.
    file, temporary = tempfile.mkstemp(prefix=".credentials-", dir=target.parent)
    try:
        with open(file, "w", encoding="utf-8") as opened:
            json.dump(content, opened, indent=2)
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise
    return path()


def _read_file() -> dict[str, Any]:
    try:
        text = path().read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise _unusable(error.strerror or str(error)) from error
    try:
        known = json.loads(text)
    except ValueError as error:
        raise _unusable(f"not JSON: {error}") from error
    if not isinstance(known, dict):
        known = {"servers": None}
    servers = known.get("servers", {})
    if not isinstance(servers, dict) or not all(isinstance(entry, dict) for entry in servers.values()):
        raise _unusable('expected {"servers": {url: {"token": …}}, "default": url}')
    return known


def _unusable(reason: str) -> TrackwayError:
    message = f"the credentials file cannot be used: {reason}: {path()}"
    return TrackwayError(message, kind="unauthenticated")


def _same_host(url: str) -> str:
    """People type localhost; the server writes 127.0.0.1."""
    return url.rstrip("/").lower().replace("://localhost", "://127.0.0.1")
