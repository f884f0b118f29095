"""The reference is made from the docstrings as they are now, and everything public has one."""

from __future__ import annotations

import subprocess
import sys

from server import REPOSITORY

import trackway

SCRIPT = REPOSITORY / "sdk" / "python" / "docs" / "reference.py"
PAGE = (REPOSITORY / "docs" / "python-reference.md").read_text(encoding="utf-8")


def test_the_reference_is_up_to_date() -> None:
    done = subprocess.run([sys.executable, str(SCRIPT), "--check"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_reference_has_every_public_name() -> None:
    for name in trackway.__all__:
        assert f"### `{name}`\n" in PAGE or f"### `trackway.{name}`\n" in PAGE, name


def test_links_of_the_pages_lead_somewhere() -> None:
    import re

    for page in ("python-client.md", "python-reference.md"):
        text = (REPOSITORY / "docs" / page).read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#:]+)\)", text):
            assert (REPOSITORY / "docs" / target).exists(), f"{page}: {target}"
