"""The tutorial's component, called as its page does, and what its result must give."""

import json
import pathlib

from trackway import dsl
from trackway.dsl import Dataset, Input, Metrics, Model, Output


@dsl.component(base_image="python:3.9", packages_to_install=["pytest", "no-such-package-of-ours==1.0"])
def tracked_training(
    training_data: Input[Dataset],
    model_output: Output[Model],
    metrics_output: Output[Metrics],
    learning_rate: float = 0.1,
    n_estimators: int = 100,
):
    rows = pathlib.Path(training_data.path).read_text().splitlines()
    accuracy = 0.5 + learning_rate
    metrics_output.log_metric("accuracy", accuracy)
    metrics_output.log_metric("n_rows", len(rows) - 1)
    model_output.metadata["framework"] = "stand-in"
    pathlib.Path(model_output.path).write_text(f"model of {n_estimators} trees")


pathlib.Path("train.csv").write_text("x,y\n1,2\n3,4\n")
task = tracked_training(training_data=Dataset(uri="train.csv"), learning_rate=0.2, n_estimators=5)

model = task.outputs["model_output"]
metrics = task.outputs["metrics_output"]
answer = {
    "run": task.run.id,
    "model": [model.name, model.metadata, pathlib.Path(model.path).read_text(), model.resource_name],
    "path": model.path,
    "metrics": metrics.metadata,
}
print(json.dumps(answer))
