"""The packet sampler's input: sizes and kinds of the frames of a clip and of two clips on each side, at 16 steps for each clip.

Beyond the paper: the size of a P-frame is the codec's own account of motion and residual energy, and nothing is decoded for it.

    |  clip i-2  |  clip i-1  |   clip i   |  clip i+1  |  clip i+2  |
    0           16           32           48           64           80   steps

Sizes are in doublings (log2) relative to the video's own median of frames of that kind, so that neither bitrate nor resolution
matters, and, for frames that are predicted, to the keyframe before them as well: a scene that is hard to draw is no moving one.
Beyond the ends of the video, and where sizes are not known, all channels are 0, and the last says so. Numbers: our choice.
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
"""Of one clip; a step of a clip of fewer frames repeats one, a step of a longer clip is the mean of several."""
NEIGHBOURS = 2
"""Clips on either side: with clips of 16 frames at 25 frames/s, 3.2 s in all."""
CHANNELS = (
    *("key size", "key share"),
    *("predicted size", "predicted size to keyframe", "predicted share"),
    *("reordered size", "reordered size to keyframe", "reordered share"),
    "known share",
)
"""Sizes are 0 for frames of another kind, so that with the share a mean can be told from an absence."""
SHAPE = (len(CHANNELS), (2 * NEIGHBOURS + 1) * STEPS)
"""[9, 80]."""


def packet_clips(
    packets: FramePackets, grid: ClipGrid, clips: NDArray[np.int64]
) -> Iterator[ClipPackets]:
    """What the packets say of some clips.

    Args:
        packets: of all frames.
        grid: the video's clips.
        clips: int64 [M], increasing indices.

    Yields:
        one `ClipPackets` for each clip, in order.

    Example: 32 frames, a keyframe of 64 bytes and then P-frames of 8 and, from frame 16 on, 16 bytes, clips of 16: the median of
    P-frames is 16, so that "predicted size" is log2(8 / 16) = -1 in clip 0 and 0 in clip 1, and "to keyframe" -3 and -2.
    """
    series = _series(packets)

    @lru_cache(2 * NEIGHBOURS + 2)
    def steps_of(clip: int) -> NDArray[np.float32]:
        if not 0 <= clip < len(grid):
            return np.zeros((len(CHANNELS), STEPS), np.float32)
        first = (
            clip * grid.span_frames
        )  # grid[clip] would work out exact times, which costs as much as the rest
        return _binned(series[:, first : first + grid.span_frames])

    for clip in clips.tolist():
        if not steps_of(clip)[-1].any():
            yield ClipPackets(clip, None)
            continue
        around = range(clip - NEIGHBOURS, clip + NEIGHBOURS + 1)
        yield ClipPackets(clip, np.concatenate([steps_of(other) for other in around], axis=1))


def _series(packets: FramePackets) -> NDArray[np.float32]:
    """float32 [9, T]: the channels frame by frame."""
    known = packets.sizes != UNKNOWN
    size = np.log2(np.maximum(packets.sizes, 1), dtype=np.float32)
    masks = [known & (packets.kinds == kind) for kind in (KEY, PREDICTED, REORDERED)]
    at = np.maximum.accumulate(np.where(masks[0], np.arange(len(size)), -1))
    to_key = np.where(
        at < 0, np.float32(0), size - size[at]
    )  # nothing to compare with before the first keyframe
    rows: list[NDArray[np.generic]] = []
    for mask in masks:
        median = np.median(size[mask]) if mask.any() else np.float32(0)
        rows.append(np.where(mask, size - median, 0))
        if mask is not masks[0]:
            rows.append(np.where(mask, to_key, 0))
        rows.append(mask)
    return np.stack([*rows, known]).astype(np.float32)


def _binned(series: NDArray[np.float32]) -> NDArray[np.float32]:
    """[9, n] frames of a clip -> [9, 16] steps, each the mean of the frames in it."""
    count = series.shape[1]
    first = np.arange(STEPS) * count // STEPS
    end = np.maximum(first + 1, (np.arange(STEPS) + 1) * count // STEPS)
    sums = np.concatenate(
        [np.zeros((len(series), 1)), series.cumsum(axis=1, dtype=np.float64)], axis=1
    )
    return ((sums[:, end] - sums[:, first]) / (end - first)).astype(np.float32)
