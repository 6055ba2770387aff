"""Clips as pictures with captions, and as a table; each links to its second of the video."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from scsampler_cli.output.pages.clips import Clip, ClipSet, confidence, scores, shows, time
from scsampler_cli.output.pages.markup import table, text
from scsampler_cli.output.pages.player import at
from scsampler_cli.output.pages.playlist import image
from scsampler_cli.output.pages.wording import count, score

Column = tuple[str, Callable[[Clip], str]]
"""Heading and cell of a table's column, as HTML."""
ROWS = 500
"""Most rows of the table: Dense selects every clip, of which a long video has many."""


def cards(
    shown: Sequence[Clip], clips: ClipSet, pictures: Mapping[int, bytes], *, source: str | None
) -> str:
    """A grid of pictures with captions; a clip without a picture has its caption alone.

    Args:
        shown: the clips of the grid.
        clips: all clips of the video.
        pictures: JPEG by number of the clip.
        source: relative link to the video; None without one.
    """
    entries = [_card(clip, clips, pictures.get(clip["clip"]), source=source) for clip in shown]
    return f'<ol class="cards">{"".join(entries)}</ol>'


def _card(clip: Clip, clips: ClipSet, picture: bytes | None, *, source: str | None) -> str:
    # empty for a clip that was not classified
    label = shows(clip)
    lines = (
        f"<b>{time(clip['start_s'], clip['end_s'])}</b>",
        f'<span class="seen">{text(label)}</span>' if label else "",
        f'<span class="soft">{text(_rank(clip, clips))}</span>',
        f'<span class="soft">{text(_numbers(clip, clips))}</span>',
    )
    inside = image(picture, clip) + "".join(lines)
    return f"<li>{_to_second(clip, inside, source, kind='card')}</li>"


def _rank(clip: Clip, clips: ClipSet) -> str:
    # the rank of an asked clip in a search is the order of asking
    if "rank" not in clip or clips.is_search:
        return ""
    return f"rank {count(clip['rank'])} of {count(len(clips.scored))}"


def _numbers(clip: Clip, clips: ClipSet) -> str:
    """Saliency, and in a search the confidence."""
    found = [confidence(clip)] if clips.is_search else []
    if clips.modalities:
        found.append(scores(clip, clips.modalities))
    return ", ".join(found)


def _to_second(clip: Clip, inside: str, source: str | None, *, kind: str = "") -> str:
    # the script plays the video on this page; without it, the link opens the video
    return (
        f'<a class="{kind}" href="{at(source, clip["start_s"])}" data-clip="{clip["clip"]}" '
        f'data-from="{round(1000 * clip["start_s"])}">{inside}</a>'
    )


def listing(clips: ClipSet, source: str | None) -> str:
    """The table of the selected clips, in the order of the record."""

    def when(clip: Clip) -> str:
        return _to_second(clip, time(clip["start_s"], clip["end_s"]), source)

    columns = _columns_of_search(clips, when) if clips.is_search else _columns(clips, when)
    rows = []
    for clip in clips.selected[:ROWS]:
        rows.append([cell(clip) for _, cell in columns])
    more = len(clips.selected) - len(rows)
    note = f'<p class="soft">{count(more)} more are in the record.</p>' if more else ""
    headings = [heading for heading, _ in columns]
    return table(headings, rows, "taken", name="selected clips") + note


def _columns(clips: ClipSet, when: Callable[[Clip], str]) -> list[Column]:
    """Columns of any other selection; those without any value are left out."""
    found: list[Column] = [("time", when), *map(_saliency, clips.modalities)]
    if any("rank" in clip for clip in clips.selected):
        found.append(("rank", lambda clip: count(clip["rank"]) if "rank" in clip else "–"))
    found.append(("reason", lambda clip: text(clip["why"] or "")))
    if any("label" in clip for clip in clips.selected):
        found.append(("shows", _shows))
    return found


def _columns_of_search(clips: ClipSet, when: Callable[[Clip], str]) -> list[Column]:
    """Columns of a search: what was predicted of each clip, and what the answer was."""
    return [
        ("order", lambda clip: count(clip["order"])),
        ("time", when),
        ("predicted", lambda clip: score(clip["predicted"])),
        ("observed", lambda clip: score(clip["observed"])),
        ("shows", _shows),
        *map(_saliency, clips.modalities),
        # the order is in a column of its own: "search #6" -> "search"
        ("reason", lambda clip: text(str(clip["why"]).partition(" #")[0])),
    ]


def _shows(clip: Clip) -> str:
    return text(shows(clip))


def _saliency(name: str) -> Column:
    return name, lambda clip: score(clip.get(name))
