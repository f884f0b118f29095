"""Nothing of an integration is loaded before it is used, and a missing library is named."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2]
LIBRARIES = {
    "keras": "keras",
    "lightgbm": "lightgbm",
    "lightning": "lightning",
    "optuna": "optuna",
    "sklearn": "scikit-learn",
    "transformers": "transformers",
    "xgboost": "xgboost",
}


def _run(program: str) -> str:
    """What a Python without any package installed says."""
    command = [sys.executable, "-S", "-c", f"import sys; sys.path.insert(0, {str(PACKAGE)!r}); {program}"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    return result.stdout.strip()


def test_there_is_nothing_to_the_package_of_the_integrations() -> None:
    program = (
        "before = set(sys.modules); import trackway.integration; print(*sorted(set(sys.modules) - before))"
    )
    assert set(_run(program).split()) <= {"trackway", "trackway.integration", "__future__"}


@pytest.mark.parametrize(("module", "package"), LIBRARIES.items())
def test_a_missing_library_is_named(module: str, package: str) -> None:
    program = f"""
try:
    import trackway.integration.{module}
except ModuleNotFoundError as error:
    print(error)
"""
    command = [sys.executable, "-S", "-c", f"import sys; sys.path.insert(0, {str(PACKAGE)!r})\n{program}"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    assert said == f'this integration needs the package "{package}": pip install {package}'


@pytest.mark.parametrize("module", LIBRARIES)
def test_an_integration_loads_no_other_library(module: str) -> None:
    if find_spec(module) is None:
        pytest.skip(f"{module} is not installed")
    # What the library itself loads is its own affair: seen by what it loads alone.
    program = f"import sys, {{}}; print(*sorted(set({list(LIBRARIES)!r}) & set(sys.modules)))"
    alone, recorded = (
        subprocess.run(
            [sys.executable, "-c", program.format(one)], capture_output=True, text=True, cwd=PACKAGE
        )
        for one in (module, f"trackway.integration.{module}")
    )
    if alone.returncode:
        pytest.skip(f"{module} cannot be imported: {alone.stderr.splitlines()[-1]}")
    assert recorded.stdout == alone.stdout
