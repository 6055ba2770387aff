"""The picture of each clip against a plain decode: codecs, containers, GOPs, wrong keyframe flags,
damage.

SCSAMPLER_SWEEP=all tries every combination of codec and container; without it, some of each.
"""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
import pytest
from av.video.reformatter import Interpolation
from numpy.typing import NDArray

from scsampler_cli.config import FeatureSettings
from scsampler_cli.errors import VideoError
from scsampler_cli.features.clip import ClipVisual
from scsampler_cli.features.visual import read_visual
from scsampler_cli.media.coded import ReadReport
from scsampler_cli.media.index import StreamIndex, scan
from scsampler_cli.timeline import ClipGrid
from tests.media.test_seeking import (
    FLAGGED,
    FLAGS,
    combinations,
    decoded,
    encode,
    numbered,
    options_of,
    remux,
)
from tests.synthetic import pan, raw_stream, static, write_video

CLIP = 8
SIDE = 32
EVERY = os.environ.get("SCSAMPLER_SWEEP") == "all"
GAPS = (0.0, 0.4, 0.7, 1000.0)


class Read(NamedTuple):
    clips: list[ClipVisual]
    index: StreamIndex
    report: ReadReport


def read(path: Path, gap: float = 2.0, clips: list[int] | None = None, frames: int = CLIP) -> Read:
    index, report = scan(path), ReadReport()
    grid = ClipGrid(index.timeline, frames)
    wanted = range(len(grid)) if clips is None else clips
    settings = FeatureSettings(inputs=("rgb",), short_side=SIDE, picture_gap=gap)
    found = read_visual(path, index, grid, clips=wanted, settings=settings, report=report)
    return Read(list(found), index, report)


def plain(path: Path, index: StreamIndex) -> list[NDArray[np.uint8]]:
    """Every frame of a decode from the start, scaled and turned."""
    height, width = index.info.upright_size
    scale = min(1.0, SIDE / min(height, width))
    size = {"height": round(height * scale), "width": round(width * scale)}
    with av.open(str(path)) as box:
        shown = [
            f.to_ndarray(format="rgb24", interpolation=Interpolation.AREA, **size)
            for f in decoded(box)
        ]
    return [np.rot90(picture, index.info.orientation.turns) for picture in shown]


def check(path: Path, gaps: tuple[float, ...] = GAPS, *, has_lies: bool = False) -> Read:
    """The rule, the pixels, and each clip alone; nothing missing, no note.

    With `has_lies` some of the index's keyframes may be none.
    """
    for gap in gaps:
        found = read(path, gap)
        shown = plain(path, found.index)
        assert len(shown) == len(found.index.timeline)
        for clip in found.clips:
            first = clip.clip * CLIP
            last = min(first + CLIP, len(shown)) - 1
            if not has_lies:
                check_rule(found.index, clip, gap, first=first, last=last)
            assert clip.pictures.shape[0] == 1
            assert np.array_equal(clip.pictures[0], shown[clip.picture_frame]), clip.clip
            (alone,) = read(path, gap, [clip.clip]).clips
            assert alone.picture_source == clip.picture_source
            assert np.array_equal(alone.pictures, clip.pictures), f"clip {clip.clip} alone"
        assert found.report.notes() == []
        damage = found.index.damage
        assert (damage.decode_errors, damage.frames_missing) == (0, 0)
    return found


def check_rule(index: StreamIndex, clip: ClipVisual, gap: float, *, first: int, last: int) -> None:
    inside, before = keyframes_of(index, first, last)
    middle = (first + last) / 2
    if inside:
        assert clip.picture_source == "keyframe"
        assert clip.picture_frame == min(inside, key=lambda k: (abs(k - middle), k))
    elif is_served(index, first, last, gap=gap):
        assert (clip.picture_source, clip.picture_frame) == ("earlier keyframe", before[-1])
    else:
        first, last = shared_frames(index, clip.clip, gap)
        assert clip.picture_source == "decoded"
        assert first <= clip.picture_frame <= last
        # B-frames are left out, of which the encoders here write two to four in a row
        assert abs(clip.picture_frame - (first + last) / 2) <= 3


def keyframes_of(index: StreamIndex, first: int, last: int) -> tuple[list[int], list[int]]:
    """Keyframes within some frames, and before them."""
    # position 0 may be the start of the file only
    keyframes = index.keyframes[index.starts.sizes > 0].tolist()
    return [k for k in keyframes if first <= k <= last], [k for k in keyframes if k < first]


def is_served(index: StreamIndex, first: int, last: int, *, gap: float) -> bool:
    """Whether a keyframe stands for the clip of these frames."""
    inside, before = keyframes_of(index, first, last)
    time = index.timeline.time
    return bool(inside) or (bool(before) and time(first) - time(before[-1]) <= gap)


def shared_frames(index: StreamIndex, clip: int, gap: float) -> tuple[int, int]:
    """First and last frame of the clips that get the same decoded frame: those of a clip's group
    that no keyframe serves, or parts from it. A group lasts at most 1.35 seconds, and the gap."""
    grid = ClipGrid(index.timeline, CLIP)
    count = max(1, int(min(Fraction("1.35"), Fraction(str(gap))) / grid.nominal_duration))
    own = {}
    for each in range(clip - clip % count, min(clip - clip % count + count, len(grid))):
        first, last = each * CLIP, min(each * CLIP + CLIP, len(index.timeline)) - 1
        if not is_served(index, first, last, gap=gap):
            own[each] = first, last
    begin, end = own[clip]
    same = [
        (first, last)
        for first, last in own.values()
        if not keyframes_of(index, min(first, begin), max(last, end))[0]
    ]
    return same[0][0], same[-1][1]


def some() -> list[tuple[str, str, int, int, bool]]:
    """Two containers of each codec."""
    chosen: dict[str, list[tuple[str, str, int, int, bool]]] = {}
    for combination in combinations():
        chosen.setdefault(combination[0], []).append(combination)
    return [c for of_codec in chosen.values() for c in (of_codec if EVERY else of_codec[::3][:2])]


@pytest.mark.parametrize(("codec", "suffix", "gop", "b_frames", "is_open"), some())
def test_pictures_are_those_of_a_plain_decode(
    tmp_path: Path, codec: str, suffix: str, gop: int, b_frames: int, is_open: bool
) -> None:
    check(encode(tmp_path / f"v.{suffix}", codec, options_of(codec, gop, b_frames, is_open)))


@pytest.mark.parametrize("flags", ["every packet", "every packet from 32 on"])
@pytest.mark.parametrize(
    ("codec", "first", "suffix"),
    [
        (codec, first, suffix)
        for codec, first, suffixes in FLAGGED
        for suffix in (suffixes.split() if EVERY else suffixes.split()[:1])
    ],
)
def test_wrong_keyframe_flags_make_no_wrong_pictures(
    tmp_path: Path, codec: str, first: str, suffix: str, flags: str
) -> None:
    source = encode(tmp_path / f"source.{first}", codec, options_of(codec, 20, 2, False))
    check(remux(source, tmp_path / f"v.{suffix}", FLAGS[flags]), gaps=(0.4,), has_lies=True)


@pytest.mark.parametrize("flags", ["{}:interlaced=1", "{}:intra-refresh=1"])
@pytest.mark.parametrize("suffix", ["mp4", "ts"])
def test_interlaced_video_and_intra_refresh(tmp_path: Path, suffix: str, flags: str) -> None:
    options = {"x264-params": flags.format("keyint=12:bframes=0")}
    check(write_video(tmp_path / f"v.{suffix}", numbered(), options=options))


def test_interlaced_mpeg2_with_an_open_gop(tmp_path: Path) -> None:
    options = options_of("mpeg2video", 12, 2, True)
    options["flags"] += "+ildct+ilme"
    check(encode(tmp_path / "v.ts", "mpeg2video", options))


@pytest.mark.parametrize("codec", ["libx264", "mjpeg"])
@pytest.mark.parametrize("frames", [1, 5, 8, 17])
def test_videos_of_any_length(tmp_path: Path, frames: int, codec: str) -> None:
    pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    path = write_video(tmp_path / "v.mkv", numbered(frames), codec=codec, pix_fmt=pix_fmt)
    found = check(path)
    assert [clip.clip for clip in found.clips] == list(range(max(1, frames // CLIP)))


def test_times_of_variable_rate_decide_how_old_a_keyframe_is(tmp_path: Path) -> None:
    # 8 frames in the first 80 ms, then one every 250 ms
    pts = [10 * i if i < 8 else 250 * (i - 7) for i in range(40)]
    path = write_video(
        tmp_path / "v.mkv",
        numbered(40),
        pts=pts,
        time_base=Fraction(1, 1000),
        options={"g": "100", "x264-params": "scenecut=0"},
    )
    check(path, gaps=(0.0, 0.25, 2.25, 2.3))
    sources = [clip.picture_source for clip in read(path, 2.25).clips]
    assert sources == ["keyframe", "earlier keyframe", "earlier keyframe", "decoded", "decoded"]
    # the third clip starts 2.25 s behind the keyframe
    assert read(path, 2.24).clips[2].picture_source == "decoded"


def test_pictures_are_upright(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.mp4", numbered(), rotation=90)
    found = check(path)
    assert found.clips[0].pictures.shape[1:] == (43, 32, 3)


def test_wide_pixels_widen_pictures(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.mp4", numbered(), pixel_aspect=Fraction(2))
    assert check(path).clips[0].pictures.shape[1:] == (32, 85, 3)


def test_frames_without_times_are_counted(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.mp4", numbered(), options={"g": "12", "bf": "2"})
    raw_stream(path, tmp_path / "v.h264")
    index = read(tmp_path / "v.h264").index
    assert index.untimed
    found = read(tmp_path / "v.h264", 0.0)
    shown = plain(path, index)
    for clip in found.clips:
        assert np.array_equal(clip.pictures[0], shown[clip.picture_frame])
    some_clips = read(tmp_path / "v.h264", 0.0, [1, 5]).clips
    for clip in some_clips:
        assert np.array_equal(clip.pictures, found.clips[clip.clip].pictures)


def test_clips_of_one_keyframe_share_one_array(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.mp4", numbered(48), options={"x264-params": "keyint=24"})
    clips = read(path, 10.0).clips
    assert [clip.picture_frame for clip in clips] == [0, 0, 0, 24, 24, 24]
    assert clips[0].pictures is clips[1].pictures is clips[2].pictures
    assert clips[3].pictures is clips[5].pictures
    assert clips[3].pictures is not clips[0].pictures


@pytest.mark.parametrize("codec", ["libx264", "libx265", "libvpx-vp9", "libsvtav1"])
def test_keyframes_alone_are_decoded_where_they_suffice(tmp_path: Path, codec: str) -> None:
    suffix = "webm" if codec == "libvpx-vp9" else "mp4"
    path = encode(tmp_path / f"v.{suffix}", codec, options_of(codec, 12, 2, False))
    found = read(path, 10.0)
    assert found.report.frames == len({clip.picture_frame for clip in found.clips}) == 5
    # frames up to the middle of the last clip that has no keyframe, without B-frames
    assert read(path, 0.0).report.frames < 56


def test_frames_that_nothing_refers_to_are_not_decoded(tmp_path: Path) -> None:
    options = {"x264-params": "keyint=200:scenecut=0:bframes=3:b-adapt=0:b-pyramid=0"}
    path = write_video(tmp_path / "v.mp4", numbered(), options=options)
    assert read(path, 0.0).report.frames <= 56 // 4 + 2
    # clips of four frames may hold none but B-frames, and get their middle
    short = read(path, 0.0, frames=4)
    assert [clip.picture_frame for clip in short.clips] == [0, *range(5, 56, 4)]


def test_pictures_do_not_depend_on_other_inputs(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.mp4", numbered(), options={"x264-params": "keyint=20"})
    index = scan(path)
    grid = ClipGrid(index.timeline, CLIP)

    def clips_of(*inputs: str) -> list[ClipVisual]:
        settings = FeatureSettings(inputs=inputs, short_side=SIDE, picture_gap=0.3)
        report = ReadReport()
        return list(
            read_visual(path, index, grid, clips=range(len(grid)), settings=settings, report=report)
        )

    mixed, alone, others = clips_of("rgb", "md", "if"), clips_of("rgb"), clips_of("md", "if")
    for both, picture, other in zip(mixed, alone, others, strict=True):
        assert np.array_equal(both.pictures, picture.pictures)
        assert both.picture_source == picture.picture_source
        assert np.array_equal(both.motion, other.motion)
        assert np.array_equal(both.iframes, other.iframes)
        assert len(picture.motion) == len(picture.iframes) == len(other.pictures) == 0
        assert other.picture_frame == -1


def test_pictures_of_another_size_are_on_the_canvas_of_the_first(tmp_path: Path) -> None:
    """Two MPEG-2 streams, one after the other in a program stream."""
    small = write_video(tmp_path / "a.ts", static(16, 64, 96), codec="mpeg2video")
    tall = write_video(tmp_path / "b.ts", static(16, 96, 64), codec="mpeg2video")
    joined = tmp_path / "v.m2v"
    with joined.open("wb") as out:
        for path in (small, tall):
            with av.open(str(path)) as box:
                out.writelines(bytes(packet) for packet in box.demux(video=0) if packet.size)
    found = read(joined, 0.0)
    assert {clip.pictures.shape for clip in found.clips} == {(1, 32, 48, 3)}
    assert len(found.report.changes) == 1


# Damage


def destroy(path: Path, number: int) -> int:
    """Overwrite a keyframe's packet with zeros; returns the number of keyframes."""
    with av.open(str(path)) as box:
        keys = [(p.pos, p.size) for p in box.demux(video=0) if p.size and p.is_keyframe]
    at, size = keys[number]
    data = bytearray(path.read_bytes())
    data[at + 8 : at + size] = bytes(size - 8)
    path.write_bytes(data)
    return len(keys)


@pytest.mark.parametrize("codec", ["libx264", "libx265", "libsvtav1", "libvpx-vp9"])
def test_the_clips_of_a_destroyed_keyframe_get_another_frame_or_none(
    tmp_path: Path, codec: str
) -> None:
    options = options_of(codec, 16, 0, False)
    path = encode(tmp_path / "v.mp4", codec, options)
    whole = read(path)
    # behind the frames that are decoded for the index
    assert destroy(path, 2) == 4
    found = read(path)
    damage = found.index.damage
    assert damage.decode_errors + damage.frames_missing > 0
    for clip, before in zip(found.clips, whole.clips, strict=True):
        # the third keyframe serves clips 4 and 5
        if clip.clip not in (4, 5):
            assert np.array_equal(clip.pictures, before.pictures), clip.clip
        elif not len(clip.pictures):
            assert clip.picture_source == ""
            assert clip.clip in found.report.clips_without_picture
        (alone,) = read(path, clips=[clip.clip]).clips
        assert np.array_equal(alone.pictures, clip.pictures)
    left_out = any("no picture" in note for note in found.report.notes())
    assert left_out == bool(found.report.clips_without_picture)
    if left_out:
        assert damage.frames_missing > 0


def test_frames_that_were_left_out_are_not_missing(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.mp4", numbered(), options={"g": "12", "bf": "2"})
    for gap in GAPS:
        assert read(path, gap).index.damage.frames_missing == 0


def test_the_pictures_of_a_truncated_file_are_those_of_its_clips(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.ts", numbered(), options={"g": "12", "bf": "2"})
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 6 // 10])
    found = read(path, 0.0)
    shown = plain(path, found.index)
    assert 3 <= len(found.clips) < 7
    for clip in found.clips[:-1]:
        assert np.array_equal(clip.pictures[0], shown[clip.picture_frame])


def test_a_video_of_which_nothing_decodes_any_more_is_an_error(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.mp4", pan(20, 1, 0, 64, 64), options={"g": "100"})
    index, report = scan(path), ReadReport()
    data = path.read_bytes()
    start = data.index(b"mdat") + 4
    end = data.index(b"moov", start) - 4
    path.write_bytes(data[:start] + bytes(end - start) + data[end:])
    settings = FeatureSettings(inputs=("rgb",))
    grid = ClipGrid(index.timeline, CLIP)
    with pytest.raises(VideoError, match="no frame can be decoded"):
        list(read_visual(path, index, grid, clips=[0, 1], settings=settings, report=report))


@pytest.mark.parametrize("suffix", ["mp4", "ts", "mkv", "avi"])
def test_gops_that_are_far_apart_are_sought(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    codec = "mpeg4" if suffix == "avi" else "libx264"
    path = encode(tmp_path / f"v.{suffix}", codec, options_of(codec, 12, 2, False))
    every = read(path, 0.0)
    assert {clip.picture_source for clip in every.clips} == {"keyframe", "decoded"}
    monkeypatch.setattr("scsampler_cli.media.clip_pictures._SLACK", 0)
    for clips in ([0, 2, 6], [3, 5], list(range(7))):
        found = read(path, 0.0, clips)
        assert [clip.clip for clip in found.clips] == clips
        for clip in found.clips:
            assert np.array_equal(clip.pictures, every.clips[clip.clip].pictures)


def one_gop(path: Path, frames: int, keyint: str) -> Path:
    """A pan at 25 frames a second without keyframes at cuts and without B-frames."""
    options = {"x264-params": f"{keyint}:scenecut=0:bframes=0"}
    return write_video(path, pan(frames, 2, 1), options=options)


def test_two_short_clips_share_the_frame_between_them(tmp_path: Path) -> None:
    # 25 frames a second, a keyframe at 0 alone: clips of 16 frames begin every 0.64 seconds
    path = one_gop(tmp_path / "v.mp4", 160, "keyint=infinite")
    clips = read(path, gap=1.0, frames=16).clips
    assert [c.picture_source for c in clips[:2]] == ["keyframe", "earlier keyframe"]
    # clip 1 begins at 0.64 s, which is within the gap; a second is less than two clips
    assert [c.picture_frame for c in clips[2:]] == [39, 55, 71, 87, 103, 119, 135, 151]

    clips = read(path, gap=1.3, frames=16).clips
    assert [c.picture_frame for c in clips] == [0, 0, 0, 55, 79, 79, 111, 111, 143, 143]
    assert clips[4].pictures is clips[5].pictures


def test_a_shared_frame_does_not_depend_on_what_is_requested(tmp_path: Path) -> None:
    path = one_gop(tmp_path / "v.mp4", 160, "keyint=infinite")
    for clip in range(10):
        (alone,) = read(path, gap=1.3, clips=[clip], frames=16).clips
        assert alone.picture_frame == [0, 0, 0, 55, 79, 79, 111, 111, 143, 143][clip]


def test_a_keyframe_ends_the_clips_that_share(tmp_path: Path) -> None:
    # clip 5 begins with the second keyframe, so that clip 4 has a frame of its own
    path = one_gop(tmp_path / "v.mp4", 176, "keyint=80:min-keyint=80")
    found = read(path, gap=1.3, frames=16)
    assert found.index.keyframes.tolist() == [0, 80, 160]
    assert [c.picture_frame for c in found.clips] == [0, 0, 0, 55, 71, 80, 80, 80, 143, 143, 160]
