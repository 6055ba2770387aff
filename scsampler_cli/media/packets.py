"""What the container tells of every frame without decoding it: how many bytes it takes, and which kind of frame it is.

The kind is read off the order of packets: a frame that is shown before another one whose packet came first has been reordered,
which only B-frames are. The paper has no such input (Sec. 3.3.1 decodes vectors and residuals); it is ours.
But: what sizes mean is for `features.packet_table` to say.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

KEY, PREDICTED, REORDERED = 0, 1, 2
"""A frame at which decoding can start; one that is shown in the order of its packets; one that is shown earlier (B)."""
UNKNOWN = 0
"""Bytes of a frame of which they are not known; no frame takes none."""
LARGEST = (1 << 31) - 1
"""Bytes that are counted of one packet; FFmpeg makes none that is larger."""


@dataclass(frozen=True)
class FramePackets:
    """Sizes and kinds of all frames, in display order."""

    sizes: NDArray[np.int32]
    """int32 [T], bytes; UNKNOWN where no packet can be told to be the frame's."""
    kinds: NDArray[np.uint8]
    """uint8 [T]: KEY, PREDICTED or REORDERED; PREDICTED where the size is unknown."""

    @property
    def known(self) -> bool:
        """True when the size of any frame is known."""
        return bool((self.sizes != UNKNOWN).any())


def frame_packets(places: ArrayLike, sizes: ArrayLike, keys: ArrayLike) -> FramePackets:
    """Frames in display order from what is known of their packets.

    Args:
        places: int [T], in display order: place of each frame's packet among all packets, in the order of decoding; -1 where
            it is not known.
        sizes: int [T], bytes of that packet.
        keys: bool [T], whether decoding can start there.

    Example: packets of frames shown 0 3 1 2 (I P B B): places 0 2 3 1 -> KEY REORDERED REORDERED PREDICTED.
    """
    at = np.asarray(places, np.int64)
    # a frame is reordered when a packet that came before its own is shown after it
    later = np.minimum.accumulate(np.where(at < 0, np.iinfo(np.int64).max, at)[::-1])[::-1]
    reordered = np.append(later[1:], np.iinfo(np.int64).max) < at
    kinds = np.where(np.asarray(keys, bool), KEY, np.where(reordered, REORDERED, PREDICTED))
    known = at >= 0
    found = np.where(known, np.clip(np.asarray(sizes, np.int64), UNKNOWN, LARGEST), UNKNOWN)
    return FramePackets(found.astype(np.int32), np.where(known, kinds, PREDICTED).astype(np.uint8))
