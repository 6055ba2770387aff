"""Motion vectors for codecs without: each frame is encoded again, small and in memory, as MPEG-4.

HEVC, VP8/9, AV1, MJPEG and every intra-only stream export no vectors. CoViAR, and the paper after
it (Sec. 3.3.1: an I-frame and 11 P-frames), convert any video to MPEG-4 at 340 x 256 first. This
does the same frame by frame while reading. Nothing is written to disk, and pictures are never
enlarged.

Vectors come in half or quarter pixels of the small picture. So that motion is known to half a pixel
of the real one, a picture of more than 512 lines is encoded with quarter pixels, and one of more
than 1024 lines at a quarter of its size. The paper does not do this.

Not handled here: writing a converted video; see `transcode.normalise`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.reformatter import Interpolation

from scsampler_cli.media.aspect import at_short_side, centred
from scsampler_cli.media.damage import Damage
from scsampler_cli.media.scaling import Scaler

GOP = 12
"""Frames in a GOP: an I-frame and 11 P-frames (Sec. 3.3.1)."""
SHORT_SIDE = 256
"""Pixels: the paper's 342 x 256 (App. A.2)."""
MOST_REDUCED = 4
"""Largest scale-down: a quarter pixel of the small picture is then a pixel of the real one."""
_HALF_PIXEL_UP_TO = 2
"""Largest scale-down with half-pixel vectors; quarter pixels take the encoder twice as long."""
_QUALITY = 2
"""MPEG-4 quantiser, 1 (best) to 31: the residual holds what motion cannot explain, not coding
noise."""
_LONGEST = 4096
"""Pixels: a longer strip is squeezed, so that memory stays bounded."""


def encoded_size(height: int, width: int) -> tuple[int, int]:
    """(height, width) of the small picture, both even, with the aspect of the picture.

    The short side is 256, or a quarter of the original where that is more.

    Example: 720 x 1280 -> 256 x 456; 1080 x 1920 -> 270 x 480; 31 x 33 -> 32 x 34.
    """
    preferred = max(SHORT_SIDE / min(height, width), 1 / MOST_REDUCED)
    scale = min(1.0, preferred, _LONGEST / max(height, width))

    def even(side: int) -> int:
        # + 0.25 rounds an odd size up to the next even one
        return max(16, 2 * round(side * scale / 2 + 0.25))

    return even(height), even(width)


def reencode(
    frames: Iterator[tuple[int, av.VideoFrame]],
    picture_height: int,
    picture_width: int,
    *,
    damage: Damage,
    shown_size: Callable[[av.VideoFrame], tuple[int, int]],
) -> Iterator[tuple[int, av.VideoFrame]]:
    """Encode and decode frames again at `encoded_size`, one frame out for each frame in.

    Args:
        frames: (display position, frame) in display order.
        picture_height: of the video, in square pixels.
        picture_width: of the video, in square pixels.
        damage: of the file.
        shown_size: (height, width) of a frame in square pixels. A frame of another shape than the
            video is scaled until its short side is that of the small picture, and is placed in the
            middle.

    Yields:
        (display position, frame with motion vectors).
    """
    height, width = encoded_size(picture_height, picture_width)
    encoder = _encoder(height, width, picture_height > _HALF_PIXEL_UP_TO * height)
    decoder = av.CodecContext.create("mpeg4", "r")
    decoder.thread_type, decoder.thread_count = "SLICE", 1
    decoder.options = {"flags2": "+export_mvs"}
    scaler = Scaler(Interpolation.AREA, damage)

    # display positions of frames that were sent to the encoder and did not come back yet
    order: list[int] = []
    for count, (position, frame) in enumerate(frames):
        shown = shown_size(frame)
        if shown != (picture_height, picture_width):
            frame = _on_canvas(scaler, frame, shown, canvas=(height, width))
        small = scaler.scaled(frame, width, height, pix_fmt="yuv420p")
        # nothing to convert: a copy, since the caller's frame must keep its own time stamps
        if small is frame:
            small = av.VideoFrame.from_ndarray(frame.to_ndarray(), format="yuv420p")
        # type 0: the encoder chooses the picture type
        small.pts, small.time_base, small.pict_type = count, Fraction(1, 25), 0
        order.append(position)
        for packet in encoder.encode(small):
            yield from _decoded(decoder, packet, order)
    for last in (*encoder.encode(None), None):
        yield from _decoded(decoder, last, order)


def _encoder(height: int, width: int, quarter_pixels: bool) -> VideoCodecContext:
    encoder = av.CodecContext.create("mpeg4", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    # any frame rate will do: only the order of frames matters
    encoder.time_base, encoder.framerate = Fraction(1, 25), Fraction(25)
    # one thread, so that the result does not depend on the number of cores
    encoder.thread_count = 1
    encoder.options = {
        "g": str(GOP),
        "bf": "0",
        "flags": "+qscale+qpel" if quarter_pixels else "+qscale",
        # FFmpeg counts quality in units of FF_QP2LAMBDA, 118 for each step of the quantiser
        "global_quality": str(118 * _QUALITY),
    }
    return encoder


def _on_canvas(
    scaler: Scaler, frame: av.VideoFrame, shown: tuple[int, int], *, canvas: tuple[int, int]
) -> av.VideoFrame:
    """A frame that is displayed at (height, width) `shown`, in RGB in the middle of a canvas."""
    height, width = at_short_side(shown, canvas)
    scaled = scaler.scaled(frame, width, height, pix_fmt="rgb24")
    picture = scaled.to_ndarray().astype(np.uint8, copy=False)  # [h, w, 3]
    return av.VideoFrame.from_ndarray(centred(picture, canvas), "rgb24")


def _decoded(
    decoder: VideoCodecContext, packet: av.Packet[Any] | None, order: list[int]
) -> Iterator[tuple[int, av.VideoFrame]]:
    for frame in decoder.decode(packet):
        yield order.pop(0), frame
