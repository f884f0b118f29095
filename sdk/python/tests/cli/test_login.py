"""``trackway login`` and ``trackway status``: the token is checked, kept from others, and never shown."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from command import at_terminal, documented, trackway
from server import Server

from trackway import MLOpsClient


@pytest.fixture
def file(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A credentials file that is not there yet."""
    file = tmp_path / "config" / "trackway" / "credentials.json"
    monkeypatch.setenv("TRACKWAY_CREDENTIALS", str(file))
    return file


def test_a_token_from_stdin_is_checked_kept_and_used(server: Server, file: Path) -> None:
    done = trackway("login", "--url", server.url + "/", stdin=f"{server.token}\n")
    assert done.stdout == f"signed in to {server.url} as owner (admin); kept in {file}\n"
    assert server.token not in done.stdout + done.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    kept = {"servers": {server.url: {"token": server.token}}, "default": server.url}
    assert json.loads(file.read_text()) == kept
    assert os.listdir(file.parent) == [file.name], "nothing else is left there"
    client = MLOpsClient()
    assert (client.url, client.list_experiments() is not None) == (server.url, True)
    client.close()


def test_a_token_that_is_typed_is_not_shown(server: Server, file: Path) -> None:
    said = at_terminal(80, "login", "--url", server.url, typed=server.token)
    assert f"token for {server.url}: " in said and f"signed in to {server.url} as owner" in said
    assert server.token not in said
    assert server.token in file.read_text()


def test_login_as_json_does_not_show_the_token(server: Server, file: Path) -> None:
    shown = documented("login", "--url", server.url, "--token", server.token)
    assert shown == {"url": server.url, "user": "owner", "role": "admin", "credentials_path": str(file)}


def test_other_servers_stay_in_the_file_and_one_server_is_there_once(server: Server, file: Path) -> None:
    file.parent.mkdir(parents=True)
    local = server.url.replace("127.0.0.1", "LOCALHOST") + "/"
    team = {"token": "trk_team", "more": 1}
    file.write_text(
        json.dumps({"servers": {"https://team.example": team, local: {"token": "old"}}, "extra": [1]})
    )
    file.chmod(0o644)
    trackway("login", "--url", server.url, stdin=server.token)
    assert json.loads(file.read_text()) == {
        "servers": {"https://team.example": team, server.url: {"token": server.token}},
        "extra": [1],
        "default": server.url,
    }
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_link_to_the_file_stays_a_link(server: Server, file: Path, tmp_path: Path) -> None:
    file.parent.mkdir(parents=True)
    real = tmp_path / "dotfiles.json"
    real.write_text("{}")
    file.symlink_to(real)
    trackway("login", "--url", server.url, stdin=server.token)
    assert file.is_symlink() and server.token in real.read_text()


@pytest.mark.parametrize("token", ["trk_" + "0" * 40, "", "trk_a\x7fb"])
def test_a_token_that_is_none_changes_nothing(server: Server, file: Path, token: str) -> None:
    done = trackway("login", "--url", server.url, stdin=f"{token}\n", check=1)
    assert done.stdout == ""
    assert not token or token not in done.stderr
    assert not file.exists()


def test_a_broken_file_is_not_overwritten(server: Server, file: Path) -> None:
    file.parent.mkdir(parents=True)
    file.write_text("{")
    assert "cannot be used" in trackway("login", "--url", server.url, stdin=server.token, check=1).stderr
    assert file.read_text() == "{"


def test_a_variable_that_beats_the_file_is_said(server: Server, file: Path) -> None:
    done = trackway("login", "--url", server.url, stdin=server.token, TRACKWAY_TOKEN="trk_other")
    assert "TRACKWAY_TOKEN is set, and beats" in done.stderr


def test_status_says_who_and_where(server: Server, tmp_path: Path) -> None:
    said = trackway("status").stdout
    assert f"server  {server.url}, version " in said and "user    owner (admin)" in said
    assert f"nothing waits in {tmp_path / 'spool'}" in said
    found = documented("status")
    assert found["server"]["url"] == server.url and found["server"]["reachable"] is True
    assert found["server"]["error"] is None and found["server"]["version"]
    assert found["user"] == {"name": "owner", "role": "admin"}
    assert found["spool"] == {"directory": str(tmp_path / "spool"), "waiting_bytes": 0, "spools": []}
    assert server.token not in json.dumps(found)


def test_status_counts_what_waits(server: Server, tmp_path: Path) -> None:
    from script import Script, sync

    script = Script("""
        run = trackway.init(experiment="waiting", mode="offline")
        run.log_metrics({"loss": 1}, step=0)
    """)
    assert script.end()[0] == 0
    assert "of 1 process wait in" in trackway("status").stdout
    (spool,) = documented("status")["spool"]["spools"]
    assert spool["alive"] is False and spool["waiting_bytes"] > 0 and spool["url"] == server.url
    sync()
    assert documented("status")["spool"]["waiting_bytes"] == 0


def test_status_without_a_server_or_a_token_is_1(server: Server, tmp_path: Path) -> None:
    done = trackway("status", "--url", "http://127.0.0.1:1", check=1)
    assert "no answer" in done.stdout and "cannot reach" in done.stderr
    done = trackway("status", "--json", check=1, TRACKWAY_TOKEN="trk_wrong")
    found = json.loads(done.stdout)
    assert found["user"] is None and found["server"]["reachable"] is True and found["server"]["error"]
