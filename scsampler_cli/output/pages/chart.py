"""The timeline of a video: a lane for each saliency, over one another, and the clips taken as bands through all of them.

Lanes are told apart by place, name and pattern of the line, not by colour alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from scsampler_cli.output.pages import curve
from scsampler_cli.output.pages.axis import axis
from scsampler_cli.output.pages.clips import Clip, ClipSet, shows
from scsampler_cli.output.pages.markup import LINE_KEY, data_block, plain, text
from scsampler_cli.output.pages.wording import clock, count

_MEANING = {
    "visual": "saliency of the picture, 0 to 1",
    "audio": "saliency of the sound, 0 to 1",
    "packets": "saliency of the packets' sizes, 0 to 1",
    "combined": "rank under the strategy: 1 is the best clip, 0 the last",
}
Stretches = Sequence[tuple[float, float]]


def timeline(clips: ClipSet, video: dict[str, Any], demo: dict[str, Any] | None) -> str:
    """The chart, and what its cursor reads; a sentence where no clip was scored."""
    if not clips.scored:
        return '<p class="soft">The saliency of the clips is not known.</p>'
    span = _span(clips.scored, video)
    taken = [(clip["start_s"], clip["end_s"]) for clip in clips.scored if clip["taken"]]
    truth = [(float(start), float(end)) for start, end in demo["segments_s"]] if demo else []
    behind = f'<path class="truth" d="{curve.marks(truth, span)}"/><path class="taken" d="{curve.marks(taken, span)}"/>'
    lanes = "".join(
        _lane(name, clips, span, behind=behind) for name in (*clips.modalities, "combined")
    )
    strip = _strip(
        "taken", f"{count(len(taken))} of {count(video['clips'])} clips taken", taken, span=span
    )
    if demo:
        strip = (
            _strip(
                "truth", f"where the video truly shows ‘{plain(demo['label'])}’", truth, span=span
            )
            + strip
        )
    return (
        f'<div class="plot">{strip}{lanes}{axis(span)}<div id="track" hidden><div id="cursor" hidden></div></div></div>'
        f"{_notes(clips)}{_readout(clips, span)}"
    )


_BOX = f'viewBox="0 0 {curve.WIDTH} {curve.HEIGHT}" preserveAspectRatio="none"'


def _span(clips: Sequence[Clip], video: dict[str, Any]) -> curve.Span:
    """All of the video and of the clips."""
    begin, first = video.get("start_s") or 0.0, min(clip["start_s"] for clip in clips)
    end, last = begin + (video.get("duration_s") or 0.0), max(clip["end_s"] for clip in clips)
    start = min(begin, first)
    return curve.Span(start, max(end, last, start + 0.001))


def _strip(kind: str, words: str, stretches: Stretches, *, span: curve.Span) -> str:
    drawn = f'<svg class="strip" {_BOX} aria-hidden="true"><path class="{kind}" d="{curve.marks(stretches, span)}"/></svg>'
    return f'<div class="lane"><div class="caption"><span class="key {kind}"></span>{text(words)}</div>{drawn}</div>'


def _lane(name: str, clips: ClipSet, span: curve.Span, *, behind: str) -> str:
    def value(clip: Clip) -> float | None:
        return clips.combined(clip) if name == "combined" else clip.get(name)

    drawn = curve.columns(clips.scored, value, span)
    band = (
        f'<path class="band" d="{curve.band(drawn)}"/>' if len(clips.scored) > curve.WIDTH else ""
    )
    return (
        f'<div class="lane {name}"><div class="caption">{LINE_KEY}<b>{name}</b> <span class="soft">{_MEANING[name]}</span>'
        f'<span class="value" data-lane="{name}"></span></div>'
        f'<svg {_BOX} role="img" aria-label="{text(_told(name, clips, value))}">'
        f'<g class="behind">{behind}</g><path class="grid" d="M0 4H{curve.WIDTH}M0 50H{curve.WIDTH}M0 96H{curve.WIDTH}"/>'
        f'<path class="area" d="{curve.area(drawn)}"/>{band}<path class="line" d="{curve.line(drawn)}"/></svg></div>'
    )


def _told(name: str, clips: ClipSet, value: curve.Value) -> str:
    """The lane for those who do not see it."""
    known = [(v, clip["start_s"]) for clip in clips.scored if (v := value(clip)) is not None]
    least, (most, at) = min(known)[0], max(known)
    return f"{name} over time: {least:.2f} to {most:.2f}, greatest at {clock(at)}; {count(len(known))} clips"


def _notes(clips: ClipSet) -> str:
    words = [f"no {name} scores" for name in ("visual", "audio") if name not in clips.modalities]
    if len(clips.scored) > curve.WIDTH:
        words.append(
            "a column of the chart stands for several clips: the band goes from the least to the greatest, the line is their mean"
        )
    return f'<p class="soft small">{text("; ".join(words).capitalize())}.</p>' if words else ""


def _readout(clips: ClipSet, span: curve.Span) -> str:
    """The line under the chart, and its numbers, packed: times in ms as steps, scores in thousandths."""
    starts = [round(1000 * clip["start_s"]) for clip in clips.scored]
    known = {clip["clip"]: clip for clip in clips.taken}
    data = {
        "from_s": span.start_s,
        "to_s": span.end_s,
        "clips": _steps([clip["clip"] for clip in clips.scored]),
        "starts": _steps(starts),
        "lengths": [
            round(1000 * clip["end_s"]) - start
            for clip, start in zip(clips.scored, starts, strict=True)
        ],
        "ranks": [clip["rank"] for clip in clips.scored],
        "scores": {
            name: [_thousandths(clip.get(name)) for clip in clips.scored]
            for name in clips.modalities
        },
        "taken": {
            at: [plain(clip["why"] or ""), plain(shows(known.get(clip["clip"], {})))]
            for at, clip in enumerate(clips.scored)
            if clip["taken"]
        },
    }
    return (
        '<p id="readout" class="readout" role="status" aria-live="polite" hidden></p>'
        + data_block("data", data)
    )


def _steps(values: list[int]) -> list[int]:
    return [after - before for before, after in pairwise([0, *values])]


def _thousandths(value: float | None) -> int | None:
    return None if value is None else round(1000 * value)
