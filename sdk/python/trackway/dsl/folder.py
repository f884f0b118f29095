"""Folders for what components make: they go with the process, unless what is in them was not yet sent."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import time

from ..run import Run

# What is still on its way when the process ends gets so long, all together, before its folder is left alone.
EXIT_SECONDS_MAX = 1.0
_folders: list[tuple[int, str, Run]] = []


def new(run: Run, name: str) -> str:
    """A folder, empty and of this user alone."""
    if not _folders:
        atexit.register(_clear)
    folder = tempfile.mkdtemp(prefix=f"trackway-{name}-")
    _folders.append((os.getpid(), folder, run))
    return folder


def _clear() -> None:
    deadline = time.monotonic() + EXIT_SECONDS_MAX
    for pid, folder, run in _folders:
        # Offline the spool may point at a large file here, for ``trackway sync``.
        if pid == os.getpid() and run.mode != "offline" and run.flush(max(0.0, deadline - time.monotonic())):
            shutil.rmtree(folder, ignore_errors=True)
