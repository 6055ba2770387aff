"""The picture of each clip ("rgb"): a keyframe where one is near enough, else a frame of the clip.

A keyframe in the clip serves it; if there are several, the one nearest to the middle. Without one,
the last keyframe before the clip serves it where it is at most `picture_gap.gap_in_force` seconds
old: its scene is most likely still on. Else a frame near the middle of the clip is decoded.

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


def picture_requests(
    index: StreamIndex, grid: ClipGrid, clips: Iterable[int], *, picture_gap: float | None
) -> list[PictureRequest]:
    """Which frame is to stand for each clip.

    Args:
        index: of the video.
        grid: its clips.
        clips: increasing indices.
        picture_gap: seconds from a keyframe to the start of a clip that it may stand for; None: by
            the keyframes of the video.
    """
    # a start without a packet is the start of the file, and no keyframe
    keyframes = index.keyframes[index.starts.sizes > 0]
    pts = index.timeline.pts
    # as text, so that 0.3 s is three tenths of a second exactly
    gap = math.floor(Fraction(str(gap_in_force(index, picture_gap))) / index.timeline.time_base)
    requests = []
    for clip in clips:
        frames = grid.frames_of(clip)
        first, last = int(frames[0]), int(frames[-1])
        begin, end = np.searchsorted(keyframes, (first, last + 1)).tolist()
        keyframe = None
        if begin < end:
            inside = keyframes[begin:end]
            # argmin takes the earlier one of two that are equally near
            keyframe = int(inside[np.abs(2 * inside - (first + last)).argmin()])
        elif begin and pts[first] - pts[keyframes[begin - 1]] <= gap:
            keyframe = int(keyframes[begin - 1])
        requests.append(PictureRequest(clip, first, last, keyframe=keyframe))
    return requests


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
        where nothing could be decoded. Clips that share a keyframe share the array.

    Raises:
        VideoError: no frame can be decoded.
    """
    maker = _Maker(index, settings.short_side)
    requests = picture_requests(index, grid, clips, picture_gap=settings.picture_gap)
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
