"""Codecs without motion vectors: encode each frame again, small and in memory, as MPEG-4 with a GOP
of 12.

HEVC, VP8/9, AV1, MJPEG and every intra-only stream export no vectors. CoViAR, and the paper after
it (Sec. 3.3.1: an I-frame and 11 P-frames), turn any video into MPEG-4 at 340 x 256 first; this
does the same on the fly, frame by frame.

Vectors come in half or quarter pixels of the small picture. So that motion is known to half a pixel
of the real one, a picture of more than 512 lines is encoded with quarter pixels, and one of more
than 1024 lines at a quarter of its size (ours). But: nothing is written to disk, and pictures are
never enlarged.
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
"""One I-frame and 11 P-frames (Sec. 3.3.1)."""
SHORT_SIDE = 256
"""Pixels: the paper's 342 x 256 (App. A.2)."""
MOST_REDUCED = 4
"""Times by which a picture is reduced at most: a quarter pixel of the small picture is then a pixel
of the real one."""
_HALF_PIXEL_UP_TO = 2
"""Times by which a picture may be reduced while half pixels do; quarter pixels take the encoder
twice as long."""
_QUALITY = 2
"""MPEG-4 quantiser, 1 (best) to 31. Our choice: the residual then holds what motion cannot explain,
not coding noise."""
_LONGEST = 4096
"""Pixels: a strip longer than this is squeezed, so that memory stays bounded."""


def encoded_size(height: int, width: int) -> tuple[int, int]:
    """(height, width), both even: a short side of 256, or a quarter where that is more; the
    picture's aspect kept.

    Example: 720 x 1280 -> 256 x 456; 1080 x 1920 -> 270 x 480; 31 x 33 -> 32 x 34.
    """
    wanted = max(SHORT_SIDE / min(height, width), 1 / MOST_REDUCED)
    scale = min(1.0, wanted, _LONGEST / max(height, width))
    return max(16, 2 * round(height * scale / 2 + 0.25)), max(
        16, 2 * round(width * scale / 2 + 0.25)
    )


def reencode(
    frames: Iterator[tuple[int, av.VideoFrame]],
    picture_height: int,
    picture_width: int,
    *,
    damage: Damage,
    shown_size: Callable[[av.VideoFrame], tuple[int, int]],
) -> Iterator[tuple[int, av.VideoFrame]]:
    """Encode and decode again, one frame in, one frame out, at `encoded_size`.

    Args:
        frames: (display position, frame) in display order.
        picture_height: of the video in square pixels.
        picture_width: likewise.
        damage: of the file.
        shown_size: (height, width) of a frame in square pixels. One of another shape than the video
            is scaled until its short side is that of the small picture, and stands in the middle.

    Yields:
        (display position, frame with motion vectors).
    """
    height, width = encoded_size(picture_height, picture_width)
    flags = "+qscale+qpel" if picture_height > _HALF_PIXEL_UP_TO * height else "+qscale"
    encoder = av.CodecContext.create("mpeg4", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, 25), Fraction(25)  # only the order matters
    encoder.thread_count = 1
    encoder.options = {
        "g": str(GOP),
        "bf": "0",
        "flags": flags,
        "global_quality": str(118 * _QUALITY),
    }
    decoder = av.CodecContext.create("mpeg4", "r")
    decoder.thread_type, decoder.thread_count = "SLICE", 1
    decoder.options = {"flags2": "+export_mvs"}
    scaler = Scaler(Interpolation.AREA, damage)
    order: list[int] = []
    for count, (position, frame) in enumerate(frames):
        shown = shown_size(frame)
        if shown != (picture_height, picture_width):
            frame = _on_canvas(scaler, frame, shown, canvas=(height, width))
        small = scaler.scaled(frame, width, height, pix_fmt="yuv420p")
        if small is frame:  # nothing to convert: the caller's frame must keep its own time stamps
            small = av.VideoFrame.from_ndarray(frame.to_ndarray(), format="yuv420p")
        small.pts, small.time_base, small.pict_type = count, Fraction(1, 25), 0
        order.append(position)
        for packet in encoder.encode(small):
            yield from _decoded(decoder, packet, order)
    for last in (*encoder.encode(None), None):
        yield from _decoded(decoder, last, order)


def _on_canvas(
    scaler: Scaler, frame: av.VideoFrame, shown: tuple[int, int], *, canvas: tuple[int, int]
) -> av.VideoFrame:
    """A frame that is shown at (height, width) `shown`, in RGB in the middle of a canvas."""
    high, wide = at_short_side(shown, canvas)
    picture = (
        scaler.scaled(frame, wide, high, pix_fmt="rgb24").to_ndarray().astype(np.uint8, copy=False)
    )
    return av.VideoFrame.from_ndarray(centred(picture, canvas), "rgb24")


def _decoded(
    decoder: VideoCodecContext, packet: av.Packet[Any] | None, order: list[int]
) -> Iterator[tuple[int, av.VideoFrame]]:
    for frame in decoder.decode(packet):
        yield order.pop(0), frame
