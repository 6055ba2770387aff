"""The reel holds exactly the frames that were asked for, as far apart as they were, and the sound
that went with them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from scsampler_cli.errors import OutputError, SettingsError
from scsampler_cli.media.audio_probe import probe_audio
from scsampler_cli.media.index import scan
from scsampler_cli.timeline import ClipGrid
from scsampler_cli.transcode import pieces
from scsampler_cli.transcode.containers import CONTAINERS
from scsampler_cli.transcode.reel import Reel, check_reel, write_reel
from tests.synthetic import raw_stream, static, tone, write_video
from tests.transcode.numbered import RATE_HZ, click_times, clicks, heard, numbered, shown

TAKEN = (9, 2, 5, 6)
"""Clips of 16 frames: alone, alone, and two that adjoin; out of order."""


def reel_of(
    path: Path, target: Path, clips: Sequence[int] = TAKEN, audio_stream: int | None = 0
) -> Reel:
    grid = ClipGrid(scan(path).timeline, 16)
    spans = [(grid[clip].start, grid[clip].end) for clip in clips]
    return write_reel(path, target, spans, video_stream=0, audio_stream=audio_stream)


def frames_of(clips: Sequence[int]) -> list[int]:
    return [clip * 16 + number for clip in sorted(clips) for number in range(16)]


def times_in_reel(path: Path, numbers: Sequence[int]) -> list[float]:
    """When frames of a video are shown in a reel of them."""
    timeline = scan(path).timeline
    durations = [timeline.time(number + 1) - timeline.time(number) for number in numbers]
    return [float(sum(durations[:at], Fraction(0))) for at in range(len(numbers))]


@pytest.fixture(autouse=True)
def _jump_over_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """The videos here are short: make seeking worth while all the same."""
    monkeypatch.setattr(pieces, "NEAR_S", 0)


@pytest.mark.parametrize("suffix", CONTAINERS)
@pytest.mark.parametrize("name", ["clip", "late", "coarse", "uneven"])
def test_frames_times_and_sound_are_those_of_the_clips(
    request: pytest.FixtureRequest, tmp_path: Path, name: str, suffix: str
) -> None:
    path = request.getfixturevalue(name)
    clips = (4, 0, 2, 3) if name == "uneven" else TAKEN
    made = reel_of(path, tmp_path / f"reel{suffix}", clips)
    wanted = frames_of(clips)
    numbers, times = shown(made.path)
    assert numbers == wanted
    expected = times_in_reel(path, wanted)
    assert np.array(times, float) == pytest.approx(
        expected, abs=2e-5 if suffix in (".mp4", ".mov") else 1e-3
    )
    begins = [time for time, number in zip(expected, wanted, strict=True) if number % 10 == 0]
    assert click_times(made.path) == pytest.approx(begins, abs=0.002)
    sound, start = heard(made.path)
    assert start + len(sound) / RATE_HZ == pytest.approx(float(made.duration), abs=0.03)
    assert (made.frames, made.frames_missing) == (len(wanted), 0)
    index = scan(path)
    assert made.spans == tuple(
        (index.timeline.time(16 * first), index.timeline.time(16 * stop))
        for first, stop in ([(0, 1), (2, 5)] if name == "uneven" else [(2, 3), (5, 7), (9, 10)])
    )


def test_the_kind_of_file_is_the_suffixs(clip: Path, tmp_path: Path) -> None:
    kinds = {
        ".mp4": ("h264", "aac"),
        ".mov": ("h264", "aac"),
        ".mkv": ("h264", "aac"),
        ".WEBM": ("vp9", "opus"),
    }
    for suffix, (picture, sound) in kinds.items():
        made = reel_of(clip, tmp_path / f"reel{suffix}", [1])
        found = probe_audio(made.path).info
        assert found is not None
        assert (scan(made.path).info.codec, found.codec, found.rate_hz, found.channels) == (
            picture,
            sound,
            48_000,
            2,
        )
    data = (tmp_path / "reel.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


@pytest.mark.parametrize("suffix", [".mp4", ".webm"])
def test_a_video_without_sound_and_with_odd_sides(
    silent: Path, tmp_path: Path, suffix: str
) -> None:
    made = reel_of(silent, tmp_path / f"reel{suffix}", audio_stream=None)
    info = scan(made.path).info
    assert (info.coded_height, info.coded_width) == (122, 162)
    assert shown(made.path)[0] == frames_of(TAKEN)
    assert probe_audio(made.path).info is None
    assert made.audio_encoder is None


def test_sound_can_be_left_out(clip: Path, tmp_path: Path) -> None:
    made = reel_of(clip, tmp_path / "reel.mp4", audio_stream=None)
    assert shown(made.path)[0] == frames_of(TAKEN)
    assert probe_audio(made.path).info is None


@pytest.mark.parametrize("clips", [[0, 2], [1]])
def test_a_portrait_stands_upright(portrait: Path, tmp_path: Path, clips: list[int]) -> None:
    made = reel_of(portrait, tmp_path / "reel.mp4", clips)
    info = scan(made.path).info
    assert (info.coded_height, info.coded_width) == (160, 120)
    assert info.size == (160, 120)
    numbers, times = shown(made.path, turns=-1)
    assert numbers == frames_of(clips)
    assert times == [Fraction(at, 25) for at in range(len(numbers))]


def test_wide_pixels_become_square(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.mp4", numbered(40), pixel_aspect=Fraction(4, 3))
    made = reel_of(path, tmp_path / "reel.mp4", [1], audio_stream=None)
    info = scan(made.path).info
    assert (info.coded_height, info.coded_width, info.pixel_aspect) == (120, 214, 1)
    assert shown(made.path)[0] == frames_of([1])


def test_overlapping_spans_are_one_and_parts_of_frames_are_whole_ones(
    clip: Path, tmp_path: Path
) -> None:
    spans = [
        (Fraction(1), Fraction(2)),
        (Fraction(3, 2), Fraction(5, 2)),
        (Fraction(401, 100), Fraction(402, 100)),
    ]
    spans += [(Fraction(3), Fraction(301, 100))]
    made = write_reel(clip, tmp_path / "reel.mp4", spans, video_stream=0, audio_stream=0)
    assert shown(made.path)[0] == [*range(25, 63), 75]
    assert made.spans == ((1, Fraction(63, 25)), (3, Fraction(76, 25)))


def test_the_whole_video_is_a_reel_too(clip: Path, tmp_path: Path) -> None:
    made = write_reel(
        clip, tmp_path / "reel.mp4", [(Fraction(-5), Fraction(99))], video_stream=0, audio_stream=0
    )
    assert shown(made.path)[0] == list(range(200))
    assert click_times(made.path) == pytest.approx(click_times(clip), abs=0.002)


def test_spans_without_a_frame_make_no_reel(clip: Path, tmp_path: Path) -> None:
    for spans in ([], [(Fraction(20), Fraction(30))], [(Fraction(1), Fraction(1))]):
        with pytest.raises(OutputError, match="no frame") as caught:
            write_reel(clip, tmp_path / "reel.mp4", spans, video_stream=0, audio_stream=0)
        assert caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_silence_stands_where_the_sound_has_a_gap_begins_late_or_ends_early(tmp_path: Path) -> None:
    """Sound from 1 s to 2 s and from 3 s to 4 s of eight."""
    path = tmp_path / "v.mkv"
    with av.open(str(path), "w") as box:
        video = box.add_stream("libx264", rate=25, options={"g": "25"})
        video.height, video.width, video.pix_fmt = 120, 160, "yuv420p"
        track = box.add_stream("pcm_s16le", rate=RATE_HZ, layout="mono")
        for number, picture in enumerate(numbered(200)):
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            box.mux(video.encode(frame))
            if 25 <= number < 50 or 75 <= number < 100:
                loud = np.full((1, RATE_HZ // 25), 8000, np.int16)
                block = av.AudioFrame.from_ndarray(loud, "s16", "mono")
                block.sample_rate, block.pts, block.time_base = (
                    RATE_HZ,
                    number * RATE_HZ // 25,
                    Fraction(1, RATE_HZ),
                )
                box.mux(track.encode(block))
        box.mux(video.encode(None))
    spans = [(Fraction(1, 2), Fraction(7, 2)), (Fraction(6), Fraction(7))]
    made = write_reel(path, tmp_path / "reel.mkv", spans, video_stream=0, audio_stream=0)
    assert made.frames == 100
    sound, start = heard(made.path)
    parts = [
        np.abs(sound[round((at - start) * RATE_HZ) :][: RATE_HZ // 4]).mean()
        for at in np.arange(0.1, 3.6, 0.5)
    ]
    assert [part > 0.1 for part in parts] == [False, True, True, False, False, True, False]
    assert start + len(sound) / RATE_HZ == pytest.approx(4, abs=0.03)


def test_a_sound_stream_of_which_nothing_can_be_heard_there_is_silence(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.mp4", numbered(100), audio=tone(0.5, 400))
    made = reel_of(path, tmp_path / "reel.mp4", [4, 5])
    assert shown(made.path)[0] == frames_of([4, 5])
    assert np.abs(heard(made.path)[0]).max() < 1e-3


def test_the_streams_that_were_asked_for_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "v.mkv"
    with av.open(str(path), "w") as box:
        videos = [box.add_stream("libx264", rate=25) for _ in range(2)]
        for video in videos:
            video.height, video.width, video.pix_fmt = 120, 160, "yuv420p"
        tracks = [box.add_stream("aac", rate=RATE_HZ, layout="mono") for _ in range(2)]
        for number, picture in enumerate(numbered(100)):
            for video, shift in zip(videos, (0, 500), strict=True):
                source = picture if shift == 0 else next(iter(numbered(1)))
                frame = av.VideoFrame.from_ndarray(source, "rgb24")
                frame.pts, frame.time_base = number, Fraction(1, 25)
                box.mux(video.encode(frame))
            for track, level in zip(tracks, (0.0, 0.4), strict=True):
                block = av.AudioFrame.from_ndarray(
                    level * clicks([0.01], 0.04)[None] + np.float32(level / 4), "fltp", "mono"
                )
                block.sample_rate, block.pts, block.time_base = (
                    RATE_HZ,
                    number * RATE_HZ // 25,
                    Fraction(1, RATE_HZ),
                )
                box.mux(track.encode(block))
        for stream in (*videos, *tracks):
            box.mux(stream.encode(None))
    spans = [(Fraction(1), Fraction(2))]
    first = write_reel(path, tmp_path / "a.mp4", spans, video_stream=0, audio_stream=0)
    second = write_reel(path, tmp_path / "b.mp4", spans, video_stream=1, audio_stream=1)
    assert shown(first.path)[0] == list(range(25, 50))
    assert shown(second.path)[0] == [0] * 25
    assert np.abs(heard(first.path)[0]).max() < 0.01 < 0.05 < np.abs(heard(second.path)[0]).max()


def test_frames_without_times_are_counted(clip: Path, tmp_path: Path) -> None:
    raw_stream(clip, tmp_path / "v.h264")
    assert scan(tmp_path / "v.h264").untimed
    made = reel_of(tmp_path / "v.h264", tmp_path / "reel.mp4", audio_stream=None)
    numbers, times = shown(made.path)
    assert numbers == frames_of(TAKEN)
    step = scan(tmp_path / "v.h264").timeline.mean_frame_duration
    assert np.array(times, float) == pytest.approx([float(step) * at for at in range(64)], abs=2e-5)


def test_an_avi_whose_frames_carry_no_times_keeps_its_sound(tmp_path: Path) -> None:
    path = write_video(
        tmp_path / "v.avi",
        numbered(200),
        options={"bf": "2", "g": "40"},
        audio=clicks([number / 25 for number in range(0, 200, 10)], 8),
        rate_hz=RATE_HZ,
        audio_codec="libmp3lame",
    )
    assert scan(path).untimed
    made = reel_of(path, tmp_path / "reel.mp4")
    wanted = frames_of(TAKEN)
    assert shown(made.path)[0] == wanted
    begins = [at / 25 for at, number in enumerate(wanted) if number % 10 == 0]
    assert click_times(made.path) == pytest.approx(begins, abs=1 / 25)


def test_pictures_that_change_their_size_on_the_way_are_all_there(tmp_path: Path) -> None:
    parts = []
    for name, height in (("a", 120), ("b", 60)):  # of one shape
        pictures = list(numbered(50, height, height * 4 // 3))
        video = write_video(tmp_path / f"{name}.mp4", pictures, options={"bf": "0"})
        raw_stream(video, tmp_path / f"{name}.h264")
        parts.append((tmp_path / f"{name}.h264").read_bytes())
    (tmp_path / "v.h264").write_bytes(b"".join(parts))
    made = write_reel(
        tmp_path / "v.h264",
        tmp_path / "reel.mp4",
        [(Fraction(1), Fraction(3))],
        video_stream=0,
        audio_stream=None,
    )
    assert shown(made.path)[0] == [*range(25, 50), *range(25)]


def test_long_ways_are_jumped_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where reading begins: at the keyframe before a clip, or a second earlier where a seek only
    lands nearby."""
    monkeypatch.undo()
    path = write_video(tmp_path / "v.mp4", static(3000, 64, 64), options={"g": "50", "bf": "2"})
    index = scan(path)
    grid = ClipGrid(index.timeline, 16)
    found = pieces.pieces_of(
        index.timeline, [(grid[clip].start, grid[clip].end) for clip in (10, 12, 90, 180)]
    )
    groups = pieces.groups_of(index, found, "mov,mp4,m4a,3gp,3g2,mj2")
    assert [len(group.pieces) for group in groups] == [2, 1, 1]
    assert [group.seek for group in groups] == [6, 56, 114]
    landing = [group.seek for group in pieces.groups_of(index, found, "mpegts")]
    assert landing == [5, 55, 113]


@pytest.mark.parametrize("name", ["reel.avi", "reel", "reel.mp4.txt", "reel.gif"])
def test_an_unknown_suffix_is_refused_at_once(tmp_path: Path, name: str) -> None:
    for work in (
        lambda: check_reel(tmp_path / name),
        lambda: write_reel(
            tmp_path / "none.mp4", tmp_path / name, [], video_stream=0, audio_stream=None
        ),
    ):
        with pytest.raises(SettingsError, match="unknown video suffix") as caught:
            work()
        assert ".webm" in (caught.value.hint or "")


def test_the_video_itself_is_not_written_over(clip: Path, tmp_path: Path) -> None:
    before = clip.read_bytes()
    (tmp_path / "link.mp4").symlink_to(clip)
    for target in (clip, tmp_path / "link.mp4"):
        with pytest.raises(OutputError, match="the video itself"):
            reel_of(clip, target)
    assert clip.read_bytes() == before
