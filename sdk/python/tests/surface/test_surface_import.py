"""The import lines of the pages, and that none of them costs more than it must."""

from __future__ import annotations

import subprocess
import sys

import pytest

LINES = (
    "from trackway import MLOpsClient",
    "from trackway.podstack import MLOpsClient",
    "from trackway import aiplatform",
    "from trackway.aiplatform import metadata",
    "from trackway.google.cloud import aiplatform",
    "from trackway.google.cloud.aiplatform import metadata",
    "from trackway import dsl",
    "from trackway.dsl import Input, Output, Dataset, Model, Metrics",
    "from trackway.kfp import dsl",
    "from trackway.kfp.dsl import Input, Output, Dataset, Model, Metrics",
    "from trackway.kfp.v2 import dsl",
    "from trackway.kfp.v2.dsl import Input, Output, Dataset, Model, Metrics",
    "from trackway.modelbox import ModelBox, MLFramework, Event, EventSource, ArtifactMime",
)
HEAVY = {"grpc", "pandas", "numpy", "torch", "google", "kfp", "http.client", "asyncio", "multiprocessing"}


@pytest.mark.parametrize("line", LINES)
def test_the_line_works_and_loads_nothing_heavy(line: str) -> None:
    # -S: nothing is installed here, so nothing can be needed.
    program = f"import sys; sys.path[:0] = {sys.path!r}; {line}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-S", "-c", program], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & HEAVY


def test_other_names_are_the_same_things() -> None:
    import trackway.google.cloud
    import trackway.kfp.v2

    for name in trackway.dsl.__all__:
        assert getattr(trackway.kfp.v2.dsl, name) is getattr(trackway.dsl, name)
        assert getattr(trackway.kfp.dsl, name) is getattr(trackway.dsl, name)
    for name in set(trackway.aiplatform.__all__) - {"metadata"}:
        assert getattr(trackway.google.cloud.aiplatform, name) is getattr(trackway.aiplatform, name)
