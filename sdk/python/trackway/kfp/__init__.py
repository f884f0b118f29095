"""The import lines of Kubeflow Pipelines: ``from trackway.kfp import dsl`` is ``from trackway import dsl``."""

from . import dsl

__all__ = ["dsl"]
