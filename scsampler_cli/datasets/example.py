"""A labelled video, and the result of reading a list of them. No file is opened here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scsampler_cli.config import BACKGROUND
from scsampler_cli.errors import InputError

SPLITS = ("train", "val")
VAL_EVERY = 5
"""Without splits in a list, every fifth video (or group) of a class is for validation."""


@dataclass(frozen=True)
class Example:
    """One labelled video."""

    path: Path
    label: str
    split: str
    """"train" or "val"."""
    group: str = ""
    """Name that videos of one recording share; "" for a video without a group."""
    line: int = 0
    """Line of the list; 0 for a video that was found in a folder."""
    source: str = ""
    """Name of the list, for messages."""


@dataclass(frozen=True)
class Problem:
    """An entry of a list that was left out, and why: `data.csv:12: path is empty`."""

    source: str
    """Name of the list."""
    line: int
    """Line of the list; 0 where the problem belongs to no line."""
    what: str
    """The reason."""
    code: str = field(kw_only=True)
    """What is wrong, for programs, as `ScsamplerError.code`."""

    def __str__(self) -> str:
        where = f"{self.source}:{self.line}" if self.line else self.source
        return f"{where}: {self.what}"


@dataclass(frozen=True)
class Listing:
    """The result of reading a list."""

    examples: list[Example]
    problems: list[Problem]
    """Entries that were left out."""
    notes: tuple[str, ...] = ()
    """Notes for the user."""
    split_given: bool = False
    """True if the list names videos for validation; else VAL_EVERY has chosen them."""
    train_given: bool = False
    """True if the list names videos for training."""
    background: bool = False
    """True if there are videos of none of the classes, with the label `BACKGROUND`."""


def labels_of(examples: Sequence[Example], background: bool = False) -> list[str]:
    """Names of the classes of the training videos, in alphabetical order; `BACKGROUND` is last.

    Args:
        examples: of any split.
        background: True where the videos labelled `BACKGROUND` show none of the classes. They
            count as a class here: one class and background are enough to train on.

    Raises:
        InputError: there are training videos of fewer than two classes, or none; or none of
            background, which is said to be there.
    """
    labels_of_videos = [example.label for example in examples if example.split == "train"]
    labels = sorted(set(labels_of_videos))
    if background and BACKGROUND in labels:
        labels = [*(label for label in labels if label != BACKGROUND), BACKGROUND]
    elif background:
        raise InputError(
            "no training video is of the background",
            code="too-few-training-videos",
            hint="give training videos that show none of the classes, or no background",
        )
    # with one class there is nothing to distinguish
    if len(labels) < 2:
        videos = _count(len(labels_of_videos), "training video", "s")
        counted = f"{videos} of {_count(len(labels), 'class', 'es')}"
        raise InputError(
            f"{counted}: not enough to train on",
            code="too-few-training-videos",
            hint="at least two classes with training videos are needed, or one and background",
        )
    return labels


def _count(number: int, what: str, plural: str) -> str:
    return f"{number} {what}{'' if number == 1 else plural}"
