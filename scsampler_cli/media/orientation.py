"""How a player turns and mirrors the stored picture before it is shown: the display matrix of MP4,
Matroska and others.

The matrix maps a point (x right, y down) of the stored picture to (a x + c y, b x + d y) of the
shown one. Every matrix that maps the axes onto themselves is a mirroring of left and right, or
none, followed by quarter turns. But: angles in between are taken to the nearest quarter turn, and
shifts and scales are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import atan2, pi
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Orientation:
    """First mirrored, then turned."""

    turns: int = 0
    """Counter-clockwise quarter turns, 0-3."""
    mirrored: bool = False
    """True when left and right change places before the turns."""

    @property
    def swaps_sides(self) -> bool:
        """True when width and height change places."""
        return self.turns % 2 == 1

    def picture(self, picture: NDArray[Any]) -> NDArray[Any]:
        """[h, w, ...] as stored -> as shown, contiguous."""
        return np.ascontiguousarray(
            np.rot90(picture[:, ::-1] if self.mirrored else picture, self.turns)
        )

    def vectors(self, motion: NDArray[np.float32]) -> NDArray[np.float32]:
        """[gh, gw, 2], (x, y) of the stored picture -> of the shown one, in the cells of the shown
        one."""
        if self.mirrored:
            motion = motion[:, ::-1] * np.array([-1, 1], np.float32)
        for _ in range(self.turns):
            motion = np.rot90(motion)
            motion = np.stack([motion[..., 1], -motion[..., 0]], axis=-1)
        return np.ascontiguousarray(motion)


def from_matrix(matrix: bytes) -> Orientation:
    """Orientation of a display matrix.

    Args:
        matrix: nine int32 in the machine's byte order, rows (a b u), (c d v), (x y w), as FFmpeg
            gives it.

    Returns:
        the stored picture as it is where the matrix is singular, which happens in damaged or
        careless files.

    Example: a=0, b=1, c=-1, d=0 (in 16.16 numbers) shows what points right as pointing down: three
    quarter turns.
    """
    a, b, _, c, d = (float(value) for value in np.frombuffer(matrix, np.int32)[:5])
    determinant = a * d - b * c
    if determinant == 0:
        return Orientation()
    mirrored = determinant < 0
    if mirrored:
        a, b = -a, -b
    return Orientation(round(atan2(-b, a) / (pi / 2)) % 4, mirrored)
