"""Runs a page's script in a process of its own, as people do, and reads what it printed last."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from script import PACKAGE

PAGES = Path(__file__).parent / "page"


def run_page(name: str, folder: Path, *arguments: str, **environment: str) -> Any:
    """The JSON that the script ends with; what it says on stderr must be nothing unless a page expects it."""
    return run_script(PAGES / f"{name}.py", folder, *arguments, **environment)[0]


def run_script(script: Path, folder: Path, *arguments: str, **environment: str) -> tuple[Any, str]:
    """The JSON that the script ends with, and what it said on stderr."""
    folder.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, str(script), *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(PACKAGE), **environment},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1]), done.stderr
