"""Functions as components."""

from __future__ import annotations

import functools
import inspect
import logging
import re
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Callable

from .. import session
from ..aiplatform import lineage
from ..aiplatform.experiment import PIPELINE_RUN, RUN_TYPE
from ..aiplatform.place import place
from ..error import TrackwayError
from ..run import Run
from .artifact import Artifact, as_artifact
from .execution import Execution, Slot

_ARTIFACT = re.compile(r"\b(Input|Output)\[")
_PACKAGE = re.compile(r"[A-Za-z0-9._-]+")
_log = logging.getLogger("trackway")


class Task:
    """A component that has run."""

    def __init__(self, name: str, outputs: Mapping[str, Any], run: Run) -> None:
        self.name = name
        #: By name; what the function returned is ``Output``, or has the names of its named tuple.
        self.outputs = dict(outputs)
        #: Where it is recorded.
        self.run = run

    @property
    def output(self) -> Any:
        """The one output; raises TrackwayError when there is none or several."""
        if len(self.outputs) != 1:
            message = f'"{self.name}" has {len(self.outputs)} outputs: choose one of {sorted(self.outputs)}'
            raise TrackwayError(message, kind="not_found", field="output")
        return next(iter(self.outputs.values()))

    def __repr__(self) -> str:
        return f"<Task {self.name} {sorted(self.outputs)}>"


class Component:
    """A function as a component. Calling it runs the function here and now, and gives back its Task."""

    def __init__(
        self, function: Callable[..., Any], base_image: str | None, packages: Iterable[str] | None
    ) -> None:
        functools.update_wrapper(self, function)
        #: The function itself; calling it records nothing.
        self.python_func = function
        self.name = function.__name__
        #: Recorded, not acted on.
        self.base_image = base_image
        self.packages_to_install = list(packages or ())
        self._signature = inspect.signature(function)
        self._slots = list(_slots(function))

    def __call__(self, *arguments: Any, **given: Any) -> Task:
        """Runs it. Takes keywords only: inputs are artifacts, or a Task with one output; outputs may be left out.

        What the function raises is raised again; the execution has failed then, and so has a run of its own.
        """
        if arguments:
            raise TypeError(f"{self.name}() takes keywords only")
        values = self._values(given)
        self._say_what_is_missing()
        about = {"base_image": self.base_image, "packages_to_install": self.packages_to_install}
        with _run_to_record_to(self.name) as run:
            execution = Execution(run, self.name, self._slots, values)
            returned = execution.call(self.python_func, about)
            return Task(self.name, {**execution.outputs(), **_named(returned)}, run)

    def _values(self, given: Mapping[str, Any]) -> dict[str, Any]:
        left_out = {slot.name: None for slot in self._slots if slot.role == lineage.OUTPUT}
        bound = self._signature.bind(**{**left_out, **given})
        bound.apply_defaults()
        values = {
            name: value.output if isinstance(value, Task) else value
            for name, value in bound.arguments.items()
        }
        for slot in self._slots:
            if values[slot.name] is not None or slot.role == lineage.INPUT:
                values[slot.name] = as_artifact(values[slot.name], slot.name, slot.kind)
        return values

    def _say_what_is_missing(self) -> None:
        for wanted in self.packages_to_install:
            name = _PACKAGE.match(wanted)
            try:
                version(name.group() if name else wanted)
            except (PackageNotFoundError, ValueError):
                _log.warning('trackway: "%s" wants the package %s, which is not installed', self.name, wanted)

    def __repr__(self) -> str:
        return f"<Component {self.name}{self._signature}>"


@typing.overload
def component(function: Callable[..., Any]) -> Component: ...


@typing.overload
def component(
    function: None = None,
    *,
    base_image: str | None = None,
    packages_to_install: Iterable[str] | None = None,
    **ignored: Any,
) -> Callable[[Callable[..., Any]], Component]: ...


def component(
    function: Callable[..., Any] | None = None,
    *,
    base_image: str | None = None,
    packages_to_install: Iterable[str] | None = None,
    **ignored: Any,
) -> Component | Callable[[Callable[..., Any]], Component]:
    """Makes a function a component: ``@component`` or ``@component(base_image=…, packages_to_install=[…])``.

    The function runs in this process. The image and the packages are recorded; a package that is not installed is
    said at each call. Other keywords are ignored, with a warning.
    """
    if ignored:
        _log.warning("trackway: dsl.component ignores %s", ", ".join(sorted(ignored)))
    if function is None:
        return lambda given: Component(given, base_image, packages_to_install)
    return Component(function, base_image, packages_to_install)


@contextmanager
def _run_to_record_to(name: str) -> Iterator[Run]:
    current = session.current_run()
    if current is not None:
        yield current
        return
    with session.init(place.experiment, name, tags={RUN_TYPE: PIPELINE_RUN}) as own:
        yield own


def _slots(function: Callable[..., Any]) -> Iterator[Slot]:
    for name, annotation in function.__annotations__.items():
        hint = _evaluated(function, annotation)
        kind, *marks = typing.get_args(hint) or (hint,)
        if name != "return" and isinstance(kind, type) and issubclass(kind, Artifact):
            yield Slot(name, kind, lineage.OUTPUT if lineage.OUTPUT in marks else lineage.INPUT)


def _evaluated(function: Callable[..., Any], annotation: Any) -> Any:
    """What a written annotation means; None for a name that only a type checker knows."""
    alone = types.SimpleNamespace(__annotations__={"it": annotation})
    known = inspect.getclosurevars(function)
    try:
        return typing.get_type_hints(alone, function.__globals__, dict(known.nonlocals), include_extras=True)[
            "it"
        ]
    except NameError as error:
        if _ARTIFACT.search(str(annotation)):
            raise TypeError(f"{function.__name__}: cannot make sense of {annotation}: {error}") from None
        return None


def _named(returned: Any) -> dict[str, Any]:
    if returned is None:
        return {}
    if hasattr(returned, "_asdict"):
        return dict(returned._asdict())
    return {"Output": returned}
