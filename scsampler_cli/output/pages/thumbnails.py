"""Clips as pictures with captions, and as a table; each links to its place in the chart."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence

from scsampler_cli.output.pages.clips import Clip, ClipSet, confidence, scores, shows, time
from scsampler_cli.output.pages.markup import table, text
from scsampler_cli.output.pages.wording import clock, count, score

Column = tuple[str, Callable[[Clip], str]]
"""Heading and cell of a table's column, as HTML."""
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
        f'<span class="soft">{text(_numbers(clip, clips))}</span>',
    )
    return f"<li>{_to_chart(clip, _image(clip, picture) + ''.join(lines), 'card')}</li>"


def _reason(clip: Clip, clips: ClipSet) -> str:
    """Why the clip was selected, and its rank."""
    rank = ""
    # the rank of an asked clip in a search is the order of asking, which the reason has
    if "rank" in clip and not clips.is_search:
        rank = f"rank {count(clip['rank'])} of {count(len(clips.scored))}"
    return ", ".join(filter(None, (clip.get("why"), rank)))


def _numbers(clip: Clip, clips: ClipSet) -> str:
    """Saliency, and in a search the confidence."""
    found = [confidence(clip)] if clips.is_search else []
    if clips.modalities:
        found.append(scores(clip, clips.modalities))
    return ", ".join(found)


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
    """The table of the selected clips, in the order of the record."""
    columns = _columns_of_search(clips) if clips.is_search else _columns(clips)
    rows = []
    for clip in clips.selected[:ROWS]:
        rows.append([cell(clip) for _, cell in columns])
    more = len(clips.selected) - len(rows)
    note = f'<p class="soft">{count(more)} more are in the record.</p>' if more else ""
    headings = [heading for heading, _ in columns]
    return table(headings, rows, "taken", name="selected clips") + note


def _columns(clips: ClipSet) -> list[Column]:
    """Columns of any other selection; those without any value are left out."""
    found: list[Column] = [("time", _time), *map(_saliency, clips.modalities)]
    if any("rank" in clip for clip in clips.selected):
        found.append(("rank", lambda clip: count(clip["rank"]) if "rank" in clip else "–"))
    found.append(("reason", lambda clip: text(clip["why"] or "")))
    if any("label" in clip for clip in clips.selected):
        found.append(("shows", _shows))
    return found


def _columns_of_search(clips: ClipSet) -> list[Column]:
    """Columns of a search: what was predicted of each clip, and what the answer was."""
    return [
        ("order", lambda clip: count(clip["order"])),
        ("time", _time),
        ("predicted", lambda clip: score(clip["predicted"])),
        ("observed", lambda clip: score(clip["observed"])),
        ("shows", _shows),
        *map(_saliency, clips.modalities),
        # the order is in a column of its own: "search #6" -> "search"
        ("reason", lambda clip: text(str(clip["why"]).partition(" #")[0])),
    ]


def _time(clip: Clip) -> str:
    return _to_chart(clip, time(clip))


def _shows(clip: Clip) -> str:
    return text(shows(clip))


def _saliency(name: str) -> Column:
    return name, lambda clip: score(clip.get(name))
