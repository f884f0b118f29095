"""XGBoost: ``xgboost.train``, ``xgboost.cv`` and the ``fit`` of its scikit-learn classes."""

from __future__ import annotations

from typing import Any

from trackway import Run

from .call import caller
from .library import required
from .recorder import Recorder, guarded

_xgboost: Any = required("xgboost", "xgboost")

# Arguments of xgboost.train and xgboost.cv that say how the training goes.
_SETTINGS = ("num_boost_round", "early_stopping_rounds", "maximize", "nfold", "stratified", "shuffle", "seed")
IMPORTANCES = ("weight", "gain", "cover", "total_gain", "total_cover")


class TrackwayCallback(_xgboost.callback.TrainingCallback):  # type: ignore[misc]
    """Records a training: its params, the evaluations of every round, and the importances of the features.

    ``run`` is the run to record to; without it the current one, else one of its own, opened with ``trackway.init``
    and the other arguments. Metrics are named as XGBoost prints them: ``validation-rmse``; of ``cv`` as the columns
    of its result: ``test-rmse-mean``. ``log_model`` stores the model as ``model/model.ubj``. Of several workers only
    rank 0 records.
    """

    def __init__(self, run: Run | None = None, *, log_model: bool = False, **init: Any) -> None:
        super().__init__()
        self._recorder = Recorder(run, init)
        self._log_model = log_model

    def before_training(self, model: Any) -> Any:
        if _xgboost.collective.get_rank() == 0:
            with guarded("the start of the training"):
                self._begin(model)
        return model

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
        with guarded("a round"):
            values: dict[str, float] = {}
            for data, metrics in evals_log.items():
                for metric, history in metrics.items():
                    values.update(_named(f"{data}-{metric}", history[-1]))
            self._recorder.metrics(values, epoch)
        return False

    def after_training(self, model: Any) -> Any:
        if self._recorder.run is not None:
            with guarded("the model"):
                self._summarize(model)
            self._recorder.close()
        return model

    def _begin(self, model: Any) -> None:
        frame = caller("xgboost.training", ("train", "cv"))
        arguments = dict(frame.f_locals) if frame is not None else {}
        run = self._recorder.open(frame)
        if run is None:
            return
        settings = {key: arguments[key] for key in _SETTINGS if arguments.get(key) is not None}
        self._recorder.params({**_plain(arguments.get("params")), **settings})
        boosters = getattr(model, "cvfolds", None)
        booster = boosters[0].bst if boosters else model
        # What was not set by hand, as XGBoost understood it.
        run.log_text(booster.save_config(), "xgboost/config.json")

    def _summarize(self, model: Any) -> None:
        run = self._recorder.run
        if run is None or not isinstance(model, _xgboost.Booster):
            return
        best = model.attributes()
        if "best_iteration" in best:
            iteration = int(best["best_iteration"])
            found = {"best_iteration": iteration, "best_score": float(best["best_score"])}
            self._recorder.metrics(found, iteration)
        with guarded("the importances"):
            _log_importances(run, model)
        if self._log_model:
            run.log_bytes(bytes(model.save_raw("ubj")), "model/model.ubj")


def _named(name: str, score: Any) -> dict[str, float]:
    """Of ``cv`` a score is a mean and a deviation."""
    if isinstance(score, tuple):
        return {f"{name}-mean": score[0], f"{name}-std": score[1]}
    return {name: score}


def _plain(params: Any) -> dict[str, Any]:
    """The params as given: a dict, or pairs of which a key may come twice."""
    if not params:
        return {}
    if isinstance(params, dict):
        return params
    merged: dict[str, Any] = {}
    for key, value in params:
        merged[key] = f"{merged[key]},{value}" if key in merged else value
    return merged


def _log_importances(run: Run, model: Any) -> None:
    columns: dict[str, dict[str, float]] = {}
    for kind in IMPORTANCES:
        try:
            columns[kind] = model.get_score(importance_type=kind)
        except _xgboost.core.XGBoostError:
            # Linear boosters know only the weight.
            continue
    features = sorted({feature for column in columns.values() for feature in column})
    if features:
        rows = [
            {"feature": one, **{kind: columns[kind].get(one, 0.0) for kind in columns}} for one in features
        ]
        run.log_table("feature_importance", rows, step=0)
