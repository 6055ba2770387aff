"""Saliency over time as SVG paths: a step for each clip, or for each column of several clips.

The drawing has `WIDTH` x `HEIGHT` units, and is stretched to the width of the page. All clips are
one path: an element for each would make long videos slow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT = 1000, 100
"""Units. WIDTH is also the largest number of columns: about that of a wide screen."""
# Units above 1 and below 0, for the width of the line
_INSET = 4
# Smallest width of a mark in units, so that it stays visible
_MIN_WIDTH = 2.0
GRID = f'<path class="grid" d="M0 4H{WIDTH}M0 50H{WIDTH}M0 96H{WIDTH}"/>'
"""Level lines at 0, 1/2 and 1, as SVG."""
Value = Callable[[dict[str, Any]], float | None]


@dataclass(frozen=True)
class Span:
    """The time that a drawing shows, in seconds."""

    start_s: float
    end_s: float

    def x(self, seconds: float) -> float:
        """Horizontal position of a time, in units from the left edge."""
        return WIDTH * (seconds - self.start_s) / (self.end_s - self.start_s)


@dataclass(frozen=True)
class Column:
    """A stretch of the drawing and the values in it."""

    left: float
    right: float
    low: float
    mean: float
    high: float


def columns(clips: Sequence[dict[str, Any]], value: Value, span: Span) -> list[Column]:
    """A column for each clip with a value; for more than WIDTH clips, a column for each unit."""
    scored = [(clip, found) for clip in clips if (found := value(clip)) is not None]
    if len(clips) <= WIDTH:
        found_columns = []
        for clip, found in scored:
            left, right = span.x(clip["start_s"]), span.x(clip["end_s"])
            found_columns.append(Column(left, right, found, mean=found, high=found))
        return found_columns

    # unit -> values of the clips whose middle is in it
    by_unit: dict[int, list[float]] = {}
    for clip, found in scored:
        middle = span.x((clip["start_s"] + clip["end_s"]) / 2)
        by_unit.setdefault(min(max(int(middle), 0), WIDTH - 1), []).append(found)
    found_columns = []
    for unit, values in sorted(by_unit.items()):
        mean = sum(values) / len(values)
        found_columns.append(Column(unit, unit + 1, min(values), mean=mean, high=max(values)))
    return found_columns


def line(drawn: Sequence[Column]) -> str:
    """Path of the means, with gaps where there is no value."""
    return "".join(_steps(run, "mean") for run in _runs(drawn))


def area(drawn: Sequence[Column]) -> str:
    """Path around the area between 0 and the means."""
    return "".join(f"{_steps(run, 'mean')}V{_y(0)}H{_n(run[0].left)}z" for run in _runs(drawn))


def band(drawn: Sequence[Column]) -> str:
    """Path around the area between the lowest and the highest values."""
    return "".join(f"{_steps(run, 'high')}{_back(run)}z" for run in _runs(drawn))


def marks(stretches: Iterable[tuple[float, float]], span: Span) -> str:
    """Path of boxes of full height, from (start, end) in seconds; boxes that touch are joined."""
    path, left, right = "", 0.0, -1.0
    for start, end in sorted(stretches):
        begin = min(max(span.x(start), 0.0), WIDTH - _MIN_WIDTH)
        until = max(min(span.x(end), float(WIDTH)), begin + _MIN_WIDTH)
        # a difference below 0.05 units comes from rounding
        if begin <= right + 0.05:
            right = max(right, until)
            continue
        path += _box(left, right)
        left, right = begin, until
    return path + _box(left, right)


def bar(times: tuple[float, float], value: float, span: Span) -> str:
    """Path of a bar from (start, end) in seconds, as high as a value in [0, 1]."""
    left = min(max(span.x(times[0]), 0.0), WIDTH - _MIN_WIDTH)
    right = max(min(span.x(times[1]), float(WIDTH)), left + _MIN_WIDTH)
    return f"M{_n(left)} {_y(value)}H{_n(right)}V{_y(0)}H{_n(left)}z"


def _box(left: float, right: float) -> str:
    return "" if right < left else f"M{_n(left)} 0H{_n(right)}V{HEIGHT}H{_n(left)}z"


def _runs(drawn: Sequence[Column]) -> list[list[Column]]:
    """Columns that follow one another without a gap."""
    # a gap in the values is a gap in the line
    runs: list[list[Column]] = []
    for column in drawn:
        if runs and column.left - runs[-1][-1].right < 0.05:
            runs[-1].append(column)
        else:
            runs.append([column])
    return runs


def _steps(run: Sequence[Column], which: str) -> str:
    """Path from left to right along one of the values of the columns: "mean" or "high"."""
    heights = [_y(getattr(column, which)) for column in run]
    # M moves, H and V draw horizontal and vertical lines, z closes the path
    path = f"M{_n(run[0].left)} {heights[0]}"
    # a vertical line where the height changes, then along the column
    for before, height, column in zip([heights[0], *heights], heights, run, strict=False):
        path += ("" if height == before else f"V{height}") + f"H{_n(column.right)}"
    return path


def _back(run: Sequence[Column]) -> str:
    """Path from right to left along the lowest values."""
    return "".join(f"V{_y(column.low)}H{_n(column.left)}" for column in reversed(run))


def level(value: float) -> float:
    """Vertical position of a value in [0, 1], in units from the top."""
    # SVG counts from the top
    return HEIGHT - _INSET - (HEIGHT - 2 * _INSET) * min(max(value, 0.0), 1.0)


def _y(value: float) -> str:
    return _n(level(value))


def _n(units: float) -> str:
    # a tenth of a unit is finer than a pixel
    return f"{round(units, 1):g}"
