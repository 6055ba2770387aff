"""Frames counted as editors count them."""

import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scsampler_cli.output.cuts.timecode import RATES, Rate, rate_of

NTSC30, NTSC60 = Rate(30, Fraction(30000, 1001)), Rate(60, Fraction(60000, 1001))


@pytest.mark.parametrize(
    ("rate", "frame", "timecode"),
    [
        (Rate(25, Fraction(25)), 0, "00:00:00:00"),
        (Rate(25, Fraction(25)), 25 * 3600 + 26, "01:00:01:01"),
        (Rate(24, Fraction(24000, 1001)), 24 * 60, "00:01:00:00"),
        # SMPTE 12M: 00:00:59;29 is followed by 00:01:00;02, 00:09:59;29 by 00:10:00;00
        (NTSC30, 1799, "00:00:59;29"),
        (NTSC30, 1800, "00:01:00;02"),
        (NTSC30, 17981, "00:09:59;29"),
        (NTSC30, 17982, "00:10:00;00"),
        (NTSC30, 107892, "01:00:00;00"),
        (NTSC60, 3599, "00:00:59;59"),
        (NTSC60, 3600, "00:01:00;04"),
        (NTSC60, 35964, "00:10:00;00"),
    ],
)
def test_timecode_as_the_standard_has_it(rate: Rate, frame: int, timecode: str) -> None:
    assert rate.timecode(frame) == timecode


@pytest.mark.parametrize("rate", RATES, ids=lambda rate: f"{float(rate.real):.3f}")
def test_no_two_frames_of_twenty_minutes_have_one_timecode_and_they_only_grow(rate: Rate) -> None:
    codes = [rate.timecode(frame) for frame in range(rate.base * 1200)]
    assert codes == sorted(set(codes))
    left_out = {code for code in codes if code[4] != "0" and code[6:] in ("00;00", "00;01")}
    assert left_out == set()


@pytest.mark.parametrize(
    "rate", [*RATES, Rate(30, Fraction(30)), Rate(30, Fraction(30000, 1001), drop=False)]
)
def test_a_timecode_finds_its_frame_again(rate: Rate) -> None:
    for frame in range(0, rate.base * 86_000, 997):
        hours, minutes, seconds, frames = map(int, re.split("[:;]", rate.timecode(frame)))
        assert rate.counted(hours, minutes, seconds, frames=frames) == frame


def test_a_number_that_is_left_out_is_the_next_frames() -> None:
    assert NTSC30.counted(0, 1, 0, frames=0) == NTSC30.counted(0, 1, 0, frames=2) == 1800
    assert NTSC30.counted(0, 10, 0, frames=0) == 17982


def test_the_clock_goes_round_after_a_day_and_before_its_beginning() -> None:
    rate = Rate(25, Fraction(25))
    assert rate.timecode(25 * 86400) == "00:00:00:00"
    assert rate.timecode(-1) == "23:59:59:24"
    assert NTSC30.timecode(-1) == "23:59:59;29"


def test_drop_frame_timecode_keeps_up_with_the_clock() -> None:
    assert NTSC30.timecode(NTSC30.frame(Fraction(3600))).startswith("01:00:00;0")
    slow = Rate(24, Fraction(24000, 1001))
    assert slow.timecode(slow.frame(Fraction(3600))) == "00:59:56:10"


@pytest.mark.parametrize(
    ("fps", "base", "drop"),
    [
        *(
            (23.976024, 24, False),
            (23.987, 24, False),
            (24.0, 24, False),
            (25.0, 25, False),
            (29.97003, 30, True),
        ),
        *(
            (29.96, 30, True),
            (30.0, 30, False),
            (50.0, 50, False),
            (59.94006, 60, True),
            (60.0, 60, False),
        ),
        *(
            (15.0, 30, False),
            (14.985015, 30, True),
            (12.5, 25, False),
            (120.0, 60, False),
            (119.88, 60, True),
        ),
        *((24.37, 25, False), (28.1, 30, False), (0.0, 24, False), (1e6, 60, False)),
    ],
)
def test_the_rate_is_the_videos_own_or_the_nearest_that_editors_know(
    fps: float, base: int, drop: bool
) -> None:
    rate = rate_of(fps)
    assert (rate.base, bool(rate.dropped)) == (base, drop)


@given(st.sampled_from(RATES), st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_frames_time_in_microseconds_finds_the_frame_again(
    rate: Rate, frame: int, offset: int
) -> None:
    seconds = Fraction(str(round(float(frame / rate.real), 6)))
    assert rate.frame(seconds) == frame
    assert rate.frame(seconds + Fraction(offset, 10**6)) >= frame
