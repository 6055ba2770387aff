"""File types of reels: container by suffix, and the encoders used for each."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from scsampler_cli.errors import ProgramError, SettingsError


@dataclass(frozen=True)
class Container:
    """A file type."""

    muxer: str
    """FFmpeg's name of the container."""
    pictures: tuple[str, ...]
    """Encoders, best first."""
    sounds: tuple[str, ...]
    """Encoders, best first."""
    options: dict[str, str] = field(default_factory=dict)


_H264, _AAC = ("libx264", "mpeg4"), ("aac",)
_KEEP_TIMES = {"avoid_negative_ts": "disabled"}
"""An audio encoder puts samples of its own before time 0; FFmpeg before 6 would delay all by
them."""
CONTAINERS = {
    ".mp4": Container("mp4", _H264, _AAC, options={"movflags": "+faststart"}),
    ".mov": Container("mov", _H264, _AAC, options={"movflags": "+faststart"}),
    ".mkv": Container("matroska", _H264, _AAC, options=_KEEP_TIMES),
    ".webm": Container(
        "webm", ("libvpx-vp9", "libvpx"), ("libopus", "libvorbis"), options=_KEEP_TIMES
    ),
}
"""File types by suffix. Without x264, MPEG-4 Part 2 is used, as FFmpeg itself does for MP4."""

QUALITY: dict[str, dict[str, str]] = {
    "libx264": {"crf": "20", "preset": "veryfast", "pix_fmt": "yuv420p"},
    "mpeg4": {"q:v": "3", "pix_fmt": "yuv420p"},
    "libvpx-vp9": {
        "crf": "32",
        "b:v": "0",
        "deadline": "good",
        "cpu-used": "5",
        "row-mt": "1",
        "pix_fmt": "yuv420p",
    },
    "libvpx": {"crf": "10", "b:v": "4M", "deadline": "good", "cpu-used": "5", "pix_fmt": "yuv420p"},
    "aac": {"b:a": "160k"},
    "libopus": {"b:a": "128k"},
    "libvorbis": {"q:a": "5"},
}
"""Options of each encoder."""
TICKS = {"mpeg4": 60_000}
"""Ticks a second of an encoder's clock; MPEG-4 Part 2 allows no more than 65535."""
DEFAULT_TICKS = 120_000
"""Ticks a second of other encoders.

A frame at 24, 25, 30, 50 or 60 frames a second, or at 1000/1001 of these, is a whole number of
ticks.
"""


def container_for(target: Path) -> Container:
    """The file type of a suffix.

    Raises:
        SettingsError: the suffix is unknown.
    """
    # suffixes such as .MP4 are the same
    found = CONTAINERS.get(target.suffix.lower())
    if found is None:
        raise SettingsError(
            f"cannot write {target}: unknown video suffix {target.suffix or '(none)'}",
            code="output-suffix-invalid",
            hint=f"end it with {', '.join(CONTAINERS)}",
        )
    return found


def first_available(names: tuple[str, ...], available: frozenset[str], target: Path) -> str:
    """The first of some encoders that the program has.

    Raises:
        ProgramError: it has none of them.
    """
    found = next((name for name in names if name in available), None)
    if found is None:
        raise ProgramError(
            f"cannot write {target}: this ffmpeg has no encoder {' or '.join(names)}",
            code="ffmpeg-encoder-missing",
            hint="choose another ending, such as .mkv, or install an ffmpeg that has it",
        )
    return found
