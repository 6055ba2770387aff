"""The page of a search for a sentence: a card for each found clip, and one player for all.

The player plays the videos from where they are; nothing of them is in the page. Without its script
the page has no player, and a card opens its video at the found clip.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import PurePath

from scsampler_cli.output.found_table import summary
from scsampler_cli.output.pages import background
from scsampler_cli.output.pages.clips import time
from scsampler_cli.output.pages.document import document
from scsampler_cli.output.pages.markup import bullets, embedded, link, text
from scsampler_cli.output.pages.wording import clock, count, percent, score
from scsampler_cli.output.records import Record

CARDS = 500
"""Most cards: a result has up to ten thousand found clips."""
_PLAYER = (
    '<figure id="player" hidden><video id="video" controls playsinline preload="none" '
    'aria-label="found clip"></video><figcaption class="soft small"><span id="playing" '
    'role="status">A click on a picture plays its clip. A second click plays on after the end of '
    'the clip.</span> <span id="cannot" role="status"></span> <a id="open" hidden>Open the file'
    "</a></figcaption></figure>"
)


def found_page(
    record: Record,
    pictures: Mapping[int, bytes],
    sources: Mapping[str, str | None],
    *,
    firsts: Mapping[str, float] | None = None,
) -> str:
    """The page as one HTML file.

    Args:
        record: of `FindResult.record`.
        pictures: JPEG by rank; a found clip without one has a caption alone.
        sources: path of a video, as in the record -> relative link to it, quoted as in a URL. A
            video without one, or with None, is not played.
        firsts: path -> seconds of the first frame on the clock of the file. A browser may count
            from 0 what begins later; with this time the page finds out. Without it the file is
            taken to begin at 0.
    """
    shown = record["clips"][:CARDS]
    names = _names(shown)
    cards = "".join(
        _card(
            clip,
            names[clip["path"]],
            pictures.get(clip["rank"]),
            source=sources.get(clip["path"]),
            first=(firsts or {}).get(clip["path"], 0.0),
        )
        for clip in shown
    )
    away = sum(sources.get(clip["path"]) is None for clip in shown)
    player = _PLAYER if away < len(shown) else ""
    remarks = _remarks(away, len(record["clips"]) - len(shown))
    grid = f'<ol class="cards">{cards}</ol>' if shown else '<p class="soft">No clip was found.</p>'
    sections = (player, grid, *remarks, *_background(record))
    body = "\n".join((_head(record), '<main class="found">', *sections, "</main>"))
    return document(f"{record['sentence']} – scsampler", body, "found_page.js")


def _head(record: Record) -> str:
    # bdi: a right-to-left sentence must not change the order of the text around it
    return (
        '<header><p class="soft top"><span>scsampler find</span></p>'
        f"<h1><bdi>{text(record['sentence'])}</bdi></h1>"
        f'<p class="verdict small"><span>{text(summary(record))}</span></p></header>'
    )


def _remarks(away: int, more: int) -> Iterator[str]:
    """What the grid lacks."""
    if away:
        yield f'<p class="soft">{count(away)} of them cannot be played from this page.</p>'
    if more:
        yield f'<p class="soft">{count(more)} more are in the record.</p>'


def _names(clips: list[Record]) -> dict[str, str]:
    """Path -> name of the video; the whole path where two folders have a video of this name."""
    paths = {clip["path"] for clip in clips}
    number = Counter(PurePath(path).name for path in paths)
    names = {}
    for path in paths:
        name = PurePath(path).name
        names[path] = name if number[name] == 1 else path
    return names


def _card(
    clip: Record, name: str, picture: bytes | None, *, source: str | None, first: float
) -> str:
    inside = (
        f"{_image(clip, picture)}<b>{time(clip['start_s'], clip['end_s'])}</b>"
        f'<span class="seen"><bdi>{text(name)}</bdi></span><span class="soft">{_fits(clip)}</span>'
    )
    if source is None:
        return f'<li><div class="card">{inside}</div></li>'
    start, end = clip["start_s"], clip["end_s"]
    # without the script, browsers understand the times in the link (W3C Media Fragments)
    return (
        f'<li><a class="card" href="{link(source)}#t={_fragment(start)},{_fragment(end)}" '
        f'data-from="{round(1000 * start)}" data-to="{round(1000 * end)}" '
        f'data-first="{round(1000 * first)}">{inside}</a></li>'
    )


def _image(clip: Record, picture: bytes | None) -> str:
    if picture is None:
        return '<span class="missing soft">no picture</span>'
    # a model of whole clips compares no single picture
    at = clip["start_s"] if clip["picture_s"] is None else clip["picture_s"]
    return f'<img src="{embedded(picture)}" alt="picture at {clock(at)}">'


def _fits(clip: Record) -> str:
    """The rank, and how well the sentence fits."""
    fits = f"similarity {score(clip['similarity'])}"
    if clip["probability"] is not None:
        fits = f"probability {percent(clip['probability'])}"
    return f"rank {count(clip['rank'])}, {fits}"


def _fragment(seconds: float) -> str:
    """A time in a link, which cannot be negative."""
    return f"{max(seconds, 0.0):.3f}".rstrip("0").rstrip(".")


def _background(record: Record) -> Iterator[str]:
    if record["notes"]:
        yield f'<section class="notes"><h2>Notes</h2>{bullets(record["notes"])}</section>'
    yield '<section class="folded"><h2>Details</h2>'
    failures = []
    for failure in record["failures"]:
        # most messages begin with the path
        message = failure["error"]["message"].removeprefix(f"{failure['path']}: ")
        failures.append(f"{failure['path']}: {message}")
    if failures:
        yield background.folded(f"Videos that failed ({len(failures)})", bullets(failures))
    yield background.timings(record) + background.made_with(record) + "</section>"
