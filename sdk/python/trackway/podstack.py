"""Podstack's dialect: ``from trackway import MLOpsClient`` is ``from podstack import MLOpsClient`` for this server.

One client holds nothing current: experiments and runs are named in each call, and several runs may be open at once.
Sweeps, alerts and the model registry raise TrackwayError of kind ``unsupported`` until the server has them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from . import client, run
from .artifact import LocalPath
from .error import UNSUPPORTED, TrackwayError, unsupported
from .experiment import Experiment
from .start import Tags

__all__ = ["Dataset", "Experiment", "MLOpsClient", "Run"]


class Dataset(dict[str, Any]):
    """Which data a run saw, as a dict whose keys are attributes too: ``dataset.digest``."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f'the dataset "{self.get("name")}" has no {name}') from None


class Run(run.Run):
    """A run, started by ``MLOpsClient.start_run``."""

    def log_dataset(
        self,
        name: str,
        path: LocalPath | None = None,
        description: str | None = None,
        *,
        df: Any = None,
        version: str | None = None,
        digest: str | None = None,
        context: str = "training",
        schema: Mapping[str, Any] | None = None,
        tags: Tags = None,
    ) -> Dataset:
        """Records which data the run saw, as ``trackway.Run.log_dataset``."""
        facts: dict[str, Any] = {"version": version, "digest": digest, "schema": schema, "tags": tags}
        return Dataset(super().log_dataset(name, path, description, df=df, context=context, **facts))

    def create_alert(self, condition: str, message: str = "", notify: Any = None) -> NoReturn:
        """Tells somebody when a metric meets a condition such as ``val_loss > 2.0``: not supported yet."""
        raise unsupported("alerts")


class MLOpsClient(client.MLOpsClient):
    """A server to record to. Safe to share between threads; several runs may be open at once.

    What is not given comes from TRACKWAY_URL and TRACKWAY_TOKEN, then from the credentials file that a
    server on this machine wrote. Nothing is sent before the first call.

    ``timeout`` bounds, in seconds, each wait for the server, and how long calls that need an answer keep
    trying while the server is away; they raise TrackwayError then. ``dir`` is the folder of the spool; TRACKWAY_DIR,
    else the platform's folder for state.
    """

    run_kind = Run

    def create_experiment(
        self, name: str, description: str = "", tags: Tags = None, project: str | None = None
    ) -> Experiment:
        """Makes an experiment; the same name again gives the one that exists."""
        if project not in (None, "default"):
            message = f'no project "{project}": there is one, "default"'
            raise TrackwayError(message, kind="not_found", field="project")
        return super().create_experiment(name, description, tags)

    def archive_experiment(self, experiment_id: str | int | Experiment) -> Experiment:
        """Hides an experiment, given by its id or its exact name, from lists. Nothing of it is deleted."""
        return self._set_archived(experiment_id, True)

    def restore_experiment(self, experiment_id: str | int | Experiment) -> Experiment:
        """Takes an experiment out of the archive."""
        return self._set_archived(experiment_id, False)

    def start_run(
        self,
        experiment_id: str | int | Experiment,
        name: str | None = None,
        tags: Tags = None,
        *,
        id: str | None = None,
        resume: str | None = None,
        parent: run.Run | str | None = None,
        capture: bool | str | Iterable[str] | None = None,
    ) -> Run:
        """Starts a run of an experiment, given by its id or its exact name.

        Use the run in ``with``: it completes at the end of the block, fails on an exception and is killed by
        Ctrl-C or SIGTERM. The server makes up a name when none is given. ``id``, ``resume`` and ``parent`` are as in
        ``trackway.init``; ``capture`` too, but what the program prints is not recorded unless asked for, since
        several runs may be open at once.
        """
        started = super().start_run(
            experiment_id, name, tags, id=id, resume=resume, parent=parent, capture=capture
        )
        assert isinstance(started, Run)
        return started

    def create_sweep(
        self,
        experiment_id: str | int | Experiment,
        strategy: str,
        parameters: Mapping[str, Mapping[str, Any]],
        objective_metric: str,
        max_trials: int = 20,
        name: str | None = None,
        direction: str | None = None,
    ) -> NoReturn:
        """Plans trials over ranges of params: not supported yet."""
        raise unsupported("sweeps")

    def suggest_sweep_params(self, sweep_id: str) -> NoReturn:
        """The params of the next trial of a sweep: not supported yet."""
        raise unsupported("sweeps")

    def complete_sweep_trial(
        self, sweep_id: str, trial_id: str, metrics: Mapping[str, Any], run_id: str | None = None
    ) -> NoReturn:
        """Says how a trial of a sweep went: not supported yet."""
        raise unsupported("sweeps")

    def stop_sweep(self, sweep_id: str) -> NoReturn:
        """Ends a sweep early: not supported yet."""
        raise unsupported("sweeps")

    def list_sweeps(self, experiment_id: str | int | Experiment) -> NoReturn:
        """The sweeps of an experiment: not supported yet."""
        raise unsupported("sweeps")

    def best(self, sweep_id: str) -> NoReturn:
        """The best trial of a sweep: not supported yet."""
        raise unsupported("sweeps")

    def register_model(self, name: str, description: str = "", tags: Tags = None) -> NoReturn:
        """Names a model of which there will be versions: not supported yet."""
        raise unsupported("a model registry")

    def create_model_version(
        self, model_name: str, source_run_id: str, artifact_path: str, description: str = ""
    ) -> NoReturn:
        """Makes an artifact of a run a version of a model: not supported yet."""
        raise unsupported("a model registry")

    def transition_model_version_stage(
        self, model_name: str, version: int, stage: str, comment: str | None = None
    ) -> NoReturn:
        """Moves a version of a model to a stage such as ``Staging``: not supported yet."""
        raise unsupported("a model registry")

    def download_model_version(self, model_name: str, version: int, destination: LocalPath) -> NoReturn:
        """Fetches the files of a version of a model: not supported yet."""
        raise unsupported("a model registry")

    def set_model_alias(self, model_name: str, alias: str, version: int) -> NoReturn:
        """Gives a version of a model another name: not supported yet."""
        raise unsupported("a model registry")

    def get_model_by_alias(self, model_name: str, alias: str) -> NoReturn:
        """The version of a model that carries an alias: not supported yet."""
        raise unsupported("a model registry")

    def set_model_version_tag(self, model_name: str, version: int, key: str, value: str) -> NoReturn:
        """Tags a version of a model: not supported yet."""
        raise unsupported("a model registry")

    def deploy_model(self, *arguments: Any, **options: Any) -> NoReturn:
        """Refused: Trackway records models and does not serve them."""
        raise TrackwayError(
            "deploying a model is not a tracker's job: download its file from the page of its run and serve that",
            kind=UNSUPPORTED,
        )

    def _set_archived(self, experiment_id: str | int | Experiment, archived: bool) -> Experiment:
        if not isinstance(experiment_id, Experiment):
            experiment_id = self.get_experiment(experiment_id)
        self._ask("PATCH", f"/api/v1/experiments/{experiment_id.id}", {"archived": archived})
        return self.get_experiment(experiment_id.id)
