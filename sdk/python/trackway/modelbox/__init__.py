"""ModelBox's dialect: ``from trackway.modelbox import ModelBox`` is ``from modelbox import ModelBox`` for this server.

An experiment of this dialect is one training job, so a run of ours; its namespace and name are the experiment that
the run belongs to. Models and checkpoints raise TrackwayError of kind ``unsupported`` until the server has them.
"""

from .answer import (
    LogEventResponse,
    LogMetricsResponse,
    TrackArtifactsResponse,
    UpdateMetadataResponse,
    UploadArtifactResponse,
)
from .box import ModelBox
from .experiment import Experiment
from .file import Artifact, ArtifactMime, Artifacts
from .value import Event, EventSource, MetricValue, MLFramework

__all__ = [
    "Artifact",
    "ArtifactMime",
    "Artifacts",
    "Event",
    "EventSource",
    "Experiment",
    "LogEventResponse",
    "LogMetricsResponse",
    "MLFramework",
    "MetricValue",
    "ModelBox",
    "TrackArtifactsResponse",
    "UpdateMetadataResponse",
    "UploadArtifactResponse",
]
