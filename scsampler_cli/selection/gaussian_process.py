"""A Gaussian process over the clips of one video: what is believed of clips that were not asked.

The value of clip i is f(i), with mean 0, variance 1 and covariance k(i, j) before anything is
observed. An observation is y = f(i) + noise of variance s. After n observations at the clips a_1,
..., a_n (Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006, Sec. 2.2)

    mean(x)     = k(x, a) (K + s I)^-1 y
    variance(x) = k(x, x) - k(x, a) (K + s I)^-1 k(a, x)

Row by row the Cholesky factor of K + s I gives both for all L clips: with the row v_n of length L,
v_n(x) = cov(a_n, x) / sqrt(variance(a_n) + s), where cov and variance are those after n - 1
observations, the variance falls by v_n(x)^2. So an observation costs n L operations beside one row
of the kernel, and no matrix of L x L is made.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Kernel(Protocol):
    """k(i, j) of all clips of a video, with k(i, i) = 1."""

    def __len__(self) -> int:
        """Number of clips (L)."""
        ...

    def row(self, clip: int) -> NDArray[np.float64]:
        """float64 [L]: k between one clip and all clips."""
        ...


class GaussianProcess:
    """Mean and deviation of all clips, given values at some.

    Args:
        kernel: covariance of the clips.
        noise: variance of the noise of an observation (s), above 0.

    Example: two clips with k = 0.5, noise 1, and the value 2 at clip 0. The means are 2 * 1/2 = 1
    and 2 * 0.5/2 = 0.5, the variances 1 - 1/2 and 1 - 0.25/2.
    """

    def __init__(self, kernel: Kernel, noise: float) -> None:
        self._kernel, self._noise = kernel, noise
        self._rows: list[tuple[int, NDArray[np.float64], float]] = []
        """Of each observation: the clip a_n, its row v_n (float64 [L]), and the diagonal of the
        Cholesky factor, sqrt(variance(a_n) + s)."""
        self._variance = np.ones(len(kernel))

    def add(self, clip: int) -> None:
        """Add a clip that is observed, or will be; its value comes with `mean`."""
        covariance = self._kernel.row(clip)
        for _, row, _ in self._rows:
            covariance = covariance - row[clip] * row
        scale = float(np.sqrt(max(covariance[clip], 0.0) + self._noise))
        row = covariance / scale
        self._rows.append((clip, row, scale))
        self._variance = self._variance - row**2

    @property
    def deviation(self) -> NDArray[np.float64]:
        """float64 [L]: standard deviation of each clip's value, without noise."""
        # rounding may leave a variance just below 0
        return np.sqrt(np.maximum(self._variance, 0.0))

    def mean(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """What is believed of each clip.

        Args:
            values: float64 [m], observed at the first m clips that were added. For the others the
                mean itself is believed, so that they change nothing.

        Returns:
            float64 [L].
        """
        mean = np.zeros(len(self._kernel))
        # forward substitution: the mean after n observations explains the next one in part
        for (clip, row, scale), value in zip(self._rows, values, strict=False):
            mean = mean + row * ((value - mean[clip]) / scale)
        return mean
