"""Pictures are converted with any colour description in the stream."""

import av
import av.error
import numpy as np
import pytest
from av.video.reformatter import Interpolation, VideoReformatter

from scsampler_cli.errors import VideoError
from scsampler_cli.media.damage import Damage
from scsampler_cli.media.scaling import Scaler


def grey(**colours: int) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(np.full((32, 32, 3), 100, np.uint8), "rgb24").reformat(
        format="yuv420p"
    )
    for name, value in colours.items():
        setattr(frame, name, value)
    return frame


def refused(frame: av.VideoFrame) -> bool:
    try:
        VideoReformatter().reformat(frame, 16, 16, "rgb24")
    except (av.error.FFmpegError, ValueError):
        return True
    return False


def test_every_colour_is_converted_even_those_that_ffmpeg_refuses() -> None:
    said = [
        {name: value}
        for name in ("colorspace", "color_primaries", "color_trc")
        for value in range(19)
    ]
    assert any(refused(grey(**colours)) for colours in said)
    for colours in said:
        damage = Damage()
        picture = (
            Scaler(Interpolation.AREA, damage)
            .scaled(grey(**colours), 16, 16, pix_fmt="rgb24")
            .to_ndarray()
        )
        assert picture.shape == (16, 16, 3), colours
        assert bool(list(damage.notes())) == refused(grey(**colours)), colours


def test_what_cannot_be_converted_is_a_clear_error() -> None:
    with pytest.raises(VideoError, match="cannot be converted") as caught:
        Scaler(Interpolation.AREA, Damage()).scaled(grey(), 1 << 30, 1 << 30, pix_fmt="rgb24")
    assert caught.value.hint
