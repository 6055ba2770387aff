"""The cost of a selection: seconds by stage.

Rates are measured in one run on some videos of the data set (`timing`). The work is counted exactly
for every video: clips scored, frames decoded to reach the selected clips, clips classified. A table
for another K therefore needs no video.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

STAGES = ("read", "score", "decode", "classify")
"""Stages of `classify`, in order."""


@dataclass(frozen=True)
class Check:
    """A video that was also tagged live, as `classify` does."""

    path: str
    modelled_s: float
    """Seconds by the rates."""
    measured_s: float
    """Seconds of the live run."""
    same_clips: bool
    """True where the live run selected the clips that the replay selects."""
    same_tag: bool
    """True where the best tag of the live run is that of the replay."""
    strategy: str = ""
    """Name of the strategy; "" in a run of before there were several."""


@dataclass(frozen=True)
class Costs:
    """Rates of the stages in seconds, from one run on one machine."""

    videos: int
    """Number of videos that were timed."""
    clips: int
    """Number of clips in these videos."""
    index_s: float
    """Opening and indexing a file, per frame of the file."""
    read_s: Mapping[str, float]
    """Features, per clip, by inputs: "md+rgbr" (in one pass), "mel"."""
    score_s: Mapping[str, float]
    """Each network, per clip; a picture that several clips share is computed once."""
    decode_s: float
    """Decoding, per frame."""
    fit_s: float
    """Conversion and resizing for the classifier, per frame."""
    classify_s: float
    """Classification, per clip."""
    spread: Mapping[str, tuple[float, float]]
    """Smallest and largest rate among the timed videos, of "decode", "classify" and the inputs."""
    checks: tuple[Check, ...] = ()
    round_s: float = 0.0
    """What a further round of a search costs besides its frames: the file is opened again, and the
    decoder starts at a keyframe."""
    classify_one_s: float = 0.0
    """Classification of a clip that is alone in its round; 0 where that was not measured."""

    def record(self) -> dict[str, Any]:
        """The fields as a JSON object."""
        return asdict(self)

    @staticmethod
    def from_record(record: Mapping[str, Any]) -> Costs:
        """Costs from their JSON form."""
        # JSON has lists in place of tuples
        checks = tuple(Check(**check) for check in record["checks"])
        spread = {name: (float(low), float(high)) for name, (low, high) in record["spread"].items()}
        return Costs(**{**record, "checks": checks, "spread": spread})


def inputs_key(inputs: Iterable[str]) -> str:
    """The key of a set of visual inputs that are read in one pass.

    Example: ("rgbr", "md") -> "md+rgbr".
    """
    return "+".join(sorted(set(inputs)))


def decoded_frames(
    decode_from: NDArray[np.int64], last: NDArray[np.int64], clips: Sequence[int]
) -> int:
    """Number of frames that must be decoded for the selected clips, each group of pictures once.

    Args:
        decode_from: int64 [L], display position at which decoding of each clip begins.
        last: int64 [L], display position of its last wanted frame.
        clips: the selected clips.

    Example: keyframes at 0 and 100, clips [10, 20), [30, 40) and [110, 120): frames 0-39 and
    100-119, together 60.
    """
    total = 0
    # the current stretch of decoded frames: [begin, end)
    begin = end = 0
    for clip in sorted(clips):
        start = int(decode_from[clip])
        # A keyframe beyond the stretch starts a new one. Otherwise decoding goes on, which is
        # what the decoder does within a group of pictures.
        if start >= end:
            total += end - begin
            begin = start
        end = max(end, int(last[clip]) + 1)
    return total + end - begin
