"""``trackway runs``, ``experiments``, ``open`` and ``download``: what they find, and how they say it."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from pathlib import Path

import pytest
from command import PACKAGE, RUN, at_terminal, documented, trackway
from server import Server

from trackway import Experiment, MLOpsClient
from trackway.search import width


@pytest.fixture
def runs(client: MLOpsClient, experiment: Experiment) -> list[str]:
    """Three runs, the newest first."""
    ids = []
    for number, status in enumerate(("completed", "failed", "completed")):
        run = client.start_run(experiment.id, name=f"run {number}", tags={"owner": "ada", "quick": ""})
        run.log_params({"lr": 0.1 * number, "inf": float("inf"), "model": "größe" if number else "a,b"})
        run.log_metrics({"val/loss": 2.0}, step=0)
        run.log_metrics({"val/loss": 1 / (number + 1), "f,1": float("nan")}, step=1)
        run.finish(status)
        ids.append(run.id)
    return ids[::-1]


def test_ls_lists_the_newest_first(runs: list[str], experiment: Experiment) -> None:
    lines = trackway("runs", "ls", "--experiment", experiment.name).stdout.splitlines()
    assert lines[0].split() == ["id", "name", "status", "started", "duration", "f,1", "val/loss"]
    assert [line.split()[0] for line in lines[1:]] == runs
    assert lines[2].split()[1:4] == ["run", "1", "failed"]
    assert lines[1].endswith("  0.333333")
    assert all(line.isascii() and "\x1b" not in line for line in lines)


def test_ls_searches_sorts_limits_and_shows_the_columns_asked_for(
    runs: list[str], experiment: Experiment
) -> None:
    columns = 'name,params.lr,metrics.val/loss.max,metrics."f,1",tags.owner,tags.quick'
    query = "status = completed and params.lr >= 0"
    words = ["runs", "ls", query, "--experiment", experiment.id, "--sort", "metrics.val/loss"]
    lines = trackway(*words, "--columns", columns, "--columns", "params.model").stdout.splitlines()
    assert [re.split(r"\s{2,}", line.strip()) for line in lines] == [
        ["name", "lr", "val/loss max", "f,1", "owner", "quick", "model"],
        ["run 0", "0", "2", "nan", "ada", "yes", "a,b"],
        ["run 2", "0.2", "2", "nan", "ada", "yes", "größe"],
    ]
    lines = trackway(*words, "--columns", "id", "--reverse", "--limit", "1").stdout.splitlines()
    assert lines == ["id", runs[0], "(more than 1: see --limit)"]


def test_groups_show_how_many_and_means(runs: list[str], experiment: Experiment) -> None:
    words = ["runs", "groups", "params.model, tags.none", "--experiment", experiment.name]
    lines = trackway(*words, "--fields", 'metrics.val/loss,metrics."f,1"', "--sort", "n").stdout.splitlines()
    assert [re.split(r"\s{2,}", line.strip()) for line in lines] == [
        ["model", "none", "n", "val/loss", '"f,1"'],
        ["a,b", "-", "1", "1", "- (1 not finite)"],
        ["größe", "-", "2", "0.416667 +-1.1", "- (2 not finite)"],
    ]
    found = documented(*words, "--fields", "params.lr", "--limit", "1")
    assert found["more"] is True
    (group,) = found["groups"]
    assert (group["keys"], group["n"]) == ({"params.model": "größe", "tags.none": None}, 2)
    assert group["filter"] == "params.model = 'größe' and tags.none is null"
    assert group["stats"]["params.lr"]["mean"] == pytest.approx(0.15)
    trackway("runs", "groups", "created", "--experiment", experiment.name, check=1)


def test_ls_as_json_is_one_document_that_keeps_every_type(
    runs: list[str], experiment: Experiment, server: Server
) -> None:
    found = documented("runs", "ls", "--experiment", experiment.id, "--limit", "2")
    assert found.keys() == {"runs", "more"} and found["more"] is True
    assert [run["id"] for run in found["runs"]] == runs[:2]
    one = found["runs"][0]
    stored = server.run(runs[0])["run"]
    assert one["params"] == {"inf": {"float": "Infinity"}, "lr": 0.2, "model": "größe"}
    assert one["metrics"] == {
        "f,1": {"last": "NaN", "last_step": 1, "min": None, "max": None},
        "val/loss": {"last": 1 / 3, "last_step": 1, "min": 1 / 3, "max": 2.0},
    }
    assert one["tags"] == {"owner": "ada", "quick": ""}
    assert one["duration_seconds"] == (stored["ended_at_ms"] - stored["started_at_ms"]) / 1000
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", one["started_at"])
    assert (one["experiment"], one["experiment_id"], one["status"]) == (
        experiment.name,
        experiment.id,
        "completed",
    )
    assert one["url"] == f"{server.url}/runs/{runs[0]}"


def test_ls_over_all_experiments_says_where_each_run_is(
    client: MLOpsClient, runs: list[str], experiment: Experiment
) -> None:
    elsewhere = client.create_experiment("elsewhere")
    client.start_run(elsewhere.id, name="run 9").finish()
    found = documented("runs", "ls", "name like 'run _'", "--limit", "1000")["runs"]
    assert {"elsewhere", experiment.name} <= {run["experiment"] for run in found}
    assert "experiment" in trackway("runs", "ls").stdout.splitlines()[0].split()


def test_a_table_fits_the_terminal(client: MLOpsClient, runs: list[str], experiment: Experiment) -> None:
    client.start_run(experiment.id, name="a very long name " + "日本" * 20).finish()
    for columns in (40, 60, 80, 200):
        said = at_terminal(columns, "runs", "ls", "--experiment", experiment.id)
        plain = re.sub(r"\x1b\[[0-9;]*m", "", said).splitlines()
        assert all(width(line) <= columns for line in plain[:5]), (columns, plain)
        assert plain[2].split()[0] == runs[0][:8]
        assert "completed" in plain[2] or columns == 40
    assert "\x1b[31mfailed" in said
    assert "do not fit" in at_terminal(40, "runs", "ls", "--experiment", experiment.id)
    assert "\x1b" not in at_terminal(200, "runs", "ls", "--experiment", experiment.id, NO_COLOR="1")


def test_a_key_cannot_command_the_terminal(client: MLOpsClient, experiment: Experiment) -> None:
    with client.start_run(experiment.id) as run:
        run.log_params({"title": "a\x1b]0;owned\x07\nb"})
    said = trackway("runs", "ls", "--experiment", experiment.id, "--columns", "params.title").stdout
    assert said.splitlines()[1].strip() == "a\\x1b]0;owned\\x07\\nb"


def test_a_mistake_in_a_query_is_pointed_at(runs: list[str]) -> None:
    done = trackway("runs", "ls", "params.lr > 'x'", check=1)
    assert done.stdout == ""
    assert done.stderr == (
        "trackway: filter: expected a number without quotes, to compare by size\n"
        "  params.lr > 'x'\n"
        "              ^\n"
    )


@pytest.mark.parametrize(
    "words", [["runs"], ["runs", "ls", "--limit", "x"], ["runs", "show"], ["rnus"], [], ["open", "--what"]]
)
def test_wrong_use_is_2(words: list[str]) -> None:
    done = trackway(*words, check=2)
    assert done.stdout == "" and "usage: trackway" in done.stderr


def test_an_unknown_column_is_wrong_use_too(runs: list[str]) -> None:
    assert 'no column "lr"' in trackway("runs", "ls", "--columns", "lr", check=2).stderr


def test_show_tells_all_of_a_run(client: MLOpsClient, experiment: Experiment) -> None:
    with client.start_run(experiment.id, name="shown", tags=["quick"]) as run:
        run.log_params({"deep": {"er": 1}})
        run.log_metrics({"loss": 0.5, "system/cpu_percent": 3}, step=3)
        run.log_metrics({"loss": 0.25}, step=0, context={"subset": "val"})
        run.log_metric("said", "hello", step=0)
        run.log_bytes(b"x" * 2048, "model/best.pt")
        run.log_environment({"git": {"commit": "0123456789abcdef", "branch": "main", "dirty": True}})
        run.set_notes("# Why\n\x1b[2J because")
    commit = "commit      0123456789ab on main, with changes of its own"
    for word in (run.id, run.id[:12], "shown"):
        said = trackway("runs", "show", word).stdout
        assert said.startswith("shown  completed\n")
        for line in (
            f"id          {run.id}",
            f"page        {run.url}",
            "deep.er  1",
            "tags        quick",
            commit,
        ):
            assert line in said.splitlines(), said
    rows = [line.split() for line in said.splitlines()]
    assert ["loss", "0.5", "3", "0.5", "0.5", "1"] in rows
    assert ["loss", "[subset=val]", "0.25", "0", "0.25", "0.25", "1"] in rows
    assert ["model/best.pt", "2.0", "KiB"] in rows
    assert "system/cpu_percent" not in said and "\\x1b[2J because" in said
    document = documented("runs", "show", "shown")
    assert {one["key"] for one in document["series"]} == {"loss", "said", "system/cpu_percent"}
    assert document["artifacts"][0]["sha256"] == hashlib.sha256(b"x" * 2048).hexdigest()
    assert document["note"] == "# Why\n\x1b[2J because"
    assert document["environment"]["git"]["branch"] == "main" and document["params"] == {"deep.er": 1}


def test_a_name_that_means_several_runs_is_asked_about(client: MLOpsClient, experiment: Experiment) -> None:
    ids = []
    for _ in range(2):
        run = client.start_run(experiment.id, name='it\'s "twin"')
        run.finish()
        ids.append(run.id)
    said = trackway("runs", "show", 'it\'s "twin"', check=1).stderr
    assert all(f'  {run_id}  it\'s "twin"' in said for run_id in ids)
    assert 'no run "nothing like it"' in trackway("runs", "show", "nothing like it", check=1).stderr


def test_experiments_come_in_a_table(client: MLOpsClient, experiment: Experiment) -> None:
    client.create_experiment("ls: phases", "for the list", tags={"phase": "search", "vision": ""})
    said = trackway("experiments", "ls", "LS: PHASES").stdout.splitlines()
    assert said[0].split() == ["id", "name", "status", "runs", "created", "tags"]
    assert said[1].endswith("phase: search, vision")
    (one,) = documented("experiments", "ls", "ls: phases", "--tag", "vision")["experiments"]
    assert (one["name"], one["tags"], one["run_count"]) == ("ls: phases", ["phase: search", "vision"], 0)
    assert documented("experiments", "ls", "no such thing") == {"experiments": [], "more": False}
    assert len(documented("experiments", "ls", "--limit", "1")["experiments"]) == 1


def test_open_prints_the_address(runs: list[str], experiment: Experiment, server: Server) -> None:
    assert trackway("open", "--print").stdout == f"{server.url}\n"
    assert trackway("open", runs[0][:10], "--print").stdout == f"{server.url}/runs/{runs[0]}\n"
    expected = {"url": experiment.url, "opened": False}
    assert documented("open", experiment.name, "--print") == expected
    assert documented("open", experiment.id, "--print") == expected
    assert 'no run and no experiment "nothing"' in trackway("open", "nothing", "--print", check=1).stderr


def test_open_opens_the_browser(runs: list[str], server: Server, tmp_path: Path) -> None:
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/opened\n')
    browser.chmod(0o755)
    assert trackway("open", runs[0], BROWSER=f"{browser} %s").stdout == f"{server.url}/runs/{runs[0]}\n"
    assert (tmp_path / "opened").read_text().strip() == f"{server.url}/runs/{runs[0]}"


def test_download_brings_files(client: MLOpsClient, experiment: Experiment, tmp_path: Path) -> None:
    with client.start_run(experiment.id, name="files") as run:
        run.log_text("weights", "model/best.pt")
        run.log_text("notes", "notes.txt")
    out = tmp_path / "out"
    said = trackway("download", run.id, "model", "--to", str(out)).stdout
    assert said == f"{out}/model/best.pt  7 B\n"
    assert (out / "model" / "best.pt").read_text() == "weights" and not (out / "notes.txt").exists()
    found = documented("download", run.id, "--to", str(out))
    assert found["run_id"] == run.id
    assert {file["path"]: Path(file["local_path"]).read_text() for file in found["files"]} == {
        "model/best.pt": "weights",
        "notes.txt": "notes",
    }
    assert found["files"][1]["sha256"] == hashlib.sha256(b"notes").hexdigest()
    assert 'has no artifact "nope"' in trackway("download", run.id, "nope", check=1).stderr


def test_a_reader_that_has_enough_ends_it_quietly(runs: list[str]) -> None:
    command = " ".join(["exec", *RUN, "runs", "ls", "--json", "|", "head", "-c", "1"])
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, cwd=PACKAGE, timeout=60)
    assert (done.stdout, done.stderr) == ("{", "")


def test_no_server_is_said_in_a_line_and_at_once(tmp_path: Path) -> None:
    done = trackway("runs", "ls", "--json", "--url", "http://127.0.0.1:1", check=1)
    assert done.stdout == ""
    assert done.stderr == "trackway: cannot reach http://127.0.0.1:1: Connection refused\n"


def test_json_that_a_terminal_of_another_code_page_shows_is_the_same(
    client: MLOpsClient, experiment: Experiment
) -> None:
    client.start_run(experiment.id, name="日本").finish()
    words = ("runs", "ls", "--experiment", experiment.id)
    said = trackway(*words, "--json", PYTHONUTF8="0", PYTHONIOENCODING="ascii", LC_ALL="C").stdout
    assert said.isascii() and json.loads(said)["runs"][0]["name"] == "日本"
    assert "\\u65e5" in trackway(*words, PYTHONUTF8="0", PYTHONIOENCODING="ascii", LC_ALL="C").stdout
