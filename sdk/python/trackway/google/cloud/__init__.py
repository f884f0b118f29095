"""The import lines of Google Cloud: ``aiplatform`` here is ``trackway.aiplatform``."""

from . import aiplatform

__all__ = ["aiplatform"]
