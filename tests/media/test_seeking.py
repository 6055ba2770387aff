"""Each clip fetched alone is what a plain decode from the start shows: every codec, container, GOP,
and wrong keyframe flags.

SCSAMPLER_SWEEP=all tries every combination of codec, container, B-frames and GOP; without it, one
GOP of each.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import av
import av.error
import numpy as np
import pytest
from av.bitstream import BitStreamFilterContext
from av.video.reformatter import Interpolation
from numpy.typing import NDArray

from scsampler_cli.config import FeatureSettings
from scsampler_cli.media.coded import ReadReport, coded_frames
from scsampler_cli.media.frames import FramesReport, read_clips
from scsampler_cli.media.index import scan
from scsampler_cli.media.seeking import keyframe_before
from scsampler_cli.pipeline.video import Video, visual_clips
from tests.synthetic import texture, write_video

FRAMES = 56
CLIP = 8
ALL = FeatureSettings(inputs=("if", "md", "rgbr"), p_frames=4, short_side=0)
EVERY = os.environ.get("SCSAMPLER_SWEEP") == "all"
GOPS = (1, 5, 12, 50) if EVERY else (12,)
LONG = 50  # the last GOP is short then


def numbered(
    frames: int = FRAMES, height: int = 48, width: int = 64
) -> Iterator[NDArray[np.uint8]]:
    """A texture that moves by two pixels a frame; the frame's number in bits along the top."""
    world = texture(height, width + 2 * frames)
    for i in range(frames):
        picture = world[:, 2 * i : 2 * i + width].copy()
        for bit in range(6):
            picture[:8, 8 * bit : 8 * bit + 8] = 235 if i >> bit & 1 else 20
        yield picture


def plain(path: Path, height: int, width: int) -> list[NDArray[np.uint8]]:
    """Every frame of a decode from the start, uint8 [height, width, 3]."""
    with av.open(str(path)) as box:
        return [rgb(frame, height, width) for frame in decoded(box)]


def rgb(frame: av.VideoFrame, height: int, width: int) -> NDArray[np.uint8]:
    return frame.to_ndarray(
        format="rgb24", height=height, width=width, interpolation=Interpolation.BICUBIC
    )


def decoded(box: av.container.InputContainer) -> Iterator[av.VideoFrame]:
    """All frames that can be decoded, in the order of display."""
    stream = box.streams.video[0]
    stream.codec_context.thread_type, stream.codec_context.thread_count = "SLICE", 1
    for packet in box.demux(stream):
        with suppress(av.error.FFmpegError):
            yield from packet.decode()


def check(path: Path) -> Video:
    """Pixels and features of each clip fetched alone; nothing missing, no note."""
    video = Video(path, CLIP)
    shown = plain(path, *video.info.size)
    noted = list(video.notes)
    assert len(video.index.timeline) == len(shown)
    whole = list(visual_clips(video, ALL))
    for clip, of_all in enumerate(whole):
        report = FramesReport()
        ((_, frames),) = read_clips(
            path, video.index, video.grid, clips=[clip], fit=lambda picture: picture, report=report
        )
        assert report.notes() == []
        wanted = np.stack([shown[position] for position in video.grid.frames_of(clip)])
        assert np.array_equal(frames, wanted), f"pixels of clip {clip}"
        (alone,) = visual_clips(video, ALL, np.array([clip]))
        assert len(alone.iframes) + len(alone.motion) > 0, f"clip {clip} is empty"
        if video.info.has_vectors:  # else it is encoded again, from another frame on
            for name in ("iframes", "motion", "residual"):
                assert np.array_equal(getattr(alone, name), getattr(of_all, name)), (
                    f"{name} of clip {clip}"
                )
    # reading motion notes how it is done, and nothing else
    assert [note for note in video.notes if "re-encoded to small" not in note] == noted
    assert (video.decode_errors, video.frames_missing) == (0, 0)
    return video


X265 = "log-level=none:scenecut=0:keyint={0}:min-keyint={0}:bframes={1}:open-gop={2}"
X264 = "scenecut=0:keyint={0}:min-keyint={0}:bframes={1}:open-gop={2}"
VPX = {"deadline": "good", "cpu-used": "8", "auto-alt-ref": "1", "lag-in-frames": "12", "b": "200k"}
SIZED = {"h263": (144, 176), "dvvideo": (576, 720)}
PIXELS = {"mjpeg": "yuvj420p", "prores_ks": "yuv422p10le", "zmbv": "bgr0", "cinepak": "rgb24"}
PIXELS |= {
    "flashsv": "bgr24",
    "svq1": "yuv410p",
    "png": "rgb24",
    "qtrle": "rgb24",
    "ffvhuff": "yuv422p",
}
BOXES = {
    "libx264": "mp4 mov mkv ts m2ts avi flv nut asf h264 frag.mp4",
    "libx265": "mp4 mkv ts m2ts hevc frag.mp4",
    "mpeg4": "mp4 mkv ts m2ts mpg avi nut asf m4v frag.mp4",
    "mpeg2video": "mp4 mkv ts m2ts mpg vob avi mxf m2v",
    "mpeg1video": "mkv ts mpg avi m1v",
    "h263": "3gp avi",
    "flv": "flv avi",
    "wmv1": "asf avi",
    "wmv2": "asf avi",
    "msmpeg4": "avi asf mkv",
    "msmpeg4v2": "avi asf",
    "rv20": "rm",
    "snow": "nut avi",
    "zmbv": "avi",
    "cinepak": "avi mov",
    "svq1": "mov",
    "flashsv": "flv",
    "qtrle": "mov",
    "libvpx": "webm ivf nut avi",
    "libvpx-vp9": "webm ivf mp4 nut",
    "libsvtav1": "mp4 mkv ivf obu webm",
    "mjpeg": "avi mov mkv mjpeg",
    "prores_ks": "mov mkv mxf",
    "dvvideo": "dv avi mov",
    "ffv1": "mkv avi nut",
    "ffvhuff": "avi",
    "png": "mov avi",
}
REORDERED = ("libx264", "libx265", "mpeg4", "mpeg2video", "mpeg1video")
FIXED = ("mjpeg", "prores_ks", "dvvideo", "png", "ffvhuff")


def options_of(codec: str, gop: int, b_frames: int, is_open: bool) -> dict[str, str]:
    if codec == "libx264":
        return {"preset": "veryfast", "x264-params": X264.format(gop, b_frames, int(is_open))}
    if codec == "libx265":
        return {"preset": "ultrafast", "x265-params": X265.format(gop, b_frames, int(is_open))}
    if codec == "libsvtav1":
        return {
            "preset": "12",
            "g": str(gop),
            "svtav1-params": f"irefresh-type={1 if is_open else 2}:lp=1",
        }
    if codec.startswith("libvpx"):
        return {**VPX, "g": str(gop)}
    if codec in FIXED:
        return {}
    options = {"g": str(gop), "b": "600k"}
    if codec in REORDERED:
        options |= {
            "bf": str(b_frames),
            "sc_threshold": "1000000000",
            "flags": "-cgop" if is_open else "+cgop",
        }
    return options


def combinations() -> Iterator[tuple[str, str, int, int, bool]]:
    for codec, suffixes in BOXES.items():
        for suffix in suffixes.split():
            reordered = codec in REORDERED
            gops = (
                (0,)
                if codec in FIXED
                else (*GOPS, LONG)
                if reordered and suffix in ("ts", "mpg")
                else GOPS
            )
            for gop in sorted(set(gops)):
                for b_frames in (0, 2) if reordered and EVERY else (2 if reordered else 0,):
                    both = gop > 1 and (b_frames or codec == "libsvtav1")
                    for is_open in (False, True) if both and EVERY else (bool(both),):
                        yield codec, suffix, gop, b_frames, is_open


def encode(path: Path, codec: str, options: dict[str, str]) -> Path:
    height, width = SIZED.get(codec, (48, 64))
    return write_video(
        path,
        numbered(17 if height > 500 else FRAMES, height, width),
        codec=codec,
        pix_fmt=PIXELS.get(codec, "yuv420p"),
        options=options,
        container_options={"movflags": "frag_keyframe+empty_moov"}
        if path.name.endswith("frag.mp4")
        else {},
    )


@pytest.mark.parametrize(("codec", "suffix", "gop", "b_frames", "is_open"), list(combinations()))
def test_each_clip_alone_is_what_a_plain_decode_shows(
    tmp_path: Path, codec: str, suffix: str, gop: int, b_frames: int, is_open: bool
) -> None:
    check(encode(tmp_path / f"v.{suffix}", codec, options_of(codec, gop, b_frames, is_open)))


@pytest.mark.parametrize(
    ("codec", "suffix"),
    [
        ("mpeg4", "mkv"),
        ("mpeg4", "ts"),
        ("mpeg4", "mp4"),
        ("mpeg2video", "ts"),
        ("mpeg2video", "mpg"),
        ("mpeg2video", "mxf"),
    ],
)
def test_interlaced_mpeg(tmp_path: Path, codec: str, suffix: str) -> None:
    options = options_of(codec, 12, 2, True)
    check(
        encode(
            tmp_path / f"v.{suffix}", codec, {**options, "flags": options["flags"] + "+ildct+ilme"}
        )
    )


@pytest.mark.parametrize("suffix", ["mp4", "ts"])
@pytest.mark.parametrize("is_open", [0, 1])
def test_interlaced_h264(tmp_path: Path, is_open: int, suffix: str) -> None:
    options = {"x264-params": X264.format(12, 2, is_open) + ":interlaced=1"}
    check(encode(tmp_path / f"v.{suffix}", "libx264", options))


# Keyframe flags that are wrong


Flag = Callable[[int, bool], bool]
"""(number of the packet, whether it is a keyframe) -> whether the container says so."""
FLAGS: dict[str, Flag] = {
    "every packet": lambda number, key: True,
    "every packet from 32 on": lambda number, key: key or number >= 32,
    "one of three": lambda number, key: key or number % 3 == 0,
    "the first alone": lambda number, key: number == 0,
}


def remux(source: Path, target: Path, flag: Flag, *, bsf: str = "") -> Path:
    """The same packets with other keyframe flags, through a bitstream filter."""
    options = {"movflags": "frag_keyframe+empty_moov"} if target.name.endswith("frag.mp4") else {}
    with av.open(str(source)) as given, av.open(str(target), "w", options=options) as box:
        read = given.streams.video[0]
        written = box.add_stream_from_template(read)
        bitstream = BitStreamFilterContext(bsf, read, written) if bsf else None
        number = 0
        for packet in given.demux(read):
            if not packet.size and bitstream is None:
                continue
            for changed in (
                bitstream.filter(packet if packet.size else None) if bitstream else [packet]
            ):
                changed.stream, changed.is_keyframe = written, flag(number, changed.is_keyframe)
                box.mux(changed)
                number += 1
    return target


FLAGGED = [
    # encoder, container of the encoder, containers with wrong flags
    ("libx264", "mp4", "mp4 mkv avi frag.mp4"),
    ("libx265", "mp4", "mp4 mkv frag.mp4"),
    ("mpeg4", "mp4", "mp4 mkv avi frag.mp4 nut"),
    ("mpeg2video", "mp4", "mp4 mkv"),
    ("mpeg1video", "mkv", "mkv"),
    ("h263", "3gp", "mov avi"),
    ("flv", "flv", "flv"),
    ("msmpeg4", "avi", "avi"),
    ("wmv1", "avi", "avi"),
    ("wmv2", "asf", "asf"),
    ("libvpx", "webm", "mkv"),
    ("libvpx-vp9", "webm", "mkv mp4"),
    ("zmbv", "avi", "avi"),
    ("svq1", "mov", "mov avi"),
    ("ffv1", "mkv", "mkv"),
]


@pytest.mark.parametrize("flags", FLAGS if EVERY else ("every packet", "every packet from 32 on"))
@pytest.mark.parametrize(
    ("codec", "first", "suffix"),
    [(codec, first, suffix) for codec, first, suffixes in FLAGGED for suffix in suffixes.split()],
)
def test_keyframe_flags_are_not_believed(
    tmp_path: Path, codec: str, first: str, suffix: str, flags: str
) -> None:
    source = encode(
        tmp_path / f"source.{first}", codec, options_of(codec, 20, 2, codec == "libx264")
    )
    bsf = "h264_mp4toannexb" if (codec, suffix) == ("libx264", "avi") else ""
    video = check(remux(source, tmp_path / f"v.{suffix}", FLAGS[flags], bsf=bsf))
    if flags == "every packet" and codec != "ffv1":
        assert len(video.index.keyframes) <= 4, "not one for each packet"


@pytest.mark.parametrize("flags", ["every packet", "every packet from 32 on"])
@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_h264_intra_pictures_at_which_the_stream_does_not_say_that_decoding_recovers(
    tmp_path: Path, suffix: str, flags: str
) -> None:
    """An I-picture inside a GOP, behind which P-pictures refer to what is before it."""
    options = {"x264-params": "keyint=200:min-keyint=60:scenecut=100:bframes=0:ref=4"}
    source = write_video(tmp_path / "v.mp4", numbered(), options=options)
    check(
        remux(
            source, tmp_path / f"flagged.{suffix}", FLAGS[flags], bsf="filter_units=remove_types=6"
        )
    )


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts", "m2ts", "avi", "flv"])
@pytest.mark.parametrize("keyint", [5, 12])
def test_intra_refresh(tmp_path: Path, suffix: str, keyint: int) -> None:
    """One IDR picture; later pictures at which decoding recovers in some frames' time are called
    keyframes, and are P."""
    options = {"x264-params": f"intra-refresh=1:keyint={keyint}:bframes=0"}
    video = check(write_video(tmp_path / f"v.{suffix}", numbered(), options=options))
    assert video.index.keyframes.tolist() == [0]


# Clocks


@pytest.mark.parametrize("suffix", ["ts", "m2ts", "mpg"])
@pytest.mark.parametrize("codec", ["libx264", "mpeg4", "mpeg2video"])
def test_a_clock_that_wraps(tmp_path: Path, codec: str, suffix: str) -> None:
    """The clock of MPEG-TS and MPEG-PS starts anew after 26.5 hours, here in the middle."""
    first = round((2**33 / 90_000 - 2.5) * 25)
    path = write_video(
        tmp_path / f"v.{suffix}",
        numbered(),
        codec=codec,
        options=options_of(codec, 12, 2, False),
        pts=range(first, first + FRAMES),
    )
    check(path)


@pytest.mark.parametrize("codec", ["libx264", "mpeg4", "libx265"])
def test_an_edit_list_that_hides_the_first_frames(tmp_path: Path, codec: str) -> None:
    path = encode(tmp_path / "v.mp4", codec, options_of(codec, 12, 2, False))
    data = bytearray(path.read_bytes())
    at = data.index(b"elst") + 12
    begin = int.from_bytes(data[at + 4 : at + 8], "big")
    data[at : at + 4] = (40 * 40).to_bytes(4, "big")  # on the movie's clock of 1000
    data[at + 4 : at + 8] = (begin + 15 * 512).to_bytes(4, "big")  # on the track's of 12800
    path.write_bytes(data)
    noted = "hidden by the file's edit list"
    video = Video(path, CLIP)
    assert any(noted in note for note in video.notes)
    shown = plain(path, *video.info.size)
    for clip in range(len(video.grid)):
        ((_, frames),) = read_clips(
            path,
            video.index,
            video.grid,
            clips=[clip],
            fit=lambda picture: picture,
            report=FramesReport(),
        )
        assert np.array_equal(
            frames, np.stack([shown[position] for position in video.grid.frames_of(clip)])
        )


# Open groups of pictures


@pytest.mark.parametrize(
    ("codec", "suffix"),
    [("libx264", "mp4"), ("libx264", "ts"), ("mpeg2video", "mkv"), ("mpeg4", "avi")],
)
def test_no_reference_lies_before_the_keyframe(tmp_path: Path, codec: str, suffix: str) -> None:
    """B-frames that precede a keyframe are coded behind it: no frame that follows it can be
    predicted from them."""
    options = options_of(codec, 12, 3, True)
    if codec == "libx264":
        options["x264-params"] += ":b-pyramid=normal:ref=5"
    path = encode(tmp_path / f"v.{suffix}", codec, options)
    index = scan(path)
    predicted = 0
    for coded in coded_frames(path, index, ReadReport(), first=0):
        keyframe = keyframe_before(index, coded.position)
        assert [
            reference.position for reference in coded.references if reference.position < keyframe
        ] == []
        predicted += len(coded.references)
    assert predicted > 5
    assert len(index.keyframes) > 3


# Going back


@pytest.mark.parametrize(
    ("codec", "suffix"), [("libx265", "mkv"), ("mpeg2video", "ts"), ("libvpx-vp9", "webm")]
)
def test_where_no_frame_comes_decoding_starts_earlier(
    tmp_path: Path, codec: str, suffix: str
) -> None:
    """One keyframe of several is noise: clips behind it are what a plain decode makes of them."""
    whole = encode(tmp_path / f"whole.{suffix}", codec, options_of(codec, 12, 0, False))
    path = tmp_path / f"v.{suffix}"
    with av.open(str(whole)) as given, av.open(str(path), "w") as box:
        written = box.add_stream_from_template(given.streams.video[0])
        for number, packet in enumerate(packet for packet in given.demux(video=0) if packet.size):
            changed = packet
            if number == 24:
                changed = av.Packet(bytes(255 - i % 200 for i in range(packet.size)))
                changed.pts, changed.dts, changed.time_base = (
                    packet.pts,
                    packet.dts,
                    packet.time_base,
                )
                changed.is_keyframe = True
            changed.stream = written
            box.mux(changed)
    video = Video(path, CLIP)
    with av.open(str(path)) as box:
        by_time = {frame.pts: rgb(frame, *video.info.size) for frame in decoded(box)}
    for clip in range(len(video.grid)):
        found = dict(
            read_clips(
                path,
                video.index,
                video.grid,
                clips=[clip],
                fit=lambda picture: picture,
                report=FramesReport(),
            )
        )
        wanted = [
            by_time.get(int(video.index.timeline.pts[at])) for at in video.grid.frames_of(clip)
        ]
        if all(frame is not None for frame in wanted):
            assert np.array_equal(found[clip], np.stack(wanted))


def test_clips_before_which_the_frames_end_are_named(tmp_path: Path) -> None:
    path = encode(tmp_path / "v.ts", "mpeg2video", options_of("mpeg2video", 12, 2, False))
    video = Video(path, CLIP)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 3])  # cut off after it was indexed
    clips = list(visual_clips(video, ALL, np.array([0, 5])))
    assert [clip.clip for clip in clips] == [0, 5]
    assert len(clips[0].iframes) == 1
    assert any("nothing could be decoded of clips 5" in note for note in video.notes)
    assert video.frames_missing == CLIP
