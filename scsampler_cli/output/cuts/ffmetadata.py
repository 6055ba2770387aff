"""The chosen clips as chapters in FFmpeg's metadata format, to be put into a video or given to a player.

What lies between them is chapters too (our choice): those of MP4 have no ends, and the first one begins at 0, so that a clip
would seem to last until the next. Nothing else is written: muxed into a video, the file takes away none of its titles.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from scsampler_cli.output.cuts.cut import Record, cuts, origin, seconds

_UNITS = 1_000_000
"""In a second: records give microseconds."""
BETWEEN = "-"
"""Title of what was not taken."""


def render(record: Record) -> str:
    """Chapters of one video, from where players begin to count to its end; the head alone where no clip was taken."""
    return ";FFMETADATA1\n" + "".join(
        f"[CHAPTER]\nTIMEBASE=1/{_UNITS}\nSTART={start}\nEND={end}\ntitle={escaped(title)}\n"
        for start, end, title in _chapters(record)
    )


def _chapters(record: Record) -> Iterator[tuple[int, int, str]]:
    """(start, end, title), each beginning where the one before ends, the first at 0."""
    zero, video = origin(record), record["video"]
    done = 0
    taken = cuts(record)
    for cut in taken:
        start, end = max(done, _units(cut.start - zero)), _units(cut.end - zero)
        if start > done:
            yield done, start, BETWEEN
        yield start, end, cut.text
        done = end
    last = _units(seconds(video["start_s"]) + seconds(video["duration_s"]) - zero)
    if taken and last > done:
        yield done, last, BETWEEN


def _units(time: Fraction) -> int:
    return round(time * _UNITS)


def escaped(text: str) -> str:
    r"""A value with a backslash before what the format takes for its own: = ; # \ and the end of a line.

    One that ends in a backslash gets a space after it: FFmpeg takes the end of the line for escaped, whatever stands before.
    """
    return re.sub(r"([=;#\\\n])", r"\\\1", f"{text} " if text.endswith("\\") else text)
