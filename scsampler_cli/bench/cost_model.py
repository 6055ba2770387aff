"""What a choice of clips costs: seconds by stage, and multiply-adds.

Rates are measured in one run on some videos of the data set (`timing`); how much there is to do is counted exactly for every
video: clips scored, frames that must be decoded to reach the chosen clips, clips classified. So a table for another K needs no
video.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

STAGES = ("read", "score", "decode", "classify")


@dataclass(frozen=True)
class Check:
    """A video that was also tagged live, as `classify` does."""

    path: str
    modelled_s: float
    measured_s: float
    same_clips: bool
    """The live run took the very clips that the replay takes."""
    same_tag: bool


@dataclass(frozen=True)
class Costs:
    """Rates in seconds, from one run on one machine."""

    videos: int
    """How many were timed."""
    clips: int
    """In those."""
    index_s: float
    """To open and index a file, for each of its frames."""
    read_s: Mapping[str, float]
    """Features of one clip, by inputs: "md+rgbr" in one pass, "mel"."""
    score_s: Mapping[str, float]
    """One clip, by network."""
    decode_s: float
    """To decode one frame."""
    fit_s: float
    """To convert and resize one frame for the classifier."""
    classify_s: float
    """One clip."""
    spread: Mapping[str, tuple[float, float]]
    """Smallest and largest rate among the timed videos, of "decode", "classify" and the inputs."""
    checks: tuple[Check, ...] = ()

    def record(self) -> dict[str, Any]:
        """JSON form."""
        return asdict(self)

    @staticmethod
    def from_record(record: Mapping[str, Any]) -> Costs:
        """Back from JSON."""
        checks = tuple(Check(**check) for check in record["checks"])
        spread = {name: (float(low), float(high)) for name, (low, high) in record["spread"].items()}
        return Costs(**{**record, "checks": checks, "spread": spread})


def inputs_key(inputs: Iterable[str]) -> str:
    """How a set of visual inputs read in one pass is called.

    Example: ("rgbr", "md") -> "md+rgbr".
    """
    return "+".join(sorted(set(inputs)))


def decoded_frames(
    decode_from: NDArray[np.int64], last: NDArray[np.int64], clips: Sequence[int]
) -> int:
    """Frames that must be decoded to see the chosen clips, each group of pictures once.

    Args:
        decode_from: int64 [L], where decoding of each clip begins.
        last: int64 [L], its last wanted frame.
        clips: the chosen ones.

    Example: keyframes at 0 and 100, clips [10, 20), [30, 40) and [110, 120): 0-39 and 100-119, 60 frames.
    """
    total, begin, reached = 0, 0, -1
    for clip in sorted(clips):
        start, end = int(decode_from[clip]), int(last[clip])
        if start > reached:
            total += reached + 1 - begin if reached >= 0 else 0
            begin = start
        reached = max(reached, end)
    return total + (reached + 1 - begin if reached >= 0 else 0)
