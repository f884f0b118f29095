"""Requests that try to reach beyond the data folder, past the token, or over the limits."""

from __future__ import annotations

import http.client
import json
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from server import Server

pytestmark = pytest.mark.skipif(
    bool(os.environ.get("TRACKWAY_TEST_GENUINE")), reason="mlflow's own server takes some of these"
)

API = "/api/2.0/mlflow"
AJAX = "/ajax-api/2.0/mlflow"
FILES = "/api/2.0/mlflow-artifacts/artifacts"
SECRET = "the-secret-beside-the-data-folder"
# A mistake is told at once, also by a debug build on a busy machine.
SECONDS_MAX = 10.0


@dataclass
class Answer:
    status: int
    body: bytes
    content_type: str

    def json(self) -> Any:
        return json.loads(self.body)


class Target:
    """A server of its own, a run in it, and a folder beside its data in which nothing may happen."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = Server(folder / "served")
        (folder / "secret.txt").write_text(SECRET)
        (folder / "served" / "secret.txt").write_text(SECRET)
        # Whoever starts it may have the most careless mask.
        mask = os.umask(0)
        try:
            self.server.start()
        finally:
            os.umask(mask)
        self.run = self.post("runs/create", {"experiment_id": "0"}).json()["run"]["info"]["run_id"]
        self.base = f"{FILES}/0/{self.run}/artifacts"
        assert self.send("PUT", f"{self.base}/mine.txt", b"mine").status == 200
        self.outside = self.seen()

    def seen(self) -> dict[str, bytes]:
        """Every file that is there outside the data folder, and what is in it."""
        ours = {self.server.data, self.folder / "served" / "output.txt"}
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        return {str(path): path.read_bytes() for path in files if not ours & {path, *path.parents}}

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        content_type: str = "application/json",
        token: bool = True,
    ) -> Answer:
        """The path goes out as it is: nothing puts it in order before."""
        address = urlsplit(self.server.url)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
        connection._validate_path = lambda url: None  # type: ignore[attr-defined]
        headers = {"Content-Type": content_type}
        if token:
            headers["Authorization"] = f"Bearer {self.server.token}"
        try:
            connection.request(method, path, body=body, headers=headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.read(), answer.getheader("Content-Type") or "")
        finally:
            connection.close()

    def post(self, path: str, fields: Any) -> Answer:
        path = path if path.startswith("/") else f"{API}/{path}"
        return self.send("POST", path, json.dumps(fields).encode())

    def untouched(self) -> None:
        assert self.seen() == self.outside
        assert self.send("GET", f"{self.base}/mine.txt").body == b"mine"


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    target = Target(tmp_path_factory.mktemp("hostile"))
    yield target
    target.server.stop()


def refused(answer: Answer) -> None:
    assert 400 <= answer.status < 500, (answer.status, answer.body[:300])
    assert SECRET.encode() not in answer.body and b"root:x:" not in answer.body
    assert "html" not in answer.content_type or answer.status in {404, 405}


CLIMBS = [
    "../secret.txt",
    "../../secret.txt",
    "../../../../../../../../etc/passwd",
    "a/../../secret.txt",
    "..%2fsecret.txt",
    "%2e%2e/secret.txt",
    "%2e%2e%2fsecret.txt",
    "%252e%252e%252fsecret.txt",
    "%25252e%25252e%25252fsecret.txt",
    "..%5csecret.txt",
    "..\\..\\secret.txt",
    "%5c%5chost%5cshare",
    "/etc/passwd",
    "//etc/passwd",
    "%2fetc%2fpasswd",
    "%252fetc%252fpasswd",
    "C:/windows/win.ini",
    "C:%5cwindows",
    "file:///etc/passwd",
    "file:%2f%2f%2fetc%2fpasswd",
    "FILE:/etc/passwd",
    "x%23y",
    "x%2523y",
    "..;/secret.txt",
    "..%00/secret.txt",
    "a%00b",
    "./../secret.txt",
    "%c0%ae%c0%ae/secret.txt",
    "%ff",
]
# Taken as the odd names that they are, by some file systems, and never as a way out.
NAMES_ONLY = {"..;/secret.txt", "C:/windows/win.ini", "%c0%ae%c0%ae/secret.txt", "%ff"}


@pytest.mark.parametrize("path", CLIMBS)
def test_a_path_of_a_file_leads_nowhere_else(target: Target, path: str) -> None:
    for method in ["GET", "PUT", "DELETE"]:
        answer = target.send(method, f"{target.base}/{path}", b"hostile" if method == "PUT" else None)
        if not (path in NAMES_ONLY and answer.status == 200):
            refused(answer)
    target.untouched()


@pytest.mark.parametrize("path", CLIMBS)
def test_a_path_without_a_run_leads_nowhere(target: Target, path: str) -> None:
    for root in ["", "0/", "0/models/", "0/traces/"]:
        for method in ["GET", "PUT", "DELETE"]:
            refused(target.send(method, f"{FILES}/{root}{path}", b"hostile" if method == "PUT" else None))
    target.untouched()


def queries(path: str, run: str) -> list[tuple[str, str]]:
    """Every other place that takes the path of a file."""
    value = quote(path, safe="%")
    return [
        ("GET", f"{FILES}?path={value}"),
        ("GET", f"{FILES}?path=0/{run}/artifacts/{value}"),
        ("GET", f"{API}/artifacts/list?run_id={run}&path={value}"),
        ("GET", f"/get-artifact?run_id={run}&path={value}"),
        ("GET", f"/get-artifact?run_uuid={run}&path={value}"),
        ("POST", f"{AJAX}/upload-artifact?run_uuid={run}&path={value}"),
        ("GET", f"/model-versions/get-artifact?name=hostile&version=1&path={value}"),
        ("GET", f"{AJAX}/logged-models/{run}/artifacts/files?artifact_file_path={value}"),
        ("GET", f"{API}/logged-models/{run}/artifacts/directories?artifact_directory_path={value}"),
    ]


@pytest.mark.parametrize("path", CLIMBS)
def test_a_path_in_a_query_leads_nowhere_else(target: Target, path: str) -> None:
    for method, address in queries(path, target.run):
        answer = target.send(method, address, b"hostile" if method == "POST" else None)
        # Listing what is not there is no error; there is nothing in the list then.
        if method == "GET" and answer.status == 200:
            assert not answer.json().get("files"), address
        elif not (method == "POST" and answer.status == 200 and path in NAMES_ONLY):
            refused(answer)
    target.untouched()


LOCATIONS = [
    "/etc",
    "C:\\",
    "C:/windows",
    "file:///etc",
    "FILE:///etc",
    "file:etc",
    "file://localhost/etc",
    "//localhost/etc",
    "\\\\..\\..\\etc",
    "../etc",
    "./model",
    "mlflow-artifacts:/../../etc",
    "mlflow-artifacts:/%2e%2e/%2e%2e/etc",
    "mlflow-artifacts:/%252e%252e/etc",
    "mlflow-artifacts:/x;..%2f..%2fetc",
    "mlflow-artifacts:/x#/../../etc",
    "mlflow-artifacts:/x?y=../../etc",
    "http:///?/../../../etc/",
    "http://h#/../../../etc/",
    "http://h/a?/../../../etc/",
    "http://h/../../etc",
    "http://h/%2e%2e/etc",
    "s3:///../x",
    "s3://bucket/../x",
    "s3://bucket/%2e%2e/x",
    "s3://bucket/x#fragment",
    "s3://bucket/x?query",
    "dbfs:/../etc",
    "runs:/../../etc",
    "models:/../../etc",
    "runs:/{run}/../../etc",
    "runs:/{run}/%2e%2e/etc",
]


@pytest.mark.parametrize(
    "location", [*LOCATIONS, "s3://bucket/x", "http://127.0.0.1:9/x", "dbfs:/x", "gs://b/x", "x"]
)
def test_an_experiment_has_no_place_of_its_own(target: Target, location: str) -> None:
    location = location.replace("{run}", target.run)
    answer = target.post("experiments/create", {"name": f"hostile {location}", "artifact_location": location})
    refused(answer)
    assert answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"
    found = target.send(
        "GET", f"{API}/experiments/get-by-name?experiment_name={quote('hostile ' + location)}"
    )
    assert found.status == 404
    target.untouched()


@pytest.mark.parametrize("location", LOCATIONS)
def test_a_version_of_a_model_points_at_nothing_local(target: Target, location: str) -> None:
    location = location.replace("{run}", target.run)
    created = target.post("registered-models/create", {"name": "hostile"})
    assert created.status == 200 or created.json()["error_code"] == "RESOURCE_ALREADY_EXISTS"
    prompt = [{"key": "mlflow.prompt.is_prompt", "value": "true"}]
    for more in [{}, {"run_id": target.run}, {"tags": prompt}]:
        answer = target.post("model-versions/create", {"name": "hostile", "source": location, **more})
        refused(answer)
        assert answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"
    refused(target.send("GET", "/model-versions/get-artifact?name=hostile&version=1&path=passwd"))
    target.untouched()


def test_no_address_that_a_client_names_is_called(target: Target) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/x"
        target.post("experiments/create", {"name": "calls", "artifact_location": url})
        target.post("registered-models/create", {"name": "calls"})
        made = target.post("model-versions/create", {"name": "calls", "source": url})
        target.send("GET", "/model-versions/get-artifact?name=calls&version=1&path=x")
        target.send("GET", f"{API}/model-versions/get-download-uri?name=calls&version=1")
        dataset = {"name": "d", "digest": "d", "source_type": "http", "source": json.dumps({"url": url})}
        target.post("runs/log-inputs", {"run_id": target.run, "datasets": [{"dataset": dataset}]})
        listener.settimeout(1.0)
        with pytest.raises(TimeoutError):
            listener.accept()
    assert made.status < 500


@pytest.mark.parametrize("path", ["mpu/create", "mpu/complete", "mpu/abort", "mpu/part", "presigned"])
def test_uploads_in_parts_go_nowhere(target: Target, path: str) -> None:
    method = "GET" if path == "presigned" else "POST"
    for tail in ["../../x", "%2e%2e/x", f"0/{target.run}/artifacts/x"]:
        answer = target.send(method, f"/api/2.0/mlflow-artifacts/{path}/{tail}", b"{}")
        assert answer.status == 501 or 400 <= answer.status < 500, (tail, answer.status)
    target.untouched()


def test_nothing_is_had_without_a_token(target: Target) -> None:
    body = json.dumps({"name": "anonymous", "source": "s3://b/x", "run_id": target.run}).encode()
    for method, path in [
        ("GET", f"{target.base}/mine.txt"),
        ("PUT", f"{target.base}/mine.txt"),
        ("DELETE", f"{target.base}/mine.txt"),
        ("GET", f"{FILES}?path=0/{target.run}/artifacts"),
        ("GET", f"{API}/artifacts/list?run_id={target.run}"),
        ("GET", f"/get-artifact?run_id={target.run}&path=mine.txt"),
        ("POST", f"{AJAX}/upload-artifact?run_uuid={target.run}&path=x"),
        ("POST", f"{API}/experiments/create"),
        ("POST", f"{API}/experiments/search"),
        ("POST", f"{API}/runs/search"),
        ("POST", f"{API}/runs/log-inputs"),
        ("POST", f"{API}/model-versions/create"),
        ("GET", f"{API}/model-versions/search"),
        ("GET", "/model-versions/get-artifact?name=hostile&version=1&path=x"),
        ("POST", f"{API}/logged-models/search"),
        ("POST", "/api/3.0/mlflow/traces/search"),
        ("POST", "/v1/traces"),
        ("POST", f"{API}/no/such"),
    ]:
        # What is not served at all may say so.
        expected = {401, 404, 405} if path == "/v1/traces" else {401}
        assert target.send(method, path, body, token=False).status in expected, path
    target.untouched()


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_a_form_of_another_site_changes_nothing(target: Target, content_type: str) -> None:
    answer = target.send(
        "POST", f"{API}/experiments/create", b'{"name": "forged"}', content_type=content_type
    )
    refused(answer)
    assert target.send("GET", f"{API}/experiments/get-by-name?experiment_name=forged").status == 404


def quickly(target: Target, method: str, path: str, body: bytes) -> Answer:
    begun = time.monotonic()
    answer = target.send(method, path, body)
    assert time.monotonic() - begun < SECONDS_MAX
    assert answer.status < 500, (answer.status, answer.body[:300])
    return answer


@pytest.mark.parametrize(
    "path", ["experiments/create", "runs/create", "runs/search", "runs/log-batch", "logged-models"]
)
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_json_of_a_hundred_thousand_levels_is_told_at_once(
    target: Target, path: str, opening: str, closing: str
) -> None:
    levels = 100_000
    middle = "1" if opening == '{"a":' else ""
    nested = opening * levels + middle + closing * levels
    for body in [nested, f'{{"name": {nested}}}', f'{{"run_id": "{target.run}", "metrics": {nested}}}']:
        quickly(target, "POST", f"{API}/{path}", body.encode())
    target.untouched()


@pytest.mark.parametrize(
    "path", ["experiments/create", "runs/search", "runs/log-batch", "runs/set-tag", "runs/log-inputs"]
)
def test_a_body_of_20_mb_is_told_at_once(target: Target, path: str) -> None:
    fields = {
        "run_id": target.run,
        "key": "k",
        "name": "big",
        "value": "v" * 20_000_000,
        "experiment_ids": ["0"],
    }
    try:
        answer = quickly(target, "POST", f"{API}/{path}", json.dumps(fields).encode())
    except (BrokenPipeError, ConnectionResetError):
        # It need not read what it refuses.
        answer = None
    assert answer is None or answer.status < 500
    target.untouched()


def test_fields_that_nobody_knows_are_passed_over(target: Target) -> None:
    deep: Any = "x"
    for _ in range(50):
        deep = {"deeper": [deep, None, 1.5, True]}
    strange = {
        "__proto__": deep,
        "constructor": deep,
        "": deep,
        "name\u0000": deep,
        "workspace": "../x",
        "a" * 5_000: 1,
    }
    made = target.post("experiments/create", {"name": "strange", **strange})
    assert made.status == 200
    experiment_id = made.json()["experiment_id"]
    run = target.post(
        "runs/create", {"experiment_id": experiment_id, "artifact_uri": "file:///etc", **strange}
    ).json()
    assert run["run"]["info"]["artifact_uri"].startswith(f"mlflow-artifacts:/{experiment_id}/")
    batch = {
        "run_id": run["run"]["info"]["run_id"],
        "metrics": [{"key": "a", "value": 1, "timestamp": 1, **strange}],
    }
    assert target.post("runs/log-batch", batch).status == 200


TEXTS = [
    "{{7*7}}",
    "$(id)",
    ";id",
    "`id`",
    "<img src=x onerror=alert(1)>",
    "' OR 1=1 --",
    '"; DROP TABLE runs; --',
    "%s%n",
    "\u202e",
    "🦀",
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_a_text(target: Target, text: str) -> None:
    answer = target.post("runs/set-tag", {"run_id": target.run, "key": "text", "value": text})
    assert (answer.status, answer.content_type.split(";")[0]) == (200, "application/json")
    run = target.send("GET", f"{API}/runs/get?run_id={target.run}").json()["run"]
    assert {tag["key"]: tag["value"] for tag in run["data"]["tags"]}["text"] == text
    found = target.post("runs/search", {"experiment_ids": ["0"], "filter": f"tags.text = {json.dumps(text)}"})
    assert found.status in {200, 400}


@pytest.mark.parametrize("text", ["a\u0000b", "\u0000", "a\nb", "\u0007"])
def test_letters_that_no_database_takes_are_no_failure(target: Target, text: str) -> None:
    for path, fields in [
        ("experiments/create", {"name": text}),
        ("runs/create", {"experiment_id": "0", "run_name": text}),
        ("runs/set-tag", {"run_id": target.run, "key": "k", "value": text}),
        ("runs/set-tag", {"run_id": target.run, "key": text, "value": "v"}),
        ("runs/log-parameter", {"run_id": target.run, "key": "nul", "value": text}),
        ("runs/search", {"experiment_ids": ["0"], "filter": f"tags.k = '{text}'"}),
        ("registered-models/create", {"name": text}),
        ("logged-models", {"experiment_id": "0", "name": text}),
    ]:
        answer = target.post(path, fields)
        assert answer.status < 500, (path, answer.status, answer.body[:300])


def test_an_address_of_a_megabyte_is_refused(target: Target) -> None:
    answer = target.send("GET", f"{API}/experiments/get-by-name?experiment_name={'x' * 1_000_000}")
    refused(answer)


def test_what_the_server_writes_is_for_nobody_else(target: Target) -> None:
    """Though it was started by someone whose mask forbids nothing."""
    written = [target.server.data, *target.server.data.rglob("*"), target.server.credentials]
    assert [(path.name, oct(path.stat().st_mode)) for path in written if path.stat().st_mode & 0o022] == []
