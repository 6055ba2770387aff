"""Which clips make up each step of an epoch: from the seed and the epoch alone, so that a run that is continued draws the same.

AC draws clips with all classes equally often; SAL-* draws videos, and several clips of each, since it compares clips of one video
(Sec. 3.2.2); a classifier draws videos, and in each a moment (App. A.2: 16-frame clips with temporal jittering).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.errors import InputError
from scsampler_cli.selection.oracle import oracle
from scsampler_cli.train.settings import TrainSettings
from scsampler_cli.train.videos import TrainVideo

_UNTRIMMED = "it learns from untrimmed videos of two classes, of whose clips the classifier is not equally sure"
_LACKING = {
    "sal-rank": _UNTRIMMED,
    "sal-cl": _UNTRIMMED,
    "mel": "do videos of two classes have sound?",
}


@dataclass(frozen=True)
class Draw:
    """The clips of one step."""

    videos: NDArray[np.int64]
    """int64 [n]: which video each clip is of."""
    clips: NDArray[np.int64]
    """int64 [n]: which clip of it; 0 for a classifier, which takes any moment."""

    def share(self, rank: int, world: int, together: int) -> Draw:
        """The part of one of several processes; `together` clips in a row stay in one place."""
        groups = np.arange(len(self.videos)) // together
        mine = groups % world == rank
        return Draw(self.videos[mine], self.clips[mine])


def generator(seed: int, *place: int) -> np.random.Generator:
    """A random generator for a place in the run, such as (epoch, step)."""
    return np.random.default_rng([seed, *place])


def usable_clips(video: TrainVideo) -> NDArray[np.int64]:
    """int64: the clips for which any input has a row (all of them, for frames)."""
    some = np.zeros(video.clips, bool)
    for entry in video.entries.values():
        some |= np.diff(entry.offsets) > 0
    return np.flatnonzero(some)


class Drawer:
    """Draws the steps of every epoch.

    Args:
        videos: of the training split.
        settings: of the run.

    Raises:
        InputError: no clip can be drawn, or fewer than two classes have any.
    """

    def __init__(self, videos: Sequence[TrainVideo], settings: TrainSettings) -> None:
        self._settings = settings
        self._usable = [usable_clips(video) for video in videos]
        self._labels = np.array([video.label for video in videos], np.int64)
        gap = settings.gap if settings.objective == "sal-rank" else 0.0
        if settings.needs_probabilities:
            self._videos = [
                i
                for i, v in enumerate(videos)
                if len(self._usable[i]) > 1 and np.ptp(v.saliency_target) > gap
            ]
        else:
            self._videos = [i for i in range(len(videos)) if len(self._usable[i])]
        classes = {int(self._labels[i]) for i in self._videos}
        if len(classes) < 2:
            of = "all of one class" if classes else "of no class"
            raise InputError(
                f"{len(self._videos)} of {len(videos)} training videos, {of}, have anything to learn from",
                code="too-few-training-videos",
                hint=_LACKING.get(settings.objective)
                or _LACKING.get(settings.target)
                or "two classes are needed",
            )

    @property
    def together(self) -> int:
        """Clips of one video that stand side by side in a step."""
        return self._settings.clips_per_video if self._settings.needs_probabilities else 1

    def steps(self, epoch: int) -> list[Draw]:
        """The steps of an epoch, each of about `batch` clips."""
        settings = self._settings
        rng = generator(settings.seed, 1, epoch)
        count = max(1, settings.per_epoch // settings.batch)
        if settings.needs_probabilities:
            return [self._from_videos(rng) for _ in range(count)]
        return [self._balanced(rng) for _ in range(count)]

    def _balanced(self, rng: np.random.Generator) -> Draw:
        size = self._settings.batch
        by_class = [
            np.array([i for i in self._videos if self._labels[i] == c])
            for c in np.unique(self._labels[self._videos])
        ]
        if self._settings.target == "classifier":
            videos = [
                int(rng.choice(by_class[int(rng.integers(len(by_class)))])) for _ in range(size)
            ]
            return Draw(np.array(videos, np.int64), np.zeros(size, np.int64))
        weights = [
            np.array([len(self._usable[i]) for i in members], np.float64) for members in by_class
        ]
        classes = rng.integers(len(by_class), size=size)
        chosen = [int(rng.choice(by_class[c], p=weights[c] / weights[c].sum())) for c in classes]
        return Draw(
            np.array(chosen, np.int64),
            np.array([rng.choice(self._usable[i]) for i in chosen], np.int64),
        )

    def _from_videos(self, rng: np.random.Generator) -> Draw:
        each = self._settings.clips_per_video
        chosen = rng.choice(self._videos, max(1, self._settings.batch // each), replace=True)
        clips = [
            rng.choice(self._usable[i], each, replace=len(self._usable[i]) < each) for i in chosen
        ]
        return Draw(
            np.repeat(chosen, each).astype(np.int64), np.concatenate(clips).astype(np.int64)
        )


def in_oracle(videos: Sequence[TrainVideo], draw: Draw, k: int) -> NDArray[np.bool_]:
    """bool [n]: whether each clip is in the oracle's top K of its video (SAL-CL)."""
    tops = {
        int(i): set(oracle(videos[i].probabilities, int(videos[i].target or 0), k).tolist())
        for i in np.unique(draw.videos)
    }
    return np.array(
        [int(c) in tops[int(i)] for i, c in zip(draw.videos, draw.clips, strict=True)], np.bool_
    )
