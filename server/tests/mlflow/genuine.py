"""The genuine `mlflow server` as a process: SQLite, files through the server, a port of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

# It imports half of Python's scientific stack before it listens.
START_SECONDS_MAX = 180.0
STOP_SECONDS_MAX = 15.0


class Genuine:
    # It asks nobody who they are.
    token = ""

    def __init__(self, folder: Path, program: Path | None = None, workers: int | None = 1) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.data = folder
        self.url = ""
        # None is as many as it has by itself.
        self._workers = workers
        self._program = program or Path(sys.executable).with_name("mlflow")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None, "not started"
        return self._process.pid

    def start(self) -> None:
        port = _free_port()
        arguments = [
            "server",
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
            "--workers",
            "1",
            "--serve-artifacts",
        ]
        arguments += ["--backend-store-uri", f"sqlite:///{self.folder / 'mlflow.db'}"]
        arguments += ["--artifacts-destination", str(self.folder / "files")]
        environment = {key: value for key, value in os.environ.items() if not key.startswith("MLFLOW_")}
        environment["MLFLOW_DISABLE_TELEMETRY"] = "true"
        # Workers for jobs are processes that nothing here needs.
        environment["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"
        with open(self.folder / "output.txt", "wb") as output:
            self._process = subprocess.Popen(
                [str(self._program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                env=environment,
                # A group of its own, so that its workers end with it.
                start_new_session=True,
            )
        self.url = f"http://127.0.0.1:{port}"
        self._wait()

    def stop(self) -> None:
        if self._process is None:
            return
        group = self._process.pid
        os.killpg(group, signal.SIGTERM)
        try:
            self._process.wait(timeout=STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            os.killpg(group, signal.SIGKILL)
            self._process.wait(timeout=STOP_SECONDS_MAX)
        self._process = None

    def _wait(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                with urlopen(f"{self.url}/health", timeout=5):
                    return
            except (URLError, OSError):
                time.sleep(0.2)
        said = (self.folder / "output.txt").read_text(errors="replace")
        self.stop()
        raise AssertionError(f"mlflow server does not listen; it said:\n{said[-4000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
