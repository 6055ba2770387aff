"""The reel of several videos has the frames of each span in the given order, at their own pace,
with their sound."""

from __future__ import annotations

import signal
import sys
import threading
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from scsampler_cli.config import ReadSettings
from scsampler_cli.errors import OutputError, ProgramError, SettingsError
from scsampler_cli.files.marks import is_marked
from scsampler_cli.media.audio_probe import probe_audio
from scsampler_cli.media.index import scan
from scsampler_cli.transcode.containers import CONTAINERS
from scsampler_cli.transcode.joined_reel import JoinedReel, ReelPart, write_joined_reel
from scsampler_cli.transcode.program import find_ffmpeg
from tests.synthetic import tone, write_video
from tests.transcode.numbered import RATE_HZ, click_times, clicks, heard, number_of, numbered
from tests.transcode.test_program import children, wrapper


def part(
    path: Path, start: Fraction | int, end: Fraction | int, audio_stream: int | None = 0
) -> ReelPart:
    return ReelPart(path, Fraction(start), Fraction(end), 0, audio_stream)


def pictures(path: Path) -> tuple[list[NDArray[np.uint8]], list[Fraction]]:
    """(uint8 [h, w, 3], times in seconds) of all frames."""
    found, times = [], []
    with av.open(str(path)) as box:
        for frame in box.decode(video=0):
            found.append(frame.to_ndarray(format="rgb24"))
            times.append(frame.pts * frame.time_base)
    return found, times


def sound_s(path: Path) -> float:
    """Seconds at which the sound ends."""
    sound, start = heard(path)
    return start + len(sound) / RATE_HZ


def loudness(path: Path, start: float, end: float) -> float:
    sound, begin = heard(path)
    return float(
        np.abs(sound[round((start - begin) * RATE_HZ) : round((end - begin) * RATE_HZ)]).max()
    )


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tall pictures of one colour, 10 frames a second for 3 s, with a stereo tone at 44.1 kHz."""
    frames = np.full((30, 96, 48, 3), (30, 60, 220), np.uint8)
    sound = np.stack([tone(3, 440, 44_100)] * 2)
    return write_video(
        tmp_path_factory.mktemp("slow") / "slow.mkv",
        frames,
        10,
        audio=sound,
        rate_hz=44_100,
        layout="stereo",
    )


@pytest.mark.parametrize("suffix", CONTAINERS)
def test_order_times_sizes_and_sound_are_those_of_the_parts(
    clip: Path, slow: Path, silent: Path, portrait: Path, tmp_path: Path, suffix: str
) -> None:
    """Five parts of four videos: with sound, without, of 10 frames a second, turned, and an earlier
    one of the first video."""
    parts = [
        part(clip, 4, 5),
        part(silent, 2, 3, None),
        part(slow, 1, 2),
        part(portrait, 0, 1),
        part(clip, 0, 1),
    ]
    made = write_joined_reel(tmp_path / f"best{suffix}", parts)
    shown, times = pictures(made.path)
    assert {picture.shape for picture in shown} == {(120, 160, 3)}
    assert (made.width, made.height, made.duration) == (160, 120, 5)
    assert (made.frames, made.frames_missing, made.left_out) == (110, 0, ())
    info = scan(made.path).info
    assert (info.pixel_aspect, info.orientation.turns) == (1, 0)

    expected = [Fraction(at, 25) for at in range(50)]
    expected += [2 + Fraction(at, 10) for at in range(10)]
    expected += [3 + Fraction(at, 25) for at in range(50)]
    exactly = 1e-5 if suffix in (".mp4", ".mov") else 6e-4
    assert np.array(times, float) == pytest.approx(np.array(expected, float), abs=exactly)
    assert [number_of(picture) for picture in shown[:50]] == [*range(100, 125), *range(50, 75)]
    assert [number_of(picture) for picture in shown[85:]] == list(range(25))
    # 120 x 60 in the middle: 50 black columns on both sides
    for picture in shown[50:60]:
        assert picture[:, 54:106].mean((0, 1)) == pytest.approx((30, 60, 220), abs=12)
        assert picture[:, :46].max() < 24
        assert picture[:, 114:].max() < 24
    # 120 x 90, a quarter turn back
    turned = [np.rot90(picture[:, 35:125], -1) for picture in shown[60:85]]
    assert [number_of(picture) for picture in turned] == list(range(25))

    assert click_times(made.path)[:3] == pytest.approx([0, 0.4, 0.8], abs=0.003)
    assert loudness(made.path, 1.05, 1.95) < 0.01
    assert loudness(made.path, 2.1, 2.9) == pytest.approx(loudness(slow, 1.1, 1.9), rel=0.1)
    late = [time for time in click_times(made.path) if time > 3.05]
    assert late == pytest.approx([3.4, 3.8, 4, 4.4, 4.8], abs=0.003)
    assert sound_s(made.path) == pytest.approx(5, abs=0.03)
    found = probe_audio(made.path).info
    assert found is not None
    assert (found.rate_hz, found.channels) == (48_000, 2)
    assert is_marked(made.path)
    assert list(tmp_path.iterdir()) == [made.path]


def test_the_result_says_where_each_part_is(clip: Path, slow: Path, tmp_path: Path) -> None:
    """Spans become whole frames: those that start in them."""
    parts = [part(slow, Fraction(3, 20), Fraction(41, 100)), part(clip, Fraction(201, 100), 3)]
    made = write_joined_reel(tmp_path / "best.mp4", parts)
    assert [(found.index, found.start, found.end, found.at) for found in made.parts] == [
        (0, Fraction(1, 5), Fraction(1, 2), 0),
        (1, Fraction(51, 25), 3, Fraction(3, 10)),
    ]
    assert made.duration == Fraction(3, 10) + Fraction(24, 25)
    assert (made.width, made.height) == (48, 96)
    assert (made.video_encoder, made.audio_encoder, made.frames) == ("libx264", "aac", 27)
    index = scan(made.path)
    # the last frame keeps its length, too
    assert float(index.timeline.duration) == pytest.approx(float(made.duration), abs=1e-5)


def test_frames_that_are_unevenly_apart_stay_so(uneven: Path, clip: Path, tmp_path: Path) -> None:
    made = write_joined_reel(
        tmp_path / "best.mp4", [part(clip, 1, 2), part(uneven, 0, 9), part(clip, 1, 2)]
    )
    timeline = scan(uneven).timeline
    own = [timeline.time(frame) for frame in range(len(timeline))]
    times = [Fraction(at, 25) for at in range(25)]
    expected = [*times, *(1 + time for time in own)]
    expected += [1 + timeline.duration + time for time in times]
    shown, found = pictures(made.path)
    assert np.array(found, float) == pytest.approx(np.array(expected, float), abs=1e-5)
    numbers = [*range(25, 50), *range(96), *range(25, 50)]
    assert [number_of(picture) for picture in shown] == numbers


def test_without_sound_in_any_part_the_reel_has_none(
    clip: Path, silent: Path, tmp_path: Path
) -> None:
    made = write_joined_reel(
        tmp_path / "best.webm", [part(silent, 0, 1, None), part(clip, 0, 1, None)]
    )
    assert probe_audio(made.path).info is None
    assert (made.audio_encoder, made.frames) == (None, 50)
    # odd sides become even
    assert (made.width, made.height) == (162, 122)


def test_silence_before_the_first_sound_has_its_length(
    clip: Path, silent: Path, tmp_path: Path
) -> None:
    parts = [part(silent, 0, 2, None), part(silent, 0, Fraction(1, 25), None), part(clip, 0, 1)]
    made = write_joined_reel(tmp_path / "best.mp4", parts)
    assert click_times(made.path) == pytest.approx([2.04, 2.44, 2.84], abs=0.003)
    assert sound_s(made.path) == pytest.approx(3.04, abs=0.03)


def test_parts_that_cannot_be_made_are_left_out_and_reported(
    clip: Path, slow: Path, tmp_path: Path
) -> None:
    junk = tmp_path / "junk.mp4"
    junk.write_bytes(b"no video at all" * 100)
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(clip.read_bytes()[:2000])
    only_sound = tmp_path / "sound.mka"
    with av.open(str(only_sound), "w") as box:
        track = box.add_stream("pcm_s16le", rate=RATE_HZ, layout="mono")
        block = av.AudioFrame.from_ndarray(np.zeros((1, 4800), np.int16), "s16", "mono")
        block.sample_rate = RATE_HZ
        box.mux(track.encode(block))
    parts = [
        part(junk, 0, 1),
        part(clip, 90, 91),
        part(tmp_path / "missing.mp4", 0, 1),
        part(slow, 0, 1),
        part(cut, 0, 1),
        part(clip, 2, 1),
        part(only_sound, 0, 1),
        part(clip, 0, 1, audio_stream=3),
        part(junk, 5, 6),
        part(clip, 0, 1),
    ]
    (tmp_path / "out").mkdir()
    made = write_joined_reel(tmp_path / "out" / "best.mp4", parts)
    assert [found.index for found in made.parts] == [3, 9]
    assert [(number, error.code) for number, error in made.left_out] == [
        (0, "not-a-video"),
        (1, "reel-empty"),
        (2, "file-unreadable"),
        (4, "not-a-video"),
        (5, "reel-empty"),
        (6, "no-video-stream"),
        (7, "ffmpeg-program-failed"),
        (8, "not-a-video"),
    ]
    # the size is that of the first part that was made
    assert (made.width, made.height, made.frames, made.duration) == (48, 96, 35, 2)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["best.mp4"]


def test_undecodable_frames_are_counted_and_later_parts_keep_their_times(
    clip: Path, tmp_path: Path
) -> None:
    """A video whose first frames are damaged begins late, and lasts as long."""
    path = write_video(tmp_path / "v.mp4", numbered(100), options={"g": "10", "bf": "0"})
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as box:
        packets = [packet for packet in box.demux(video=0) if packet.size]
        for packet in packets[50:60]:
            data[packet.pos : packet.pos + packet.size] = b"\xff" * packet.size
    path.write_bytes(data)
    for audio_stream in (None, 0):
        parts = [part(path, 2, 3, None), part(clip, 2, 3, audio_stream)]
        made = write_joined_reel(tmp_path / "best.mp4", parts)
        shown, times = pictures(made.path)
        assert made.frames + made.frames_missing == 50
        assert 10 <= made.frames_missing < 25
        assert [number_of(picture) for picture in shown[-25:]] == list(range(50, 75))
        assert times[-25:] == pytest.approx([1 + Fraction(at, 25) for at in range(25)], abs=1e-5)
        assert number_of(shown[0]) == 60
        assert float(times[0]) == pytest.approx(0.4, abs=1e-5)
        assert made.duration == 2


def test_without_any_part_there_is_one_error_and_no_file(clip: Path, tmp_path: Path) -> None:
    (tmp_path / "best.mp4").write_bytes(b"before")
    for parts, said in (
        ([], "no parts"),
        ([part(clip, 90, 91), part(tmp_path / "missing.mp4", 0, 1)], "no frame of the video"),
        ([part(tmp_path / "missing.mp4", 0, 1)], "missing.mp4"),
    ):
        with pytest.raises(OutputError, match=said) as caught:
            write_joined_reel(tmp_path / "best.mp4", parts)
        assert caught.value.code == "reel-empty"
        assert caught.value.hint
    assert [path.name for path in tmp_path.iterdir()] == ["best.mp4"]
    assert (tmp_path / "best.mp4").read_bytes() == b"before"


def test_many_parts_do_not_add_up_rounding_errors(tmp_path: Path) -> None:
    """120 parts of 7 frames at 30000/1001 frames a second, whose length is no whole number of
    microseconds, ticks or samples; frame 7 n + k of the reel is frame k of the n-th part."""
    path = write_video(
        tmp_path / "v.mov",
        numbered(120),
        pts=(1001 * number for number in range(120)),
        time_base=Fraction(1, 30_000),
        options={"g": "30"},
        audio=clicks([7 * number * 1001 / 30_000 for number in range(17)], 4),
        rate_hz=RATE_HZ,
    )
    frame = Fraction(1001, 30_000)
    begins = [7 * (number * 5 % 17) for number in range(120)]
    made = write_joined_reel(
        tmp_path / "best.mp4",
        [part(path, begin * frame, (begin + 7) * frame) for begin in begins],
    )
    shown, times = pictures(made.path)
    assert [number_of(picture) for picture in shown] == [
        begin + at for begin in begins for at in range(7)
    ]
    assert times == [number * frame for number in range(840)]
    assert click_times(made.path) == pytest.approx(
        [float(7 * number * frame) for number in range(120)], abs=0.004
    )
    assert sound_s(made.path) == pytest.approx(float(840 * frame), abs=0.03)


@pytest.mark.parametrize(
    "name", ["a?b#c", "it's", "new\nline", "%41 file:x|y", "日本", "back\\slash "]
)
def test_any_folder_name_is_a_name(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    folder = tmp_path / name
    folder.mkdir()
    (folder / "own.mp4").write_bytes(clip.read_bytes())
    monkeypatch.chdir(tmp_path)
    parts = [part(Path(name, "own.mp4"), 1, 2), part(Path(name, "own.mp4"), 0, 1)]
    made = write_joined_reel(Path(name, "best's.mp4"), parts)
    assert [number_of(picture) for picture in pictures(made.path)[0]] == [
        *range(25, 50),
        *range(25),
    ]
    assert {path.name for path in folder.iterdir()} == {"own.mp4", "best's.mp4"}


def test_a_program_without_x264_joins_parts_of_several_sizes_too(
    clip: Path, slow: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packaged = find_ffmpeg()
    poor = wrapper(
        tmp_path,
        f'case "$*" in *-encoders*) "{packaged}" "$@" | grep -v "264";; '
        f'*) exec "{packaged}" "$@";; esac',
    )
    monkeypatch.setenv("PATH", f"{poor.parent}:/usr/bin:/bin")
    made = write_joined_reel(
        tmp_path / "best.mp4", [part(clip, 1, 2), part(slow, 0, 1), part(clip, 0, 1)]
    )
    shown, _ = pictures(made.path)
    assert (made.video_encoder, made.messages) == ("mpeg4", ())
    assert [number_of(picture) for picture in shown[:25]] == list(range(25, 50))
    assert [number_of(picture) for picture in shown[35:]] == list(range(25))
    for picture in shown[25:35]:
        assert picture[:, 54:106].mean((0, 1)) == pytest.approx((30, 60, 220), abs=12)


def test_a_failure_to_join_is_one_error_and_leaves_nothing(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packaged = find_ffmpeg()
    failing = wrapper(
        tmp_path,
        f'case "$*" in *ffconcat*) echo no more >&2; exit 9;; *) exec "{packaged}" "$@";; esac',
    )
    monkeypatch.setenv("PATH", f"{failing.parent}:/usr/bin:/bin")
    with pytest.raises(ProgramError, match="exit code 9: no more"):
        write_joined_reel(tmp_path / "best.mp4", [part(clip, 1, 2)])
    assert [path.name for path in tmp_path.iterdir()] == ["bin"]


@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc")
def test_an_interrupt_removes_the_parts(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packaged, started = find_ffmpeg(), tmp_path / "bin" / "started"
    hanging = wrapper(
        tmp_path,
        f'case "$*" in *ffconcat*) touch "{started}"; exec sleep 60;; '
        f'*) exec "{packaged}" "$@";; esac',
    )
    monkeypatch.setenv("PATH", f"{hanging.parent}:/usr/bin:/bin")
    parts: list[str] = []

    def interrupt() -> None:
        for _ in range(600):
            if started.exists():
                break
            time.sleep(0.05)
        parts.extend(path.name for path in tmp_path.glob(".reel-*/*.mov"))
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    threading.Thread(target=interrupt).start()
    before = children()
    with pytest.raises(KeyboardInterrupt):
        write_joined_reel(tmp_path / "best.mp4", [part(clip, 1, 2), part(clip, 0, 1)])
    assert sorted(parts) == ["0.mov", "1.mov"]
    assert children() == before
    assert [path.name for path in tmp_path.iterdir()] == ["bin"]


def test_a_program_that_fails_at_one_video_does_not_lose_the_others(
    clip: Path, slow: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packaged = find_ffmpeg()
    failing = wrapper(
        tmp_path,
        f'case "$*" in *slow.mkv*) echo I crash >&2; exit 9;; *) exec "{packaged}" "$@";; esac',
    )
    monkeypatch.setenv("PATH", f"{failing.parent}:/usr/bin:/bin")
    made = write_joined_reel(tmp_path / "best.mp4", [part(slow, 1, 2), part(clip, 1, 2)])
    assert [(number, error.code) for number, error in made.left_out] == [
        (0, "ffmpeg-program-failed")
    ]
    assert (made.frames, made.width) == (25, 160)


def test_no_video_of_the_reel_is_written_over(clip: Path, slow: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.mp4"
    own.write_bytes(clip.read_bytes())
    with pytest.raises(OutputError, match="the video itself"):
        write_joined_reel(own, [part(slow, 0, 1), part(own, 0, 1)])
    assert own.read_bytes() == clip.read_bytes()


def test_an_unknown_suffix_and_a_missing_folder_are_refused_at_once(
    clip: Path, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match="unknown video suffix"):
        write_joined_reel(tmp_path / "best.avi", [part(clip, 0, 1)])
    with pytest.raises(OutputError, match="there is no folder"):
        write_joined_reel(tmp_path / "none" / "best.mp4", [part(clip, 0, 1)])


def test_limits_of_reading_hold_for_each_part(clip: Path, slow: Path, tmp_path: Path) -> None:
    made = write_joined_reel(
        tmp_path / "best.mp4",
        [part(clip, 0, 1), part(slow, 0, 1)],
        reading=ReadSettings(max_pixels=10_000),
    )
    assert [(number, error.code) for number, error in made.left_out] == [(0, "video-too-large")]
    assert made.frames == 10


def test_the_second_video_stream_of_a_file_is_another_video(tmp_path: Path) -> None:
    path = tmp_path / "v.mkv"
    with av.open(str(path), "w") as box:
        streams = [box.add_stream("libx264", rate=25) for _ in range(2)]
        for stream in streams:
            stream.height, stream.width, stream.pix_fmt = 64, 64, "yuv420p"
        for number in range(50):
            for stream, level in zip(streams, (40, 200), strict=True):
                frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), level, np.uint8), "rgb24")
                frame.pts, frame.time_base = number, Fraction(1, 25)
                box.mux(stream.encode(frame))
        for stream in streams:
            box.mux(stream.encode(None))
    parts = [ReelPart(path, Fraction(0), Fraction(1), stream, None) for stream in (1, 0, 1)]
    made: JoinedReel = write_joined_reel(tmp_path / "best.mp4", parts)
    levels = [round(float(picture.mean()), -1) for picture in pictures(made.path)[0]]
    assert levels == [200] * 25 + [40] * 25 + [200] * 25
