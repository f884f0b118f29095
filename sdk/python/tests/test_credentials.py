"""Which server and token are used."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest
from server import Server

from trackway import MLOpsClient, TrackwayError, credentials
from trackway.credentials import Credentials


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "credentials.json"
    servers = {"http://127.0.0.1:7000": {"token": "trk_seven"}, "https://team.example": {"token": "trk_team"}}
    file.write_text(json.dumps({"servers": servers, "default": "https://team.example"}))
    monkeypatch.setenv("TRACKWAY_CREDENTIALS", str(file))
    return file


def test_a_local_server_is_found_without_any_setting(server: Server) -> None:
    with closing(MLOpsClient()) as client:
        assert client.url == server.url
        assert client.create_experiment("found by itself").name == "found by itself"


def test_the_file_knows_the_default_and_each_servers_token(file: Path) -> None:
    assert credentials.find() == Credentials("https://team.example", "trk_team", f"the file {file}")
    assert credentials.find(url="http://localhost:7000/").token == "trk_seven"


def test_a_token_is_never_shown_to_another_server(file: Path) -> None:
    assert credentials.find(url="http://127.0.0.1:7001").token is None
    assert credentials.find(url="http://team.example").token is None


def test_the_environment_beats_the_file_and_arguments_beat_both(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKWAY_URL", "http://env.example/")
    monkeypatch.setenv("TRACKWAY_TOKEN", "trk_env\n")
    assert credentials.find()[:2] == ("http://env.example", "trk_env")
    assert credentials.find("http://arg.example", "trk_arg")[:2] == ("http://arg.example", "trk_arg")
    file.write_text("broken, but not needed")
    assert credentials.find()[:2] == ("http://env.example", "trk_env")


def test_the_file_is_looked_for_where_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRACKWAY_CREDENTIALS")
    monkeypatch.setenv("XDG_CONFIG_HOME", "/config")
    assert credentials.path() == Path("/config/trackway/credentials.json")
    monkeypatch.setenv("XDG_CONFIG_HOME", "")
    monkeypatch.setenv("HOME", "/home/ada")
    assert credentials.path() == Path("/home/ada/.config/trackway/credentials.json")


@pytest.mark.parametrize("text", ["{", "[]", '{"servers": []}', '{"servers": {"http://a": "trk_x"}}'])
def test_a_broken_file_is_named(file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(TrackwayError, match="credentials file cannot be used.*credentials.json"):
        credentials.find()


def test_without_a_file_the_usual_address_is_asked_as_nobody() -> None:
    assert credentials.find() == Credentials("http://127.0.0.1:7171", None, "nowhere")


def test_a_wrong_token_says_where_it_came_from(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKWAY_TOKEN", "trk_wrong")
    with closing(MLOpsClient()) as client:
        with pytest.raises(TrackwayError, match=f"TRACKWAY_TOKEN.*{server.url}") as caught:
            client.list_experiments()
    assert (caught.value.kind, caught.value.status) == ("unauthenticated", 401)


def test_no_token_says_how_to_give_one(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKWAY_CREDENTIALS", str(tmp_path / "none.json"))
    with closing(MLOpsClient(url=server.url)) as client:
        with pytest.raises(TrackwayError, match="set TRACKWAY_TOKEN") as caught:
            client.list_experiments()
    assert caught.value.kind == "unauthenticated"


@pytest.mark.parametrize("url", ["127.0.0.1:7171", "ftp://host", "http://", "localhost"])
def test_what_is_no_address_is_refused_at_once(url: str) -> None:
    with pytest.raises(TrackwayError, match="expected a URL") as caught:
        MLOpsClient(url=url)
    assert caught.value.field == "url"


def test_a_token_with_a_line_break_is_refused_before_it_is_sent() -> None:
    with pytest.raises(TrackwayError, match="argument api_token holds characters"):
        MLOpsClient(api_token="trk_a\nHost: evil", url="http://127.0.0.1:1")


def test_an_absent_server_is_said_after_the_patience_given() -> None:
    with pytest.raises(TrackwayError, match="cannot reach http://127.0.0.1:1") as caught:
        MLOpsClient(url="http://127.0.0.1:1", timeout=0.3).list_experiments()
    assert (caught.value.kind, caught.value.status) == ("unavailable", None)


def test_an_unknown_project_is_refused() -> None:
    with pytest.raises(TrackwayError, match='no project "other"'):
        MLOpsClient(project="other")
