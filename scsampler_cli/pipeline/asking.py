"""The classifier on the clips that a chooser proposes, until it has enough answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.classifiers.base import ClipClassifier, background_of
from scsampler_cli.config import AnswerSettings, SelectionSettings
from scsampler_cli.pipeline.clip_inference import classify_clips
from scsampler_cli.pipeline.video import Progress, Video
from scsampler_cli.selection.chooser import Chooser
from scsampler_cli.selection.stopping import why_settled


@dataclass(frozen=True)
class Answers:
    """The classifier's answers on the clips that it was asked about."""

    clips: NDArray[np.int64]
    """int64 [n], in the order in which they were asked."""
    probabilities: NDArray[np.float32]
    """float32 [n, C]; a row of NaN for a clip that could not be decoded."""
    stopped: str | None = None
    """Why no more clips were asked; None where their number was fixed."""

    @property
    def decoded(self) -> NDArray[np.float32]:
        """float32 [m, C]: the answers without clips that could not be decoded."""
        return self.probabilities[~np.isnan(self.probabilities).any(axis=1)]


def ask(
    video: Video,
    classifier: ClipClassifier,
    chooser: Chooser,
    *,
    selection: SelectionSettings,
    answer: AnswerSettings,
    progress: Progress,
) -> Answers:
    """Classify the proposed clips, round by round.

    Args:
        video: the video.
        classifier: the clip classifier (f in the paper).
        chooser: proposes clips, and gets the answers.
        selection: K, and whether fewer clips may be enough.
        answer: how the answers are aggregated, on which it depends whether they are enough.
        progress: called after every clip.
    """
    clips: list[int] = []
    rows: list[NDArray[np.float32]] = []
    total = min(selection.k, len(video.grid))
    while len(proposed := chooser.propose()):
        found = classify_clips(
            video, proposed.tolist(), classifier, progress=_after(progress, len(clips), total)
        )
        chooser.observe(proposed, found)
        clips += proposed.tolist()
        rows += list(found)
        answers = Answers(np.array(clips, np.int64), np.stack(rows))
        if selection.stops_early:
            stopped = why_settled(
                answers.decoded,
                total - len(answers.decoded),
                aggregate=answer.aggregate,
                background=background_of(classifier),
            )
            if stopped:
                return Answers(answers.clips, answers.probabilities, stopped)
    stacked = np.stack(rows) if rows else np.zeros((0, len(classifier.labels)), np.float32)
    why = "all clips were asked" if len(clips) == len(video.grid) else "the largest number of clips"
    return Answers(np.array(clips, np.int64), stacked, why if selection.stops_early else None)


def _after(progress: Progress, before: int, total: int) -> Progress:
    """The same progress in a later round: clips of earlier rounds count as done."""

    def report(stage: str, done: int, _: int) -> None:
        # a clip that could not be decoded is replaced, so that more than K may be asked
        progress(stage, min(before + done, total), total)

    return report
