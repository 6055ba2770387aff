"""The features phi(i) of one clip (Sec. 3.3), a record for each modality.

Not handled here: computing them; see `features.visual`, `features.mel`, `features.packet_table`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ClipVisual:
    """Compressed-domain features of one clip (Sec. 3.3.1).

    Arrays of an input that was not requested have a length of 0.
    """

    clip: int
    """Index of the clip."""
    height: int
    """Pixels of the displayed picture (after rotation and pixel aspect) to which `motion`
    refers."""
    width: int
    """Pixels of the displayed picture."""
    iframes: NDArray[np.uint8]
    """uint8 [I, h, w, 3]: RGB of the clip's I-frames (IF)."""
    motion: NDArray[np.float16]
    """float16 [P, gh, gw, 2]: MD, the displacement (x right, y down) of each cell's content.

    In displayed pixels per frame: already divided by the distance to the reference. A cell is 16 x
    16 pixels of the picture that carries the vectors: gh = ceil(H/16) of the stored picture, or of
    the smaller re-encoded one where the codec has no vectors.
    """
    residual: NDArray[np.int8]
    """int8 [P, h, w, 3]: RGB of a P-frame minus its motion-compensated reference, clipped to
    -128..127 (RGB-R)."""


@dataclass(frozen=True)
class ClipAudio:
    """Audio features of one clip (Sec. 3.3.2)."""

    clip: int
    """Index of the clip."""
    mel: NDArray[np.float32] | None
    """float32 [40, 200]: log-mel spectrogram of a window of two clips, centred on this one.

    None where there is no sound.
    """
    cover: float
    """Share of the clip itself (the middle of the window) for which there is sound, 0-1."""


@dataclass(frozen=True)
class ClipPackets:
    """Packet features of one clip and its neighbours, without decoding; not in the paper."""

    clip: int
    """Index of the clip."""
    values: NDArray[np.float32] | None
    """float32 [9, 80], see `features.packet_table`; None where no frame of the clip has a known
    size."""
