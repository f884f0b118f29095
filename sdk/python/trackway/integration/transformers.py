"""Hugging Face Transformers: ``Trainer``, and those of TRL that build on it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trackway import Run

from .call import caller
from .library import required
from .recorder import Recorder, guarded

_callback: Any = required("transformers.trainer_callback", "transformers")

_CALLS = ("train", "evaluate", "predict")
LOG_MODELS = (False, True, "all")


class TrackwayCallback(_callback.TrainerCallback):  # type: ignore[misc]
    """For ``Trainer(…, callbacks=[TrackwayCallback()])``: what it logs, its arguments and the model's configuration.

    ``run`` is the run to record to; without it the current one, else one of its own, opened with ``trackway.init``
    and the other arguments, and taken up again when ``evaluate`` follows ``train``. Metrics have the Trainer's names
    (``loss``, ``eval_loss``) and its global step. The training arguments are params under their names, the model's
    configuration below ``model``. ``log_model=True`` stores the best checkpoint, or the last when none is the best,
    at the end of the training, ``"all"`` every checkpoint when it is saved, below ``checkpoints/``. Only the first
    process of all records. Each trial of ``hyperparameter_search`` has a run of its own.
    """

    def __init__(self, run: Run | None = None, *, log_model: bool | str = False, **init: Any) -> None:
        if log_model not in LOG_MODELS:
            raise ValueError(f'log_model: expected False, True or "all", found "{log_model}"')
        self._recorder = Recorder(run, init)
        self._log_model = log_model
        self._run_id: str | None = None
        self._saved: Path | None = None

    def on_train_begin(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        if state.is_hyper_param_search:
            self._recorder.close()
            self._run_id = None
        self._saved = None
        self._open(args, state)
        with guarded("the training arguments"):
            self._recorder.params(_params(args, model, state))

    def on_log(
        self, args: Any, state: Any, control: Any, logs: Mapping[str, Any] | None = None, **_: Any
    ) -> None:
        self._open(args, state)
        self._recorder.metrics(logs or {}, state.global_step)

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        with guarded("a checkpoint"):
            if self._recorder.run is not None:
                self._saved = Path(args.output_dir) / f"checkpoint-{state.global_step}"
                if self._log_model == "all":
                    self._log_checkpoint(self._saved)

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        with guarded("the checkpoint"):
            best = state.best_model_checkpoint
            if self._log_model is True:
                self._log_checkpoint(Path(best) if best else self._saved)
        with guarded("the best value"):
            if state.best_metric is not None and args.metric_for_best_model is not None:
                self._recorder.metrics({"best_metric": state.best_metric}, state.global_step)
        self._recorder.close()

    def _open(self, args: Any, state: Any) -> None:
        """The run, also for an ``evaluate`` before or after the training."""
        if self._recorder.run is not None or not state.is_world_process_zero:
            return
        with guarded("the start of the training"):
            frame = caller("transformers", _CALLS)
            # An evaluation of its own is over when its call is; a training says so itself.
            trains = frame is not None and frame.f_code.co_name == "train"
            ended = None if trains else self._recorder.close
            name = state.trial_name or args.run_name
            if name == args.output_dir:
                name = None
            if self._run_id is not None:
                self._recorder.join(self._run_id)
            run = self._recorder.open(frame, ended, name=name)
            if run is not None:
                self._run_id = run.id

    def _log_checkpoint(self, folder: Path | None) -> None:
        run = self._recorder.run
        if run is not None and folder is not None and folder.is_dir():
            run.log_artifacts(folder, f"checkpoints/{folder.name}/")


def _params(args: Any, model: Any, state: Any) -> dict[str, Any]:
    # to_dict hides the tokens of the hub.
    params: dict[str, Any] = dict(args.to_dict())
    config = getattr(model, "config", None)
    if config is not None:
        params["model"] = config if isinstance(config, dict) else config.to_dict()
        # Names of labels are data, not settings, and there may be thousands.
        params["model"] = {
            key: value for key, value in params["model"].items() if key not in ("id2label", "label2id")
        }
    if model is not None:
        with guarded("the number of weights"):
            params.setdefault("model", {})["num_parameters"] = sum(one.numel() for one in model.parameters())
    if state.trial_params:
        params.update(state.trial_params)
    return params
