"""What is recorded by itself: console, machine, environment; and that no secret is in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from script import Script
from server import Server

import trackway
from trackway import capture, console, environment, mask, series, system


def texts(server: Server, run_id: str, key: str) -> list[str]:
    for one in series.decode(server.get(f"/api/v1/series?run={run_id}&key={key}")):
        if one.key == key:
            assert one.columns["steps"] == list(range(one.columns["steps"][0], len(one.columns["steps"])))
            return one.columns["values"]
    return []


def test_what_is_printed_is_a_series_of_lines(server: Server) -> None:
    script = Script(
        """
        run = trackway.init(experiment="console", capture="console")
        print(run.id, flush=True)
        sys.stdin.readline()
        print("größe", end="")
        print(" 精度")
        sys.stderr.write("one\\ntwo\\n")
        for done in range(101):
            sys.stderr.write(f"\\r{done}%")
        sys.stderr.write("\\n")
        import logging
        logging.warning("through logging")
        print("no end", end="")
        run.finish()
        print(" after")
        print(type(sys.stdout).__name__)
        """
    )
    run_id = script.line()
    script.say()
    out, said = script.process.communicate(timeout=60)
    assert out.splitlines() == ["größe 精度", "no end after", "TextIOWrapper"], "the terminal has everything"
    assert texts(server, run_id, "system/stdout") == [run_id, "größe 精度", "no end"]
    assert texts(server, run_id, "system/stderr") == ["one", "two", "100%", "WARNING:root:through logging"]


def test_a_flood_is_cut_and_counted_and_lines_are_bounded() -> None:
    taken: list[tuple[int, str]] = []
    now = [0.0]
    lines = console.Lines(lambda number, text: taken.append((number, text)), 5, clock=lambda: now[0])
    for number in range(2000):
        lines.feed(f"{number}\n")
    now[0] = 1.5
    lines.feed("x" * 100_000 + "\n")
    lines.feed("\rbar 1\rbar 2\r")
    lines.end()
    assert [number for number, _ in taken] == list(range(5, 5 + len(taken)))
    shown = [text for _, text in taken]
    assert shown[:500] == [str(number) for number in range(500)]
    assert shown[500] == "… 1500 lines were printed faster than they can be read and are left out"
    assert len(shown[501]) == console.CHARACTERS_MAX
    assert shown[502:] == ["bar 2"]


def test_printing_from_within_the_capture_does_not_run_in_circles(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    class Loud:
        def log_series(self, key: str, step: int, value: str) -> None:
            seen.append(value)
            print("logged", value)
            raise RuntimeError("and fails")

    end = console.capture(Loud(), {})  # type: ignore[arg-type]
    print("hello")
    end()
    assert seen == ["hello"]


def test_the_machine_is_sampled_and_told_apart_by_rank(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKWAY_BEAT_SECONDS", "0.1")
    with trackway.init(experiment="system", capture="system", rank=3) as run:
        run.log_metrics({"loss": 1.0}, step=0)
        time.sleep(1.0)
    metrics = {metric["key"]: metric for metric in server.run(run.id)["metrics"]}
    assert {"system/cpu_percent", "system/memory_bytes", "system/disk_percent"} <= set(metrics)
    assert {"system/network_sent_bytes", "system/process_memory_bytes"} <= set(metrics)
    assert {f"system/network_{way}_bytes_per_second" for way in ("sent", "received")} <= set(metrics)
    cpu = metrics["system/cpu_percent"]
    assert cpu["count"] >= 3 and 0 <= cpu["min"] <= cpu["max"] <= 100
    assert cpu["context"] == {"process": "3"}
    assert 2**20 < metrics["system/process_memory_bytes"]["last"] < 2**40
    assert run._last_step == 0, "samples are no steps of the run"


def test_ranks_of_one_run_sample_the_machine_without_meeting(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKWAY_BEAT_SECONDS", "0.1")
    with trackway.init(experiment="system", capture="system", rank=0) as run:
        with trackway.init(experiment="system", capture="system", rank=3, id=run.id, resume="must"):
            time.sleep(0.8)
    memory = [one for one in server.run(run.id)["metrics"] if one["key"] == "system/memory_bytes"]
    assert sorted(one["context"]["process"] for one in memory) == ["0", "3"]
    assert all(one["count"] >= 2 for one in memory)


def test_speeds_are_what_was_counted_since_the_last_look() -> None:
    now = [10.0]
    speeds = system._Speeds({"disk_read": 100}, lambda: now[0])
    assert speeds({"disk_read": 200}) == {}, "no time has passed"
    now[0] = 14.0
    assert speeds({"disk_read": 1000, "network_sent": 5}) == {"disk_read_bytes_per_second": 200.0}
    now[0] = 15.0
    assert speeds({"disk_read": 10, "network_sent": 9}) == {
        "disk_read_bytes_per_second": 0.0,
        "network_sent_bytes_per_second": 4.0,
    }


def test_what_the_disks_have_done_only_grows() -> None:
    before = system._disk_bytes()
    after = system._disk_bytes()
    assert before is None or (after is not None and after >= before)


def test_psutil_tells_the_same_as_the_kernel() -> None:
    psutil = pytest.importorskip("psutil")
    told = system._Psutil(psutil)()
    own = system._Proc()()
    assert set(told) >= set(own) - {"cpu_percent"}


def test_a_library_without_a_driver_leaves_graphics_processors_out(monkeypatch: pytest.MonkeyPatch) -> None:
    class Library:
        @staticmethod
        def nvmlInit() -> None:
            raise OSError("no driver")

    monkeypatch.setitem(sys.modules, "pynvml", Library)  # type: ignore[arg-type]
    monkeypatch.setenv("PATH", "")
    assert system._gpu() is None


def test_the_numbers_of_a_graphics_processor_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho '0, 87, 1024, 65, [N/A]'\necho '1, 3, 0, 40, 55.5'\n")
    program.chmod(0o755)
    assert system._smi(str(program)) == {
        "gpu.0.utilization_percent": 87.0,
        "gpu.0.memory_bytes": 1024 * 2.0**20,
        "gpu.0.temperature_celsius": 65.0,
        "gpu.1.utilization_percent": 3.0,
        "gpu.1.memory_bytes": 0.0,
        "gpu.1.temperature_celsius": 40.0,
        "gpu.1.power_watts": 55.5,
    }
    program.write_text("#!/bin/sh\nexit 9\n")
    assert system._smi(str(program)) == {}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "code"
    folder.mkdir()

    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=n", "-c", "user.email=e@example.org"]
        subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)

    git("init", "-b", "trunk")
    (folder / "train.py").write_text("print(1)\n")
    git("add", ".")
    git("commit", "-m", "first")
    git("remote", "add", "origin", "https://me:ghp_0123456789abcdefghijABCDEFGHIJ@example.org/code.git")
    return folder


def test_git_is_told_with_what_is_not_committed(repository: Path) -> None:
    about, diff = environment.git(str(repository))
    assert (about["branch"], about["dirty"], diff) == ("trunk", False, None)
    assert len(about["commit"]) == 40
    assert about["remote"] == "https://***@example.org/code.git"
    (repository / "train.py").write_text("print(2)\n")
    about, diff = environment.git(str(repository))
    assert about["dirty"] and about["diff_path"] == "code/diff.patch"
    assert diff is not None and b"+print(2)" in diff
    (repository / "train.py").write_text("x" * 3_000_000)
    about, diff = environment.git(str(repository))
    assert about["diff_cut"] and diff is not None and len(diff) <= environment.DIFF_BYTES_MAX
    assert environment.git("/") == ({}, None)


def test_the_environment_is_stored_without_secrets(server: Server, repository: Path) -> None:
    (repository / "train.py").write_text(
        "import random, sys, trackway\n"
        "with trackway.init(experiment='environment', capture='environment') as run:\n"
        "    print(run.id)\n"
    )
    secrets = {
        "SLURM_JOB_ID": "7",
        "HF_TOKEN": "hf_verysecretvalue123456",
        "AWS_SECRET_ACCESS_KEY": "aws-secret",
    }
    package = str(Path(__file__).resolve().parents[1])
    done = subprocess.run(
        [sys.executable, "train.py", "--lr", "0.1", "--api-key", "s3cret", "--password=s3cret"],
        cwd=repository,
        env={**os.environ, "PYTHONPATH": package, **secrets},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    run_id = done.stdout.strip()
    stored = json.loads(server.get(f"/api/v1/runs/{run_id}/environment"))
    assert stored["command"][-5:] == ["--lr", "0.1", "--api-key", "***", "--password=***"]
    assert stored["entry"] == str(repository / "train.py")
    assert stored["git"]["dirty"] and stored["git"]["branch"] == "trunk"
    assert stored["python"]["version"].count(".") == 2
    assert "pytest" in stored["packages"]
    assert stored["host"]["cpu_count"] == os.cpu_count() and stored["host"]["memory_bytes"] > 2**28
    assert "random_state" in stored["seeds"]
    assert stored["variables"]["SLURM_JOB_ID"] == "7"
    text = json.dumps(stored) + server.artifact(run_id, "code/diff.patch").decode()
    for secret in ("s3cret", "verysecret", "aws-secret", "ghp_", server.token):
        assert secret not in text, secret


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("https://user:pass@host/x?a=1&token=abc#f", "https://***@host/x?a=1&token=***#f"),
        ("postgres://u:p@db:5432/x", "postgres://***@db:5432/x"),
        ("key is trk_abcdefgh12345678 here", "key is *** here"),
        ("AKIAIOSFODNN7EXAMPLE", "***"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-def", "***"),
        ("nothing to hide: token count 3", "nothing to hide: token count 3"),
        ("git@github.com:org/repo.git", "git@github.com:org/repo.git"),
    ],
)
def test_secrets_in_texts_are_masked(text: str, masked: str) -> None:
    assert mask.masked_text(text) == masked


@pytest.mark.parametrize(
    "name",
    ["PASSWORD", "DB_PASSWORD", "dbPassword", "--api-key", "API_KEY", "apikey", "AWS_SECRET_ACCESS_KEY", "HF_TOKEN",
     "wandb_api_key", "authToken", "--auth", "CLIENT_SECRET", "SENTRY_DSN", "PRIVATE-KEY", "MYSQL_PWD_SECRET"],
)  # fmt: skip
def test_names_of_secrets_are_known(name: str) -> None:
    assert mask.is_secret_name(name)


@pytest.mark.parametrize(
    "name", ["--lr", "tokenizer", "--max-tokens", "MASTER_ADDR", "author", "keys", "PATH", "--seed"]
)
def test_names_of_other_things_are_not_hidden(name: str) -> None:
    assert not mask.is_secret_name(name)


def test_a_command_line_loses_what_follows_a_secret_name() -> None:
    command = ["python", "t.py", "--token", "abc", "--lr", "0.1", "API_KEY=x", "--password", "--verbose", "u"]
    assert mask.masked_command(command) == [
        "python", "t.py", "--token", "***", "--lr", "0.1", "API_KEY=***", "--password", "--verbose", "u",
    ]  # fmt: skip


def test_what_is_captured_can_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRACKWAY_CAPTURE")
    assert capture.chosen(None, ("system",)) == ("system",)
    assert capture.chosen(True, ()) == capture.ALL
    assert capture.chosen(False, capture.ALL) == ()
    assert capture.chosen("system, console", ()) == ("system", "console")
    monkeypatch.setenv("TRACKWAY_CAPTURE", "none")
    assert capture.chosen(None, capture.ALL) == ()
    with pytest.raises(ValueError, match="disk"):
        capture.chosen(["disk"], ())
