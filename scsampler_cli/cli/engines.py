"""What runs the work of a command: processes of this machine, or actors of a Ray cluster.

Ray is imported only when an engine that uses it is made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scsampler_cli.cli import console, signals
from scsampler_cli.cli.environment import actor_environment, cores_shared, prepare_ray, share_cores

if TYPE_CHECKING:
    from scsampler_cli.batch import engine
    from scsampler_cli.batch.outcome import Outcome
    from scsampler_cli.batch.pool import Watch
    from scsampler_cli.batch.process_map import Loading, Making, Pool
    from scsampler_cli.batch.task import Log, Task
    from scsampler_cli.cli.run_options import RunOptions


def make_engine(
    task: Task, jobs: int, running: RunOptions, *, note: Log, detail: Log, watch: Watch
) -> engine.Engine:
    """Make the engine that the options name; the caller enters it.

    Args:
        task: what is done with each file.
        jobs: number of processes on this machine.
        running: limits for one file, and the options of Ray.
        note: is called with each note for the user.
        detail: is called with each message that only `--verbose` shows.
        watch: is called with the progress of files. Ray does not report it.
    """
    if running.ray is None:
        # imported late: --help must not wait for it
        from scsampler_cli.batch.pool import WorkerPool

        # before the processes start: each inherits its number of threads
        share_cores(jobs)
        return WorkerPool(
            task, jobs, running.bounds, note=note, detail=detail, watch=watch, hashed=running.hashed
        )
    from scsampler_cli.batch.ray.actor import ActorOptions
    from scsampler_cli.batch.ray.ray_pool import RayPool

    # before Ray is imported: it reads the environment then
    prepare_ray(running.ray.address is None)
    options = ActorOptions.here(
        task, running.timeout_s, running.max_memory_gb, hashed=running.hashed
    )
    return RayPool(options, running.ray, actor_environment(), note=note, detail=detail)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Number of processes on this machine, and what each may use for one file."""

    jobs: int
    timeout_s: float | None = None
    """Longest time for one file, as in `Bounds.from_options`."""
    max_memory_gb: float | None = None
    """Most memory for one file, as in `Bounds.from_options`."""
    sharers: int = 1
    """Number of commands that run on this machine at the same time, each with `jobs` processes."""


@contextmanager
def open_pool(
    task: Loading | Making,
    limits: Limits,
    *,
    watch: Watch | None = None,
    done: Callable[[Path], None] = lambda _: None,
) -> Iterator[Pool]:
    """Start processes on this machine that keep what they load for several rounds of work.

    Ctrl-C, SIGTERM and SIGHUP end a round as they end a batch.

    Args:
        task: what each process loads.
        limits: number of processes, and what each may use for one file.
        watch: is called with the progress of files.
        done: is called with each file that is done, or has failed.
    """
    from scsampler_cli.batch.bounds import Bounds
    from scsampler_cli.batch.pool import WorkerPool
    from scsampler_cli.batch.process_map import Pool

    # with torchrun, several commands divide cores and memory
    sharers = limits.jobs * limits.sharers
    bounds = Bounds.from_options(limits.timeout_s, limits.max_memory_gb, sharers)

    def on_outcome(outcome: Outcome) -> None:
        show_details(outcome)
        done(outcome.path)

    with (
        cores_shared(sharers),
        WorkerPool(
            task,
            limits.jobs,
            bounds,
            note=console.on_note,
            detail=console.detail,
            watch=watch or _ignore,
        ) as worker_pool,
    ):
        yield Pool(worker_pool, signals.handled, on_outcome)


def show_details(outcome: Outcome) -> None:
    """Print what -v and -vv show of a file: the time that it took, and FFmpeg's messages."""
    for message in outcome.record["ffmpeg"]:
        console.native(f"{outcome.path}: {message}")
    console.detail(f"{outcome.path}: {outcome.record['status']} after {outcome.seconds:.1f} s")


def show_failure(outcome: Outcome, *, is_single: bool, debug: bool) -> None:
    """Print the error of a file, with the file's name if the message does not have it.

    Args:
        outcome: of the failed file.
        is_single: True where it is the only file, which needs no name.
        debug: True to print the traceback.
    """
    path, error = outcome.path, outcome.record["error"]
    if outcome.traceback and debug:
        console.print_traceback(outcome.traceback)
    message = error["message"]
    # messages have white space as single blanks
    is_named = is_single or " ".join(str(path).split()) in message
    message = message if is_named else f"{path}: {message}"
    console.show_failure(message, error["hint"], error["code"])


def open_rendering_pool(command: str, jobs: int | None) -> AbstractContextManager[Pool]:
    """Start processes that generate videos, by default one per core."""
    from scsampler_cli.batch.cores import default_jobs
    from scsampler_cli.batch.process_map import Making

    return open_pool(Making(command), Limits(jobs=jobs or default_jobs()))


def _ignore(path: Path, stage: str, done: int, *, total: int) -> None:
    """Progress that nothing shows."""
