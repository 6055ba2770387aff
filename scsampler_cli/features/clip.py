"""The features phi(i) of one clip (Sec. 3.3), a record for each modality.

Not handled here: computing them; see `features.visual`, `features.mel`, `features.packet_table`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

PICTURE_SOURCES = ("keyframe", "earlier keyframe", "decoded")
"""Where the picture of a clip comes from: a keyframe in the clip, one before it (at most
`FeatureSettings.picture_gap` seconds), or a frame of the clip that was decoded for it."""


def _no_positions() -> NDArray[np.int64]:
    return np.zeros(0, np.int64)


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
    pictures: NDArray[np.uint8] = field(default_factory=lambda: np.zeros((0, 1, 1, 3), np.uint8))
    """uint8 [n, h, w, 3], n = 0 or 1: the picture of the clip ("rgb", not in the paper). Clips that
    share a keyframe share the array."""
    picture_frame: int = -1
    """Display position of `pictures[0]`; -1 without a picture."""
    picture_source: str = ""
    """One of PICTURE_SOURCES; "" without a picture."""
    iframe_positions: NDArray[np.int64] = field(default_factory=_no_positions)
    """int64 [I]: display positions of `iframes` in the video; empty where they are unknown, as in
    feature files of earlier versions."""
    p_frame_positions: NDArray[np.int64] = field(default_factory=_no_positions)
    """int64 [P]: display positions of the frames of `motion` and `residual`; empty as above."""


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
