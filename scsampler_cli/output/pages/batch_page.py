"""The index of many videos: a row each, to be searched, filtered and sorted; made for ten thousand.

Rows are data in the page, which its script draws as they come into view. Without a script they are a plain list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from scsampler_cli.output.pages.document import document
from scsampler_cli.output.pages.markup import LINE_KEY, bar, data_block, link, plain, relative, text
from scsampler_cli.output.pages.wording import clock, count, percent

_TAGS = 3
"""Of a video, that a row tells and the search finds."""
_BUTTONS = 12
"""Tags that are filters at once; the others are behind a click."""
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Row:
    """What the index shows of one video; text is fit to be shown."""

    folder: str
    """With the separator at its end; may be empty."""
    name: str
    page: str | None
    """Relative link to its own page."""
    ok: bool
    tags: tuple[tuple[str, float], ...] = ()
    """(label, probability), best first."""
    duration_s: float | None = None
    taken: int | None = None
    clips: int | None = None
    best_s: float | None = None
    """When the best clip begins."""
    visual: str | None = None
    """Saliency over time, a digit of base 36 for each part of the video, a dash for none."""
    audio: str | None = None
    notes: tuple[str, ...] = ()
    error: str = ""
    hint: str = ""


def row_of(record: dict[str, Any], page: str | None) -> Row:
    """The row of a `classify` or `score` record, or of a failure.

    Args:
        record: with its saliency over time under "saliency", if that is to be shown.
        page: relative link, quoted as in a URL, to the video's own page.
    """
    folder, name = _parted(record["path"])
    if record["status"] != "ok":
        message = plain(record["error"]["message"]).removeprefix(f"{folder}{name}: ")
        return Row(
            folder,
            name,
            page,
            ok=False,
            error=message,
            hint=plain(record["error"].get("hint") or ""),
        )
    taken = _best_first(record)
    saliency = record.get("saliency") or {}
    return Row(
        folder,
        name,
        page,
        ok=True,
        tags=tuple(
            (plain(tag["label"]), tag["probability"] or 0.0)
            for tag in record.get("tags", ())[:_TAGS]
        ),
        duration_s=record["video"]["duration_s"],
        taken=len(taken),
        clips=record["video"]["clips"],
        best_s=taken[0]["start_s"] if taken else None,
        visual=_digits(saliency.get("visual")),
        audio=_digits(saliency.get("audio")),
        notes=tuple(map(plain, record["notes"])),
    )


def _parted(path: str) -> tuple[str, str]:
    """Folder and name; one after the other they are the path."""
    name = PurePath(path).name
    return (
        (plain(path.removesuffix(name)), plain(name))
        if name and path.endswith(name)
        else ("", plain(path))
    )


def _best_first(record: dict[str, Any]) -> list[dict[str, Any]]:
    if "tags" in record:
        return list(record["clips"])
    return sorted(
        (clip for clip in record["clips"] if clip["taken"]), key=lambda clip: clip["rank"]
    )


def _digits(values: Iterable[float | None] | None) -> str | None:
    if values is None:
        return None
    top = len(_DIGITS) - 1
    return "".join(
        "-" if v is None else _DIGITS[round(top * min(max(v, 0.0), 1.0))] for v in values
    )


def index_page(rows: Sequence[Row], command: str) -> str:
    """One HTML file that needs nothing else.

    Args:
        rows: in the order in which they are shown at first.
        command: the command line that made them.
    """
    body = f"{_head(rows, command)}<main>{_controls(rows)}{_table(rows)}{_plain_list(rows)}</main>{_data(rows)}"
    return document("Videos – scsampler", body, "batch_page.js")


def _head(rows: Sequence[Row], command: str) -> str:
    done = sum(row.ok for row in rows)
    failed = f", <b>{count(len(rows) - done)}</b> failed" if done < len(rows) else ""
    return (
        f'<header><p class="soft top"><span>scsampler</span></p><h1>{_videos(len(rows))}</h1>'
        f'<p class="verdict small"><span><b>{count(done)}</b> done{failed}</span></p>'
        f'<p class="soft path"><code>{text(command)}</code></p></header>'
    )


def _videos(number: int) -> str:
    return "1 video" if number == 1 else f"{count(number)} videos"


def _controls(rows: Sequence[Row]) -> str:
    """Search and filters; they need the script, which uncovers them."""
    done = sum(row.ok for row in rows)
    states = (
        ("", "all", len(rows)),
        ("done", "done", done),
        ("failed", "failed", len(rows) - done),
    )
    buttons = "".join(
        _button("status", value, name, number=number) for value, name, number in states
    )
    return (
        '<div id="controls" hidden><div class="search"><label for="search">Search</label>'
        '<input id="search" type="search" autocomplete="off" spellcheck="false" placeholder="path, tag, error, note">'
        '<span class="soft small">press / to search, Esc to clear</span></div>'
        f'<div class="filters" role="group" aria-label="Status">{buttons}</div>{_tag_filters(rows)}'
        f'<div class="legend soft"><p id="shown" role="status"></p>{_legend(rows)}</div></div>'
    )


def _legend(rows: Sequence[Row]) -> str:
    """How the small curves are told apart."""
    kinds = [kind for kind in ("visual", "audio") if any(getattr(row, kind) for row in rows)]
    keys = "".join(f'<span class="kind {kind}">{LINE_KEY}{kind}</span>' for kind in kinds)
    return f'<p class="small">saliency over time, 0 to 1:{keys}</p>' if kinds else ""


def _tag_filters(rows: Sequence[Row]) -> str:
    """How the best tags are distributed; each is a filter."""
    found = Counter(row.tags[0][0] for row in rows if row.tags)
    if not found:
        return ""
    ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    buttons = [
        _button("tag", tag, tag, number=number, share=number / ordered[0][1])
        for tag, number in ordered
    ]
    first, others = "".join(buttons[:_BUTTONS]), "".join(buttons[_BUTTONS:])
    if others:
        summary = f"<summary>{count(len(buttons) - _BUTTONS)} more tags</summary>"
        others = f'<details>{summary}<div class="filters">{others}</div></details>'
    return f'<div class="filters tags" role="group" aria-label="Best tag">{first}</div>{others}'


def _button(kind: str, value: str, name: str, *, number: int, share: float | None = None) -> str:
    drawn = "" if share is None else bar(share)
    return (
        f'<button type="button" data-{kind}="{text(value)}" aria-pressed="false">'
        f'<span><bdi>{text(name)}</bdi> <span class="soft">{count(number)}</span></span>{drawn}</button>'
    )


def _columns(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """(key, heading) of what any row has."""
    tags = (
        [("tag", "Best tags"), ("probability", "Probability")]
        if any(row.tags for row in rows)
        else []
    )
    drawn = [("saliency", "Saliency")] if any(row.visual or row.audio for row in rows) else []
    middle = [("duration", "Duration"), ("clips", "Clips taken"), ("best", "Best clip at")]
    return [("path", "Video"), ("status", "Status"), *tags, *middle, *drawn, ("notes", "Notes")]


def _table(rows: Sequence[Row]) -> str:
    headings = "".join(
        f'<th scope="col" role="columnheader" class="{key}"><button type="button" data-sort="{key}">{name}</button></th>'
        for key, name in _columns(rows)
    )
    return (
        '<div id="list" hidden><table class="videos" role="table"><thead role="rowgroup">'
        f'<tr role="row">{headings}</tr></thead><tbody id="rows" role="rowgroup"></tbody></table>'
        '<p><button type="button" id="more" hidden>Show more</button></p></div>'
    )


def _plain_list(rows: Sequence[Row]) -> str:
    return f'<noscript><ul class="plain">{"".join(map(_plain, rows))}</ul></noscript>'


def _plain(row: Row) -> str:
    name = f"<bdi>{text(row.folder + row.name)}</bdi>"
    name = f'<a href="{link(row.page)}">{name}</a>' if row.page else name
    tags = ", ".join(f"{text(label)} {percent(p)}" for label, p in row.tags[:1])
    best = "" if row.best_s is None else f"best clip at {clock(row.best_s)}"
    told = "; ".join(filter(None, (tags, best, text(f"failed: {row.error}") if not row.ok else "")))
    return f"<li>{name}: {told}</li>"


def _data(rows: Sequence[Row]) -> str:
    """The rows as lists, in the order that the script knows."""
    packed = [
        [
            *(
                row.folder,
                row.name,
                row.page and relative(row.page),
                int(row.ok),
                [[t, round(p, 4)] for t, p in row.tags],
            ),
            *(row.duration_s, row.taken, row.clips, row.best_s, row.visual, row.audio),
            *(row.notes, row.error, row.hint),
        ]
        for row in rows
    ]
    return data_block("data", {"columns": [key for key, _ in _columns(rows)], "rows": packed})
