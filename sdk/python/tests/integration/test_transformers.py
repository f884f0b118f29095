"""Hugging Face Transformers: what is recorded equals the Trainer's log."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from server import Server, bits
from stored import only_run_of, runs_of

import trackway

os.environ.setdefault("HF_HUB_OFFLINE", "1")
torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
pytest.importorskip("accelerate")

from trackway.integration.transformers import TrackwayCallback  # noqa: E402


class _Words(torch.utils.data.Dataset):  # type: ignore[misc,name-defined]
    def __len__(self) -> int:
        return 16

    def __getitem__(self, place: int) -> dict[str, Any]:
        words = torch.tensor([place % 7 + 1, place % 5 + 1, place % 3 + 1])
        return {"input_ids": words, "attention_mask": torch.ones(3, dtype=torch.long), "labels": place % 2}


class _BrokenWords(_Words):
    def __getitem__(self, place: int) -> dict[str, Any]:
        if place == 13:
            raise ZeroDivisionError("boom")
        return super().__getitem__(place)


def _model() -> Any:
    transformers.set_seed(7)
    config = transformers.BertConfig(
        vocab_size=10,
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=8,
        max_position_embeddings=4,
    )
    return transformers.BertForSequenceClassification(config)


def _trainer(callback: Any = None, data: Any = None, **more: Any) -> Any:
    arguments = transformers.TrainingArguments(
        output_dir="out",
        num_train_epochs=2,
        per_device_train_batch_size=4,
        logging_steps=2,
        learning_rate=0.01,
        seed=7,
        report_to=[],
        disable_tqdm=True,
        use_cpu=True,
        **{"save_strategy": "no", "eval_strategy": "epoch", **more},
    )
    return transformers.Trainer(
        _model(),
        arguments,
        train_dataset=data or _Words(),
        eval_dataset=_Words(),
        callbacks=[callback] if callback is not None else [],
    )


def _log(trainer: Any, key: str) -> dict[int, float]:
    return {entry["step"]: entry[key] for entry in trainer.state.log_history if key in entry}


def test_everything_the_trainer_logs_and_how_it_trains(server: Server, experiment_name: str) -> None:
    trainer = _trainer(TrackwayCallback(tags=["tiny"]), run_name="first try")
    trainer.train()
    run = only_run_of(server, experiment_name)
    assert server.status(run.id) == "completed"
    assert run.name == "first try"
    assert run.tags == {"tiny": ""}
    logged = {key for entry in trainer.state.log_history for key in entry} - {"step"}
    assert run.keys == logged
    for key in logged:
        expected = _log(trainer, key)
        points = run.points(key)
        assert list(points) == list(expected)
        assert bits(list(points.values())) == bits([float(value) for value in expected.values()])
    expected_params = {
        "learning_rate": 0.01,
        "num_train_epochs": 2,
        "per_device_train_batch_size": 4,
        "seed": 7,
        "use_cpu": True,
        "model.hidden_size": 8,
        "model.model_type": "bert",
        "model.num_parameters": sum(one.numel() for one in trainer.model.parameters()),
    }
    assert {key: run.params[key] for key in expected_params} == expected_params
    assert run.artifacts == []


def test_an_evaluation_after_the_training_is_of_the_same_run(server: Server, experiment_name: str) -> None:
    trainer = _trainer(TrackwayCallback(), eval_strategy="no")
    trainer.train()
    loss = trainer.evaluate()["eval_loss"]
    assert trackway.current_run() is None
    run = only_run_of(server, experiment_name)
    assert run.status("completed") == "completed"
    assert run.points("eval_loss") == {8: loss}
    assert not run.is_late


def test_every_checkpoint(server: Server, experiment_name: str) -> None:
    _trainer(TrackwayCallback(log_model="all"), save_strategy="steps", save_steps=4).train()
    run = only_run_of(server, experiment_name)
    for step in (4, 8):
        stored = run.artifact(f"checkpoints/checkpoint-{step}/model.safetensors")
        assert stored == Path(f"out/checkpoint-{step}/model.safetensors").read_bytes()


def test_the_best_checkpoint(server: Server, experiment_name: str) -> None:
    trainer = _trainer(
        TrackwayCallback(log_model=True),
        save_strategy="epoch",
        load_best_model_at_end=True,
        metric_for_best_model="eval_loss",
    )
    trainer.train()
    run = only_run_of(server, experiment_name)
    best = Path(trainer.state.best_model_checkpoint).name
    folders = {path.split("/")[1] for path in run.artifacts}
    assert folders == {best}
    assert run.values("best_metric") == [trainer.state.best_metric]


def test_an_open_run_is_used_and_left_open(server: Server, experiment_name: str) -> None:
    with trackway.init() as run:
        trainer = _trainer(TrackwayCallback())
        trainer.train()
        trainer.evaluate()
        assert server.status(run.id) == "running"
        assert trackway.current_run() is run
    assert run.id == only_run_of(server, experiment_name).id


def test_a_training_that_raises_has_failed_even_if_the_caller_goes_on(
    server: Server, experiment_name: str
) -> None:
    with suppress(ZeroDivisionError):
        _trainer(TrackwayCallback(), _BrokenWords()).train()
    _trainer(TrackwayCallback()).train()
    failed, good = runs_of(server, experiment_name)
    assert failed.status("failed") == "failed"
    assert server.status(good.id) == "completed"
    assert len(good.points("loss")) == 4


def test_training_goes_on_from_a_checkpoint_in_the_same_run(server: Server, experiment_name: str) -> None:
    _trainer(TrackwayCallback(), save_strategy="steps", save_steps=4, max_steps=4).train()
    (first,) = runs_of(server, experiment_name)
    again = _trainer(TrackwayCallback(id=first.id, resume="must"))
    again.train(resume_from_checkpoint="out/checkpoint-4")
    run = only_run_of(server, experiment_name)
    assert run.status("completed") == "completed"
    assert list(run.points("loss")) == [2, 4, 6, 8]


def test_other_processes_of_a_training_record_nothing(server: Server, experiment_name: str) -> None:
    trainer = _trainer(TrackwayCallback())
    trainer.is_world_process_zero = lambda: False
    trainer.state.is_world_process_zero = False
    callback = TrackwayCallback()
    callback.on_train_begin(trainer.args, trainer.state, trainer.control, model=trainer.model)
    callback.on_log(trainer.args, trainer.state, trainer.control, logs={"loss": 1.0})
    callback.on_train_end(trainer.args, trainer.state, trainer.control)
    assert runs_of(server, experiment_name) == []


def test_each_trial_of_a_search_has_a_run(server: Server, experiment_name: str) -> None:
    pytest.importorskip("optuna")
    trainer = _trainer(TrackwayCallback())
    trainer.model_init = lambda trial=None: _model()
    trainer.hyperparameter_search(
        hp_space=lambda trial: {"learning_rate": trial.suggest_float("learning_rate", 0.001, 0.1)},
        hp_name=lambda trial: f"trial {trial.number}",
        n_trials=2,
        backend="optuna",
    )
    runs = runs_of(server, experiment_name)
    assert [run.name for run in runs] == ["trial 0", "trial 1"]
    assert [run.status("completed") for run in runs] == ["completed"] * 2
    assert len({run.params["learning_rate"] for run in runs}) == 2


def test_results_are_the_same_as_without(server: Server, experiment_name: str) -> None:
    plain = _trainer()
    plain.train()
    # Making a Trainer sets the seed.
    recorded = _trainer(TrackwayCallback())
    recorded.train()
    assert _log(plain, "loss") == _log(recorded, "loss")


def test_without_a_server_training_goes_on(
    monkeypatch: pytest.MonkeyPatch, what_went_wrong: set[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRACKWAY_URL", "no address")
    trainer = _trainer(TrackwayCallback(log_model="all"))
    trainer.train()
    assert len(_log(trainer, "loss")) == 4
    assert what_went_wrong == {"the training was not recorded"}
