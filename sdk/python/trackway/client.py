"""The way in: experiments, and runs to record."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Union

from . import capture as capturing
from . import credentials, experiment
from .artifact import LocalPath
from .channel import ONLINE, Channel
from .connection import Connection
from .error import TrackwayError
from .experiment import EXPERIMENTS as EXPERIMENTS
from .experiment import Experiment
from .reader import Reader
from .retry import retried
from .run import Run
from .start import Tags, start_run
from .value import tag_values

if TYPE_CHECKING:
    from .record import StoredRun
    from .search import RunList, Searched

# The server takes ten thousand ids in one request.
ARCHIVED_AT_ONCE = 5_000
#: A run, or its id.
Archivable = Union[str, Run, "StoredRun"]
#: An experiment, its id, or its exact name.
Searchable = Union[str, int, Experiment]


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
        self._reader = Reader(self._connection)
        self._channel = Channel(self._connection, mode=ONLINE, url=self._connection.url, directory=dir)

    @property
    def url(self) -> str:
        """The server's address."""
        return self._connection.url

    def create_experiment(self, name: str, description: str = "", tags: Tags = None) -> Experiment:
        """Makes an experiment; the same name again gives the one that exists."""
        new = {"name": name, "description": description, "tags": tag_values(tags)}
        return experiment.from_json(self.url, self._ask("POST", EXPERIMENTS, new), self._reader)

    def get_experiment(self, experiment_id: str | int) -> Experiment:
        """Finds an experiment by its id or its exact name, archived or not."""
        return experiment.found(self._reader, experiment_id)

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
        return experiment.listed(self._reader, search, status, tags, sort, reverse, limit)

    def search_runs(
        self,
        experiment: Searchable | Iterable[Searchable] | None = None,
        filter: str = "",
        *,
        sort: str = "created",
        reverse: bool = False,
        limit: int | None = None,
    ) -> RunList:
        """The runs that a filter means, as read-only records that come page by page.

        experiment  one or several of: an Experiment, its id, its exact name; None for all that are not archived
        filter      a condition such as ``metrics.val_f1 > 0.85 and params.optimizer = 'adam'``: comparisons of
                    ``metrics.<key>`` (``.min``, ``.max``, ``.mean``), ``params.<key>``, ``tags.<key>`` and of ``id``,
                    ``name``, ``number``, ``status``, ``user``, ``created``, ``started``, ``ended``, ``updated``,
                    ``duration`` and ``archived`` (``true`` or ``false``; archived runs are left out where it is not
                    named), joined by ``and``, ``or``, ``not`` and parentheses; also ``in (…)``,
                    ``between … and …``, ``like``, ``ilike``, ``is null``, ``is nan``. Texts stand in quotes; times
                    are ``-7d`` or ``'2026-01-31 18:00'`` (UTC), durations ``90s`` or ``2h30m``. Empty for all
        sort        ``created``, ``duration`` or ``metrics.<key>``, newest and largest first; ``name``, ``status`` or
                    ``params.<key>``, smallest first; ``reverse`` turns it around. Of one experiment also several
                    fields, each rising unless ``desc`` follows: ``metrics.loss.min, params.lr desc``. What lacks the
                    value comes last
        limit       at most so many runs

        Raises TrackwayError, also while one goes through the runs: for an experiment that is not there, and for a
        filter that makes no sense, with a mark under the place.
        """
        from .search import RunList

        return RunList(self._reader, lambda: self._searched(experiment), filter, sort, reverse, limit)

    def get_run(self, run_id: str) -> StoredRun:
        """The run of that id (32 hex digits) to read; raises TrackwayError when there is none."""
        from .record import get

        return get(self._reader, run_id)

    def archive_runs(self, runs: Archivable | Iterable[Archivable]) -> int:
        """Puts runs aside, each given by itself or by its id: the run table, charts, exports and searches leave them
        out, unless a filter names ``archived``. Nothing of them is lost, and what they log is taken.

        Gives how many runs there were of them; ids of no run are passed over. Raises TrackwayError.
        """
        return self._archive(runs, True)

    def restore_runs(self, runs: Archivable | Iterable[Archivable]) -> int:
        """Brings back runs that are archived, as ``archive_runs``."""
        return self._archive(runs, False)

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

    def _archive(self, runs: Archivable | Iterable[Archivable], archived: bool) -> int:
        from .record import RUNS, StoredRun

        several = [runs] if isinstance(runs, (str, Run, StoredRun)) else list(runs)
        ids = [one if isinstance(one, str) else one.id for one in several]
        parts = [ids[start : start + ARCHIVED_AT_ONCE] for start in range(0, len(ids), ARCHIVED_AT_ONCE)]
        return sum(self._ask("PATCH", RUNS, {"ids": part, "archived": archived})["count"] for part in parts)

    def _searched(self, wanted: Searchable | Iterable[Searchable] | None) -> list[Searched]:
        from .search import Searched

        if wanted is None:
            return [Searched(one.id, one.name) for one in self.list_experiments() if one.run_count]
        several = [wanted] if isinstance(wanted, (str, int, Experiment)) else list(wanted)
        found = [one if isinstance(one, Experiment) else self.get_experiment(one) for one in several]
        # In the order given, each once.
        return list({one.id: Searched(one.id, one.name) for one in found}.values())

    def _ask(self, method: str, target: str, content: Any = None, repeatable: bool = True) -> Any:
        return retried(
            lambda: self._connection.json(method, target, content),
            patience_seconds=self._connection.timeout_seconds,
            repeatable=repeatable,
        )
