"""Sound without gaps: where a file has none for a while, silence keeps what follows in its place."""

from __future__ import annotations

from typing import Any

FRAME_SAMPLES = {"aac": 1024, "libopus": 960}
"""Samples in each frame of encoders that take no other size. FFmpeg 5.1 may hand on a larger one after a gap in the sound."""
GAP_S = 0.04
"""Seconds: a jump in the times of the sound up to this is closed, a longer one becomes silence, as in `media.audio`."""


def filled(stream: Any, rate_hz: int | None = None) -> Any:
    """Sound of a graph with its gaps filled.

    Args:
        stream: of the graph.
        rate_hz: None leaves rate and channels as they are; else the sound begins at 0, in stereo at this rate.
    """
    options: dict[str, Any] = {"async": 1, "min_hard_comp": GAP_S}
    if rate_hz is None:
        return stream.filter("aresample", **options)
    return stream.filter("aresample", rate_hz, **options, first_pts=0).filter(
        "aformat", sample_fmts="fltp", sample_rates=rate_hz, channel_layouts="stereo"
    )


def framed(stream: Any, encoder: str) -> Any:
    """Sound of a graph in frames of the size that its encoder takes; it must come last."""
    samples = FRAME_SAMPLES.get(encoder)
    return stream if samples is None else stream.filter("asetnsamples", n=samples, p=0)
