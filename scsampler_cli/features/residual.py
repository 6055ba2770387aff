"""RGB-R: a P-frame minus its motion-compensated reference, one step (Sec. 3.3.1: "between adjacent frames").

CoViAR accumulates residuals back to the I-frame; the paper's wording is one step, and so is this.
But: the codec's own deblocking and sub-pixel filters are not redone; sampling is bilinear at the picture's working size. Which of
several references a block is predicted from is found in `features.reference`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from scsampler_cli.features.motion import CELL


def residual(
    frame: NDArray[np.float32],
    references: Sequence[NDArray[np.float32]],
    field: NDArray[np.float32],
    *,
    choice: NDArray[np.integer],
    coded_height: int,
    coded_width: int,
) -> NDArray[np.int8]:
    """RGB-R of a frame.

    Args:
        frame: float32 [3, h, w], possibly smaller than the coded picture.
        references: R pictures, float32 [3, h, w]; all in use.
        field: float32 [ceil(H/8), ceil(W/8), 2] of `motion.vector_field`, pixels of the coded picture; 0 where a block is
            intra, which makes the residual there the plain difference (our choice: new content is what a sampler is after).
        choice: integer [ceil(H/8), ceil(W/8)]: which reference each cell is predicted from.
        coded_height: H.
        coded_width: W.

    Returns:
        int8 [h, w, 3], rounded and clipped to -128..127.
    """
    # one below the other: one sampling serves all
    pictures = torch.from_numpy(np.concatenate(references, axis=1))
    grid = _sources(
        field,
        choice,
        len(references),
        size=frame.shape[1:],
        coded_height=coded_height,
        coded_width=coded_width,
    )
    predicted = F.grid_sample(
        pictures[None], grid[None], padding_mode="border", align_corners=False
    )[0]
    rounded = (
        torch.sub(torch.from_numpy(frame), predicted, out=predicted)
        .round_()
        .clamp_(-128, 127)
        .to(torch.int8)
    )
    return rounded.permute(1, 2, 0).contiguous().numpy()


class _Places(NamedTuple):
    """Of the pixels of a picture."""

    row: NDArray[np.intp]
    """[h]: row of cells that each row of pixels lies in."""
    column: NDArray[np.intp]
    x: NDArray[np.float32]
    """[w]: -1 and 1 at the outer edges of the picture (as grid_sample wants, align_corners=False)."""
    y: NDArray[np.float32]
    """[h, 1], pixels."""


@lru_cache(maxsize=8)
def _places(
    height: int, width: int, rows: int, *, columns: int, coded_height: int, coded_width: int
) -> _Places:
    y, x = (np.arange(length) + 0.5 for length in (height, width))
    return _Places(
        np.minimum(y * (coded_height / height / CELL), rows - 1).astype(np.intp),
        np.minimum(x * (coded_width / width / CELL), columns - 1).astype(np.intp),
        (x * (2 / width) - 1).astype(np.float32),
        y=(y[:, None] - 0.5).astype(np.float32),
    )


def _sources(
    field: NDArray[np.float32],
    choice: NDArray[np.integer],
    stacked: int,
    *,
    size: tuple[int, ...],
    coded_height: int,
    coded_width: int,
) -> Tensor:
    """float32 [h, w, 2]: where each pixel comes from in a stack of pictures; outside of one its edge is repeated."""
    height, width = size
    rows, columns = field.shape[:2]
    places = _places(
        height, width, rows, columns=columns, coded_height=coded_height, coded_width=coded_width
    )
    # both components of a vector move as one number
    whole = np.ascontiguousarray(field).view(np.int64)[..., 0]
    vectors = (
        whole[places.row].take(places.column, axis=1).view(np.float32).reshape(height, width, 2)
    )
    grid = np.empty((height, width, 2), np.float32)
    np.multiply(vectors[..., 0], np.float32(2 / coded_width), out=grid[..., 0])
    grid[..., 0] += places.x
    y = vectors[..., 1] * np.float32(height / coded_height)
    y += places.y
    np.minimum(np.maximum(y, 0, out=y), height - 1, out=y)
    if stacked > 1:
        y += (choice * height).astype(np.float32)[places.row].take(places.column, axis=1)
    np.multiply(y, np.float32(2 / (stacked * height)), out=grid[..., 1])
    grid[..., 1] += np.float32(1 / (stacked * height) - 1)
    return torch.from_numpy(grid)
