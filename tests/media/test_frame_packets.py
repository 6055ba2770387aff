"""Sizes and kinds of frames from packets alone, against what the decoder says."""

from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import PictureType

from scsampler_cli.media.index import scan
from scsampler_cli.media.packets import KEY, PREDICTED, REORDERED, frame_packets
from tests.synthetic import pan, raw_stream, write_video


def test_kinds_of_a_worked_example() -> None:
    """Packets of frames shown 0 3 1 2, of 90, 40, 7 and 8 bytes."""
    found = frame_packets([0, 2, 3, 1], [90, 7, 8, 40], [True, False, False, False])
    assert found.kinds.tolist() == [KEY, REORDERED, REORDERED, PREDICTED]
    assert found.sizes.tolist() == [90, 7, 8, 40]


def test_a_frame_without_a_known_packet_has_no_size_and_disturbs_no_other() -> None:
    found = frame_packets([0, -1, 1], [90, 55, 8], [True, True, False])
    assert found.kinds.tolist() == [KEY, PREDICTED, PREDICTED]
    assert found.sizes.tolist() == [90, 0, 8]
    assert found.known
    assert not frame_packets([-1], [0], [True]).known


ENCODINGS = {
    "x264 default": ("mp4", "libx264", {}),
    "x264 without B-frames": ("mkv", "libx264", {"bf": "0", "g": "12"}),
    "MPEG-4 with B-frames": ("mp4", "mpeg4", {"bf": "2", "g": "12"}),
    "HEVC": ("mp4", "libx265", {"x265-params": "log-level=none"}),
    "MPEG-2 with B-frames": ("ts", "mpeg2video", {"bf": "2", "g": "12"}),
}


@pytest.mark.parametrize("name", ENCODINGS)
def test_kinds_are_the_decoders_and_sizes_the_packets(tmp_path: Path, name: str) -> None:
    suffix, codec, options = ENCODINGS[name]
    path = write_video(
        tmp_path / f"v.{suffix}", pan(60, 2, 1, 64, 96), codec=codec, options=options
    )
    found = scan(path).packets
    with av.open(str(path)) as box:
        sizes = {packet.pts: packet.size for packet in box.demux(video=0) if packet.size}
    with av.open(str(path)) as box:
        frames = [(frame.pts, frame.pict_type, frame.key_frame) for frame in box.decode(video=0)]
    assert (found.kinds == REORDERED).tolist() == [kind == PictureType.B for _, kind, _ in frames]
    assert (found.kinds == KEY).tolist() == [bool(key) for _, _, key in frames]
    assert found.sizes.tolist() == [sizes[pts] for pts, _, _ in frames]
    if "without" not in name:
        assert (found.kinds == REORDERED).any()


def test_a_raw_stream_without_times_has_the_same_sizes_and_kinds(tmp_path: Path) -> None:
    """Nothing but the decoder says which packet a frame came from there."""
    path = write_video(tmp_path / "v.mp4", pan(60, 2, 1, 64, 96))
    raw_stream(path, tmp_path / "v.h264")
    timed, counted = scan(path), scan(tmp_path / "v.h264")
    assert counted.untimed
    assert counted.packets.kinds.tolist() == timed.packets.kinds.tolist()
    # the first packet gains the headers that MP4 keeps elsewhere, and every one a start code in the
    # place of a length
    assert np.abs(counted.packets.sizes - timed.packets.sizes)[1:].max() <= 8
