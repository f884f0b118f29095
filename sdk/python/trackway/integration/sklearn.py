"""scikit-learn: ``autolog()`` records what ``fit`` and ``score`` of every estimator do, until ``unautolog()``."""

from __future__ import annotations

import functools
import sys
import threading
import time
import weakref
from collections import Counter
from collections.abc import Mapping
from typing import Any, Callable

from trackway import Run

from .library import required
from .recorder import Recorder, child_run, guarded, warn_once

_base: Any = required("sklearn.base", "scikit-learn")
_numpy: Any = required("numpy", "numpy")

# What trains. Where fit_transform does not call fit it is a step of a preparation.
_FITS = ("fit", "fit_predict")
# A loop over thousands of fits in one run would bury it in params.
FITS_PER_RUN_MAX = 200
# Of a search; what is above is in the table of its results.
CANDIDATE_RUNS_MAX = 100

_lock = threading.RLock()
_active: _Autolog | None = None


def autolog(
    run: Run | None = None,
    *,
    log_training_score: bool = True,
    log_model: bool = False,
    candidate_runs: bool = False,
    **init: Any,
) -> None:
    """From now on every ``fit`` and ``score`` of an estimator is recorded.

    ``run`` is the run to record to; without it the one that is current at the time of the ``fit``, else one for each
    ``fit``, opened with ``trackway.init`` and the other arguments, and named after the estimator. A ``fit`` inside
    another (in a pipeline, a search, an ensemble) belongs to that. Without an open run only estimators that predict
    are recorded.

    The params of the estimator and of those in it are ``<class>.<param>``, in scikit-learn's names
    (``Pipeline.svc__C``). Metrics are ``<class>/fit_seconds``, ``<class>/training_score`` (of the data of ``fit``;
    ``log_training_score=False`` spares its time) and ``<class>/score``, one for each call of ``score`` later. A
    second estimator of a class in one run is ``<class>_2``. A search has ``best_score``, ``best_params`` and the
    table of its results, and with ``candidate_runs`` a run below it for each candidate. ``log_model`` stores the
    estimator as ``model/<class>.pickle``.

    Results of estimators are the same as without, and nothing is raised that they do not raise.
    """
    global _active
    with _lock:
        unautolog()
        _active = _Autolog(run, log_training_score, log_model, candidate_runs, init)
        _active.install()


def unautolog() -> None:
    """Estimators are as they were."""
    global _active
    with _lock:
        if _active is not None:
            _active.uninstall()
            _active = None


class _Autolog:
    """One ``autolog``, while it is in force."""

    def __init__(
        self,
        run: Run | None,
        log_training_score: bool,
        log_model: bool,
        candidate_runs: bool,
        init: Mapping[str, Any],
    ) -> None:
        self._recorder_of: Callable[[], Recorder] = lambda: Recorder(run, init)
        self._recorder_of()  # Says now what is wrong with the arguments.
        self._log_training_score = log_training_score
        self._log_model = log_model
        self._candidate_runs = candidate_runs
        self._patches: list[tuple[Any, str, Any]] = []
        self._depth = threading.local()
        #: Fits that go on, in any thread.
        self._running = 0
        self._labels: dict[str, Counter[str]] = {}
        #: Where a fitted estimator was recorded, and how often it was scored.
        self._fitted: weakref.WeakKeyDictionary[Any, tuple[Run, str, Counter[str]]] = (
            weakref.WeakKeyDictionary()
        )

    def install(self) -> None:
        for kind in _subclasses(_base.BaseEstimator):
            self._patch(kind)
        # Classes of modules that are imported later.
        original = _base.BaseEstimator.__dict__.get("__init_subclass__")

        def init_subclass(kind: Any, /, **kwargs: Any) -> None:
            if original is not None:
                original.__func__(kind, **kwargs)
            else:
                super(_base.BaseEstimator, kind).__init_subclass__(**kwargs)
            with guarded("an estimator"):
                self._patch(kind)

        self._patches.append((weakref.ref(_base.BaseEstimator), "__init_subclass__", original))
        _base.BaseEstimator.__init_subclass__ = classmethod(init_subclass)

    def uninstall(self) -> None:
        for owner, name, original in reversed(self._patches):
            holder = owner() if isinstance(owner, weakref.ref) else owner
            if holder is None:
                continue
            if original is None:
                delattr(holder, name)
            else:
                setattr(holder, name, original)
        self._patches.clear()

    def _patch(self, kind: Any) -> None:
        for name, wrap in (*((name, self._fit) for name in _FITS), ("score", self._score)):
            method = kind.__dict__.get(name)
            if callable(method) and hasattr(method, "__code__"):
                self._patches.append((weakref.ref(kind), name, method))
                setattr(kind, name, wrap(method))
            elif callable(getattr(method, "fn", None)) and hasattr(method, "check"):
                # There only if the last step of a pipeline has it.
                self._patches.append((method, "fn", method.fn))
                method.fn = wrap(method.fn)

    def _fit(self, method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def fit(estimator: Any, *args: Any, **kwargs: Any) -> Any:
            if self._is_inside():
                return method(estimator, *args, **kwargs)
            recorder = self._recorder_of()
            label = self._begin(recorder, estimator)
            self._enter()
            started = time.perf_counter()
            try:
                result = method(estimator, *args, **kwargs)
                seconds = time.perf_counter() - started
                # Inside, so that the score of the training is none of the caller's.
                with guarded("a fit"):
                    self._end(recorder, label, estimator, seconds, args, kwargs)
            except BaseException as error:
                recorder.close("failed" if isinstance(error, Exception) else "killed", error)
                raise
            finally:
                self._leave()
            recorder.close()
            return result

        return fit

    def _score(self, method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def score(estimator: Any, *args: Any, **kwargs: Any) -> Any:
            if self._is_inside():
                return method(estimator, *args, **kwargs)
            self._enter()
            try:
                value = method(estimator, *args, **kwargs)
            finally:
                self._leave()
            with guarded("a score"):
                known = self._fitted.get(estimator)
                if known is not None:
                    run, label, counts = known
                    run.log_metrics({f"{label}/score": value}, counts["score"])
                    counts["score"] += 1
            return value

        return score

    def _is_inside(self) -> bool:
        """Whether this is a call within a fit, here or from a thread that scikit-learn started for it."""
        if getattr(self._depth, "value", 0):
            return True
        return self._running > 0 and _is_called_by_library()

    def _enter(self) -> None:
        self._depth.value = 1
        with _lock:
            self._running += 1

    def _leave(self) -> None:
        self._depth.value = 0
        with _lock:
            self._running -= 1

    def _begin(self, recorder: Recorder, estimator: Any) -> str | None:
        """The name under which this fit is recorded; None if it is not."""
        with guarded("a fit"):
            predicts = hasattr(estimator, "predict") or hasattr(estimator, "fit_predict")
            if not predicts and not recorder.finds_run():
                return None
            kind = type(estimator).__name__
            run = recorder.open(name=kind)
            if run is None:
                return None
            with _lock:
                counts = self._labels.setdefault(run.id, Counter())
                counts[kind] += 1
                number = counts[kind]
                too_many = sum(counts.values()) > FITS_PER_RUN_MAX
            if too_many:
                warn_once(f"of more than {FITS_PER_RUN_MAX} fits in one run the rest is not recorded")
                return None
            label = kind if number == 1 else f"{kind}_{number}"
            recorder.params({label: _params(estimator)})
            return label
        return None

    def _end(
        self, recorder: Recorder, label: str | None, estimator: Any, seconds: float, args: Any, kwargs: Any
    ) -> None:
        run = recorder.run
        if run is None or label is None:
            return
        with guarded("the estimator"):
            self._fitted[estimator] = (run, label, Counter())
        recorder.metrics({f"{label}/fit_seconds": seconds}, 0)
        if self._log_training_score and hasattr(estimator, "score"):
            with guarded(f"the training score of {label}"):
                recorder.metrics({f"{label}/training_score": _training_score(estimator, args, kwargs)}, 0)
        if hasattr(estimator, "cv_results_"):
            with guarded("the results of the search"):
                _log_search(recorder, run, label, estimator, self._candidate_runs)
        if self._log_model:
            import pickle

            run.log_bytes(pickle.dumps(estimator), f"model/{label}.pickle")


def _subclasses(kind: Any) -> list[Any]:
    found: dict[Any, None] = {}
    waiting = [kind]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found[one] = None
            # Mixins hold some of the methods: ClassifierMixin.score.
            waiting += [base for base in one.__bases__ if base.__module__.startswith("sklearn.")]
            waiting += type.__subclasses__(one)
    return list(found)


def _is_called_by_library() -> bool:
    frame = sys._getframe(2)
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        if name.startswith(("sklearn.", "joblib.")):
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False


def _params(estimator: Any) -> dict[str, Any]:
    """In scikit-learn's names; an estimator among them is its class."""
    params = {}
    for key, value in estimator.get_params(deep=True).items():
        if isinstance(value, type) or not hasattr(value, "get_params"):
            # The steps of a pipeline stand in the params by name already.
            if not (isinstance(value, (list, tuple)) and any(_holds_estimator(one) for one in value)):
                params[key] = value
        else:
            params[key] = type(value).__name__
    return params


def _holds_estimator(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and any(hasattr(one, "get_params") for one in value)


def _training_score(estimator: Any, args: Any, kwargs: Mapping[str, Any]) -> float:
    """The score of the data that it was fitted with, without a trace in numpy's random numbers."""
    passed = {key: kwargs[key] for key in ("X", "y", "sample_weight") if kwargs.get(key) is not None}
    state = _numpy.random.get_state()
    try:
        return float(estimator.score(*args[:2], **passed))
    finally:
        _numpy.random.set_state(state)


def _log_search(recorder: Recorder, run: Run, label: str, search: Any, candidate_runs: bool) -> None:
    results = {key: list(column) for key, column in search.cv_results_.items()}
    candidates = results.pop("params")
    run.log_table(f"{label}/cv_results", results, step=0)
    if hasattr(search, "best_params_"):
        recorder.params({f"{label}.best_params": search.best_params_})
    if hasattr(search, "best_score_"):
        recorder.metrics({f"{label}/best_score": search.best_score_}, 0)
    if candidate_runs:
        for place, params in enumerate(candidates[:CANDIDATE_RUNS_MAX]):
            row = {key: column[place] for key, column in results.items() if not key.startswith("param_")}
            _log_candidate(child_run(run, f"{label} {place}", {"candidate": place}), params, row)


def _log_candidate(run: Run, params: Mapping[str, Any], row: Mapping[str, Any]) -> None:
    try:
        run.log_params({key: _plain(value) for key, value in params.items()})
        splits = {key: value for key, value in row.items() if key.startswith("split")}
        run.log_metrics({key: value for key, value in row.items() if key not in splits}, 0)
        for key, value in splits.items():
            # split3_test_score: the fold is the step.
            fold, _, name = key[len("split") :].partition("_")
            run.log_metrics({f"split_{name}": value}, int(fold))
    finally:
        run.end_without_waiting("completed")


def _plain(value: Any) -> Any:
    return type(value).__name__ if hasattr(value, "get_params") and not isinstance(value, type) else value
