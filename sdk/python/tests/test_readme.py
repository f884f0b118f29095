"""The code blocks of the README, run one after the other as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from script import sync
from server import Server

import trackway

README = Path(__file__).resolve().parents[1] / "README.md"
BLOCKS = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("place", range(len(BLOCKS)))
def test_a_block_of_the_readme_runs(
    server: Server,
    place: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TRACKWAY_CAPTURE")
    exec(compile(BLOCKS[place], f"README.md, block {place + 1}", "exec"), {"__name__": "__main__"})
    assert trackway.current_run() is None, "every block ends what it starts"
    sync()


def test_the_readme_has_its_blocks() -> None:
    assert len(BLOCKS) >= 5
