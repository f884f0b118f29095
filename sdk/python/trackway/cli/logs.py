"""``trackway runs logs``: prints what a run printed, and what it prints meanwhile."""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections import Counter, deque
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

from ..record import RUNS
from ..reader import Reader
from . import ask, form
from .table import clean

ABOUT = """\
Prints the lines of a run's stdout and stderr in order of time, each with its time (UTC), its stream and, where there
are several, its process. Colours and other escape sequences are left out.
"""
# What the server gives in one answer.
LINES_MAX = 1_000
FOLLOW_SECONDS = 1.0
# Of lines that come late, because another process was slow to send, so many of those before are known.
KNOWN_MAX = 20_000
ENDED = ("completed", "failed", "killed", "lost")
# Escape sequences of terminals: those with parameters, titles and the like, and the short ones.
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]P^_X][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``trackway runs logs``."""
    parser.add_argument("run", metavar="RUN", help="its id, the start of its id, or its name")
    parser.add_argument("--tail", type=int, metavar="N", help="only the last N lines")
    parser.add_argument(
        "-f", "--follow", action="store_true", help="go on with what is printed, until the run ends or Ctrl-C"
    )
    parser.add_argument("--stream", choices=("stdout", "stderr"), help="only this one")
    parser.add_argument("--search", metavar="TEXT", help="only lines with this text, in capitals or not")
    ask.add_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Prints them."""
    if arguments.follow and arguments.json:
        print("trackway: --follow prints lines as they come, which is no --json document", file=sys.stderr)
        return 2
    server = ask.reader(arguments.url)
    run_id = ask.run(server, arguments.run).id
    console = Console(server, run_id, arguments.stream)
    wanted = (arguments.search or "").casefold()
    tail = None if arguments.tail is None else max(arguments.tail, 0)
    # Of a search nobody knows where its last lines begin.
    lines = console.lines(None if wanted else tail)
    meant: Iterator[dict[str, Any]] = (one for one in lines if wanted in one["seen"].casefold())
    if tail is not None:
        meant = iter(deque(meant, tail))
    if arguments.json:
        form.print_json({"run_id": run_id, "lines": [_json(one) for one in meant]})
        return 0
    try:
        for one in meant:
            print(_text(one))
        sys.stdout.flush()
        while arguments.follow:
            # Asked for before the lines, so that none that came before the end is missed.
            ended = server.json(f"{RUNS}/{run_id}")["run"]["status"] in ENDED
            for one in console.news():
                if wanted in one["seen"].casefold():
                    print(_text(one))
            sys.stdout.flush()
            if ended:
                break
            time.sleep(FOLLOW_SECONDS)
    except KeyboardInterrupt:
        # How one ends to follow.
        pass
    if console.left_out:
        all_of_it = f"{server.url}{RUNS}/{run_id}/logs.txt"
        print(f"trackway: the first {console.left_out} lines are not here: {all_of_it}", file=sys.stderr)
    return 0


class Console:
    """The lines of a run, from the first or the last ones, then what came since."""

    def __init__(self, server: Reader, run_id: str, stream: str | None) -> None:
        self._server = server
        self._target = f"{RUNS}/{run_id}/logs"
        self._stream = stream
        self._place = 0
        self._all = 0
        self._known: deque[tuple[int, str, str, str]] = deque(maxlen=KNOWN_MAX)
        #: Lines that the server only has in its download.
        self.left_out = 0

    def lines(self, tail: int | None) -> Iterator[dict[str, Any]]:
        """All lines that there are, or at least the last of them."""
        first = self._page(**{"from": 0}, limit=1)
        self._place = 0 if tail is None else max(0, first["total"] - tail)
        yield from self._on()
        self._all = first["all"]

    def news(self) -> Iterator[dict[str, Any]]:
        """Lines that were not there before; also those that came late and stand among them."""
        page = self._page(**{"from": self._place}, known=self._all, limit=1)
        again = min(max(0, self._place - page["changed_from"]), len(self._known))
        oldest = self._known[0][0] if self._known else 0
        before = Counter(self._known.pop() for _ in range(again))
        self._place -= again
        for one in self._on():
            mark = _mark(one)
            if before[mark] > 0:
                before[mark] -= 1
            # What is older than all that was printed was not asked for.
            elif not again or mark[0] >= oldest:
                yield one
        # What came while this was read may stand before its end.
        self._all = page["all"]

    def _on(self) -> Iterator[dict[str, Any]]:
        while True:
            page = self._page(**{"from": self._place}, limit=LINES_MAX)
            if not page["lines"]:
                return
            for line in page["lines"]:
                source = page["sources"][line["source"]]
                one = {**line, **source, "seen": _ESCAPES.sub("", line["text"])}
                self._known.append(_mark(one))
                yield one
            self._place = page["from"] + len(page["lines"])

    def _page(self, **query: Any) -> dict[str, Any]:
        page: dict[str, Any] = self._server.json(self._target, {"stream": self._stream, **query})
        self.left_out = page["left_out"]
        return page


def _mark(one: dict[str, Any]) -> tuple[int, str, str, str]:
    return one["time_ms"], one["stream"], one["context"], one["text"]


def _time(one: dict[str, Any]) -> str:
    try:
        return form.time_json(datetime.fromtimestamp(one["time_ms"] / 1_000, timezone.utc)) or ""
    except (ValueError, OverflowError, OSError):
        return str(one["time_ms"])


def _text(one: dict[str, Any]) -> str:
    told = [_time(one), one["stream"], clean(one["context"]), _shown(one["seen"])]
    return " ".join(word for word in told if word)


def _shown(text: str) -> str:
    """Tabs stay; whatever else could command a terminal is spelled out."""
    return "\t".join(clean(part) for part in text.split("\t"))


def _json(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "number": one["number"],
        "time": _time(one),
        "stream": one["stream"],
        "context": one["context"],
        "level": one.get("level"),
        "text": one["text"],
    }
