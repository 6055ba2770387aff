"""Pixel aspect: size of a picture in square pixels, and pictures of several shapes on one canvas.

Not handled here: which pixel aspect holds for a picture; see `media.index`.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Value = TypeVar("Value", bound=np.generic)

MOST_PIXELS = 8192 * 4608
"""Most pixels to which a pixel aspect may enlarge a picture; beyond, the picture is scaled down."""
EXTREME = 16
"""Largest ratio of a pixel's sides, either way; beyond this a header is damaged."""
LONGEST = 8
"""Largest ratio of a picture's sides; a longer strip is squeezed, so that memory stays bounded."""
SAME_SHAPE = 0.01
"""Relative difference up to which two aspect ratios count as the same: rounding."""


def is_pixel(aspect: Fraction) -> bool:
    """True for a width over height that a pixel can have."""
    # whole numbers: readers ask for every frame, and fractions take ten times as long to compare
    width, height = aspect.as_integer_ratio()
    return height <= EXTREME * width and width <= EXTREME * height


def square_size(height: int, width: int, aspect: Fraction) -> tuple[int, int]:
    """(height, width) in square pixels of a stored picture whose pixels have the given aspect."""
    stretched = max(1, round(width * aspect))
    # a picture that is stored larger than the limit may keep its size
    limit = max(height * width, MOST_PIXELS)
    scale = min(1.0, (limit / (height * stretched)) ** 0.5)
    return max(1, round(height * scale)), max(1, round(stretched * scale))


def is_same_shape(size: tuple[int, int], other: tuple[int, int]) -> bool:
    """True when two (height, width) differ only in scale."""
    # cross-multiplied aspect ratios: |h w' - w h'| relative to w h'
    return abs(size[0] * other[1] - size[1] * other[0]) <= SAME_SHAPE * size[1] * other[0]


def at_short_side(size: tuple[int, int], canvas: tuple[int, int]) -> tuple[int, int]:
    """(height, width) of `size` scaled until its short side is that of `canvas`.

    Example: 288 x 512 on a canvas of 96 x 128 -> 96 x 171.
    """
    short = min(canvas)

    def scaled(side: int) -> int:
        return min(max(1, round(side * short / min(size))), LONGEST * short)

    return scaled(size[0]), scaled(size[1])


def centred(picture: NDArray[Value], canvas: tuple[int, int]) -> NDArray[Value]:
    """[H, W, ...] -> [*canvas, ...]: cropped, or padded with zeros, on both sides."""
    result = np.zeros((*canvas, *picture.shape[2:]), picture.dtype)
    source, target = [], []
    # only the first two axes; colours are kept
    for have, want in zip(picture.shape, canvas, strict=False):
        shared = min(have, want)
        source.append(slice((have - shared) // 2, (have - shared) // 2 + shared))
        target.append(slice((want - shared) // 2, (want - shared) // 2 + shared))
    result[tuple(target)] = picture[tuple(source)]
    return result
