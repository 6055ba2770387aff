"""The parts of a reel as files in one folder, and the graph that reads them one after the other.

A list names the files and their lengths for FFmpeg's demuxer of lists, which opens one file at a
time.

Not handled here: writing the parts; see `transcode.joined_reel`.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg

from scsampler_cli.transcode.program import name_of
from scsampler_cli.transcode.reel import RATE_HZ
from scsampler_cli.transcode.reel_encoding import PART_SUFFIX, ReelEncoding
from scsampler_cli.transcode.sound import filled, framed
from scsampler_cli.transcode.source import THREADS
from scsampler_cli.transcode.upright import fitted_size

_LIST = "parts.ffconcat"
_DEMUXERS = "concat,mov,mp4,m4a,3gp,3g2,mj2"
"""Demuxers that may be opened: that of lists, and that of parts."""
_UNITS = 1_000_000
"""Units a second of the lengths in the list."""


def file_name(number: int) -> str:
    """Name of the file of a part."""
    return f"{number}{PART_SUFFIX}"


def write_list(folder: Path, numbers: Sequence[int], times: Sequence[Fraction]) -> None:
    """Write the list of the parts in a folder.

    Args:
        folder: of the files.
        numbers: of the parts, in the order of the reel.
        times: seconds on the reel's clock at which they begin, and the end of the last one.

    Raises:
        OSError: it cannot be written.
    """
    # from rounded times, so that rounding errors do not add up over the parts
    ticks = [round(time * _UNITS) for time in times]
    lines = ["ffconcat version 1.0"]
    for number, begin, end in zip(numbers, ticks[:-1], ticks[1:], strict=True):
        seconds, rest = divmod(end - begin, _UNITS)
        lines += [f"file {file_name(number)}", f"duration {seconds}.{rest:06d}"]
    (folder / _LIST).write_text("\n".join([*lines, ""]))


def joined_streams(height: int, width: int, encoding: ReelEncoding) -> list[Any]:
    """The pictures of all parts in a list and, where the encoding has it, their sound.

    The program must run in the folder of the list.

    Args:
        height: of all pictures, pixels; even.
        width: of all pictures, pixels; even.
        encoding: of the reel.
    """
    # relative names: characters of the folder's name could have a meaning in the list
    opened = ffmpeg.input(
        name_of(Path(_LIST)),
        format="concat",
        protocol_whitelist="file",
        format_whitelist=_DEMUXERS,
        threads=THREADS,
        # a picture of another size must not restart the graph, which would lose its state
        **{"reinit_filter:v": 0},
    )
    fitted_height, fitted_width = fitted_size(height, width, f"(iw/ih*{height}/{width})")
    scaled = opened.video.filter(
        "scale", w=fitted_width, h=fitted_height, flags="bicubic", eval="frame"
    )
    padded = scaled.filter("pad", w=width, h=height, x="(ow-iw)/2", y="(oh-ih)/2", eval="frame")
    pictures = padded.filter("setsar", 1).filter("format", "yuv420p")
    if encoding.audio_encoder is None:
        return [pictures]
    return [pictures, framed(filled(opened.audio, RATE_HZ), encoding.audio_encoder)]
