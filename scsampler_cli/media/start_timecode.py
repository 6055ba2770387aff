"""The timecode of a video's first frame, as an editor shows it.

MP4 and QuickTime have a timecode track, MXF, GXF, DV, AVI and Matroska have a tag, MPEG-2 has a
time in each group of pictures, and H.264 and HEVC have one in a message of their own.

Not handled here: timecode that jumps later in the video. Editors count on from the first frame,
too.
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
        HH:MM:SS:FF, or HH:MM:SS;FF for drop-frame timecode, where FF counts frames of the video;
        None where the file has none. A note where a tag holds something else than a timecode.
    """
    texts = [text.strip() for text in _tags(stream) if text.strip()]
    found = _from_tags(path, texts, round(rate)) or _from_frame(frame, round(rate))
    if found or not texts:
        return found, []
    return None, [f"the timecode tag {texts[0]!r} is no timecode, and is ignored"]


def _from_tags(path: Path, texts: list[str], frames_per_second: int) -> str | None:
    for text in texts:
        if found := _FORM.fullmatch(text):
            # a camera of 60 frames a second may count 30, and give two frames one number
            numbers = _track_base(path) or frames_per_second
            return _formatted(found.groups(), frames_per_second, numbers)
    return None


def _from_frame(frame: av.VideoFrame, frames_per_second: int) -> str | None:
    if not attachments_are_known(frame):
        return None
    for kind, read in (("GOP_TIMECODE", _from_group), ("S12M_TIMECODE", _from_message)):
        data = frame.side_data.get(kind)
        if data is not None and (found := _FORM.fullmatch(read(bytes(cast(Any, data))))):
            return _formatted(found.groups(), frames_per_second, frames_per_second)
    return None


def _tags(stream: VideoStream) -> Iterator[str]:
    """Tags of the video stream, of the file, and of its other streams, in this order."""
    container = cast(av.container.InputContainer, stream.container)
    # tags of a stream that is read come first
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


def _formatted(parts: tuple[str, ...], frames_per_second: int, numbers_per_second: int) -> str:
    """The timecode, with its last number in frames of the video.

    Args:
        parts: hours, minutes, seconds, separator, number.
        frames_per_second: of the video, rounded.
        numbers_per_second: of the timecode; used where one of the two is a multiple of the other.
    """
    hours, minutes, seconds, separator, number = parts
    frames = int(number)
    video, code = frames_per_second, numbers_per_second
    if code and video and (video % code == 0 or code % video == 0):
        frames = frames * video // code
    # drop-frame timecode has a semicolon, whatever separator the tag has
    return f"{hours}:{minutes}:{seconds}{':' if separator == ':' else ';'}{frames:02d}"


def _from_group(data: bytes) -> str:
    """Timecode in the header of a group of pictures (ISO/IEC 13818-2, 6.2.2.6).

    FFmpeg exports its 25 bits as int64 in the machine's byte order.
    """
    code = int(np.frombuffer(data[:8], np.int64)[0]) if len(data) >= 8 else -1
    if code < 0:
        return ""
    drop = code >> 24 & 1
    hours, minutes = code >> 19 & 31, code >> 13 & 63
    # bit 12 is a marker bit
    seconds, frames = code >> 6 & 63, code & 63
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{':;'[drop]}{frames:02d}"


def _from_message(data: bytes) -> str:
    """Timecode in a message of H.264 or HEVC: the first of several.

    FFmpeg exports uint32: their number, then each in binary coded decimals (SMPTE ST 12-1).
    """
    words = np.frombuffer(data[: len(data) // 4 * 4], np.uint32).tolist()
    if len(words) < 2 or not words[0]:
        return ""
    code = words[1]

    def decimal(shift: int, mask: int) -> int:
        value = code >> shift & mask
        # tens in the high bits, units in the low four
        return 10 * (value >> 4) + (value & 15)

    drop = code >> 30 & 1
    # binary coded decimals: two digits each
    hours, minutes, seconds = decimal(0, 0x3F), decimal(8, 0x7F), decimal(16, 0x7F)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{':;'[drop]}{decimal(24, 0x3F):02d}"
