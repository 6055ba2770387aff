"""What is asked of a bench. No numpy here, so that a list that cannot be read is told at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scsampler_cli.datasets.example import Example


@dataclass(frozen=True)
class Plan:
    """What is asked of the tables; the rest follows from what is known."""

    k: int = 10
    """K (App. C.2)."""
    seed: int = 0
    draws: int = 20
    """Seeds of Random and Empirical (our choice)."""


@dataclass(frozen=True)
class Data:
    """One data set."""

    name: str
    examples: Sequence[Example]
    """To compare on."""
    train: Sequence[Example]
    """For Empirical's histogram; may be empty."""
    rejected: Sequence[Mapping[str, str]] = ()
    """"path" (the line of the list), "label" and "reason" of each row that was no use."""


@dataclass(frozen=True)
class ReportOptions:
    """What else is wanted of a run."""

    timed: int
    """Videos on which times are measured; 0 for none."""
    sheet: int
    """Videos on the contact sheet."""
    sheet_of: frozenset[Path] = frozenset()
    """Resolved paths of those that are wanted on it; empty for any."""
