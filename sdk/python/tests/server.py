"""The server under test as a process: started, killed, and asked without the client that is tested."""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import Request, urlopen

REPOSITORY = Path(__file__).resolve().parents[3]
# A debug build migrates its database and listens in about a second; CI machines are slower.
START_SECONDS_MAX = 60.0


class Server:
    def __init__(self, folder: Path, environment: dict[str, str] | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.data = folder / "data"
        self.credentials = folder / "credentials.json"
        self.url = ""
        self._output = folder / "output.txt"
        self._environment = environment or {}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it, the second time on the port and the data of the first."""
        binary = os.environ.get("TRACKWAY_BINARY") or REPOSITORY / "target" / "debug" / "trackway"
        listen = self.url.removeprefix("http://") or "127.0.0.1:0"
        environment = {key: value for key, value in os.environ.items() if not key.startswith("TRACKWAY_")}
        environment["TRACKWAY_CREDENTIALS"] = str(self.credentials)
        environment.update(self._environment)
        with open(self._output, "wb") as output:
            self._process = subprocess.Popen(
                [str(binary), "serve", "--listen", listen, "--data", str(self.data)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=REPOSITORY,
                env=environment,
            )
        self.url = self._wait_for_address()

    def kill(self) -> None:
        """As a power cut: nothing is finished, nothing is closed."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    @property
    def pid(self) -> int:
        assert self._process is not None, "not started"
        return self._process.pid

    @property
    def token(self) -> str:
        return json.loads(self.credentials.read_text())["servers"][self.url]["token"]

    def get(self, path: str) -> bytes:
        request = Request(self.url + path, headers={"Authorization": f"Bearer {self.token}"})
        with urlopen(request, timeout=30) as answer:
            return answer.read()

    def post(self, path: str, content: Any) -> None:
        self.send("POST", path, content)

    def send(self, method: str, path: str, content: Any) -> None:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        request = Request(self.url + path, json.dumps(content).encode(), headers, method=method)
        with urlopen(request, timeout=30):
            pass

    def json(self, path: str) -> Any:
        return json.loads(self.get(f"/api/v1{path}"))

    def run(self, run_id: str) -> dict[str, Any]:
        return self.json(f"/runs/{run_id}")

    def status(self, run_id: str) -> str:
        return self.run(run_id)["run"]["status"]

    def params(self, run_id: str) -> dict[str, Any]:
        return {param["key"]: param["value"] for param in self.run(run_id)["params"]}

    def artifact(self, run_id: str, path: str) -> bytes:
        return self.get(f"/api/v1/runs/{run_id}/artifacts/{quote(path)}")

    def artifact_paths(self, run_id: str) -> list[str]:
        return sorted(artifact["path"] for artifact in self.json(f"/runs/{run_id}/artifacts"))

    def _wait_for_address(self) -> str:
        assert self._process is not None
        deadline = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline:
            said = self._output.read_text()
            # The link is the last that it says: the credentials file is written by then.
            if "sign in: " in said:
                return said.split("listening on ")[1].split()[0]
            if self._process.poll() is not None:
                break
            time.sleep(0.05)
        raise AssertionError(f"the server does not listen; it said:\n{self._output.read_text()}")

    def _end(self, number: int) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(timeout=30)
            self._process = None


def bits(values: list[float]) -> list[str]:
    """Doubles as their bits: NaN equals itself, 0.0 differs from -0.0."""
    return [struct.pack(">d", value).hex() for value in values]
