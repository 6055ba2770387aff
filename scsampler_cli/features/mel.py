"""Input of the audio sampler: a window of two clips for each clip, 40 log-mel bands at 200 times.

Sec. 3.3.2:

              |<---------- window: 200 hops ---------->|
    |  clip i-1   |    clip i    |   clip i+1   |
                         ^ centre of window = centre of clip

The hop is a whole number of samples, so the window is two clips long to within 100 samples at 16
kHz. The paper gives no filter settings. Those of VGGish (Hershey et al., 2017) are used: Hann
window of 25 ms, 125-7500 Hz, log(x + 0.01).

Not handled here: decoding; see `media.audio`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from scsampler_cli.dependencies import loading
from scsampler_cli.features.clip import ClipAudio
from scsampler_cli.media.audio import RATE_HZ, AudioBlock
from scsampler_cli.timeline import ClipGrid, ClipSpan

BANDS = 40
"""Mel bands (Sec. 3.3.2)."""
STEPS = 200
"""Time steps of a window (Sec. 3.3.2)."""
WINDOW_CLIPS = 2
"""Length of a window in clips (Sec. 3.3.2)."""
FRAME = RATE_HZ * 25 // 1000
"""Samples of the Hann window: 400, 25 ms."""
N_FFT = 512
"""Samples of the FFT: the next power of two; 31.25 Hz a bin."""
LOW_HZ, HIGH_HZ = 125.0, 7500.0
OFFSET = 0.01
"""Added before the logarithm."""
MIN_COVER = 0.5
"""Share of a clip that must have sound; below it the clip has no mel features."""
LONGEST = 60 * RATE_HZ
"""Samples of a clip that are used, around its centre: time stamps can make a clip last for years.

A clip of 16 pictures, one in four seconds, is just used as a whole.
"""
_BATCH = 16
"""Windows transformed at once."""


def hop_samples(clip_duration: Fraction) -> int:
    """Samples between two of the 200 steps of a window of two clips; at least 1.

    Clips longer than `LONGEST` count as that long.

    Example: 16 frames at 25 frames/s last 0.64 s: 1.28 s * 16000 / 200 = 102.4 -> 102.
    """
    samples = min(clip_duration * RATE_HZ, Fraction(LONGEST))
    return max(1, round(WINDOW_CLIPS * samples / STEPS))


def window_span(centre: Fraction, hop: int) -> tuple[int, int]:
    """[start, end) of the window of a clip: 200 hops around its centre.

    Both are samples at 16 kHz on the container's clock.
    """
    start = round(centre * RATE_HZ) - STEPS * hop // 2
    return start, start + STEPS * hop


def own_span(span: ClipSpan) -> tuple[int, int]:
    """[start, end) of the clip itself: at least one sample, at most the middle `LONGEST`.

    Both are samples at 16 kHz on the container's clock.
    """
    start, end = round(span.start * RATE_HZ), round(span.end * RATE_HZ)
    excess = max(0, end - start - LONGEST)
    start += excess // 2
    return start, max(start + 1, min(end, start + LONGEST))


def check_torchaudio() -> None:
    """Check that mel features can be computed, before any sound is read.

    Raises:
        DependencyError: torchaudio is missing or does not load.
    """
    # not at the top: with a broken torchaudio, visual features still work
    with loading("torchaudio", "mel features of the sound"):
        import torchaudio.transforms  # noqa: F401


class MelFilter:
    """log-mel spectrograms of windows; step t is centred at (t + 1/2) hops from the window's start.

    Raises:
        DependencyError: torchaudio is missing or does not load.
    """

    def __init__(self, hop: int) -> None:
        self.hop = hop
        self.lead = N_FFT // 2 - hop // 2
        """Samples needed before the window's start (negative: the first step begins later)."""
        self.length = (STEPS - 1) * hop + N_FFT
        """Samples needed in total."""
        check_torchaudio()
        from torchaudio.transforms import MelScale, Spectrogram

        # complex output: torchaudio's own power takes a root and squares it again
        self._spectrum = Spectrogram(N_FFT, FRAME, hop, center=False, power=None)
        self._bands = MelScale(BANDS, RATE_HZ, LOW_HZ, HIGH_HZ, N_FFT // 2 + 1)

    def __call__(self, samples: Tensor) -> NDArray[np.float32]:
        """float32 [n, length] -> float32 [n, 40, 200]."""
        # complex64 [n, 257, 200]
        spectrum = self._spectrum(samples)
        # re^2 + im^2, in one pass over the imaginary part
        power = torch.addcmul(spectrum.real.square(), spectrum.imag, spectrum.imag)
        # float32 [n, 40, 200]
        mel: Tensor = self._bands(power).add_(OFFSET).log_()
        return mel.numpy()


class _Buffer:
    """The most recent sound, with a mask of where there is any; it moves on with the windows.

    Blocks are joined only when a window is read: it may be thousands of them long.
    """

    def __init__(self) -> None:
        self.start = self.end = 0
        """[start, end) of the sound held, in samples at 16 kHz."""
        self._samples: list[NDArray[np.float32]] = []
        self._known: list[NDArray[np.bool_]] = []

    def add(self, block: AudioBlock, until: int) -> None:
        """Append a block; samples before the end of the buffer are dropped.

        Args:
            block: one that begins before `until`.
            until: end of the current window; a gap before the block is filled up to here at most.
        """
        if self.start == self.end:
            self.start = self.end = block.start
        samples = block.samples[max(0, self.end - block.start) :]
        gap = max(0, min(block.start - self.end, until - self.end))
        self._samples += [np.zeros(gap, np.float32), samples]
        self._known += [np.zeros(gap, bool), np.ones(len(samples), bool)]
        self.end += gap + len(samples)

    def cut(self, start: int) -> None:
        """Drop everything before `start`."""
        samples, known = self._joined()
        dropped = min(max(0, start - self.start), len(samples))
        self._samples, self._known = [samples[dropped:]], [known[dropped:]]
        self.start += dropped

    def _joined(self) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """float32 [n] and bool [n]: all samples held, and whether each is sound."""
        if len(self._samples) != 1:
            # an empty array in front, since there may be no blocks at all
            self._samples = [np.concatenate([np.zeros(0, np.float32), *self._samples])]
            self._known = [np.concatenate([np.zeros(0, bool), *self._known])]
        return self._samples[0], self._known[0]

    def take(self, start: int, end: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return the samples from `start` to `end`, and their mask.

        Returns:
            float32 [end - start], 0 where there is no sound; bool [end - start], True where there
            is.
        """
        samples, known = np.zeros(end - start, np.float32), np.zeros(end - start, bool)
        low, high = max(start, self.start), min(end, self.end)
        if low < high:
            all_samples, all_known = self._joined()
            target = slice(low - start, high - start)
            source = slice(low - self.start, high - self.start)
            samples[target] = all_samples[source]
            known[target] = all_known[source]
        return samples, known


def mel_clips(
    blocks: Iterable[AudioBlock] | None, grid: ClipGrid, clips: NDArray[np.int64]
) -> Iterator[ClipAudio]:
    """Audio features of clips, as a stream.

    Args:
        blocks: sound in time order; None for a file without sound.
        grid: the video's clips.
        clips: int64 [M], increasing indices.

    Yields:
        one `ClipAudio` for each clip, in order.
    """
    if blocks is None:
        yield from (ClipAudio(int(clip), None, 0.0) for clip in clips)
        return
    mel_filter = MelFilter(hop_samples(grid.nominal_duration))
    batch: list[_Window] = []
    for window in _windows(iter(blocks), grid, clips, mel_filter=mel_filter):
        batch.append(window)
        if len(batch) == _BATCH:
            yield from _transformed(batch, mel_filter)
            batch.clear()
    yield from _transformed(batch, mel_filter)


class _Window(NamedTuple):
    """Sound around one clip."""

    clip: int
    samples: NDArray[np.float32]
    """float32 [MelFilter.length]."""
    cover: float
    """Share of the clip itself that has sound, 0-1."""


def _windows(
    blocks: Iterator[AudioBlock], grid: ClipGrid, clips: NDArray[np.int64], *, mel_filter: MelFilter
) -> Iterator[_Window]:
    buffer = _Buffer()
    pending: AudioBlock | None = next(blocks, None)
    for clip in clips.tolist():
        span = grid[clip]
        # all in samples at 16 kHz on the container's clock
        start = window_span(span.centre, mel_filter.hop)[0] - mel_filter.lead
        end = start + mel_filter.length
        own_start, own_end = own_span(span)
        # a clip much longer than the average one reaches beyond its window
        needed_from, needed_to = min(start, own_start), max(end, own_end)

        buffer.cut(needed_from)
        while pending is not None and pending.start < needed_to:
            # blocks that end before the window are dropped unread
            if pending.start + len(pending.samples) > needed_from:
                buffer.add(pending, needed_to)
            pending = next(blocks, None)

        samples, _ = buffer.take(start, end)
        # bool [own_end - own_start]: where the clip itself has sound
        _, known = buffer.take(own_start, own_end)
        yield _Window(clip, samples, float(known.mean()))


def _transformed(windows: list[_Window], mel_filter: MelFilter) -> Iterator[ClipAudio]:
    """Features of the windows; `mel` is None for those with too little sound."""
    with_sound = [window.samples for window in windows if window.cover >= MIN_COVER]
    mels = iter(mel_filter(torch.from_numpy(np.stack(with_sound))) if with_sound else ())
    for window in windows:
        mel = next(mels) if window.cover >= MIN_COVER else None
        yield ClipAudio(window.clip, mel, window.cover)
