"""What a run runs in: code, command, packages, machine, seeds. Found out once, in the background, without secrets."""

from __future__ import annotations

import hashlib
import logging
import os
import platform
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Callable

from .folder import host_name
from .mask import masked_command, masked_text, masked_url, masked_variables

if TYPE_CHECKING:
    from .run import Run

# Git on a network folder may take for ever; training does not depend on it.
GIT_SECONDS_MAX = 5.0
# A diff is read by people; weights that somebody forgot to ignore are not.
DIFF_BYTES_MAX = 1024 * 1024
DIFF_PATH = "code/diff.patch"
PACKAGES_MAX = 5_000
# Variables that decide how training runs. Others may be anybody's secret.
_VARIABLES = """
CUDA_VISIBLE_DEVICES NVIDIA_VISIBLE_DEVICES HIP_VISIBLE_DEVICES CUBLAS_WORKSPACE_CONFIG PYTHONHASHSEED
OMP_NUM_THREADS MKL_NUM_THREADS RANK LOCAL_RANK WORLD_SIZE MASTER_ADDR MASTER_PORT
CONDA_DEFAULT_ENV VIRTUAL_ENV LANG TZ
"""
VARIABLE_PREFIXES = ("SLURM_", "NCCL_", "TORCH_", "XLA_", "TF_", "JAX_", "HF_", "TRACKWAY_")

_log = logging.getLogger("trackway")


def record(run: Run) -> None:
    """Finds everything out and logs it; what fails is left out."""
    found: dict[str, Any] = {}
    asks: dict[str, Callable[[], Any]] = {
        "command": command,
        "entry": entry,
        "cwd": os.getcwd,
        "python": _python,
        "host": _host,
        "gpus": _gpus,
        "seeds": seeds,
        "variables": variables,
        "packages": _packages,
    }
    for name, ask in asks.items():
        try:
            value = ask()
        except Exception:
            _log.debug("trackway: the %s cannot be told", name, exc_info=True)
            continue
        if value not in (None, {}, []):
            found[name] = value
    try:
        about, diff = git(_folder_of_code())
        if diff is not None:
            run.log_bytes(diff, DIFF_PATH)
        if about:
            found["git"] = about
    except Exception:
        _log.debug("trackway: git cannot be asked", exc_info=True)
    run.log_environment(found)


def command() -> list[str]:
    """The command line as it was typed, without secrets."""
    return masked_command(getattr(sys, "orig_argv", None) or [sys.executable, *sys.argv])


def entry() -> str | None:
    """The file that was started, or the module."""
    main = sys.modules.get("__main__")
    path = getattr(main, "__file__", None)
    return os.path.abspath(path) if path else None


def variables() -> dict[str, str]:
    """The environment variables that matter to training, masked."""
    known = set(_VARIABLES.split())
    chosen = {
        name: value
        for name, value in os.environ.items()
        if name in known or name.startswith(VARIABLE_PREFIXES)
    }
    return masked_variables(chosen)


def seeds() -> dict[str, Any]:
    """Seeds, where libraries that are loaded already tell them; of a generator without, a digest of its state."""
    found: dict[str, Any] = {}
    if os.environ.get("PYTHONHASHSEED"):
        found["python_hash"] = os.environ["PYTHONHASHSEED"]
    if "random" in sys.modules:
        found["random_state"] = _digest(repr(sys.modules["random"].getstate()).encode())
    numpy = sys.modules.get("numpy")
    if numpy is not None and "numpy.random" in sys.modules:
        state = numpy.random.get_state()
        found["numpy_state"] = _digest(state[1].tobytes() + str(state[2]).encode())
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "initial_seed"):
        found["torch"] = str(torch.initial_seed())
    return found


def git(folder: str) -> tuple[dict[str, Any], bytes | None]:
    """Commit, branch, remote and whether something is not committed; and that, as a patch."""
    commit = _git(folder, "rev-parse", "HEAD")
    if commit is None:
        return {}, None
    about: dict[str, Any] = {"commit": commit.decode().strip()}
    branch = _git(folder, "rev-parse", "--abbrev-ref", "HEAD")
    if branch is not None:
        about["branch"] = branch.decode("utf-8", "replace").strip()
    remote = _git(folder, "config", "--get", "remote.origin.url")
    if remote:
        text = remote.decode("utf-8", "replace").strip()
        about["remote"] = masked_url(text) if "://" in text else masked_text(text)
    diff = _git(folder, "diff", "--no-ext-diff", "--no-color", "--binary", "HEAD")
    untracked = _git(folder, "ls-files", "--others", "--exclude-standard")
    about["dirty"] = bool(diff or untracked)
    if not diff:
        return about, None
    about["diff_path"] = DIFF_PATH
    if len(diff) > DIFF_BYTES_MAX:
        about["diff_cut"] = True
        diff = diff[:DIFF_BYTES_MAX]
    return about, masked_text(diff.decode("utf-8", "replace")).encode("utf-8")


def _git(folder: str, *arguments: str) -> bytes | None:
    program = shutil.which("git")
    if program is None:
        return None
    # Never wait for a password or take a lock that the person at the keyboard needs.
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            [program, "-C", folder, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=GIT_SECONDS_MAX,
            env=environment,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout if done.returncode == 0 else None


def _folder_of_code() -> str:
    path = entry()
    return os.path.dirname(path) if path and os.path.exists(path) else os.getcwd()


def _python() -> dict[str, str]:
    return {
        "version": platform.python_version(),
        "implementation": platform.python_implementation(),
        "executable": sys.executable,
    }


def _host() -> dict[str, Any]:
    about: dict[str, Any] = {
        "name": host_name(),
        "os": platform.platform(),
        "arch": platform.machine(),
        "cpu_count": os.cpu_count(),
    }
    if sys.platform.startswith("linux"):
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith("model name"):
                    about["cpu"] = line.partition(":")[2].strip()
                    break
        about["memory_bytes"] = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    else:
        about["cpu"] = platform.processor()
    return {key: value for key, value in about.items() if value}


def _gpus() -> list[dict[str, Any]]:
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    said = subprocess.run(
        [program, "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader,nounits"],
        capture_output=True,
        text=True,
        timeout=GIT_SECONDS_MAX,
        check=True,
    ).stdout
    found = []
    for line in said.splitlines():
        name, memory, driver = (word.strip() for word in line.rsplit(",", 2))
        about: dict[str, Any] = {"name": name, "driver": driver}
        if memory.isdecimal():
            about["memory_bytes"] = int(memory) * 2**20
        found.append(about)
    return found


def _packages() -> dict[str, str]:
    from importlib.metadata import distributions

    found: dict[str, str] = {}
    for distribution in distributions():
        name = distribution.metadata["Name"]
        if name and len(found) < PACKAGES_MAX:
            found[str(name)] = distribution.version
    return dict(sorted(found.items(), key=lambda pair: pair[0].lower()))


def _digest(state: bytes) -> str:
    return hashlib.sha256(state).hexdigest()[:16]
