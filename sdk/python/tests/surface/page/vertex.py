"""The blocks of the Vertex tutorial in its order, except the component; stand-ins for the training itself."""

import datetime
import json
import os
from datetime import datetime as clock

from trackway import TrackwayError, aiplatform
from trackway.aiplatform import metadata

# Stand-ins.
artifacts = {}


def train_and_evaluate(config):
    return {"accuracy": 0.8 + config["max_depth"] / 100, "f1": 0.7, "auc": config["learning_rate"]}


# 1: the store.
aiplatform.init(project="your-project", location="us-central1")
store = aiplatform.MetadataStore("default")
print(f"Metadata store: {store.resource_name}")


# 2: training.
def train_model_with_metadata(run_id, accuracy):
    run = aiplatform.start_run(run_id)
    with run:
        aiplatform.log_params(
            {
                "learning_rate": 0.01,
                "epochs": 50,
                "batch_size": 5,
                "optimizer": "adam",
                "framework": "tensorflow",
                "framework_version": "2.15",
            }
        )
        dataset = aiplatform.Artifact.create(
            schema_title="system.Dataset",
            display_name="training-dataset",
            uri="gs://your-bucket/data/processed/train.csv",
            metadata={"row_count": 150000, "date_range": "2024-01-01 to 2024-12-31", "columns": ["a", "b"]},
        )
        run.log_input(dataset)
        for epoch in range(50):
            if epoch % 10 == 0:
                aiplatform.log_metrics({f"train_loss_epoch_{epoch}": 1 / (epoch + 1)})
        aiplatform.log_metrics({"accuracy": accuracy - 0.1})
        aiplatform.log_metrics({"accuracy": accuracy, "auc": 0.9})
        model = aiplatform.Artifact.create(
            schema_title="system.Model",
            display_name="churn-model",
            uri=f"gs://your-bucket/models/{run_id}",
            metadata={"framework": "tensorflow", "accuracy": accuracy},
        )
        run.log_output(model)
        artifacts[run_id] = [dataset.resource_name, model.resource_name]
    return run_id


stamp = clock.now().strftime("%Y%m%d-%H%M%S")
first = train_model_with_metadata(f"training-run-{stamp}-1", 0.9)
second = train_model_with_metadata(f"training-run-{stamp}-2", 0.95)


# 3: preprocessing.
def preprocess_with_lineage():
    run_id = f"preprocessing-{datetime.datetime.now().strftime('%Y%m%d-%H%M%S')}"
    with aiplatform.start_run(run_id) as run:
        raw = aiplatform.Artifact.create(
            schema_title="system.Dataset",
            display_name="raw-data",
            uri="bq://your-project.dataset.raw",
            metadata={"source": "BigQuery", "table": "raw", "row_count": 200000},
        )
        run.log_input(raw)
        aiplatform.log_params({"remove_nulls": True, "outlier_std": 3})
        aiplatform.log_metrics({"null_fraction": 0.02, "rows_removed": 50000})
        processed = aiplatform.Artifact.create(
            schema_title="system.Dataset",
            display_name="processed-data",
            uri="gs://your-bucket/data/processed/train.csv",
            metadata={"row_count": 150000},
        )
        run.log_output(processed)
    return run_id


preprocessing = preprocess_with_lineage()

# 5: an experiment of several runs.
aiplatform.init(experiment="churn-prediction-v2")
configs = [
    {"learning_rate": 0.1, "max_depth": 3, "n_estimators": 100},
    {"learning_rate": 0.01, "max_depth": 9, "n_estimators": 200},
    {"learning_rate": 0.05, "max_depth": 5, "n_estimators": 100, "early_stop": "yes"},
    {"learning_rate": 0.2, "max_depth": 7, "n_estimators": 100},
]
for number, config in enumerate(configs):
    with aiplatform.start_run(f"config-{number}"):
        aiplatform.log_params(config)
        aiplatform.log_metrics(train_and_evaluate(config))

try:
    aiplatform.start_run("config-0")
except TrackwayError as error:
    taken = str(error)

try:
    aiplatform.Artifact.get_with_lineage_subgraph(resource_id=artifacts[first][1])
except TrackwayError as error:
    lineage_refused = str(error)

answer = {
    "first": first,
    "second": second,
    "preprocessing": preprocessing,
    "artifacts": artifacts[first],
    "refused": [taken, lineage_refused],
    "store": store.resource_name,
    "metadata": metadata.__name__,
    "pid": os.getpid(),
}
print(json.dumps(answer))
