"""One small picture of each of some clips, as JPEG: for pages and contact sheets."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from scsampler_cli.media.frames import FramesReport, read_pictures
from scsampler_cli.pipeline.video import Video

HEIGHT = 144
"""Pixels (our choice: a thumbnail)."""
WIDEST = 3
"""Width over height that a picture is limited to, and the other way round: a strip of a few pixels shows nothing."""
_QUALITY = 85


def stills(video: Video, clips: Sequence[int], height: int = HEIGHT) -> Iterator[tuple[int, bytes]]:
    """The middle frame of each clip, with square pixels and upright.

    Args:
        video: whose clips they are.
        clips: indices, in any order.
        height: of the pictures, in pixels; smaller ones are not enlarged.

    Yields:
        (clip, JPEG), in time order; a clip whose middle frame cannot be decoded is left out.
    """
    middles = {_middle(video.grid.frames_of(clip)): clip for clip in sorted(clips)}
    read = FramesReport()
    for position, picture in read_pictures(
        video.path, video.index, list(middles), fit=lambda frame: _small(frame, height), report=read
    ):
        yield middles[position], _jpeg(picture)


def _middle(frames: NDArray[np.int64]) -> int:
    return int(frames[len(frames) // 2])


def _small(frame: NDArray[np.uint8], height: int) -> NDArray[np.uint8]:
    """uint8 [H, W, 3] -> uint8 [h, w, 3], h no more than `height`."""
    picture = Image.fromarray(frame)
    tall = min(height, picture.height)
    wide = round(picture.width * tall / picture.height)
    size = min(max(wide, -(-tall // WIDEST)), tall * WIDEST), tall
    return np.asarray(picture.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0))


def _jpeg(picture: NDArray[np.uint8]) -> bytes:
    data = io.BytesIO()
    Image.fromarray(picture).save(data, "JPEG", quality=_QUALITY)
    return data.getvalue()
