"""Checkpoints: all that a run needs to continue as if it had not been stopped.

A checkpoint is written to a temporary file and renamed, so that a run that is killed at any moment
leaves the last complete one. It is read with `weights_only`, so that nothing in it is executed. It
holds no state of a random generator: every step draws from (seed, epoch, step).
"""

from __future__ import annotations

import os
import pickle
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from scsampler_cli.errors import OutputError, WeightsError
from scsampler_cli.files.output_paths import sibling
from scsampler_cli.train.history import CHECKPOINT

FORMAT = "scsampler-checkpoint/1"

_START_AGAIN = "do not resume, to start from the beginning"


@dataclass
class State:
    """Progress of a run."""

    digest: str
    """Digest of the run's settings, videos and pseudo labels."""
    epoch: int
    """The epoch in progress, from 1."""
    step: int
    """Steps of this epoch that are done."""
    loss: float
    """Sum of the losses of these steps."""
    seconds: float
    """Seconds spent on this epoch."""
    model: dict[str, Tensor] = field(default_factory=dict)
    optimiser: dict[str, Any] = field(default_factory=dict)
    schedule: dict[str, Any] = field(default_factory=dict)
    best: dict[str, Tensor] = field(default_factory=dict)
    """Networks of the best epoch so far; empty without validation."""
    best_epoch: int = 0
    best_metric: float = float("-inf")
    """`validate.best_of` of that epoch; the same in all processes."""
    history: list[dict[str, Any]] = field(default_factory=list)
    """One record for each epoch that is done."""


def path_of(output: Path) -> Path:
    """The checkpoint of a run that writes `output`."""
    return sibling(output, CHECKPOINT)


def save(path: Path, state: State) -> None:
    """Write a checkpoint, whole or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    # a temporary file in the same folder, so that the rename is atomic
    part = sibling(path, ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            torch.save({"format": FORMAT, **vars(state)}, file)
            file.flush()
            # on disk before the new name: else a power cut could leave an empty file under it
            os.fsync(file.fileno())
        part.replace(path)
    # torch reports a full disk as a RuntimeError
    except (OSError, RuntimeError) as error:
        why = getattr(error, "strerror", None) or error
        raise OutputError(
            f"cannot write {path}: {why}", code="write-failed", hint="is the disk full?"
        ) from error


def require(path: Path) -> None:
    """Check that there is a checkpoint.

    Raises:
        WeightsError: there is none.
    """
    if not path.is_file():
        raise WeightsError(
            f"no checkpoint {path} to resume from", code="checkpoint-unusable", hint=_START_AGAIN
        )


def load(path: Path) -> State:
    """Read a checkpoint.

    Raises:
        WeightsError: it is missing, damaged, not a checkpoint, or of another format version.
    """
    require(path)
    try:
        fields = torch.load(path, map_location="cpu", weights_only=True)
        version = str(fields.pop("format"))
        if version == FORMAT:
            return State(**fields)
    # what torch raises depends on where the damage is; OSError comes from some truncated archives
    except (
        pickle.UnpicklingError,
        zipfile.BadZipFile,
        RuntimeError,
        OSError,
        EOFError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
    ) as error:
        raise WeightsError(
            f"{path} is not a checkpoint, or is damaged",
            code="checkpoint-unusable",
            hint=_START_AGAIN,
        ) from error
    raise WeightsError(
        f"{path} is of the format {version[:100]!r}; this scsampler reads {FORMAT!r}",
        code="checkpoint-unusable",
        hint=f"resume with the version that wrote it; or {_START_AGAIN}",
    )
