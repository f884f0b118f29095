"""Writes docs/python-reference.md from the docstrings of the package and the options of its command.

    python sdk/python/docs/reference.py            # writes it
    python sdk/python/docs/reference.py --check    # says whether it is up to date; exit code 1 when it is not

The sources are read, not imported, so the result is the same with every version of Python and whatever is installed.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Union

PACKAGE = Path(__file__).resolve().parents[1]
TARGET = PACKAGE.parents[1] / "docs" / "python-reference.md"

HEAD = """\
# Python client: reference

Made from the docstrings by `sdk/python/docs/reference.py`; a test says when it is out of date. To begin with, there is
the [guide](python-client.md); other dialects are in [python-surfaces.md](python-surfaces.md). Times are `datetime` in
UTC unless a name ends in `_ms` (milliseconds since 1970); sizes are in bytes, durations in seconds.
"""
#: Chapter → module and the names in it, in the order of the page. A name ending in `()` is a function.
CHAPTERS: dict[str, list[tuple[str, list[str]]]] = {
    "Recording": [
        (
            "session",
            [
                "init()",
                "current_run()",
                "finish()",
                "log_metrics()",
                "log_metric()",
                "log_params()",
                "log_artifact()",
                "log_artifacts()",
                "log_reference()",
                "log_text()",
                "log_dict()",
                "log_image()",
                "log_figure()",
                "log_histogram()",
                "log_table()",
                "log_dataset()",
                "log_event()",
                "set_tags()",
                "set_notes()",
            ],
        ),
        ("run", ["Run"]),
    ],
    "Client": [("client", ["MLOpsClient"]), ("experiment", ["Experiment"])],
    "Reading": [
        ("search", ["RunList"]),
        ("group", ["RunGroup", "GroupStat"]),
        ("record", ["StoredRun", "MetricStat", "SeriesSummary", "RunEvent"]),
        ("download", ["StoredArtifact"]),
        ("history", ["History"]),
        ("series", ["Points"]),
    ],
    "Errors": [("error", ["TrackwayError"])],
}

Function = Union[ast.FunctionDef, ast.AsyncFunctionDef]


def main() -> int:
    """Writes or checks the page."""
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--check", action="store_true", help="write nothing")
    checks = arguments.parse_args().check
    written = page()
    if not checks:
        TARGET.write_text(written, encoding="utf-8")
        return 0
    if TARGET.read_text(encoding="utf-8") == written:
        return 0
    print(f"{TARGET} is out of date: run python sdk/python/docs/reference.py", file=sys.stderr)
    return 1


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for chapter, modules in CHAPTERS.items():
        parts.append(f"\n## {chapter}\n")
        for module_name, names in modules:
            source = (PACKAGE / "trackway" / f"{module_name}.py").read_text(encoding="utf-8")
            module = Module(source)
            for name in names:
                parts += module.function(name[:-2]) if name.endswith("()") else module.class_(name)
    parts += command_line()
    return re.sub(r"\n{3,}", "\n\n", "\n".join(parts)).rstrip() + "\n"


class Module:
    """A source file."""

    def __init__(self, source: str) -> None:
        self._lines = source.splitlines()
        self._named = {
            node.name: node
            for node in ast.parse(source).body
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        }

    def function(self, name: str) -> Iterator[str]:
        """A function of the module itself."""
        node = self._named[name]
        assert not isinstance(node, ast.ClassDef)
        yield f"\n### `trackway.{name}`\n"
        yield f"```python\n{signature(node)}\n```\n"
        yield prose(documented(node, name))

    def class_(self, name: str) -> Iterator[str]:
        """A class with its public attributes and methods, also those of a base class beside it."""
        node = self._named[name]
        assert isinstance(node, ast.ClassDef)
        yield f"\n### `{name}`\n"
        members = list(self._members(node))
        made = next(
            (one for one in members if _named(one) == "__init__" and node.name not in MADE_BY_OTHERS), None
        )
        if isinstance(made, ast.FunctionDef):
            yield f"```python\n{signature(made, name)}\n```\n"
        yield prose(documented(node, name))
        attributes = [line for one in members for line in self._attributes(one)]
        if attributes:
            yield "\n" + "\n".join(attributes)
        for one in members:
            if isinstance(one, ast.FunctionDef) and not one.name.startswith("_") and not _is_property(one):
                yield f"\n#### `{name}.{one.name}`\n"
                yield f"```python\n{signature(one)}\n```\n"
                yield prose(documented(one, f"{name}.{one.name}"))

    def _members(self, node: ast.ClassDef) -> Iterator[ast.stmt]:
        for base in node.bases:
            if isinstance(base, ast.Name) and isinstance(inherited := self._named.get(base.id), ast.ClassDef):
                yield from self._members(inherited)
        for one in node.body:
            overloaded = isinstance(one, ast.FunctionDef) and any(
                isinstance(mark, ast.Name) and mark.id == "overload" for mark in one.decorator_list
            )
            if not overloaded:
                yield one

    def _attributes(self, member: ast.stmt) -> Iterator[str]:
        """A line for each attribute: fields, properties, and what ``__init__`` sets."""
        if isinstance(member, ast.AnnAssign) and isinstance(member.target, ast.Name):
            yield from self._attribute(member.target.id, ast.unparse(member.annotation), member)
        elif isinstance(member, ast.FunctionDef) and _is_property(member):
            text = documented(member, member.name)
            yield f"- `{member.name}: {ast.unparse(member.returns) if member.returns else ''}` {_inline(text)}"
        elif isinstance(member, ast.FunctionDef) and member.name == "__init__":
            for one in member.body:
                target: ast.expr | None = one.target if isinstance(one, ast.AnnAssign) else None
                target = one.targets[0] if isinstance(one, ast.Assign) else target
                if isinstance(target, ast.Attribute):
                    kind = ast.unparse(one.annotation) if isinstance(one, ast.AnnAssign) else ""
                    yield from self._attribute(target.attr, kind, one)

    def _attribute(self, name: str, kind: str, node: ast.stmt) -> Iterator[str]:
        if name.startswith("_"):
            return
        comment: list[str] = []
        line = node.lineno - 2
        while line >= 0 and self._lines[line].strip().startswith("#:"):
            comment.insert(0, self._lines[line].strip()[2:].strip())
            line -= 1
        shown = f"{name}: {kind}" if kind else name
        yield f"- `{shown}` {_inline(' '.join(comment))}".rstrip()


# Nobody calls their constructors.
MADE_BY_OTHERS = {"Run", "RunList", "StoredRun", "TrackwayError"}


def signature(node: Function, name: str | None = None) -> str:
    """As one would call it: without self, on one line where that fits."""
    positional = [*node.args.posonlyargs, *node.args.args]
    defaults = [None] * (len(positional) - len(node.args.defaults)) + list(node.args.defaults)
    shown = [
        _parameter(argument, default)
        for argument, default in zip(positional, defaults)
        if argument.arg not in ("self", "cls")
    ]
    if node.args.vararg:
        shown.append("*" + _parameter(node.args.vararg, None))
    elif node.args.kwonlyargs:
        shown.append("*")
    shown += [
        _parameter(argument, default)
        for argument, default in zip(node.args.kwonlyargs, node.args.kw_defaults)
    ]
    if node.args.kwarg:
        shown.append("**" + _parameter(node.args.kwarg, None))
    returns = f" -> {ast.unparse(node.returns)}" if node.returns and name is None else ""
    line = f"{name or node.name}({', '.join(shown)}){returns}"
    if len(line) <= 100:
        return line
    return f"{name or node.name}(\n" + "".join(f"    {one},\n" for one in shown) + f"){returns}"


def _parameter(argument: ast.arg, default: ast.expr | None) -> str:
    kind = f": {ast.unparse(argument.annotation)}" if argument.annotation else ""
    if default is None:
        return argument.arg + kind
    return f"{argument.arg}{kind}{' = ' if kind else '='}{ast.unparse(default)}"


def documented(node: Function | ast.ClassDef, name: str) -> str:
    """Its docstring; what is public has one."""
    text = ast.get_docstring(node)
    if not text:
        raise SystemExit(f"{name} has no docstring")
    return text


def prose(docstring: str) -> str:
    """A docstring as Markdown: its lists of ``name  what it is`` become lists."""
    return "\n\n".join(_paragraph(one) for one in docstring.split("\n\n"))


def _paragraph(text: str) -> str:
    lines = text.splitlines()
    if not re.match(r"\S.*?\s{2,}\S", lines[0]):
        return _inline(" ".join(line.strip() for line in lines))
    items: list[str] = []
    for line in lines:
        if line.startswith(" "):
            items[-1] += " " + line.strip()
        else:
            name, what = re.split(r"\s{2,}", line, maxsplit=1)
            items.append(f"- `{'`, `'.join(name.split(', '))}`: {what}")
    return "\n".join(_inline(item) for item in items)


def _inline(text: str) -> str:
    """On one line; what stands in angle brackets is no markup."""
    spans = " ".join(text.replace("``", "`").split()).split("`")
    return "`".join(
        span if place % 2 else re.sub(r"<(?=\w)", r"\\<", span) for place, span in enumerate(spans)
    )


def _named(node: ast.stmt) -> str:
    return getattr(node, "name", "")


def _is_property(node: ast.FunctionDef) -> bool:
    return any(isinstance(mark, ast.Name) and mark.id == "property" for mark in node.decorator_list)


def command_line() -> Iterator[str]:
    """Every command with its arguments and options."""
    sys.path.insert(0, str(PACKAGE))
    from trackway.cli import COMMANDS, EPILOG, SERVER_COMMANDS

    yield "\n## Command line\n"
    yield "\n".join(line.strip() for line in EPILOG.strip().splitlines()).replace("\n\n", "\n\n")
    for name, (module_name, _) in COMMANDS.items():
        module = import_module(f"trackway.cli.{module_name}")
        parser = argparse.ArgumentParser(prog=f"trackway {name}", description=module.__doc__)
        module.add_arguments(parser)
        verbs = [one for one in parser._actions if isinstance(one, argparse._SubParsersAction)]
        for one in verbs[0].choices.values() if verbs else [parser]:
            yield from _command(one)
    yield "\n" + (PACKAGE / "docs" / "json.md").read_text(encoding="utf-8")
    yield "\n### The server's commands\n"
    yield from (f"- `trackway {name}`: {what}" for name, what in SERVER_COMMANDS.items())
    yield "\nThey are handed to the server's own program: `TRACKWAY_SERVER_BINARY`, else the first `trackway` on `PATH`"
    yield "that is no script."


def _command(parser: argparse.ArgumentParser) -> Iterator[str]:
    yield f"\n### `{parser.prog}`\n"
    for paragraph in (parser.description or "").strip().split("\n\n"):
        indented = paragraph.startswith("  ")
        yield f"```sh\n{_unindented(paragraph)}\n```\n" if indented else f"{_inline(paragraph)}\n"
    for action in parser._actions:
        if isinstance(action, argparse._HelpAction):
            continue
        words = action.metavar or action.dest.upper()
        shown = str(words) if not action.option_strings else action.option_strings[-1]
        if action.option_strings and action.nargs != 0:
            shown += f" {words}"
        yield f"- `{shown}`: {_inline(_help(action))}"


def _help(action: argparse.Action) -> str:
    text = action.help or ""
    if "%(default)g" in text:
        text = text.replace("%(default)g", f"{action.default:g}")
    text = text.replace("%(default)s", str(action.default))
    # The folder of whoever writes the page is of no use to who reads it.
    return re.sub(r"\(default: /[^)]*\)", "(default: the folder that this machine logs to)", text)


def _unindented(text: str) -> str:
    return "\n".join(line[2:] for line in text.splitlines())


if __name__ == "__main__":
    sys.exit(main())
