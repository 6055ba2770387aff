"""Options of a bench: K and seeds, data sets, contents of the report.

This module imports no numpy, so that an error in a list of videos is reported without delay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scsampler_cli.datasets.example import Example


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Options of the tables; everything else follows from the runs."""

    k: int = 10
    """K (App. C.2)."""
    seed: int = 0
    """First seed of Random and Empirical."""
    draws: int = 20
    """Number of seeds of Random and Empirical."""
    paper: bool = False
    """Whether the numbers of the paper are shown, too."""


@dataclass(frozen=True)
class Data:
    """One data set."""

    name: str
    examples: Sequence[Example]
    """Videos on which strategies are compared."""
    train: Sequence[Example]
    """Training videos, for the histogram of Empirical; may be empty."""
    rejected: Sequence[Mapping[str, str]] = ()
    """"path" (the line of the list), "label" and "reason" of each row that could not be used."""


@dataclass(frozen=True, kw_only=True)
class ReportOptions:
    """Contents of the report besides the tables."""

    timed: int
    """Number of videos on which times are measured; 0 for none."""
    sheet: int
    """Number of videos on the contact sheet."""
    sheet_of: frozenset[Path] = frozenset()
    """Resolved paths of the videos on the contact sheet; where empty, `sheet` videos are chosen."""
    is_charged: bool = False
    """True to charge the classifier what `stand_in` measures. It needs `timed` videos."""
