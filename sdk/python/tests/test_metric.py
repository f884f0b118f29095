"""Metrics come back bit for bit as they were logged."""

from __future__ import annotations

import math
import random
import struct
import sys
import time

import numpy as np
import pytest
from server import Server, bits

from trackway import Experiment, MLOpsClient, TrackwayError, series

AWKWARD = [
    math.nan,
    -math.nan,
    # NaN with a payload, and a signalling one.
    struct.unpack("<d", b"\xef\xbe\xad\xde\0\0\xf8\x7f")[0],
    struct.unpack("<d", b"\1\0\0\0\0\0\xf0\x7f")[0],
    math.inf,
    -math.inf,
    0.0,
    -0.0,
    5e-324,
    -5e-324,
    2.2250738585072014e-308,
    1e308,
    sys.float_info.max,
    -sys.float_info.max,
    0.1,
    1 / 3,
    2**53 + 2.0,
    1e22,
    9007199254740993.0,
]


def test_awkward_values_come_back_bit_for_bit(client: MLOpsClient, experiment: Experiment) -> None:
    before_ms = time.time_ns() // 1_000_000
    with client.start_run(experiment.id) as run:
        for step, value in enumerate(AWKWARD):
            run.log_metrics({"awkward": value}, step=step)
    points = run.get_metric("awkward")
    assert bits(points.values) == bits(AWKWARD)
    assert points.steps == list(range(len(AWKWARD)))
    assert points.times_ms == sorted(points.times_ms)
    assert before_ms <= points.times_ms[0] and points.times_ms[-1] <= time.time_ns() // 1_000_000


def test_any_double_comes_back_bit_for_bit(client: MLOpsClient, experiment: Experiment) -> None:
    dice = random.Random(7)
    # About ten of them are NaN with a payload.
    values = [struct.unpack("<d", dice.randbytes(8))[0] for _ in range(20_000)]
    with client.start_run(experiment.id) as run:
        for step, value in enumerate(values):
            run.log_metrics({"any": value}, step=step)
    assert bits(run.get_metric("any").values) == bits(values)


def test_any_64_bit_step_comes_back_in_order(client: MLOpsClient, experiment: Experiment) -> None:
    steps = [2**63 - 1, -(2**63), 0, -1, 2**53 + 1]
    with client.start_run(experiment.id) as run:
        for step in steps:
            run.log_metrics({"m": float(step)}, step=step)
    points = run.get_metric("m")
    assert points.steps == sorted(steps)
    assert points.values == [float(step) for step in sorted(steps)]


def test_numbers_of_other_libraries_are_taken(client: MLOpsClient, experiment: Experiment) -> None:
    class Tensor:
        """As torch's: a scalar inside, unknown to isinstance."""

        def item(self) -> float:
            return 0.25

    with client.start_run(experiment.id) as run:
        for value in (
            np.float32(0.1),
            np.float16(0.5),
            np.int8(-3),
            np.bool_(True),
            np.array(2.5),
            Tensor(),
            True,
            7,
        ):
            run.log_metrics({"mixed": value})
    assert run.get_metric("mixed").values == [0.10000000149011612, 0.5, -3.0, 1.0, 2.5, 0.25, 1.0, 7.0]


def test_without_a_step_counting_goes_on_from_the_highest(
    client: MLOpsClient, experiment: Experiment
) -> None:
    with client.start_run(experiment.id) as run:
        run.log_metrics({"m": 1})
        run.log_metrics({"m": 2})
        run.log_metrics({"m": 3}, step=10)
        run.log_metrics({"m": 4}, step=5)
        run.log_metrics(None)
        run.log_metrics({})
        run.log_metrics({"m": 5})
    points = run.get_metric("m")
    assert list(zip(points.steps, points.values)) == [(0, 1), (1, 2), (5, 4), (10, 3), (11, 5)]


def test_a_bad_value_raises_and_spoils_nothing(client: MLOpsClient, experiment: Experiment) -> None:
    with client.start_run(experiment.id) as run:
        run.log_metrics({"loss": 1.0}, step=0)
        with pytest.raises(TypeError, match='metric "acc"'):
            run.log_metrics({"loss": 0.5, "acc": [0.5]}, step=1)
        with pytest.raises(TypeError, match="step"):
            run.log_metrics({"loss": 0.5}, step=0.5)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="control"):
            run.log_metrics({"lo\nss": 0.5})
        run.log_metrics({"loss": 0.25}, step=2)
    assert run.get_metric("loss").values == [1.0, 0.25]


def test_keys_of_all_sorts_are_kept(client: MLOpsClient, experiment: Experiment) -> None:
    keys = ["val/loss", "Genauigkeit (größer)", "精度", "a.b", "k&v=1?#%", " ", "é" * 500, '"quoted"']
    with client.start_run(experiment.id) as run:
        run.log_metrics({key: number for number, key in enumerate(keys)}, step=0)
    for number, key in enumerate(keys):
        assert run.get_metric(key).values == [number], key


def test_one_call_with_very_many_keys_arrives_whole(
    client: MLOpsClient, experiment: Experiment, server: Server
) -> None:
    with client.start_run(experiment.id) as run:
        run.log_metrics({f"layer.{number}.norm": number for number in range(12_000)}, step=1)
        # So many new series take a server for development longer than the end of a run waits.
        assert run.flush(60)
    metrics = server.run(run.id)["metrics"]
    assert {metric["key"]: metric["last"] for metric in metrics} == {
        f"layer.{number}.norm": number for number in range(12_000)
    }


def test_an_unknown_metric_is_said_by_name(client: MLOpsClient, experiment: Experiment) -> None:
    with client.start_run(experiment.id) as run:
        run.log_metrics({"loss": 1.0})
    with pytest.raises(TrackwayError, match='has no metric "los"') as caught:
        run.get_metric("los")
    assert caught.value.kind == "not_found"


def test_a_metric_that_holds_texts_is_refused_by_name(
    client: MLOpsClient, experiment: Experiment, server: Server
) -> None:
    with client.start_run(experiment.id) as run:
        texts = {"run_id": run.id, "key": "sample", "steps": [0], "times_ms": [0], "texts": ["größe"]}
        server.post("/api/v1/ingest", {"series": [texts]})
    with pytest.raises(ValueError, match='metric "sample" holds texts'):
        run.get_metric("sample")
    (stored,) = series.decode(server.get(f"/api/v1/series?run={run.id}"))
    assert stored.columns == {"steps": [0], "times_ms": [0], "values": ["größe"]}


def test_buckets_with_smoothing_and_a_group_are_read(
    client: MLOpsClient, experiment: Experiment, server: Server
) -> None:
    runs = [client.start_run(experiment.id) for _ in range(2)]
    for run in runs:
        for step in range(1000):
            run.log_metrics({"loss": 1.0}, step=step)
        run.finish()
    query = "&".join(f"run={run.id}" for run in runs) + "&buckets=10"
    one, two = series.decode(server.get(f"/api/v1/series?{query}&smoothing=ema&weight=0.5"))
    assert {one.run_id, two.run_id} == {run.id for run in runs}
    for curve in (one, two):
        assert (curve.kind, curve.group, curve.total) == ("buckets", None, 1000)
        assert sum(curve.columns["counts"]) == 1000
        assert set(curve.columns["mean"]) == {1.0}
        assert all(abs(smooth - 1.0) < 1e-12 for smooth in curve.columns["smooth"])
    (group,) = series.decode(server.get(f"/api/v1/series?{query}&group=5&group=5"))
    assert (group.kind, group.group, group.key) == ("group", 5, "loss")
    assert set(group.columns["members"]) == {2}
    assert set(group.columns["center"]) == {1.0}


def test_logging_is_quick(client: MLOpsClient, experiment: Experiment) -> None:
    with client.start_run(experiment.id) as run:
        started_at = time.perf_counter()
        for step in range(10_000):
            run.log_metrics({"a": 0.1, "b": 0.2}, step=step)
        seconds = time.perf_counter() - started_at
    # A tenth of a millisecond each would already be slow; ten times that is a hang, not a busy machine.
    assert seconds < 10
    assert len(run.get_metric("b").values) == 10_000
