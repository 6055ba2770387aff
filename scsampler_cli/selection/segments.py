"""Where the actions are: from what is known of every clip to stretches of clips with one class.

1. What is known speaks for each class in each clip, as a probability (`evidence`).
2. It is smoothed over neighbouring clips where clips are short (`smoothed`).
3. A class begins and ends where its evidence crosses LOW and is the largest of all classes, and
   counts where it reaches HIGH in between (hysteresis: a weak end of a clear stretch belongs to it,
   a weak stretch alone does not count).
4. Stretches of one class with less than SHORT_S between them are joined, and those that are shorter
   are dropped.

All of it is beyond the paper, whose clips are samples of an action and not its extent. The
constants were chosen by measurements (`bench`, "Segments").
Not handled here: seconds, and the classifier (`pipeline.segment_times`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

HIGH, LOW = 0.5, 0.4
"""A stretch reaches HIGH somewhere, and is at least LOW everywhere: probabilities."""
SHORT_S = 1.0
"""Seconds. A shorter gap is no end, and a shorter stretch is no segment, where clips are short
enough to tell: one clip of a second or more can be a segment."""

Evidence = NDArray[np.float64]
"""[M, n]: how probable it is that a clip shows a class, for M clips in time order and n classes."""


@dataclass(frozen=True)
class Stretch:
    """A stretch of neighbouring clips that shows one class."""

    first: int
    """Place of its first clip among the M clips."""
    last: int
    """Place of its last clip, which belongs to it."""
    column: int
    """The class, as a column of the evidence."""
    probability: float
    """Mean evidence of the class over the stretch."""


def stretches(evidence: Evidence, clip_s: float) -> list[Stretch]:
    """The stretches that show a class, in time order.

    Args:
        evidence: of M clips, at equal distances.
        clip_s: seconds from the start of a clip to that of the next one.

    Example: clips of 2 s with the evidence 0, 0.45, 0.9, 0.3, 0.45 of the only class. The clips 1
    and 2 are a stretch: 0.45 is at least LOW, and 0.9 at least HIGH. Clip 4 alone is none.
    """
    if not evidence.size:
        return []
    short = clips_below(clip_s)
    best = evidence.argmax(axis=1)
    found = []
    for column in range(evidence.shape[1]):
        values = evidence[:, column]
        parts = parts_of((values >= LOW) & (best == column))
        kept = [part for part in parts if values[part[0] : part[1] + 1].max() >= HIGH]
        for begin, end in _joined(kept, short):
            # a file that is shorter than that has room for no longer one
            if end - begin + 1 > min(short, len(evidence) - 1):
                probability = float(values[begin : end + 1].mean())
                found.append(Stretch(begin, end, column, probability=probability))
    return sorted(found, key=lambda each: (each.first, each.column))


def clips_below(clip_s: float) -> int:
    """Largest number of clips that are shorter than SHORT_S together.

    Example: 1 for clips of 0.64 s, 0 for clips of 1 s.
    """
    return max(0, int(np.ceil(SHORT_S / clip_s)) - 1)


def smoothed(values: NDArray[np.float64], clip_s: float) -> NDArray[np.float64]:
    """Values over time with the window 1/4, 1/2, 1/4, where clips are shorter than SHORT_S.

    Longer clips are smooth in themselves, and three of them longer than many actions.

    Args:
        values: float64 [M] or [M, n]; the ends are repeated.
        clip_s: as in `stretches`.

    Example: 0, 1, 0, 0 with clips of 0.5 s -> 0.25, 0.5, 0.25, 0.
    """
    if not clips_below(clip_s) or not len(values):
        return values
    padded = np.concatenate([values[:1], values, values[-1:]])
    result: NDArray[np.float64] = padded[:-2] / 4 + padded[1:-1] / 2 + padded[2:] / 4
    return result


def parts_of(is_on: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """(first, last) of each part in which all are true. Example: 0 1 1 0 1 -> (1, 2), (4, 4)."""
    steps = np.diff(np.concatenate([[0], is_on.astype(np.int8), [0]]))
    begins, ends = np.flatnonzero(steps == 1), np.flatnonzero(steps == -1) - 1
    return list(zip(begins.tolist(), ends.tolist(), strict=True))


def _joined(parts: list[tuple[int, int]], gap: int) -> list[tuple[int, int]]:
    """The parts, where those with at most `gap` clips between them are one."""
    result: list[tuple[int, int]] = []
    for begin, end in parts:
        if result and begin - result[-1][1] - 1 <= gap:
            result[-1] = (result[-1][0], end)
        else:
            result.append((begin, end))
    return result
