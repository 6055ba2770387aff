"""Clips as pictures with what is known of them, and as a table; each leads to its place in the chart."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence

from scsampler_cli.output.pages.clips import Clip, ClipSet, scores, shows, time
from scsampler_cli.output.pages.markup import table, text
from scsampler_cli.output.pages.wording import clock, count, score

ROWS = 500
"""Of the table, so that a page stays a page where every clip is taken."""


def cards(chosen: Sequence[Clip], clips: ClipSet, pictures: Mapping[int, bytes]) -> str:
    """A grid of pictures; a clip without one has its words all the same."""
    return (
        '<ol class="cards">'
        + "".join(_card(clip, clips, pictures.get(clip["clip"])) for clip in chosen)
        + "</ol>"
    )


def _card(clip: Clip, clips: ClipSet, picture: bytes | None) -> str:
    seen = shows(clip)
    lines = (
        f"<b>{time(clip)}</b>",
        f'<span class="seen">{text(seen)}</span>' if seen else "",
        f'<span class="soft">{text(_why(clip, clips))}</span>',
        f'<span class="soft">{text(scores(clip, clips.modalities))}</span>',
    )
    return f"<li>{_to_chart(clip, _image(clip, picture) + ''.join(lines), 'card')}</li>"


def _why(clip: Clip, clips: ClipSet) -> str:
    rank = f"rank {count(clip['rank'])} of {count(len(clips.scored))}" if "rank" in clip else ""
    return ", ".join(filter(None, (clip.get("why"), rank)))


def _image(clip: Clip, picture: bytes | None) -> str:
    if picture is None:
        return '<span class="missing soft">no picture</span>'
    alt = f"clip at {clock(clip['start_s'])}"
    return f'<img src="data:image/jpeg;base64,{b64encode(picture).decode()}" alt="{alt}">'


def _to_chart(clip: Clip, inside: str, kind: str = "") -> str:
    return f'<a class="{kind}" href="#timeline" data-clip="{clip["clip"]}">{inside}</a>'


def listing(clips: ClipSet) -> str:
    """The table of the clips taken, best first."""
    ranked, seen = any("rank" in c for c in clips.taken), any("label" in c for c in clips.taken)
    headings = [
        "time",
        *clips.modalities,
        *(["rank"] if ranked else []),
        "why",
        *(["shows"] if seen else []),
    ]
    rows = [_row(clip, clips.modalities, ranked, seen=seen) for clip in clips.taken[:ROWS]]
    more = len(clips.taken) - len(rows)
    note = f'<p class="soft">{count(more)} more are in the record.</p>' if more else ""
    return table(headings, rows, "taken", name="clips taken") + note


def _row(clip: Clip, modalities: Sequence[str], ranked: bool, *, seen: bool) -> list[str]:
    cells = [_to_chart(clip, time(clip)), *(score(clip.get(name)) for name in modalities)]
    if ranked:
        cells.append(count(clip["rank"]) if "rank" in clip else "–")
    cells.append(text(clip["why"] or ""))
    return [*cells, text(shows(clip))] if seen else cells
