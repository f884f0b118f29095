"""Keras: what is recorded equals its History."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from server import Server, bits
from stored import only_run_of, runs_of

import trackway

numpy = pytest.importorskip("numpy")
for backend in ("jax", "torch", "tensorflow"):
    # The first that is there, unless the environment says which.
    try:
        __import__(backend)
    except ImportError:
        continue
    os.environ.setdefault("KERAS_BACKEND", backend)
    break
else:
    pytest.skip("Keras needs jax, torch or tensorflow", allow_module_level=True)
keras = pytest.importorskip("keras")

from trackway.integration.keras import TrackwayCallback  # noqa: E402


def _data() -> tuple[Any, Any]:
    random = numpy.random.default_rng(7)
    features = random.normal(size=(64, 4)).astype("float32")
    return features, (features.sum(axis=1) > 0).astype("float32")


def _model() -> Any:
    keras.utils.set_random_seed(7)
    layers = [keras.layers.Input((4,)), keras.layers.Dense(3, "relu"), keras.layers.Dense(1, "sigmoid")]
    model = keras.Sequential(layers, name="tiny")
    model.compile(keras.optimizers.Adam(0.01), loss="binary_crossentropy", metrics=["accuracy"])
    return model


def _fit(*callbacks: Any, epochs: int = 3, model: Any = None) -> Any:
    features, target = _data()
    return (model or _model()).fit(
        features,
        target,
        epochs=epochs,
        batch_size=16,
        validation_split=0.25,
        shuffle=False,
        verbose=0,
        callbacks=list(callbacks),
    )


def test_every_epoch_and_how_the_model_is_made(server: Server, experiment_name: str) -> None:
    history = _fit(TrackwayCallback(tags=["tiny"])).history
    run = only_run_of(server, experiment_name)
    assert server.status(run.id) == "completed"
    assert run.keys == {"loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"}
    for key, values in history.items():
        points = run.points(key)
        assert list(points) == [0, 1, 2]
        assert bits(list(points.values())) == bits([float(value) for value in values])
    expected = {
        "epochs": 3,
        "steps": 3,
        "loss": "binary_crossentropy",
        "optimizer.class_name": "Adam",
        "optimizer.beta_1": 0.9,
        "model.name": "tiny",
        "model.count_params": 19,
    }
    assert {key: run.params[key] for key in expected} == expected
    assert run.params["optimizer.learning_rate"] == pytest.approx(0.01)
    assert "dense" in run.artifact("model/summary.txt").decode()
    assert keras.models.model_from_json(run.artifact("model/config.json").decode()).name == "tiny"


def test_batches_when_asked_for(server: Server, experiment_name: str) -> None:
    seen: list[float] = []
    watch = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(logs["loss"]))
    _fit(TrackwayCallback(log_batches=True), watch)
    run = only_run_of(server, experiment_name)
    points = run.points("batch_loss")
    assert list(points) == list(range(9))
    assert bits(list(points.values())) == bits(seen)
    _fit(TrackwayCallback(log_batches=4))
    assert list(runs_of(server, experiment_name)[1].points("batch_loss")) == [0, 4, 8]


def test_the_best_epoch_is_stored_as_it_was(server: Server, experiment_name: str) -> None:
    weights: list[Any] = []
    model = _model()
    watch = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: weights.append(model.get_weights()))
    # A step too long makes the later epochs worse.
    model.optimizer.learning_rate = 2.0
    history = _fit(TrackwayCallback(save_best="val_loss"), watch, epochs=6, model=model).history["val_loss"]
    best = history.index(min(history))
    run = only_run_of(server, experiment_name)
    assert run.points("best_val_loss")[best] == min(history)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "best.keras"
        path.write_bytes(run.artifact("model/best.keras"))
        stored = keras.models.load_model(path).get_weights()
    assert all((one == other).all() for one, other in zip(stored, weights[best]))


def test_more_accuracy_is_better(server: Server, experiment_name: str) -> None:
    history = _fit(TrackwayCallback(save_best="val_accuracy"), epochs=5).history["val_accuracy"]
    run = only_run_of(server, experiment_name)
    assert max(run.values("best_val_accuracy")) == max(history)
    with pytest.raises(ValueError, match='found "most"'):
        TrackwayCallback(mode="most")


def test_a_model_without_configuration(server: Server, experiment_name: str) -> None:
    class Own(keras.Model):  # type: ignore[misc,name-defined]
        def __init__(self, width: object) -> None:
            super().__init__()
            self.layer = keras.layers.Dense(1)

        def call(self, inputs: Any) -> Any:
            return self.layer(inputs)

    model = Own(object())
    model.compile("sgd", lambda truth, found: keras.ops.mean((truth - found) ** 2))
    features, target = _data()
    model.fit(features, target, verbose=0, callbacks=[TrackwayCallback()])
    run = only_run_of(server, experiment_name)
    assert run.params["model.class_name"] == "Own"
    assert len(run.points("loss")) == 1


def test_an_open_run_is_used_and_left_open(server: Server, experiment_name: str) -> None:
    with trackway.init() as run:
        _fit(TrackwayCallback())
        assert server.status(run.id) == "running"
        assert trackway.current_run() is run
    assert len(only_run_of(server, experiment_name).points("loss")) == 3


def test_a_training_that_raises_has_failed_even_if_the_caller_goes_on(
    server: Server, experiment_name: str
) -> None:
    def broken(epoch: int, logs: Any) -> None:
        if epoch == 1:
            raise ZeroDivisionError("boom")

    callback = TrackwayCallback()
    with suppress(ZeroDivisionError):
        _fit(callback, keras.callbacks.LambdaCallback(on_epoch_end=broken))
    _fit(callback)
    failed, good = runs_of(server, experiment_name)
    assert failed.status("failed") == "failed"
    assert len(failed.points("loss")) == 2
    assert server.status(good.id) == "completed"
    assert len(good.points("loss")) == 3


def test_results_are_the_same_as_without(server: Server, experiment_name: str) -> None:
    plain = _fit().history
    recorded = _fit(TrackwayCallback(log_batches=True, save_best="loss")).history
    assert plain == recorded


def test_without_a_server_training_goes_on(
    monkeypatch: pytest.MonkeyPatch, what_went_wrong: set[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("TRACKWAY_URL", "no address")
    assert len(_fit(TrackwayCallback(save_best="loss")).history["loss"]) == 3
    assert what_went_wrong == {"the training was not recorded"}
