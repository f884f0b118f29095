"""Another process finds the experiment and reads it, without touching how it ended."""

import json
import pathlib
import sys

from trackway.modelbox import ModelBox

mbox = ModelBox(addr=sys.argv[2])
experiment = mbox.experiment(sys.argv[1])
uploaded = next(one for one in experiment.artifacts if one.path == "samples/one.txt")
experiment.download_artifact(uploaded.id, "again.txt")
experiment.log_metrics({"late": 1.0})
metrics = {
    key: [[one.step, one.wallclock_time, one.value if key != "bytes" else list(one.value)] for one in values]
    for key, values in experiment.all_metrics().items()
}
events = [[one.name, one.source.name, one.wallclock_time, one.metadata] for one in experiment.events()]
answer = {
    "fields": [experiment.name, experiment.owner, experiment.namespace, experiment.framework.name],
    "metadata": experiment.metadata(),
    "metrics": metrics,
    "events": events,
    "again": pathlib.Path("again.txt").read_text(),
    "in_namespace": [one.id for one in mbox.experiments("langtech")],
    "in_another": [one.id for one in mbox.experiments("lang")],
}
print(json.dumps(answer))
