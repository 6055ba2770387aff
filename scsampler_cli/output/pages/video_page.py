"""The page of one video: tags, the saliency of every clip over time, the best and the worst clips, and all that is behind them.

It shows everything without its script; the script adds a cursor to the chart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from scsampler_cli.output.pages import background, thumbnails
from scsampler_cli.output.pages.chart import timeline
from scsampler_cli.output.pages.clips import ClipSet, join
from scsampler_cli.output.pages.document import document
from scsampler_cli.output.pages.markup import bullets, link, text
from scsampler_cli.output.pages.wording import count, percent
from scsampler_cli.output.records import command_of

Record = dict[str, Any]


def video_page(
    record: Record,
    clips: Sequence[Record],
    pictures: Mapping[int, bytes],
    *,
    back: str | None = None,
) -> str:
    """One HTML file that needs nothing else.

    Args:
        record: of `classify` or `score`, or a failure.
        clips: all that were scored, in time order, as `ScoredClip.record` tells them; empty where that is not known.
        pictures: JPEG by the clip's index; a clip without one is shown in words.
        back: relative link, quoted as in a URL, to the index of a batch.
    """
    sections = (
        _failed(record)
        if record["status"] != "ok"
        else _done(record, join(record, clips), pictures)
    )
    body = "\n".join((_head(record, back), "<main>", *sections, "</main>"))
    return document(f"{PurePath(record['path']).name} – scsampler", body, "video_page.js")


def _head(record: Record, back: str | None) -> str:
    path = PurePath(record["path"])
    up = f'<a href="{link(back)}">All videos</a>' if back else ""
    return (
        f'<header><p class="soft top"><span>scsampler {text(command_of(record))}</span>{up}</p>'
        f'<h1><bdi>{text(path.name)}</bdi></h1><p class="soft path"><bdi>{text(record["path"])}</bdi></p></header>'
    )


def _failed(record: Record) -> Iterator[str]:
    error = record["error"]
    message = error["message"].removeprefix(f"{record['path']}: ")
    hint = f"<p>Hint: {text(error['hint'])}</p>" if error.get("hint") else ""
    yield f'<section class="failure"><h2>This video failed</h2><p><b>{text(message)}</b></p>{hint}'
    yield f'<p class="soft">{text(error["type"])}</p></section>'
    yield background.made_with(record) + background.ffmpeg(record)


def _done(record: Record, clips: ClipSet, pictures: Mapping[int, bytes]) -> Iterator[str]:
    yield _verdict(record, clips)
    tags = f"<section><h2>Tags</h2>{background.tags(record)}</section>" if "tags" in record else ""
    yield f'<div class="pair">{tags}<section><h2>Video</h2>{background.video_facts(record)}</section></div>'
    if record["notes"]:
        yield f'<section class="notes"><h2>Notes</h2>{bullets(record["notes"])}</section>'
    chart = timeline(clips, record["video"], record.get("demo"))
    yield f'<section id="timeline"><h2>{_of_which(record, clips)}</h2>{chart}</section>'
    yield _pictures("The best clips taken", clips.best(), clips, pictures=pictures)
    yield _pictures("The last in rank", clips.worst(), clips, pictures=pictures)
    yield f"<section><h2>Clips taken, best first</h2>{thumbnails.listing(clips)}</section>"
    yield f'<div class="pair"><section><h2>Time spent</h2>{background.timings(record)}</section></div>'
    yield background.made_with(record) + background.ffmpeg(record)


def _of_which(record: Record, clips: ClipSet) -> str:
    """A cascade, and a clip stride, look at some of the clips."""
    scored, of = len(clips.scored), record["video"]["clips"]
    return (
        "Saliency of every clip"
        if scored == of
        else f"Saliency of the {count(scored)} of {count(of)} clips looked at"
    )


def _verdict(record: Record, clips: ClipSet) -> str:
    """The answer in a line."""
    taken, of = count(len(clips.taken)), count(record["video"]["clips"])
    words = f"<b>{taken}</b> of {of} clips taken"
    if record.get("tags"):
        best = record["tags"][0]
        words = f"<b>{text(best['label'])}</b> {percent(best['probability'])} <span>from {taken} of {of} clips</span>"
    demo = record.get("demo")
    if demo:
        inside = f"{demo['clips_in_action']} of {len(clips.taken)} clips taken lie where ‘{demo['label']}’ is shown"
        words += f'<small class="soft">{text(inside)}</small>'
    return f'<p class="verdict">{words}</p>'


def _pictures(
    title: str, chosen: Sequence[Record], clips: ClipSet, *, pictures: Mapping[int, bytes]
) -> str:
    if not chosen:
        return ""
    return f"<section><h2>{title}</h2>{thumbnails.cards(chosen, clips, pictures)}</section>"
