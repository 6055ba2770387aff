"""Pictures whose pixel aspect, size or both change on the way are each shown in their own shape."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from scsampler_cli.artifacts.stills import stills
from scsampler_cli.classifiers.base import InputSpec
from scsampler_cli.config import FeatureSettings
from scsampler_cli.features.motion import resize_grid, window_grid
from scsampler_cli.media.aspect import at_short_side, centred, is_pixel, is_same_shape
from scsampler_cli.media.changes import Aspects, pixel_aspects
from scsampler_cli.media.frames import FramesReport, read_clips, read_pictures
from scsampler_cli.media.index import RESHAPED, RESIZED
from scsampler_cli.pipeline.video import Video, clip_frames, visual_clips
from scsampler_cli.samplers.network_inputs import visual_input
from scsampler_cli.transcode.normalise import normalise
from scsampler_cli.transcode.reel import write_reel
from tests.synthetic import static, texture, write_video

FRAMES = 24
"""Of each part."""
DIAMETER = 80
"""Square pixels, of the circle in a picture of 144 lines."""
Picture = NDArray[np.uint8]


class Part(NamedTuple):
    """What a part of a video is stored as."""

    width: int
    height: int
    aspect: Fraction


NARROW, WIDE = Part(176, 144, Fraction(12, 11)), Part(176, 144, Fraction(16, 11))
"""4:3 and 16:9."""


def circle(part: Part) -> Picture:
    """A bright circle on dark ground, in the middle, as tall as 80 of 144 lines when shown."""
    y, x = np.mgrid[: part.height, : part.width] + 0.5
    right = (x - part.width / 2) * float(part.aspect)
    inside = right**2 + (y - part.height / 2) ** 2 <= (DIAMETER * part.height / 144 / 2) ** 2
    return np.where(inside[..., None], np.uint8(230), np.uint8(30)).repeat(3, axis=2)


def sliding(part: Part) -> Iterator[Picture]:
    """A texture that moves by two pixels a frame."""
    world = texture(part.height, part.width + 2 * FRAMES)
    return (world[:, 2 * i : 2 * i + part.width] for i in range(FRAMES))


def resting(part: Part) -> Iterator[Picture]:
    return (circle(part) for _ in range(FRAMES))


def joined(path: Path, codec: str, *parts: Part, look=resting) -> Path:
    """Parts one after another in one stream, each from an encoder of its own."""
    options = {
        "g": "8",
        "bf": "0",
        **({"x265-params": "log-level=none:keyint=8"} if codec == "libx265" else {}),
    }
    with av.open(str(path), "w") as box:
        stream = None
        for number, part in enumerate(parts):
            encoder = av.CodecContext.create(codec, "w")
            encoder.width, encoder.height, encoder.pix_fmt = part.width, part.height, "yuv420p"
            encoder.sample_aspect_ratio, encoder.time_base = part.aspect, Fraction(1, 25)
            encoder.framerate, encoder.options = Fraction(25), options
            if stream is None:
                stream = box.add_stream(codec, rate=25, options=options)
                stream.width, stream.height, stream.pix_fmt = part.width, part.height, "yuv420p"
                stream.codec_context.sample_aspect_ratio = part.aspect
            for i, picture in enumerate(look(part)):
                frame = av.VideoFrame.from_ndarray(picture, "rgb24")
                frame.pts, frame.time_base = number * FRAMES + i, Fraction(1, 25)
                _mux(box, stream, encoder.encode(frame))
            _mux(box, stream, encoder.encode(None))
    return path


def _mux(box, stream, packets) -> None:
    for packet in packets:
        packet.stream = stream
        box.mux(packet)


def measured(picture: Picture) -> tuple[int, int]:
    """(width, height) of the bright circle."""
    rows, columns = np.nonzero(picture.mean(axis=2) > 130)
    return int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1


def is_round(picture: Picture, tolerance: int = 3) -> bool:
    width, height = measured(picture)
    return abs(width - height) <= tolerance and height > 20


def shown(path: Path) -> tuple[list[Picture], list[str]]:
    """One picture of each part, and what was noted."""
    video, report = Video(path, 8), FramesReport()
    wanted = range(FRAMES // 2, len(video.index.timeline), FRAMES)
    found = read_pictures(path, video.index, list(wanted), fit=lambda frame: frame, report=report)
    return [picture for _, picture in found], report.notes()


@pytest.mark.parametrize(
    ("codec", "suffix"),
    [
        ("libx264", "ts"),
        ("libx264", "mkv"),
        ("libx265", "ts"),
        ("mpeg2video", "mpg"),
        ("mpeg2video", "ts"),
        ("mpeg4", "ts"),
        ("mpeg4", "avi"),
    ],
)
def test_each_picture_is_shown_by_its_own_aspect(tmp_path: Path, codec: str, suffix: str) -> None:
    path = joined(tmp_path / f"v.{suffix}", codec, NARROW, WIDE, NARROW)
    pictures, notes = shown(path)
    assert [picture.shape[:2] for picture in pictures] == [(144, 192), (144, 256), (144, 192)]
    assert all(abs(side - DIAMETER) <= 2 for picture in pictures for side in measured(picture))
    assert notes == [RESHAPED]


@pytest.mark.parametrize(
    ("second", "note"),
    [
        (Part(256, 144, Fraction(1)), RESHAPED),
        (Part(352, 288, Fraction(16, 11)), RESHAPED),
        (Part(144, 176, Fraction(1)), RESHAPED),
        (Part(88, 144, Fraction(24, 11)), RESIZED),
        (Part(352, 288, Fraction(12, 11)), RESIZED),
    ],
    ids=str,
)
def test_size_and_aspect_may_change_together(tmp_path: Path, second: Part, note: str) -> None:
    path = joined(tmp_path / "v.ts", "libx264", NARROW, second)
    pictures, notes = shown(path)
    assert len(pictures) == 2
    assert all(is_round(picture) for picture in pictures)
    assert notes == [note]
    if note == RESIZED:
        assert pictures[0].shape == pictures[1].shape


def test_an_aspect_that_stays_is_not_noted(tmp_path: Path) -> None:
    pictures, notes = shown(joined(tmp_path / "v.ts", "libx264", WIDE, WIDE))
    assert all(is_round(picture) for picture in pictures)
    assert notes == []


def test_the_containers_word_holds_for_all_pictures_where_it_is_another(tmp_path: Path) -> None:
    path = write_video(
        tmp_path / "v.mp4",
        static(8, 48, 64),
        codec="libvpx-vp9",
        options={"deadline": "realtime", "cpu-used": "8"},
        pixel_aspect=Fraction(2),
    )
    info = Video(path).info
    assert (info.pixel_aspect, info.is_aspect_fixed, info.upright_size) == (2, True, (48, 128))
    same = Video(write_video(tmp_path / "v.mkv", static(8, 48, 64), pixel_aspect=Fraction(2))).info
    assert (same.pixel_aspect, same.is_aspect_fixed) == (2, False)


def test_a_clip_with_both_shapes_keeps_them(tmp_path: Path) -> None:
    path = joined(tmp_path / "v.ts", "libx264", NARROW, WIDE)
    video, report = Video(path, 16), FramesReport()
    (_, frames), *_ = read_clips(
        path, video.index, video.grid, clips=[1], fit=lambda frame: frame, report=report
    )
    assert frames.shape == (16, 144, 256, 3)
    assert all(is_round(frame) for frame in frames)
    spec = InputSpec(frames=16, stride=1, resize=72, crop=(64, 64))
    (_, fitted), *_ = clip_frames(video, [1], spec)
    assert all(abs(side - 40) <= 2 for frame in fitted for side in measured(frame))
    assert RESHAPED in video.notes


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_the_samplers_see_round_circles(tmp_path: Path, codec: str) -> None:
    """Natively, and re-encoded in memory."""
    video = Video(joined(tmp_path / "v.ts", codec, NARROW, WIDE, Part(144, 176, Fraction(1))), 8)
    clips = list(visual_clips(video, FeatureSettings(inputs=("if",))))
    pictures = [picture for clip in clips for picture in clip.iframes]
    assert len(pictures) >= 5
    assert all(is_round(picture) for picture in pictures)
    assert RESHAPED in video.notes


def test_features_behind_a_change_are_those_of_a_video_of_that_aspect(tmp_path: Path) -> None:
    both = Video(joined(tmp_path / "v.ts", "libx264", NARROW, WIDE, look=sliding), 8)
    alone = Video(joined(tmp_path / "w.ts", "libx264", WIDE, look=sliding), 8)
    settings = FeatureSettings(inputs=("if", "md", "rgbr"))
    for seen, expected in zip(
        list(visual_clips(both, settings))[-3:], visual_clips(alone, settings), strict=True
    ):
        assert (seen.height, seen.width) == (144, 192)
        for kind, tolerance in (("if", 0.05), ("rgbr", 0.05), ("md", 0.02)):
            ours, theirs = (visual_input(clip, kind).numpy() for clip in (seen, expected))
            assert ours.shape == theirs.shape
            assert np.abs(ours - theirs).mean() <= tolerance, kind


def headers(part: Part) -> bytes:
    """What MPEG-4 says of the stream before its first picture."""
    encoder = av.CodecContext.create("mpeg4", "w")
    encoder.width, encoder.height, encoder.pix_fmt = part.width, part.height, "yuv420p"
    encoder.sample_aspect_ratio, encoder.time_base = part.aspect, Fraction(1, 25)
    frame = av.VideoFrame.from_ndarray(circle(part), "rgb24")
    frame.pts = 0
    data = b"".join(bytes(packet) for packet in (*encoder.encode(frame), *encoder.encode(None)))
    return data[
        : min(at for mark in (b"\xb3", b"\xb6") if (at := data.find(b"\0\0\1" + mark)) >= 0)
    ]


def renamed(path: Path, source: Path, at: int, part: Part) -> Path:
    """A video whose packet number `at`, and those behind it, say that they have the aspect of
    `part`."""
    with av.open(str(source)) as old, av.open(str(path), "w") as new:
        stream = new.add_stream_from_template(old.streams.video[0])
        for number, packet in enumerate(p for p in old.demux(video=0) if p.size):
            data = (headers(part) if number == at else b"") + bytes(packet)
            made = av.Packet(data)
            made.pts, made.dts, made.time_base = packet.pts, packet.dts, packet.time_base
            made.is_keyframe, made.stream = packet.is_keyframe, stream
            new.mux(made)
    return path


def test_references_of_another_aspect_are_seen_in_the_shape_of_the_frame(tmp_path: Path) -> None:
    """A change without a keyframe: the residual of the first frame behind it is as small as the
    others."""
    plain = write_video(
        tmp_path / "a.avi",
        sliding(NARROW),
        codec="mpeg4",
        options={"g": "24"},
        pixel_aspect=NARROW.aspect,
    )
    video = Video(renamed(tmp_path / "v.avi", plain, 12, WIDE), 8)
    settings = FeatureSettings(inputs=("rgbr",), p_frames=0)
    residuals = np.concatenate([clip.residual for clip in visual_clips(video, settings)]).astype(
        int
    )
    expected = np.concatenate(
        [clip.residual for clip in visual_clips(Video(plain, 8), settings)]
    ).astype(int)
    assert RESHAPED in video.notes
    assert residuals.shape == expected.shape
    energy, usual = (
        np.abs(found[:, 20:-20, 20:-20]).mean(axis=(1, 2, 3)) for found in (residuals, expected)
    )
    assert (energy < 2 * usual.mean() + 1).all()


def test_stills_and_reels_keep_the_shape(tmp_path: Path) -> None:
    path = joined(tmp_path / "v.ts", "libx264", NARROW, WIDE)
    video = Video(path, 8)
    sizes = {}
    for clip, jpeg in stills(video, [1, 4]):
        still = av.CodecContext.create("mjpeg", "r").decode(av.Packet(jpeg))[0]
        sizes[clip] = still.width, still.height
    assert sizes == {1: (192, 144), 4: (256, 144)}
    start = video.index.timeline.time(0)
    spans = [
        (start + Fraction(1, 5), start + Fraction(2, 5)),
        (start + Fraction(6, 5), start + Fraction(7, 5)),
    ]
    reel = write_reel(path, tmp_path / "reel.mp4", spans, video_stream=0, audio_stream=None)
    anew = normalise(path, tmp_path / "anew.mp4", video_stream=0, audio_stream=None)
    for made in (reel.path, anew.path):
        index = Video(made).index
        pictures = list(
            read_pictures(
                made, index, [2, len(index.timeline) - 2], fit=lambda f: f, report=FramesReport()
            )
        )
        assert len(pictures) == 2
        assert len({picture.shape for _, picture in pictures}) == 1
        assert all(is_round(picture, 4) for _, picture in pictures)


def test_where_the_aspect_changes_is_found(tmp_path: Path) -> None:
    path = joined(tmp_path / "v.ts", "libx264", NARROW, WIDE, NARROW)
    video = Video(path)
    found = pixel_aspects(path, video.index)
    assert [aspect for _, aspect in found] == [NARROW.aspect, WIDE.aspect, NARROW.aspect]
    times = video.index.timeline.time
    assert all(times(n * FRAMES - 1) < found[n][0] < times(n * FRAMES) for n in (1, 2))


@pytest.mark.parametrize("codec", ["libx264", "mpeg2video"])
def test_the_aspects_of_some_frames_are_those_of_the_whole_video(
    tmp_path: Path, codec: str
) -> None:
    path = joined(tmp_path / "v.ts", codec, NARROW, WIDE, NARROW)
    index = Video(path).index
    whole = pixel_aspects(path, index)
    # of the last one the wide pictures are not read
    for first, stop, changes in ((0, 1, 0), (1.2, 1.4, 1), (0.8, 2.2, 2), (2.4, 2.8, 0)):
        frames = range(int(first * FRAMES), int(stop * FRAMES))
        some = pixel_aspects(path, index, frames)
        assert len(some) == 1 + changes
        for frame in frames:
            aspects = [_aspect_at(found, index.timeline.time(frame)) for found in (whole, some)]
            assert aspects[0] == aspects[1]


def _aspect_at(found: Aspects, second: Fraction) -> Fraction:
    return [aspect for begin, aspect in found if begin <= second][-1]


@pytest.mark.parametrize(
    ("aspect", "expected"),
    [
        (Fraction(16, 1), True),
        (Fraction(1, 16), True),
        (Fraction(161, 10), False),
        (Fraction(10, 161), False),
        (Fraction(0), False),
        (Fraction(-1), False),
    ],
)
def test_a_pixel_is_at_most_16_times_as_long_as_wide(aspect: Fraction, expected: bool) -> None:
    assert is_pixel(aspect) is expected


def test_shapes_and_canvases() -> None:
    assert is_same_shape((288, 384), (144, 192))
    assert not is_same_shape((288, 384), (288, 512))
    assert at_short_side((288, 512), (96, 128)) == (96, 171)
    assert at_short_side((16, 16000), (112, 149)) == (112, 8 * 112)  # squeezed
    picture = np.arange(24).reshape(4, 6)
    assert centred(picture, (2, 2)).tolist() == [[8, 9], [14, 15]]
    assert centred(picture, (4, 8)).tolist()[0] == [0, 0, 1, 2, 3, 4, 5, 0]


def test_a_window_of_a_grid() -> None:
    grid = np.arange(32, dtype=np.float32).reshape(4, 4, 2)
    assert np.allclose(window_grid(grid, (2, 2), (1.0, 1.0)), resize_grid(grid, 2, 2))
    assert np.allclose(window_grid(grid, (2, 2), (0.5, 0.5)), grid[1:3, 1:3])
    beyond = window_grid(grid, (4, 8), (1.0, 2.0))
    assert np.allclose(beyond[:, 2:6], grid)
    assert not beyond[:, [0, 1, 6, 7]].any()
