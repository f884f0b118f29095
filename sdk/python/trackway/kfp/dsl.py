"""``trackway.dsl`` under the name that it has in Kubeflow Pipelines."""

from ..dsl import Artifact, Component, Dataset, Input, Metrics, Model, Output, Task, component

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
