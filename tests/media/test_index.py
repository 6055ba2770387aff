"""Finding when each frame is shown, in sound files and in broken ones."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from scsampler_cli.errors import VideoError
from scsampler_cli.media.index import scan
from tests.synthetic import pan, static, tone, write_video


def test_times_are_exact_with_b_frames(tmp_path: Path) -> None:
    index = scan(write_video(tmp_path / "v.mp4", pan(40, 2, 1, 64, 64), fps=30))
    assert len(index.timeline) == 40
    assert [index.timeline.time(i) for i in range(41)] == [Fraction(i, 30) for i in range(41)]
    assert index.keyframes.tolist() == [0]
    assert not index.untimed
    assert index.notes == ()


def test_variable_frame_rate_keeps_every_stamp(tmp_path: Path) -> None:
    pts = np.cumsum([0, *([10, 40, 25] * 10)])[:30].tolist()
    path = write_video(
        tmp_path / "v.mkv", pan(30, 1, 0, 64, 64), pts=pts, time_base=Fraction(1, 1000)
    )
    assert [index_time * 1000 for index_time in map(scan(path).timeline.time, range(30))] == pts


def test_a_late_start_stays_late(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.ts", pan(30, 1, 0, 64, 64), pts=range(100, 130))
    timeline = scan(path).timeline
    # MPEG-TS adds its own mux delay in front; the spacing and the length are what the frames say
    assert timeline.time(0) >= 4
    assert timeline.duration == Fraction(30, 25)


def test_keyframes_are_where_the_encoder_put_them(tmp_path: Path) -> None:
    index = scan(
        write_video(tmp_path / "v.mp4", pan(40, 1, 0, 64, 64), codec="mpeg4", options={"g": "12"})
    )
    assert index.keyframes.tolist() == [0, 12, 24, 36]


def test_a_raw_stream_without_times_is_counted_and_says_so(tmp_path: Path) -> None:
    write_video(tmp_path / "v.mp4", pan(40, 1, 0, 64, 64), options={"bf": "2"})
    with (
        av.open(str(tmp_path / "v.mp4")) as source,
        av.open(str(tmp_path / "v.h264"), "w", format="h264") as raw,
    ):
        stream = raw.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = stream
                raw.mux(packet)
    index = scan(tmp_path / "v.h264")
    assert index.untimed
    assert len(index.timeline) == 40
    assert any("counted" in note for note in index.notes)


def test_a_few_missing_times_do_not_move_the_others(tmp_path: Path) -> None:
    """H.264 in an MPEG program stream: only the first frame of each pack has a time, and the clock
    begins late."""
    path = write_video(tmp_path / "v.mpg", pan(80, 1, 0, 240, 320), options={"bf": "2"})
    with av.open(str(path)) as box:
        base = box.streams.video[0].time_base
        stamps = [frame.pts for frame in box.decode(video=0)]
    first = next(i for i, pts in enumerate(stamps) if pts is not None)
    index = scan(path)
    assert None in stamps
    assert len(index.timeline) == len(stamps)
    assert abs(index.timeline.time(0) - (stamps[first] * base - Fraction(first, 25))) < Fraction(
        1, 1000
    )
    assert all(
        abs(index.timeline.time(i) - index.timeline.time(0) - Fraction(i, 25)) < Fraction(1, 25)
        for i in range(80)
    )
    assert any("no usable time of their own" in note for note in index.notes)


def test_a_file_that_starts_between_keyframes_is_indexed_by_what_decodes(tmp_path: Path) -> None:
    path = write_video(
        tmp_path / "v.ts",
        pan(60, 1, 0, 64, 64),
        options={"g": "25", "bf": "0", "sc_threshold": "0"},
    )
    data = path.read_bytes()
    with av.open(str(path)) as box:
        positions = [packet.pos for packet in box.demux(video=0) if packet.size]
    (tmp_path / "cut.ts").write_bytes(data[: 188 * 3] + data[positions[5] :])
    index = scan(tmp_path / "cut.ts")
    assert len(index.timeline) == 35  # frames 25-59; the rest of the first GOP has no keyframe
    assert any("decoding it" in note for note in index.notes)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.95])
@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_a_truncated_file_gives_what_is_there_or_a_clear_error(
    tmp_path: Path, share: float, suffix: str
) -> None:
    path = write_video(
        tmp_path / f"v.{suffix}", static(100), options={"g": "10"}, audio=tone(4, 300)
    )
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    try:
        frames = len(scan(path).timeline)
    except VideoError as error:
        frames, hint = 0, error.hint
    assert 1 <= frames <= 100 or hint


@pytest.mark.parametrize(
    ("suffix", "codec", "options", "word"),
    [
        (
            "mp4",
            "libx264",
            {"movflags": "faststart"},
            "of the 100 frames that the header announces",
        ),
        ("avi", "mpeg4", {}, "of the 100 frames that the header announces"),
        ("mkv", "libx264", {}, "the header announces 4.0"),
        ("flv", "libx264", {}, "the header announces 4."),
    ],
)
def test_what_a_cut_off_file_lacks_is_said(
    tmp_path: Path, suffix: str, codec: str, options: dict[str, str], word: str
) -> None:
    frames = pan(100, 1, 0, 64, 64)
    whole = write_video(
        tmp_path / f"v.{suffix}",
        frames,
        codec=codec,
        options={"g": "10"},
        container_options=options,
    )
    assert scan(whole).notes == ()
    data = whole.read_bytes()
    whole.write_bytes(data[: len(data) * 3 // 5])
    index = scan(whole)
    assert len(index.timeline) < 80
    assert any(word in note for note in index.notes), index.notes


def test_sound_that_goes_on_is_no_damage_of_the_picture(tmp_path: Path) -> None:
    """MP4 says for each track how long it is; Matroska for the file alone, and then both
    explanations are given."""
    for suffix, notes in (("mp4", 0), ("mkv", 1)):
        path = write_video(tmp_path / f"v.{suffix}", static(50, 64, 64), audio=tone(4, 300))
        found = scan(path).notes
        assert len(found) == notes
        assert all("or does its sound or text go on" in note for note in found)


def test_h264_with_b_frames_in_avi_has_its_own_times(tmp_path: Path) -> None:
    """AVI has decoding times only; FFmpeg hands the frames a complete set of times in the wrong
    order."""
    path = write_video(tmp_path / "v.avi", pan(60, 1, 0, 64, 64), options={"bf": "2"})
    timeline = scan(path).timeline
    assert [timeline.time(i) - timeline.time(0) for i in range(61)] == [
        Fraction(i, 25) for i in range(61)
    ]


@pytest.mark.parametrize("suffix", ["ts", "mpg"])
def test_files_joined_end_to_end_follow_one_another(tmp_path: Path, suffix: str) -> None:
    part = write_video(
        tmp_path / f"part.{suffix}",
        pan(60, 1, 0, 64, 64),
        codec="mpeg2video",
        audio=tone(2.4, 300),
        audio_codec="mp2",
    )
    joined = tmp_path / f"joined.{suffix}"
    joined.write_bytes(part.read_bytes() * 2)
    first = scan(part).timeline
    index = scan(joined)
    assert len(index.timeline) in (119, 120)  # a decoder may lose the frame at the seam
    assert index.timeline.time(0) == first.time(0)
    assert abs(index.timeline.duration - 2 * first.duration) <= Fraction(1, 5)
    assert any("starts again 1 time" in note for note in index.notes)


@pytest.mark.parametrize("suffix", ["mkv", "mp4", "ts", "flv"])
def test_a_healthy_file_that_starts_late_is_not_called_cut_off(tmp_path: Path, suffix: str) -> None:
    path = write_video(tmp_path / f"v.{suffix}", pan(60, 1, 0, 64, 64), pts=range(250, 310))
    assert scan(path).notes == ()


def test_a_healthy_file_with_an_edit_list_is_not_called_cut_off(tmp_path: Path) -> None:
    path = write_video(tmp_path / "v.mp4", pan(96, 1, 0, 64, 64), options={"g": "24", "bf": "2"})
    data = bytearray(path.read_bytes())
    at = (
        data.index(b"elst") + 12
    )  # version and flags, count; then the duration on the movie's clock of 1000
    assert int.from_bytes(data[at : at + 4], "big") == 3840
    data[at : at + 4] = (1440).to_bytes(4, "big")
    path.write_bytes(data)
    index = scan(path)
    assert 36 <= len(index.timeline) < 96
    assert [note.split(" ", 1)[1] for note in index.notes] == [
        "frames hidden by the file's edit list, not read"
    ]
