"""MD: motion vectors of a P-frame as a dense field, and as displacement on the H/16 x W/16 grid (Sec. 3.3.1).

A codec's vector points from a block to its source in the reference frame; displacement is what the content did since, so the
sign turns, and it is divided by the distance to the reference in frames.
But: which frame is the reference is found in `features.visual`.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

CELL = 8
"""Pixels: the smallest block for which FFmpeg exports a vector."""
STANDARD_SIDE = 256
"""Pixels: short side to which the samplers' motion refers (Sec. 4.1.2 and App. A.2 scale frames to 342 x 256)."""


def vector_field(
    vectors: NDArray[np.void] | None, height: int, width: int
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Spread block vectors of the past reference list over a grid of 8 x 8 pixel cells.

    Args:
        vectors: FFmpeg's AVMotionVector records, or None where a frame has none.
        height: coded height, pixels.
        width: coded width, pixels.

    Returns:
        float32 [ceil(H/8), ceil(W/8), 2]: (x, y) from a cell to its source, pixels; 0 in intra blocks.
        bool [ceil(H/8), ceil(W/8)]: True where there is a vector.
    """
    rows, columns = -(-height // CELL), -(-width // CELL)
    # a margin of one cell takes what lies outside of the picture
    field, covered = (
        np.zeros((rows + 2, columns + 2, 2), np.float32),
        np.zeros((rows + 2, columns + 2), bool),
    )
    if vectors is not None and len(vectors):
        past = vectors[vectors["source"] < 0]
        scale = np.maximum(past["motion_scale"], 1)
        # src_x is truncated to whole pixels; motion / scale is not.
        motion = np.stack([past["motion_x"] / scale, past["motion_y"] / scale], axis=1).astype(
            np.float32
        )
        for row, column in _cells_of(past, rows, columns):
            field[row, column] = motion
            covered[row, column] = True
    return np.ascontiguousarray(field[1:-1, 1:-1]), np.ascontiguousarray(covered[1:-1, 1:-1])


def _cells_of(
    blocks: NDArray[np.void], rows: int, columns: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """(row, column) of the cells of each block, in a grid with a margin of one cell: four of a block of 16 x 16 pixels.

    Blocks are 8 or 16 pixels a side; a narrower one names its cells twice.
    """
    wide, high = blocks["w"].astype(np.int64), blocks["h"].astype(np.int64)
    left = (blocks["dst_x"] - wide // 2) // CELL + 1
    top = (blocks["dst_y"] - high // 2) // CELL + 1
    across = [
        np.minimum(np.maximum(column, 0), columns + 1) for column in (left, left + (wide > CELL))
    ]
    for row in (top, top + (high > CELL)):
        inside = np.minimum(np.maximum(row, 0), rows + 1)
        yield from ((inside, column) for column in across)


def displacement(
    field: NDArray[np.float32], covered: NDArray[np.bool_], distance: NDArray[np.integer] | int
) -> NDArray[np.float32]:
    """MD on the 16-pixel grid: minus the mean vector of each cell over the reference distance.

    Args:
        field: float32 [ceil(H/8), ceil(W/8), 2] of `vector_field`.
        covered: bool [ceil(H/8), ceil(W/8)].
        distance: frames from the reference to this one in display order, at least 1; one, or [ceil(H/8), ceil(W/8)].

    Returns:
        float32 [ceil(H/16), ceil(W/16), 2]: (x right, y down) in pixels per frame; 0 where all is intra (our choice).
    """
    per_frame = field / np.broadcast_to(distance, covered.shape)[..., None]
    count = _quads(covered.astype(np.float32))
    mean = -_quads(per_frame) / np.maximum(count, 1)[..., None]
    return (mean + 0).astype(
        np.float32
    )  # + 0 turns -0 into 0, so that equal motion has equal bytes


def _quads(cells: NDArray[np.floating]) -> NDArray[np.floating]:
    """[2 r, 2 c, ...] -> [r, c, ...]: the sum of each 2 x 2 cells; an odd side is made even with zeros."""
    rows, columns = cells.shape[:2]
    if rows % 2 or columns % 2:
        even = np.zeros((rows + rows % 2, columns + columns % 2, *cells.shape[2:]), cells.dtype)
        even[:rows, :columns] = cells
        cells = even
    return (cells[::2, ::2] + cells[::2, 1::2]) + (cells[1::2, ::2] + cells[1::2, 1::2])


def area_weights(source: int, target: int) -> NDArray[np.float32]:
    """float32 [target, source]: rows that average (or repeat) `source` cells into `target` by the area they share.

    Example: 3 -> 2 gives [[2/3, 1/3, 0], [0, 1/3, 2/3]].
    """
    edges = np.arange(target + 1) * (source / target)
    cells = np.arange(source)
    shared = np.minimum(edges[1:, None], cells + 1) - np.maximum(edges[:-1, None], cells)
    shared = np.maximum(shared, 0)
    return (shared / shared.sum(axis=1, keepdims=True)).astype(np.float32)


def resize_grid(grid: NDArray[np.floating], rows: int, columns: int) -> NDArray[np.float32]:
    """Area-average [..., gh, gw, 2] to [..., rows, columns, 2]; values keep their unit."""
    vertical, horizontal = area_weights(grid.shape[-3], rows), area_weights(grid.shape[-2], columns)
    return np.einsum(
        "rg,...ghc,kh->...rkc", vertical, grid.astype(np.float32), horizontal, optimize=True
    )


def window_grid(
    grid: NDArray[np.floating], cells: tuple[int, int], seen: tuple[float, float]
) -> NDArray[np.float32]:
    """The middle of a grid in other cells: [gh, gw, 2] -> [*cells, 2]; 0 where it lies outside of the grid.

    Args:
        grid: values that keep their unit.
        cells: rows and columns of the result.
        seen: how much of the grid's height, and of its width, the result covers; more than 1 goes beyond it.
    """
    weights = []
    for source, target, share in zip(grid.shape, cells, seen, strict=False):
        edges = source / 2 + (np.arange(target + 1) / target - 0.5) * (share * source)
        places = np.arange(source)
        shared = np.minimum(edges[1:, None], places + 1) - np.maximum(edges[:-1, None], places)
        weights.append((np.maximum(shared, 0) / (edges[1] - edges[0])).astype(np.float32))
    return np.einsum(
        "rg,ghc,kh->rkc", weights[0], grid.astype(np.float32), weights[1], optimize=True
    )


def standardise(motion: NDArray[np.floating], height: int, width: int) -> NDArray[np.float32]:
    """Motion as of a picture with a short side of 256 pixels: a grid with a short side of 16, vectors scaled alike.

    Args:
        motion: [P, gh, gw, 2], pixels per frame of the displayed picture.
        height: pixels of the displayed picture.
        width: pixels of the displayed picture.

    Returns:
        float32 [P, gh', gw', 2] with min(gh', gw') = 16, in pixels per frame at a short side of 256.
    """
    short = min(height, width)
    side = STANDARD_SIDE // 16
    rows, columns = (max(side, round(side * length / short)) for length in (height, width))
    limit = 8 * side  # a strip of pixels longer than 8:1 is squeezed, so that memory stays bounded
    return resize_grid(motion, min(rows, limit), min(columns, limit)) * np.float32(
        STANDARD_SIDE / short
    )
