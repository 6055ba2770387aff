"""The number of reference frames, against encoders that were told it and bits written by hand."""

from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scsampler_cli.media.h264 import MOST, reference_frames
from tests.synthetic import pan, write_video


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts", "avi", "h264"])
@pytest.mark.parametrize(
    ("options", "pix_fmt", "expected"),
    [
        ({"refs": "5", "bf": "0"}, "yuv420p", 5),
        ({"refs": "16", "bf": "0", "preset": "veryslow"}, "yuv420p", 16),
        ({"preset": "ultrafast"}, "yuv420p", 1),
        ({"refs": "3", "bf": "0", "x264-params": "cqm=jvt"}, "yuv420p", 3),
        ({"refs": "2", "bf": "0"}, "yuv444p", 2),
    ],
)
def test_it_is_what_the_encoder_was_told(
    tmp_path: Path, suffix: str, options: dict[str, str], pix_fmt: str, expected: int
) -> None:
    path = write_video(
        tmp_path / f"v.{suffix}", pan(6, 1, 0, 64, 64), options=options, pix_fmt=pix_fmt
    )
    with av.open(str(path)) as box:
        assert reference_frames(box.streams.video[0].codec_context.extradata) == expected


def test_a_set_written_by_hand() -> None:
    """Baseline, level 1; ue: id 0, log2_max_frame_num 0, order type 2, max_num_ref_frames 6."""
    bits = "01000010000000000000101011011001111"
    payload = int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")
    assert reference_frames(b"\0\0\0\1\x67" + payload) == 6


@given(
    st.binary(max_size=60)
    | st.binary(max_size=60).map(lambda data: b"\1\0\0\0\xff\xe1\0\x30\x67" + data)
)
def test_any_bytes_give_a_number_within_bounds(data: bytes) -> None:
    assert 1 <= reference_frames(data) <= MOST


def test_nothing_known_means_the_most() -> None:
    assert reference_frames(None) == reference_frames(b"") == MOST
