"""Which of several references predicts each block of a P-frame.

H.264 keeps several, FFmpeg does not export which one a block uses, and x264 uses other ones than the nearest even for a plain
pan. The right one is found by trying: the reference whose prediction comes closest (ours; no source). A vector holds for a cell
of 8 x 8 pixels at least, so each cell is looked at in four points of the brightness alone, at its full size.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.features.motion import CELL

POINTS = 2
"""Points along each side of a cell (our choice)."""
PREFERENCE = 0.75
"""The nearest reference is kept unless another errs by less than this share of its error (our choice)."""
TOLERANCE = 2.0 / 255
"""Mean error, of the full range, below which the nearest reference is never doubted: coding noise (our choice)."""

Luma = NDArray[np.uint8] | NDArray[np.uint16]


def closest_reference(
    frame: Luma, references: Sequence[Luma], field: NDArray[np.float32], *, brightest: int = 255
) -> NDArray[np.int64]:
    """Index of the reference that predicts each cell best.

    Args:
        frame: [H, W], brightness of the coded picture.
        references: R pictures [H, W], the nearest first.
        field: float32 [rows, columns, 2] of `motion.vector_field`, pixels.
        brightest: what white is.

    Returns:
        int64 [rows, columns].
    """
    height, width = frame.shape
    choice = np.zeros(field.shape[:2], np.int64)
    if len(references) == 1:
        return choice
    points = _points(*field.shape[:2])
    here = _sampled(frame, _taps(points, height, width))
    taps = _taps(points + field, height, width)
    errors = [np.abs(_sampled(reference, taps) - here).mean(axis=0) for reference in references]
    least = np.where(
        errors[0] <= TOLERANCE * brightest, np.float32(0), errors[0] * np.float32(PREFERENCE)
    )
    for index, error in enumerate(errors[1:], start=1):
        choice[error < least] = index
        np.minimum(least, error, out=least)
    return choice


@lru_cache(maxsize=8)
def _points(rows: int, columns: int) -> NDArray[np.float32]:
    """float32 [n, rows, columns, 2]: (x, y) of the n points of each cell; the centre of the first pixel is 0."""
    offsets = (np.arange(POINTS) + 0.5) / POINTS
    y, x, row, column = np.meshgrid(
        offsets, offsets, np.arange(rows), np.arange(columns), indexing="ij"
    )
    places = np.stack([column + x, row + y], axis=-1).reshape(-1, rows, columns, 2)
    return (places * CELL - 0.5).astype(np.float32)


class _Taps(NamedTuple):
    """Where bilinear sampling looks, and the weights of what is there; each [n, rows, columns]."""

    at: tuple[NDArray[np.int32], ...]
    weights: tuple[NDArray[np.float32], ...]


def _taps(points: NDArray[np.float32], height: int, width: int) -> _Taps:
    """The four pixels around each point; outside of the picture its edge is repeated, as codecs do."""
    x = np.minimum(np.maximum(points[..., 0], 0), width - 1)
    y = np.minimum(np.maximum(points[..., 1], 0), height - 1)
    left, top = x.astype(np.int32), y.astype(np.int32)
    x -= left
    y -= top
    right = np.minimum(left + 1, width - 1)
    bottom = np.minimum(top + 1, height - 1) * width
    top *= width
    both = x * y
    at = (top + left, top + right, bottom + left, bottom + right)
    return _Taps(at, (1 - x - y + both, x - both, y - both, both))


def _sampled(picture: Luma, taps: _Taps) -> NDArray[np.float32]:
    flat: NDArray[Any] = np.ascontiguousarray(picture).ravel()
    found = np.zeros(taps.at[0].shape, np.float32)
    for at, weight in zip(taps.at, taps.weights, strict=True):
        found += weight * flat.take(at)
    return found
