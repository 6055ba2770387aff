"""The timeline of a video: a lane for its segments, and one for each saliency.

Segments, or without them the selected clips, are bands through all lanes. Lanes differ in place,
name and pattern of the line, not in colour alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from scsampler_cli.output.pages import curve, segment_lane
from scsampler_cli.output.pages.axis import axis
from scsampler_cli.output.pages.clips import Clip, ClipSet, confidence, shows
from scsampler_cli.output.pages.markup import LINE_KEY, data_block, plain, text
from scsampler_cli.output.pages.search_course import answers, order
from scsampler_cli.output.pages.wording import clock, count, percent

_MEANING = {
    "visual": "saliency of the video frames",
    "audio": "saliency of the sound",
    "packets": "saliency of the packet sizes",
    "combined": "rank under the strategy: 1 is the best clip, 0 the last",
    "confidence": "how sure the search believes the classifier to be; dots: its answers",
}
Stretches = Sequence[tuple[float, float]]


def timeline(clips: ClipSet, video: dict[str, Any], demo: dict[str, Any] | None) -> str:
    """The chart, with the data for its cursor; a sentence where no clip was scored."""
    if not clips.scored:
        return '<p class="soft">The saliency of the clips is not known.</p>'
    span = _span(clips.scored, video)
    # only generated videos have a known truth
    truth = [(float(start), float(end)) for start, end in demo["segments_s"]] if demo else []
    # the bands are drawn first, so that the curves are in front of them
    behind = f'<path class="truth" d="{curve.marks(truth, span)}"/>{_found(clips, span)}'
    lanes = "".join(_lane(name, clips, span, behind=behind) for name in clips.lanes)
    lines = '<div id="cursor" hidden></div><div id="playhead" hidden></div>'
    cursor = f'<div id="track" hidden>{lines}</div>'
    strips = _strips(clips, span, video=video, demo=demo, truth=truth)
    plot = f'<div class="plot">{strips}{lanes}{axis(span)}{cursor}</div>'
    return f"{plot}{_notes(clips)}{_readout(clips, span)}"


# numbers at the left edge of a lane
_Y_AXIS = (
    '<svg class="y" aria-hidden="true"><text x="100%" y="10%">1</text>'
    '<text x="100%" y="54%">0.5</text><text x="100%" y="98%">0</text></svg>'
)
_BOX = f'viewBox="0 0 {curve.WIDTH} {curve.HEIGHT}" preserveAspectRatio="none"'


def _selected(clips: ClipSet) -> list[tuple[float, float]]:
    return [(clip["start_s"], clip["end_s"]) for clip in clips.scored if clip["taken"]]


def _found(clips: ClipSet, span: curve.Span) -> str:
    """The bands of the segments, or of the selected clips."""
    if clips.segments:
        return segment_lane.behind(clips.segments, span)
    return f'<path class="taken" d="{curve.marks(_selected(clips), span)}"/>'


def _strips(
    clips: ClipSet,
    span: curve.Span,
    *,
    video: dict[str, Any],
    demo: dict[str, Any] | None,
    truth: Stretches,
) -> str:
    """What stands above the lanes: the truth, the segments, and the selected clips."""
    strips = ""
    if demo:
        words = f"where the video truly shows ‘{plain(demo['label'])}’"
        strips += _strip("truth", words, truth, span=span)
    if clips.segments is not None:
        strips += segment_lane.lane(clips.segments, span, y_axis=_Y_AXIS)
    selected = _selected(clips)
    words = f"{count(len(selected))} of {count(video['clips'])} clips selected"
    if clips.is_search:
        words += "; numbers: the order in which they were asked"
    return strips + _strip("taken", words, selected, span=span, below=order(clips, span))


def _span(clips: Sequence[Clip], video: dict[str, Any]) -> curve.Span:
    """The time from the start of the video, or of the first clip, to the end of both."""
    begin, first = video.get("start_s") or 0.0, min(clip["start_s"] for clip in clips)
    end, last = begin + (video.get("duration_s") or 0.0), max(clip["end_s"] for clip in clips)
    # a clip may lie outside of the duration that the container claims
    start = min(begin, first)
    # never of length 0
    return curve.Span(start, max(end, last, start + 0.001))


def _strip(
    kind: str, words: str, stretches: Stretches, *, span: curve.Span, below: str = ""
) -> str:
    path = f'<path class="{kind}" d="{curve.marks(stretches, span)}"/>'
    drawn = f'<svg class="strip" {_BOX} aria-hidden="true">{path}</svg>'
    caption = f'<div class="caption"><span class="key {kind}"></span>{text(words)}</div>'
    return f'<div class="lane">{caption}{drawn}{below}</div>'


def _lane(name: str, clips: ClipSet, span: curve.Span, *, behind: str) -> str:
    def value(clip: Clip) -> float | None:
        # the rank is of all modalities together
        return clips.combined(clip) if name == "combined" else clip.get(name)

    drawn = curve.columns(clips.scored, value, span)
    # where a column stands for several clips, the band is from their lowest to their highest value
    band = ""
    if len(clips.scored) > curve.WIDTH:
        band = f'<path class="band" d="{curve.band(drawn)}"/>'
    return (
        f'<div class="lane {name}"><div class="caption">{LINE_KEY}<b>{name}</b> '
        f'<span class="soft">{_MEANING[name]}</span>'
        f'<span class="value" data-lane="{name}"></span></div>'
        f'<svg {_BOX} role="img" aria-label="{text(_description(name, clips, value))}">'
        f'<g class="behind">{behind}</g>{curve.GRID}<path class="area" d="{curve.area(drawn)}"/>'
        f'{band}<path class="line" d="{curve.line(drawn)}"/></svg>'
        f"{answers(clips, span) if name == 'confidence' else ''}{_Y_AXIS}</div>"
    )


def _description(name: str, clips: ClipSet, value: curve.Value) -> str:
    """The lane in words, for screen readers."""
    scored = []
    for clip in clips.scored:
        found = value(clip)
        if found is not None:
            scored.append((found, clip["start_s"]))
    (lowest, _), (highest, at) = min(scored), max(scored)
    return (
        f"{name} over time: {lowest:.2f} to {highest:.2f}, highest at {clock(at)}; "
        f"{count(len(scored))} clips"
    )


def _notes(clips: ClipSet) -> str:
    words = []
    # packets are optional, so that their absence needs no note; a search needs no scores at all
    if not clips.is_search:
        missing = (name for name in ("visual", "audio") if name not in clips.modalities)
        words = [f"no {name} scores" for name in missing]
    if len(clips.scored) > curve.WIDTH:
        words.append(
            "a column of the chart stands for several clips: "
            "the band is from the lowest to the highest score, the line is the mean"
        )
    return f'<p class="soft small">{text("; ".join(words).capitalize())}.</p>' if words else ""


def _readout(clips: ClipSet, span: curve.Span) -> str:
    """The line under the chart, and its data: times as steps in ms, scores in thousandths."""
    # whole numbers: the difference of two is exact
    starts = [round(1000 * clip["start_s"]) for clip in clips.scored]
    # these clips have a label, too
    classified = {clip["clip"]: clip for clip in clips.selected}
    reasons = {}
    for position, clip in enumerate(clips.scored):
        if clip["taken"]:
            asked = classified.get(clip["clip"], {})
            numbers = confidence(asked) if clips.is_search else ""
            reasons[position] = [plain(clip["why"] or ""), plain(shows(asked)), numbers]
    data = {
        "from_s": span.start_s,
        "to_s": span.end_s,
        "clips": _steps([clip["clip"] for clip in clips.scored]),
        "starts": _steps(starts),
        "lengths": [
            round(1000 * clip["end_s"]) - start
            for clip, start in zip(clips.scored, starts, strict=True)
        ],
        # in a search, ranks mix the order of asking with what is believed
        "ranks": [] if clips.is_search else [clip["rank"] for clip in clips.scored],
        "scores": {
            name: [_thousandths(clip.get(name)) for clip in clips.scored]
            for name in clips.lanes
            if name != "combined"
        },
        "taken": reasons,
        "segments": [
            [
                *(round(1000 * segment["start_s"]), round(1000 * segment["end_s"])),
                f"{plain(segment['label'])} {percent(segment['probability'])}",
            ]
            for segment in clips.segments or ()
        ],
    }
    return (
        '<p id="readout" class="readout" role="status" aria-live="polite" hidden></p>'
        + data_block("data", data)
    )


def _steps(values: list[int]) -> list[int]:
    # differences are shorter to write than times
    return [after - before for before, after in pairwise([0, *values])]


def _thousandths(value: float | None) -> int | None:
    return None if value is None else round(1000 * value)
