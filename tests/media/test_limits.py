"""Headers and time stamps that lie: nothing is taken for granted, memory and time stay bounded, and
the error names the limit."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from scsampler_cli.config import FeatureSettings, ReadSettings
from scsampler_cli.errors import LimitError, SettingsError, VideoError
from scsampler_cli.media.aspect import MOST_PIXELS
from scsampler_cli.media.audio_probe import probe_audio
from scsampler_cli.media.damage import Damage
from scsampler_cli.media.frames import FramesReport, read_clips
from scsampler_cli.media.index import scan
from scsampler_cli.media.packet_errors import MAX_REMEMBERED
from scsampler_cli.media.packet_scan import PacketScan
from scsampler_cli.pipeline.video import Video, audio_clips, visual_clips
from scsampler_cli.timeline import repaired_stamps
from tests.media.measuring import grown
from tests.synthetic import pan, static, tone, write_video


def patched(path: Path, change: Callable[[bytearray], None]) -> Path:
    data = bytearray(path.read_bytes())
    change(data)
    path.write_bytes(data)
    return path


def put(mark: bytes, offset: int, form: str, *values: int) -> Callable[[bytearray], None]:
    """Overwrite numbers at a distance from the first occurrence of a mark."""

    def change(data: bytearray) -> None:
        struct.pack_into(form, data, data.index(mark) + offset, *values)

    return change


def both(data: bytearray) -> None:
    """The container and each picture itself."""
    put(b"png \0", 28, ">HH", 15000, 15000)(data)
    data[:] = data.replace(
        b"IHDR" + struct.pack(">II", 64, 64), b"IHDR" + struct.pack(">II", 15000, 15000)
    )


HUGE = [
    # suffix, codec, pixel format, where the size lies
    ("gif", "gif", "rgb8", put(b"GIF89a", 6, "<HH", 65535, 65535)),
    ("mov", "png", "rgb24", both),
    ("avi", "rawvideo", "bgr24", put(b"strf", 12, "<ii", 60000, 60000)),
    ("ivf", "libvpx", "yuv420p", put(b"VP80", 4, "<HH", 65535, 65535)),
]


@pytest.mark.parametrize(
    ("suffix", "codec", "pix_fmt", "change"), HUGE, ids=["gif", "mov", "avi", "ivf"]
)
def test_a_header_that_claims_a_huge_picture(
    tmp_path: Path, suffix: str, codec: str, pix_fmt: str, change: Callable[[bytearray], None]
) -> None:
    path = write_video(tmp_path / f"v.{suffix}", static(5, 64, 64), codec=codec, pix_fmt=pix_fmt)
    assert len(scan(path).timeline) == 5
    patched(path, change)

    def refused() -> None:
        with pytest.raises(VideoError) as caught:
            Video(path)
        assert caught.value.hint
        assert "raise the limit" in caught.value.hint
        if "pixels, the limit" in str(caught.value):
            assert isinstance(caught.value, LimitError)
            assert (
                "00 x 6" in str(caught.value)
                or "5535 x 65535" in str(caught.value)
                or "15000 x 15000" in str(caught.value)
            )

    if suffix == "ivf":  # its header is corrected by the first packet
        assert len(Video(path).index.timeline) == 5
    else:
        assert grown(refused) < 100


@pytest.mark.parametrize("codec", ["libx264", "mpeg4", "libvpx-vp9", "ffv1"])
def test_the_limit_on_pixels_is_exact(tmp_path: Path, codec: str) -> None:
    path = write_video(tmp_path / "v.mkv", pan(5, 1, 0, 128, 256), codec=codec)
    assert len(Video(path, reading=ReadSettings(max_pixels=128 * 256)).index.timeline) == 5
    assert len(Video(path, reading=ReadSettings(max_pixels=0)).index.timeline) == 5
    with pytest.raises(LimitError, match=r"256 x 128 pixels, the limit is 32767") as caught:
        Video(path, reading=ReadSettings(max_pixels=128 * 256 - 1))
    assert caught.value.code == "video-too-large"
    assert "raise the limit" in (caught.value.hint or "")


def test_pictures_that_become_huge_on_the_way_are_refused_and_counted(tmp_path: Path) -> None:
    parts = [
        write_video(
            tmp_path / f"{height}.mjpeg",
            static(20, height, height),
            codec="mjpeg",
            pix_fmt="yuvj420p",
        )
        for height in (64, 512)
    ]
    path = tmp_path / "v.mjpeg"
    path.write_bytes(parts[0].read_bytes() + parts[1].read_bytes() + parts[0].read_bytes())
    video = Video(path, 8, reading=ReadSettings(max_pixels=64 * 64))
    list(visual_clips(video, FeatureSettings()))
    assert len(video.index.timeline) == 40
    assert (video.decode_errors, video.frames_missing) == (20, 20)
    assert any("20 packets could not be decoded" in note for note in video.notes)


@pytest.mark.parametrize("suffix", ["mp4", "avi", "mkv", "ts"])
def test_the_limit_on_frames_is_exact(tmp_path: Path, suffix: str) -> None:
    path = write_video(tmp_path / f"v.{suffix}", static(30, 32, 32), codec="mpeg4")
    assert len(Video(path, reading=ReadSettings(max_frames=30)).index.timeline) == 30
    assert len(Video(path, reading=ReadSettings(max_frames=0)).index.timeline) == 30
    with pytest.raises(LimitError, match=r"30 frames|more than 29 frames") as caught:
        Video(path, reading=ReadSettings(max_frames=29))
    assert caught.value.code == "video-too-long"
    assert "raise the limit" in (caught.value.hint or "")
    assert "the limit is 29" in str(caught.value)


def test_a_header_that_announces_billions_of_frames(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.avi", static(30, 64, 64), codec="mpeg4")
    patched(path, put(b"strh", 40, "<I", 0x7FFFFFFF))
    cut = path.read_bytes()
    path.write_bytes(cut[: cut.index(b"idx1")])  # an index would say better

    def refused() -> None:
        with pytest.raises(LimitError, match="its header claims 2147483647 frames"):
            Video(path)

    assert grown(refused) < 50
    assert len(Video(path, reading=ReadSettings(max_frames=0)).index.timeline) == 30


@pytest.mark.parametrize("sound", [True, False])
def test_two_frames_a_year_apart(tmp_path: Path, sound: bool) -> None:
    year = 365 * 86400
    path = write_video(
        tmp_path / "v.mkv",
        pan(2, 1, 0, 64, 64),
        pts=[0, year],
        time_base=Fraction(1),
        fps=1,
        codec="ffv1",
        audio=tone(2, 440) if sound else None,
    )
    video = Video(path)
    started = time.monotonic()

    def read() -> None:
        assert len(list(visual_clips(video, FeatureSettings()))) == 1
        assert len(list(audio_clips(video))) == 1

    assert grown(read) < 300
    assert time.monotonic() - started < 20
    assert video.index.timeline.duration >= year


def test_a_hole_of_a_year_in_one_clip_with_sound(tmp_path: Path) -> None:
    """The other clips are as long as ever, and are heard."""
    pts = [*range(40), *range(10**9, 10**9 + 40)]
    path = write_video(
        tmp_path / "v.mkv", pan(80, 1, 0, 64, 64), pts=pts, codec="ffv1", audio=tone(1.6, 440)
    )
    video = Video(path)

    def read() -> None:
        assert len(list(audio_clips(video))) == 5

    assert grown(read) < 300


@pytest.mark.parametrize("stamps", [(-(1 << 62), 1 << 62), (0, (1 << 63) - 2), (-(1 << 63) + 1, 0)])
def test_times_at_the_ends_of_64_bits(tmp_path: Path, stamps: tuple[int, int]) -> None:
    path = write_video(tmp_path / "v.nut", pan(30, 1, 0, 64, 64), pts=range(30), codec="mpeg4")
    video = Video(path)
    index = video.index
    assert len(index.timeline) == 30
    # a file that says so can hardly be written; its packets can be read as if it did
    packet_scan = PacketScan()
    for pts in (*stamps, 5):
        packet = av.Packet(b"x")
        packet.pts = pts
        packet_scan.add(packet)
    assert packet_scan.times() is None
    placed = repaired_stamps([0, *[None] * 5000, 1 << 60], Fraction(1))
    assert np.all(np.diff(placed.pts) > 0)
    assert placed.own == 2


@pytest.mark.parametrize("rate", [0x7FFFFFFF, 500, 1])
def test_sound_of_an_absurd_rate_is_not_decoded(tmp_path: Path, rate: int) -> None:
    path = write_video(
        tmp_path / "v.avi",
        static(10, 64, 64),
        codec="mpeg4",
        audio=tone(0.4, 300),
        audio_codec="pcm_s16le",
    )
    assert probe_audio(path).info is not None
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, data.index(b"strf", data.index(b"auds")) + 12, rate)
    path.write_bytes(data)
    assert probe_audio(path)[:2] == (None, "its sound cannot be decoded")

    def read() -> None:
        list(audio_clips(Video(path)))

    assert grown(read) < 100


def test_sound_of_many_channels_is_heard_or_told(tmp_path: Path) -> None:
    path = write_video(
        tmp_path / "v.avi",
        static(100, 64, 64),
        codec="mpeg4",
        audio=tone(4, 300),
        audio_codec="pcm_s16le",
    )
    data = bytearray(path.read_bytes())
    at = data.index(b"strf", data.index(b"auds")) + 8
    struct.pack_into("<H", data, at + 2, 200)
    struct.pack_into("<H", data, at + 12, 400)
    path.write_bytes(data)
    video = Video(path)
    clips = list(audio_clips(video))
    assert len(clips) == 6
    assert any(clip.mel is not None for clip in clips) or any(
        "sound" in note for note in video.notes
    )


@pytest.mark.parametrize(("height", "width"), [(16, 16000), (16000, 16)])
def test_a_strip_is_read_in_bounded_memory(tmp_path: Path, height: int, width: int) -> None:
    path = write_video(tmp_path / "v.mkv", static(8, height, width), codec="ffv1")
    video = Video(path)

    def read() -> None:
        (clip,) = visual_clips(video, FeatureSettings(inputs=("if", "md", "rgbr")))
        assert max(clip.iframes.shape[1:3]) <= 16000
        list(
            read_clips(
                path,
                video.index,
                video.grid,
                clips=[0],
                fit=lambda picture: picture[:8, :8],
                report=FramesReport(),
            )
        )

    assert grown(read) < 400


def test_wide_pixels_of_a_large_picture_do_not_make_it_larger_than_the_largest(
    tmp_path: Path,
) -> None:
    info = scan(write_video(tmp_path / "v.mp4", static(2, 64, 64))).info
    wide = replace(info, coded_width=8192, coded_height=4320, pixel_aspect=Fraction(16))
    height, width = wide.upright_size
    assert height * width <= MOST_PIXELS * 1.01
    assert width / height == pytest.approx(16 * 8192 / 4320, rel=0.01)


def test_a_million_damaged_packets_are_counted_in_bounded_memory() -> None:
    damage, packet = Damage(), av.Packet(b"x")

    def refuse() -> None:
        for i in range(MAX_REMEMBERED + 200_000):
            packet.pts = packet.dts = i
            damage.refuse_picture(packet, f"reason {i}")

    assert 30 < grown(refuse) < 400
    assert damage.decode_errors == MAX_REMEMBERED
    (note,) = damage.notes()
    assert "or more" in note
    assert len(note) < 200


@pytest.mark.parametrize(
    "settings", [{"video_stream": -1}, {"audio_stream": -2}, {"max_pixels": -1}, {"max_frames": -1}]
)
def test_settings_out_of_range_are_refused(settings: dict[str, int]) -> None:
    with pytest.raises(SettingsError) as caught:
        ReadSettings(**settings)
    assert caught.value.hint
