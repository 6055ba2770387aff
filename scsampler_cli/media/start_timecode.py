"""The timecode of a video's first frame, as the file has it: what an editor shows there.

MP4 and QuickTime have a timecode track, MXF, GXF, DV, AVI and Matroska a tag, MPEG-2 a time in each
group of pictures, and H.264 and HEVC one in a message of their own. Not handled here: timecode that
jumps later on. Editors count on from the first frame, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import av.container
import numpy as np

from scsampler_cli.media.boxes import timecode_base
from scsampler_cli.media.container import VideoStream, attachments_are_known

_FORM = re.compile(r"([01]\d|2[0-3]):([0-5]\d):([0-5]\d)([:;.,])(\d{2,3})")
"""A last separator other than ":" means drop-frame."""


def first_timecode(
    path: Path, stream: VideoStream, frame: av.VideoFrame, *, rate: Fraction
) -> tuple[str | None, list[str]]:
    """The timecode of the first frame, and notes.

    Args:
        path: the file.
        stream: the video stream that is read.
        frame: its first frame, decoded.
        rate: frames a second.

    Returns:
        HH:MM:SS:FF, or HH:MM:SS;FF of drop-frame timecode, where FF counts frames of the video;
        None where the file has none. A note where a tag holds something else than a timecode.
    """
    texts = [text.strip() for text in _tags(stream) if text.strip()]
    found = _of_tags(path, texts, round(rate)) or _of_frame(frame, round(rate))
    return found, [] if found or not texts else [
        f"the timecode tag {texts[0]!r} is no timecode, and is ignored"
    ]


def _of_tags(path: Path, texts: list[str], base: int) -> str | None:
    for text in texts:
        if found := _FORM.fullmatch(text):
            # a camera of 60 frames a second may count 30, and give two frames one number
            track = _track_base(path)
            return _written(found.groups(), base, track or base)
    return None


def _of_frame(frame: av.VideoFrame, base: int) -> str | None:
    if not attachments_are_known(frame):
        return None
    for kind, read in (("GOP_TIMECODE", _of_group), ("S12M_TIMECODE", _of_message)):
        data = frame.side_data.get(kind)
        if data is not None and (found := _FORM.fullmatch(read(bytes(cast(Any, data))))):
            return _written(found.groups(), base, base)
    return None


def _tags(stream: VideoStream) -> Iterator[str]:
    """Tags of the video stream, of the file, and of its other streams, in this order."""
    container = cast(av.container.InputContainer, stream.container)
    for metadata in (
        stream.metadata,
        container.metadata,
        *(other.metadata for other in container.streams),
    ):
        yield from (text for name, text in metadata.items() if name.lower() == "timecode")


def _track_base(path: Path) -> int | None:
    with suppress(OSError):
        return timecode_base(path)
    return None


def _written(parts: tuple[str, ...], base: int, counted: int) -> str:
    """The timecode with its last number in frames of the video.

    Args:
        parts: hours, minutes, seconds, separator, number.
        base: frames of the video in a second, whole.
        counted: numbers in a second of the timecode; another than `base` counts where one is a
            multiple of the other.
    """
    hours, minutes, seconds, separator, number = parts
    frames = int(number)
    if counted and base and (base % counted == 0 or counted % base == 0):
        frames = frames * base // counted
    return f"{hours}:{minutes}:{seconds}{':' if separator == ':' else ';'}{frames:02d}"


def _of_group(data: bytes) -> str:
    """Of the 25 bits in the header of a group of pictures (ISO/IEC 13818-2, 6.2.2.6), in a number
    of the machine's order."""
    code = int(np.frombuffer(data[:8], np.int64)[0]) if len(data) >= 8 else -1
    if code < 0:
        return ""
    drop, hours, minutes, seconds, frames = (
        code >> 24 & 1,
        code >> 19 & 31,
        code >> 13 & 63,
        code >> 6 & 63,
        code & 63,
    )
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{':;'[drop]}{frames:02d}"


def _of_message(data: bytes) -> str:
    """Of a count of timecodes and the first of them (SMPTE ST 12-1, binary coded decimals), in 32
    bits each."""
    words = np.frombuffer(data[: len(data) // 4 * 4], np.uint32).tolist()
    if len(words) < 2 or not words[0]:
        return ""
    code = words[1]

    def decimal(shift: int, mask: int) -> int:
        value = code >> shift & mask
        return 10 * (value >> 4) + (value & 15)

    drop = code >> 30 & 1
    hours, minutes, seconds = decimal(0, 0x3F), decimal(8, 0x7F), decimal(16, 0x7F)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{':;'[drop]}{decimal(24, 0x3F):02d}"
