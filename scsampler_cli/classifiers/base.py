"""What a clip classifier f is (Sec. 3.1): the Protocol, its input geometry, and the identity of its weights.

numpy only: a plug-in needs torch no more than this module does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class InputSpec:
    """Clip geometry. It belongs to the classifier; the clip grid of the video follows it."""

    frames: int = 16
    """F: frames per clip."""
    stride: int = 1
    """Every how many video frames one is taken."""
    resize: tuple[int, int] | int = (128, 171)
    """(height, width) to which a frame is stretched, or the length of its short side with the aspect kept. Pixels."""
    crop: tuple[int, int] = (112, 112)
    """(height, width) of the centre crop, pixels."""
    mean: tuple[float, float, float] = (0.43216, 0.394666, 0.37645)
    """RGB, of values in 0-1 (torchvision's Kinetics-400 video weights)."""
    std: tuple[float, float, float] = (0.22803, 0.22145, 0.216989)


@dataclass(frozen=True)
class WeightsInfo:
    """Which weights are loaded, so that a result can be traced."""

    source: str
    """Name or file name, never a full path of the machine."""
    sha256: str | None
    """Hex digest of the file; None when there is no file (a plug-in that has none)."""


@runtime_checkable
class ClipClassifier(Protocol):
    """f: clips of F frames -> probabilities over C classes."""

    name: str
    labels: tuple[str, ...]
    """C class names."""
    spec: InputSpec
    weights: WeightsInfo

    def classify(self, clips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Classify a batch.

        Args:
            clips: uint8 [N, F, h, w, 3], RGB, already resized and cropped to `spec`.

        Returns:
            float32 [N, C], each row non-negative and summing to 1.
        """
        ...
