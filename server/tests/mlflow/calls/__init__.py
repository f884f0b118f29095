"""The calls whose answers are compared with those of the genuine server, in the order in which they are made."""

from __future__ import annotations

from calls.artifact import ARTIFACTS
from calls.call import Call, get
from calls.experiment import EXPERIMENTS, FOUND_EXPERIMENTS, ODD_EXPERIMENTS
from calls.history import HISTORY
from calls.lineage import INPUTS, ODD_INPUTS
from calls.log import LOGGING, ODD_LOGGING
from calls.model import LOGGED_MODELS, ODD_MODELS
from calls.registry import ODD_REGISTRY, REGISTRY
from calls.run import ODD_RUNS, RUNS
from calls.search import FOUND_RUNS, SEARCHED
from calls.trace import TRACED

CAPABILITIES = [
    get("health", "/health"),
    get("version", "/version"),
    get("server-info", "/api/3.0/mlflow/server-info"),
]

CALLS: list[Call] = [
    *CAPABILITIES,
    *EXPERIMENTS,
    *FOUND_EXPERIMENTS,
    *RUNS,
    *LOGGING,
    *HISTORY,
    *SEARCHED,
    *FOUND_RUNS,
    *ARTIFACTS,
    *INPUTS,
    *LOGGED_MODELS,
    *REGISTRY,
    *TRACED,
    # What one of the servers takes and the other does not comes last, so that nothing else differs by it.
    *ODD_EXPERIMENTS,
    *ODD_RUNS,
    *ODD_LOGGING,
    *ODD_INPUTS,
    *ODD_MODELS,
    *ODD_REGISTRY,
]
