"""Trains classifiers on scikit-learn's bundled digits and records every epoch with Trackway.

Start a server (`cargo xtask run`), then, from the top of the repository:

    python3 -m venv .venv
    .venv/bin/pip install ./sdk/python -r examples/requirements.txt
    .venv/bin/python examples/digits.py

Open the links it prints. `--delay 0.5` slows training down, to watch the curves grow; `--help` says the rest.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import time
from pathlib import Path

import joblib
import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import ConfusionMatrixDisplay, accuracy_score, classification_report, log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

from trackway import MLOpsClient, Run

CLASSES = np.arange(10)

# One of each temper: quick, slow, steady, overfitting, noisy, linear.
CONFIGS = [
    {"model": "mlp", "hidden": [64], "activation": "relu", "lr": 0.003, "alpha": 1e-4, "batch_size": 64},
    {"model": "mlp", "hidden": [64], "activation": "relu", "lr": 0.0003, "alpha": 1e-4, "batch_size": 64},
    {"model": "sgd", "lr": 0.001, "alpha": 1e-3, "penalty": "l2"},
    {"model": "mlp", "hidden": [128, 64], "activation": "tanh", "lr": 0.001, "alpha": 1e-2, "batch_size": 32},
    {"model": "mlp", "hidden": [256], "activation": "relu", "lr": 0.02, "alpha": 0.0, "batch_size": 32},
    {"model": "sgd", "lr": 0.05, "alpha": 1e-6, "penalty": "elasticnet"},
]


def build(config: dict, seed: int) -> MLPClassifier | SGDClassifier:
    if config["model"] == "mlp":
        return MLPClassifier(
            hidden_layer_sizes=config["hidden"],
            activation=config["activation"],
            learning_rate_init=config["lr"],
            alpha=config["alpha"],
            batch_size=config["batch_size"],
            random_state=seed,
        )
    return SGDClassifier(
        loss="log_loss",
        learning_rate="constant",
        eta0=config["lr"],
        alpha=config["alpha"],
        penalty=config["penalty"],
        random_state=seed,
    )


def split(seed: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Three fifths to train, one to validate, one to test."""
    images, labels = load_digits(return_X_y=True)
    images = images / 16.0
    train_x, rest_x, train_y, rest_y = train_test_split(
        images, labels, test_size=0.4, stratify=labels, random_state=seed
    )
    val_x, test_x, val_y, test_y = train_test_split(
        rest_x, rest_y, test_size=0.5, stratify=rest_y, random_state=seed
    )
    return {"train": (train_x, train_y), "val": (val_x, val_y), "test": (test_x, test_y)}


def scores(model: MLPClassifier | SGDClassifier, part: str, data: dict) -> dict[str, float]:
    x, y = data[part]
    probabilities = model.predict_proba(x)
    return {
        f"{part}/loss": log_loss(y, probabilities, labels=CLASSES),
        f"{part}/accuracy": accuracy_score(y, probabilities.argmax(axis=1)),
    }


def train(run: Run, config: dict, seed: int, epochs: int, delay_seconds: float) -> None:
    data = split(seed)
    model = build(config, seed)
    run.log_params({**config, "seed": seed, "epochs": epochs})
    run.log_params({"data": {f"{part}_rows": len(y) for part, (_, y) in data.items()}})
    shuffle = np.random.default_rng(seed)
    x, y = data["train"]
    for epoch in range(epochs):
        started_at = time.perf_counter()
        order = shuffle.permutation(len(y))
        model.partial_fit(x[order], y[order], classes=CLASSES)
        seconds = time.perf_counter() - started_at
        run.log_metrics(
            {**scores(model, "train", data), **scores(model, "val", data), "epoch_seconds": seconds},
            step=epoch,
        )
        time.sleep(delay_seconds)
    final = scores(model, "test", data)
    run.log_metrics(final, step=epochs - 1)
    with tempfile.TemporaryDirectory() as folder:
        write_results(Path(folder), model, data["test"])
        run.log_artifacts(folder)
    run.set_notes(note(config, seed, epochs, final))


def write_results(
    folder: Path, model: MLPClassifier | SGDClassifier, test: tuple[np.ndarray, np.ndarray]
) -> None:
    """The model, a picture of its confusions, a report, and the digits that it got wrong."""
    for name in ("model", "plots", "reports"):
        (folder / name).mkdir()
    x, y = test
    predicted = model.predict(x)
    joblib.dump(model, folder / "model" / "classifier.joblib")
    display = ConfusionMatrixDisplay.from_predictions(y, predicted, colorbar=False, cmap="Blues")
    display.ax_.set_title("Confusion on the test digits")
    display.figure_.savefig(folder / "plots" / "confusion_matrix.png", dpi=120, bbox_inches="tight")
    plt.close(display.figure_)
    report = classification_report(y, predicted, digits=4, zero_division=0)
    (folder / "reports" / "classification_report.txt").write_text(report, encoding="utf-8")
    with open(folder / "reports" / "mistakes.csv", "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["test_row", "digit", "predicted"])
        table.writerows((row, y[row], predicted[row]) for row in np.flatnonzero(y != predicted))


def note(config: dict, seed: int, epochs: int, final: dict[str, float]) -> str:
    settings = "\n".join(f"| {key} | `{value}` |" for key, value in {**config, "seed": seed}.items())
    return f"""# {config["model"].upper()} on the digits

**{final["test/accuracy"]:.1%}** of the test digits are right after {epochs} epochs.

| Setting | Value |
| --- | --- |
{settings}

- `plots/confusion_matrix.png` shows which digits are taken for which.
- `reports/mistakes.csv` lists every digit that was read wrong.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description="Train on the bundled digits and record every epoch.")
    parser.add_argument(
        "--configs", type=int, default=4, help=f"how many of the {len(CONFIGS)} configurations"
    )
    parser.add_argument("--seeds", type=int, default=1, help="how many seeds of each configuration")
    parser.add_argument("--epochs", type=int, default=80)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds to wait after each epoch")
    parser.add_argument("--experiment", default="digits")
    arguments = parser.parse_args()

    client = MLOpsClient()
    experiment = client.create_experiment(
        arguments.experiment,
        description="Which small classifier reads scikit-learn's 8×8 digits best?",
        tags={"dataset": "digits", "phase": "baseline"},
    )
    print(f"experiment {experiment.name}: {experiment.url}", flush=True)
    for config in CONFIGS[: arguments.configs]:
        for seed in range(arguments.seeds):
            name = f"{config['model']}-lr{config['lr']}-seed{seed}"
            with client.start_run(experiment.id, name=name, tags=[config["model"]]) as run:
                print(f"run {run.name}: {run.url}", flush=True)
                train(run, config, seed, arguments.epochs, arguments.delay)


if __name__ == "__main__":
    main()
