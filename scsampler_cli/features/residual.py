"""RGB-R: a P-frame minus its motion-compensated reference, one step (Sec. 3.3.1).

CoViAR accumulates residuals back to the I-frame. The paper's residual is one step, "between
adjacent frames", and so is this one.

Not handled here: the codec's own deblocking and sub-pixel filters. Sampling is bilinear, at the
working size of the picture. `features.reference` finds which of several references predicts a
block.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple, TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from scsampler_cli.features.motion import CELL

Value = TypeVar("Value", bound=np.generic)


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
        frame: float32 [3, h, w], 0-255, at the coded size H x W or smaller.
        references: R pictures, float32 [3, h, w], each used by at least one cell.
        field: float32 [ceil(H/8), ceil(W/8), 2] of `motion.vector_field`, pixels of the coded
            picture. It is 0 where a block is intra. The residual there is the plain difference,
            since new content is what a sampler should find.
        choice: integer [ceil(H/8), ceil(W/8)]: index of the reference that predicts each cell.
        coded_height: height of the coded picture (H), pixels.
        coded_width: width of the coded picture (W), pixels.

    Returns:
        int8 [h, w, 3], rounded and clipped to -128..127.
    """
    # [3, R h, w]: references one below the other, so that one sampling call serves all of them
    pictures = torch.from_numpy(np.concatenate(references, axis=1))
    # [h, w, 2]: where each pixel is sampled in the stack
    grid = _sampling_grid(
        field,
        choice,
        len(references),
        size=frame.shape[1:],
        coded_height=coded_height,
        coded_width=coded_width,
    )
    # [3, h, w]
    predicted: NDArray[np.float32] = F.grid_sample(
        pictures[None], grid[None], padding_mode="border", align_corners=False
    )[0].numpy()
    # With numpy: torch would share out each of these short steps among its threads, and wait for
    # all of them ten times as long where the cores are busy. In place: the prediction is not needed
    # again.
    difference = np.subtract(frame, predicted, out=predicted)
    rounded = np.rint(difference, out=difference).clip(-128, 127, out=difference).astype(np.int8)
    pixels = np.empty((*frame.shape[1:], len(rounded)), np.int8)
    # colour by colour, which is several times faster than a copy of the moved axes
    for colour, plane in enumerate(rounded):
        pixels[..., colour] = plane
    return pixels


class _PixelGrid(NamedTuple):
    """Cell and coordinates of each pixel of a picture [h, w]."""

    cell_row: NDArray[np.intp]
    """[h]: row of the cell grid in which each row of pixels lies."""
    cell_column: NDArray[np.intp]
    """[w]: column of the cell grid in which each column of pixels lies."""
    x: NDArray[np.float32]
    """[w]: centres of pixels; -1 and 1 are the outer edges (grid_sample, align_corners=False)."""
    y: NDArray[np.float32]
    """[h, 1]: centres of pixels, in pixels; the first row is 0."""


@lru_cache(maxsize=8)
def _pixel_grid(
    height: int, width: int, rows: int, *, columns: int, coded_height: int, coded_width: int
) -> _PixelGrid:
    # centres of pixels, in pixels from the edge
    y, x = np.arange(height) + 0.5, np.arange(width) + 0.5
    # working pixels -> coded pixels -> cells; rounding must not lead out of the last cell
    cell_row = np.minimum(y * (coded_height / height / CELL), rows - 1)
    cell_column = np.minimum(x * (coded_width / width / CELL), columns - 1)
    return _PixelGrid(
        cell_row.astype(np.intp),
        cell_column.astype(np.intp),
        (x * (2 / width) - 1).astype(np.float32),
        y=(y[:, None] - 0.5).astype(np.float32),
    )


def _sampling_grid(
    field: NDArray[np.float32],
    choice: NDArray[np.integer],
    stacked: int,
    *,
    size: tuple[int, ...],
    coded_height: int,
    coded_width: int,
) -> Tensor:
    """Where each pixel comes from in a stack of pictures, one below the other.

    Args:
        field: as in `residual`.
        choice: as in `residual`.
        stacked: number of pictures in the stack (R).
        size: (h, w) of one picture.
        coded_height: height of the coded picture (H), pixels.
        coded_width: width of the coded picture (W), pixels.

    Returns:
        float32 [h, w, 2], (x, y) in the units of grid_sample: -1 and 1 are the outer edges of the
        stack. Outside of a picture its edge is repeated.
    """
    height, width = size
    rows, columns = field.shape[:2]
    pixels = _pixel_grid(
        height, width, rows, columns=columns, coded_height=coded_height, coded_width=coded_width
    )

    # float32 [rows, columns, 2], x: coded pixels -> -1..1 of the width, y: -> working pixels
    factors = np.array([2 / coded_width, height / coded_height], np.float32)
    scaled = np.multiply(field, factors, order="C")
    # float32 [h, w, 2]: the vector of each pixel's cell. Both components are moved as one 64-bit
    # number, which halves the work.
    grid = _spread(scaled.view(np.int64)[..., 0], pixels).view(np.float32)
    grid = grid.reshape(height, width, 2)

    # grid_sample repeats the left and right edges itself
    grid[..., 0] += pixels.x

    # held inside of the picture: beyond it the next one begins
    y = grid[..., 1] + pixels.y
    y.clip(0, height - 1, out=y)
    if stacked > 1:
        # each reference begins `height` rows below the one before
        y += _spread((choice * height).astype(np.float32), pixels)

    # working pixels, with centres at whole numbers -> -1..1 of the stack's height
    y *= np.float32(2 / (stacked * height))
    np.add(y, np.float32(1 / (stacked * height) - 1), out=grid[..., 1])
    return torch.from_numpy(grid)


def _spread(cells: NDArray[Value], pixels: _PixelGrid) -> NDArray[Value]:
    """[rows, columns] -> [h, w]: the value of each pixel's cell."""
    # columns first, because there are fewer cells than pixels
    return cells.take(pixels.cell_column, axis=1).take(pixels.cell_row, axis=0)
