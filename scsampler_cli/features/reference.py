"""Finds which of several references predicts each block of a P-frame.

H.264 keeps several references. FFmpeg does not export which one a block uses, and x264 uses others
than the nearest even for a plain pan. So each reference is tried, and the one with the closest
prediction is used. A vector holds for a cell of 8 x 8 pixels at least. So each cell is compared at
four points, in the brightness alone, at full size.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.features.motion import CELL

POINTS = 2
"""Points along each side of a cell."""
PREFERENCE = 0.75
"""Another reference replaces the nearest one if its error is below this share of the nearest's."""
TOLERANCE = 2.0 / 255
"""Mean error, as a share of the full range, up to which the nearest reference is kept: coding
noise."""

Luma = NDArray[np.uint8] | NDArray[np.uint16]


def closest_reference(
    frame: Luma, references: Sequence[Luma], field: NDArray[np.float32], *, brightest: int = 255
) -> NDArray[np.int64]:
    """Index of the reference that predicts each cell best.

    Args:
        frame: uint8 or uint16 [H, W], brightness of the coded picture.
        references: R pictures [H, W], the nearest first.
        field: float32 [rows, columns, 2] of `motion.vector_field`, pixels.
        brightest: value of white: 255 with 8 bits.

    Returns:
        int64 [rows, columns].
    """
    height, width = frame.shape
    choice = np.zeros(field.shape[:2], np.int64)
    if len(references) == 1:
        return choice

    # float32 [n, rows, columns]: brightness at the points of the frame
    rows, columns = field.shape[:2]
    actual = _sampled(frame, _fixed_taps(rows, columns, height, width=width))

    # R arrays, float32 [rows, columns]: mean error of each reference
    taps = _taps(_points(rows, columns) + field, height, width)
    errors = [np.abs(_sampled(reference, taps) - actual).mean(axis=0) for reference in references]

    # error that another reference must stay below; nothing is below 0
    is_noise = errors[0] <= TOLERANCE * brightest
    least = np.where(is_noise, np.float32(0), errors[0] * np.float32(PREFERENCE))
    for index, error in enumerate(errors[1:], start=1):
        choice[error < least] = index
        np.minimum(least, error, out=least)
    return choice


@lru_cache(maxsize=8)
def _points(rows: int, columns: int) -> NDArray[np.float32]:
    """float32 [n, rows, columns, 2]: (x, y) of the n points of each cell, in pixels.

    The centre of the first pixel is 0.
    """
    # parts of a cell: 1/4 and 3/4
    offsets = (np.arange(POINTS) + 0.5) / POINTS
    y, x, row, column = np.meshgrid(
        offsets, offsets, np.arange(rows), np.arange(columns), indexing="ij"
    )
    points = np.stack([column + x, row + y], axis=-1).reshape(-1, rows, columns, 2)
    return (points * CELL - 0.5).astype(np.float32)


class _Taps(NamedTuple):
    """The four pixels of bilinear sampling, and their weights; each [n, rows, columns]."""

    indices: tuple[NDArray[np.int32], ...]
    """Into the flat picture."""
    weights: tuple[NDArray[np.float32], ...]
    """The four add up to 1."""


@lru_cache(maxsize=8)
def _fixed_taps(rows: int, columns: int, height: int, *, width: int) -> _Taps:
    """The taps of all points where nothing moves."""
    return _taps(_points(rows, columns), height, width)


def _taps(points: NDArray[np.float32], height: int, width: int) -> _Taps:
    """The four pixels around each point.

    Outside of the picture its edge is repeated, as codecs do.

    Args:
        points: float32 [n, rows, columns, 2], (x, y) in pixels.
        height: of the picture, pixels.
        width: of the picture, pixels.
    """
    x = points[..., 0].clip(0, width - 1)
    y = points[..., 1].clip(0, height - 1)
    left, top = x.astype(np.int32), y.astype(np.int32)
    # x and y are the parts of a pixel from here on, 0 to 1
    x -= left
    y -= top
    right = np.minimum(left + 1, width - 1)
    # rows -> offsets in the flat picture
    bottom = np.minimum(top + 1, height - 1) * width
    top *= width
    both = x * y
    indices = (top + left, top + right, bottom + left, bottom + right)
    # (1-x)(1-y), x(1-y), (1-x)y, xy
    return _Taps(indices, (1 - x - y + both, x - both, y - both, both))


def _sampled(picture: Luma, taps: _Taps) -> NDArray[np.float32]:
    """float32 [n, rows, columns]: the picture, bilinear, at the taps."""
    flat: NDArray[Any] = np.ascontiguousarray(picture).ravel()
    values = np.zeros(taps.indices[0].shape, np.float32)
    for index, weight in zip(taps.indices, taps.weights, strict=True):
        values += weight * flat.take(index)
    return values
