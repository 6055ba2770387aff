"""One frame in, one frame out, with vectors."""

import av
import pytest

from scsampler_cli.media.damage import Damage
from scsampler_cli.media.reencode import encoded_size, reencode
from tests.synthetic import pan


@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [
        (720, 1280, (256, 456)),
        (1080, 1920, (270, 480)),
        (2160, 3840, (540, 960)),
        (240, 320, (240, 320)),
        (31, 33, (32, 34)),
        (1, 1, (16, 16)),
        (20, 9000, (16, 4096)),
    ],
)
def test_sizes_are_even_small_and_never_enlarged_beyond_a_block(
    height: int, width: int, expected: tuple
) -> None:
    assert encoded_size(height, width) == expected


def test_every_frame_comes_back_in_order_with_gop_12() -> None:
    frames = (
        (10 + i, av.VideoFrame.from_ndarray(f, "rgb24"))
        for i, f in enumerate(pan(30, 2, 0, 64, 96))
    )
    out = list(reencode(frames, 64, 96, damage=Damage(), shown_size=lambda _: (64, 96)))
    assert [position for position, _ in out] == list(range(10, 40))
    assert [i for i, (_, frame) in enumerate(out) if frame.key_frame] == [0, 12, 24]
    assert all(frame.side_data.get("MOTION_VECTORS") is not None for _, frame in out[1:12])


def test_nothing_in_nothing_out() -> None:
    assert list(reencode(iter(()), 64, 64, damage=Damage(), shown_size=lambda _: (64, 64))) == []
