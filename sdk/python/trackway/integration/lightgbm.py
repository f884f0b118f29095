"""LightGBM: ``lightgbm.train``, ``lightgbm.cv`` and the ``fit`` of its scikit-learn classes."""

from __future__ import annotations

from typing import Any

from trackway import Run

from .call import caller
from .library import required
from .recorder import Recorder, guarded

_lightgbm: Any = required("lightgbm", "lightgbm")

# Early stopping has order 30 and raises: what comes after it does not see the last round.
ORDER = 25
IMPORTANCES = ("split", "gain")


def trackway_callback(run: Run | None = None, *, log_model: bool = False, **init: Any) -> TrackwayCallback:
    """Records a training: its params, the evaluations of every round, and the importances of the features.

    ``run`` is the run to record to; without it the current one, else one of its own, opened with ``trackway.init``
    and the other arguments. Metrics are named as ``record_evaluation`` nests them: ``valid_0/l2``; of ``cv``
    ``valid/l2-mean``. ``log_model`` stores the model as ``model/model.txt``.
    """
    return TrackwayCallback(run, log_model, init)


class TrackwayCallback:
    """What ``trackway_callback`` gives; LightGBM calls it after each round."""

    def __init__(self, run: Run | None, log_model: bool, init: dict[str, Any]) -> None:
        self.order = ORDER
        self.before_iteration = False
        self._recorder = Recorder(run, init)
        self._log_model = log_model
        self._last: Any = None

    def __call__(self, env: Any) -> None:
        with guarded("a round"):
            if env.iteration == env.begin_iteration:
                self._begin(env)
            self._last = env
            self._recorder.metrics(_named(env.evaluation_result_list), env.iteration)

    def _begin(self, env: Any) -> None:
        self._recorder.fail()
        # LightGBM does not tell that it has come to the end.
        self._recorder.open(caller("lightgbm.engine", ("train", "cv")), self._end)
        self._recorder.params({**env.params, "num_boost_round": env.end_iteration - env.begin_iteration})

    def _end(self) -> None:
        env, self._last = self._last, None
        stopped_early = getattr(env.model, "best_iteration", 0) > 0
        if not stopped_early and env.iteration < env.end_iteration - 1:
            self._recorder.fail()
            return
        with guarded("the model"):
            self._summarize(env, stopped_early)
        self._recorder.close()

    def _summarize(self, env: Any, stopped_early: bool) -> None:
        run, model = self._recorder.run, env.model
        if run is None:
            return
        if stopped_early:
            self._recorder.metrics({"best_iteration": model.best_iteration}, env.iteration)
        if not isinstance(model, _lightgbm.Booster):
            return
        columns = {kind: model.feature_importance(kind) for kind in IMPORTANCES}
        rows = [
            {"feature": name, **{kind: columns[kind][place].item() for kind in IMPORTANCES}}
            for place, name in enumerate(model.feature_name())
        ]
        run.log_table("feature_importance", rows, step=0)
        if self._log_model:
            run.log_text(model.model_to_string(), "model/model.txt")

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_last": None}


def _named(results: Any) -> dict[str, float]:
    """Of (data, metric, value, larger is better) and, from ``cv``, a deviation."""
    named: dict[str, float] = {}
    for data, metric, value, _, *deviation in (tuple(result) for result in results or ()):
        # Before LightGBM 4 the data of ``cv`` was part of the metric's name.
        name = metric.replace(" ", "/", 1) if data == "cv_agg" else f"{data}/{metric}"
        if deviation and deviation[0] is not None:
            named.update({f"{name}-mean": value, f"{name}-stdv": deviation[0]})
        else:
            named[name] = value
    return named
