"""Checkpoints: all that a run needs to go on as if it had never stopped.

Written to a neighbour and renamed, so that a run that is killed at any moment leaves the last whole one. Read with
`weights_only`: nothing in it is executed. Randomness needs no place in it: every step draws from (seed, epoch, step).
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

_START_ANEW = "leave --resume out to start anew"


@dataclass
class State:
    """Where a run stands."""

    digest: str
    """`TrainSettings.digest` of the run, and of the videos it learns from."""
    epoch: int
    """The epoch under way, from 1."""
    step: int
    """Steps of it that are done."""
    loss: float
    """Sum of the losses of these steps."""
    seconds: float
    """Spent on the epoch so far."""
    model: dict[str, Tensor] = field(default_factory=dict)
    optimiser: dict[str, Any] = field(default_factory=dict)
    schedule: dict[str, Any] = field(default_factory=dict)
    best: dict[str, Tensor] = field(default_factory=dict)
    """Networks of the best epoch so far; empty where none is measured."""
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
    part = sibling(path, ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            torch.save({"format": FORMAT, **vars(state)}, file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except (OSError, RuntimeError) as error:  # torch reports a full disk as a RuntimeError
        raise OutputError(
            f"cannot write {path}: {error}", code="write-failed", hint="is the disk full?"
        ) from error


def require(path: Path) -> None:
    """Raise WeightsError where there is no checkpoint."""
    if not path.is_file():
        raise WeightsError(
            f"no checkpoint {path} to resume from", code="checkpoint-unusable", hint=_START_ANEW
        )


def load(path: Path) -> State:
    """Read a checkpoint.

    Raises:
        WeightsError: not there, damaged, or not a checkpoint of this program.
    """
    require(path)
    try:
        held = torch.load(path, map_location="cpu", weights_only=True)
        if held.pop("format") != FORMAT:
            raise ValueError("another format")
        return State(**held)
    except (
        pickle.UnpicklingError,
        zipfile.BadZipFile,
        RuntimeError,
        OSError,  # some truncated archives
        EOFError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
    ) as error:
        raise WeightsError(
            f"{path} is not a checkpoint, or is damaged",
            code="checkpoint-unusable",
            hint=_START_ANEW,
        ) from error
