"""Segments in the chart: a bar for each, as high as its probability, in the colour of its label.

A colour is never alone: wide bars carry their label, and the legend and the list have all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scsampler_cli.output.pages import curve
from scsampler_cli.output.pages.markup import text
from scsampler_cli.output.pages.wording import count

COLOURS = 8
"""Number of colours of the style, `l0` and up; further labels use them again."""
_KEYS = 24
"""Most labels in the legend."""
_BARS = 300
"""Most bars with text in them."""
_LETTER, _MARGIN = 0.65, 1.0
"""Width of a letter and of the margins of a text in a bar, in percent of a chart of 1200 pixels."""
Segment = dict[str, Any]


def colours(labels: Sequence[str | None]) -> dict[str, str]:
    """Label -> class of its colour, in the order in which the labels appear."""
    found: dict[str, str] = {}
    for label in labels:
        if label is not None and label not in found:
            found[label] = f"l{len(found) % COLOURS}"
    return found


def behind(segments: Sequence[Segment], span: curve.Span) -> str:
    """Bands of full height for the lanes of the saliency, as SVG paths."""
    return "".join(
        f'<path class="segment {colour}" d="{curve.marks(_times(segments, label), span)}"/>'
        for label, colour in colours([segment["label"] for segment in segments]).items()
    )


def lane(segments: Sequence[Segment], span: curve.Span, *, y_axis: str) -> str:
    """The lane with its legend; empty without segments, which the list says."""
    if not segments:
        return ""
    shades = colours([segment["label"] for segment in segments])
    bars = "".join(
        f'<path class="segment {colour}" d="{_bars(segments, label, span)}"/>'
        for label, colour in shades.items()
    )
    box = f'viewBox="0 0 {curve.WIDTH} {curve.HEIGHT}" preserveAspectRatio="none"'
    words = f"{count(len(segments))} segments; they are listed on this page"
    return (
        '<div class="lane segments"><div class="caption"><b>segments</b> '
        f'<span class="soft">probability of the label</span>{_legend(shades)}</div>'
        f'<svg {box} role="img" aria-label="{text(words)}">{curve.GRID}{bars}</svg>'
        f"{_names(segments, span)}{y_axis}</div>"
    )


def _times(segments: Sequence[Segment], label: str) -> list[tuple[float, float]]:
    return [(s["start_s"], s["end_s"]) for s in segments if s["label"] == label]


def _bars(segments: Sequence[Segment], label: str, span: curve.Span) -> str:
    path = ""
    for segment in segments:
        if segment["label"] == label:
            times = segment["start_s"], segment["end_s"]
            path += curve.bar(times, segment["probability"] or 0.0, span)
    return path


def _legend(shades: dict[str, str]) -> str:
    keys = "".join(
        f'<span class="kind {colour}"><span class="key"></span><bdi>{text(label)}</bdi></span>'
        for label, colour in list(shades.items())[:_KEYS]
    )
    more = len(shades) - _KEYS
    return f'<span class="kinds">{keys}{f" and {count(more)} more" if more > 0 else ""}</span>'


def _names(segments: Sequence[Segment], span: curve.Span) -> str:
    """Labels in the bars that are wide enough; an inner SVG cuts each at the end of its bar."""
    drawn = ""
    for segment in segments[:_BARS]:
        left = 100 * span.x(segment["start_s"]) / curve.WIDTH
        width = 100 * span.x(segment["end_s"]) / curve.WIDTH - left
        if width >= _MARGIN + _LETTER * len(segment["label"]):
            drawn += (
                f'<svg x="{left:.2f}%" width="{width:.2f}%" y="0" height="100%">'
                f'<text x="5" y="92%">{text(segment["label"])}</text></svg>'
            )
    return f'<svg class="over" aria-hidden="true">{drawn}</svg>'
