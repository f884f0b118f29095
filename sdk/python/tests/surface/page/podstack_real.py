"""The two loops of Podstack's page with the real libraries."""

import json

import keras
import numpy
import torch

from trackway import MLOpsClient

client = MLOpsClient()
experiment = client.create_experiment("real libraries")
generator = numpy.random.default_rng(0)
x = generator.normal(size=(64, 4)).astype("float32")
y = x.sum(axis=1, keepdims=True)

torch.manual_seed(0)
model = torch.nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
with client.start_run(experiment_id=experiment.id) as run:
    run.log_params({"torch_version": torch.__version__, "cuda_version": torch.version.cuda, "seed": 0})
    for epoch in range(3):
        loss = ((model(torch.from_numpy(x)) - torch.from_numpy(y)) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        # A tensor that still knows where it came from, as people pass it.
        run.log_metrics({"loss": loss}, step=epoch)
    torch.save(model.state_dict(), "model.pt")
    run.log_artifact("model.pt")


class PodstackCallback(keras.callbacks.Callback):
    def __init__(self, run):
        super().__init__()
        self.run = run

    def on_epoch_end(self, epoch, logs=None):
        self.run.log_metrics(logs, step=epoch)


network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
network.compile(loss="mse", metrics=["mae"])
with client.start_run(experiment_id=experiment.id) as keras_run:
    history = network.fit(
        x, y, epochs=3, validation_split=0.25, verbose=0, callbacks=[PodstackCallback(keras_run)]
    )

answer = {
    "run": run.id,
    "keras_run": keras_run.id,
    "history": history.history,
    "loss": loss.item(),
    "versions": [str(torch.__version__), torch.version.cuda],
}
print(json.dumps(answer))
