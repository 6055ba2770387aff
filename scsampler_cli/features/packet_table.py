"""Input of the packet sampler: sizes and kinds of the frames of a clip and of two on each side.

Not in the paper. The size of a P-frame measures its motion and residual energy as the codec needed
them, and nothing is decoded for it. Each clip has 16 steps:

    |  clip i-2  |  clip i-1  |   clip i   |  clip i+1  |  clip i+2  |
    0           16           32           48           64           80   steps

Sizes are in log2, relative to the median of the video's frames of the same kind, so that neither
bitrate nor resolution matters. Sizes of predicted frames are also given relative to the keyframe
before them: a scene with much detail has large keyframes without moving. Beyond the ends of the
video, and where sizes are not known, all channels are 0; the last channel shows it.

Not handled here: reading packets; see `media.packet_scan`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.features.clip import ClipPackets
from scsampler_cli.media.packets import KEY, PREDICTED, REORDERED, UNKNOWN, FramePackets
from scsampler_cli.timeline import ClipGrid

STEPS = 16
"""Steps of one clip: a step repeats a frame of a shorter clip, or averages frames of a longer
one."""
NEIGHBOURS = 2
"""Clips on either side: with clips of 16 frames at 25 frames/s, 3.2 s in all."""
CHANNELS = (
    *("key size", "key share"),
    *("predicted size", "predicted size to keyframe", "predicted share"),
    *("reordered size", "reordered size to keyframe", "reordered share"),
    "known share",
)
"""Sizes are 0 for frames of another kind; the share distinguishes that from an average size."""
SHAPE = (len(CHANNELS), (2 * NEIGHBOURS + 1) * STEPS)
"""[9, 80]."""


def packet_clips(
    packets: FramePackets, grid: ClipGrid, clips: NDArray[np.int64]
) -> Iterator[ClipPackets]:
    """Packet features of clips.

    Args:
        packets: of all frames.
        grid: the video's clips.
        clips: int64 [M], increasing indices.

    Yields:
        one `ClipPackets` for each clip, in order.

    Example: 32 frames in clips of 16: a keyframe of 64 bytes, then P-frames of 8 bytes and, from
    frame 16 on, of 16 bytes. The median of P-frames is 16, so that "predicted size" is log2(8 / 16)
    = -1 in clip 0 and 0 in clip 1, and "predicted size to keyframe" is -3 and -2.
    """
    series = _series(packets)

    # a clip is in the window of five clips, so its steps are needed five times
    @lru_cache(2 * NEIGHBOURS + 2)
    def steps_of(clip: int) -> NDArray[np.float32]:
        """Packet features of one clip: float32 [9, 16]."""
        if not 0 <= clip < len(grid):
            return np.zeros((len(CHANNELS), STEPS), np.float32)
        # not grid[clip]: it computes exact times, which takes as long as the rest
        first = clip * grid.span_frames
        return _binned(series[:, first : first + grid.span_frames])

    for clip in clips.tolist():
        # the last channel is "known share": 0 throughout means that no size is known
        if not steps_of(clip)[-1].any():
            yield ClipPackets(clip, None)
            continue
        around = range(clip - NEIGHBOURS, clip + NEIGHBOURS + 1)
        # float32 [9, 80]: two clips before, the clip, two clips after
        yield ClipPackets(clip, np.concatenate([steps_of(other) for other in around], axis=1))


def _series(packets: FramePackets) -> NDArray[np.float32]:
    """float32 [9, T]: the channels, frame by frame."""
    known = packets.sizes != UNKNOWN
    size = np.log2(np.maximum(packets.sizes, 1), dtype=np.float32)
    masks = [known & (packets.kinds == kind) for kind in (KEY, PREDICTED, REORDERED)]

    # int64 [T]: position of the last keyframe so far, -1 before the first one
    keyframe = np.maximum.accumulate(np.where(masks[0], np.arange(len(size)), -1))
    # before the first keyframe there is nothing to compare with
    to_key = np.where(keyframe < 0, np.float32(0), size - size[keyframe])

    # in the order of CHANNELS
    rows: list[NDArray[np.generic]] = []
    for mask in masks:
        median = np.median(size[mask]) if mask.any() else np.float32(0)
        rows.append(np.where(mask, size - median, 0))
        if mask is not masks[0]:
            rows.append(np.where(mask, to_key, 0))
        rows.append(mask)
    return np.stack([*rows, known]).astype(np.float32)


def _binned(series: NDArray[np.float32]) -> NDArray[np.float32]:
    """[9, n] frames of a clip -> float32 [9, 16] steps, each the mean of the frames in it."""
    count = series.shape[1]
    # int64 [16]: frames [first, end) of each step, at least one
    first = np.arange(STEPS) * count // STEPS
    end = np.maximum(first + 1, (np.arange(STEPS) + 1) * count // STEPS)
    # float64 [9, n + 1]: sums of the frames before each, so that a step is one difference
    sums = np.concatenate(
        [np.zeros((len(series), 1)), series.cumsum(axis=1, dtype=np.float64)], axis=1
    )
    return ((sums[:, end] - sums[:, first]) / (end - first)).astype(np.float32)
