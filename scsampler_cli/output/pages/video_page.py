"""The page of one video: its tags, a player with its segments or clips, a chart, and details.

Without its script, the page lacks the cursor of the chart, and a link to a second of the video
opens the video alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from scsampler_cli.output.clip_order import asking, order_of, selection_of
from scsampler_cli.output.pages import background, thumbnails
from scsampler_cli.output.pages.chart import timeline
from scsampler_cli.output.pages.clips import ClipSet, join, middle_ms
from scsampler_cli.output.pages.document import document
from scsampler_cli.output.pages.markup import bullets, link, text
from scsampler_cli.output.pages.player import obstacle, player
from scsampler_cli.output.pages.playlist import playlist
from scsampler_cli.output.pages.wording import clock, count, doubt, percent
from scsampler_cli.output.records import command_of
from scsampler_cli.text import counted

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
    source: str | None = None,
) -> str:
    """The page as one HTML file, which plays the video from where it is.

    Args:
        record: of `classify` or `score`, or a failure.
        clips: all scored clips, in time order, as of `ScoredClip.record`; empty where unknown.
        pictures: JPEG by index of the clip; a clip without one has a caption alone.
        back: relative link to the index of a batch, quoted as in a URL.
        source: relative link to the video, quoted as in a URL; None where there is nothing to play.
    """
    main = "<main>"
    if record["status"] == "ok":
        sections = _result(record, join(record, clips), pictures, source=source)
        main = '<main class="unsure">' if doubt(record) else main
    else:
        sections = _failure(record)
    # one line per section, so that the source can be read
    body = "\n".join((_head(record, back), main, *sections, "</main>"))
    return document(f"{PurePath(record['path']).name} – scsampler", body, "video_page.js")


def pictured_clips(record: Record, clips: Sequence[Record]) -> list[int]:
    """The clips whose pictures the page shows, the best clip first.

    Args:
        record: of `classify` or `score`.
        clips: all scored clips, as for `video_page`.
    """
    joined = join(record, clips)
    shown = [*joined.pictured(), *joined.worst()]
    # a click on the chart shows the nearest picture
    if obstacle(record["path"], record["video"]["codec"]):
        shown += joined.spread()
    return list(dict.fromkeys(int(clip["clip"]) for clip in shown))


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


def _result(
    record: Record, clips: ClipSet, pictures: Mapping[int, bytes], *, source: str | None
) -> Iterator[str]:
    yield _verdict(record, clips)
    yield _watch(record, clips, pictures, source=source)
    # the truth is known for generated videos alone
    chart = timeline(clips, record["video"], record.get("demo"))
    yield f'<section id="chart"><h2>{_chart_title(record, clips)}</h2>{chart}</section></div>'
    if record["notes"]:
        yield f'<section class="notes"><h2>Notes</h2>{bullets(record["notes"])}</section>'
    yield '<section class="folded"><h2>Details</h2>'
    yield _selected(record, clips, source)
    worst = "Clips with the lowest ranks"
    if clips.is_search:
        worst = "Clips with the lowest confidence, not asked"
    yield _pictures(worst, clips.worst(), clips, pictures=pictures, source=source)
    if source is not None and obstacle(record["path"], record["video"]["codec"]):
        spread = "Pictures over time"
        yield _pictures(spread, clips.spread(), clips, pictures=pictures, source=source)
    yield background.video_facts(record) + background.timings(record)
    yield background.made_with(record) + background.ffmpeg(record) + "</section>"


def _watch(
    record: Record, clips: ClipSet, pictures: Mapping[int, bytes], *, source: str | None
) -> str:
    """The player; beside it the tags and the list of the stretches."""
    first = clips.first()
    poster = None if first is None else pictures.get(first["clip"])
    screen = ""
    if source is not None:
        screen = player(record, source, poster, at_ms=middle_ms(first) if first else 0)
    tags = ""
    if "tags" in record:
        tags = f"<section><h2>Tags</h2>{background.tags(record)}</section>"
    rows = f"<h2>Selected clips</h2>{playlist(clips, pictures, source)}"
    if clips.segments:
        rows = f"<h2>Segments</h2>{playlist(clips, pictures, source)}"
    elif clips.segments is not None:
        rows = f'<h2>Segments</h2><p class="soft">No segments were found.</p>{rows}'
    # closed after the chart: on a phone the player stays in view down to there
    return (
        f'<div id="timeline"><div class="watch"><div class="side">{screen}{tags}</div>'
        f'<section class="list">{rows}</section></div>'
    )


def _selected(record: Record, clips: ClipSet, source: str | None) -> str:
    """The table of the selected clips, with how a search, or an early end, came to them."""
    lines = []
    if clips.is_search:
        title = "Scores of the selected clips, in the order in which they were asked"
        lines += [_rule(clips), _SEARCH]
        if "background" in record:
            lines.append("a background class does not count for the confidence")
    else:
        order = order_of({**record, "clips": clips.selected})
        title = f"Scores of the selected clips, {order}"
    lines += [line for line in (selection_of(record).get("why"), asking(record)) if line]
    said = "".join(f"<p>{text(_sentence(line))}</p>" for line in lines)
    return background.folded(title, said + thumbnails.listing(clips, source))


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
    if clips.segments is not None:
        return "Timeline"
    if clips.is_search:
        return "Confidence in every clip"
    if scored == total:
        return "Saliency of every clip"
    # with a cascade or a clip stride
    return f"Saliency of the {count(scored)} of {count(total)} clips that were scored"


def _verdict(record: Record, clips: ClipSet) -> str:
    """The result in one line."""
    selected, total = count(len(clips.selected)), count(record["video"]["clips"])
    words, reason = f"<b>{selected}</b> of {total} clips selected", doubt(record)
    if record.get("tags"):
        # tags are sorted, best first
        best = record["tags"][0]
        words = (
            f"<b>{text(best['label'])}</b> {percent(best['probability'])} "
            f"<span>from {selected} of {total} clips</span>"
        )
    if reason:
        words = f'<b class="doubt">unsure</b> <span>{text(reason)}</span>'
    if clips.segments is not None:
        words += f"<span>; {text(_found(clips.segments))}</span>"
    demo = record.get("demo")
    if demo:
        hits = (
            f"{demo['clips_in_action']} of {len(clips.selected)} selected clips "
            f"lie where ‘{demo['label']}’ is shown"
        )
        words += f'<small class="soft">{text(hits)}</small>'
    return f'<p class="verdict">{words}</p>'


def _found(segments: Sequence[Record]) -> str:
    """Number and length of the segments.

    Example: 3 segments, 0:12.40 in all.
    """
    if not segments:
        return "no segments"
    length = sum(segment["end_s"] - segment["start_s"] for segment in segments)
    return f"{counted(len(segments), 'segment')}, {clock(length)} in all"


def _pictures(
    title: str,
    shown: Sequence[Record],
    clips: ClipSet,
    *,
    pictures: Mapping[int, bytes],
    source: str | None,
) -> str:
    if not shown:
        return ""
    return background.folded(title, thumbnails.cards(shown, clips, pictures, source=source))
