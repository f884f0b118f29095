"""The tutorial's questions, asked by another process: what changed between two runs, and the table of an experiment."""

import json
import sys

from trackway.google.cloud import aiplatform
from trackway.google.cloud.aiplatform import metadata

first, second, *artifacts = sys.argv[1:]


# 4: what changed?
def compare_runs(one_id, other_id):
    one = aiplatform.ExperimentRun(one_id, experiment="default")
    other = metadata.ExperimentRun(other_id, experiment="default")
    changed = {}
    for kind, mine, others in (
        ("params", one.get_params(), other.get_params()),
        ("metrics", one.get_metrics(), other.get_metrics()),
    ):
        for key in sorted(set(mine) | set(others)):
            if mine.get(key) != others.get(key):
                changed[f"{kind}.{key}"] = [mine.get(key), others.get(key)]
    return changed


found = [aiplatform.Artifact(name) for name in artifacts]
run = aiplatform.ExperimentRun(first)
answer = {
    "changed": compare_runs(first, second),
    "params": run.get_params(),
    "state": run.state,
    "resource_name": run.resource_name,
    "kept": sorted(one.display_name for one in run.get_artifacts()),
    "artifacts": [[one.display_name, one.schema_title, one.uri, one.metadata, one.state] for one in found],
}
print(json.dumps(answer))
