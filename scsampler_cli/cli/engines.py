"""The engine that the options ask for: processes of this machine, or actors of a Ray cluster.

But: Ray itself is not loaded before the engine is made.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scsampler_cli.cli import console, signals
from scsampler_cli.cli.batch_options import Engine
from scsampler_cli.cli.environment import actors_environment, cores_shared, settle_ray, share_cores
from scsampler_cli.config import parse_device
from scsampler_cli.errors import SettingsError

if TYPE_CHECKING:
    from scsampler_cli.batch import engine
    from scsampler_cli.batch.pool import Watch
    from scsampler_cli.batch.process_map import Loading, Making, Pool
    from scsampler_cli.batch.ray.connection import RaySettings
    from scsampler_cli.batch.task import Log, Task
    from scsampler_cli.cli.run_options import RunOptions


def asked(
    chosen: Engine,
    address: str | None,
    jobs: int | None,
    *,
    cpus: float | None,
    gpus: float | None = None,
    device: str = "cpu",
) -> RaySettings | None:
    """What the options say of Ray; None for processes of this machine.

    Raises:
        SettingsError: options that do not go together.
        ClusterError: Ray is not installed.
    """
    given = {"--address": address, "--cpus-per-actor": cpus, "--gpus-per-actor": gpus}
    if chosen is Engine.local:
        for option in (option for option, value in given.items() if value is not None):
            raise SettingsError(
                f"{option} has no effect without Ray",
                code="no-effect",
                hint="add --engine ray, or leave it out",
            )
        return None
    from scsampler_cli.batch.ray.connection import RaySettings, check_installed

    if address is not None and "://" in address:
        raise SettingsError(
            f"--address {address} is one for clients of Ray, which cannot do this",
            code="ray-client-unsupported",
            hint="run on a machine of the cluster with --address auto, or HOST:PORT",
        )
    for option, amount in (("--cpus-per-actor", cpus), ("--gpus-per-actor", gpus)):
        _check_amount(option, amount)
    kind, number = parse_device(device)
    if number is not None:
        raise SettingsError(
            f"--device {device} is one of this machine's",
            code="cluster-device-fixed",
            hint="--device cuda: Ray says which",
        )
    if kind == "cpu" and gpus is not None:
        raise SettingsError(
            "--gpus-per-actor has no effect with --device cpu",
            code="no-effect",
            hint="give one of them",
        )
    check_installed()
    wanted = {"cpu": 0.0, "cuda": gpus or 1.0, "auto": gpus}[kind]
    return RaySettings(address=address, actors=jobs, cpus=cpus or 1.0, gpus=wanted)


def _check_amount(option: str, amount: float | None) -> None:
    """Ray divides a core or a GPU, and counts several of them whole."""
    if amount is not None and (amount < 0.01 or (amount > 1 and amount != int(amount))):
        raise SettingsError(
            f"{option} {amount:g} is neither a part of one nor a whole number",
            code="actor-share-invalid",
            hint="0.5, 1 and 2 are examples",
        )


def made(
    task: Task, jobs: int, running: RunOptions, *, note: Log, detail: Log, watch: Watch
) -> engine.Engine:
    """The engine, not yet entered.

    Args:
        task: what is done with each file.
        jobs: processes.
        running: bounds of a file, and what is asked of Ray.
        note: takes what is for the user.
        detail: takes what is for a user who wants to know more.
        watch: told how far files are; by Ray it is not.
    """
    if running.ray is None:
        from scsampler_cli.batch.pool import WorkerPool

        share_cores(jobs)
        return WorkerPool(
            task, jobs, running.bounds, note=note, detail=detail, watch=watch, hashed=running.hashed
        )
    from scsampler_cli.batch.ray.actor import ActorOptions
    from scsampler_cli.batch.ray.ray_pool import RayPool

    settle_ray(running.ray.address is None)
    order = ActorOptions.here(task, running.timeout_s, running.max_memory_gb, hashed=running.hashed)
    return RayPool(order, running.ray, actors_environment(), note=note, detail=detail)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How many files are worked on at once by processes of this machine, and what each may take."""

    jobs: int
    timeout_s: float | None = None
    """As `Bounds.asked` takes it."""
    max_memory_gb: float | None = None
    """The same."""
    sharers: int = 1
    """Commands that work side by side on this machine, each with as many processes."""


@contextmanager
def pool(
    task: Loading | Making, limits: Limits, note: Log, *, watch: Watch | None = None
) -> Iterator[Pool]:
    """Processes of this machine for several rounds of work; Ctrl-C, SIGTERM and SIGHUP act on each as on a batch.

    Args:
        task: what they load.
        limits: how many, and what a file may take.
        note: takes what is for the user.
        watch: told how far files are.
    """
    from scsampler_cli.batch.pool import Bounds, WorkerPool
    from scsampler_cli.batch.process_map import Pool

    sharers = limits.jobs * limits.sharers
    bounds = Bounds.asked(limits.timeout_s, limits.max_memory_gb, sharers)
    told = watch or _ignore
    with (
        cores_shared(sharers),
        WorkerPool(
            task, limits.jobs, bounds, note=note, detail=console.detail, watch=told
        ) as worker_pool,
    ):
        yield Pool(worker_pool, signals.handled)


def making(command: str, jobs: int | None, note: Log) -> AbstractContextManager[Pool]:
    """Processes that make videos, by default as many as there are cores."""
    from scsampler_cli.batch.cores import default_jobs
    from scsampler_cli.batch.process_map import Making

    return pool(Making(command), Limits(jobs=jobs or default_jobs()), note)


def _ignore(path: Path, stage: str, done: int, *, total: int) -> None:
    """Nobody watches."""
