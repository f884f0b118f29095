"""Importing the package is instant and pulls nothing in."""

from __future__ import annotations

import subprocess
import sys

import trackway


def _loaded_after(statement: str) -> set[str]:
    program = f"import sys; before = set(sys.modules); {statement}; print(*sorted(set(sys.modules) - before))"
    # -S: site-packages may load modules at start-up, which would hide ours.
    result = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}; {program}"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(result.stdout.split())


def test_the_package_alone_loads_nothing_else() -> None:
    assert _loaded_after("import trackway") <= {"trackway", "__future__"}


def test_the_client_loads_no_heavy_module() -> None:
    heavy = {"numpy", "pandas", "torch", "grpc", "http.client", "ssl", "email", "asyncio", "multiprocessing"}
    loaded = _loaded_after("from trackway import MLOpsClient")
    assert "trackway.client" in loaded
    assert not loaded & heavy


def test_every_public_name_is_there() -> None:
    for name in trackway.__all__:
        assert getattr(trackway, name).__name__ == name
    assert set(trackway.__all__) <= set(dir(trackway))
    assert not hasattr(trackway, "MLOpsClientt")
