"""RGB-R: a P-frame minus its motion-compensated reference, one step (Sec. 3.3.1: "between adjacent frames").

CoViAR accumulates residuals back to the I-frame; the paper's wording is one step, and so is this.
But: the codec's own deblocking and sub-pixel filters are not redone; sampling is bilinear at the picture's working size.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.features.motion import CELL


def compensate(
    reference: NDArray[np.uint8], field: NDArray[np.float32], coded_height: int, coded_width: int
) -> NDArray[np.float32]:
    """Predict a frame from its reference and its vectors.

    Args:
        reference: uint8 [h, w, 3], possibly smaller than the coded picture.
        field: float32 [ceil(H/8), ceil(W/8), 2] of `motion.vector_field`, pixels of the coded picture; 0 where a block is
            intra, which makes the residual there the plain difference (our choice: new content is what a sampler is after).
        coded_height: H.
        coded_width: W.

    Returns:
        float32 [h, w, 3].
    """
    height, width = reference.shape[:2]
    scale_y, scale_x = height / coded_height, width / coded_width
    row = _cells(height, scale_y, field.shape[0])
    column = _cells(width, scale_x, field.shape[1])
    moved = field[row[:, None], column[None, :]]
    x = np.arange(width, dtype=np.float32)[None, :] + moved[..., 0] * np.float32(scale_x)
    y = np.arange(height, dtype=np.float32)[:, None] + moved[..., 1] * np.float32(scale_y)
    return _bilinear(reference, np.clip(x, 0, width - 1), np.clip(y, 0, height - 1))


def _cells(length: int, scale: float, cells: int) -> NDArray[np.int64]:
    """int64 [length]: the vector cell that each pixel of the (smaller) picture lies in."""
    centre = (np.arange(length) + 0.5) / scale
    return np.minimum(centre / CELL, cells - 1).astype(np.int64)


def _bilinear(image: NDArray[np.uint8], x: NDArray[np.float32], y: NDArray[np.float32]) -> NDArray[np.float32]:
    """float32 [h, w, 3]: image sampled at (x, y), both [h, w] and inside the picture."""
    height, width = image.shape[:2]
    left, top = x.astype(np.int64), y.astype(np.int64)
    right, bottom = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    fx, fy = (x - left)[..., None], (y - top)[..., None]
    flat = image.reshape(-1, 3).astype(np.float32)
    upper = flat[top * width + left] * (1 - fx) + flat[top * width + right] * fx
    lower = flat[bottom * width + left] * (1 - fx) + flat[bottom * width + right] * fx
    return upper * (1 - fy) + lower * fy


def residual(frame: NDArray[np.uint8], prediction: NDArray[np.float32]) -> NDArray[np.int8]:
    """int8 [h, w, 3]: `frame` minus its prediction (float32 [h, w, 3]), rounded and clipped to -128..127."""
    return np.clip(np.rint(frame - prediction), -128, 127).astype(np.int8)
