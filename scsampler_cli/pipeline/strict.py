"""The check of the setting `strict`: a damaged or incomplete video is an error."""

from __future__ import annotations

from pathlib import Path

from scsampler_cli.config import ReadSettings
from scsampler_cli.errors import VideoError
from scsampler_cli.text import counted


def check_whole(
    path: Path,
    reading: ReadSettings,
    decode_errors: int,
    *,
    frames_missing: int,
    only_undecoded: bool = False,
) -> None:
    """Refuse a damaged or incomplete video where the settings are `strict`.

    Args:
        path: the video.
        reading: its `strict` turns the check on.
        decode_errors: `Damage.decode_errors`.
        frames_missing: `Damage.frames_missing`.
        only_undecoded: True when no damaged packet gave any frame; the message says so.

    Raises:
        VideoError: a packet is damaged or a frame is missing.
    """
    # without `strict` damage is counted in the record and noted, and the work goes on
    if reading.strict and (decode_errors or frames_missing):
        packets, frames = counted(decode_errors, "packet"), counted(frames_missing, "frame")
        what = "could not be decoded" if only_undecoded else "came damaged or could not be decoded"
        raise VideoError(
            f"{path}: {packets} {what}, {frames} {'is' if frames_missing == 1 else 'are'} missing",
            code="strict-damage",
            hint="turn strict off to use what can be read",
        )
