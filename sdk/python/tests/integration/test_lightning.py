"""PyTorch Lightning: what is recorded equals what the module logged."""

from __future__ import annotations

import pickle
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from server import Server, bits
from stored import Stored, only_run_of, runs_of

import trackway

torch = pytest.importorskip("torch")
lightning = pytest.importorskip("lightning")

from lightning.pytorch import LightningModule, Trainer  # noqa: E402
from lightning.pytorch.callbacks import Callback, ModelCheckpoint  # noqa: E402
from lightning.pytorch.loggers.logger import Logger  # noqa: E402

from trackway.integration.lightning import TrackwayLogger  # noqa: E402


class Tiny(LightningModule):  # type: ignore[misc]
    """Learns a line, and keeps what it logged."""

    def __init__(self, lr: float = 0.1, layers: Any = None, breaks_at: int | None = None) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.layer = torch.nn.Linear(2, 1)
        self.logged: list[float] = []

    def training_step(self, batch: Any, place: int) -> Any:
        if self.hparams.breaks_at is not None and self.global_step >= self.hparams.breaks_at:
            raise ZeroDivisionError("boom")
        loss = ((self.layer(batch) - 1) ** 2).mean()
        self.logged.append(loss.item())
        self.log("train/loss", loss)
        return loss

    def validation_step(self, batch: Any, place: int) -> None:
        self.log("val_loss", ((self.layer(batch) - 1) ** 2).mean())

    def test_step(self, batch: Any, place: int) -> None:
        self.log("test_loss", ((self.layer(batch) - 1) ** 2).mean())

    def configure_optimizers(self) -> Any:
        return torch.optim.SGD(self.parameters(), self.hparams.lr)

    def train_dataloader(self) -> Any:
        return torch.utils.data.DataLoader(torch.arange(16.0).reshape(8, 2) / 16, batch_size=2)

    val_dataloader = test_dataloader = train_dataloader


def _trainer(logger: Any, **more: Any) -> Any:
    quiet = {"enable_progress_bar": False, "enable_model_summary": False, "enable_checkpointing": False}
    known = {"max_epochs": 2, "log_every_n_steps": 1, "accelerator": "cpu", "devices": 1}
    return Trainer(logger=logger, **{**quiet, **known, **more})


def _tiny(**more: Any) -> Tiny:
    lightning.seed_everything(7, verbose=False)
    return Tiny(**more)


def test_it_is_a_logger() -> None:
    assert issubclass(TrackwayLogger, Logger)


def test_every_step_every_epoch_and_the_hyperparameters(server: Server, experiment_name: str) -> None:
    module = _tiny(lr=0.05, layers={"depth": 2, "act": "relu"})
    logger = TrackwayLogger(name="first try", tags=["tiny"])
    trainer = _trainer(logger)
    trainer.fit(module)
    run = only_run_of(server, experiment_name)
    assert server.status(run.id) == "completed"
    assert run.name == "first try"
    assert run.tags == {"tiny": ""}
    points = run.points("train/loss")
    assert list(points) == list(range(8))
    assert bits(list(points.values())) == bits(module.logged)
    assert list(run.points("val_loss")) == [3, 7]
    assert run.values("val_loss")[-1] == trainer.logged_metrics["val_loss"].item()
    assert run.keys == {"train/loss", "val_loss", "epoch"}
    assert run.params == {"lr": 0.05, "layers.depth": 2, "layers.act": "relu", "breaks_at": None}
    assert logger.version == run.id
    assert logger.name == experiment_name.replace("::", "-")


def test_a_test_after_the_training_is_of_the_same_run(server: Server, experiment_name: str) -> None:
    trainer, module = _trainer(TrackwayLogger()), _tiny()
    trainer.fit(module)
    trainer.test(module, verbose=False)
    run = only_run_of(server, experiment_name)
    assert run.status("completed") == "completed"
    assert run.values("test_loss") == [trainer.logged_metrics["test_loss"].item()]
    assert not run.is_late


def test_the_best_checkpoint_at_the_end(server: Server, experiment_name: str) -> None:
    keep = ModelCheckpoint(monitor="val_loss", save_top_k=1, filename="{epoch}")
    logger = TrackwayLogger(log_model=True, save_dir="logs")
    _trainer(logger, enable_checkpointing=True, callbacks=[keep], max_epochs=3).fit(_tiny())
    run = only_run_of(server, experiment_name)
    best = Path(keep.best_model_path)
    # Lightning's file systems take :: for something else.
    folder = experiment_name.replace("::", "-")
    assert best.parent.absolute() == Path(f"logs/{folder}/{run.id}/checkpoints").absolute()
    assert run.artifacts == [f"checkpoints/{best.name}"]
    assert run.artifact(f"checkpoints/{best.name}") == best.read_bytes()


def test_every_checkpoint_when_it_is_saved(server: Server, experiment_name: str) -> None:
    keep = ModelCheckpoint(monitor="val_loss", save_top_k=1, save_last=True, filename="{epoch}")
    logger = TrackwayLogger(log_model="all")
    _trainer(logger, enable_checkpointing=True, callbacks=[keep], max_epochs=3).fit(_tiny())
    run = only_run_of(server, experiment_name)
    # Lightning has deleted all but the best of them.
    assert {f"checkpoints/epoch={epoch}.ckpt" for epoch in range(3)} <= set(run.artifacts)
    assert run.artifact("checkpoints/last.ckpt") == Path(keep.last_model_path).read_bytes()


def test_no_checkpoint_unless_asked_for(server: Server, experiment_name: str) -> None:
    _trainer(TrackwayLogger(), enable_checkpointing=True).fit(_tiny())
    assert only_run_of(server, experiment_name).artifacts == []
    with pytest.raises(ValueError, match='found "some"'):
        TrackwayLogger(log_model="some")


def test_an_open_run_is_used_and_left_open(server: Server, experiment_name: str) -> None:
    with trackway.init() as run:
        module = _tiny()
        trainer = _trainer(TrackwayLogger())
        trainer.fit(module)
        trainer.test(module, verbose=False)
        assert server.status(run.id) == "running"
        assert trackway.current_run() is run
    assert only_run_of(server, experiment_name).keys >= {"train/loss", "test_loss"}


def test_a_run_given_is_used_and_left_open(
    client: trackway.MLOpsClient, server: Server, experiment_name: str
) -> None:
    with client.start_run(client.create_experiment(experiment_name)) as run:
        logger = TrackwayLogger(run)
        assert logger.version == run.id
        _trainer(logger).fit(_tiny())
        assert server.status(run.id) == "running"
    assert len(only_run_of(server, experiment_name).points("train/loss")) == 8


def test_a_training_that_raises_has_failed_and_says_why(server: Server, experiment_name: str) -> None:
    with pytest.raises(ZeroDivisionError):
        _trainer(TrackwayLogger()).fit(_tiny(breaks_at=3))
    run = only_run_of(server, experiment_name)
    assert run.status("failed") == "failed"
    assert len(run.points("train/loss")) == 3
    (event,) = run.events()
    assert event["name"] == "exception"
    assert "boom" in event["metadata"]["traceback"]


def test_ctrl_c_kills(server: Server, experiment_name: str) -> None:
    class Impatient(Callback):  # type: ignore[misc]
        def on_train_batch_end(self, *_: Any) -> None:
            signal.raise_signal(signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    try:
        with pytest.raises(SystemExit):
            _trainer(TrackwayLogger(), callbacks=[Impatient()]).fit(_tiny())
    finally:
        # Lightning leaves it ignored.
        signal.signal(signal.SIGINT, before)
    assert only_run_of(server, experiment_name).status("killed") == "killed"


def test_training_goes_on_in_the_run_of_an_id(server: Server, experiment_name: str) -> None:
    keep = ModelCheckpoint(dirpath="kept", filename="here")
    _trainer(TrackwayLogger(), enable_checkpointing=True, callbacks=[keep]).fit(_tiny())
    (first,) = runs_of(server, experiment_name)
    again = _trainer(TrackwayLogger(id=first.id, resume="must"), max_epochs=3)
    again.fit(_tiny(), ckpt_path="kept/here.ckpt", weights_only=False)
    run = only_run_of(server, experiment_name)
    assert run.status("completed") == "completed"
    assert list(run.points("train/loss")) == list(range(12))


def test_a_run_that_must_be_there_and_is_not(
    server: Server, experiment_name: str, what_went_wrong: set[str]
) -> None:
    module = _tiny()
    _trainer(TrackwayLogger(id="ab" * 16, resume="must")).fit(module)
    assert len(module.logged) == 8
    assert runs_of(server, experiment_name) == []
    assert what_went_wrong == {"the training was not recorded"}


def test_several_loggers_and_a_prefix(server: Server, experiment_name: str) -> None:
    loggers = [TrackwayLogger(prefix="a/"), TrackwayLogger(prefix="b/")]
    with trackway.init():
        _trainer(loggers).fit(_tiny())
    assert only_run_of(server, experiment_name).keys >= {"a/train/loss", "b/train/loss"}


def test_only_rank_zero_records(
    server: Server, experiment_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lightning.pytorch.utilities.rank_zero import rank_zero_only

    monkeypatch.setattr(rank_zero_only, "rank", 1)
    logger = TrackwayLogger()
    logger.log_hyperparams({"lr": 1})
    logger.log_metrics({"loss": 1.0}, 0)
    logger.experiment.log_text("text", "name.txt")
    logger.finalize("success")
    assert runs_of(server, experiment_name) == []


def test_a_copy_for_another_process_has_the_same_run(experiment_name: str) -> None:
    logger = TrackwayLogger()
    assert pickle.loads(pickle.dumps(logger)).version == logger.version


def train_in_two_processes(strategy: str) -> None:
    """Says the run's id."""
    logger = TrackwayLogger(tags=[strategy])
    trainer = _trainer(logger, devices=2, strategy=strategy)
    trainer.fit(_tiny(lr=0.02))
    if strategy == "ddp_fork":
        # Spawned processes would import torch for some ten seconds more.
        trainer.test(_tiny(lr=0.02), verbose=False)
    print("run", logger.version)


@pytest.mark.parametrize("strategy", ["ddp_spawn", "ddp_fork"])
def test_two_processes_write_one_run(server: Server, experiment_name: str, strategy: str) -> None:
    # A fork of this process would find the locks of other libraries' threads.
    program = f"import sys; sys.path[:0] = {sys.path!r}\nif __name__ == '__main__':\n"
    program += f"    import test_lightning; test_lightning.train_in_two_processes({strategy!r})\n"
    Path("train.py").write_text(program)
    result = subprocess.run([sys.executable, "train.py"], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    run = only_run_of(server, experiment_name)
    assert run.id == result.stdout.split("run ")[1].split()[0]
    assert run.status("completed") == "completed"
    assert run.tags == {strategy: ""}
    # Half of the batches each.
    assert list(run.points("train/loss")) == [0, 1, 2, 3]
    assert ("test_loss" in run.keys) == (strategy == "ddp_fork")
    assert run.params["lr"] == 0.02
    assert "trackway:" not in result.stderr


def test_spawned_processes_write_the_open_run(server: Server, experiment_name: str) -> None:
    with trackway.init() as run:
        _trainer(TrackwayLogger(), devices=2, strategy="ddp_spawn").fit(_tiny())
        assert server.status(run.id) == "running"
    stored = Stored(server, run.id)
    assert stored.status("completed") == "completed"
    assert list(stored.points("train/loss")) == [0, 1, 2, 3]
    assert len(runs_of(server, experiment_name)) == 1


def test_without_a_server_training_goes_on(
    monkeypatch: pytest.MonkeyPatch, what_went_wrong: set[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRACKWAY_URL", "no address")
    module = _tiny()
    _trainer(TrackwayLogger(log_model="all"), enable_checkpointing=True).fit(module)
    assert len(module.logged) == 8
    assert what_went_wrong == {"the training was not recorded"}


OTHER_PACKAGE = """
import sys
sys.path[:0] = {path!r}
import torch
from pytorch_lightning import LightningModule, Trainer
from pytorch_lightning.loggers.logger import Logger
from trackway.integration.lightning import TrackwayLogger

assert issubclass(TrackwayLogger, Logger)
assert "lightning.pytorch" not in sys.modules

class Tiny(LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 1)
    def training_step(self, batch, place):
        loss = self.layer(batch).mean()
        self.log("loss", loss)
        return loss
    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 0.1)

quiet = dict(enable_progress_bar=False, enable_model_summary=False, accelerator="cpu", log_every_n_steps=1)
data = torch.utils.data.DataLoader(torch.rand(6, 2), batch_size=2)
Trainer(logger=TrackwayLogger(log_model=True), max_epochs=1, **quiet).fit(Tiny(), data)
"""


def test_the_other_package(server: Server, experiment_name: str) -> None:
    if find_spec("pytorch_lightning") is None:
        pytest.skip("pytorch_lightning is not installed")
    program = [sys.executable, "-c", OTHER_PACKAGE.format(path=sys.path)]
    result = subprocess.run(program, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    run = only_run_of(server, experiment_name)
    assert run.status("completed") == "completed"
    assert list(run.points("loss")) == [0, 1, 2]
    assert run.artifacts == ["checkpoints/epoch=0-step=3.ckpt"]


def test_fabric(server: Server, experiment_name: str) -> None:
    fabric = lightning.Fabric(accelerator="cpu", devices=1, loggers=TrackwayLogger())
    for step in range(3):
        fabric.log("loss", 1 / (step + 1), step)
    fabric.logger.log_hyperparams({"lr": 0.1})
    fabric.logger.finalize("success")
    run = only_run_of(server, experiment_name)
    assert run.status("completed") == "completed"
    assert run.values("loss") == [1, 1 / 2, 1 / 3]
    assert run.params == {"lr": 0.1}
