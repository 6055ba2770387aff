"""Bytes and kind of every frame, from the container's packets alone, without decoding.

The kind is derived from the order of the packets. A frame that is shown before another one whose
packet came first has been reordered, and only B-frames are reordered. The paper has no such input
(Sec. 3.3.1 decodes vectors and residuals).

Not handled here: features made of the sizes; see `features.packet_table`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

KEY, PREDICTED, REORDERED = 0, 1, 2
"""A frame at which decoding can start; one shown in the order of packets; one shown earlier (B)."""
UNKNOWN = 0
"""Size of a frame whose packet is not known; no frame has 0 bytes."""
LARGEST = (1 << 31) - 1
"""Bytes: larger sizes are clipped, so that int32 holds them; FFmpeg makes no larger packet."""


@dataclass(frozen=True)
class FramePackets:
    """Sizes and kinds of all frames, in display order."""

    sizes: NDArray[np.int32]
    """int32 [T], bytes; UNKNOWN where no packet can be assigned to the frame."""
    kinds: NDArray[np.uint8]
    """uint8 [T]: KEY, PREDICTED or REORDERED; PREDICTED where the size is unknown."""

    @property
    def known(self) -> bool:
        """True when the size of any frame is known."""
        return bool((self.sizes != UNKNOWN).any())


def frame_packets(decode_indices: ArrayLike, sizes: ArrayLike, keys: ArrayLike) -> FramePackets:
    """Sizes and kinds of frames from their packets.

    Args:
        decode_indices: int [T], in display order: index of each frame's packet among all packets in
            decoding order; -1 where it is not known.
        sizes: int [T], bytes of that packet.
        keys: bool [T], True where decoding can start.

    Example: packets of frames shown 0 3 1 2 (I P B B): decode_indices 0 2 3 1 -> KEY REORDERED
    REORDERED PREDICTED.
    """
    index = np.asarray(decode_indices, np.int64)
    never = np.iinfo(np.int64).max

    # int64 [T]: the earliest packet among this frame and all that are shown after it
    earliest = np.minimum.accumulate(np.where(index < 0, never, index)[::-1])[::-1]
    # a frame is reordered when a packet that came before its own is shown after it
    reordered = np.append(earliest[1:], never) < index
    kinds = np.where(np.asarray(keys, bool), KEY, np.where(reordered, REORDERED, PREDICTED))

    known = index >= 0
    # sizes of unknown packets become UNKNOWN, whatever the caller gave
    clipped = np.clip(np.asarray(sizes, np.int64), UNKNOWN, LARGEST)
    return FramePackets(
        np.where(known, clipped, UNKNOWN).astype(np.int32),
        np.where(known, kinds, PREDICTED).astype(np.uint8),
    )
