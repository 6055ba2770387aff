"""What `strict` refuses: a video of which something is damaged or missing."""

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
    """Refuse, with `strict`, a video of which something is damaged or could not be read.

    Args:
        path: the video.
        reading: says whether it is to be refused.
        decode_errors: of `Damage`.
        frames_missing: likewise.
        only_undecoded: True when nothing at all was decoded of each damaged packet, so that the message can say so.

    Raises:
        VideoError: something could not.
    """
    if reading.strict and (decode_errors or frames_missing):
        packets, frames = counted(decode_errors, "packet"), counted(frames_missing, "frame")
        what = "could not be decoded" if only_undecoded else "came damaged or could not be decoded"
        raise VideoError(
            f"{path}: {packets} {what}, {frames} {'is' if frames_missing == 1 else 'are'} missing",
            code="strict-damage",
            hint="leave out --strict to go on with what can be read",
        )
