"""Hands a command line to the server's own program, which has the same name as this one.

TRACKWAY_SERVER_BINARY says where it is; otherwise it is the first program ``trackway`` on PATH that is no script, so
that neither this one nor that of another Python environment is taken for it.
"""

from __future__ import annotations

import os
import sys

VARIABLE = "TRACKWAY_SERVER_BINARY"
# Set for the program that is started: should it be this one again, it notices.
HANDED_OVER = "TRACKWAY_HANDED_OVER"
# How executables of Linux, macOS (64 bits, and of several processors) and Windows begin.
NATIVE = (b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"MZ")
KNOWS_SECONDS_MAX = 5.0

MISSING = """\
trackway: "{command}" is done by the server, which is a program of its own and was not found here.
It is named trackway, too. Build it with `cargo xtask build --release` in a checkout of Trackway, or copy it from a
machine that has it; then put its folder on PATH, or set {variable} to where it is."""


def hand_over(words: list[str]) -> int:
    """Becomes the server's program; comes back only when that cannot be."""
    if os.environ.get(HANDED_OVER):
        message = (
            f"trackway: {os.environ[HANDED_OVER]} leads back to this command; it is not the server's program"
        )
        print(message, file=sys.stderr)
        return 1
    binary = found()
    if binary is None:
        print(MISSING.format(command=words[0], variable=VARIABLE), file=sys.stderr)
        return 1
    environment = {**os.environ, HANDED_OVER: binary}
    sys.stdout.flush()
    try:
        if os.name == "posix":
            os.execve(binary, ["trackway", *words], environment)
        import subprocess

        return subprocess.call([binary, *words], env=environment)
    except OSError as error:
        print(
            f"trackway: the server's program cannot be started: {error.strerror}: {binary}", file=sys.stderr
        )
        return 1


def knows(command: str) -> bool:
    """The server's program lists this command in its help."""
    binary = None if os.environ.get(HANDED_OVER) else found()
    if binary is None:
        return False
    import subprocess

    try:
        said = subprocess.run(
            [binary, "--help"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=KNOWS_SECONDS_MAX,
            env={**os.environ, HANDED_OVER: binary},
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return False
    _, _, commands = said.partition("Commands:\n")
    listed = commands.split("\n\n", 1)[0].splitlines()
    return command in {line.split()[0] for line in listed if line.strip()} - {"help"}


def found() -> str | None:
    """Where the server's program is."""
    explicit = os.environ.get(VARIABLE)
    if explicit:
        return explicit
    name = "trackway.exe" if os.name == "nt" else "trackway"
    # Launchers of Python packages on Windows are programs as well; they lie beside Python.
    here = {os.path.dirname(os.path.abspath(path)) for path in (sys.executable, sys.argv[0])}
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        path = os.path.abspath(os.path.join(folder, name))
        if os.name == "nt" and os.path.dirname(path) in here:
            continue
        if os.access(path, os.X_OK) and _native(path):
            return path
    return None


def _native(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return file.read(4).startswith(NATIVE)
    except OSError:
        return False
