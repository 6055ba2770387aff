"""How alike two clips of a video are: by what they show, and by how near they are in time.

    k(i, j) = exp(-|x_i - x_j|^2 / 2 l^2) exp(-(t_i - t_j)^2 / 2 r^2)

x_i is the clip's picture as a vector (`samplers.picture_features`), without what all clips of the
video share, and of length 1; t_i is the clip's position, from 0 at the start of the video to 1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LENGTH = 0.7
"""l: pictures of one scene are mostly nearer to each other than this, those of two scenes about 1.4
apart."""
TIME_LENGTH = 0.3
"""r, as a share of the video: what looks the same at its start and at its end is asked twice."""


class ClipKernel:
    """The kernel of the clips of one video, row by row.

    Args:
        features: float32 [L, D], of any length; a row with NaN for a clip without a picture, which
            stands in the middle of all others.
    """

    def __init__(self, features: NDArray[np.float32]) -> None:
        self._features = centred(features, known_rows(features))
        self._lengths = np.einsum("ld,ld->l", self._features, self._features)
        self._positions = np.arange(len(features)) / max(len(features), 1)

    def __len__(self) -> int:
        """Number of clips (L)."""
        return len(self._features)

    def row(self, clip: int) -> NDArray[np.float64]:
        """float64 [L]: k between one clip and all clips."""
        products = self._features @ self._features[clip]
        # squared distances; rounding may leave one just below 0
        squares = np.maximum(self._lengths + self._lengths[clip] - 2 * products, 0.0)
        pictures = squares.astype(np.float64) / LENGTH**2
        time = (self._positions - self._positions[clip]) / TIME_LENGTH
        near: NDArray[np.float64] = np.exp(-(pictures + time**2) / 2)
        return near


def centred(features: NDArray[np.float32], known: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Vectors without what all pictures of the video share, of length 1.

    Args:
        features: float32 [L, D].
        known: bool [L], False for rows with NaN.

    Returns:
        float32 [L, D]; unknown rows are 0, and all rows are 0 where all pictures are the same.
        Anything else for unknown rows, such as "like any other", would be no covariance: clips that
        are unlike each other cannot all be like a third one.
    """
    result = np.zeros_like(features, dtype=np.float32)
    if not known.any():
        return result
    rows = _unit(features[known])
    result[known] = _unit(rows - rows.mean(axis=0, dtype=np.float64).astype(np.float32))
    return result


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows of length 1; a row of (nearly) nothing becomes 0."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    smallest = 1e-5 * max(1.0, float(lengths.max(initial=0.0)))
    return np.where(lengths > smallest, rows / np.maximum(lengths, smallest), 0).astype(np.float32)


def known_rows(features: NDArray[np.float32]) -> NDArray[np.bool_]:
    """bool [L]: False for clips without a picture, whose row is not finite."""
    return np.asarray(np.isfinite(features).all(axis=1))
