"""Which clips make up each step of an epoch.

They come from the seed and the epoch alone, so that a resumed run draws the same.

AC draws clips, of all classes equally often. SAL-* draws videos and several clips of each, since it
compares clips of one video (Sec. 3.2.2). A classifier draws videos; `batches` takes a random moment
of each (App. A.2: 16-frame clips with temporal jittering).
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

_UNTRIMMED = (
    "it learns from untrimmed videos of two classes, whose clips get different answers "
    "from the classifier"
)
_HINTS = {
    "sal-rank": _UNTRIMMED,
    "sal-cl": _UNTRIMMED,
    "mel": "do videos of two classes have sound?",
}


@dataclass(frozen=True)
class Draw:
    """The n clips of one step."""

    videos: NDArray[np.int64]
    """int64 [n]: index of the video of each clip."""
    clips: NDArray[np.int64]
    """int64 [n]: index of the clip in its video; 0 for a classifier, which takes any moment."""

    def share(self, rank: int, world: int, clips_in_row: int) -> Draw:
        """The clips of process `rank` of `world`; runs of `clips_in_row` clips are not split."""
        # int64 [n]: number of the run of clips that each clip is in
        groups = np.arange(len(self.videos)) // clips_in_row
        mine = groups % world == rank
        return Draw(self.videos[mine], self.clips[mine])


def generator(seed: int, *position: int) -> np.random.Generator:
    """The random generator of a position in the run, such as (epoch, step)."""
    return np.random.default_rng([seed, *position])


def usable_clips(video: TrainVideo) -> NDArray[np.int64]:
    """int64: indices of the clips that have a row of some input (all clips, for frames)."""
    has_row = np.zeros(video.clips, bool)
    # rows of clip i are offsets[i] to offsets[i + 1]
    for entry in video.entries.values():
        has_row |= np.diff(entry.offsets) > 0
    return np.flatnonzero(has_row)


class Drawer:
    """Draws the steps of every epoch.

    Args:
        videos: videos of the training split.
        settings: settings of the run.

    Raises:
        InputError: no clip can be drawn, or the usable videos are of fewer than two classes.
    """

    def __init__(self, videos: Sequence[TrainVideo], settings: TrainSettings) -> None:
        self._settings = settings
        self._usable = [usable_clips(video) for video in videos]
        self._labels = np.array([video.label for video in videos], np.int64)
        self._videos = self._usable_videos(videos)
        self._flat: list[NDArray[np.int64]] | None = None

        # a single class gives no information to any objective
        classes = {int(self._labels[i]) for i in self._videos}
        if len(classes) < 2:
            found = ", all of one class" if classes else ""
            hint = _HINTS.get(settings.objective) or _HINTS.get(settings.target)
            raise InputError(
                f"{len(self._videos)} of {len(videos)} training videos can be used for training"
                f"{found}",
                code="too-few-training-videos",
                hint=hint or "two classes are needed",
            )

    def _usable_videos(self, videos: Sequence[TrainVideo]) -> list[int]:
        """Indices of the videos that a step can learn from."""
        if not self._settings.needs_probabilities:
            return [i for i, usable in enumerate(self._usable) if len(usable)]

        # clips of equal f_y give no pair for SAL-RANK, and no top K for SAL-CL
        gap = self._settings.gap if self._settings.objective == "sal-rank" else 0.0
        found = []
        for i, video in enumerate(videos):
            if len(self._usable[i]) > 1 and np.ptp(video.saliency_target) > gap:
                found.append(i)
        return found

    def steps(self, epoch: int) -> list[Draw]:
        """The steps of an epoch, each of about `batch` clips."""
        settings = self._settings
        rng = generator(settings.seed, 1, epoch)
        draw = self._clips_of_videos if settings.needs_probabilities else self._balanced
        if draw == self._balanced and settings.frozen:
            draw = self._balanced_at_once
        return [draw(rng) for _ in range(max(1, settings.per_epoch // settings.batch))]

    def _balanced(self, rng: np.random.Generator) -> Draw:
        """A step with all classes equally likely."""
        size = self._settings.batch
        # indices of the usable videos of each class
        by_class = [
            np.array([i for i in self._videos if self._labels[i] == label])
            for label in np.unique(self._labels[self._videos])
        ]
        # any frame can be the start, so that all videos of a class count the same
        if self._settings.target == "classifier":
            videos = [
                int(rng.choice(by_class[int(rng.integers(len(by_class)))])) for _ in range(size)
            ]
            return Draw(np.array(videos, np.int64), np.zeros(size, np.int64))

        # within a class each clip is equally likely, so a video counts by its usable clips
        shares = []
        for members in by_class:
            counts = np.array([len(self._usable[i]) for i in members], np.float64)
            shares.append(counts / counts.sum())
        classes = rng.integers(len(by_class), size=size)
        drawn = [int(rng.choice(by_class[label], p=shares[label])) for label in classes]
        clips = [rng.choice(self._usable[i]) for i in drawn]
        return Draw(np.array(drawn, np.int64), np.array(clips, np.int64))

    def _balanced_at_once(self, rng: np.random.Generator) -> Draw:
        """As `_balanced`, for the steps of a frozen trunk, which take a millisecond.

        It draws other random numbers than `_balanced`, which stays as it is so that earlier runs
        can be repeated.
        """
        if self._flat is None:
            self._flat = self._flat_clips()
        size = self._settings.batch
        classes = rng.integers(len(self._flat), size=size)
        places = rng.random(size)
        drawn = np.empty((size, 2), np.int64)
        for number, members in enumerate(self._flat):
            mine = classes == number
            drawn[mine] = members[(places[mine] * len(members)).astype(np.int64)]
        return Draw(drawn[:, 0], drawn[:, 1])

    def _flat_clips(self) -> list[NDArray[np.int64]]:
        """What is drawn from, by class: int64 [n, 2], video and clip, each equally likely."""
        by_class: dict[int, list[NDArray[np.int64]]] = {}
        for i in self._videos:
            # a classifier takes any moment of a video
            is_classifier = self._settings.target == "classifier"
            clips = np.zeros(1, np.int64) if is_classifier else self._usable[i]
            pairs = np.stack([np.full_like(clips, i), clips], axis=1)
            by_class.setdefault(int(self._labels[i]), []).append(pairs)
        return [np.concatenate(by_class[label]) for label in sorted(by_class)]

    def _clips_of_videos(self, rng: np.random.Generator) -> Draw:
        """A step of `clips_per_video` clips in a row of each drawn video."""
        each = self._settings.clips_per_video
        # int64: indices of videos
        drawn = rng.choice(self._videos, max(1, self._settings.batch // each), replace=True)
        clips = []
        for i in drawn:
            usable = self._usable[i]
            # a short video repeats clips, so that each has the same number
            clips.append(rng.choice(usable, each, replace=len(usable) < each))
        return Draw(np.repeat(drawn, each).astype(np.int64), np.concatenate(clips).astype(np.int64))


def in_oracle(videos: Sequence[TrainVideo], draw: Draw, k: int) -> NDArray[np.bool_]:
    """bool [n]: whether each clip is in the oracle's top K of its video (SAL-CL)."""
    tops = {}
    # one ranking for each video of the step
    for i in np.unique(draw.videos):
        video = videos[i]
        top = oracle(video.probabilities, int(video.classifier_label or 0), k)
        tops[int(i)] = set(top.tolist())
    pairs = zip(draw.videos.tolist(), draw.clips.tolist(), strict=True)
    return np.array([clip in tops[i] for i, clip in pairs], np.bool_)
