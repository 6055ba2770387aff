"""The index of many videos, up to ten thousand: a row for each, with search, filters and sorting.

Rows are data in the page; its script draws them as they come into view. Without scripts the page
shows a plain list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from scsampler_cli.output.pages.batch_row import Row
from scsampler_cli.output.pages.document import PICTURES, document
from scsampler_cli.output.pages.markup import LINE_KEY, bar, data_block, link, relative, text
from scsampler_cli.output.pages.wording import clock, count, percent

# Number of tags that are visible as filters; the others are in a collapsed section
_BUTTONS = 12
# Curves of a row: saliency, and the confidence that a search believes
_CURVES = ("visual", "audio", "confidence")


def index_page(rows: Sequence[Row], command: str) -> str:
    """The index as one HTML file.

    Args:
        rows: in the order in which they are shown at first.
        command: the command line of the run.
    """
    main = f"<main>{_controls(rows)}{_table(rows)}{_plain_list(rows)}</main>"
    body = f"{_head(rows, command)}{main}{_data(rows)}"
    return document("Videos – scsampler", body, "batch_page.js", loads=PICTURES)


def _head(rows: Sequence[Row], command: str) -> str:
    # "all" is the number of videos, which the heading has
    states = " ".join(
        f"<b>{count(number)}</b> {name}," for value, name, number in _states(rows)[1:] if number
    )
    return (
        f'<header><p class="soft top"><span>scsampler</span></p><h1>{_videos(len(rows))}</h1>'
        f'<p class="verdict small"><span>{states.rstrip(",")}</span></p>'
        f"<details><summary>Command</summary><p><code>{text(command)}</code></p></details></header>"
    )


def _states(rows: Sequence[Row]) -> list[tuple[str, str, int]]:
    """(value of the filter, name, number of videos) of each status; the first is that of all."""
    failed, unsure = sum(not row.ok for row in rows), sum(bool(row.doubt) for row in rows)
    # scored videos have no tags
    done = "tagged" if any(row.tags for row in rows) else "done"
    middle = [("unsure", "unsure", unsure)] if unsure else []
    return [
        ("", "all", len(rows)),
        ("done", done, len(rows) - failed - unsure),
        *middle,
        ("failed", "failed", failed),
    ]


def _videos(number: int) -> str:
    return "1 video" if number == 1 else f"{count(number)} videos"


def _controls(rows: Sequence[Row]) -> str:
    """Search and filters; hidden until the script, which they need, has started."""
    buttons = "".join(
        _button("status", value, name, number=number) for value, name, number in _states(rows)
    )
    return (
        '<div id="controls" hidden><div class="search"><label for="search">Search</label>'
        '<input id="search" type="search" autocomplete="off" spellcheck="false" '
        'placeholder="path, tag, error, note">'
        '<span class="soft small">press / to search, Esc to clear</span></div>'
        f'<div class="filters" role="group" aria-label="Status">{buttons}</div>{_tag_filters(rows)}'
        f'<div class="legend soft"><p id="shown" role="status"></p>{_legend(rows)}</div></div>'
    )


def _legend(rows: Sequence[Row]) -> str:
    """The legend of the small curves."""
    # the small curves have no packets: there is no room for a third line
    kinds = _curves(rows)
    keys = "".join(f'<span class="kind {kind}">{LINE_KEY}{kind}</span>' for kind in kinds)
    return f'<p class="small">{_name_of(kinds)} over time, 0 to 1:{keys}</p>' if kinds else ""


def _curves(rows: Sequence[Row]) -> list[str]:
    """The kinds of curves that a row has."""
    return [kind for kind in _CURVES if any(getattr(row, kind) for row in rows)]


def _name_of(kinds: Sequence[str]) -> str:
    """What the curves show: saliency, confidence, or both."""
    has_saliency = any(kind != "confidence" for kind in kinds)
    names = ["saliency"] if has_saliency else []
    return " and ".join([*names, "confidence"] if "confidence" in kinds else names)


def _tag_filters(rows: Sequence[Row]) -> str:
    """The best tags with their numbers of videos; each is a filter."""
    # an unsure video has tags, but shows none of them for certain
    found = Counter(row.tags[0][0] for row in rows if row.tags and not row.doubt)
    if not found:
        return ""
    # most frequent first, then by name
    ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    buttons = [
        _button("tag", tag, tag, number=number, share=number / ordered[0][1])
        for tag, number in ordered
    ]
    # a batch may have hundreds of tags
    first, others = "".join(buttons[:_BUTTONS]), "".join(buttons[_BUTTONS:])
    if others:
        summary = f"<summary>{count(len(buttons) - _BUTTONS)} more tags</summary>"
        others = f'<details>{summary}<div class="filters">{others}</div></details>'
    return f'<div class="filters tags" role="group" aria-label="Best tag">{first}</div>{others}'


def _button(kind: str, value: str, name: str, *, number: int, share: float | None = None) -> str:
    drawn = "" if share is None else bar(share)
    return (
        f'<button type="button" data-{kind}="{text(value)}" aria-pressed="false">'
        f'<span><bdi>{text(name)}</bdi> <span class="soft">{count(number)}</span></span>'
        f"{drawn}</button>"
    )


def _columns(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """(key, heading) of the columns for which a row has something."""
    tags = (
        [("tag", "Best tags"), ("probability", "Probability")]
        if any(row.tags for row in rows)
        else []
    )
    # columns without any value are left out
    kinds = _curves(rows)
    drawn = [("saliency", _name_of(kinds).capitalize())] if kinds else []
    middle = [("duration", "Duration"), ("clips", "Selected clips"), ("best", "Best clip at")]
    if any(row.segments is not None for row in rows):
        middle[1:] = [("segments", "Segments"), ("best", "Surest at")]
    pictures = [("picture", "Picture")] if any(row.picture for row in rows) else []
    first = [*pictures, ("path", "Video"), ("status", "Status")]
    return [*first, *tags, *middle, *drawn, ("notes", "Notes")]


def _table(rows: Sequence[Row]) -> str:
    headings = ""
    for key, name in _columns(rows):
        button = f'<button type="button" data-sort="{key}">{name}</button>'
        # pictures have no order
        if key == "picture":
            button = f'<span class="soft">{name}</span>'
        headings += f'<th scope="col" role="columnheader" class="{key}">{button}</th>'
    return (
        '<div id="list" hidden><table class="videos" role="table"><thead role="rowgroup">'
        f'<tr role="row">{headings}</tr></thead><tbody id="rows" role="rowgroup"></tbody></table>'
        '<p><button type="button" id="more" hidden>Show more</button></p></div>'
    )


def _plain_list(rows: Sequence[Row]) -> str:
    # for browsers without scripts, and for search in the text of the file
    return f'<noscript><ul class="plain">{"".join(map(_plain, rows))}</ul></noscript>'


def _plain(row: Row) -> str:
    name = f"<bdi>{text(row.folder + row.name)}</bdi>"
    name = f'<a href="{link(row.page)}">{name}</a>' if row.page else name
    tags = ", ".join(f"{text(label)} {percent(p)}" for label, p in row.tags[:1])
    if row.doubt:
        tags = f"unsure ({text(row.doubt)})"
    best = "" if row.best_s is None else f"best clip at {clock(row.best_s)}"
    error = "" if row.ok else text(f"failed: {row.error}")
    parts = [part for part in (tags, best, error) if part]
    return f"<li>{name}: {'; '.join(parts)}</li>"


def _data(rows: Sequence[Row]) -> str:
    """The rows as lists, in the order that the script expects."""
    # lists, not objects: ten thousand rows would repeat the keys
    packed = []
    for row in rows:
        tags = [[label, round(probability, 4)] for label, probability in row.tags]
        page, picture = row.page and relative(row.page), row.picture and relative(row.picture)
        packed.append(
            [
                *(row.folder, row.name, page, int(row.ok), tags),
                *(row.duration_s, row.selected, row.clips, row.best_s, row.visual, row.audio),
                *(row.notes, row.error, row.hint, row.confidence),
                *(picture, row.doubt, row.segments, row.segments_s and round(row.segments_s, 2)),
            ]
        )
    return data_block("data", {"columns": [key for key, _ in _columns(rows)], "rows": packed})
