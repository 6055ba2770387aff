"""Edit decision lists, line by line."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scsampler_cli.output.cuts.edl import reel, render
from tests.output.cuts.making import clip, record

EVENT = re.compile(
    r"(\d{3,})  (\S.{7}) (V|B)     C        (\d\d:\d\d:\d\d[:;]\d\d) (\d\d:\d\d:\d\d[:;]\d\d) "
    r"(\d\d:\d\d:\d\d[:;]\d\d) (\d\d:\d\d:\d\d[:;]\d\d)"
)


def events(text: str) -> list[tuple[str, ...]]:
    return [found.groups() for line in text.splitlines() if (found := EVENT.fullmatch(line))]


def test_the_list_is_cmx3600_in_time_order() -> None:
    made = record(
        clip(50, 32.0, 32.64, audio=0.25),
        clip(2, 1.28, 1.92, label=None, probability=None),
        path="a/Some clip.mp4",
    )
    assert render(made).splitlines() == [
        "TITLE: Some clip.mp4",
        "FCM: NON-DROP FRAME",
        "",
        "001  SOMECLIP V     C        00:00:01:07 00:00:01:23 00:00:00:00 00:00:00:16",
        "* FROM CLIP NAME: Some clip.mp4",
        "* COMMENT: not decoded (visual 0.500)",
        "* COMMENT: 25 frames a second",
        "002  SOMECLIP V     C        00:00:32:00 00:00:32:16 00:00:00:16 00:00:01:07",
        "* FROM CLIP NAME: Some clip.mp4",
        "* COMMENT: archery 75% (visual 0.500, audio 0.250)",
    ]


def test_ntsc_is_drop_frame_and_sound_comes_along() -> None:
    text = render(record(clip(0, 60.06, 60.593867), fps=29.97003, sound=True))
    assert "FCM: DROP FRAME" in text
    (event,) = events(text)
    assert event == (
        "001",
        "V       ",
        "B",
        "00:01:00;02",
        "00:01:00;18",
        "00:00:00;00",
        "00:00:00;16",
    )


@pytest.mark.parametrize(
    ("fps", "timecode", "frames", "first", "mode"),
    [
        (25.0, "10:00:00:24", 32, "10:00:02:06", "NON-DROP"),
        (25.0, "23:59:59:00", 32, "00:00:00:07", "NON-DROP"),  # a day later it begins again
        (29.97003, "01:00:58;29", 31, "01:01:00;02", "DROP"),
        (29.97003, "01:00:58:29", 31, "01:01:00:00", "NON-DROP"),
        (59.94006, "00:00:58;59", 61, "00:01:00;04", "DROP"),
        (23.976024, "01:00:00:00", 31, "01:00:01:07", "NON-DROP"),
        (30.0, "00:00:58;29", 31, "00:01:00;02", "DROP"),
        (15.0, "00:00:00:10", 5, "00:00:01:00", "NON-DROP"),  # editors count 30 a second
        (120.0, "00:00:00:60", 60, "00:00:01:00", "NON-DROP"),  # and 60
    ],
)
def test_source_times_count_on_from_the_timecode_of_the_first_frame(
    fps: float, timecode: str, frames: int, first: str, mode: str
) -> None:
    """Wherever the clock of the file begins."""
    for start in (0.0, 10.0, -3.0):
        begins = round(start + frames / fps, 6)
        made = record(clip(2, begins, begins + 1), fps=fps, start_s=start, timecode=timecode)
        text = render(made)
        assert f"FCM: {mode} FRAME" in text
        assert events(text)[0][3] == first


@pytest.mark.parametrize("start", [1.48, 95443.0, -3.0])
def test_without_timecode_the_first_frame_is_0(start: float) -> None:
    for more in ({}, {"timecode": None}):
        ((_, _, _, first, end, *_),) = events(
            render(record(clip(0, start, start + 0.64), start_s=start, **more))
        )
        assert (first, end) == ("00:00:00:00", "00:00:00:16")


def test_score_tells_why_and_leaves_out_what_was_not_taken() -> None:
    scored = {"visual": 0.5, "audio": None, "packets": 0.125}
    made = record()
    made["clips"] = [
        {"clip": 0, "start_s": 0.0, "end_s": 0.64, **scored, "taken": False, "why": None},
        {"clip": 1, "start_s": 0.64, "end_s": 1.28, **scored, "taken": True, "why": "packets #1"},
    ]
    text = render(made)
    assert len(events(text)) == 1
    assert "* COMMENT: packets #1 (visual 0.500, packets 0.125)" in text


def test_a_video_without_a_taken_clip_is_a_list_without_events() -> None:
    assert render(record()).splitlines() == ["TITLE: v.mp4", "FCM: NON-DROP FRAME", ""]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("v.mp4", "V       "),
        ("holiday-2019 (1).mov", "HOLIDAY2"),
        ("日本.mp4", "AX      "),
        (".mp4", "MP4     "),
    ],
)
def test_a_reel_has_eight_characters(name: str, expected: str) -> None:
    assert reel(name) == expected


def test_nothing_in_a_name_or_a_label_breaks_a_line() -> None:
    text = render(record(clip(0, 0.0, 0.64, label="a\nb\r002"), path="x\ny.mp4"))
    assert len(text.splitlines()) == 7
    assert "* FROM CLIP NAME: x\\ny.mp4" in text


@given(
    st.sampled_from([23.976024, 24.0, 25.0, 29.97003, 30.0, 59.94006, 60.0, 240.0, 11.3]),
    st.integers(1, 64),
    st.integers(0, 10**5),
    st.lists(st.integers(0, 60), min_size=1, max_size=12, unique=True),
)
def test_events_never_overlap_and_the_record_has_no_gaps(
    fps: float, frames: int, late: int, clips: list[int]
) -> None:
    def at(number: int) -> float:
        return round((late + number * frames) / fps, 6)

    # clips with labels of their own are not joined
    made = record(*(clip(i, at(i), at(i + 1), label=f"label {i}") for i in clips), fps=fps)
    found = events(render(made))
    assert len(found) == len(clips)
    for (_, _, _, first, end, begun, done), following in zip(
        found, [*found[1:], None], strict=True
    ):
        assert first < end
        assert begun < done
        if following is not None:
            assert end <= following[3]
            assert done == following[5]
