"""A saliency over time as SVG paths: a step for each clip or, where clips are finer than the drawing, what a column spans.

The drawing is `WIDTH` x `HEIGHT` units and is stretched to its place; a path, not an element for each clip.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH, HEIGHT = 1000, 100
"""Also the most columns that are drawn: about as many as a wide screen shows."""
_INSET = 4
"""Above 1 and below 0, for the width of the line."""
_LEAST = 2.0
"""Units that a mark is wide at least, so that it is seen."""
Value = Callable[[dict[str, Any]], float | None]


@dataclass(frozen=True)
class Span:
    """The time that a drawing shows, in seconds."""

    start_s: float
    end_s: float

    def x(self, seconds: float) -> float:
        """Units from the left."""
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
    """One for each clip that has a value; of more than `WIDTH` clips one for each unit that has any."""
    known = [(clip, v) for clip in clips if (v := value(clip)) is not None]
    if len(clips) <= WIDTH:
        return [
            Column(span.x(c["start_s"]), span.x(c["end_s"]), v, mean=v, high=v) for c, v in known
        ]
    within: dict[int, list[float]] = {}
    for clip, v in known:
        middle = span.x((clip["start_s"] + clip["end_s"]) / 2)
        within.setdefault(min(max(int(middle), 0), WIDTH - 1), []).append(v)
    return [
        Column(at, at + 1, min(vs), mean=sum(vs) / len(vs), high=max(vs))
        for at, vs in sorted(within.items())
    ]


def line(drawn: Sequence[Column]) -> str:
    """The path of the means, broken where there is no value."""
    return "".join(_steps(run, "mean") for run in _runs(drawn))


def area(drawn: Sequence[Column]) -> str:
    """The path around all between 0 and the means."""
    return "".join(f"{_steps(run, 'mean')}V{_y(0)}H{_n(run[0].left)}z" for run in _runs(drawn))


def band(drawn: Sequence[Column]) -> str:
    """The path around all between the least and the greatest."""
    return "".join(f"{_steps(run, 'high')}{_back(run)}z" for run in _runs(drawn))


def marks(stretches: Iterable[tuple[float, float]], span: Span) -> str:
    """The path of boxes of full height, from (start, end) in seconds; those that touch become one."""
    path, left, right = "", 0.0, -1.0
    for start, end in sorted(stretches):
        begin = min(max(span.x(start), 0.0), WIDTH - _LEAST)
        until = max(min(span.x(end), float(WIDTH)), begin + _LEAST)
        if begin <= right + 0.05:
            right = max(right, until)
            continue
        path += _box(left, right)
        left, right = begin, until
    return path + _box(left, right)


def _box(left: float, right: float) -> str:
    return "" if right < left else f"M{_n(left)} 0H{_n(right)}V{HEIGHT}H{_n(left)}z"


def _runs(drawn: Sequence[Column]) -> list[list[Column]]:
    """Columns that follow one another without a gap."""
    runs: list[list[Column]] = []
    for column in drawn:
        if runs and column.left - runs[-1][-1].right < 0.05:
            runs[-1].append(column)
        else:
            runs.append([column])
    return runs


def _steps(run: Sequence[Column], which: str) -> str:
    heights = [_y(getattr(column, which)) for column in run]
    path = f"M{_n(run[0].left)} {heights[0]}"
    for before, height, column in zip([heights[0], *heights], heights, run, strict=False):
        path += ("" if height == before else f"V{height}") + f"H{_n(column.right)}"
    return path


def _back(run: Sequence[Column]) -> str:
    return "".join(f"V{_y(column.low)}H{_n(column.left)}" for column in reversed(run))


def _y(value: float) -> str:
    return _n(HEIGHT - _INSET - (HEIGHT - 2 * _INSET) * min(max(value, 0.0), 1.0))


def _n(units: float) -> str:
    return f"{round(units, 1):g}"
