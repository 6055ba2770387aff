"""log-mel against an independent computation, tones, and sound that is missing here and there."""

from fractions import Fraction

import numpy as np
import pytest

from scsampler_cli.features.mel import (
    BANDS,
    FRAME,
    HIGH_HZ,
    LOW_HZ,
    N_FFT,
    OFFSET,
    STEPS,
    MelFilter,
    hop_samples,
    mel_clips,
    window_span,
)
from scsampler_cli.media.audio import RATE_HZ, AudioBlock
from scsampler_cli.timeline import ClipGrid, FrameTimeline


def grid(seconds: float, fps: int = 25, start: int = 0) -> ClipGrid:
    frames = round(seconds * fps)
    return ClipGrid(
        FrameTimeline(np.arange(start, start + frames), start + frames, Fraction(1, fps)), 16
    )


def hz_to_mel(hz: np.ndarray | float) -> np.ndarray | float:
    return 2595 * np.log10(1 + np.asarray(hz) / 700)


def band_edges() -> np.ndarray:
    mels = np.linspace(hz_to_mel(LOW_HZ), hz_to_mel(HIGH_HZ), BANDS + 2)
    return 700 * (10 ** (mels / 2595) - 1)


def reference(samples: np.ndarray, start: int, hop: int) -> np.ndarray:
    """float64 [40, 200], written from the definition: Hann window, DFT, triangles on the HTK mel
    scale, log(x + 0.01)."""
    n = np.arange(FRAME)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * n / FRAME)
    frequencies = np.arange(N_FFT // 2 + 1) * RATE_HZ / N_FFT
    edges = band_edges()
    rising = (frequencies[None] - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - frequencies[None]) / np.diff(edges)[1:, None]
    triangles = np.clip(np.minimum(rising, falling), 0, None)
    padded = np.pad(samples.astype(np.float64), RATE_HZ * 10)
    result = np.zeros((BANDS, STEPS))
    for step in range(STEPS):
        # the step's centre is half a hop into its slot; the 400 samples around it, placed in the
        # middle of 512
        centre = start + step * hop + hop // 2
        first = RATE_HZ * 10 + centre - FRAME // 2
        spectrum = np.fft.rfft(padded[first : first + FRAME] * window, N_FFT)
        result[:, step] = np.log(triangles @ np.abs(spectrum) ** 2 + OFFSET)
    return result


def blocks(samples: np.ndarray, start: int = 0, size: int = 1024) -> list[AudioBlock]:
    return [AudioBlock(start + at, samples[at : at + size]) for at in range(0, len(samples), size)]


@pytest.mark.parametrize("fps", [25, 30, 10])
def test_it_equals_an_independent_computation(fps: int) -> None:
    rng = np.random.default_rng(0)
    video = grid(6, fps)
    samples = np.clip(rng.normal(0, 0.2, 6 * RATE_HZ), -1, 1).astype(np.float32)
    hop = hop_samples(video.nominal_duration)
    for sound in mel_clips(blocks(samples), video, video.every(1)):
        assert sound.mel is not None
        assert sound.mel.shape == (40, 200)
        assert sound.mel.dtype == np.float32
        start, _ = window_span(video[sound.clip].centre, hop)
        assert np.abs(sound.mel - reference(samples, start, hop)).max() < 1e-4


def test_the_hop_of_the_docstring() -> None:
    assert hop_samples(Fraction(16, 25)) == 102
    assert hop_samples(Fraction(16, 30)) == 85


def test_windows_are_two_clips_long_centred_and_one_clip_apart() -> None:
    video = grid(10)
    spans = [window_span(video[i].centre, hop_samples(video.nominal_duration)) for i in range(3)]
    assert [end - start for start, end in spans] == [20400] * 3  # 1.275 s of 1.28
    assert [(start + end) / 2 / RATE_HZ for start, end in spans] == [0.32, 0.96, 1.6]


@pytest.mark.parametrize("hz", [200, 440, 1000, 2500, 5000, 7000])
def test_a_tone_peaks_in_the_band_that_contains_it(hz: float) -> None:
    t = np.arange(4 * RATE_HZ) / RATE_HZ
    samples = (0.5 * np.sin(2 * np.pi * hz * t)).astype(np.float32)
    sound = next(mel_clips(blocks(samples), grid(4), np.array([3])))
    assert sound.mel is not None
    edges = band_edges()
    band = int(np.bincount(sound.mel.argmax(axis=0)).argmax())
    assert edges[band] <= hz <= edges[band + 2]


def test_without_a_track_every_clip_says_so() -> None:
    video = grid(3)
    sounds = list(mel_clips(None, video, video.every(1)))
    assert [sound.clip for sound in sounds] == [0, 1, 2, 3]
    assert all(sound.mel is None and sound.cover == 0 for sound in sounds)


def test_a_short_track_leaves_the_later_clips_unheard() -> None:
    video = grid(6.4)
    samples = np.full(int(3.36 * RATE_HZ), 0.1, np.float32)
    sounds = list(mel_clips(blocks(samples), video, video.every(1)))
    assert [sound.mel is not None for sound in sounds] == [True] * 5 + [False] * 5
    assert sounds[4].cover == 1
    assert sounds[5].cover == pytest.approx(0.25, abs=0.001)  # 3.2-3.84 s, heard up to 3.36 s
    assert sounds[6].cover == 0


def test_a_video_shorter_than_a_clip_is_heard_in_full() -> None:
    (sound,) = mel_clips(blocks(np.full(640, 0.1, np.float32)), grid(0.04), np.array([0]))
    assert sound.cover == 1
    assert sound.mel is not None


def test_a_late_track_leaves_the_earlier_clips_unheard() -> None:
    video = grid(6.4)
    samples = np.full(int(3.2 * RATE_HZ), 0.1, np.float32)
    sounds = list(mel_clips(blocks(samples, int(3.2 * RATE_HZ)), video, video.every(1)))
    assert [sound.mel is not None for sound in sounds] == [False] * 5 + [True] * 5


def test_a_video_that_starts_late_is_matched_on_the_clock() -> None:
    video = grid(6, start=250)  # the picture begins at 10 s
    rng = np.random.default_rng(1)
    samples = rng.normal(0, 0.1, 16 * RATE_HZ).astype(np.float32)
    late = list(mel_clips(blocks(samples), video, video.every(1)))
    early = list(
        mel_clips(blocks(samples[10 * RATE_HZ - 40000 :], -40000), grid(6), grid(6).every(1))
    )
    assert all(np.array_equal(a.mel, b.mel) for a, b in zip(late, early, strict=True))


def test_the_size_of_the_blocks_and_a_clip_stride_do_not_matter() -> None:
    video = grid(8)
    samples = np.random.default_rng(2).normal(0, 0.1, 8 * RATE_HZ).astype(np.float32)
    small = list(mel_clips(blocks(samples, size=100), video, video.every(1)))
    large = list(mel_clips(blocks(samples, size=50_000), video, video.every(1)))
    strided = list(mel_clips(blocks(samples), video, video.every(3)))
    for a, b in zip(small, large, strict=True):
        assert np.array_equal(a.mel, b.mel)
        assert a.cover == b.cover
    for sound in strided:
        assert np.allclose(sound.mel, small[sound.clip].mel, atol=1e-5)


def test_a_gap_of_a_million_seconds_costs_nothing() -> None:
    samples = np.full(RATE_HZ, 0.1, np.float32)
    far = [*blocks(samples), AudioBlock(10**6 * RATE_HZ, samples)]
    sounds = list(mel_clips(far, grid(4), grid(4).every(1)))
    assert sounds[0].mel is not None
    assert sounds[-1].mel is None


def test_a_step_is_centred_in_its_slot() -> None:
    """A click in the middle of step 100's slot is loudest at step 100."""
    mel_filter = MelFilter(160)
    samples = np.zeros(mel_filter.length, np.float32)
    samples[mel_filter.lead + 100 * 160 + 80] = 1
    import torch

    assert mel_filter(torch.from_numpy(samples[None]))[0].sum(axis=0).argmax() == 100
