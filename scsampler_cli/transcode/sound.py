"""Sound without gaps, for the ffmpeg program: silence fills them, so that later sound keeps its
time.

Not handled here: decoding for features; see `media.audio`.
"""

from __future__ import annotations

from typing import Any

import ffmpeg

FRAME_SAMPLES = {"aac": 1024, "libopus": 960}
"""Samples in a frame, for encoders that accept no other size.

FFmpeg 5.1 may send a larger frame after a gap in the sound.
"""
GAP_S = 0.04
"""Seconds: a longer jump in the times of the sound becomes silence, a shorter one is closed.

As in `media.audio`.
"""


def filled(stream: Any, rate_hz: int | None = None) -> Any:
    """Fill the gaps of sound with silence.

    Args:
        stream: sound of a graph.
        rate_hz: None keeps rate and channels; else the sound begins at 0, in stereo at this rate.
    """
    # async=1 fills gaps and trims overlaps, without stretching the sound
    options: dict[str, Any] = {"async": 1, "min_hard_comp": GAP_S}
    if rate_hz is None:
        return stream.filter("aresample", **options)
    return stream.filter("aresample", rate_hz, **options, first_pts=0).filter(
        "aformat", sample_fmts="fltp", sample_rates=rate_hz, channel_layouts="stereo"
    )


def framed(stream: Any, encoder: str) -> Any:
    """Cut sound into frames of the size that its encoder accepts; this must be the last filter."""
    samples = FRAME_SAMPLES.get(encoder)
    # p=0: the last frame is not padded
    return stream if samples is None else stream.filter("asetnsamples", n=samples, p=0)


def silence(samples: int, rate_hz: int) -> Any:
    """Silent sound, in stereo.

    Args:
        samples: its length.
        rate_hz: samples a second.
    """
    source = ffmpeg.input(f"anullsrc=sample_rate={rate_hz}:channel_layout=stereo", format="lavfi")
    return source.audio.filter("atrim", end_sample=samples)
