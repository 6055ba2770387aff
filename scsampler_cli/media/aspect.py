"""Wide and tall pixels: how large a picture is in square ones, and pictures of several shapes on
one canvas.

But: which pixel aspect holds for a picture is for `media.index` to say.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Value = TypeVar("Value", bound=np.generic)

MOST_PIXELS = 8192 * 4608
"""Pixels to which wide or tall pixels may enlarge a picture; a larger one is made that much
smaller."""
EXTREME = 16
"""Times that a pixel may be wider than tall, or taller than wide; beyond this a header is
damaged."""
LONGEST = 8
"""Times its short side: a longer strip is squeezed, so that memory stays bounded."""
SAME_SHAPE = 0.01
"""Share by which the shapes of two pictures may differ and still be taken as one: rounding."""


def is_pixel(aspect: Fraction) -> bool:
    """True for a width over height that a pixel can have."""
    return Fraction(1, EXTREME) <= aspect <= EXTREME


def square_size(height: int, width: int, aspect: Fraction) -> tuple[int, int]:
    """(height, width) in square pixels of a stored picture, whose pixels have the aspect
    `aspect`."""
    wide = max(1, round(width * aspect))
    scale = min(1.0, (max(height * width, MOST_PIXELS) / (height * wide)) ** 0.5)
    return max(1, round(height * scale)), max(1, round(wide * scale))


def is_same_shape(size: tuple[int, int], other: tuple[int, int]) -> bool:
    """True when two (height, width) differ in scale alone."""
    return abs(size[0] * other[1] - size[1] * other[0]) <= SAME_SHAPE * size[1] * other[0]


def at_short_side(size: tuple[int, int], canvas: tuple[int, int]) -> tuple[int, int]:
    """(height, width) of `size` scaled until its short side is that of `canvas`.

    Example: 288 x 512 on a canvas of 96 x 128 -> 96 x 171.
    """
    short = min(canvas)
    height, width = (min(max(1, round(side * short / min(size))), LONGEST * short) for side in size)
    return height, width


def centred(picture: NDArray[Value], canvas: tuple[int, int]) -> NDArray[Value]:
    """[H, W, ...] -> [h, w, ...]: the middle of it; zeros are added where it is smaller than the
    canvas."""
    placed = np.zeros((*canvas, *picture.shape[2:]), picture.dtype)
    taken, free = [], []
    for have, want in zip(picture.shape, canvas, strict=False):
        both = min(have, want)
        taken.append(slice((have - both) // 2, (have - both) // 2 + both))
        free.append(slice((want - both) // 2, (want - both) // 2 + both))
    placed[tuple(free)] = picture[tuple(taken)]
    return placed
