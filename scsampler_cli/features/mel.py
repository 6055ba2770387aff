"""The audio sampler's input: 40 log-mel bands at 200 times over a window of two clips, one window for each clip (Sec. 3.3.2).

              |<---------- window: 200 hops ---------->|
    |  clip i-1   |    clip i    |   clip i+1   |
                         ^ centre of window = centre of clip

The hop is a whole number of samples, so the window is two clips long to within 100 samples in 16,000 a second. Filter
settings are VGGish's (Hershey et al., 2017), which the paper does not give: 25 ms Hann window, 125-7500 Hz, log(x + 0.01).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from scsampler_cli.dependencies import loading
from scsampler_cli.features.clip import ClipAudio
from scsampler_cli.media.audio import RATE_HZ, AudioBlock
from scsampler_cli.timeline import ClipGrid, ClipSpan

BANDS = 40
"""Sec. 3.3.2."""
STEPS = 200
"""Sec. 3.3.2."""
WINDOW_CLIPS = 2
"""Sec. 3.3.2: twice as long as the clip."""
FRAME = RATE_HZ * 25 // 1000  # 400 samples
N_FFT = 512
"""Next power of two; 31.25 Hz a bin."""
LOW_HZ, HIGH_HZ = 125.0, 7500.0
OFFSET = 0.01
"""Added before the logarithm."""
MIN_COVER = 0.5
"""Share of a clip that must have sound for it to count as heard (our choice)."""
LONGEST = 60 * RATE_HZ
"""Samples of a clip that are listened to, around its centre: time stamps can make a clip last for years (our choice; a clip of
16 pictures, one in four seconds, is just heard as a whole)."""
_BATCH = 16
"""Windows transformed at once."""


def hop_samples(clip_duration: Fraction) -> int:
    """Samples between two steps: a window of two clips in 200 steps, at least 1, of clips no longer than `LONGEST`.

    Example: 16 frames at 25 frames/s last 0.64 s: 1.28 s * 16000 / 200 = 102.4 -> 102.
    """
    return max(1, round(WINDOW_CLIPS * min(clip_duration * RATE_HZ, Fraction(LONGEST)) / STEPS))


def window_span(centre: Fraction, hop: int) -> tuple[int, int]:
    """[start, end) of a clip's window on the clock, in samples at 16 kHz; 200 hops around the clip's centre."""
    start = round(centre * RATE_HZ) - STEPS * hop // 2
    return start, start + STEPS * hop


def own_span(span: ClipSpan) -> tuple[int, int]:
    """[start, end) of the clip itself, in samples at 16 kHz; at least one sample, at most the middle `LONGEST`."""
    start, end = round(span.start * RATE_HZ), round(span.end * RATE_HZ)
    beyond = max(0, end - start - LONGEST)
    start += beyond // 2
    return start, max(start + 1, min(end, start + LONGEST))


def check_torchaudio() -> None:
    """Find out whether mel features can be computed, before any sound is read.

    Raises:
        DependencyError: torchaudio is missing or does not load.
    """
    with loading("torchaudio", "mel features of the sound"):
        import torchaudio.transforms  # noqa: F401  # here alone: a broken torchaudio must cost the sound and no more


class MelFilter:
    """log-mel of windows; step t is centred at (t + 1/2) hops from the window's start.

    Raises:
        DependencyError: torchaudio is missing or does not load.
    """

    def __init__(self, hop: int) -> None:
        self.hop = hop
        self.lead = N_FFT // 2 - hop // 2
        """Samples needed before the window's start (negative: the first step begins later)."""
        self.length = (STEPS - 1) * hop + N_FFT
        """Samples needed in all."""
        check_torchaudio()
        from torchaudio.transforms import MelScale, Spectrogram

        # complex, since torchaudio's power takes a root and squares it again
        self._spectrum = Spectrogram(N_FFT, FRAME, hop, center=False, power=None)
        self._bands = MelScale(BANDS, RATE_HZ, LOW_HZ, HIGH_HZ, N_FFT // 2 + 1)

    def __call__(self, samples: Tensor) -> NDArray[np.float32]:
        """float32 [n, length] -> float32 [n, 40, 200]."""
        spectrum = self._spectrum(samples)
        power = torch.addcmul(spectrum.real.square(), spectrum.imag, spectrum.imag)
        mel: Tensor = self._bands(power).add_(OFFSET).log_()
        return mel.numpy()


class _Buffer:
    """The last stretch of sound, with a mask of where there is any; grows and is cut as windows move on.

    Blocks are joined when they are needed: a window may be thousands of them long.
    """

    def __init__(self) -> None:
        self.start = self.end = 0
        self._samples: list[NDArray[np.float32]] = []
        self._known: list[NDArray[np.bool_]] = []

    def add(self, block: AudioBlock, until: int) -> None:
        """Append a block; what lies beyond `until` is refused by the caller, what lies before `start` is dropped."""
        if self.start == self.end:
            self.start = self.end = block.start
        samples = block.samples[max(0, self.end - block.start) :]
        gap = max(0, min(block.start - self.end, until - self.end))
        self._samples += [np.zeros(gap, np.float32), samples]
        self._known += [np.zeros(gap, bool), np.ones(len(samples), bool)]
        self.end += gap + len(samples)

    def cut(self, start: int) -> None:
        """Forget everything before `start`."""
        samples, known = self._joined()
        drop = min(max(0, start - self.start), len(samples))
        self._samples, self._known = [samples[drop:]], [known[drop:]]
        self.start += drop

    def _joined(self) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        if len(self._samples) != 1:
            none = np.zeros(0, np.float32), np.zeros(0, bool)
            self._samples = [np.concatenate([none[0], *self._samples])]
            self._known = [np.concatenate([none[1], *self._known])]
        return self._samples[0], self._known[0]

    def take(self, start: int, end: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Samples and mask of [start, end); zero and False outside of what is known."""
        samples, known = np.zeros(end - start, np.float32), np.zeros(end - start, bool)
        low, high = max(start, self.start), min(end, self.end)
        if low < high:
            all_samples, all_known = self._joined()
            samples[low - start : high - start] = all_samples[low - self.start : high - self.start]
            known[low - start : high - start] = all_known[low - self.start : high - self.start]
        return samples, known


def mel_clips(
    blocks: Iterable[AudioBlock] | None, grid: ClipGrid, clips: NDArray[np.int64]
) -> Iterator[ClipAudio]:
    """Audio features of some clips, streaming.

    Args:
        blocks: sound in time order; None where the file has none.
        grid: the video's clips.
        clips: int64 [M], increasing indices.

    Yields:
        one `ClipAudio` for each clip, in order.
    """
    if blocks is None:
        yield from (ClipAudio(int(clip), None, 0.0) for clip in clips)
        return
    hop = hop_samples(grid.nominal_duration)
    mel_filter = MelFilter(hop)
    waiting: list[tuple[int, NDArray[np.float32], float]] = []
    for clip, samples, cover in _windows(iter(blocks), grid, clips, mel_filter=mel_filter):
        waiting.append((clip, samples, cover))
        if len(waiting) == _BATCH:
            yield from _transformed(waiting, mel_filter)
            waiting.clear()
    yield from _transformed(waiting, mel_filter)


def _windows(
    blocks: Iterator[AudioBlock], grid: ClipGrid, clips: NDArray[np.int64], *, mel_filter: MelFilter
) -> Iterator[tuple[int, NDArray[np.float32], float]]:
    """(clip, samples for the filter, share of the clip itself that has sound)."""
    buffer = _Buffer()
    pending: AudioBlock | None = next(blocks, None)
    for clip in clips.tolist():
        span = grid[clip]
        first = window_span(span.centre, mel_filter.hop)[0] - mel_filter.lead
        own_start, own_end = own_span(span)
        earliest, last = min(first, own_start), max(first + mel_filter.length, own_end)
        buffer.cut(earliest)
        while pending is not None and pending.start < last:
            if pending.start + len(pending.samples) > earliest:
                buffer.add(pending, last)
            pending = next(blocks, None)
        samples, _ = buffer.take(first, first + mel_filter.length)
        _, known = buffer.take(own_start, own_end)
        yield clip, samples, float(known.mean())


def _transformed(
    windows: list[tuple[int, NDArray[np.float32], float]], mel_filter: MelFilter
) -> Iterator[ClipAudio]:
    heard = [samples for _, samples, cover in windows if cover >= MIN_COVER]
    mels = iter(mel_filter(torch.from_numpy(np.stack(heard))) if heard else ())
    for clip, _, cover in windows:
        yield ClipAudio(clip, next(mels) if cover >= MIN_COVER else None, cover)
