"""The command ``trackway`` as a person or a script runs it."""

from __future__ import annotations

import json
import os
import pty
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parents[2]
RUN = [sys.executable, "-m", "trackway"]


def trackway(
    *words: str, stdin: str = "", check: int = 0, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Runs it into pipes."""
    done = subprocess.run(
        [*RUN, *words],
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(PACKAGE), "PYTHONUTF8": "1", **environment},
    )
    assert done.returncode == check, done.stdout + done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return done


def documented(*words: str, **environment: str) -> Any:
    """Runs it with ``--json``: one document, and nothing else on either side."""
    done = trackway(*words, "--json", **environment)
    assert done.stderr == ""
    return json.loads(done.stdout)


def at_terminal(columns: int, *words: str, typed: str = "", **environment: str) -> str:
    """What it shows at a terminal of that width, where somebody types a line when asked."""
    import fcntl
    import termios

    outer, inner = pty.openpty()
    fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    known = {**os.environ, "PYTHONPATH": str(PACKAGE), "PYTHONUTF8": "1", "TERM": "xterm", **environment}
    for name in ("COLUMNS", "LINES"):
        known.pop(name, None)
    # In a session of its own, so that it cannot ask at the terminal that the tests were started from.
    process = subprocess.Popen(
        [*RUN, *words], stdin=inner, stdout=inner, stderr=inner, env=known, start_new_session=True
    )
    os.close(inner)
    said = b""
    while True:
        try:
            block = os.read(outer, 65_536)
        except OSError:
            # Linux says so when the last writer has gone.
            break
        if not block:
            break
        said += block
        if typed and said.endswith(b": "):
            os.write(outer, f"{typed}\n".encode())
            typed = ""
    os.close(outer)
    assert process.wait(timeout=60) == 0, said
    return said.decode("utf-8").replace("\r\n", "\n")
