"""Where a time axis has its ticks."""

from __future__ import annotations

from scsampler_cli.output.pages.curve import WIDTH, Span
from scsampler_cli.output.pages.wording import clock

_STEPS_S = (
    0.1,
    0.2,
    0.5,
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1800,
    3600,
    7200,
    14400,
    21600,
    43200,
    86400,
)
_MOST = 9


def ticks(span: Span) -> list[tuple[float, str]]:
    """(per cent from the left, label) of at most nine round times, or ten where days must be counted."""
    length = span.end_s - span.start_s
    step = next(
        (step for step in _STEPS_S if length / step <= _MOST - 1),
        86400 * max(1, round(length / 86400 / 8)),
    )
    first, last = -int(-span.start_s // step), int(span.end_s // step)
    digits = 0 if step >= 1 else 1
    return [
        (span.x(n * step) * 100 / WIDTH, clock(n * step, digits)) for n in range(first, last + 1)
    ]


def axis(span: Span) -> str:
    """The axis as SVG; every second label gives way on a narrow screen."""
    found = ticks(span)
    return (
        '<svg class="axis" aria-hidden="true">'
        + "".join(map(_tick, range(len(found)), found))
        + "</svg>"
    )


def _tick(number: int, tick: tuple[float, str]) -> str:
    at, label = tick
    anchor = "start" if at < 3 else "end" if at > 97 else "middle"
    kind = ' class="second"' if number % 2 else ""
    return (
        f'<g{kind}><line x1="{at:.2f}%" x2="{at:.2f}%" y1="0" y2="5"/>'
        f'<text x="{at:.2f}%" y="18" text-anchor="{anchor}">{label}</text></g>'
    )
