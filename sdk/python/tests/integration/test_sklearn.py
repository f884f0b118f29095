"""scikit-learn: what is recorded equals what the estimators say, and they are as they were."""

from __future__ import annotations

import inspect
import pickle
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from server import Server, bits
from stored import only_run_of, runs_of

import trackway

numpy = pytest.importorskip("numpy")
pytest.importorskip("sklearn")

from sklearn.base import BaseEstimator, ClassifierMixin, clone  # noqa: E402
from sklearn.cluster import KMeans  # noqa: E402
from sklearn.ensemble import RandomForestClassifier, VotingClassifier  # noqa: E402
from sklearn.linear_model import LinearRegression, LogisticRegression  # noqa: E402
from sklearn.model_selection import GridSearchCV, cross_val_score  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from sklearn.svm import SVC  # noqa: E402

from trackway.integration import sklearn as integration  # noqa: E402
from trackway.integration.sklearn import autolog, unautolog  # noqa: E402


@pytest.fixture(autouse=True)
def estimators_are_as_they_were() -> Iterator[None]:
    methods = _methods()
    yield
    unautolog()
    assert _methods() == methods


def _methods() -> list[Any]:
    kinds = (
        BaseEstimator,
        ClassifierMixin,
        LogisticRegression,
        SVC,
        KMeans,
        GridSearchCV,
        type(make_pipeline(SVC())),
    )
    names = ("fit", "score", "fit_predict", "__init_subclass__")
    # Of a method that is there only sometimes: the function inside.
    return [
        getattr(kind.__dict__.get(name), "fn", kind.__dict__.get(name)) for kind in kinds for name in names
    ]


def _data(rows: int = 60) -> tuple[Any, Any]:
    random = numpy.random.default_rng(7)
    features = random.normal(size=(rows, 3))
    return features, (features[:, 0] + random.normal(size=rows) / 3 > 0).astype(int)


def test_a_fit_is_a_run(server: Server, experiment_name: str) -> None:
    autolog(tags=["tiny"])
    features, target = _data()
    model = LogisticRegression(C=0.5, max_iter=50)
    assert model.fit(features, target) is model
    run = only_run_of(server, experiment_name)
    assert server.status(run.id) == "completed"
    assert run.name == "LogisticRegression"
    assert run.tags == {"tiny": ""}
    params = {f"LogisticRegression.{key}": value for key, value in model.get_params().items()}
    assert {key: (type(value), value) for key, value in run.params.items()} == {
        key: (type(value), value) for key, value in params.items()
    }
    unautolog()
    assert bits(run.values("LogisticRegression/training_score")) == bits([model.score(features, target)])
    assert 0 < run.values("LogisticRegression/fit_seconds")[0] < 60


def test_a_pipeline_is_one_run_with_the_params_of_its_steps(server: Server, experiment_name: str) -> None:
    autolog()
    features, target = _data()
    make_pipeline(StandardScaler(with_mean=False), SVC(C=2.5)).fit(features, target)
    run = only_run_of(server, experiment_name)
    assert run.name == "Pipeline"
    assert run.params["Pipeline.svc"] == "SVC"
    assert run.params["Pipeline.svc__C"] == 2.5
    assert run.params["Pipeline.standardscaler__with_mean"] is False
    assert "Pipeline.steps" not in run.params
    assert run.keys == {"Pipeline/fit_seconds", "Pipeline/training_score"}


def test_fits_in_threads_of_an_ensemble_belong_to_it(server: Server, experiment_name: str) -> None:
    autolog()
    features, target = _data()
    RandomForestClassifier(n_estimators=4, n_jobs=2, random_state=1).fit(features, target)
    VotingClassifier([("a", SVC()), ("b", LogisticRegression())]).fit(features, target)
    forest, vote = runs_of(server, experiment_name)
    assert (forest.name, vote.name) == ("RandomForestClassifier", "VotingClassifier")
    assert vote.params["VotingClassifier.a"] == "SVC"
    assert forest.keys == {"RandomForestClassifier/fit_seconds", "RandomForestClassifier/training_score"}


def test_a_search_has_its_table_and_its_best(server: Server, experiment_name: str) -> None:
    autolog()
    features, target = _data()
    search = GridSearchCV(SVC(), {"C": [0.1, 1.0], "kernel": ["rbf", "linear"]}, cv=3).fit(features, target)
    run = only_run_of(server, experiment_name)
    assert run.values("GridSearchCV/best_score") == [search.best_score_]
    assert run.params["GridSearchCV.best_params.C"] == search.best_params_["C"]
    assert run.params["GridSearchCV.estimator"] == "SVC"
    rows = run.table("GridSearchCV/cv_results")
    assert [row["mean_test_score"] for row in rows] == search.cv_results_["mean_test_score"].tolist()
    assert [row["param_kernel"] for row in rows] == ["rbf", "linear"] * 2


def test_a_search_with_a_run_for_each_candidate(server: Server, experiment_name: str) -> None:
    autolog(candidate_runs=True)
    features, target = _data()
    search = GridSearchCV(SVC(), {"C": [0.1, 1.0]}, cv=3).fit(features, target)
    parent, *children = runs_of(server, experiment_name)
    assert [child.name for child in children] == ["GridSearchCV 0", "GridSearchCV 1"]
    for place, child in enumerate(children):
        assert child.parent_id == parent.id
        assert child.status("completed") == "completed"
        assert child.params == {"C": [0.1, 1.0][place]}
        assert child.values("mean_test_score") == [search.cv_results_["mean_test_score"][place]]
        assert child.values("split_test_score") == [
            search.cv_results_[f"split{fold}_test_score"][place] for fold in range(3)
        ]


def test_a_search_in_processes(server: Server, experiment_name: str) -> None:
    autolog()
    features, target = _data()
    GridSearchCV(SVC(), {"C": [0.1, 1.0]}, cv=2, n_jobs=2).fit(features, target)
    assert only_run_of(server, experiment_name).name == "GridSearchCV"


def test_scores_after_the_fit(server: Server, experiment_name: str) -> None:
    autolog()
    features, target = _data()
    pipeline = make_pipeline(StandardScaler(), SVC())
    with trackway.init():
        pipeline.fit(features[:40], target[:40])
        scores = [pipeline.score(features[40:], target[40:]), pipeline.score(features, target)]
    run = only_run_of(server, experiment_name)
    assert run.points("Pipeline/score") == dict(enumerate(scores))


def test_an_open_run_is_used_and_left_open(server: Server, experiment_name: str) -> None:
    autolog()
    features, target = _data()
    with trackway.init() as run:
        scaled = StandardScaler().fit_transform(features)
        StandardScaler(with_std=False).fit(features)
        SVC(C=1.0).fit(scaled, target)
        SVC(C=9.0).fit(scaled, target)
        assert server.status(run.id) == "running"
        assert trackway.current_run() is run
    stored = only_run_of(server, experiment_name)
    # fit_transform fits too.
    assert [stored.params[f"{name}.with_std"] for name in ("StandardScaler", "StandardScaler_2")] == [
        True,
        False,
    ]
    assert (stored.params["SVC.C"], stored.params["SVC_2.C"]) == (1.0, 9.0)
    assert {"SVC/training_score", "SVC_2/training_score"} <= stored.keys


def test_preparation_alone_is_no_run(server: Server, experiment_name: str) -> None:
    autolog()
    StandardScaler().fit(_data()[0])
    assert runs_of(server, experiment_name) == []


def test_without_targets(server: Server, experiment_name: str) -> None:
    autolog()
    labels = KMeans(2, n_init=1, random_state=3).fit_predict(_data()[0])
    unautolog()
    assert labels.tolist() == KMeans(2, n_init=1, random_state=3).fit_predict(_data()[0]).tolist()
    run = only_run_of(server, experiment_name)
    assert run.params["KMeans.n_clusters"] == 2
    assert run.keys == {"KMeans/fit_seconds", "KMeans/training_score"}


def test_a_fit_that_raises_has_failed_and_says_why(server: Server, experiment_name: str) -> None:
    autolog()
    with pytest.raises(ValueError, match="C"):
        SVC(C=-1).fit(*_data())
    run = only_run_of(server, experiment_name)
    assert run.status("failed") == "failed"
    assert run.params["SVC.C"] == -1
    assert "SVC" in run.events()[0]["metadata"]["traceback"]


def test_classes_made_later_and_of_ones_own(server: Server, experiment_name: str) -> None:
    autolog(log_training_score=False)

    class Own(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
        def __init__(self, answer: int = 1) -> None:
            self.answer = answer

        def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Own:
            self.classes_ = numpy.unique(y)
            return self

        def predict(self, X: Any) -> Any:
            return numpy.full(len(X), self.answer)

    assert list(inspect.signature(Own.fit).parameters) == ["self", "X", "y", "sample_weight"]
    Own(0).fit(*_data())
    run = only_run_of(server, experiment_name)
    assert run.params == {"Own.answer": 0}
    assert run.keys == {"Own/fit_seconds"}
    unautolog()
    assert not hasattr(Own.fit, "__wrapped__")


def test_the_model_when_asked_for(server: Server, experiment_name: str) -> None:
    autolog(log_model=True)
    features, target = _data()
    model = LogisticRegression().fit(features, target)
    run = only_run_of(server, experiment_name)
    stored = pickle.loads(run.artifact("model/LogisticRegression.pickle"))
    assert stored.predict_proba(features).tolist() == model.predict_proba(features).tolist()


def test_results_are_the_same_as_without(server: Server, experiment_name: str) -> None:
    features, target = _data()

    def results() -> list[Any]:
        numpy.random.seed(7)
        forest = RandomForestClassifier(5).fit(features, target)
        scores = cross_val_score(LinearRegression(), features, target, cv=3)
        draws = numpy.random.random(3)
        copied = clone(forest).fit(features, target)
        return [
            one.tolist()
            for one in (forest.predict_proba(features), scores, draws, copied.predict_proba(features))
        ]

    plain = results()
    autolog()
    assert results() == plain


def test_a_score_that_raises_is_the_callers_only_when_it_is(
    server: Server, experiment_name: str, what_went_wrong: set[str]
) -> None:
    class Unscored(LogisticRegression):  # type: ignore[misc]
        def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
            raise ZeroDivisionError("boom")

    autolog()
    model = Unscored().fit(*_data())
    assert server.status(only_run_of(server, experiment_name).id) == "completed"
    assert what_went_wrong == {"the training score of Unscored was not recorded"}
    with pytest.raises(ZeroDivisionError):
        model.score(*_data())


def test_fits_in_threads_of_ones_own(server: Server, experiment_name: str) -> None:
    autolog()
    with trackway.init():
        threads = [threading.Thread(target=SVC(C=c).fit, args=_data()) for c in (1.0, 2.0, 3.0)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    params = only_run_of(server, experiment_name).params
    assert {params["SVC.C"], params["SVC_2.C"], params["SVC_3.C"]} == {1.0, 2.0, 3.0}


def test_thousands_of_fits_do_not_bury_a_run(
    server: Server, experiment_name: str, monkeypatch: pytest.MonkeyPatch, what_went_wrong: set[str]
) -> None:
    monkeypatch.setattr(integration, "FITS_PER_RUN_MAX", 3)
    autolog(log_training_score=False)
    features, target = _data()
    with trackway.init():
        for _ in range(5):
            LinearRegression().fit(features, target)
    keys = only_run_of(server, experiment_name).keys
    assert keys == {f"LinearRegression{number}/fit_seconds" for number in ("", "_2", "_3")}
    assert what_went_wrong == {"of more than 3 fits in one run the rest is not recorded"}


def test_without_a_server_fits_go_on(monkeypatch: pytest.MonkeyPatch, what_went_wrong: set[str]) -> None:
    monkeypatch.setenv("TRACKWAY_URL", "no address")
    autolog()
    assert SVC().fit(*_data()).score(*_data()) > 0.5
    assert what_went_wrong == {"the training was not recorded"}


def test_again_is_fine_and_wrong_names_are_told() -> None:
    autolog()
    autolog(log_model=False)
    with pytest.raises(TypeError, match="experimnt"):
        autolog(experimnt="typo")
