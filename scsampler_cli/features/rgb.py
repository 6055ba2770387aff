"""The picture of each clip ("rgb"): a keyframe where one is near enough, else a frame of the clip.

A keyframe in the clip serves it; if there are several, the one nearest to the middle. Without one,
the last keyframe before the clip serves it where it is at most `picture_gap.gap_in_force` seconds
old: its scene is most likely still on. Else a frame near the middle of the clip is decoded, or one
for two or more short clips that follow one another.

Not handled here: decoding; see `media.clip_pictures`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.config import FeatureSettings
from scsampler_cli.errors import VideoError
from scsampler_cli.features.clip import PICTURE_SOURCES, ClipVisual
from scsampler_cli.features.picture_gap import gap_in_force
from scsampler_cli.features.pictures import Pictures
from scsampler_cli.media.clip_pictures import PictureRequest, read_pictures_of_clips
from scsampler_cli.media.coded import CodedFrame, ReadReport
from scsampler_cli.media.index import StreamIndex
from scsampler_cli.timeline import ClipGrid

_IN_CLIP, _EARLIER, _DECODED = PICTURE_SOURCES
SHARED_S = Fraction(27, 20)
"""Clips of together at most so many seconds share a decoded frame: two of 16 frames at 24 frames a
second or more. With a picture every 1.3 s accuracy was that of a picture for each clip."""


def picture_requests(
    index: StreamIndex,
    grid: ClipGrid,
    clips: Iterable[int],
    *,
    picture_gap: float | None,
    own: bool = False,
) -> list[PictureRequest]:
    """Which frame is to stand for each clip.

    Args:
        index: of the video.
        grid: its clips.
        clips: increasing indices.
        picture_gap: seconds from a keyframe to the start of a clip that it may stand for, and
            longest time that clips share a decoded frame; None: by the keyframes of the video.
        own: `FeatureSettings.own_pictures`.
    """
    # a start without a packet is the start of the file, and no keyframe
    keyframes = index.keyframes[index.starts.sizes > 0]
    pts = index.timeline.pts
    gap_s = Fraction(str(gap_in_force(index, picture_gap, own)))  # as text: 0.3 s is exactly 3/10
    gap = math.floor(gap_s / index.timeline.time_base)

    # int64 [L] each: first and last frame, keyframes before the clip, and up to its end
    first = np.arange(len(grid)) * grid.span_frames
    last = first + (grid.clip_frames - 1) * grid.frame_stride
    last = np.minimum(last, len(index.timeline) - 1)  # of a video that is shorter than a clip
    before, until = np.searchsorted(keyframes, first), np.searchsorted(keyframes, last + 1)
    earlier = np.append(keyframes, 0)[before - 1]
    is_near = (before > 0) & (pts[first] - pts[earlier] <= gap)
    has_none = (before == until) & ~is_near
    first, last = _shared_spans(first, last, before, has_none=has_none, each=_each(grid, gap_s))

    requests = []
    for clip in clips:
        keyframe = None if has_none[clip] else int(earlier[clip])
        if before[clip] < until[clip]:
            inside = keyframes[before[clip] : until[clip]]
            # argmin takes the earlier one of two that are equally near
            keyframe = int(inside[np.abs(2 * inside - (first[clip] + last[clip])).argmin()])
        requests.append(PictureRequest(clip, int(first[clip]), int(last[clip]), keyframe=keyframe))
    return requests


def served_by_keyframes(index: StreamIndex, grid: ClipGrid) -> NDArray[np.bool_]:
    """bool [L]: clips whose picture is a keyframe, so that nothing else is decoded for it."""
    requests = picture_requests(index, grid, range(len(grid)), picture_gap=None)
    return np.array([request.keyframe is not None for request in requests])


def _each(grid: ClipGrid, gap_s: Fraction) -> int:
    """Number of clips that follow one another and share a decoded frame."""
    return max(1, math.floor(min(SHARED_S, gap_s) / grid.nominal_duration))


def _shared_spans(
    first: NDArray[np.int64],
    last: NDArray[np.int64],
    before: NDArray[np.int64],
    *,
    has_none: NDArray[np.bool_],
    each: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last frames of the clips with which each clip shares its frame.

    It depends on the video alone, and not on the clips that are requested.

    Args:
        first: int64 [L], first frames of the clips.
        last: int64 [L], their last frames.
        before: int64 [L], number of keyframes before each clip.
        has_none: bool [L], clips that no keyframe serves.
        each: clips that may share a frame: the first ones of the video, the next ones, and so on.

    Returns:
        int64 [L] twice. Clips with a keyframe between them do not share.
    """
    group = np.arange(len(first)) // each
    is_same = (group[1:] == group[:-1]) & (before[1:] == before[:-1])
    begins = np.append(True, ~(is_same & has_none[1:] & has_none[:-1]))
    starts = np.flatnonzero(begins)
    ends = np.append(starts[1:], len(first)) - 1
    run = np.cumsum(begins) - 1
    return first[starts][run], last[ends][run]


def read_rgb(
    path: Path,
    index: StreamIndex,
    grid: ClipGrid,
    *,
    clips: Iterable[int],
    settings: FeatureSettings,
    report: ReadReport,
) -> Iterator[ClipVisual]:
    """The pictures of clips, as a stream.

    Args:
        path: the video.
        index: from `index.scan`.
        grid: the video's clips.
        clips: increasing indices of the requested clips.
        settings: size, and distance of keyframes.
        report: filled in while reading.

    Yields:
        one `ClipVisual` for each requested clip, in order, with `pictures` alone; they are empty
        where nothing could be decoded. Clips that share a frame share the array.

    Raises:
        VideoError: no frame can be decoded.
    """
    maker = _Maker(index, settings.short_side)
    requests = picture_requests(
        index, grid, clips, picture_gap=settings.picture_gap, own=settings.own_pictures
    )
    read = read_pictures_of_clips(path, index, requests, report=report)
    for number, (request, frame) in enumerate(read, start=1):
        if frame is None:
            report.clips_without_picture.append(request.clip)
            # as for a clip of which no other input could be decoded
            index.damage.substituted |= set(grid.frames_of(request.clip).tolist())
        if number == len(requests) and report.frames == 0:
            raise VideoError(
                f"{path}: no frame can be decoded",
                code="nothing-decodable",
                hint="the file may be damaged",
            )
        yield maker.clip(request, frame)


class _Maker:
    """Makes the features of a clip from the frame that stands for it."""

    def __init__(self, index: StreamIndex, short_side: int) -> None:
        self._info = index.info
        self._pictures = Pictures(index, short_side)
        self._frame: CodedFrame | None = None
        """The frame of the last clip that had one."""
        self._shared = self._none(np.uint8)
        """uint8 [1, h, w, 3]: its picture."""

    def clip(self, request: PictureRequest, frame: CodedFrame | None) -> ClipVisual:
        """The features of one clip; `frame` is None where nothing could be decoded."""
        height, width = self._info.size
        pictures = self._none(np.uint8) if frame is None else self._upright(frame)
        return ClipVisual(
            request.clip,
            height,
            width,
            iframes=self._none(np.uint8),
            motion=np.zeros((0, -(-height // 16), -(-width // 16), 2), np.float16),
            residual=self._none(np.int8),
            pictures=pictures,
            picture_frame=-1 if frame is None else frame.position,
            picture_source="" if frame is None else _source(request),
        )

    def _upright(self, frame: CodedFrame) -> NDArray[np.uint8]:
        """uint8 [1, h, w, 3], as displayed; the same array for the same frame."""
        if frame is not self._frame:
            picture = self._info.orientation.picture(self._pictures.rgb(frame))
            self._frame, self._shared = frame, picture[None]
        return self._shared

    def _none(self, dtype: type[np.generic]) -> NDArray:  # type: ignore[type-arg]
        """[0, h, w, 3]."""
        h, w = self._pictures.height, self._pictures.width
        if self._info.orientation.swaps_sides:
            h, w = w, h
        return np.zeros((0, h, w, 3), dtype)


def _source(request: PictureRequest) -> str:
    """Which of PICTURE_SOURCES a frame for this request is."""
    if request.keyframe is None:
        return _DECODED
    return _IN_CLIP if request.keyframe >= request.first else _EARLIER
