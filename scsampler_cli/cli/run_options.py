"""How a command goes through its inputs: processes, limits, resuming, messages."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scsampler_cli.batch.pool import Bounds
    from scsampler_cli.batch.ray.connection import RaySettings


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """How a command goes through its inputs."""

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
    """None: processes of this machine do it."""
    overwrite: bool = False
    """True when files that are there may be written over."""

    @property
    def bounds(self) -> Bounds:
        """What a file may take of a process."""
        from scsampler_cli.batch.pool import Bounds

        return Bounds.asked(self.timeout_s, self.max_memory_gb, self.jobs)
