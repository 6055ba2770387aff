"""Pools for tests: one without processes, whose models are the test's own, and one with."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from scsampler_cli.batch.bounds import Bounds
from scsampler_cli.batch.outcome import Outcome
from scsampler_cli.batch.pool import WorkerPool
from scsampler_cli.batch.process_map import Attended, Do, Loading, Pool
from scsampler_cli.errors import OutputError, ScsamplerError
from scsampler_cli.output import records


class Here:
    """Does the work in this process, as a `Pool` whose processes have loaded the same would.

    But: what a file does to its process it does to the test's.
    """

    def __init__(self, loaded: Any = None) -> None:
        self._loaded = loaded
        self.handed: list[Path] = []
        """Files that were given to it."""

    def each(self, paths: Sequence[Path], do: Do) -> Iterator[Outcome]:
        for index, path in enumerate(paths):
            self.handed.append(path)
            try:
                record = do(self._loaded, path, lambda *_: None)
            except OutputError:
                raise
            except ScsamplerError as error:
                record = records.failure("test", str(path), error)
            yield Outcome(index, path, record, seconds=0.0, traceback=None)

    def dismiss(self) -> None:
        pass


@contextmanager
def _alone(stop: Callable[[], None]) -> Iterator[None]:
    yield


@contextmanager
def processes(
    jobs: int,
    load: Callable[..., Any] | None = None,
    *,
    timeout_s: float = 0,
    memory_bytes: int | None = None,
    attended: Attended = _alone,
    note: Callable[[str], None] = print,
) -> Iterator[Pool]:
    """A pool of real processes; nobody wants an end unless `attended` says so."""
    task = Loading("test", partial(_loaded, load))
    with WorkerPool(
        task,
        jobs,
        Bounds(timeout_s, memory_bytes),
        note=note,
        detail=lambda _: None,
        watch=lambda *_, **__: None,
    ) as worker_pool:
        yield Pool(worker_pool, attended)


def _loaded(load: Callable[..., Any] | None, say: object) -> tuple[Any, dict[str, Any]]:
    return (None if load is None else load(say)), {}
