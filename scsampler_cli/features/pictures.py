"""RGB of decoded frames at the working size, made at first use.

Not handled here: brightness at full size; see `media.coded.luma`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.media.aspect import Value, at_short_side, centred
from scsampler_cli.media.coded import CodedFrame, plane_view
from scsampler_cli.media.index import StreamIndex
from scsampler_cli.media.scaling import Interpolation, Scaler, VideoFrame

_COLUMN_STEP = 16
"""Columns that FFmpeg 8.1 converts at once from YUV to planar RGB of the same size.

It leaves the rest of a line unwritten.
"""
_MAX_KEPT_PIXELS = 1 << 18
"""Largest picture that is also kept as float32, which takes four times its bytes; 16 may be
kept."""


class Pictures:
    """RGB at the working size, on a canvas of the first picture's shape.

    A picture of another shape is scaled until its short side is that of the canvas, and is placed
    in the middle: the centre of a picture is as large as in any other video of its shape.

    Args:
        index: of the video.
        short_side: pixels to which the short side is reduced; 0 keeps the size.
        reencoded: True for frames of `media.reencode`, which all have the first picture's shape.
    """

    def __init__(self, index: StreamIndex, short_side: int, *, reencoded: bool = False) -> None:
        self._index, self._reencoded = index, reencoded
        height, width = index.info.upright_size
        # pictures are never enlarged
        scale = min(1.0, short_side / min(height, width)) if short_side else 1.0
        self.height, self.width = max(1, round(height * scale)), max(1, round(width * scale))
        self._scaler = Scaler(Interpolation.AREA, index.damage)

    def shown_size(self, frame: VideoFrame) -> tuple[int, int]:
        """(height, width) of a frame in square pixels, before rotation."""
        if self._reencoded:
            return self._index.info.upright_size
        return self._index.upright_size(frame)

    def own_size(self, coded: CodedFrame) -> tuple[int, int]:
        """(height, width) of a picture at working size, before it is placed on the canvas."""
        shown, canvas = self.shown_size(coded.frame), (self.height, self.width)
        return canvas if shown == self._index.info.upright_size else at_short_side(shown, canvas)

    def on_canvas(self, picture: NDArray[Value]) -> NDArray[Value]:
        """[H, W, ...] -> [h, w, ...], h and w those of the canvas."""
        canvas = self.height, self.width
        return picture if picture.shape[:2] == canvas else centred(picture, canvas)

    def rgb(self, coded: CodedFrame) -> NDArray[np.uint8]:
        """uint8 [h, w, 3], on the canvas, before rotation; kept in `coded`."""
        if coded.rgb is None:
            height, width = self.own_size(coded)
            small = self._scaler.scaled(coded.frame, width, height, pix_fmt="rgb24")
            coded.rgb = self.on_canvas(small.to_ndarray().astype(np.uint8, copy=False))
        return coded.rgb

    def planes(self, coded: CodedFrame, size: tuple[int, int]) -> NDArray[np.float32]:
        """float32 [3, *size], RGB, 0-255, before rotation and not on the canvas."""
        if coded.planes is not None and coded.planes.shape[1:] == size:
            return coded.planes
        height, width = size
        planes = np.empty((3, height, width), np.float32)
        if (coded.frame.height, coded.frame.width) == size and width % _COLUMN_STEP:
            # planar RGB would lack the last columns
            small = self._scaler.scaled(coded.frame, width, height, pix_fmt="rgb24")
            planes[:] = np.moveaxis(small.to_ndarray(), 2, 0)
        else:
            # planar RGB needs no splitting of pixels
            small = self._scaler.scaled(coded.frame, width, height, pix_fmt="gbrp")
            green, blue, red = (plane_view(small, number, np.uint8) for number in range(3))
            planes[0], planes[1], planes[2] = red, green, blue
        if height * width <= _MAX_KEPT_PIXELS:
            coded.planes = planes
        return planes
