"""Every endpoint answers as the genuine server does; where it does not, that is meant and listed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

import mlflow
import pytest
import requests
from server import Server

from answers import DIFFERENCES, Difference
from calls import CALLS, Call
from conftest import REPOSITORY
from genuine import Genuine

pytestmark = pytest.mark.skipif(
    int(mlflow.__version__.split(".")[0]) < 3, reason="the list holds what the server of mlflow 3 answers"
)

SECONDS_MAX = 60.0
ABSENT = "(absent)"
# What the servers' own clocks say.
CLOCKS = {"creation_time", "last_update_time", "creation_timestamp", "last_updated_timestamp"}
CLOCKS |= {"creation_timestamp_ms", "last_updated_timestamp_ms"}
RANDOM_NAME = re.compile(r"[a-z]+-[a-z]+-\d{1,3}")
PLACE = re.compile(r"mlflow-artifacts:/(\d+)")
# Lists that mean sets.
SETS = ("/dataset_inputs", "dataset_summaries", "/data/metrics", "/aliases", "/latest_versions")


@dataclass
class Answered:
    status: int
    # Places in the answer, and what is there.
    leaves: dict[str, Any]
    text: str


@dataclass
class Side:
    """One of the two servers, and the names that its answers kept."""

    url: str
    token: str
    http: requests.Session = field(default_factory=requests.Session)
    kept: dict[str, str] = field(default_factory=dict)

    def filled(self, value: Any) -> Any:
        """`{name}` becomes what this server gave under that name."""
        if isinstance(value, str):
            return re.sub(r"\{([^{}\"]+)\}", lambda found: self.kept.get(found[1], found[0]), value)
        if isinstance(value, bytes):
            try:
                return self.filled(value.decode()).encode()
            except UnicodeDecodeError:
                return value
        if isinstance(value, list):
            return [self.filled(item) for item in value]
        if isinstance(value, dict):
            return {key: self.filled(item) for key, item in value.items()}
        return value

    def named(self, place: str, value: Any) -> Any:
        """The other way round: ids, clocks and random names become what is the same on both."""
        name = place.rsplit("/", 1)[-1]
        if name in CLOCKS and isinstance(value, int) and value > 0:
            return "(time)"
        if not isinstance(value, str):
            return value
        if value.startswith('[{"'):
            value = json.dumps(json.loads(value), sort_keys=True)
        if name == "next_page_token":
            return "(token)"
        if name == "experiment_id":
            return next((f"{{{known}}}" for known, kept in self.kept.items() if kept == value), value)
        for known, kept in self.kept.items():
            if len(kept) >= 32:
                value = value.replace(kept, f"{{{known}}}")
        if name in {"run_name", "value", "name"} and RANDOM_NAME.fullmatch(value):
            return "(random name)"
        ids = {kept: known for known, kept in self.kept.items() if kept.isdigit()}
        return PLACE.sub(lambda found: f"mlflow-artifacts:/{ids.get(found[1], found[1])}", value)

    def ask(self, call: Call) -> Answered:
        fields = self.filled(call.fields)
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        url = self.url + self.filled(call.whole_path)
        if call.method == "GET":
            answer = self.http.get(url, params=fields, headers=headers, timeout=SECONDS_MAX)
        else:
            body = fields if isinstance(fields, bytes) or fields is None else json.dumps(fields).encode()
            headers["Content-Type"] = call.content_type
            answer = self.http.request(call.method, url, data=body, headers=headers, timeout=SECONDS_MAX)
        return self._read(call, answer)

    def _read(self, call: Call, answer: requests.Response) -> Answered:
        kind = answer.headers.get("Content-Type", "").split(";")[0]
        try:
            content = answer.json()
        except ValueError:
            content = None
        if not isinstance(content, dict) or "Content-Disposition" in answer.headers:
            is_page = kind == "text/html" and answer.status_code >= 400
            text = "(page)" if is_page else answer.content.decode(errors="replace")
            return Answered(answer.status_code, {"content": text, "content_type": kind}, answer.text)
        for name, place in call.keep.items():
            found: Any = content
            for step in place.split("."):
                found = found.get(step, {}) if isinstance(found, dict) else {}
            # What is missing is seen as a difference in the answer itself.
            self.kept[name] = found if isinstance(found, str) else f"no {name}"
        leaves = {place: self.named(place, value) for place, value in leaves_of(content)}
        if answer.status_code >= 400:
            # Wordings differ; what clients look for in them is given by the call.
            leaves.pop("message", None)
        return Answered(answer.status_code, leaves, answer.text)


def order_in_set(item: Any) -> str:
    known = (
        {name: item[name] for name in ("name", "version") if name in item} if isinstance(item, dict) else None
    )
    return json.dumps(known or item, sort_keys=True)


def leaves_of(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Every place in an answer; lists of pairs are read as the maps that they are."""
    below = f"{place}/" if place else ""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from leaves_of(item, f"{below}{key}")
    elif isinstance(value, list) and value:
        if place.endswith(SETS):
            value = sorted(value, key=order_in_set)
        keys = [item.get("key") if isinstance(item, dict) else None for item in value]
        is_map = None not in keys and len(set(keys)) == len(keys)
        for number, item in enumerate(value):
            yield from leaves_of(item, f"{below}{keys[number] if is_map else number}")
    else:
        yield place, value


def differing(theirs: Answered, ours: Answered) -> dict[str, tuple[Any, Any]]:
    found: dict[str, tuple[Any, Any]] = {}
    if theirs.status != ours.status:
        found["status"] = (theirs.status, ours.status)
    for place in sorted(theirs.leaves.keys() | ours.leaves.keys()):
        pair = (theirs.leaves.get(place, ABSENT), ours.leaves.get(place, ABSENT))
        if pair[0] != pair[1]:
            found[place] = pair
    return found


@dataclass
class Both:
    theirs: dict[str, Answered]
    ours: dict[str, Answered]
    # What each call says, with its names filled in.
    says: dict[str, tuple[str, str]]

    def differences(self, call: Call) -> dict[str, tuple[Any, Any]]:
        return differing(self.theirs[call.what], self.ours[call.what])


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    genuine = Genuine(tmp_path_factory.mktemp("genuine"))
    trackway = Server(tmp_path_factory.mktemp("compared"))
    try:
        genuine.start()
        trackway.start()
        theirs, ours = Side(genuine.url, genuine.token), Side(trackway.url, trackway.token)
        answers = Both({}, {}, {})
        for call in CALLS:
            answers.theirs[call.what] = theirs.ask(call)
            answers.ours[call.what] = ours.ask(call)
            answers.says[call.what] = (theirs.filled(call.says), ours.filled(call.says))
        yield answers
    finally:
        genuine.stop()
        trackway.stop()


def listed(what: str, place: str) -> bool:
    shown = (pair for difference in DIFFERENCES for pair in difference.shows)
    return any(fnmatchcase(what, call) and fnmatchcase(place, where) for call, where in shown)


@pytest.mark.parametrize("call", CALLS, ids=[call.what for call in CALLS])
def test_an_answer_is_the_genuine_one(both: Both, call: Call) -> None:
    unlisted = {place: pair for place, pair in both.differences(call).items() if not listed(call.what, place)}
    assert not unlisted, f"(mlflow, here) by place: {unlisted}"
    for side, answered, says in zip(
        ("mlflow", "here"), (both.theirs, both.ours), both.says[call.what], strict=True
    ):
        assert says in json_text(answered[call.what].text), f"{side} says: {answered[call.what].text[:500]}"


def json_text(text: str) -> str:
    """A text without JSON's escapes of it."""
    try:
        content = json.loads(text)
    except ValueError:
        return text
    return str(content.get("message", text)) if isinstance(content, dict) else text


@pytest.mark.parametrize("difference", DIFFERENCES, ids=[difference.what for difference in DIFFERENCES])
def test_a_listed_difference_shows(both: Both, difference: Difference) -> None:
    for what, where in difference.shows:
        assert any(
            fnmatchcase(call.what, what) and fnmatchcase(place, where)
            for call in CALLS
            for place in both.differences(call)
        ), f"nothing differs any more at {what!r}, {where!r}"


def test_the_table_in_the_docs_is_the_list() -> None:
    text = (REPOSITORY / "docs" / "mlflow.md").read_text()
    table = text.split("## Where answers differ on purpose", 1)[1]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| ")]
    assert [(row[0], row[-1]) for row in rows[1:]] == [(one.what, one.why) for one in DIFFERENCES]
