"""The way in: experiments, and runs to record."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, urlencode

from . import capture as capturing
from . import credentials, experiment
from .artifact import LocalPath
from .channel import ONLINE, Channel
from .connection import Connection
from .error import TrackwayError
from .experiment import Experiment
from .retry import retried
from .run import Run
from .start import Tags, start_run
from .value import tag_values

# Experiments asked for at once; the server's largest page.
PAGE_MAX = 1_000
EXPERIMENTS = "/api/v1/experiments"


class MLOpsClient:
    """A server to record to. Safe to share between threads; several runs may be open at once.

    What is not given comes from TRACKWAY_URL and TRACKWAY_TOKEN, then from the credentials file that a
    server on this machine wrote. Nothing is sent before the first call.

    ``timeout`` bounds, in seconds, each wait for the server, and how long calls that need an answer keep
    trying while the server is away; they raise TrackwayError then. ``dir`` is the folder of the spool; TRACKWAY_DIR,
    else the platform's folder for state.
    """

    #: What ``start_run`` gives.
    run_kind: type[Run] = Run

    def __init__(
        self,
        api_token: str | None = None,
        url: str | None = None,
        project: str | None = None,
        timeout: float = 30.0,
        dir: LocalPath | None = None,
    ) -> None:
        if project not in (None, "default"):
            raise TrackwayError(
                f'no project "{project}": there is one, "default"', kind="not_found", field="project"
            )
        self._connection = Connection(credentials.find(url, api_token), timeout)
        self._channel = Channel(self._connection, mode=ONLINE, url=self._connection.url, directory=dir)

    @property
    def url(self) -> str:
        """The server's address."""
        return self._connection.url

    def create_experiment(self, name: str, description: str = "", tags: Tags = None) -> Experiment:
        """Makes an experiment; the same name again gives the one that exists."""
        new = {"name": name, "description": description, "tags": tag_values(tags)}
        return experiment.from_json(self.url, self._ask("POST", EXPERIMENTS, new))

    def get_experiment(self, experiment_id: str | int) -> Experiment:
        """Finds an experiment by its id or its exact name, archived or not."""
        wanted = str(experiment_id)
        if wanted.isdecimal() and wanted.isascii():
            try:
                return experiment.from_json(self.url, self._ask("GET", f"{EXPERIMENTS}/{quote(wanted)}"))
            except TrackwayError as error:
                # Digits may also be a name, and too many of them are no id.
                if error.kind not in ("not_found", "invalid"):
                    raise
        for status in (None, "archived"):
            for found in self.list_experiments(search=wanted, status=status):
                if found.name == wanted:
                    return found
        raise TrackwayError(f'no experiment "{wanted}"', kind="not_found", field="experiment_id", status=404)

    def list_experiments(
        self,
        search: str = "",
        status: str | None = None,
        tags: Iterable[str] = (),
        sort: str = "last_activity",
        reverse: bool = False,
        limit: int | None = None,
    ) -> list[Experiment]:
        """Experiments whose name or description holds ``search`` and that carry all ``tags``.

        ``status`` is ``active``, ``completed`` or ``archived``; without it archived ones are left out.
        ``sort`` is ``last_activity``, ``created``, ``name`` or ``run_count``.
        """
        query: dict[str, Any] = {
            "search": search,
            "sort": sort,
            "reverse": str(reverse).lower(),
            "tag": list(tags),
        }
        if status is not None:
            query["status"] = status
        found: list[Experiment] = []
        offset: int | None = 0
        while offset is not None and (limit is None or len(found) < limit):
            query["offset"] = offset
            query["limit"] = PAGE_MAX if limit is None else min(PAGE_MAX, limit - len(found))
            page = self._ask("GET", f"{EXPERIMENTS}?{urlencode(query, doseq=True)}")
            found += [experiment.from_json(self.url, item) for item in page["items"]]
            offset = page.get("next_offset")
        return found

    def start_run(
        self,
        experiment_id: str | int | Experiment,
        name: str | None = None,
        tags: Tags = None,
        *,
        id: str | None = None,
        resume: str | None = None,
        parent: Run | str | None = None,
        capture: bool | str | Iterable[str] | None = None,
    ) -> Run:
        """Starts a run of an experiment, given by its id or its exact name.

        Use the run in ``with``: it completes at the end of the block, fails on an exception and is killed by
        Ctrl-C or SIGTERM. The server makes up a name when none is given. ``id``, ``resume`` and ``parent`` are as in
        ``trackway.init``; ``capture`` too, but what the program prints is not recorded unless asked for, since
        several runs may be open at once.
        """
        if not isinstance(experiment_id, Experiment):
            experiment_id = self.get_experiment(experiment_id)
        return start_run(
            self._channel,
            experiment_id=experiment_id.id,
            experiment_name=None,
            name=name,
            run_id=id,
            resume=resume,
            parent=parent,
            tags=tags,
            captured=capturing.chosen(capture, (capturing.ENVIRONMENT, capturing.SYSTEM)),
            patience_seconds=self._connection.timeout_seconds,
            kind=self.run_kind,
        )

    def close(self) -> None:
        """Sends what is left, a bounded time, and frees the socket and the threads."""
        self._channel.close(self._connection.timeout_seconds)
        self._connection.close()

    def _ask(self, method: str, target: str, content: Any = None, repeatable: bool = True) -> Any:
        return retried(
            lambda: self._connection.json(method, target, content),
            patience_seconds=self._connection.timeout_seconds,
            repeatable=repeatable,
        )
