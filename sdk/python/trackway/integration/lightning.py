"""PyTorch Lightning 2 (``lightning`` or ``pytorch_lightning``), and Fabric."""

from __future__ import annotations

import os
import re
import sys
from argparse import Namespace
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import trackway
from trackway import Run

from .library import required
from .recorder import Recorder, guarded

# Of the two packages the one in use: they have the same code under two names.
_PACKAGE = (
    "pytorch_lightning"
    if "pytorch_lightning" in sys.modules and "lightning.pytorch" not in sys.modules
    else "lightning.pytorch"
    if find_spec("lightning") is not None or find_spec("pytorch_lightning") is None
    else "pytorch_lightning"
)
_logger: Any = required(f"{_PACKAGE}.loggers.logger", "lightning")
_rank_zero: Any = required(f"{_PACKAGE}.utilities.rank_zero", "lightning")

LOG_MODELS = (False, True, "all")
# Lightning says "finished" when Slurm takes the machine back and the job is queued again.
_STATUSES = {"success": "completed", "finished": "killed"}


class TrackwayLogger(_logger.Logger):  # type: ignore[misc]
    """For ``Trainer(logger=TrackwayLogger())``.

    ``run`` is the run to record to; without it the current one, else one of its own, opened with ``trackway.init``
    and the other arguments at the first use, ended when ``fit`` or ``test`` ends, and taken up again when another
    follows. With ``id`` the training goes on in the run of that id. Metrics keep their names and Lightning's steps.
    ``log_model=True`` stores the checkpoints that are there at the end, ``"all"`` each one when it is saved, below
    ``checkpoints/``. ``save_dir`` is where Lightning keeps its checkpoints, else its ``default_root_dir``. Only rank
    zero records.
    """

    def __init__(
        self,
        run: Run | None = None,
        *,
        log_model: bool | str = False,
        save_dir: str | os.PathLike[str] | None = None,
        prefix: str = "",
        **init: Any,
    ) -> None:
        super().__init__()
        if log_model not in LOG_MODELS:
            raise ValueError(f'log_model: expected False, True or "all", found "{log_model}"')
        self._recorder = Recorder(run, init)
        self._experiment_name = str(
            init.get("experiment") or os.environ.get("TRACKWAY_EXPERIMENT") or "default"
        )
        self._wanted_id: str | None = init.get("id") or os.environ.get("TRACKWAY_RUN_ID") or None
        self._resume = str(init.get("resume") or "allow")
        # Known from the start: a process that Lightning forks has to find the same.
        self._own_id = str(self._wanted_id or os.urandom(16).hex())
        self._log_model = log_model
        self._save_dir = os.fspath(save_dir) if save_dir is not None else None
        self._prefix = prefix
        self._run_id: str | None = run.id if run is not None else None
        self._checkpoints: list[Any] = []
        #: When the file stored last was written, by its path.
        self._stored: dict[str, float] = {}

    @property
    @_logger.rank_zero_experiment  # type: ignore[untyped-decorator]
    def experiment(self) -> Any:
        """The run, to log what Lightning does not: ``self.logger.experiment.log_image(…)``."""
        self._choose_run()
        # Something that takes every call, if there is no run to be had.
        return self._recorder.open() or _logger.DummyExperiment()

    @property
    def name(self) -> str:
        """The name of the experiment, as the folder that Lightning makes of it."""
        # To Lightning's file systems :: and :// mean something else.
        return re.sub(r"[^\w. -]+", "-", self._experiment_name)

    @property
    def version(self) -> str:
        """The id of the run."""
        return self._choose_run()

    @property
    def save_dir(self) -> str | None:
        """The folder below which Lightning keeps its checkpoints; None for the Trainer's ``default_root_dir``."""
        return self._save_dir

    @_rank_zero.rank_zero_only  # type: ignore[untyped-decorator]
    def log_hyperparams(self, params: Mapping[str, Any] | Namespace, *args: Any, **kwargs: Any) -> None:
        """Params of the module and the data module."""
        with guarded("the hyperparameters"):
            _ = self.experiment
            self._recorder.params(vars(params) if isinstance(params, Namespace) else params)

    @_rank_zero.rank_zero_only  # type: ignore[untyped-decorator]
    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        """Metrics at a step of the optimizer."""
        with guarded("the metrics"):
            _ = self.experiment
            named = (
                {f"{self._prefix}{key}": value for key, value in metrics.items()} if self._prefix else metrics
            )
            self._recorder.metrics(named, step)

    @_rank_zero.rank_zero_only  # type: ignore[untyped-decorator]
    def after_save_checkpoint(self, checkpoint_callback: Any) -> None:
        """Stores the checkpoint, or remembers that there will be some."""
        if checkpoint_callback not in self._checkpoints:
            self._checkpoints.append(checkpoint_callback)
        if self._log_model == "all":
            self._log_checkpoints()

    @_rank_zero.rank_zero_only  # type: ignore[untyped-decorator]
    def finalize(self, status: str) -> None:
        """Ends the run if it was opened here."""
        if self._recorder.run is None:
            return
        if self._log_model:
            self._log_checkpoints()
        # Lightning calls this while it handles the exception.
        error = sys.exc_info()[1]
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            self._recorder.close("killed")
        else:
            self._recorder.close(_STATUSES.get(status, "failed"), error)

    def _choose_run(self) -> str:
        """Which run it is, before it is opened: every process of the training has to know."""
        if self._run_id is None:
            current = trackway.current_run()
            if current is not None and self._wanted_id in (None, current.id):
                self._recorder.borrow(current)
                self._run_id = current.id
            else:
                self._run_id = self._own_id
                self._recorder.join(self._run_id, self._resume)
        return self._run_id

    def _log_checkpoints(self) -> None:
        with guarded("a checkpoint"):
            run = self.experiment
            for callback in self._checkpoints:
                for path in _files_of(callback):
                    written = path.stat().st_mtime
                    if self._stored.get(str(path)) == written:
                        continue
                    if path.is_dir():
                        run.log_artifacts(path, f"checkpoints/{path.name}/")
                    else:
                        run.log_artifact(path, "checkpoints/")
                    self._stored[str(path)] = written

    def __getstate__(self) -> dict[str, Any]:
        """For a process that Lightning starts: it records to the same run."""
        self._choose_run()
        return {**self.__dict__, "_checkpoints": []}


def _files_of(callback: Any) -> list[Path]:
    """The checkpoints of a ModelCheckpoint that are on the disk."""
    names = [
        *getattr(callback, "best_k_models", {}),
        getattr(callback, "best_model_path", ""),
        getattr(callback, "last_model_path", ""),
    ]
    return [path for path in map(Path, dict.fromkeys(filter(None, names))) if path.exists()]
