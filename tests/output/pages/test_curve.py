"""Saliency as paths: steps at the scores, envelopes with all extremes, ticks at round times."""

import random
import re

import pytest

from scsampler_cli.output.pages import curve, wording
from scsampler_cli.output.pages.axis import ticks
from tests.output.pages.reports import made_clips


def visual(clip: dict[str, float | None]) -> float | None:
    return clip["visual"]


def clips_of(values: list[float | None], stride: int = 1) -> list[dict[str, float | None]]:
    return [
        {"start_s": i * stride, "end_s": i * stride + 1, "visual": v} for i, v in enumerate(values)
    ]


def test_each_clip_is_a_step_as_high_as_its_score() -> None:
    drawn = curve.columns(clips_of([0.0, 0.5, 1.0, 1.0]), visual, curve.Span(0, 4))
    assert curve.line(drawn) == "M0 96H250V50H500V4H750H1000"
    assert curve.area(drawn) == "M0 96H250V50H500V4H750H1000V96H0z"


def test_a_clip_without_a_score_breaks_the_line() -> None:
    drawn = curve.columns(clips_of([0.0, None, 1.0]), visual, curve.Span(0, 3))
    assert curve.line(drawn) == "M0 96H333.3M666.7 4H1000"


def test_clips_that_were_left_out_are_not_drawn() -> None:
    drawn = curve.columns(clips_of([1.0, 1.0], stride=2), visual, curve.Span(0, 4))
    assert curve.line(drawn) == "M0 4H250M500 4H750"


def test_an_envelope_goes_from_the_least_to_the_greatest_of_each_column() -> None:
    rng = random.Random(0)
    values = [rng.random() for _ in range(20 * curve.WIDTH)]
    drawn = curve.columns(clips_of([*values]), visual, curve.Span(0, len(values)))
    parts = [values[i : i + 20] for i in range(0, len(values), 20)]
    assert [column.low for column in drawn] == list(map(min, parts))
    assert [column.high for column in drawn] == list(map(max, parts))
    assert [column.mean for column in drawn] == pytest.approx([sum(part) / 20 for part in parts])
    assert curve.band(drawn).count("H") == 2 * curve.WIDTH


def test_a_single_salient_clip_among_forty_thousand_is_seen() -> None:
    clips = [
        {**clip, "visual": 1.0 if clip["clip"] == 31_415 else 0.1} for clip in made_clips(40_000)
    ]
    drawn = curve.columns(clips, visual, curve.Span(0, clips[-1]["end_s"]))
    assert max(column.high for column in drawn) == 1.0
    widths = re.findall(
        r"M([\d.]+) 0H([\d.]+)", curve.marks([(20_105.6, 20_106.24)], curve.Span(0, 25_600))
    )
    assert [float(right) - float(left) for left, right in widths] == pytest.approx([2.0], abs=0.11)


def test_marks_that_touch_become_one_and_stay_within() -> None:
    span = curve.Span(0, 10)
    assert curve.marks([(4, 5), (0, 1), (1, 2)], span) == "M0 0H200V100H0zM400 0H500V100H400z"
    assert curve.marks([(-5, 1), (9.999, 12)], span) == "M0 0H100V100H0zM998 0H1000V100H998z"
    assert curve.marks([], span) == ""


@pytest.mark.parametrize("length", [0.04, 0.64, 3, 20, 61, 600, 3599, 25_600, 400_000, 10_000_000])
@pytest.mark.parametrize("start", [0.0, -0.04, 3600.5])
def test_an_axis_has_a_few_round_times_in_it(length: float, start: float) -> None:
    found = ticks(curve.Span(start, start + length))
    assert len(found) <= 10
    assert len({label for _, label in found}) == len(found)
    assert all(-0.001 <= at <= 100.001 for at, _ in found)
    assert length < 1 or len(found) >= 3


@pytest.mark.parametrize(
    ("seconds", "digits", "shown"),
    [
        (0, 2, "0:00.00"),
        (41.6, 2, "0:41.60"),
        (59.999, 2, "1:00.00"),
        (3761.25, 2, "1:02:41.25"),
        (-0.04, 2, "-0:00.04"),
        (-0.001, 2, "0:00.00"),
        (3600, 0, "1:00:00"),
        (0.5, 1, "0:00.5"),
    ],
)
def test_times_are_told_as_clocks_do(seconds: float, digits: int, shown: str) -> None:
    assert wording.clock(seconds, digits) == shown
