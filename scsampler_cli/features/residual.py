"""RGB-R: a P-frame minus its motion-compensated reference, one step (Sec. 3.3.1: "between adjacent frames").

CoViAR accumulates residuals back to the I-frame; the paper's wording is one step, and so is this.

H.264 keeps several references, FFmpeg does not export which one a block uses, and x264 uses other ones than the nearest even
for a plain pan. The right one is found by trying: the reference whose prediction comes closest (ours; no source).
But: the codec's own deblocking and sub-pixel filters are not redone; sampling is bilinear at the picture's working size.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from scsampler_cli.features.motion import CELL

WINDOW = 5
"""Pixels: side of the window over which predictions are compared; our choice, about half a macroblock at the working size."""
PREFERENCE = 0.75
"""The nearest reference is kept unless another errs by less than this share of its error (our choice)."""
TOLERANCE = 2.0
"""Grey levels of mean error below which the nearest reference is never doubted: coding noise (our choice)."""


def residual(
    frame: NDArray[np.uint8],
    references: Sequence[NDArray[np.uint8]],
    field: NDArray[np.float32],
    coded_height: int,
    coded_width: int,
) -> tuple[NDArray[np.int8], NDArray[np.int64]]:
    """RGB-R of a frame, and which reference explains each pixel of it.

    Args:
        frame: uint8 [h, w, 3], possibly smaller than the coded picture.
        references: R pictures, uint8 [h, w, 3], the nearest first.
        field: float32 [ceil(H/8), ceil(W/8), 2] of `motion.vector_field`, pixels of the coded picture; 0 where a block is
            intra, which makes the residual there the plain difference (our choice: new content is what a sampler is after).
        coded_height: H.
        coded_width: W.

    Returns:
        int8 [h, w, 3], rounded and clipped to -128..127; int64 [h, w], index into `references`.
    """
    predictions = _compensate(references, field, coded_height, coded_width)
    differences = _planes(frame) - predictions
    choice = _closest(differences)
    best = differences[0]
    for index in range(1, len(references)):
        best = torch.where(choice == index, differences[index], best)
    rounded = best.round_().clamp_(-128, 127).to(torch.int8)
    return rounded.permute(1, 2, 0).contiguous().numpy(), choice.numpy()


def _planes(picture: NDArray[np.uint8]) -> Tensor:
    """uint8 [h, w, c] -> float32 [c, h, w]."""
    return torch.from_numpy(picture).permute(2, 0, 1).float()


def _compensate(
    references: Sequence[NDArray[np.uint8]], field: NDArray[np.float32], coded_height: int, coded_width: int
) -> Tensor:
    """float32 [R, 3, h, w]: the frame as each reference predicts it; outside the picture its edge is repeated, as codecs do."""
    height, width = references[0].shape[:2]
    row = _cells(height, coded_height, field.shape[0])
    column = _cells(width, coded_width, field.shape[1])
    # grid_sample wants -1 and 1 at the outer edges of the picture (align_corners=False)
    grid = field[row[:, None], column[None, :]] * np.array([2 / coded_width, 2 / coded_height], np.float32)
    grid[..., 0] += (np.arange(width, dtype=np.float32) * 2 + 1) / width - 1
    grid[..., 1] += ((np.arange(height, dtype=np.float32) * 2 + 1) / height - 1)[:, None]
    # references side by side as channels: one sampling serves them all
    pictures = torch.cat([_planes(reference) for reference in references])[None]
    sampled = F.grid_sample(pictures, torch.from_numpy(grid)[None], padding_mode="border", align_corners=False)
    return sampled.reshape(len(references), 3, height, width)


def _cells(length: int, coded_length: int, cells: int) -> NDArray[np.int64]:
    """int64 [length]: the vector cell that each pixel of the (smaller) picture lies in."""
    centre = (np.arange(length) + 0.5) * (coded_length / length)
    return np.minimum(centre / CELL, cells - 1).astype(np.int64)


def _closest(differences: Tensor) -> Tensor:
    """int64 [h, w]: index of the prediction with the least error around each pixel; differences is float32 [R, 3, h, w]."""
    choice = torch.zeros(differences.shape[2:], dtype=torch.int64)
    if len(differences) == 1:
        return choice
    errors = F.avg_pool2d(differences.abs().mean(dim=1), WINDOW, 1, WINDOW // 2, count_include_pad=False)
    least = torch.where(errors[0] <= TOLERANCE, 0.0, errors[0] * PREFERENCE)
    for index in range(1, len(differences)):
        closer = errors[index] < least
        choice[closer] = index
        least = torch.minimum(least, errors[index])
    return choice


def at_cells(choice: NDArray[np.int64], rows: int, columns: int) -> NDArray[np.int64]:
    """int64 [rows, columns]: the choice at the centre of each cell of a grid over the same picture."""
    height, width = choice.shape
    y = np.minimum(((np.arange(rows) + 0.5) * height / rows).astype(int), height - 1)
    x = np.minimum(((np.arange(columns) + 0.5) * width / columns).astype(int), width - 1)
    return choice[y[:, None], x[None, :]]
