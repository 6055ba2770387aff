"""Which clips the classifier gets next: one interface for a fixed selection and for a search."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.selection.search import AskedClip, confidences

LEAST_CLIPS = 4
"""Clips that are asked before the number of clips is decided."""


class Chooser(Protocol):
    """Proposes clips until it has enough answers; see `search.Search`."""

    @property
    def asked(self) -> tuple[AskedClip, ...]:
        """All clips that were asked, in order."""
        ...

    def propose(self) -> NDArray[np.int64]:
        """The clips to ask next; empty at the end."""
        ...

    def observe(self, clips: NDArray[np.int64], probabilities: NDArray[np.float32]) -> None:
        """Tell the answers on the proposed clips: float32 [n, C], NaN where there is none."""
        ...


class FixedChoice:
    """Clips that were selected before the first answer, in their order.

    A clip that cannot be decoded is not replaced.

    Args:
        clips: int64 [K], best first.
        stops_early: True to propose them one at a time after the first `LEAST_CLIPS`, so that the
            caller can stop. False proposes all together, which is faster.
        background: column of the classifier's background class; None without one.
    """

    def __init__(
        self,
        clips: NDArray[np.int64],
        stops_early: bool = False,
        *,
        background: int | None = None,
    ) -> None:
        self._clips, self._stops_early, self._background = clips, stops_early, background
        self._asked: list[AskedClip] = []

    @property
    def asked(self) -> tuple[AskedClip, ...]:
        """All clips that were asked, in order; their confidence was not predicted."""
        return tuple(self._asked)

    def propose(self) -> NDArray[np.int64]:
        """The clips to ask next; empty at the end."""
        done = len(self._asked)
        if not self._stops_early:
            return self._clips[done:]
        return self._clips[done : max(LEAST_CLIPS, done + 1)]

    def observe(self, clips: NDArray[np.int64], probabilities: NDArray[np.float32]) -> None:
        """Tell the answers on the proposed clips: float32 [n, C], NaN where there is none."""
        found = confidences(probabilities, self._background)
        for clip, value in zip(clips.tolist(), found, strict=True):
            observed = None if np.isnan(value) else float(value)
            self._asked.append(AskedClip(clip, None, observed, is_seed=False))
