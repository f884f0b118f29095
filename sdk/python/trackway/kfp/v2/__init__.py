"""The import lines of Kubeflow Pipelines 2: ``from trackway.kfp.v2 import dsl`` is ``from trackway import dsl``."""

from . import dsl

__all__ = ["dsl"]
