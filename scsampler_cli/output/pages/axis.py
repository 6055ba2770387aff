"""The time axis: its ticks and its SVG."""

from __future__ import annotations

from scsampler_cli.output.pages.curve import WIDTH, Span
from scsampler_cli.output.pages.wording import clock

# Round steps between ticks, in seconds
_STEPS_S = (
    *(0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30),
    # minutes
    *(60, 120, 300, 600, 900, 1800),
    # hours
    *(3600, 7200, 14400, 21600, 43200, 86400),
)
_MAX_TICKS = 9


def ticks(span: Span) -> list[tuple[float, str]]:
    """(percent from the left, label) of at most nine round times, or ten in steps of days."""
    length = span.end_s - span.start_s
    # whole days, for a video longer than all steps allow
    days = 86400 * max(1, round(length / 86400 / 8))
    step = next((step for step in _STEPS_S if length / step <= _MAX_TICKS - 1), days)
    # the first and the last multiple of the step within the span; -(-x // y) rounds up
    first, last = -int(-span.start_s // step), int(span.end_s // step)
    # a step of 0.2 s needs a digit after the point
    digits = 0 if step >= 1 else 1
    found = []
    for number in range(first, last + 1):
        time = number * step
        found.append((span.x(time) * 100 / WIDTH, clock(time, digits)))
    return found


def axis(span: Span) -> str:
    """The axis as SVG, with its unit; every second label is hidden on a narrow screen."""
    drawn = "".join(_tick(number, tick) for number, tick in enumerate(ticks(span)))
    unit = "hours:minutes:seconds" if span.end_s >= 3600 else "minutes:seconds"
    return (
        f'<svg class="axis" aria-hidden="true">{drawn}</svg>'
        f'<p class="unit soft small">time in the video, {unit}</p>'
    )


def _tick(number: int, tick: tuple[float, str]) -> str:
    at, label = tick
    # labels at the edges must not be cut off
    anchor = "middle"
    if at < 3:
        anchor = "start"
    elif at > 97:
        anchor = "end"
    # every second one; the style hides it on narrow screens
    kind = ' class="second"' if number % 2 else ""
    return (
        f'<g{kind}><line x1="{at:.2f}%" x2="{at:.2f}%" y1="0" y2="5"/>'
        f'<text x="{at:.2f}%" y="18" text-anchor="{anchor}">{label}</text></g>'
    )
