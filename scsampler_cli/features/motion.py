"""MD: motion vectors of a P-frame as a dense field, and as displacement on an H/16 x W/16 grid.

Sec. 3.3.1. A codec's vector points from a block to its source in the reference frame. Displacement
is the movement of the content since then, so the sign is reversed, and it is divided by the
distance to the reference in frames.

Not handled here: which frame is the reference; see `features.visual`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

CELL = 8
"""Pixels: the smallest block for which FFmpeg exports a vector."""
STANDARD_SIDE = 256
"""Pixels: short side to which the samplers' motion refers (Sec. 4.1.2 and App. A.2 scale frames to
342 x 256)."""


def vector_field(
    vectors: NDArray[np.void] | None, height: int, width: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Spread block vectors of the past reference list over a grid of 8 x 8 pixel cells.

    Args:
        vectors: FFmpeg's AVMotionVector records, or None where a frame has none.
        height: coded height, pixels.
        width: coded width, pixels.

    Returns:
        float32 [ceil(H/8), ceil(W/8), 2]: (x, y) from a cell to its source, pixels; 0 in intra
        blocks. bool [ceil(H/8), ceil(W/8)]: True where there is a vector.
    """
    rows, columns = -(-height // CELL), -(-width // CELL)
    # a margin of one cell on each side takes the blocks outside of the picture
    field = np.zeros((rows + 2, columns + 2, 2), np.float32)
    covered = np.zeros((rows + 2, columns + 2), bool)
    if vectors is not None and len(vectors):
        # a negative source is a reference in the past
        past = vectors.compress(vectors["source"] < 0)
        # Both components are moved as one 64-bit number, to an index into the flat grid: numpy
        # takes thirty times as long for pairs at rows and columns.
        motion = _motion(past).view(np.int64)[:, 0]  # [blocks]
        flat_field, flat_covered = field.view(np.int64).reshape(-1), covered.reshape(-1)
        upper, lower = _cells_along(past["dst_y"], past["h"], rows)
        left, right = _cells_along(past["dst_x"], past["w"], columns)
        # the four corners of the blocks; a block of 8 pixels has them all in one cell
        for row in (upper, lower):
            start = row * (columns + 2)
            for column in (left, right):
                cell = start + column
                flat_field[cell] = motion
                flat_covered[cell] = True
    return np.ascontiguousarray(field[1:-1, 1:-1]), np.ascontiguousarray(covered[1:-1, 1:-1])


def _motion(blocks: NDArray[np.void]) -> NDArray[np.float32]:
    """float32 [blocks, 2]: (x, y) from each block to its source, pixels."""
    scale = np.maximum(blocks["motion_scale"], 1)
    motion = np.empty((len(blocks), 2), np.float32)
    # src_x and src_y would be truncated to whole pixels
    np.divide(blocks["motion_x"], scale, out=motion[:, 0])
    np.divide(blocks["motion_y"], scale, out=motion[:, 1])
    return motion


def _cells_along(
    centres: NDArray[np.int16], sides: NDArray[np.uint8], count: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last cell of blocks along one axis, in a grid with a margin of one cell.

    Args:
        centres: int16 [blocks], pixels (`dst_x` or `dst_y`).
        sides: uint8 [blocks], pixels: 8 or 16.
        count: cells of the grid along the axis, without the margin.

    Returns:
        int64 [blocks], int64 [blocks]; blocks outside of the picture are in the margin.
    """
    # + 1 for the margin
    first = (centres - sides.astype(np.int64) // 2) // CELL + 1
    last = first + (sides > CELL)
    return (
        np.minimum(np.maximum(first, 0), count + 1),
        np.minimum(np.maximum(last, 0), count + 1),
    )


def displacement(
    field: NDArray[np.float32], covered: NDArray[np.bool_], distance: NDArray[np.integer] | int
) -> NDArray[np.float32]:
    """MD on the 16-pixel grid: minus the mean vector of each cell over the reference distance.

    Args:
        field: float32 [ceil(H/8), ceil(W/8), 2] of `vector_field`.
        covered: bool [ceil(H/8), ceil(W/8)].
        distance: frames from the reference to this one in display order, at least 1; a number, or
            [ceil(H/8), ceil(W/8)].

    Returns:
        float32 [ceil(H/16), ceil(W/16), 2]: (x right, y down) in pixels per frame; 0 where all is
        intra.
    """
    # [ceil(H/8), ceil(W/8), 2], pixels per frame
    per_frame = field / np.asarray(distance)[..., None]
    # [ceil(H/16), ceil(W/16)]: how many of the four cells have a vector
    count = _quad_sums(covered.astype(np.float32))
    # uncovered cells are 0 in the field, so they add nothing to the sum
    mean = -_quad_sums(per_frame) / np.maximum(count, 1)[..., None]
    # + 0 turns -0 into 0, so that equal motion has equal bytes
    return (mean + 0).astype(np.float32)


def _quad_sums(cells: NDArray[np.floating]) -> NDArray[np.floating]:
    """[2 r, 2 c, ...] -> [r, c, ...]: sums of 2 x 2 cells; an odd side is made even with zeros."""
    rows, columns = cells.shape[:2]
    if rows % 2 or columns % 2:
        even = np.zeros((rows + rows % 2, columns + columns % 2, *cells.shape[2:]), cells.dtype)
        even[:rows, :columns] = cells
        cells = even
    # [r, c, ...]: upper two and lower two cells of each square
    return (cells[::2, ::2] + cells[::2, 1::2]) + (cells[1::2, ::2] + cells[1::2, 1::2])


def area_weights(source: int, target: int) -> NDArray[np.float32]:
    """Weights that average (or repeat) `source` cells into `target` cells by shared length.

    Returns:
        float32 [target, source]; each row sums to 1.

    Example: 3 -> 2 gives [[2/3, 1/3, 0], [0, 1/3, 2/3]].
    """
    # [target + 1]: edges of the target cells, in source cells
    edges = np.arange(target + 1) * (source / target)
    shared = _shared_length(edges, source)
    return (shared / shared.sum(axis=1, keepdims=True)).astype(np.float32)


def _shared_length(edges: NDArray[np.floating], source: int) -> NDArray[np.floating]:
    """[n, source]: overlap of the n cells between `edges` with the source cells 0..source."""
    cells = np.arange(source)
    shared = np.minimum(edges[1:, None], cells + 1) - np.maximum(edges[:-1, None], cells)
    return np.maximum(shared, 0)


def resize_grid(grid: NDArray[np.floating], rows: int, columns: int) -> NDArray[np.float32]:
    """Area-average [..., gh, gw, 2] to float32 [..., rows, columns, 2]; values keep their unit."""
    vertical = area_weights(grid.shape[-3], rows)  # [rows, gh]
    horizontal = area_weights(grid.shape[-2], columns)  # [columns, gw]
    return np.einsum(
        "rg,...ghc,kh->...rkc", vertical, grid.astype(np.float32), horizontal, optimize=True
    )


def window_grid(
    grid: NDArray[np.floating], cells: tuple[int, int], covered: tuple[float, float]
) -> NDArray[np.float32]:
    """The middle of a grid, in other cells; 0 outside of the grid.

    Args:
        grid: [gh, gw, 2]; values keep their unit.
        cells: rows and columns of the result.
        covered: share of the grid's height, and of its width, that the result covers; may exceed 1.

    Returns:
        float32 [*cells, 2].
    """
    weights = []
    for source, target, share in zip(grid.shape, cells, covered, strict=False):
        # [target + 1]: edges of the result's cells, in source cells, around the middle
        edges = source / 2 + (np.arange(target + 1) / target - 0.5) * (share * source)
        # not divided by the sum of shared parts: what lies outside counts as 0
        shared = _shared_length(edges, source)
        weights.append((shared / (edges[1] - edges[0])).astype(np.float32))
    return np.einsum(
        "rg,ghc,kh->rkc", weights[0], grid.astype(np.float32), weights[1], optimize=True
    )


def standardise(motion: NDArray[np.floating], height: int, width: int) -> NDArray[np.float32]:
    """Motion as in a picture with a short side of 256 pixels: both grid and vectors are scaled.

    Args:
        motion: [P, gh, gw, 2], pixels per frame of the displayed picture.
        height: pixels of the displayed picture.
        width: pixels of the displayed picture.

    Returns:
        float32 [P, gh', gw', 2] with min(gh', gw') = 16, in pixels per frame at a short side of
        256.
    """
    short = min(height, width)
    side = STANDARD_SIDE // 16
    rows = max(side, round(side * height / short))
    columns = max(side, round(side * width / short))
    # a strip of pixels longer than 8:1 is squeezed, so that memory stays bounded
    limit = 8 * side
    resized = resize_grid(motion, min(rows, limit), min(columns, limit))
    return resized * np.float32(STANDARD_SIDE / short)
