"""Clips as pictures with captions, and as a table; each links to its place in the chart."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence

from scsampler_cli.output.pages.clips import Clip, ClipSet, scores, shows, time
from scsampler_cli.output.pages.markup import table, text
from scsampler_cli.output.pages.wording import clock, count, score

ROWS = 500
"""Most rows of the table: Dense selects every clip, of which a long video has many."""


def cards(shown: Sequence[Clip], clips: ClipSet, pictures: Mapping[int, bytes]) -> str:
    """A grid of pictures with captions; a clip without a picture has its caption alone."""
    entries = [_card(clip, clips, pictures.get(clip["clip"])) for clip in shown]
    return f'<ol class="cards">{"".join(entries)}</ol>'


def _card(clip: Clip, clips: ClipSet, picture: bytes | None) -> str:
    # empty for a clip that was not classified
    label = shows(clip)
    lines = (
        f"<b>{time(clip)}</b>",
        f'<span class="seen">{text(label)}</span>' if label else "",
        f'<span class="soft">{text(_reason(clip, clips))}</span>',
        f'<span class="soft">{text(scores(clip, clips.modalities))}</span>',
    )
    return f"<li>{_to_chart(clip, _image(clip, picture) + ''.join(lines), 'card')}</li>"


def _reason(clip: Clip, clips: ClipSet) -> str:
    """Why the clip was selected, and its rank."""
    rank = f"rank {count(clip['rank'])} of {count(len(clips.scored))}" if "rank" in clip else ""
    return ", ".join(filter(None, (clip.get("why"), rank)))


def _image(clip: Clip, picture: bytes | None) -> str:
    if picture is None:
        return '<span class="missing soft">no picture</span>'
    # for screen readers
    alt = f"clip at {clock(clip['start_s'])}"
    return f'<img src="data:image/jpeg;base64,{b64encode(picture).decode()}" alt="{alt}">'


def _to_chart(clip: Clip, inside: str, kind: str = "") -> str:
    # the script moves the cursor to the clip; without it, the link leads to the chart
    return f'<a class="{kind}" href="#timeline" data-clip="{clip["clip"]}">{inside}</a>'


def listing(clips: ClipSet) -> str:
    """The table of the selected clips, best first."""
    has_ranks = any("rank" in clip for clip in clips.selected)
    has_labels = any("label" in clip for clip in clips.selected)
    # columns without any value are left out
    headings = ["time", *clips.modalities]
    if has_ranks:
        headings.append("rank")
    headings.append("reason")
    if has_labels:
        headings.append("shows")

    rows = []
    for clip in clips.selected[:ROWS]:
        rows.append(_row(clip, clips.modalities, has_ranks, has_labels=has_labels))
    more = len(clips.selected) - len(rows)
    note = f'<p class="soft">{count(more)} more are in the record.</p>' if more else ""
    return table(headings, rows, "taken", name="selected clips") + note


def _row(clip: Clip, modalities: Sequence[str], has_ranks: bool, *, has_labels: bool) -> list[str]:
    cells = [_to_chart(clip, time(clip)), *(score(clip.get(name)) for name in modalities)]
    if has_ranks:
        cells.append(count(clip["rank"]) if "rank" in clip else "–")
    cells.append(text(clip["why"] or ""))
    if has_labels:
        cells.append(text(shows(clip)))
    return cells
