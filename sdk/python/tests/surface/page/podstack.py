"""The blocks of Podstack's page in its order, as people paste them, with stand-ins for what the page leaves out."""

import json
import os
import pathlib
import random
import types

import numpy

from trackway import MLOpsClient, TrackwayError

# Stand-ins.
your_token = os.environ["YOUR_TOKEN"]
num_epochs = 5


class TorchVersion(str):
    """PyTorch's is no plain text either."""


torch = types.SimpleNamespace(
    __version__=TorchVersion("2.9.0+cpu"),
    version=types.SimpleNamespace(cuda=None),
    manual_seed=random.seed,
    save=lambda content, path: pathlib.Path(path).write_text(repr(content)),
)
keras = types.SimpleNamespace(callbacks=types.SimpleNamespace(Callback=object))


class Model:
    def state_dict(self):
        return {"weight": [1.0, 2.0]}

    def fit(self, x, y, epochs, callbacks):
        for epoch in range(epochs):
            for callback in callbacks:
                callback.on_epoch_end(
                    epoch, {"loss": numpy.float32(1 / (epoch + 1)), "accuracy": numpy.float32(0.5)}
                )
        for callback in callbacks:
            callback.on_epoch_end(epochs, None)


model, x_train, y_train = Model(), [], []


def train_one_epoch(epoch):
    return 1.0 / (epoch + 1), 0.5 + 0.05 * epoch


def validate(epoch):
    return 1.1 / (epoch + 1), 0.4 + 0.05 * epoch


def train_epoch(model):
    return numpy.float32(0.25)


def get_git_hash():
    return "86bd254"


for name in ("model.pt", "config.yaml", "outputs/plot.txt", "outputs/sub/b c.txt"):
    pathlib.Path(name).parent.mkdir(parents=True, exist_ok=True)
    pathlib.Path(name).write_text(name)
pathlib.Path("data").mkdir()
pathlib.Path("data/train.csv").write_text("x,y\n1,2\n")

# 1: an experiment.
client = MLOpsClient(api_token=your_token)

experiment = client.create_experiment(
    name="image-classification-v1",
    description="Comparing CNN architectures for product images",
    tags=["computer-vision", "cnn", "baseline"],
)

# 2: a run.
with client.start_run(experiment_id=experiment.id) as run:
    pass

# 3: params.
run.log_params({"learning_rate": 0.001, "batch_size": 32, "optimizer": "adam", "epochs": 100, "dropout": 0.5})

# 4: metrics.
for epoch in range(num_epochs):
    train_loss, train_acc = train_one_epoch(epoch)
    val_loss, val_acc = validate(epoch)
    run.log_metrics(
        {
            "train_loss": train_loss,
            "train_accuracy": train_acc,
            "val_loss": val_loss,
            "val_accuracy": val_acc,
        },
        step=epoch,
    )

# 5: artifacts.
run.log_artifact("model.pt")
run.log_artifact("config.yaml")
run.log_artifact("model.pt", artifact_path="checkpoints/")
run.log_artifacts("./outputs/", artifact_path="results/")

# 6: a sweep.
try:
    sweep = client.create_sweep(
        experiment_id=experiment.id,
        strategy="bayesian",
        parameters={
            "learning_rate": {"min": 1e-5, "max": 1e-1, "distribution": "log_uniform"},
            "batch_size": {"values": [16, 32, 64]},
            "dropout": {"min": 0.1, "max": 0.5},
        },
        objective_metric="val_accuracy",
        max_trials=20,
    )
except TrackwayError as error:
    sweep_refused = str(error)

# 7: a dataset.
run.log_dataset(name="product-images", path="data/train.csv", description="Product images, cleaned")
run.log_dataset(name="elsewhere", path="s3://bucket/images/v2")

# 8: an alert.
try:
    run.create_alert(condition="val_loss > 2.0", message="Validation loss is too high")
except TrackwayError as error:
    alert_refused = str(error)

# 9: what makes it reproducible.
torch.manual_seed(42)
run.log_params(
    {
        "seed": 42,
        "torch_version": torch.__version__,
        "cuda_version": torch.version.cuda,
        "git_commit": get_git_hash(),
    }
)

# 10: PyTorch.
client = MLOpsClient(api_token=your_token)

with client.start_run(experiment_id=experiment.id) as pytorch_run:
    pytorch_run.log_params({"lr": 0.001, "epochs": num_epochs})
    for epoch in range(num_epochs):
        pytorch_run.log_metrics({"loss": train_epoch(model)}, step=epoch)
    torch.save(model.state_dict(), "model.pt")
    pytorch_run.log_artifact("model.pt")


# 11: Keras.
class PodstackCallback(keras.callbacks.Callback):
    def __init__(self, run):
        super().__init__()
        self.run = run

    def on_epoch_end(self, epoch, logs=None):
        self.run.log_metrics(logs, step=epoch)


with client.start_run(experiment_id="image-classification-v1") as keras_run:
    model.fit(x_train, y_train, epochs=10, callbacks=[PodstackCallback(keras_run)])

print(
    json.dumps(
        {
            "experiment": experiment.id,
            "run": run.id,
            "pytorch_run": pytorch_run.id,
            "keras_run": keras_run.id,
            "refused": [sweep_refused, alert_refused],
        }
    )
)
