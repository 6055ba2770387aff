"""Saliency over the time of a video, in few values: all clips of a long video would make a record
large.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Protocol

PARTS = 60
"""Number of parts of a video: a line of a terminal has room for them."""


class ClipWithScores(Protocol):
    """A scored clip, such as `records.ScoredClip`."""

    @property
    def start(self) -> float:
        """Seconds."""
        ...

    @property
    def end(self) -> float:
        """Seconds, exclusive."""
        ...

    @property
    def visual(self) -> float | None:
        """Score by the visual sampler."""
        ...

    @property
    def audio(self) -> float | None:
        """Score by the audio sampler."""
        ...

    @property
    def packets(self) -> float | None:
        """Score by the packet sampler."""
        ...

    @property
    def confidence(self) -> float | None:
        """Confidence of the classifier, as a search believes it."""
        ...


def saliency(
    clips: Sequence[ClipWithScores], video: dict[str, Any]
) -> dict[str, list[float | None] | None]:
    """Saliency over time: the highest score of the clips that touch each of PARTS equal parts.

    Args:
        clips: scored clips, in any order.
        video: "start_s" and "duration_s".

    Returns:
        lists of PARTS values for "visual", "audio" and, where a clip has such a value, "packets"
        and "confidence". None is in place of a value where no clip has one, and in place of a list
        where no clip at all has one.
    """
    # seconds; a video of unknown duration must not divide by 0
    start, step = video["start_s"], max(video["duration_s"], 1e-6) / PARTS
    # (first part, end of the parts) of each clip
    spans = []
    for clip in clips:
        first = int((clip.start - start) / step)
        # 1e-6: rounding must not let a clip touch the part that begins at its end
        end = math.ceil((clip.end - start) / step - 1e-6)
        spans.append((first, end))

    courses = {"visual": _highest(spans, [clip.visual for clip in clips])}
    courses["audio"] = _highest(spans, [clip.audio for clip in clips])
    optional = {
        "packets": _highest(spans, [clip.packets for clip in clips]),
        "confidence": _highest(spans, [clip.confidence for clip in clips]),
    }
    return courses | {name: values for name, values in optional.items() if values is not None}


def _highest(
    spans: Sequence[tuple[int, int]], scores: Sequence[float | None]
) -> list[float | None] | None:
    highest: list[float | None] = [None] * PARTS
    for (first, end), value in zip(spans, scores, strict=True):
        if value is None or math.isnan(value):
            continue
        # at least one part, within the video
        for part in range(max(first, 0), min(max(end, first + 1), PARTS)):
            # three digits: the values are for a glance
            highest[part] = round(max(value, highest[part] or 0.0), 3)
    return None if all(value is None for value in highest) else highest
