"""One execution of a component, and what a run keeps of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any, Callable, NamedTuple

from ..aiplatform import lineage
from ..aiplatform.place import resource_name
from ..run import Run
from ..value import json_value
from . import folder
from .artifact import Artifact, Dataset, Metrics

SOURCE = "component"


class Slot(NamedTuple):
    """An argument that is an artifact."""

    name: str
    kind: type[Artifact]
    #: ``input`` or ``output``.
    role: str


class Execution:
    """Calls the function and records around it: inputs and parameters before, outputs and the state after."""

    def __init__(self, run: Run, name: str, slots: list[Slot], values: dict[str, Any]) -> None:
        self._run = run
        self._name = name
        self._inputs = [slot for slot in slots if slot.role == lineage.INPUT]
        self._outputs = [slot for slot in slots if slot.role == lineage.OUTPUT]
        self._values = values
        artifacts = {slot.name for slot in slots}
        self._params = {key: value for key, value in values.items() if key not in artifacts}
        self._id = lineage.new_id(run)
        self._span = os.urandom(16).hex()

    def call(self, function: Callable[..., Any], about: Mapping[str, Any]) -> Any:
        """What the function returns; what it raises is raised again."""
        self._make_outputs()
        inputs = [self._keep_input(slot) for slot in self._inputs]
        self._run.log_params(self._params)
        self._tell("start")
        started = _now()
        state = "FAILED"
        try:
            returned = function(**self._values)
            state = "COMPLETE"
            return returned
        except KeyboardInterrupt:
            state = "CANCELLED"
            raise
        finally:
            outputs = [self._keep_output(slot) for slot in self._outputs if self._made(slot, state)]
            record = {
                "resource_name": resource_name("executions", self._id),
                "display_name": self._name,
                "schema_title": "system.ContainerExecution",
                "state": state,
                "parameters": json_value(self._params),
                "inputs": inputs,
                "outputs": outputs,
                "create_time": started,
                "update_time": _now(),
                **about,
            }
            lineage.keep(self._run, lineage.EXECUTION, self._id, self._name, record)
            self._tell("finish", state=state)

    def outputs(self) -> dict[str, Artifact]:
        """What the function made, by the names of its arguments."""
        return {slot.name: self._values[slot.name] for slot in self._outputs}

    def _make_outputs(self) -> None:
        place = ""
        for slot in self._outputs:
            one = self._values[slot.name] = self._values[slot.name] or slot.kind()
            one.name = one.name or slot.name
            if not one.uri:
                place = place or folder.new(self._run, self._name)
                one.uri = os.path.join(place, slot.name)
            if isinstance(one, Metrics):
                one.run = self._run

    def _keep_input(self, slot: Slot) -> str:
        one: Artifact = self._values[slot.name]
        if isinstance(one, Dataset) and one.uri:
            self._run.log_dataset(slot.name, one.path if one.is_here else one.uri)
        return one.keep(self._run, lineage.INPUT, slot.name, one.uri)

    def _keep_output(self, slot: Slot) -> str:
        one: Artifact = self._values[slot.name]
        if isinstance(one, Metrics):
            one.run = None
        if not one.is_here:
            # A path of this machine at which nothing was made is no place.
            uri = one.uri if "://" in one.uri else ""
            return one.keep(self._run, lineage.OUTPUT, slot.name, uri)
        target = f"{self._name}/{slot.name}"
        if os.path.isdir(one.path):
            self._run.log_artifacts(one.path, target)
        else:
            self._run.log_artifact(one.path, target)
        return one.keep(self._run, lineage.OUTPUT, slot.name, one.uri, artifact_path=target)

    def _made(self, slot: Slot, state: str) -> bool:
        """Of a function that did not come to its end, only what is there."""
        one: Artifact = self._values[slot.name]
        return state == "COMPLETE" or one.is_here or bool(one.metadata)

    def _tell(self, kind: str, **more: str) -> None:
        about = {"execution": self._id, **more}
        self._run.log_event(self._name, about, source=SOURCE, kind=kind, span=self._span)


def _now() -> str:
    return datetime.now(timezone.utc).isoformat()
