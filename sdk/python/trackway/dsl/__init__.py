"""Pipeline components: functions that run here and now, and whose inputs, parameters and outputs are recorded.

``from trackway import dsl`` is ``from kfp import dsl``. A component records to the run that is open; without one, to a
run of its own in the current experiment of ``aiplatform``, named after the function.
"""

from .artifact import Artifact, Dataset, Input, Metrics, Model, Output
from .component import Component, Task, component

__all__ = [
    "Artifact",
    "Component",
    "Dataset",
    "Input",
    "Metrics",
    "Model",
    "Output",
    "Task",
    "component",
]
