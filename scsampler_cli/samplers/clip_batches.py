"""Clips in batches for the networks, so that a picture that several clips share is computed once.

With keyframes two seconds apart, four clips share a picture. A batch is filled by the number of
different pictures, so that the network gets as many as it computes fastest.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import TypeVar

from scsampler_cli.config import PACKETS
from scsampler_cli.features.clip import ClipAudio, ClipPackets, ClipVisual

# the clips of a batch are in memory together
BATCH_CLIPS = 16
"""Clips, or different pictures, in a batch: enough to keep a CPU or a GPU busy, few enough to bound
memory."""
BATCH_PACKETS = 256
"""Clips in a batch of packets, whose network is so small that each call costs more than its
layers."""
MAX_HELD_CLIPS = 512
"""Clips in a batch that share few pictures."""

Clip = TypeVar("Clip", ClipVisual, ClipAudio, ClipPackets)


def batch_for(kind: str) -> int:
    """Inputs in a batch: pictures of "rgb", clips of any other input; the same on any device."""
    return BATCH_PACKETS if kind in PACKETS else BATCH_CLIPS


def read_ahead(kinds: Iterable[str]) -> int:
    """Clips that are read before they are scored: two batches, however many clips share a picture.

    Args:
        kinds: inputs of the networks.
    """
    return MAX_HELD_CLIPS if set(kinds) == {"rgb"} else 2 * BATCH_CLIPS


def batches(clips: Iterable[Clip], kinds: Iterable[str]) -> Iterator[list[Clip]]:
    """The clips in batches, in order.

    Args:
        clips: in the order of the video.
        kinds: inputs of all networks that get the batches.

    Example: sixteen pictures of four clips each make one batch of 64 clips for "rgb".
    """
    wanted = set(kinds)
    count = min(map(batch_for, wanted), default=BATCH_CLIPS)
    shares_pictures = wanted == {"rgb"}
    batch: list[Clip] = []
    keys: set[Hashable] = set()
    for clip in clips:
        key = picture_key(clip, "rgb") if shares_pictures else clip.clip
        is_full = len(keys) == count and key not in keys
        if is_full or len(batch) == MAX_HELD_CLIPS:
            yield batch
            batch, keys = [], set()
        batch.append(clip)
        keys.add(key)
    if batch:
        yield batch


def picture_key(clip: ClipVisual | ClipAudio | ClipPackets, kind: str) -> Hashable:
    """What clips with the same input `kind` have in common: the position of their picture.

    A clip whose input is its own has a key of its own.
    """
    if kind == "rgb" and isinstance(clip, ClipVisual) and clip.picture_frame >= 0:
        return clip.picture_frame
    return "clip", clip.clip


def distinct(batch: Sequence[Clip], kind: str) -> list[Clip]:
    """The first clip of each picture; all clips where `kind` is not "rgb"."""
    return list({picture_key(clip, kind): clip for clip in reversed(batch)}.values())[::-1]
