"""The normalised video: MPEG-4 Part 2 as the literature has it, and every frame at its time."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import PictureType

from scsampler_cli.errors import OutputError
from scsampler_cli.media.audio_probe import probe_audio
from scsampler_cli.media.index import scan
from scsampler_cli.timeline import ClipGrid, FrameTimeline
from scsampler_cli.transcode.normalise import Normalised, check_normalised, normalise, ticks_for
from tests.synthetic import raw_stream, static, tone, write_video
from tests.transcode.numbered import click_times, numbered, shown


def normalised(path: Path, folder: Path) -> Normalised:
    sound = probe_audio(path).info
    return normalise(
        path,
        folder / "small.mp4",
        video_stream=0,
        audio_stream=None if sound is None else sound.stream,
    )


@pytest.mark.parametrize("name", ["clip", "late", "coarse", "silent", "uneven"])
def test_it_is_mpeg4_of_a_fixed_gop_with_the_frames_and_times_of_the_original(
    request: pytest.FixtureRequest, tmp_path: Path, name: str
) -> None:
    path = request.getfixturevalue(name)
    made = normalised(path, tmp_path)
    before, after = scan(path), scan(made.path)
    assert (after.info.codec, after.info.coded_width, after.info.coded_height) == (
        "mpeg4",
        340,
        256,
    )
    assert after.keyframes.tolist() == list(range(0, len(after.timeline), 12))
    with av.open(str(made.path)) as box:
        kinds = [PictureType(frame.pict_type) for frame in box.decode(video=0)]
    assert kinds == [
        PictureType.P if number % 12 else PictureType.I for number in range(len(before.timeline))
    ]
    assert (made.frames, made.frames_missing, made.shift) == (len(before.timeline), 0, 0)
    assert shown(made.path)[0] == list(range(len(before.timeline)))
    grids = [
        [(span.start, span.end) for span in ClipGrid(index.timeline, 16)]
        for index in (before, after)
    ]
    assert np.array(grids[0], float) == pytest.approx(np.array(grids[1], float), abs=1e-5)
    times = [
        [float(index.timeline.time(number)) for number in range(len(index.timeline))]
        for index in (before, after)
    ]
    assert times[0] == pytest.approx(times[1], abs=1e-5)


def test_a_video_that_begins_late_is_one_that_begins_late(late: Path) -> None:
    """Otherwise the test above would prove less."""
    assert scan(late).timeline.time(0) == 10


@pytest.mark.parametrize("name", ["clip", "late", "coarse", "uneven"])
def test_sound_is_copied_and_stays_where_it_was(
    request: pytest.FixtureRequest, tmp_path: Path, name: str
) -> None:
    path = request.getfixturevalue(name)
    made = normalised(path, tmp_path)
    assert made.audio == "copied"
    assert click_times(made.path) == pytest.approx(click_times(path), abs=0.002)


def test_sound_that_mp4_does_not_take_becomes_aac(tmp_path: Path) -> None:
    path = write_video(
        tmp_path / "v.mkv",
        numbered(50),
        audio=tone(2, 300, 48_000),
        rate_hz=48_000,
        audio_codec="pcm_s16le",
    )
    made = normalised(path, tmp_path)
    found = probe_audio(made.path).info
    assert made.audio == "aac"
    assert found is not None
    assert (found.codec, found.rate_hz, found.channels) == ("aac", 48_000, 1)


def test_without_sound_there_is_none(silent: Path, clip: Path, tmp_path: Path) -> None:
    assert normalised(silent, tmp_path).audio is None
    assert probe_audio(tmp_path / "small.mp4").info is None
    normalise(clip, tmp_path / "small.mp4", video_stream=0, audio_stream=None)
    assert probe_audio(tmp_path / "small.mp4").info is None


def test_a_portrait_stands_upright(portrait: Path, tmp_path: Path) -> None:
    made = normalised(portrait, tmp_path)
    info = scan(made.path).info
    assert (made.height, made.width) == (340, 256)
    assert not info.orientation.swaps_sides
    assert shown(made.path, turns=-1) == (
        list(range(60)),
        [Fraction(number, 25) for number in range(60)],
    )
    height, width = info.size
    assert height / width == pytest.approx(160 / 120, rel=0.01)


def test_what_is_displayed_keeps_its_shape(tmp_path: Path) -> None:
    path = write_video(tmp_path / "wide.mp4", static(5, 90, 160), pixel_aspect=Fraction(4, 3))
    assert scan(path).info.size == (90, 213)
    made = normalised(path, tmp_path)
    assert (made.height, made.width) == (256, 340)
    height, width = scan(made.path).info.size
    assert width / height == pytest.approx(213 / 90, rel=0.01)


def test_frames_without_times_are_counted(clip: Path, tmp_path: Path) -> None:
    raw_stream(clip, tmp_path / "v.h264")
    before = scan(tmp_path / "v.h264")
    assert before.untimed
    made = normalised(tmp_path / "v.h264", tmp_path)
    assert made.frames == len(before.timeline)
    assert scan(made.path).timeline.duration == before.timeline.duration
    assert shown(made.path)[0] == shown(clip)[0]


def test_times_before_the_clock_are_shifted_and_it_says_so(tmp_path: Path) -> None:
    path = write_video(
        tmp_path / "v.mkv",
        numbered(40),
        pts=range(-10, 30),
        container_options={"avoid_negative_ts": "disabled"},
    )
    before = scan(path)
    assert before.timeline.time(0) < 0
    made = normalised(path, tmp_path)
    assert made.shift == -before.timeline.time(0)
    assert made.frames == 40
    assert scan(made.path).timeline.time(0) == 0


def test_the_encoder_counts_in_units_that_all_times_are_multiples_of() -> None:
    def timeline(pts: list[int], base: Fraction) -> FrameTimeline:
        return FrameTimeline(np.array(pts[:-1], np.int64), pts[-1], base)

    assert ticks_for(timeline([0, 1001, 2002], Fraction(1, 30_000)), False) == 30_000
    assert ticks_for(timeline([126_000, 129_600, 133_200], Fraction(1, 90_000)), False) == 1000
    assert ticks_for(timeline([0, 1], Fraction(2)), False) == 1000
    assert ticks_for(timeline([0, 3001, 7003], Fraction(1, 90_000)), False) == 60_000
    assert ticks_for(timeline([0, 1], Fraction(1, 65_535)), False) == 65_535


def test_rates_of_1000_1001_are_exact(tmp_path: Path) -> None:
    base = Fraction(1001, 30_000)
    path = write_video(tmp_path / "v.mp4", numbered(40), time_base=base)
    made = normalised(path, tmp_path)
    assert shown(made.path)[1] == shown(path)[1] == [number * base for number in range(40)]
    assert scan(made.path).timeline.duration == 40 * base


def test_only_an_mp4_elsewhere_is_written(clip: Path, tmp_path: Path) -> None:
    for target in (tmp_path / "v.mkv", tmp_path, tmp_path / "none" / "v.mp4"):
        with pytest.raises(OutputError) as caught:
            check_normalised(target)
        assert caught.value.hint
    with pytest.raises(OutputError, match="the video itself"):
        normalise(clip, clip, video_stream=0, audio_stream=0)
    assert scan(clip).info.codec == "h264"
