"""The way in: experiments, found again by their external id or their name."""

from __future__ import annotations

from hashlib import sha256
from typing import Any, NoReturn

from .. import capture
from ..attached import attach
from ..client import MLOpsClient
from ..error import TrackwayError, unsupported
from ..reader import Reader
from ..record import StoredRun, get
from ..run import Run
from ..start import checked_id, start_run
from .experiment import Experiment
from .value import MLFramework


class ModelBox:
    """A server to record to, at ``addr`` such as ``127.0.0.1:7171`` or ``https://track.example.org``.

    Without an address TRACKWAY_URL, then the credentials file of a server on this machine; the token comes from
    TRACKWAY_TOKEN or that file.
    """

    def __init__(self, addr: str | None = None) -> None:
        url = f"http://{addr}" if addr and "://" not in addr else addr
        self._client = MLOpsClient(url=url)
        self._reader = Reader(self._client._connection)
        #: Runs that are open here, each once.
        self._runs: dict[str, Run] = {}

    def new_experiment(
        self,
        name: str,
        owner: str = "",
        namespace: str = "",
        external_id: str = "",
        framework: MLFramework = MLFramework.UNKNOWN,
    ) -> Experiment:
        """Starts an experiment, or goes on with the one that is there.

        It is the same when namespace and external id are the same or, without an external id, namespace, name and
        owner; ``experiment_exists`` tells. Its run completes with the process, at ``close``, or at
        ``experiment.run.finish()``.
        """
        run_id = _run_id(name, owner, namespace, external_id)
        known = self._known(run_id)
        if known is not None:
            experiment_id = known.experiment_id
        else:
            tags = {"namespace": namespace} if namespace else {}
            title = f"{namespace}/{name}" if namespace else name
            experiment_id = self._client.create_experiment(title, tags=tags).id
        facts = {"owner": owner, "namespace": namespace, "external_id": external_id}
        if run_id not in self._runs or self._runs[run_id].status != "running":
            self._runs[run_id] = start_run(
                self._client._channel,
                experiment_id=experiment_id,
                name=name,
                run_id=run_id,
                resume="allow",
                tags={**{key: value for key, value in facts.items() if value}, "framework": framework.name},
                captured=capture.chosen(None, (capture.ENVIRONMENT, capture.SYSTEM)),
                patience_seconds=self._client._connection.timeout_seconds,
            )
        return self._found(get(self._reader, run_id), existed=known is not None)

    def experiment(self, id: str) -> Experiment:
        """An experiment by its id, to read and to add to; TrackwayError when there is none."""
        run_id = checked_id(id, "id")
        assert run_id is not None
        return self._found(get(self._reader, run_id))

    def experiments(self, namespace: str) -> list[Experiment]:
        """The experiments of a namespace, the newest first."""
        tags = [f"namespace: {namespace}"] if namespace else []
        return [
            self._found(run)
            for experiment in self._client.list_experiments(tags=tags)
            for run in experiment.runs()
            if "framework" in run.tags and run.tags.get("namespace", "") == namespace
        ]

    def new_model(self, *arguments: Any, **options: Any) -> NoReturn:
        """Names a model of which there will be versions: not supported yet."""
        raise unsupported("a model registry")

    def models(self, namespace: str) -> NoReturn:
        """The models of a namespace: not supported yet."""
        raise unsupported("a model registry")

    def model(self, id: str) -> NoReturn:
        """A model by its id: not supported yet."""
        raise unsupported("a model registry")

    def close(self) -> None:
        """Completes the runs that are open, sends what is left, a bounded time, and frees the threads."""
        for run in self._runs.values():
            run.finish()
        self._client.close()

    def _found(self, known: StoredRun, existed: bool = True) -> Experiment:
        """The experiment of a run; a run that is not open here is opened when something is logged to it."""
        return Experiment(
            self._reader,
            known,
            lambda: self._runs.get(known.id) or attach(self._client._channel, known),
            existed,
        )

    def _known(self, run_id: str) -> StoredRun | None:
        try:
            return get(self._reader, run_id)
        except TrackwayError as error:
            if error.kind != "not_found":
                raise
            return None


def _run_id(name: str, owner: str, namespace: str, external_id: str) -> str:
    """What makes an experiment the same, as an id: whoever asks at the same time gets the same run."""
    key = ("external", namespace, external_id) if external_id else ("name", namespace, name, owner)
    return sha256("\0".join(("modelbox", *key)).encode("utf-8", "backslashreplace")).hexdigest()[:32]
