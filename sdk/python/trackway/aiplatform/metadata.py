"""What Vertex keeps under ``aiplatform.metadata``, for programs that import it from there."""

from .artifact import Artifact
from .place import MetadataStore
from .run import ExperimentRun

__all__ = ["Artifact", "ExperimentRun", "MetadataStore"]
