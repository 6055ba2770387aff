"""The engine for a Ray cluster, started on this machine or joined: actors share the files.

Each file has exactly one outcome, as with `WorkerPool`; every actor has such a pool. Files and
models must have the same paths on all machines.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from scsampler_cli.batch.error_transport import raise_packed
from scsampler_cli.batch.outcome import Outcome
from scsampler_cli.batch.pool import TICK_S
from scsampler_cli.batch.ray.actor import ActorOptions
from scsampler_cli.batch.ray.connection import JOIN_S, RaySettings, connect, hint_for, last_line
from scsampler_cli.batch.ray.stream import Stream
from scsampler_cli.batch.task import Log
from scsampler_cli.errors import ClusterError, WorkerError
from scsampler_cli.output import records
from scsampler_cli.text import counted

# seconds without models until a note says what the run waits for
_NOTE_AFTER_S = 20
# seconds between two questions to the coordinator
_NEWS_S = 0.5
# seconds that records of finished files may take to arrive after a stop
_LAST_RECORDS_S = 2


class RayPool:
    """Actors of a Ray cluster. A context manager; Ray runs until the process ends.

    Args:
        options: the task, and limits for each file.
        settings: the cluster, and the resources of actors.
        environment: environment variables of the actors.
        note: gets the notes of the task while it loads, each once.
        detail: gets messages for `--verbose`.
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
        # each actor makes the same notes while it loads
        self._noted: set[str] = set()
        # time of the last news on the monotonic clock, and the files in progress then
        self._last_news, self._busy = 0.0, 0
        self.stopping = False
        """True after `stop`."""

    def __enter__(self) -> Self:
        connect(self._settings, self._environment)
        import ray

        from scsampler_cli.batch.ray import cluster

        # by default a GPU for each actor, where the cluster has any
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
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Do nothing: `cli.process_end` ends Ray, together with the process."""

    def stop(self) -> None:
        """Start no more files; those in progress are finished. A signal handler may call it."""
        self.stopping = True

    def identity(self, count: int) -> dict[str, Any]:
        """All that the records depend on except the files. Models are loaded once for it.

        Args:
            count: not used; the interface of engines has it.

        Raises:
            ScsamplerError: the task cannot be done.
            KeyboardInterrupt: `stop` was called.
        """
        import ray

        from scsampler_cli.batch.ray import cluster

        start, noted = time.monotonic(), False
        with self._as_own_errors():
            reference = cluster.load_identity(self._options, self._share, self._coordinator)
            while not ray.wait([reference], timeout=TICK_S)[0]:
                self._pass_on_news()
                if self.stopping:
                    raise KeyboardInterrupt
                if not noted and time.monotonic() - start > _NOTE_AFTER_S:
                    noted = True
                    self._note(
                        f"waiting for the cluster to give an actor its {self._share}, "
                        "or for models to load"
                    )
            identity: dict[str, Any] = ray.get(reference)
            self._pass_on_news(at_once=True)
        return identity

    def run(self, files: Sequence[tuple[int, Path]]) -> Iterator[Outcome]:
        """Work on files, started in about the given order.

        Args:
            files: (index, path) of each file.

        Yields:
            one outcome for each file, as it is done; fewer only after `stop`.

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
        if self.stopping:
            return
        # Ray has lost the rows of these files, with a machine for example
        for index, path in left.items():
            error = WorkerError(
                f"{path}: Ray lost the task", code="actor-died", hint="try it again"
            )
            failed = records.failure(self._options.task.command, str(path), error)
            yield Outcome(
                index, path, {**failed, "ffmpeg": [], "source": None}, seconds=0.0, traceback=None
            )

    def _rows(self, files: Sequence[tuple[int, Path]]) -> Generator[dict[str, Any], None, None]:
        """A row for each file, as it is done."""
        from scsampler_cli.batch.ray import cluster

        # bytes: file names need not be UTF-8
        rows = [{"index": index, "path": os.fsencode(path)} for index, path in files]
        dataset = cluster.records(
            cluster.one_row_blocks(rows),
            self._options.task,
            actors=min(self._actors, len(files)),
            share=self._share,
            options=self._options,
            coordinator=self._coordinator,
        )
        # without prefetch: the record of one file must not wait for the next one
        blocks: Any = iter(
            dataset.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0)
        )
        with closing(blocks):
            for block in blocks:
                yield from block.to_pylist()

    def _until_stopped(self, stream: Stream) -> Iterator[dict[str, Any]]:
        """The rows with records; after `stop`, those of the files in progress."""
        noted, last = False, time.monotonic()
        for row in stream:
            self._pass_on_news()
            # a row without a record came to its actor after the stop
            if row is not None and row["record"]:
                yield row
                last = time.monotonic()
            if not self.stopping:
                continue
            self._coordinator.stop.remote()
            self._pass_on_news(at_once=True)
            if self._busy and not noted:
                noted = True
                files_left = counted(self._busy, "file")
                self._note(
                    f"interrupted: finishing {files_left} in progress; once more ends this at once"
                )
            # the record of a file arrives a little after the coordinator counts it as done
            if self._busy:
                last = time.monotonic()
            elif time.monotonic() - last > _LAST_RECORDS_S:
                return

    def _pass_on_news(self, at_once: bool = False) -> None:
        """Pass on the messages of the actors; every _NEWS_S, or now with `at_once`."""
        import ray

        now = time.monotonic()
        if not at_once and now - self._last_news < _NEWS_S:
            return
        self._last_news = now
        notes, details, self._busy, _ = ray.get(self._coordinator.news.remote())
        for text in details:
            self._detail(text)
        for text in notes:
            if text not in self._noted:
                self._noted.add(text)
                self._note(text)

    @contextmanager
    def _as_own_errors(self) -> Iterator[None]:
        """Turn errors of Ray into a `ScsamplerError`: that of an actor, if one has reported it."""
        import ray

        try:
            yield
        except (ray.exceptions.RayError, ConnectionError) as error:
            try:
                *_, failure = ray.get(self._coordinator.news.remote(), timeout=JOIN_S)
            except (ray.exceptions.RayError, ConnectionError):
                # the coordinator is gone, too
                failure = None
            if failure is not None:
                raise_packed(failure)
            raise ClusterError(
                f"Ray failed: {last_line(str(error))}",
                code="cluster-lost",
                hint=hint_for(str(error)),
            ) from error
