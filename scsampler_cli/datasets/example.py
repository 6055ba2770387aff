"""A labelled video, and what the reading of a list gives. But: no file is opened here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scsampler_cli.errors import InputError

SPLITS = ("train", "val")
VAL_EVERY = 5
"""Where a list does not say it, every fifth video (or group) of a class is for validation (our choice)."""


@dataclass(frozen=True)
class Example:
    """One labelled video."""

    path: Path
    label: str
    split: str
    """"train" or "val"."""
    group: str = ""
    """Videos that belong together, such as the parts of one recording; "" for a video on its own."""
    line: int = 0
    """Line of the list that it stands in; 0 for one found in a folder."""
    source: str = ""
    """Name of the list, for messages."""


@dataclass(frozen=True)
class Problem:
    """Something in a list that was left out, and why: `data.csv:12: path is empty`."""

    source: str
    line: int
    """0 where it belongs to no line."""
    what: str
    code: str = field(kw_only=True)
    """What is wrong, for programs, as `ScsamplerError.code`."""

    def __str__(self) -> str:
        where = f"{self.source}:{self.line}" if self.line else self.source
        return f"{where}: {self.what}"


@dataclass(frozen=True)
class Listing:
    """What a list holds."""

    examples: list[Example]
    problems: list[Problem]
    """What was left out."""
    notes: tuple[str, ...] = ()
    """Worth saying once."""
    split_given: bool = False
    """The list itself names videos for validation; otherwise VAL_EVERY chose them."""
    train_given: bool = False
    """It names videos for training."""


def labels_of(examples: Sequence[Example]) -> list[str]:
    """Names of the classes that can be learnt, in alphabetical order.

    Args:
        examples: of any split; the classes are those of the training videos.

    Raises:
        InputError: no training video, or training videos of fewer than two classes.
    """
    videos = [example.label for example in examples if example.split == "train"]
    labels = sorted(set(videos))
    if len(labels) < 2:
        counted = (
            f"{_count(len(videos), 'training video', 's')} of {_count(len(labels), 'class', 'es')}"
        )
        raise InputError(
            f"{counted}: not enough to train on",
            code="too-few-training-videos",
            hint="at least two classes with training videos are needed",
        )
    return labels


def _count(number: int, what: str, plural: str) -> str:
    return f"{number} {what}{'' if number == 1 else plural}"
