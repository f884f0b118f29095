"""``trackway.aiplatform.metadata`` under the name that it has in Google Cloud."""

from ....aiplatform.metadata import Artifact, ExperimentRun, MetadataStore

__all__ = ["Artifact", "ExperimentRun", "MetadataStore"]
