"""The server's verbs are handed to its program, wherever it is, and never to this command again."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from command import PACKAGE, trackway
from server import REPOSITORY

BINARY = os.environ.get("TRACKWAY_BINARY") or str(REPOSITORY / "target" / "debug" / "trackway")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder like that of a virtual environment: this command, as a script, is the first on PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    script = folder / "trackway"
    script.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path[:0] = [{str(PACKAGE)!r}]\n"
        "from trackway.cli import main\nsys.exit(main())\n"
    )
    script.chmod(0o755)
    return folder


def test_serve_goes_to_the_program_that_a_variable_names() -> None:
    said = trackway("serve", "--help", TRACKWAY_SERVER_BINARY=BINARY).stdout
    assert "Usage: trackway serve" in said and "--listen" in said


def test_serve_goes_past_scripts_to_the_program_on_path(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "trackway").symlink_to(BINARY)
    path = os.pathsep.join([str(folder), str(tmp_path / "gone"), str(other)])
    assert "Usage: trackway serve" in trackway("serve", "--help", PATH=path).stdout


def test_the_exit_code_is_that_of_the_program() -> None:
    done = trackway("serve", "--no-such-option", TRACKWAY_SERVER_BINARY=BINARY, check=2)
    assert "--no-such-option" in done.stderr


def test_a_missing_program_is_said_with_where_to_get_it(folder: Path) -> None:
    done = trackway("serve", PATH=str(folder), check=1)
    assert '"serve" is done by the server' in done.stderr
    assert "cargo xtask build --release" in done.stderr and "TRACKWAY_SERVER_BINARY" in done.stderr
    assert "no-such-file" in trackway("serve", TRACKWAY_SERVER_BINARY="/no-such-file", check=1).stderr


def test_a_variable_that_leads_back_here_ends(folder: Path) -> None:
    done = trackway("serve", TRACKWAY_SERVER_BINARY=str(folder / "trackway"), check=1)
    assert "leads back to this command" in done.stderr


def test_verbs_that_a_newer_server_has_are_handed_over_and_typing_mistakes_are_not(tmp_path: Path) -> None:
    newer = tmp_path / "newer"
    newer.write_text(
        "#!/bin/sh\n"
        'if [ "$1" = --help ]; then printf "Commands:\\n  serve  Start\\n  backup  Save\\n\\nOptions:\\n"; exit; fi\n'
        'echo "did $*"\n'
    )
    newer.chmod(0o755)
    assert (
        trackway("backup", "--to", "a b", TRACKWAY_SERVER_BINARY=str(newer)).stdout == "did backup --to a b\n"
    )
    said = trackway("bakcup", TRACKWAY_SERVER_BINARY=str(newer), check=2)
    assert "invalid choice: 'bakcup'" in said.stderr


@pytest.mark.parametrize(
    "words",
    [["--help"], ["runs", "--help"], ["runs", "ls", "--help"], ["runs", "show", "--help"]]
    + [[name, "--help"] for name in ("login", "status", "experiments", "download", "open", "sync")],
)
def test_every_command_has_help(words: list[str]) -> None:
    said = trackway(*words).stdout
    assert said.startswith("usage: trackway") and "--help" in said


def test_help_names_what_the_server_does_and_loads_no_client() -> None:
    assert "serve" in trackway("--help").stdout
    import subprocess

    program = "import sys; from trackway.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass\n"
    program += "print('LOADED', *sorted(name for name in sys.modules if name.startswith('trackway')))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=PACKAGE, check=True
    )
    assert done.stdout.splitlines()[-1].split()[1:] == ["trackway", "trackway.cli"]
