"""Which of several reference frames a block was predicted from.

H.264 keeps several references and FFmpeg does not export which one a vector points into; x264 uses other ones than the nearest
even for a plain pan. The right one is found by trying: the reference whose prediction comes closest (ours; no source).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

WINDOW = 5
"""Pixels: side of the window over which predictions are compared; our choice, about half a macroblock at the working size."""
PREFERENCE = 0.75
"""The nearest reference is kept unless another errs by less than this share of its error (our choice: x264's habit)."""
_TOLERANCE = 2.0
"""Grey levels of mean error below which the nearest reference is never doubted: coding noise."""


def choose(frame: NDArray[np.uint8], predictions: Sequence[NDArray[np.float32]]) -> NDArray[np.intp]:
    """For each pixel, the prediction that comes closest to the frame around it.

    Args:
        frame: uint8 [h, w, 3].
        predictions: float32 [h, w, 3] each; the first is the nearest reference's.

    Returns:
        intp [h, w]: index into `predictions`.
    """
    errors = np.stack([_window_mean(np.abs(frame - p).mean(axis=2)) for p in predictions])
    errors[0] = np.where(errors[0] <= _TOLERANCE, -1.0, errors[0] * PREFERENCE)
    return errors.argmin(axis=0)


def _window_mean(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Mean over a WINDOW x WINDOW neighbourhood, edges repeated."""
    half = WINDOW // 2
    padded = np.pad(values.astype(np.float64), half, mode="edge")
    for axis in (0, 1):
        total = np.cumsum(padded, axis=axis)
        total = np.insert(total, 0, 0.0, axis=axis)
        length = padded.shape[axis]
        upper = np.take(total, range(WINDOW, length + 1), axis=axis)
        padded = (upper - np.take(total, range(length - WINDOW + 1), axis=axis)) / WINDOW
    return padded


def at_cells(choice: NDArray[np.intp], rows: int, columns: int) -> NDArray[np.intp]:
    """The choice at the centre of each cell of a rows x columns grid over the same picture, [rows, columns]."""
    height, width = choice.shape
    y = np.minimum(((np.arange(rows) + 0.5) * height / rows).astype(int), height - 1)
    x = np.minimum(((np.arange(columns) + 0.5) * width / columns).astype(int), width - 1)
    return choice[y[:, None], x[None, :]]
