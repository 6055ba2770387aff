"""The frame of a page: head, style and script.

A content security policy lets the browser run nothing else, and load only what a page names: the
video, or the small pictures of an index.
"""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files

from scsampler_cli.files.marks import MARK
from scsampler_cli.output.pages.markup import text


@cache
def _read_bundled(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")


def _hash(content: str) -> str:
    # the policy allows a style or a script by the hash of its text
    return f"'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'"


# files next to the page: of its own site, or of this disk, where a page has no site of its own
_NEAR = "'self' file:"
VIDEO = f"img-src data:; media-src {_NEAR}"
"""What the page of a video may load: pictures in it, and the video."""
PICTURES = f"img-src data: {_NEAR}"
"""What an index may load: the pictures of its rows."""


def document(title: str, body: str, script: str, *, loads: str = VIDEO) -> str:
    """A complete page.

    Args:
        title: plain text.
        body: HTML.
        script: name of the script in this package.
        loads: `VIDEO` or `PICTURES`.
    """
    style, code = _read_bundled("style.css"), _read_bundled(script)
    # nothing from elsewhere; this style and this script
    policy = (
        f"default-src 'none'; {loads}; style-src {_hash(style)}; script-src {_hash(code)}; "
        "base-uri 'none'; form-action 'none'"
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="color-scheme" content="light dark">'
        '<meta name="referrer" content="no-referrer">\n'
        f'<meta name="generator" content="{MARK}">\n'
        # an empty icon keeps browsers from asking for favicon.ico
        f'<title>{text(title)}</title><link rel="icon" href="data:,">'
        f"<style>{style}</style></head>\n"
        f"<body>\n{body}\n<script>{code}</script>\n</body></html>\n"
    )
