"""Videos whose frames tell their number, and whose sound clicks at the beginning of every tenth
frame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

BITS = 10
RATE_HZ = 48_000


def numbered(frames: int, height: int = 120, width: int = 160) -> Iterator[NDArray[np.uint8]]:
    """uint8 [height, width, 3]: the number's bits as white columns on black, above a bar that
    moves."""
    for number in range(frames):
        picture = np.full((height, width, 3), 16, np.uint8)
        for bit in range(BITS):
            if number >> bit & 1:
                picture[: height // 2, bit * width // BITS : (bit + 1) * width // BITS] = 235
        at = (3 * number) % (width - 20)
        picture[3 * height // 4 :, at : at + 20] = (200, 80, 60)
        yield picture


def number_of(picture: NDArray[np.uint8]) -> int:
    """Of a frame, uint8 [h, w, 3], at whatever size."""
    height, width = picture.shape[:2]
    row = picture[height // 8 : 3 * height // 8].mean(axis=(0, 2))
    bits = [
        row[int((bit + 0.3) * width / BITS) : int((bit + 0.7) * width / BITS) + 1].mean() > 125
        for bit in range(BITS)
    ]
    return sum(1 << bit for bit, is_set in enumerate(bits) if is_set)


def clicks(times: Iterable[float], seconds: float, rate_hz: int = RATE_HZ) -> NDArray[np.float32]:
    """float32 [S]: 6 ms of 1500 Hz at each time."""
    sound = np.zeros(int(seconds * rate_hz), np.float32)
    burst = 0.8 * np.sin(2 * np.pi * 1500 * np.arange(int(0.006 * rate_hz)) / rate_hz)
    for time in times:
        at = round(time * rate_hz)
        room = sound[at : at + len(burst)]
        room += burst[: len(room)].astype(np.float32)
    return sound


def shown(path: Path, turns: int = 0) -> tuple[list[int], list[Fraction]]:
    """(numbers, times in seconds) of all frames of a file; the pictures are turned
    counter-clockwise first."""
    numbers, times = [], []
    with av.open(str(path)) as box:
        for frame in box.decode(video=0):
            numbers.append(number_of(np.rot90(frame.to_ndarray(format="rgb24"), turns)))
            times.append(frame.pts * frame.time_base)
    return numbers, times


def heard(path: Path) -> tuple[NDArray[np.float32], float]:
    """(float32 [S] of one channel at 48 kHz, seconds at which it begins)."""
    resampler = av.AudioResampler("fltp", "mono", RATE_HZ)
    blocks, start = [], None
    with av.open(str(path)) as box:
        for frame in box.decode(audio=0):
            start = float(frame.pts * frame.time_base) if start is None else start
            blocks += [block.to_ndarray()[0] for block in resampler.resample(frame)]
    return np.concatenate(blocks), start or 0.0


def click_times(path: Path) -> list[float]:
    """Seconds at which clicks begin, to a few milliseconds."""
    sound, start = heard(path)
    loud = np.flatnonzero(np.abs(sound) > 0.3)
    begins = loud[np.flatnonzero(np.diff(loud, prepend=-RATE_HZ) > RATE_HZ // 50)]
    return [start + at / RATE_HZ for at in begins.tolist()]
