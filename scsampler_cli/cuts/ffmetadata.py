"""The chosen clips as chapters in FFmpeg's metadata format, to be put into a video or given to a player.

Nothing but chapters is written, so that a title the video has is not lost when they are muxed into it.
"""

from __future__ import annotations

import re
from fractions import Fraction

from scsampler_cli.cuts.cut import Cut, Record, cuts, origin

_UNITS = 1_000_000
"""In a second: records give microseconds."""


def render(record: Record) -> str:
    """Chapters of one video, from where players begin to count; the head alone where no clip was taken."""
    zero = origin(record)
    return ";FFMETADATA1\n" + "".join(_chapter(cut, zero) for cut in cuts(record))


def _chapter(cut: Cut, zero: Fraction) -> str:
    start, end = (max(0, round((time - zero) * _UNITS)) for time in (cut.start, cut.end))
    return f"[CHAPTER]\nTIMEBASE=1/{_UNITS}\nSTART={start}\nEND={end}\ntitle={escaped(cut.text)}\n"


def escaped(text: str) -> str:
    r"""A value with a backslash before what the format takes for its own: = ; # \ and the end of a line."""
    return re.sub(r"([=;#\\\n])", r"\\\1", text)
