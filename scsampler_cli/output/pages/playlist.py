"""The list beside the player: a row for each segment, or for selected clips that touch."""

from __future__ import annotations

from collections.abc import Mapping

from scsampler_cli.output.pages.clips import Clip, ClipSet, middle_ms, time
from scsampler_cli.output.pages.markup import embedded, text
from scsampler_cli.output.pages.player import at
from scsampler_cli.output.pages.segment_lane import colours
from scsampler_cli.output.pages.wording import clock, count, percent
from scsampler_cli.output.stretches import Stretch
from scsampler_cli.text import counted

ROWS = 200
"""Most rows: Dense selects every clip, of which a long video has many."""


def playlist(clips: ClipSet, pictures: Mapping[int, bytes], source: str | None) -> str:
    """The stretches in time order, each a link that plays it.

    Args:
        clips: of the video.
        pictures: JPEG by number of the clip.
        source: relative link to the video; None without one.
    """
    shades = colours([s.label for s in clips.stretches]) if clips.segments else {}
    # a row of background shows none of the classes
    shades |= {} if clips.background is None else {clips.background: "none"}
    rows = [
        _row(stretch, clips, pictures, source=source, shade=shades.get(stretch.label or "", ""))
        for stretch in clips.stretches[:ROWS]
    ]
    if not rows:
        return '<p class="soft">There are none.</p>'
    more = len(clips.stretches) - len(rows)
    note = f'<p class="soft small">{count(more)} more are in the record.</p>' if more else ""
    return f'<ol class="playlist">{"".join(rows)}</ol>{note}'


def image(picture: bytes | None, clip: Clip) -> str:
    """The picture of a clip inside of the page; without one, words for it."""
    if picture is None:
        return '<span class="missing soft">no picture</span>'
    # for screen readers
    alt = f"clip at {clock(clip['start_s'])}"
    # the script shows it in place of the video where that cannot be played
    return f'<img src="{embedded(picture)}" alt="{alt}" data-at="{middle_ms(clip)}">'


def _row(
    stretch: Stretch,
    clips: ClipSet,
    pictures: Mapping[int, bytes],
    *,
    source: str | None,
    shade: str,
) -> str:
    start, end = float(stretch.start), float(stretch.end)
    clip = clips.of(stretch)
    # a record without scored clips may not have the clips of a segment
    number, picture = -1, image(None, {})
    if clip is not None:
        number = int(clip["clip"])
        picture = image(pictures.get(number), clip)
    times = time(start, end)
    # of a segment, the clips that it rests on say nothing to a reader
    if not clips.segments and len(stretch.clips) > 1:
        times += f", {counted(len(stretch.clips), 'clip')}"
    words = f'<span class="seen">{_shows(stretch, clips)}</span>'
    return (
        f'<li><a class="item {shade}" href="{at(source, start)}" data-clip="{number}" '
        f'data-from="{round(1000 * start)}" data-to="{round(1000 * end)}">'
        f'{picture}<span class="words">{words}<span class="soft">{times}</span></span></a></li>'
    )


def _shows(stretch: Stretch, clips: ClipSet) -> str:
    if stretch.label is not None:
        return f"<bdi>{text(stretch.label)}</bdi> {percent(stretch.probability)}"
    # a record of `score` has no labels, and a reason in their place
    is_classified = any("label" in clip for clip in clips.selected)
    return text("could not be decoded" if is_classified else stretch.text)
