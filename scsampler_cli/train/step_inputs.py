"""What one network gets of the clips of a step."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Inputs:
    """Inputs of one network for the clips of a step."""

    values: Tensor
    """float32 [m, ...]."""
    rows: Tensor
    """int64 [m]: number of the clip in the step; a clip without this input does not occur."""
