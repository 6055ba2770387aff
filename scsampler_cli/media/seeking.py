"""Which stretches of a video must be decoded to see some of its clips, and getting there.

Clips in one group of pictures share its decoding. But: nothing is opened or decoded here; a caller's function does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import av
import av.container
import av.error
import numpy as np
from numpy.typing import NDArray

from scsampler_cli.media.container import VideoStream
from scsampler_cli.media.index import StreamIndex
from scsampler_cli.timeline import ClipGrid

Placed = tuple[int, av.VideoFrame]
"""(display position, frame)."""


def decode_spans(index: StreamIndex, grid: ClipGrid) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """What it takes to see each clip: int64 [L] where decoding must begin, int64 [L] its last wanted frame; display positions."""
    frames = [grid.frames_of(clip) for clip in range(len(grid))]
    begin = [keyframe_before(index, int(wanted[0])) for wanted in frames]
    return np.array(begin, np.int64), np.array([int(wanted[-1]) for wanted in frames], np.int64)


def runs(index: StreamIndex, grid: ClipGrid, clips: Iterable[int], slack: int = 0) -> list[list[int]]:
    """Group clips that are decoded in one go.

    Args:
        index: of the video.
        grid: its clips.
        clips: increasing indices.
        slack: frames that are rather decoded than jumped over.

    Returns:
        clips of each run: one joins when its GOP begins no more than `slack` frames behind where the run ends.
    """
    found: list[list[int]] = []
    reached = -1
    for clip in clips:
        frames = grid.frames_of(clip)
        if found and keyframe_before(index, int(frames[0])) <= reached + slack:
            found[-1].append(clip)
        else:
            found.append([clip])
        reached = int(frames[-1])
    return found


def keyframe_before(index: StreamIndex, position: int) -> int:
    """Display position of the last keyframe at or before `position`; 0 where there is no seeking."""
    if index.counted:
        return 0
    return int(index.keyframes[np.searchsorted(index.keyframes, position, side="right") - 1])


def frames_from(index: StreamIndex, first: int, decode: Callable[[int], Iterator[Placed]]) -> Iterator[Placed]:
    """Frames from the keyframe at or before `first` on; from an earlier one where a seek lands too late.

    The way back doubles with each try, so that a file in which nothing decodes is not read once for each of its keyframes.

    Args:
        index: of the video.
        first: display position that is wanted.
        decode: gives the frames from a keyframe on.
    """
    keyframe = keyframe_before(index, first)
    back = 1
    while True:
        for count, (position, frame) in enumerate(decode(keyframe)):
            if count == 0 and position > first and keyframe > 0:
                break  # the seek landed behind what is wanted
            yield position, frame
        else:
            return
        at = int(np.searchsorted(index.keyframes, keyframe))
        keyframe = int(index.keyframes[max(0, at - back)])
        back *= 2


def seek(container: av.container.InputContainer, stream: VideoStream, index: StreamIndex, keyframe: int) -> None:
    """Go to a keyframe; where the container cannot, the stream is decoded from its start."""
    if keyframe > 0:
        try:
            container.seek(int(index.timeline.pts[keyframe]), stream=stream, backward=True)
        except (av.error.FFmpegError, OSError):
            return
