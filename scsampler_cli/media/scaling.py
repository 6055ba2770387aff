"""Scale a frame to another size and pixel format with one shared scaler.

A new scaler for every frame takes ten times as long.
"""

from __future__ import annotations

import av.error
from av import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter

from scsampler_cli.errors import VideoError
from scsampler_cli.media.damage import Damage

__all__ = ["Interpolation", "Scaler", "VideoFrame"]

_UNSPECIFIED = 2
"""Code for an unspecified colour matrix, primaries and transfer (ITU-T H.273)."""


class Scaler:
    """Scales frames with one thread, from the colours that the stream describes.

    Where FFmpeg cannot convert from these colours, the usual ones are used.

    Args:
        interpolation: of pixels.
        damage: of the file; `colours_ignored` is set there if needed.
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
            # a second try, without the colours that the stream describes
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
