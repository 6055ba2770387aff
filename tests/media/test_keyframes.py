"""What a packet says of its picture, against what its decoder says."""

from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scsampler_cli.media.container import PacketOfFrame
from scsampler_cli.media.h264 import is_intra_slice, recovery_frames
from scsampler_cli.media.keyframes import StartKind, start_reader
from tests.synthetic import pan, write_video

ENCODINGS = [
    ("libx264", "mp4", {"g": "12", "bf": "2"}),
    ("libx264", "ts", {"g": "12", "bf": "2"}),
    ("libx264", "mkv", {"x264-params": "open-gop=1:keyint=10:bframes=3"}),
    ("libx264", "h264", {"x264-params": "open-gop=1:keyint=10:bframes=3:aud=1:slices=3"}),
    ("libx265", "mp4", {"x265-params": "log-level=none:keyint=12:open-gop=1"}),
    ("libx265", "hevc", {"x265-params": "log-level=none:keyint=12:open-gop=0"}),
    ("mpeg4", "mp4", {"g": "12", "bf": "2"}),
    ("mpeg4", "avi", {"g": "12", "flags": "+mv4+qpel"}),
    ("mpeg2video", "mpg", {"g": "12", "bf": "2"}),
    ("mpeg1video", "mpg", {"g": "12", "bf": "2"}),
    (
        "libvpx",
        "webm",
        {
            "g": "12",
            "deadline": "good",
            "cpu-used": "8",
            "lag-in-frames": "10",
            "auto-alt-ref": "1",
        },
    ),
    ("libvpx-vp9", "webm", {"g": "12", "deadline": "good", "cpu-used": "8", "lag-in-frames": "10"}),
]


@pytest.mark.parametrize(("encoder", "suffix", "options"), ENCODINGS)
def test_a_packet_says_what_its_decoder_says(
    tmp_path: Path, encoder: str, suffix: str, options: dict[str, str]
) -> None:
    path = write_video(
        tmp_path / f"v.{suffix}", pan(40, 2, 1, 96, 128), codec=encoder, options=options
    )
    said: dict[int, StartKind] = {}
    shown: dict[int, bool] = {}
    with av.open(str(path)) as box:
        stream = box.streams.video[0]
        context = stream.codec_context
        read = start_reader(context.codec.canonical_name, context.extradata)
        assert read is not None
        context.copy_opaque = True
        for place, packet in enumerate(box.demux(stream)):
            if packet.size:
                said[place] = read(bytes(packet))
                packet.opaque = PacketOfFrame(place, packet.size)
            for frame in packet.decode():
                assert isinstance(frame.opaque, PacketOfFrame)
                shown[frame.opaque.decode_index] = bool(frame.key_frame)
    assert len(shown) == 40
    assert sum(shown.values()) >= 3
    assert {place: said[place] == StartKind.START for place in shown} == shown


def test_an_intra_picture_of_h264_that_is_no_keyframe_is_left_to_the_container(
    tmp_path: Path,
) -> None:
    """Scene cuts within the shortest GOP: I-pictures behind which P-pictures may refer to what is
    before them."""
    options = {"x264-params": "keyint=100:min-keyint=60:bframes=0:force-cfr=1"}
    with av.open(str(tmp_path / "v.mp4"), "w") as box:
        stream = box.add_stream("libx264", rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        for picture in (*pan(20, 1, 0, 96, 128), *pan(20, 1, 0, 96, 128, seed=1)):
            box.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        box.mux(stream.encode(None))
    with av.open(str(tmp_path / "v.mp4")) as box:
        read = start_reader("h264", box.streams.video[0].codec_context.extradata)
        assert read is not None
        found = [read(bytes(packet)) for packet in box.demux(video=0) if packet.size]
    assert [number for number, picture in enumerate(found) if picture == StartKind.START] == [0]
    assert [number for number, picture in enumerate(found) if picture == StartKind.POSSIBLE] == [20]


def test_intra_refresh_says_that_decoding_recovers_later(tmp_path: Path) -> None:
    path = write_video(
        tmp_path / "v.h264",
        pan(30, 1, 0, 96, 128),
        options={"x264-params": "intra-refresh=1:keyint=10:bframes=0"},
    )
    units = path.read_bytes().split(b"\0\0\1")[1:]
    counts = [recovery_frames(unit) for unit in units if unit[0] & 31 == 6]
    assert [count for count in counts if count] != []
    assert any(not is_intra_slice(unit) for unit in units if unit[0] & 31 == 1)


CODECS = [
    ("h264", b""),
    ("h264", b"\1\0\0\0\xff"),
    ("hevc", b""),
    ("hevc", b"\1" + bytes(20) + b"\3"),
    ("mpeg4", b""),
]
CODECS += [("mpeg2video", b""), ("vp8", b""), ("vp9", b"")]


@pytest.mark.parametrize(("codec", "extradata"), CODECS)
@given(data=st.binary(max_size=80) | st.binary(max_size=40).map(lambda data: b"\0\0\1" + data))
def test_any_bytes_give_an_answer(codec: str, extradata: bytes, data: bytes) -> None:
    read = start_reader(codec, extradata)
    assert read is not None
    assert read(data) in list(StartKind)
    assert recovery_frames(data) is None or recovery_frames(data) >= 0


def test_of_other_codecs_nothing_is_read() -> None:
    assert start_reader("prores", None) is None
