"""A decoded reference frame, its brightness at full size, and its RGB at the working size, made when first asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import av
import numpy as np
from av.video.frame import PictureType
from av.video.reformatter import Interpolation
from numpy.typing import NDArray

from scsampler_cli.media.index import StreamIndex
from scsampler_cli.media.scaling import Scaler

Pixel = TypeVar("Pixel", np.uint8, np.uint16)
_KEPT_PIXELS = 1 << 18
"""Pixels up to which a picture is also kept as float32: four times its bytes, and 16 may be held."""


@dataclass
class CodedFrame:
    """A decoded reference frame and those it may have been predicted from."""

    position: int
    """Display position."""
    frame: av.VideoFrame
    references: tuple[CodedFrame, ...] = ()
    """Nearest first; empty for an I-frame, and for a P-frame whose references were not decoded."""
    rgb: NDArray[np.uint8] | None = None
    """uint8 [h, w, 3] at working size, made when first asked for."""
    planes: NDArray[np.float32] | None = None
    """float32 [3, h, w], likewise."""

    @property
    def is_intra(self) -> bool:
        """True for an I-frame."""
        return bool(self.frame.pict_type == PictureType.I)


def luma(frame: av.VideoFrame) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """[H, W]: the first plane, which in what H.264 decodes to is brightness, or green; more than 8 bits come as uint16."""
    return _plane(frame, 0, np.uint8) if frame.format.components[0].bits <= 8 else _plane(frame, 0, np.uint16)


def _plane(frame: av.VideoFrame, number: int, dtype: type[Pixel]) -> NDArray[Pixel]:
    plane = frame.planes[number]
    lines: NDArray[Pixel] = np.frombuffer(memoryview(plane), dtype)
    return lines.reshape(-1, plane.line_size // lines.itemsize)[: frame.height, : frame.width]


class Pictures:
    """RGB at the working size.

    Args:
        index: of the video.
        short_side: pixels to which pictures are made smaller; 0 leaves them.
    """

    def __init__(self, index: StreamIndex, short_side: int) -> None:
        height, width = index.info.upright_size
        scale = min(1.0, short_side / min(height, width)) if short_side else 1.0
        self.height, self.width = max(1, round(height * scale)), max(1, round(width * scale))
        self._scaler = Scaler(Interpolation.AREA, index.damage)

    def rgb(self, coded: CodedFrame) -> NDArray[np.uint8]:
        """uint8 [h, w, 3], before rotation."""
        if coded.rgb is None:
            small = self._scaler.scaled(coded.frame, self.width, self.height, "rgb24")
            coded.rgb = small.to_ndarray().astype(np.uint8, copy=False)
        return coded.rgb

    def planes(self, coded: CodedFrame) -> NDArray[np.float32]:
        """float32 [3, h, w], before rotation."""
        if coded.planes is not None:
            return coded.planes
        # planes of one colour each spare taking pixels apart
        small = self._scaler.scaled(coded.frame, self.width, self.height, "gbrp")
        green, blue, red = (_plane(small, number, np.uint8) for number in range(3))
        made = np.empty((3, self.height, self.width), np.float32)
        made[0], made[1], made[2] = red, green, blue
        if self.height * self.width <= _KEPT_PIXELS:
            coded.planes = made
        return made
