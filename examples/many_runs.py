"""Fills an experiment with made-up runs, to see how Trackway behaves with many of them.

    python examples/many_runs.py --runs 500 --points 2000

Needs nothing but the client (`pip install ./sdk/python`) and a running server. The curves look like training:
most runs learn, some overfit, some diverge to NaN and fail, some are killed half-way.
"""

from __future__ import annotations

import argparse
import math
import random
import time
from collections.abc import Iterator

from trackway import MLOpsClient, Run

FAILED_ABOVE_LR = 0.15
KILLED_SHARE = 0.06


class Diverged(Exception):
    """The loss is no number any more."""


def draw_params(dice: random.Random) -> dict[str, object]:
    return {
        "lr": 10 ** dice.uniform(-5, -0.3),
        "optimizer": {
            "name": dice.choice(["adam", "sgd", "adamw"]),
            "weight_decay": 10 ** dice.uniform(-6, -2),
        },
        "layers": dice.randint(2, 12),
        "dropout": round(dice.uniform(0, 0.5), 2),
        "batch_size": dice.choice([16, 32, 64, 128, 256]),
        "augment": dice.random() < 0.5,
        "seed": dice.randint(0, 4),
    }


def curve(params: dict[str, object], points: int, dice: random.Random) -> Iterator[dict[str, float]]:
    """Exponential decay to a floor, best for a middling learning rate, with noise and occasional spikes."""
    lr, layers, dropout = float(params["lr"]), int(params["layers"]), float(params["dropout"])
    distance = abs(math.log10(lr) + 2.7)
    floor = 0.05 + 0.15 * distance + 0.2 * dropout * dropout
    speed = 6.0 / (1.0 + distance)
    overfit = max(0.0, 0.04 * layers - 0.6 * dropout)
    diverges_at = dice.uniform(0.2, 0.8) if lr > FAILED_ABOVE_LR else math.inf
    for index in range(points):
        progress = index / points
        noise = dice.gauss(0, 0.03) * (1.2 - progress)
        loss = floor + (2.3 - floor) * math.exp(-speed * progress) * math.exp(noise)
        if dice.random() < 0.002:
            loss *= dice.uniform(2, 5)
        if progress > diverges_at:
            loss = math.inf if progress < diverges_at + 2 / points else math.nan
        val_loss = loss + overfit * progress**2 + abs(dice.gauss(0, 0.02))
        yield {
            "train/loss": loss,
            "val/loss": val_loss,
            "val/accuracy": max(0.0, min(1.0, math.exp(-val_loss) + dice.gauss(0, 0.005))),
            "lr": lr * 0.5 * (1 + math.cos(math.pi * progress)),
        }


def fill(run: Run, params: dict[str, object], points: int, dice: random.Random) -> None:
    run.log_params(params)
    end = int(points * dice.uniform(0.1, 0.9)) if dice.random() < KILLED_SHARE else points
    lost_for = 0
    for step, metrics in enumerate(curve(params, points, dice)):
        if step == end:
            run.finish("killed")
            return
        run.log_metrics(metrics, step=step)
        lost_for = lost_for + 1 if math.isnan(metrics["train/loss"]) else 0
        if lost_for == 10:
            raise Diverged(f"no finite loss since step {step - 9}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Record made-up runs.")
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--points", type=int, default=1000, help="steps of a run; each has four metrics")
    parser.add_argument("--experiment", default="many runs")
    parser.add_argument("--seed", type=int, default=0, help="the same seed makes the same values")
    arguments = parser.parse_args()

    dice = random.Random(arguments.seed)
    client = MLOpsClient()
    experiment = client.create_experiment(
        arguments.experiment, description="Made-up runs, for scale.", tags=["synthetic"]
    )
    print(f"experiment {experiment.name}: {experiment.url}", flush=True)
    started_at = time.perf_counter()
    for _ in range(arguments.runs):
        params = draw_params(dice)
        try:
            with client.start_run(experiment.id, tags={"group": f"layers-{params['layers']}"}) as run:
                fill(run, params, arguments.points, dice)
        except Diverged:
            continue
    seconds = time.perf_counter() - started_at
    print(f"{arguments.runs} runs in {seconds:.1f} s", flush=True)


if __name__ == "__main__":
    main()
