"""How a command goes through its inputs, once its options are checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scsampler_cli.cli.batch_options import BatchOptions, Engine, GpuBatchOptions
from scsampler_cli.cli.output_options import MessageOptions
from scsampler_cli.config import parse_device
from scsampler_cli.errors import SettingsError

if TYPE_CHECKING:
    from scsampler_cli.batch.bounds import Bounds
    from scsampler_cli.batch.ray.connection import RaySettings


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """Processes, limits, resuming and messages of a command."""

    jobs: int
    timeout_s: float | None
    max_memory_gb: float | None
    as_finished: bool
    resume: bool
    hashed: bool
    quiet: bool
    verbose: int
    debug: bool
    log_file: Path | None
    ray: RaySettings | None = None
    """None: the work runs in processes of this machine."""
    overwrite: bool = False
    """True when existing files may be replaced."""

    @classmethod
    def of(
        cls,
        batch: BatchOptions,
        messages: MessageOptions,
        *,
        overwrite: bool,
        device: str = "cpu",
    ) -> RunOptions:
        """Check the options of a command.

        Args:
            batch: options about many files.
            messages: options about what is printed.
            overwrite: `--overwrite`.
            device: `--device`; decides whether Ray actors need a GPU.

        Raises:
            SettingsError: options that do not go together.
            ClusterError: Ray is not installed.
        """
        return cls(
            # with Ray the number of actors is in `ray`
            jobs=batch.jobs or 1,
            timeout_s=batch.timeout,
            max_memory_gb=batch.max_memory,
            as_finished=batch.as_finished,
            resume=batch.resume,
            hashed=batch.hash,
            quiet=messages.quiet,
            verbose=messages.verbose,
            debug=messages.debug,
            log_file=messages.log_file,
            ray=ray_settings(batch, device),
            overwrite=overwrite,
        )

    @property
    def bounds(self) -> Bounds:
        """Time and memory that a process may use for one file."""
        from scsampler_cli.batch.bounds import Bounds

        return Bounds.from_options(self.timeout_s, self.max_memory_gb, self.jobs)


def ray_settings(batch: BatchOptions, device: str) -> RaySettings | None:
    """Where Ray actors run and what each gets; None with `--engine local`.

    Args:
        batch: options about many files.
        device: `--device`.

    Raises:
        SettingsError: options that do not go together.
        ClusterError: Ray is not installed.
    """
    cpus = batch.cpus_per_actor
    gpus = batch.gpus_per_actor if isinstance(batch, GpuBatchOptions) else None
    if batch.engine is Engine.local:
        _refuse_ray_options(batch.address, cpus, gpus)
        return None
    from scsampler_cli.batch.ray.connection import RaySettings, check_installed

    if batch.address is not None and "://" in batch.address:
        raise SettingsError(
            f"--address {batch.address} is for Ray clients, which are not supported",
            code="ray-client-unsupported",
            hint="run on a machine of the cluster with --address auto, or HOST:PORT",
        )
    for option, amount in (("--cpus-per-actor", cpus), ("--gpus-per-actor", gpus)):
        _check_amount(option, amount)
    # "cuda:1" is ("cuda", 1)
    kind, number = parse_device(device)
    if number is not None:
        raise SettingsError(
            f"--device {device} is a device of this machine",
            code="cluster-device-fixed",
            hint="--device cuda: Ray chooses the GPU",
        )
    if kind == "cpu" and gpus is not None:
        raise SettingsError(
            "--gpus-per-actor has no effect with --device cpu",
            code="no-effect",
            hint="give one of them",
        )
    # last: a mistake in the options is shown on a machine without Ray, too
    check_installed()
    # None: one GPU per actor if the cluster has any
    wanted = {"cpu": 0.0, "cuda": gpus or 1.0, "auto": gpus}[kind]
    return RaySettings(address=batch.address, actors=batch.jobs, cpus=cpus or 1.0, gpus=wanted)


def _refuse_ray_options(address: str | None, cpus: float | None, gpus: float | None) -> None:
    # None: the user did not set the option
    values = {"--address": address, "--cpus-per-actor": cpus, "--gpus-per-actor": gpus}
    for option, value in values.items():
        if value is not None:
            raise SettingsError(
                f"{option} has no effect without Ray",
                code="no-effect",
                hint="add --engine ray, or leave it out",
            )


def _check_amount(option: str, amount: float | None) -> None:
    """Refuse a number of CPUs or GPUs that Ray does: a part of one, or a whole number."""
    if amount is not None and (amount < 0.01 or (amount > 1 and amount != int(amount))):
        raise SettingsError(
            f"invalid {option} {amount:g}: expected a part of one, or a whole number",
            code="actor-share-invalid",
            hint="0.5, 1 and 2 are examples",
        )
