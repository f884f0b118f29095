"""Keras 3, also as ``tf.keras``: ``model.fit``."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trackway import Run

from .call import caller
from .library import required
from .recorder import Recorder, guarded

_keras: Any = required("keras", "keras")

# What is better when it grows; of anything else less is better.
_GROWING = ("acc", "auc", "precision", "recall", "f1", "iou", "r2", "score", "dice", "psnr", "ssim")


class TrackwayCallback(_keras.callbacks.Callback):  # type: ignore[misc]
    """For ``model.fit(…, callbacks=[TrackwayCallback()])``: metrics of every epoch, params, the model's summary.

    ``run`` is the run to record to; without it the current one, else one of its own, opened with ``trackway.init``
    and the other arguments. Metrics have the names of ``History``: ``loss``, ``val_loss``; their step is the epoch.
    ``log_batches`` records every so many batches too (True for every one), as ``batch_loss`` over the batches.
    ``save_best`` names the metric that decides which epoch's model is stored as ``model/best.keras``, with ``mode``
    ``min``, ``max`` or ``auto``, which knows the usual names.
    """

    def __init__(
        self,
        run: Run | None = None,
        *,
        log_batches: bool | int = False,
        save_best: str | None = None,
        mode: str = "auto",
        **init: Any,
    ) -> None:
        super().__init__()
        if mode not in ("auto", "min", "max"):
            raise ValueError(f'mode: expected auto, min or max, found "{mode}"')
        self._recorder = Recorder(run, init)
        self._every = int(log_batches)
        self._save_best = save_best
        self._grows = mode == "max" or (
            mode == "auto" and any(word in (save_best or "").lower() for word in _GROWING)
        )
        self._best: float | None = None
        self._batch = 0

    def on_train_begin(self, logs: Any = None) -> None:
        self._best, self._batch = None, 0
        with guarded("the start of the training"):
            run = self._recorder.open(caller("keras", ("fit",)) or caller("tensorflow", ("fit",)))
            if run is not None:
                self._recorder.params(_params(self.model, self.params))
                _log_model(run, self.model)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        with guarded("an epoch"):
            values = dict(logs or {})
            if "learning_rate" not in values:
                values["learning_rate"] = _learning_rate(self.model)
            self._recorder.metrics(values, epoch)
            self._keep_best(epoch, values)

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Any] | None = None) -> None:
        if not self._every:
            return
        with guarded("a batch"):
            if self._batch % self._every == 0:
                self._recorder.metrics(
                    {f"batch_{key}": value for key, value in (logs or {}).items()}, self._batch
                )
            self._batch += 1

    def on_train_end(self, logs: Any = None) -> None:
        self._recorder.close()

    def _keep_best(self, epoch: int, values: Mapping[str, Any]) -> None:
        run = self._recorder.run
        value = values.get(self._save_best) if self._save_best else None
        if run is None or value is None:
            return
        better = self._best is None or (value > self._best if self._grows else value < self._best)
        if not better:
            return
        self._best = float(value)
        with guarded("the best model"), tempfile.TemporaryDirectory(prefix="trackway-") as folder:
            path = Path(folder) / "best.keras"
            self.model.save(path)
            run.log_artifact(path, "model/best.keras")
            run.log_metrics({f"best_{self._save_best}": self._best}, epoch)


def _params(model: Any, fit: Mapping[str, Any]) -> dict[str, Any]:
    """How the model is trained, in Keras's words."""
    params: dict[str, Any] = {"epochs": fit.get("epochs"), "steps": fit.get("steps")}
    with guarded("the optimizer"):
        params["optimizer"] = {"class_name": type(model.optimizer).__name__, **model.optimizer.get_config()}
    params["loss"] = _name(getattr(model, "loss", None))
    params["model"] = {"name": model.name, "class_name": type(model).__name__}
    with guarded("the number of weights"):
        params["model"]["count_params"] = model.count_params()
    return params


def _name(part: Any) -> Any:
    if part is None or isinstance(part, str):
        return part
    if isinstance(part, Mapping):
        return {str(key): _name(value) for key, value in part.items()}
    if isinstance(part, (list, tuple)):
        return [_name(value) for value in part]
    return getattr(part, "name", None) or getattr(part, "__name__", None) or type(part).__name__


def _log_model(run: Run, model: Any) -> None:
    """Its layers as people and as programs read them; a subclassed model may not have a configuration."""
    lines: list[str] = []
    with guarded("the summary of the model"):
        model.summary(print_fn=lambda text, **_: lines.append(text))
        run.log_text("\n".join(lines) + "\n", "model/summary.txt")
    try:
        config = model.to_json()
    except NotImplementedError:
        return
    run.log_text(config, "model/config.json")


def _learning_rate(model: Any) -> float | None:
    try:
        return float(_keras.ops.convert_to_numpy(model.optimizer.learning_rate))
    except Exception:
        # Optimizers of one's own need not have one.
        return None
