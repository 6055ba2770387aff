"""`ClipScores`: the saliency of the scored clips of one video (s of Sec. 3.1). numpy only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ClipScores:
    """Saliency in [0, 1] per scored clip; NaN where a modality has nothing to say about a clip."""

    clips: NDArray[np.int64]
    """int64 [M], increasing: indices of the scored clips (all L, or every N-th with a clip stride, App. E)."""
    clip_count: int
    """L, the number of clips in the video."""
    visual: NDArray[np.float32] | None = None
    """float32 [M]; NaN where a clip has no usable I- or P-frame. None when no visual sampler ran."""
    audio: NDArray[np.float32] | None = None
    """float32 [M]; NaN where a clip has no sound. None when no audio sampler ran."""

    def __post_init__(self) -> None:
        for name in ("visual", "audio"):
            values = getattr(self, name)
            if values is not None and values.shape != self.clips.shape:
                raise ValueError(f"{name} has shape {values.shape}, clips {self.clips.shape}")
