"""Files, machine and callbacks of a training run. They do not change its result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from scsampler_cli.batch.process_map import Rounds
from scsampler_cli.cache.video_cache import Cache
from scsampler_cli.nn.device import pick_device
from scsampler_cli.pipeline.video import Progress
from scsampler_cli.train.fill_cache import OnFailure
from scsampler_cli.train.fit import OnStep
from scsampler_cli.train.group import ALONE, Group


@dataclass(frozen=True)
class RunContext:
    """Files, machine and processes of a run."""

    output: Path
    """Weight file. Checkpoint, metrics and curve go next to it."""
    cache: Cache
    pool: Rounds
    """Worker pool that reads the videos; its processes have loaded the classifier, if there is
    one."""
    device: str = "auto"
    resume: bool = False
    group: Group = ALONE
    description: str = ""
    """Description of the data, for the weight file."""

    @property
    def torch_device(self) -> torch.device:
        """The device named by `device`."""
        return pick_device(self.device)


@dataclass(frozen=True)
class Callbacks:
    """Functions that a run calls."""

    on_progress: Progress
    """Called with (stage, done, total) while videos are read and classified."""
    on_step: OnStep
    on_epoch: Callable[[dict[str, Any]], None]
    """Called with the record of each epoch."""
    on_failure: OnFailure
    on_note: Callable[[str], None]
    """Called with one line for the user."""
    should_stop: Callable[[], bool] = lambda: False
    """Called after each step; True ends the run after its checkpoint is written."""
