"""The stretches of a video as chapters in FFmpeg's metadata format, for muxing and for players.

What lies between them is a chapter, too: chapters of MP4 have no end and the first one begins at 0,
so that a stretch would otherwise last until the next one. The file has nothing but chapters, so
that muxing it into a video replaces none of the video's titles.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction

from scsampler_cli.output.cuts.cut import origin
from scsampler_cli.output.stretches import Record, seconds, stretches

# Units per second: times in records are in microseconds
_UNITS = 1_000_000
BETWEEN = "-"
"""Title of the chapters between the stretches."""


def render(record: Record) -> str:
    """Chapters of one video, from the origin of players to its end.

    Without a stretch there is the head alone.
    """
    return ";FFMETADATA1\n" + "".join(
        f"[CHAPTER]\nTIMEBASE=1/{_UNITS}\nSTART={start}\nEND={end}\ntitle={escaped(title)}\n"
        for start, end, title in _chapters(record)
    )


def _chapters(record: Record) -> Iterator[tuple[int, int, str]]:
    """(start, end, title), each beginning where the one before ends, the first at 0."""
    zero, video = origin(record), record["video"]
    done = 0
    found = stretches(record)
    for stretch in found:
        # rounding may make stretches overlap by a microsecond, and chapters may not
        start = max(done, _units(stretch.start - zero))
        end = max(start + 1, _units(stretch.end - zero))
        if start > done:
            yield done, start, BETWEEN
        yield start, end, stretch.text
        done = end
    # end of the video, on the clock of players
    last = _units(seconds(video["start_s"]) + seconds(video["duration_s"]) - zero)
    if found and last > done:
        yield done, last, BETWEEN


def _units(time: Fraction) -> int:
    return round(time * _UNITS)


def escaped(text: str) -> str:
    r"""A value with a backslash before the special characters = ; # \ and before line breaks.

    A value that ends in a backslash gets a space at its end: FFmpeg would otherwise read the line
    break after it as escaped, even where the backslash itself is escaped.
    """
    return re.sub(r"([=;#\\\n])", r"\\\1", f"{text} " if text.endswith("\\") else text)
