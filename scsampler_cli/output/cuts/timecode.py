"""Timecode: hours, minutes, seconds and frames, as editors count them.

At 24000/1001, 30000/1001 and 60000/1001 frames per second, a second of timecode is longer than a
second. Drop-frame timecode, which is used at 29.97 and 59.94, compensates for this by skipping
numbers: two (at 59.94: four) in every minute that is not a multiple of ten.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction
from math import floor

_NTSC = Fraction(1000, 1001)
# Frame numbers per second of timecode -> numbers skipped in most minutes
_DROPPED = {30: 2, 60: 4}
_BASES = (24, 25, 30, 48, 50, 60)
# Relative tolerance of frame rates: half the difference between 30000/1001 and 30. Times in
# milliseconds give the rate of one second of video as inexactly.
_TOLERANCE = Fraction(1, 2000)


@dataclass(frozen=True)
class Rate:
    """How frames are counted in timecode."""

    base: int
    """Frame numbers in a second of timecode."""
    real: Fraction
    """Frames per second."""
    drop: bool | None = None
    """Whether numbers are skipped; None: where a second of timecode is longer than a second."""

    @property
    def dropped(self) -> int:
        """Numbers skipped in most minutes; 0 for non-drop timecode."""
        # 24000/1001 has no drop-frame timecode: 24 is not in _DROPPED
        drop = self.real != self.base if self.drop is None else self.drop
        return _DROPPED.get(self.base, 0) if drop else 0

    def frame(self, seconds: Fraction) -> int:
        """The frame whose start is nearest to a time; a later time never gives an earlier frame."""
        return floor(seconds * self.real + Fraction(1, 2))

    def timecode(self, frame: int) -> str:
        """HH:MM:SS:FF, or HH:MM:SS;FF for drop-frame timecode, modulo 24 hours.

        Example: frame 1800 at 29.97 -> 00:01:00;02.
        """
        number = self._numbered(frame)
        seconds, frames = divmod(number, self.base)
        minutes, hours = seconds // 60, seconds // 3600
        separator = ";" if self.dropped else ":"
        return f"{hours:02d}:{minutes % 60:02d}:{seconds % 60:02d}{separator}{frames:02d}"

    def counted(self, hours: int, minutes: int, seconds: int, *, frames: int) -> int:
        """The frame with a timecode, 0 at 00:00:00:00; a skipped number counts as the next one."""
        minutes += 60 * hours
        # the skipped numbers are the first ones of a minute
        if seconds == 0 and minutes % 10:
            frames = max(frames, self.dropped)
        # as if no number were skipped
        number = (minutes * 60 + seconds) * self.base + frames
        return number - self.dropped * (minutes - minutes // 10)

    def _numbered(self, frame: int) -> int:
        """The number of a frame within its day, with the skipped numbers counted."""
        # frames of a minute with skipped numbers, and of ten minutes
        minute = self.base * 60 - self.dropped
        ten = minute * 10 + self.dropped
        # a day has 144 times ten minutes
        tens, rest = divmod(frame % (ten * 144), ten)
        # the first minute of ten skips no numbers
        minutes = max(0, rest - self.dropped) // minute
        return tens * self.base * 600 + rest + self.dropped * minutes


RATES = tuple(
    Rate(base, base * pace)
    for base in _BASES
    for pace in (_NTSC, Fraction(1))
    if base not in (25, 50) or pace == 1
)
"""The rates that editors support, slowest first."""


def rate_of(fps: float) -> Rate:
    """The rate at which an editor counts a video.

    It is the video's own rate, if editors support it; otherwise a whole multiple or a whole
    fraction of it (15 -> 30, 120 -> 60); otherwise, as for a variable rate, the next whole rate,
    at most 60. Times are then exact to half a frame.

    Args:
        fps: frames per second, averaged over the video.
    """
    own = Fraction(str(fps))
    multiples = [own * factor for factor in range(2, 61)]
    fractions = [own / factor for factor in range(2, 11)]
    for pace in (own, *multiples, *fractions):
        rate = min(RATES, key=lambda supported: abs(supported.real - pace))
        if abs(rate.real - pace) <= _TOLERANCE * rate.real:
            return rate
    # the next whole rate
    return next((rate for rate in RATES if rate.real == rate.base and rate.base >= own), RATES[-1])


def first_frame(timecode: str | None, fps: float) -> tuple[Rate, int]:
    """The rate at which an editor counts a video, and the number of its first frame.

    Args:
        timecode: of the first frame, in frames of the video: HH:MM:SS:FF, or HH:MM:SS;FF for
            drop-frame timecode. None to count from 0.
        fps: frames per second, averaged over the video.
    """
    rate = rate_of(fps)
    if timecode is None:
        return rate, 0
    # ";" before the frames marks drop-frame timecode
    *clock, frames = (int(part) for part in re.split("[:;]", timecode))
    rate = replace(rate, drop=";" in timecode)
    # the tag counts frames of the video, which may not be those of the editor
    own = round(fps)
    if own and (rate.base % own == 0 or own % rate.base == 0):
        # an editor counts two frames for each frame of a video at 15 per second
        frames = frames * rate.base // own
    return rate, rate.counted(clock[0], clock[1], clock[2], frames=frames)


def exact_rate(fps: float) -> Rate:
    """The exact frame rate of a video, such as 30000/1001 for 29.97.

    Args:
        fps: frames per second, averaged over the video. A rate that editors do not support is taken
            as the decimal number that it is, 0 as the slowest rate of editors.
    """
    own, supported = Fraction(str(fps)), rate_of(fps)
    if not own or abs(supported.real - own) <= _TOLERANCE * supported.real:
        return supported
    return Rate(max(1, round(own)), own)
