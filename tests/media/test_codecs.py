"""Every codec and container that can be written here: the right frames at the right times, features
of every clip, no damage."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from scsampler_cli.config import FeatureSettings, ReadSettings
from scsampler_cli.errors import VideoError
from scsampler_cli.media.frames import FramesReport, read_clips
from scsampler_cli.pipeline.video import Video, audio_clips, visual_clips
from tests.media.measuring import grown
from tests.synthetic import tone, write_video

FRAMES = 40
ALL = FeatureSettings(inputs=("if", "md", "rgbr"), p_frames=4, short_side=64)
QUIET = {"x265-params": "log-level=none"}
FINE = {"b": "8M", "qmin": "1", "qmax": "2"}
FAST_VPX = {"deadline": "realtime", "cpu-used": "8"}
FAST_AV1 = {"preset": "12"}


def level(i: int) -> int:
    """Grey level of frame i: far enough from its neighbours' to survive any codec."""
    return 20 + 5 * i


def numbered(
    frames: int = FRAMES, height: int = 64, width: int = 96
) -> Iterator[NDArray[np.uint8]]:
    """Frame i has the grey level `level(i)`, and a bar that wanders, for encoders to predict."""
    for i in range(frames):
        picture = np.full((height, width, 3), level(i), np.uint8)
        left = 2 * i % (width - 8)
        picture[: height // 8, left : left + 8] = 255 - level(i)
        yield picture


def seen(video: Video) -> NDArray[np.float64]:
    """float64 [T]: the grey level that each frame of the grid shows, as the classifier sees it."""
    report = FramesReport()
    clips = dict(
        read_clips(
            video.path,
            video.index,
            video.grid,
            clips=range(len(video.grid)),
            fit=lambda picture: picture,
            report=report,
        )
    )
    assert report.notes() == []
    shown = np.concatenate([clips[i] for i in range(len(video.grid))]).astype(float)
    middle = shown[
        :, shown.shape[1] // 4 : -shown.shape[1] // 8, shown.shape[2] // 8 : -shown.shape[2] // 8
    ]
    return middle.mean(axis=(1, 2, 3))


def check(
    path: Path, frames: int = FRAMES, slack: float = 2.4, reading: ReadSettings | None = None
) -> Video:
    """All frames, each what it should be, features of every clip; and nothing that is whole is
    called damaged."""
    video = Video(path, 8, 1, reading=reading or ReadSettings())
    assert len(video.index.timeline) == frames
    clips = list(visual_clips(video, ALL))
    assert [clip.clip for clip in clips] == list(range(max(1, frames // 8)))
    assert all(np.isfinite(clip.motion).all() for clip in clips)
    assert sum(len(clip.iframes) + len(clip.motion) for clip in clips) > 0
    list(audio_clips(video))
    wanted = [level(min(i, frames - 1)) for i in range(8 * len(video.grid))]
    assert np.abs(seen(video) - wanted).max() <= slack
    assert (video.decode_errors, video.frames_missing) == (0, 0), video.notes
    return video


MATRIX: list[tuple[str, str, str, dict[str, str]]] = [
    # container, encoder, pixel format, options
    ("mp4", "libx264", "yuv420p", {}),
    ("mp4", "libx264", "yuv420p", {"bf": "0", "refs": "1"}),
    (
        "mp4",
        "libx264",
        "yuv420p",
        {"bf": "3", "refs": "6", "x264-params": "b-pyramid=normal:open-gop=1:keyint=12"},
    ),
    ("mp4", "libx264", "yuv420p", {"x264-params": "interlaced=1"}),
    ("ts", "libx264", "yuv420p", {"x264-params": "interlaced=1:bff=1", "g": "10"}),
    ("mp4", "libx264", "yuv420p10le", {}),
    ("mp4", "libx264", "yuv422p", {}),
    ("mp4", "libx264", "yuv422p10le", {}),
    ("mp4", "libx264", "yuv444p", {}),
    ("mp4", "libx264", "yuvj420p", {}),
    ("mp4", "libx264rgb", "rgb24", {}),
    ("mp4", "libx264", "yuv420p", {"x264-params": "intra-refresh=1:keyint=20"}),
    ("mp4", "libx264", "yuv420p", {"tune": "zerolatency"}),
    ("mkv", "libx264", "yuv420p", {}),
    ("mov", "libx264", "yuv420p", {}),
    ("avi", "libx264", "yuv420p", {}),
    ("flv", "libx264", "yuv420p", {}),
    ("ts", "libx264", "yuv420p", {}),
    ("mpg", "libx264", "yuv420p", {"bf": "0"}),
    ("nut", "libx264", "yuv420p", {}),
    ("asf", "libx264", "yuv420p", {"bf": "0"}),
    ("3gp", "libx264", "yuv420p", {}),
    ("h264", "libx264", "yuv420p", {}),
    ("mp4", "libx265", "yuv420p", QUIET),
    ("mkv", "libx265", "yuv420p10le", QUIET),
    ("ts", "libx265", "yuv420p", QUIET),
    ("hevc", "libx265", "yuv420p", QUIET),
    ("mp4", "libx265", "yuv444p", QUIET),
    ("webm", "libvpx", "yuv420p", {**FAST_VPX, "auto-alt-ref": "1", "lag-in-frames": "10"}),
    ("webm", "libvpx", "yuva420p", {**FAST_VPX, "auto-alt-ref": "0"}),
    ("ivf", "libvpx", "yuv420p", FAST_VPX),
    ("webm", "libvpx-vp9", "yuv420p", {**FAST_VPX, "auto-alt-ref": "1", "lag-in-frames": "10"}),
    ("webm", "libvpx-vp9", "yuv444p", FAST_VPX),
    ("mp4", "libvpx-vp9", "yuv420p", FAST_VPX),
    ("ivf", "libvpx-vp9", "yuv420p", FAST_VPX),
    ("mp4", "libsvtav1", "yuv420p", FAST_AV1),
    ("mkv", "libsvtav1", "yuv420p10le", FAST_AV1),
    ("ivf", "libsvtav1", "yuv420p", FAST_AV1),
    ("obu", "libsvtav1", "yuv420p", FAST_AV1),
    ("mp4", "mpeg4", "yuv420p", {"bf": "2", "g": "12", **FINE}),
    ("avi", "mpeg4", "yuv420p", {"bf": "2", **FINE}),
    ("avi", "mpeg4", "yuv420p", {"flags": "+qpel+mv4", **FINE}),
    ("mp4", "mpeg4", "yuv420p", {"flags": "+ildct+ilme", **FINE}),
    ("m4v", "mpeg4", "yuv420p", FINE),
    ("mpg", "mpeg1video", "yuv420p", {"bf": "2", **FINE}),
    ("mpg", "mpeg2video", "yuv420p", {"bf": "2", **FINE}),
    ("ts", "mpeg2video", "yuv420p", {"flags": "+ildct+ilme", "bf": "2", "b": "4M"}),
    ("vob", "mpeg2video", "yuv422p", {}),
    ("mxf", "mpeg2video", "yuv420p", {}),
    ("m2v", "mpeg2video", "yuv420p", {}),
    ("flv", "flv", "yuv420p", FINE),
    ("avi", "msmpeg4", "yuv420p", FINE),
    ("avi", "msmpeg4v2", "yuv420p", FINE),
    ("asf", "wmv1", "yuv420p", FINE),
    ("wmv", "wmv2", "yuv420p", FINE),
    ("rm", "rv20", "yuv420p", FINE),
    ("nut", "snow", "yuv420p", {"qscale": "1"}),
    ("avi", "mjpeg", "yuvj420p", {}),
    ("mjpeg", "mjpeg", "yuvj422p", {}),
    ("mov", "prores_ks", "yuv422p10le", {}),
    ("mov", "prores_ks", "yuva444p10le", {"profile": "4"}),
    ("mov", "qtrle", "rgb24", {}),
    ("mov", "qtrle", "argb", {}),
    ("mov", "png", "rgba", {}),
    ("mov", "png", "rgb48be", {}),
    ("mov", "cfhd", "yuv422p10le", {}),
    ("mov", "rawvideo", "uyvy422", {}),
    ("mov", "v210", "yuv422p10le", {}),
    ("avi", "rawvideo", "bgr24", {}),
    ("avi", "huffyuv", "yuv422p", {}),
    ("avi", "ffvhuff", "yuv420p", {}),
    ("avi", "utvideo", "yuv420p", {}),
    ("avi", "magicyuv", "gbrp", {}),
    ("avi", "zmbv", "bgr0", {}),
    ("avi", "cinepak", "rgb24", {}),
    ("avi", "asv2", "yuv420p", {"qscale": "1"}),
    ("mkv", "ffv1", "yuv420p", {}),
    ("mkv", "ffv1", "gray", {}),
    ("mkv", "ffv1", "gray16le", {}),
    ("mkv", "ffv1", "yuva444p16le", {}),
    ("mkv", "ffv1", "bgra", {}),
    ("mkv", "jpeg2000", "yuv420p", {}),
    ("y4m", "wrapped_avframe", "yuv420p", {}),
    ("gif", "gif", "gray", {}),
    ("apng", "apng", "rgba", {}),
    ("swf", "flv", "yuv420p", {}),
]


@pytest.mark.parametrize(
    ("suffix", "codec", "pix_fmt", "options"), MATRIX, ids=lambda v: str(v)[:40] if v else "-"
)
def test_every_frame_is_there_and_is_the_right_one(
    tmp_path: Path, suffix: str, codec: str, pix_fmt: str, options: dict[str, str]
) -> None:
    path = write_video(
        tmp_path / f"v.{suffix}", numbered(), codec=codec, pix_fmt=pix_fmt, options=options
    )
    check(path, slack=4 if codec == "libsvtav1" else 2.4)  # which is coarse at this size


# Frames and times out of the ordinary


def remux(
    source: Path, target: Path, change: Callable[[int, av.Packet], av.Packet | None], **options: str
) -> Path:
    """Copy the packets of the picture, each changed or left out."""
    with av.open(str(source)) as given, av.open(str(target), "w", options=options) as box:
        stream = box.add_stream_from_template(given.streams.video[0])
        count = 0
        for packet in given.demux(video=0):
            if packet.size:
                changed = change(count, packet)
                count += 1
                if changed is not None:
                    changed.stream = stream
                    box.mux(changed)
    return target


def same(_: int, packet: av.Packet) -> av.Packet:
    return packet


@pytest.mark.parametrize(
    ("suffix", "options"),
    [
        ("mp4", {"movflags": "frag_keyframe+empty_moov"}),
        ("mp4", {"movflags": "frag_keyframe+empty_moov+default_base_moof+global_sidx"}),
        ("mp4", {"movflags": "faststart", "use_editlist": "0"}),
        ("mp4", {"movflags": "dash+delay_moov"}),
        ("mkv", {"live": "1"}),
        ("mkv", {"cluster_time_limit": "100"}),
        ("flv", {"flvflags": "no_duration_filesize"}),
        ("ts", {"mpegts_flags": "resend_headers"}),
        ("avi", {"write_channel_mask": "0"}),
    ],
    ids=str,
)
def test_containers_written_as_streams(
    tmp_path: Path, suffix: str, options: dict[str, str]
) -> None:
    path = write_video(
        tmp_path / f"v.{suffix}",
        numbered(),
        options={"g": "10", "bf": "2"},
        container_options=options,
        audio=tone(1.6, 440),
    )
    video = check(path)
    assert video.audio is not None
    assert float(video.index.timeline.duration) == pytest.approx(1.6, abs=0.05)


@pytest.mark.parametrize(("height", "width"), [(63, 95), (1, 96), (65, 33), (48, 3), (2, 2)])
def test_odd_and_tiny_sizes(tmp_path: Path, height: int, width: int) -> None:
    pictures = (np.full((height, width, 3), level(i), np.uint8) for i in range(FRAMES))
    path = write_video(tmp_path / "v.mkv", pictures, codec="ffv1", pix_fmt="yuv444p")
    video = Video(path, 8)
    assert video.info.size == (height, width)
    assert len(list(visual_clips(video, ALL))) == 5
    report = FramesReport()
    shown = dict(
        read_clips(
            path,
            video.index,
            video.grid,
            clips=range(5),
            fit=lambda picture: picture,
            report=report,
        )
    )
    assert [round(float(shown[i][0].mean())) for i in range(5)] == pytest.approx(
        [level(8 * i) for i in range(5)], abs=3
    )
    assert (video.decode_errors, video.frames_missing) == (0, 0)


@pytest.mark.parametrize(
    "aspect", [Fraction(4, 3), Fraction(8, 9), Fraction(16), Fraction(1, 16), Fraction(255, 1)]
)
def test_pixel_aspects_widen_within_reason(tmp_path: Path, aspect: Fraction) -> None:
    path = write_video(tmp_path / "v.mp4", numbered(16), pixel_aspect=aspect)
    video = check(path, 16)
    believed = aspect if Fraction(1, 16) <= aspect <= 16 else 1
    assert video.info.size == (64, max(1, round(96 * believed)))


def test_pixels_that_can_be_none_are_taken_for_square_ones_and_said(tmp_path: Path) -> None:
    path = write_video(
        tmp_path / "v.mov",
        numbered(16),
        codec="mjpeg",
        pix_fmt="yuvj420p",
        pixel_aspect=Fraction(4, 3),
    )
    data = bytearray(path.read_bytes())
    at = data.index(b"pasp") + 4
    assert data[at : at + 8] == (4).to_bytes(4, "big") + (3).to_bytes(4, "big")
    data[at : at + 8] = (1000).to_bytes(4, "big") + (3).to_bytes(4, "big")
    path.write_bytes(data)
    video = Video(path, 8)
    assert video.info.size == (64, 96)
    assert "pixels of 1000 to 3 are treated as square" in video.notes


@pytest.mark.parametrize("rotation", [90, 180, -90])
def test_a_turned_picture(tmp_path: Path, rotation: int) -> None:
    video = Video(write_video(tmp_path / "v.mp4", numbered(16), rotation=rotation), 8)
    assert video.info.size == ((64, 96) if rotation == 180 else (96, 64))
    assert len(list(visual_clips(video, ALL))) == 2
    assert (video.decode_errors, video.frames_missing) == (0, 0)


def test_an_edit_list_hides_frames_and_nothing_is_missing(tmp_path: Path) -> None:
    """Cut at frame 12, between keyframes: the first 12 are decoded and not shown."""
    path = write_video(
        tmp_path / "v.mp4", numbered(), options={"g": "10", "bf": "2", "sc_threshold": "0"}
    )
    data = bytearray(path.read_bytes())
    at = data.index(b"elst") + 12
    begin = int.from_bytes(data[at + 4 : at + 8], "big")
    data[at : at + 4] = (28 * 40).to_bytes(4, "big")  # on the movie's clock of 1000
    data[at + 4 : at + 8] = (begin + 12 * 512).to_bytes(4, "big")  # on the track's of 12800
    path.write_bytes(data)
    video = Video(path, 8)
    assert len(video.index.timeline) == 28
    list(visual_clips(video, ALL))
    assert np.abs(seen(video) - [level(12 + i) for i in range(24)]).max() < 2.5
    assert (video.decode_errors, video.frames_missing) == (0, 0)


@pytest.mark.parametrize("codec", ["libx264", "mpeg4", "libvpx-vp9"])
def test_times_below_zero_and_far_from_it(tmp_path: Path, codec: str) -> None:
    options = FAST_VPX if codec == "libvpx-vp9" else {"bf": "2", **FINE}
    for start in (-10, 90_000):
        path = write_video(
            tmp_path / f"{start}.nut",
            numbered(),
            codec=codec,
            options=options,
            pts=range(start, start + FRAMES),
        )
        check(path)


def test_frames_that_last_unevenly(tmp_path: Path) -> None:
    pts = np.cumsum([0, *([10, 400, 1, 33] * 10)])[:FRAMES].tolist()
    path = write_video(
        tmp_path / "v.mkv", numbered(), pts=pts, time_base=Fraction(1, 1000), options={"bf": "2"}
    )
    video = check(path)
    assert [video.index.timeline.time(i) * 1000 for i in range(FRAMES)] == pts


def test_times_that_jump_about(tmp_path: Path) -> None:
    """Every frame is kept; its neighbours say where those lie whose times cannot be true."""
    whole = write_video(tmp_path / "v.mp4", numbered(), options={"bf": "0"})

    def jump(count: int, packet: av.Packet) -> av.Packet:
        if count in (7, 15, 16):
            packet.pts = packet.dts + 30 * (packet.duration or 0)
        return packet

    path = remux(whole, tmp_path / "jump.ts", jump)
    video = Video(path, 8)
    assert len(video.index.timeline) == FRAMES
    list(visual_clips(video, ALL))
    assert np.abs(seen(video) - [level(i) for i in range(FRAMES)]).max() < 2.5
    assert (video.decode_errors, video.frames_missing) == (0, 0)


def test_a_file_that_begins_between_keyframes(tmp_path: Path) -> None:
    whole = write_video(
        tmp_path / "v.mkv", numbered(), options={"g": "20", "bf": "0", "sc_threshold": "0"}
    )
    path = remux(whole, tmp_path / "cut.ts", lambda count, packet: packet if count >= 5 else None)
    video = Video(path, 8)
    list(visual_clips(video, ALL))
    assert len(video.index.timeline) == 20
    assert np.abs(seen(video) - [level(20 + i) for i in range(16)]).max() < 2.5
    assert video.decode_errors == 0
    assert video.frames_missing == 15
    assert any("15 frames before the first keyframe" in note for note in video.notes)


@pytest.mark.parametrize(
    ("suffix", "codec"), [("ts", "mpeg2video"), ("h264", "libx264"), ("mjpeg", "mjpeg")]
)
def test_pictures_that_change_their_size(tmp_path: Path, suffix: str, codec: str) -> None:
    pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    options = {"bf": "0"} if codec == "mjpeg" else {"bf": "0", **FINE}
    parts = [
        write_video(
            tmp_path / f"{height}.{suffix}",
            list(numbered(FRAMES, height, width))[first : first + 20],
            codec=codec,
            options=options,
            pix_fmt=pix_fmt,
        )
        for height, width, first in ((64, 96, 0), (128, 192, 20))
    ]
    path = tmp_path / f"v.{suffix}"
    path.write_bytes(parts[0].read_bytes() + parts[1].read_bytes())
    video = Video(path, 8)
    assert 38 <= len(video.index.timeline) <= 40
    clips = list(visual_clips(video, ALL))
    assert {clip.residual.shape[1:] for clip in clips} == {(64, 96, 3)}
    report = FramesReport()
    shown = dict(
        read_clips(
            path, video.index, video.grid, clips=[0, 3], fit=lambda picture: picture, report=report
        )
    )
    assert shown[0].shape == shown[3].shape == (8, 64, 96, 3)
    assert shown[3][:, 20:, 20:-20].mean() == pytest.approx(
        np.mean([level(i) for i in range(24, 32)]), abs=6
    )
    assert any("size of its pictures changes" in note for note in (*video.notes, *report.notes()))
    assert video.frames_missing == 0


@pytest.mark.parametrize(
    ("suffix", "codec", "pix_fmt"),
    [
        ("mp4", "libx264", "yuv420p"),
        ("gif", "gif", "gray"),
        ("mkv", "ffv1", "yuv420p"),
        ("webm", "libvpx", "yuv420p"),
        ("h264", "libx264", "yuv420p"),
        ("png", "png", "rgb24"),
        ("jpg", "mjpeg", "yuvj420p"),
        ("webp", "libwebp", "yuv420p"),
    ],
)
def test_one_frame(tmp_path: Path, suffix: str, codec: str, pix_fmt: str) -> None:
    options = FAST_VPX if codec == "libvpx" else {}
    more = {"update": "1"} if suffix in ("png", "jpg") else {}
    path = write_video(
        tmp_path / f"v.{suffix}",
        numbered(1),
        codec=codec,
        pix_fmt=pix_fmt,
        options=options,
        container_options=more,
    )
    check(path, 1, slack=3)


def test_an_animated_webp_is_a_clear_error_or_whole(tmp_path: Path) -> None:
    """FFmpeg 8.1 cannot decode it."""
    path = write_video(
        tmp_path / "v.webp", numbered(), codec="libwebp_anim", options={"lossless": "1"}
    )
    try:
        frames = len(Video(path).index.timeline)
    except VideoError as error:
        frames, message = FRAMES, str(error)
        assert "no frame can be decoded" in message
    assert frames == FRAMES


def test_8k_in_bounded_memory(tmp_path: Path) -> None:
    """Two frames of 7680 x 4320."""
    picture = np.zeros((4320, 7680, 3), np.uint8)

    def frames() -> Iterator[NDArray[np.uint8]]:
        for i in range(2):
            picture[:] = level(i)
            yield picture

    path = write_video(
        tmp_path / "v.mp4", frames(), options={"preset": "ultrafast", "tune": "zerolatency"}
    )
    video = Video(path)
    assert video.info.size == (4320, 7680)

    def read() -> None:
        (clip,) = visual_clips(video, FeatureSettings())
        assert len(clip.motion) == 1
        report = FramesReport()
        clips = dict(
            read_clips(
                path,
                video.index,
                video.grid,
                clips=[0],
                fit=lambda picture: picture[:8, :8],
                report=report,
            )
        )
        assert [round(float(frame.mean())) for frame in clips[0][:2]] == pytest.approx(
            [level(0), level(1)], abs=2
        )

    assert grown(read) < 600  # one frame is 50 MB, as RGB 100 MB
