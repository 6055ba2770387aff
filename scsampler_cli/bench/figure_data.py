"""`Chart`: the numbers of a figure, and how its axes are labelled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

ROLES = ("scsampler", "rival", "auto", "random", "uniform", "empirical", "dense", "oracle")
"""Roles of the lines, in the order of the legend. The rival is the search where the strategy of a
sampler is under test, and the sampler's where the search is."""


@dataclass(frozen=True)
class Series:
    """One line of a chart."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    role: str
    """One of ROLES; the colour, the marker and the dashes of the line follow from it."""


@dataclass(frozen=True)
class Mark:
    """A value of the paper, for reference."""

    x: float
    y: float
    label: str


@dataclass(frozen=True)
class Chart:
    """One figure."""

    key: str
    title: str
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    levels: tuple[Series, ...] = ()
    """Values that do not depend on x, one point each; drawn as horizontal lines."""
    marks: tuple[Mark, ...] = ()
    bars: bool = False
    """True to draw the first series as bars, and the others over it."""
    log_x: bool = False
    whole_x: bool = False
    """True where x is a count."""

    def with_paper(self, is_shown: bool) -> Chart:
        """The figure with the values of the paper, or without them."""
        return self if is_shown else replace(self, marks=())

    def record(self) -> dict[str, Any]:
        """The fields as a JSON object."""
        lines = [
            {"name": line.name, "role": line.role, "x": list(line.x), "y": list(line.y)}
            for line in (*self.series, *self.levels)
        ]
        marks = [{"label": mark.label, "x": mark.x, "y": mark.y} for mark in self.marks]
        return {
            "title": self.title,
            "x": self.x_label,
            "y": self.y_label,
            "series": lines,
            "paper": marks,
        }


def csv_rows(chart: Chart) -> Sequence[dict[str, Any]]:
    """The numbers of a chart, a row for each point; a level has no x."""
    rows: list[dict[str, Any]] = []
    for line in chart.series:
        for x, y in zip(line.x, line.y, strict=True):
            rows.append({"series": line.name, "x": x, "y": y})
    rows += [{"series": level.name, "x": None, "y": level.y[0]} for level in chart.levels]
    return rows + [{"series": mark.label, "x": mark.x, "y": mark.y} for mark in chart.marks]
