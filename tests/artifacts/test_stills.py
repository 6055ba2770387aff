"""Small pictures of clips: the middle frame, upright, with square pixels, no larger than asked."""

import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from scsampler_cli.artifacts.stills import HEIGHT, stills
from scsampler_cli.pipeline.video import Video
from tests.synthetic import write_video


def grey(frames: int, height: int = 192, width: int = 256) -> list[NDArray[np.uint8]]:
    """Frame i is of brightness 2 i."""
    return [np.full((height, width, 3), 2 * i, np.uint8) for i in range(frames)]


def opened(data: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(data)))


def test_the_middle_frame_of_each_clip_in_time_order(tmp_path: Path) -> None:
    write_video(tmp_path / "v.mp4", grey(64))
    found = dict(stills(Video(tmp_path / "v.mp4"), [3, 0]))
    assert list(found) == [0, 3]
    for clip, data in found.items():
        picture = opened(data)
        assert picture.shape == (HEIGHT, 192, 3)
        assert picture.mean() == pytest.approx(2 * (16 * clip + 8), abs=4)


def test_no_picture_is_enlarged_or_a_strip(tmp_path: Path) -> None:
    write_video(tmp_path / "small.mp4", grey(16, 64, 96))
    assert opened(dict(stills(Video(tmp_path / "small.mp4"), [0]))[0]).shape == (64, 96, 3)
    write_video(tmp_path / "wide.mp4", grey(16, 64, 1024))
    assert opened(dict(stills(Video(tmp_path / "wide.mp4"), [0]))[0]).shape == (64, 192, 3)


def test_a_frame_that_cannot_be_decoded_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "v.mp4"
    write_video(path, grey(64), codec="mjpeg", pix_fmt="yuvj420p")
    video = Video(path)
    data = bytearray(path.read_bytes())
    starts = [i for i in range(len(data) - 1) if data[i : i + 3] == b"\xff\xd8\xff"]
    at = starts[16 + 8]
    data[at : at + 200] = bytes(200)
    path.write_bytes(data)
    assert list(dict(stills(video, [0, 1, 2]))) == [0, 2]
