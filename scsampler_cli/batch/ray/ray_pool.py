"""The engine for a batch on a Ray cluster, which it starts on this machine or joins: actors share the files among them.

Each ends in exactly one outcome, as with `worker_pool`, which every actor has one of. But: files and models must be visible on all
machines under the same names.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from scsampler_cli.batch.error_transport import raise_packed
from scsampler_cli.batch.outcome import Outcome
from scsampler_cli.batch.pool import TICK_S
from scsampler_cli.batch.ray.actor import ActorOptions
from scsampler_cli.batch.ray.connection import JOIN_S, RaySettings, connected, hint_for, last_line
from scsampler_cli.batch.ray.stream import Stream
from scsampler_cli.batch.task import Log
from scsampler_cli.errors import ClusterError, WorkerError
from scsampler_cli.output import records
from scsampler_cli.text import counted

_PATIENCE_S = 20
"""Seconds without models after which that is said."""
_NEWS_S = 0.5
"""Seconds between two questions to the coordinator."""
_LAST_S = 2
"""Seconds that records of finished files may be on their way."""


class RayPool:
    """Actors of a Ray cluster; a context manager that leaves nothing of Ray running that it has started.

    Args:
        options: what is done with each file.
        settings: where.
        environment: variables that the actors' processes get.
        note: takes what the task says while it loads, each line once.
        detail: takes what is for those who want to know more.
    """

    def __init__(
        self,
        options: ActorOptions,
        settings: RaySettings,
        environment: Mapping[str, str],
        *,
        note: Log,
        detail: Log,
    ) -> None:
        self._options, self._settings, self._environment = options, settings, environment
        self._note, self._detail = note, detail
        self._noted: set[str] = set()
        self._stack = ExitStack()
        self._asked, self._busy = 0.0, 0
        self.stopping = False
        """True after `stop`."""

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(connected(self._settings, self._environment))
            import ray

            from scsampler_cli.batch.ray import cluster

            gpus = self._settings.gpus
            if gpus is None:
                gpus = 1.0 if ray.cluster_resources().get("GPU", 0) >= 1 else 0.0
            self._share = cluster.Share(self._settings.cpus, gpus)
            room = cluster.max_actors(self._share)
            self._actors = min(room, self._settings.actors or room)
            self._coordinator = cluster.new_coordinator()
            self._detail(
                f"Ray {ray.__version__}: up to {counted(self._actors, 'actor')} of {self._share}"
            )
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def stop(self) -> None:
        """Begin no more files; those under way are finished. Safe to be called by a signal handler."""
        self.stopping = True

    def identity(self, count: int) -> dict[str, Any]:
        """What the records depend on beside the files: an actor's models are loaded once to know it.

        Raises:
            ScsamplerError: the task cannot be done.
            KeyboardInterrupt: it was stopped meanwhile.
        """
        import ray

        from scsampler_cli.batch.ray import cluster

        began, told = time.monotonic(), False
        with self._as_own_errors():
            reference = cluster.load_identity(self._options, self._share, self._coordinator)
            while not ray.wait([reference], timeout=TICK_S)[0]:
                self._pass_on_news()
                if self.stopping:
                    raise KeyboardInterrupt
                if not told and time.monotonic() - began > _PATIENCE_S:
                    told = True
                    self._note(
                        f"waiting for the cluster to give an actor its {self._share}, or for models to load"
                    )
            identity: dict[str, Any] = ray.get(reference)
            self._pass_on_news(at_once=True)
        return identity

    def run(self, files: Sequence[tuple[int, Path]]) -> Iterator[Outcome]:
        """Work on files, given as (index, path), begun in about this order.

        Yields:
            their outcomes as they come; fewer than files only after `stopping`.

        Raises:
            ScsamplerError: the task cannot be done, or Ray failed.
        """
        if not files:
            return
        left = dict(files)
        with Stream(lambda: self._rows(files)) as stream, self._as_own_errors():
            for row in self._until_stopped(stream):
                path = left.pop(row["index"])
                yield Outcome(
                    row["index"],
                    path,
                    json.loads(row["record"]),
                    seconds=row["seconds"],
                    traceback=row["traceback"] or None,
                )
            self._pass_on_news(at_once=True)
        for index, path in [] if self.stopping else left.items():
            error = WorkerError(
                f"{path}: Ray lost the task", code="actor-died", hint="try it again"
            )
            failed = records.failure(self._options.task.command, str(path), error)
            yield Outcome(
                index, path, {**failed, "ffmpeg": [], "source": None}, seconds=0.0, traceback=None
            )

    def _rows(self, files: Sequence[tuple[int, Path]]) -> Generator[dict[str, Any], None, None]:
        """A row for each file, as they come."""
        from scsampler_cli.batch.ray import cluster

        # bytes: not every name is text
        rows = [{"index": index, "path": os.fsencode(path)} for index, path in files]
        dataset = cluster.records(
            cluster.one_row_blocks(rows),
            self._options.task,
            actors=min(self._actors, len(files)),
            share=self._share,
            options=self._options,
            coordinator=self._coordinator,
        )
        # nothing is fetched ahead: the record of one file must not wait for the next
        blocks: Any = iter(
            dataset.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0)
        )
        with closing(blocks):
            for block in blocks:
                yield from block.to_pylist()

    def _until_stopped(self, stream: Stream) -> Iterator[dict[str, Any]]:
        """The rows; once stopped, those of the files under way."""
        told, last = False, time.monotonic()
        for row in stream:
            self._pass_on_news()
            if row is not None and row["record"]:  # else it came too late to be begun
                yield row
                last = time.monotonic()
            if not self.stopping:
                continue
            self._coordinator.stop.remote()
            self._pass_on_news(at_once=True)
            if self._busy and not told:
                told = True
                under_way = counted(self._busy, "file")
                self._note(
                    f"interrupted: finishing {under_way} under way; once more ends this at once"
                )
            if self._busy:
                last = time.monotonic()
            elif time.monotonic() - last > _LAST_S:
                return

    def _pass_on_news(self, at_once: bool = False) -> None:
        """Pass on what the actors have said; not more often than now and then."""
        import ray

        now = time.monotonic()
        if not at_once and now - self._asked < _NEWS_S:
            return
        self._asked = now
        notes, details, self._busy, _ = ray.get(self._coordinator.news.remote())
        for text in details:
            self._detail(text)
        for text in notes:
            if text not in self._noted:
                self._noted.add(text)
                self._note(text)

    @contextmanager
    def _as_own_errors(self) -> Iterator[None]:
        """What Ray raises, as an error of ours: where an actor has said what it cannot do, that."""
        import ray

        try:
            yield
        except (ray.exceptions.RayError, ConnectionError) as error:
            try:
                *_, trouble = ray.get(self._coordinator.news.remote(), timeout=JOIN_S)
            except (ray.exceptions.RayError, ConnectionError):
                trouble = None
            if trouble is not None:
                raise_packed(trouble)
            raise ClusterError(
                f"Ray failed: {last_line(str(error))}",
                code="cluster-lost",
                hint=hint_for(str(error)),
            ) from error
