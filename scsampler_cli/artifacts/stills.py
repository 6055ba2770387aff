"""Stills: one small JPEG for a clip, for pages and contact sheets."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from scsampler_cli.media.frames import FramesReport, read_pictures
from scsampler_cli.pipeline.video import Video

HEIGHT = 144
"""Height of a picture in pixels."""
WIDEST = 3
"""Largest ratio of width to height of a picture, and of height to width: a strip of a few pixels
shows nothing."""
_QUALITY = 85


def stills(video: Video, clips: Sequence[int], height: int = HEIGHT) -> Iterator[tuple[int, bytes]]:
    """The middle frame of each clip, upright and with square pixels.

    Args:
        video: the video.
        clips: indices of clips, in any order.
        height: of the pictures, in pixels; smaller frames are not enlarged.

    Yields:
        (clip, JPEG), in time order; a clip whose middle frame cannot be decoded is left out.
    """
    # display position of the middle frame -> clip
    middles = {_middle(video.grid.frames_of(clip)): clip for clip in sorted(clips)}
    pictures = read_pictures(
        video.path,
        video.index,
        list(middles),
        fit=lambda frame: _small(frame, height),
        report=FramesReport(),
    )
    for position, picture in pictures:
        yield middles[position], _jpeg(picture)


def _middle(frames: NDArray[np.int64]) -> int:
    return int(frames[len(frames) // 2])


def _small(frame: NDArray[np.uint8], height: int) -> NDArray[np.uint8]:
    """uint8 [H, W, 3] -> uint8 [h, w, 3], h at most `height`."""
    picture = Image.fromarray(frame)
    new_height = min(height, picture.height)
    width = round(picture.width * new_height / picture.height)
    # -(-a // b) rounds up
    size = min(max(width, -(-new_height // WIDEST)), new_height * WIDEST), new_height
    # reducing_gap: whole blocks of pixels are averaged first, which is faster and smooth enough
    return np.asarray(picture.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0))


def _jpeg(picture: NDArray[np.uint8]) -> bytes:
    data = io.BytesIO()
    Image.fromarray(picture).save(data, "JPEG", quality=_QUALITY)
    return data.getvalue()
