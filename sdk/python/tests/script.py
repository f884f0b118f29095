"""Training scripts in processes of their own: started, spoken with, killed."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]


class Script:
    """A script that imports ``trackway`` and is talked to by lines."""

    def __init__(self, body: str, environment: Mapping[str, str] | None = None) -> None:
        head = "import os, signal, sys, time\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
        head += "import trackway\n"
        self.process = subprocess.Popen(
            [sys.executable, "-c", head + textwrap.dedent(body)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(PACKAGE), **(environment or {})},
        )

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def wait_for(self, line: str) -> None:
        found = self.line()
        if found != line:
            _, said = self.process.communicate(timeout=30)
            raise AssertionError(f'expected "{line}", found "{found}":\n{said}')

    def say(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        """As the kernel does when memory runs out."""
        self.process.kill()
        self.process.communicate(timeout=30)

    def end(self) -> tuple[int, str]:
        """Exit code (negative: ended by that signal) and what it said on stderr."""
        _, said = self.process.communicate(timeout=60)
        return self.process.returncode, said


def sync(*arguments: str, check: int | None = 0) -> subprocess.CompletedProcess[str]:
    """``trackway sync`` as a person runs it."""
    done = subprocess.run(
        [sys.executable, "-m", "trackway", "sync", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(PACKAGE)},
    )
    assert check is None or done.returncode == check, done.stdout + done.stderr
    return done
