"""Planes of a picture are its RGB, in every column."""

from pathlib import Path

import av
import numpy as np
import pytest

from scsampler_cli.features.pictures import Pictures
from scsampler_cli.media.coded import CodedFrame
from scsampler_cli.media.index import scan
from tests.synthetic import write_video


@pytest.mark.parametrize(
    ("short_side", "size"), [(0, (102, 180)), (0, (96, 176)), (0, (34, 50)), (64, (96, 176))]
)
def test_planes_are_the_rgb_of_a_picture(
    tmp_path: Path, short_side: int, size: tuple[int, int]
) -> None:
    rng = np.random.default_rng(0)
    # blocks: with neighbours of one colour both conversions agree on the colour of a pixel
    blocks = rng.integers(0, 256, (size[0] // 2, size[1] // 2, 3), np.uint8)
    path = write_video(
        tmp_path / "v.mp4", [blocks.repeat(2, 0).repeat(2, 1)] * 3, options={"crf": "10"}
    )
    index = scan(path)
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
    pictures = Pictures(index, short_side)
    working = pictures.height, pictures.width
    first = pictures.planes(CodedFrame(0, frame), working)
    for filler in (0, 255):  # what lies in the memory that a conversion gets must not matter
        dirty = [np.full(size[0] * 256, filler, np.uint8) for _ in range(16)]
        del dirty
        again = pictures.planes(CodedFrame(0, frame), working)
        assert np.array_equal(first, again)
    assert first.shape == (3, *working)
    if not short_side:  # scaling gives each of the two its own colours between pixels
        rgb = np.moveaxis(pictures.rgb(CodedFrame(0, frame)).astype(np.float32), 2, 0)
        assert np.abs(first - rgb).max() <= 2
