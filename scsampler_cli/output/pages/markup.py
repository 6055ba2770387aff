"""Pieces of HTML. Text is escaped here, and nowhere else.

Not handled here: `video_page` and `batch_page` put the pieces together.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from scsampler_cli.text import printable

# Characters that change the direction of text: with them, a name reads in another order
_BIDI = {code: f"\\u{code:04x}" for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}

LINE_KEY = (
    '<svg class="key" aria-hidden="true">'
    '<line class="line" x1="0" x2="100%" y1="50%" y2="50%"/></svg>'
)
"""A sample of the line of a curve, for legends; its colour and pattern are those of its parent."""


def plain(value: object) -> str:
    r"""Text without characters that disturb a page.

    Control characters, lone surrogates and bidirectional controls are written as \xNN or \uNNNN.
    """
    return printable(str(value)).translate(_BIDI)


def text(value: object) -> str:
    """Text, escaped for an element or for an attribute in double quotes."""
    return escape(plain(value))


def relative(page: str) -> str:
    """A relative link. A name with a colon gets "./" in front: it must not read as a URL."""
    return plain(f"./{page}" if ":" in page.split("/")[0] else page)


def link(page: str) -> str:
    """A relative link for an `href`."""
    return escape(relative(page))


def embedded(picture: bytes) -> str:
    """A JPEG as a URL."""
    return f"data:image/jpeg;base64,{b64encode(picture).decode()}"


def data_block(name: str, data: Any) -> str:
    """JSON for a script. Nothing in it can end the element or begin a comment."""
    # ASCII: no character can be misread in another encoding
    packed = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    # "</script>" and "<!--" would end or hide the data
    for mark in "<>&":
        packed = packed.replace(mark, f"\\u{ord(mark):04x}")
    return f'<script type="application/json" id="{name}">{packed}</script>'


def bar(share: float, kind: str = "") -> str:
    """A horizontal bar of a share in [0, 1]; hidden from screen readers, which read the number."""
    # a probability may exceed 1 by rounding
    width = 100 * min(max(share, 0.0), 1.0)
    return (
        f'<svg class="bar {kind}" aria-hidden="true">'
        '<rect class="rest" width="100%" height="100%" rx="3"/>'
        f'<rect width="{width:.1f}%" height="100%" rx="3"/></svg>'
    )


def table(
    headings: Sequence[str], rows: Iterable[Sequence[str]], kind: str, *, name: str = ""
) -> str:
    """A table of headings and cells that are HTML. One with a name scrolls where it is too wide."""
    # scope: screen readers name the column of each cell
    head = "".join(f'<th scope="col">{heading}</th>' for heading in headings)
    thead = f"<thead><tr>{head}</tr></thead>" if headings else ""
    body = ""
    for row in rows:
        cells = "".join(f"<td>{cell}</td>" for cell in row)
        body += f"<tr>{cells}</tr>\n"
    html = f'<table class="{kind}">{thead}<tbody>\n{body}</tbody></table>'
    if not name:
        return html
    # tabindex: a region that scrolls must be reachable by keyboard
    return f'<div class="scroll" role="region" tabindex="0" aria-label="{text(name)}">{html}</div>'


def facts(pairs: Iterable[tuple[str, object]]) -> str:
    """A list of names and values."""
    entries = [f"<dt>{text(name)}</dt><dd>{text(value)}</dd>" for name, value in pairs]
    return f'<dl class="facts">{"".join(entries)}</dl>'


def bullets(lines: Iterable[object]) -> str:
    """A bulleted list."""
    return "<ul>" + "".join(f"<li>{text(line)}</li>" for line in lines) + "</ul>"
