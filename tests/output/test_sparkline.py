"""The saliency in a line of text."""

import pytest

from scsampler_cli.output.sparkline import clock_time, marks, spark, timeline


def test_a_spark_has_a_character_for_each_value() -> None:
    assert spark([0, 0.5, None, 1]) == "▁▅ █"
    assert spark([-1, 2]) == "▁█"


@pytest.mark.parametrize(
    ("spans", "line"),
    [
        ([(1.0, 2.0)], " ^        "),
        ([(0.0, 0.01), (9.99, 10.0)], "^        ^"),
        ([(0.9, 2.1)], "^^^       "),
        ([(3.0, 3.0)], "   ^      "),
        ([(-5.0, 50.0)], "^^^^^^^^^^"),
        ([], "          "),
    ],
)
def test_marks_stand_under_what_they_touch(spans: list[tuple[float, float]], line: str) -> None:
    assert marks(spans, 0, 10, parts=10) == line
    assert marks([(a + 7, b + 7) for a, b in spans], 7, 10, parts=10) == line


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (75.2, "1:15"), (59.6, "1:00"), (3599.7, "1:00:00"), (3661, "1:01:01")],
)
def test_clock_times(seconds: float, text: str) -> None:
    assert clock_time(seconds) == text


def record(
    visual: list[float | None] | None, audio: list[float | None] | None
) -> dict[str, object]:
    clips = [
        {"start_s": 2.0, "end_s": 4.0, "taken": True},
        {"start_s": 6.0, "end_s": 8.0, "taken": False},
    ]
    video = {"start_s": 0.0, "duration_s": 10.0}
    return {"saliency": {"visual": visual, "audio": audio}, "video": video, "clips": clips}


def test_the_lines_of_a_table() -> None:
    assert timeline(record([0, 0, 1, 1, 0, 0, None, 0, 0, 0], [1.0] * 10)) == [
        "  visual   ▁▁██▁▁ ▁▁▁",
        "  audio    ██████████",
        "  selected   ^^",
        "           0:00  0:10",
    ]


def test_what_was_not_scored_has_no_line() -> None:
    assert [line.split()[0] for line in timeline(record([0.5] * 10, None))] == [
        "visual",
        "selected",
        "0:00",
    ]
    assert timeline(record(None, None)) == []


def test_records_of_earlier_versions_have_no_line() -> None:
    before = record([0.5] * 10, None)
    del before["saliency"]
    assert timeline(before) == []
