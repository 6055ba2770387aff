"""The course of a search in the chart: the number of each asked clip, and a dot for each answer.

Screen readers get both from the table of the page.
"""

from __future__ import annotations

from scsampler_cli.output.pages.clips import Clip, ClipSet
from scsampler_cli.output.pages.curve import WIDTH, Span, level

MOST = 200
"""Most numbers and dots: more of them are not legible."""
_ROWS, _ROW_HEIGHT = 4, 15
"""Most rows of numbers, and their height in pixels."""
_APART = 4.5
"""Least distance of two numbers in a row, in percent: two digits on a phone."""


def order(clips: ClipSet, span: Span) -> str:
    """The numbers of the asked clips at their times, as SVG; empty without a search.

    A number that has no room in the rows is left out, which a line below says.
    """
    if not clips.is_search:
        return ""
    # where the next number of each row may be, in percent
    free: list[float] = []
    drawn = ""
    for clip in sorted(clips.selected[:MOST], key=lambda clip: float(clip["start_s"])):
        at = _middle(clip, span)
        row = next((row for row, least in enumerate(free) if at >= least), len(free))
        if row == _ROWS:
            continue
        free[row : row + 1] = [at + _APART]
        anchor = "end" if at > 97 else "start" if at < 3 else "middle"
        drawn += (
            f'<text x="{at:.2f}%" y="{(row + 1) * _ROW_HEIGHT - 3}" text-anchor="{anchor}">'
            f"{clip['order']}</text>"
        )
    height = _ROW_HEIGHT * max(len(free), 1)
    svg = f'<svg height="{height}" aria-hidden="true">{drawn}</svg>'
    return f'<div class="order">{svg}{_left_out(clips, drawn.count("<text"))}</div>'


def _left_out(clips: ClipSet, numbers: int) -> str:
    """A line on what is not drawn; empty where all is."""
    words = []
    if numbers < min(len(clips.selected), MOST):
        words.append("numbers without room are left out")
    if len(clips.selected) > MOST:
        words.append(f"the first {MOST} clips have numbers and dots")
    return f'<p class="soft small">{"; ".join(words).capitalize()}.</p>' if words else ""


def answers(clips: ClipSet, span: Span) -> str:
    """A dot at the observed confidence of each clip that was decoded, as SVG."""
    drawn = ""
    for clip in clips.selected[:MOST]:
        if clip["observed"] is not None:
            at, down = _middle(clip, span), level(clip["observed"])
            drawn += f'<circle cx="{at:.2f}%" cy="{down:.1f}%" r="3.5"/>'
    return f'<svg class="answers" aria-hidden="true">{drawn}</svg>'


def _middle(clip: Clip, span: Span) -> float:
    """Position of a clip in percent from the left."""
    return 100 * span.x((clip["start_s"] + clip["end_s"]) / 2) / WIDTH
