"""Rotation and mirroring of the stored picture for display: the display matrix of MP4 and others.

The matrix maps a point (x right, y down) of the stored picture to (a x + c y, b x + d y) of the
displayed one. Every matrix that maps the axes onto themselves is a mirroring of left and right, or
none, followed by quarter turns.

Not handled here: other angles, which are rounded to the nearest quarter turn; shifts and scales,
which are ignored.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import atan2, pi
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Orientation:
    """Mirroring, followed by quarter turns."""

    turns: int = 0
    """Counter-clockwise quarter turns, 0-3."""
    mirrored: bool = False
    """True when left and right change places before the turns."""

    @property
    def swaps_sides(self) -> bool:
        """True when width and height change places."""
        # a quarter turn exchanges the sides, a half turn does not
        return self.turns % 2 == 1

    def picture(self, picture: NDArray[Any]) -> NDArray[Any]:
        """[h, w, ...] as stored -> as displayed, contiguous."""
        mirrored = picture[:, ::-1] if self.mirrored else picture
        return np.ascontiguousarray(np.rot90(mirrored, self.turns))

    def vectors(self, motion: NDArray[np.float32]) -> NDArray[np.float32]:
        """Motion [gh, gw, 2] of the stored picture -> of the displayed one; last axis (x, y)."""
        if self.mirrored:
            motion = motion[:, ::-1] * np.array([-1, 1], np.float32)
        for _ in range(self.turns):
            # the cells turn, and so does each vector: right becomes up
            motion = np.rot90(motion)
            motion = np.stack([motion[..., 1], -motion[..., 0]], axis=-1)
        return np.ascontiguousarray(motion)


def from_matrix(matrix: bytes) -> Orientation:
    """Orientation of a display matrix.

    Args:
        matrix: nine int32 in the machine's byte order, rows (a b u), (c d v), (x y w), from FFmpeg.

    Returns:
        no rotation where the matrix is singular, which happens in damaged or careless files.

    Example: a=0, b=1, c=-1, d=0 (in 16.16 fixed point) maps right to down: three quarter turns.
    """
    a, b, _, c, d = (float(value) for value in np.frombuffer(matrix, np.int32)[:5])
    determinant = a * d - b * c
    if determinant == 0:
        return Orientation()
    # a negative determinant is a mirroring; without it, (a, b) is where the x axis points
    mirrored = determinant < 0
    if mirrored:
        a, b = -a, -b
    # -b, since y points down and turns are counter-clockwise
    return Orientation(round(atan2(-b, a) / (pi / 2)) % 4, mirrored)
