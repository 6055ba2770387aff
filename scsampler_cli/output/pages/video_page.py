"""The page of one video: tags, saliency over time, best and worst clips, settings and timings.

The page is complete without its script, which adds a cursor to the chart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from scsampler_cli.output.clip_order import asking, order_of, selection_of
from scsampler_cli.output.pages import background, thumbnails
from scsampler_cli.output.pages.chart import timeline
from scsampler_cli.output.pages.clips import ClipSet, join
from scsampler_cli.output.pages.document import document
from scsampler_cli.output.pages.markup import bullets, link, text
from scsampler_cli.output.pages.wording import count, percent
from scsampler_cli.output.records import command_of

Record = dict[str, Any]
_SEARCH = (
    "predicted: the confidence that was believed before the answer; observed: that of the answer"
)


def video_page(
    record: Record,
    clips: Sequence[Record],
    pictures: Mapping[int, bytes],
    *,
    back: str | None = None,
) -> str:
    """The page as one HTML file.

    Args:
        record: of `classify` or `score`, or a failure.
        clips: all scored clips, in time order, as of `ScoredClip.record`; empty where unknown.
        pictures: JPEG by index of the clip; a clip without one has a caption alone.
        back: relative link to the index of a batch, quoted as in a URL.
    """
    if record["status"] == "ok":
        sections = _result(record, join(record, clips), pictures)
    else:
        sections = _failure(record)
    # one line per section, so that the source can be read
    body = "\n".join((_head(record, back), "<main>", *sections, "</main>"))
    return document(f"{PurePath(record['path']).name} – scsampler", body, "video_page.js")


def _head(record: Record, back: str | None) -> str:
    path = PurePath(record["path"])
    # a single page has no index
    up = f'<a href="{link(back)}">All videos</a>' if back else ""
    # bdi: a right-to-left name must not change the order of the text around it
    return (
        f'<header><p class="soft top"><span>scsampler {text(command_of(record))}</span>{up}</p>'
        f"<h1><bdi>{text(path.name)}</bdi></h1>"
        f'<p class="soft path"><bdi>{text(record["path"])}</bdi></p></header>'
    )


def _failure(record: Record) -> Iterator[str]:
    error = record["error"]
    # the path is in the heading already
    message = error["message"].removeprefix(f"{record['path']}: ")
    hint = f"<p>Hint: {text(error['hint'])}</p>" if error.get("hint") else ""
    yield f'<section class="failure"><h2>This video failed</h2><p><b>{text(message)}</b></p>{hint}'
    yield f'<p class="soft">{text(error["type"])}</p></section>'
    yield background.made_with(record) + background.ffmpeg(record)


def _result(record: Record, clips: ClipSet, pictures: Mapping[int, bytes]) -> Iterator[str]:
    yield _verdict(record, clips)
    tags = ""
    if "tags" in record:
        tags = f"<section><h2>Tags</h2>{background.tags(record)}</section>"
    facts = f"<section><h2>Video</h2>{background.video_facts(record)}</section>"
    yield f'<div class="pair">{tags}{facts}</div>'
    if record["notes"]:
        yield f'<section class="notes"><h2>Notes</h2>{bullets(record["notes"])}</section>'
    # the truth is known for generated videos alone
    chart = timeline(clips, record["video"], record.get("demo"))
    yield f'<section id="timeline"><h2>{_chart_title(record, clips)}</h2>{chart}</section>'
    best, worst = "The best selected clips", "The clips with the lowest ranks"
    if clips.is_search:
        best, worst = "The most confident answers", "Clips with the lowest confidence, not asked"
    yield _pictures(best, clips.best(), clips, pictures=pictures)
    yield _pictures(worst, clips.worst(), clips, pictures=pictures)
    yield _selected(record, clips)
    timings = f"<section><h2>Time spent</h2>{background.timings(record)}</section>"
    yield f'<div class="pair">{timings}</div>'
    yield background.made_with(record) + background.ffmpeg(record)


def _selected(record: Record, clips: ClipSet) -> str:
    """The table of the selected clips, with how a search, or an early end, came to them."""
    lines = []
    if clips.is_search:
        title = "Selected clips, in the order in which they were asked"
        lines += [_rule(clips), _SEARCH]
        if "background" in record:
            lines.append("a background class does not count for the confidence")
    else:
        title = f"Selected clips, {order_of({**record, 'clips': clips.selected})}"
    lines += [line for line in (selection_of(record).get("why"), asking(record)) if line]
    said = "".join(f"<p>{text(_sentence(line))}</p>" for line in lines)
    return f"<section><h2>{title}</h2>{said}{thumbnails.listing(clips)}</section>"


def _rule(clips: ClipSet) -> str:
    """How a search chose its clips."""
    later = "the one with the highest upper confidence bound after the answers before it"
    spaced = sum(str(clip["why"]).startswith("evenly spaced") for clip in clips.selected)
    if not spaced:
        # a sampler's scores lead to the first clip
        return f"each clip is {later}; its visual score counts, too"
    if spaced == 1:
        return f"the first clip is in the middle; each later clip is {later}"
    return f"the first {count(spaced)} clips are evenly spaced; each later clip is {later}"


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:].rstrip('.')}."


def _chart_title(record: Record, clips: ClipSet) -> str:
    scored, total = len(clips.scored), record["video"]["clips"]
    if clips.is_search:
        return "Confidence in every clip"
    if scored == total:
        return "Saliency of every clip"
    # with a cascade or a clip stride
    return f"Saliency of the {count(scored)} of {count(total)} clips that were scored"


def _verdict(record: Record, clips: ClipSet) -> str:
    """The result in one line."""
    selected, total = count(len(clips.selected)), count(record["video"]["clips"])
    words = f"<b>{selected}</b> of {total} clips selected"
    if record.get("tags"):
        # tags are sorted, best first
        best = record["tags"][0]
        words = (
            f"<b>{text(best['label'])}</b> {percent(best['probability'])} "
            f"<span>from {selected} of {total} clips</span>"
        )
    demo = record.get("demo")
    if demo:
        hits = (
            f"{demo['clips_in_action']} of {len(clips.selected)} selected clips "
            f"lie where ‘{demo['label']}’ is shown"
        )
        words += f'<small class="soft">{text(hits)}</small>'
    return f'<p class="verdict">{words}</p>'


def _pictures(
    title: str, shown: Sequence[Record], clips: ClipSet, *, pictures: Mapping[int, bytes]
) -> str:
    if not shown:
        return ""
    return f"<section><h2>{title}</h2>{thumbnails.cards(shown, clips, pictures)}</section>"
