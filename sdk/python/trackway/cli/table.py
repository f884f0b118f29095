"""Tables: fitted to the terminal; whole, and with nothing but their content, for whatever else reads them."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from typing import NamedTuple

from ..search import width

GAP = "  "
# Below this nothing can be recognised any more; rather a column less.
WIDTH_MIN = 8
COLOURS = {"running": "34", "queued": "34", "completed": "32", "failed": "31", "killed": "33", "lost": "33"}


class Column(NamedTuple):
    """A column of a table."""

    title: str
    cells: Sequence[str]
    #: Numbers stand on the right.
    right: bool = False
    #: Half of a cell would say something else, as of a time or a number.
    whole: bool = False


def print_table(columns: Sequence[Column]) -> None:
    """Prints columns of equal length. What does not fit a terminal is cut, then left out from the right, and said."""
    room = terminal_columns()
    shown = [
        one._replace(title=clean(one.title), cells=[clean(cell) for cell in one.cells]) for one in columns
    ]
    widths = [max(map(width, [one.title, *one.cells])) for one in shown]
    if room is not None:
        least = [max(map(width, one.cells)) if one.whole else WIDTH_MIN for one in shown]
        widths = fitted(widths, least, room)
        shown = shown[: len(widths)]
    left_out = len(columns) - len(shown)
    titles = [_cell(one.title, size, one.right) for one, size in zip(shown, widths)]
    print(_styled(GAP.join(titles).rstrip(), "1"))
    for row in range(len(shown[0].cells)):
        cells = []
        for one, size in zip(shown, widths):
            text = _cell(one.cells[row], size, one.right)
            cells.append(_styled(text, COLOURS.get(one.cells[row])) if one.title == "status" else text)
        print(GAP.join(cells).rstrip())
    if left_out:
        more = "1 more column does" if left_out == 1 else f"{left_out} more columns do"
        print(_styled(f"({more} not fit; --json has them all)", "2"))


def fitted(widths: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """Widths that fit the room: the widest are cut first, none below its least, and then the last are left out."""
    kept = list(widths)
    floor = [min(one, wanted) for one, wanted in zip(least, widths)]
    while len(kept) > 1 and sum(floor[: len(kept)]) + len(GAP) * (len(kept) - 1) > room:
        kept.pop()
    while sum(kept) + len(GAP) * (len(kept) - 1) > room:
        spare = [place for place, size in enumerate(kept) if size > floor[place]]
        if not spare:
            break
        kept[max(spare, key=lambda place: kept[place])] -= 1
    return kept


def terminal_columns() -> int | None:
    """How wide the terminal is; None when the output goes elsewhere."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def clean(text: str) -> str:
    """A text that stays in its line, and that cannot command the terminal."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)


def status_text(status: str) -> str:
    """A status in its colour."""
    return _styled(status, COLOURS.get(status))


def heading(text: str) -> str:
    """The line above a part of the output."""
    return _styled(text, "1")


def _cell(text: str, size: int, right: bool) -> str:
    if width(text) > size:
        more = "…" if (sys.stdout.encoding or "").lower().startswith("utf") else "."
        while width(text) > size - 1:
            text = text[:-1]
        text += more
    fill = " " * (size - width(text))
    return fill + text if right else text + fill


def _styled(text: str, code: str | None) -> str:
    if (
        code is None
        or not sys.stdout.isatty()
        or os.environ.get("NO_COLOR")
        or os.environ.get("TERM") == "dumb"
    ):
        return text
    return f"\x1b[{code}m{text}\x1b[0m"
