"""HTML in small pieces; whatever text comes in is escaped here, once.

But: which pieces a page has is `video`'s and `index`'s business.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from scsampler_cli.text import printable

_BIDI = {code: f"\\u{code:04x}" for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}
"""Characters that make a name read in another order than it is written in."""

LINE_KEY = '<svg class="key" aria-hidden="true"><line class="line" x1="0" x2="100%" y1="50%" y2="50%"/></svg>'
"""A piece of the line that a curve is drawn with, in the colour and pattern of what it stands in."""


def plain(value: object) -> str:
    r"""Text that can be shown and encoded: controls, lone surrogates and changes of direction become \xNN or \uNNNN."""
    return printable(str(value)).translate(_BIDI)


def text(value: object) -> str:
    """Escaped for an element or an attribute in double quotes."""
    return escape(plain(value))


def relative(page: str) -> str:
    """A relative link: a name with a colon must not be taken for a scheme."""
    return plain(f"./{page}" if ":" in page.split("/")[0] else page)


def link(page: str) -> str:
    """A relative link for an `href`."""
    return escape(relative(page))


def data_block(name: str, data: Any) -> str:
    """JSON that a script reads; nothing in it can end the element or begin a comment."""
    packed = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    for mark in "<>&":
        packed = packed.replace(mark, f"\\u{ord(mark):04x}")
    return f'<script type="application/json" id="{name}">{packed}</script>'


def bar(share: float, kind: str = "") -> str:
    """A horizontal bar; decoration beside a number that says the same."""
    width = 100 * min(max(share, 0.0), 1.0)
    return (
        f'<svg class="bar {kind}" aria-hidden="true"><rect class="rest" width="100%" height="100%" rx="3"/>'
        f'<rect width="{width:.1f}%" height="100%" rx="3"/></svg>'
    )


def table(
    headings: Sequence[str], rows: Iterable[Sequence[str]], kind: str, *, name: str = ""
) -> str:
    """A table; one with a name scrolls by itself where it is too wide. Headings and cells are HTML already."""
    head = "".join(f'<th scope="col">{heading}</th>' for heading in headings)
    thead = f"<thead><tr>{head}</tr></thead>" if headings else ""
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>\n" for row in rows)
    made = f'<table class="{kind}">{thead}<tbody>\n{body}</tbody></table>'
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{text(name)}">{made}</div>'
        if name
        else made
    )


def facts(pairs: Iterable[tuple[str, object]]) -> str:
    """Names and what they are."""
    return (
        '<dl class="facts">'
        + "".join(f"<dt>{text(k)}</dt><dd>{text(v)}</dd>" for k, v in pairs)
        + "</dl>"
    )


def bullets(lines: Iterable[object]) -> str:
    """A list of sentences."""
    return "<ul>" + "".join(f"<li>{text(line)}</li>" for line in lines) + "</ul>"
