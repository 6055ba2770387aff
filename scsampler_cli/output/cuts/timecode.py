"""Timecode: hours, minutes, seconds and frames, as editors count them.

At 24000/1001, 30000/1001 and 60000/1001 frames a second a second of timecode is longer than a second. Drop-frame timecode makes
up for it by leaving out numbers, two (of 60: four) in each minute but every tenth; it is used at 29.97 and 59.94.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction
from math import floor

_NTSC = Fraction(1000, 1001)
_DROPPED = {30: 2, 60: 4}
_BASES = (24, 25, 30, 48, 50, 60)
_NEAR = Fraction(1, 2000)
"""Half of what is between 30000/1001 and 30; times in milliseconds make as much of a second of video (our choice)."""


@dataclass(frozen=True)
class Rate:
    """How frames are counted."""

    base: int
    """Frame numbers in a second of timecode."""
    real: Fraction
    """Frames a second."""
    drop: bool | None = None
    """Whether numbers are left out; None: where a second of timecode is longer than a second."""

    @property
    def dropped(self) -> int:
        """Numbers left out in most minutes; 0 for non-drop timecode."""
        drop = self.real != self.base if self.drop is None else self.drop
        return _DROPPED.get(self.base, 0) if drop else 0

    def frame(self, seconds: Fraction) -> int:
        """The frame that begins nearest to a time; equal times give equal frames, later ones no earlier."""
        return floor(seconds * self.real + Fraction(1, 2))

    def timecode(self, frame: int) -> str:
        """HH:MM:SS:FF, or HH:MM:SS;FF of drop-frame timecode; after 24 hours, and before 0, as on a clock.

        Example: frame 1800 at 29.97 -> 00:01:00;02.
        """
        number = self._numbered(frame)
        seconds, frames = divmod(number, self.base)
        minutes, hours = seconds // 60, seconds // 3600
        return f"{hours:02d}:{minutes % 60:02d}:{seconds % 60:02d}{';' if self.dropped else ':'}{frames:02d}"

    def counted(self, hours: int, minutes: int, seconds: int, *, frames: int) -> int:
        """The frame that has a timecode, from 0 at 00:00:00:00; a number that is left out is that of the frame after it."""
        minutes += 60 * hours
        if seconds == 0 and minutes % 10:
            frames = max(frames, self.dropped)
        number = (minutes * 60 + seconds) * self.base + frames
        return number - self.dropped * (minutes - minutes // 10)

    def _numbered(self, frame: int) -> int:
        """The number of a frame within its day, the ones left out counted."""
        minute = self.base * 60 - self.dropped
        ten = minute * 10 + self.dropped
        tens, rest = divmod(frame % (ten * 144), ten)
        # the first minute of ten is whole
        minutes = max(0, rest - self.dropped) // minute
        return tens * self.base * 600 + rest + self.dropped * minutes


RATES = tuple(
    Rate(base, base * pace)
    for base in _BASES
    for pace in (_NTSC, Fraction(1))
    if base not in (25, 50) or pace == 1
)
"""Those that editors know, slowest first."""


def rate_of(fps: float) -> Rate:
    """The rate at which an editor counts a video.

    Where no editor knows the video's own, it is a whole multiple or part of it (15 -> 30, 120 -> 60); where there is none either,
    as with a rate that varies, the next whole one, at most 60 (our choice). Times then lie within half a frame of it.

    Args:
        fps: frames a second, averaged over the video.
    """
    own = Fraction(str(fps))
    for pace in (
        own,
        *(own * times for times in range(2, 61)),
        *(own / parts for parts in range(2, 11)),
    ):
        rate = min(RATES, key=lambda known: abs(known.real - pace))
        if abs(rate.real - pace) <= _NEAR * rate.real:
            return rate
    return next((rate for rate in RATES if rate.real == rate.base and rate.base >= own), RATES[-1])


def first_frame(timecode: str | None, fps: float) -> tuple[Rate, int]:
    """How an editor counts a video, and the number of its first frame.

    Args:
        timecode: of the first frame, HH:MM:SS:FF or, drop-frame, HH:MM:SS;FF, in frames of the video; None: it counts from 0.
        fps: frames a second, averaged over the video.
    """
    rate = rate_of(fps)
    if timecode is None:
        return rate, 0
    *clock, frames = (int(part) for part in re.split("[:;]", timecode))
    rate = replace(rate, drop=";" in timecode)
    own = round(fps)
    if own and (rate.base % own == 0 or own % rate.base == 0):
        frames = (
            frames * rate.base // own
        )  # an editor counts two frames for each of a video of 15 a second
    return rate, rate.counted(clock[0], clock[1], clock[2], frames=frames)
