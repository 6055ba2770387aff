"""Bring a frame to another size and pixel format through one shared scaler: a new one for every
frame costs ten times as much."""

from __future__ import annotations

import av.error
from av import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter

from scsampler_cli.errors import VideoError
from scsampler_cli.media.damage import Damage

__all__ = ["Interpolation", "Scaler", "VideoFrame"]

_UNSPECIFIED = 2
"""Colour matrix, primaries and transfer alike (ITU-T H.273)."""


class Scaler:
    """Scales by one thread. What a stream says of its colours is heeded unless FFmpeg knows no way
    from there.

    Args:
        interpolation: of pixels.
        damage: of the file; told of colours that could not be heeded.
    """

    def __init__(self, interpolation: Interpolation, damage: Damage) -> None:
        self._interpolation, self._damage = interpolation, damage
        self._reformatter = VideoReformatter()

    def scaled(self, frame: VideoFrame, width: int, height: int, *, pix_fmt: str) -> VideoFrame:
        """The frame at another size; the frame itself where there is nothing to do.

        Raises:
            VideoError: FFmpeg cannot convert it.
        """
        try:
            return self._convert(frame, width, height, pix_fmt=pix_fmt)
        except (av.error.FFmpegError, ValueError):
            frame.colorspace = frame.color_primaries = frame.color_trc = _UNSPECIFIED
            self._damage.colours_ignored = True
        try:
            return self._convert(frame, width, height, pix_fmt=pix_fmt)
        except (av.error.FFmpegError, ValueError) as error:
            raise VideoError(
                f"a frame of {frame.width} x {frame.height} pixels in {frame.format.name} cannot "
                "be converted to RGB",
                code="codec-unsupported",
                hint="re-encode the video, for example to H.264",
            ) from error

    def _convert(self, frame: VideoFrame, width: int, height: int, *, pix_fmt: str) -> VideoFrame:
        return self._reformatter.reformat(
            frame, width, height, pix_fmt, interpolation=self._interpolation, threads=1
        )
