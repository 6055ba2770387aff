"""`bench`: video accuracy of every strategy against dense evaluation and the oracle (Sec. 4.1, Table 5).

Scores and the classifier's dense clip probabilities are computed once for each video; every strategy is then replayed from them,
so that the costly classifier runs once. Time is measured in that one run: a strategy's cost is reading and scoring (where it
scores) plus its clips' share of the dense classification time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from scsampler_cli.classifiers.base import ClipClassifier
from scsampler_cli.config import STRATEGIES, FeatureSettings
from scsampler_cli.datasets.example import Example
from scsampler_cli.errors import ScsamplerError
from scsampler_cli.replay import ORACLE, Known, is_right, taken
from scsampler_cli.selection import BASELINES
from scsampler_cli.video import Progress, Samplers, Video, classify_clips, scores_of

COMPARED = tuple(name for name in STRATEGIES if name != "empirical")
"""All but the one that needs a training set's histogram."""


@dataclass(frozen=True)
class Evaluated(Known):
    """What is known of one video, and how long it took to know it."""

    score_s: float
    classify_s: float


Failed = Callable[[Example, ScsamplerError], None]


def evaluate(
    examples: Iterable[Example],
    samplers: Samplers,
    classifier: ClipClassifier,
    features: FeatureSettings,
    progress: Progress,
    failed: Failed,
) -> list[Evaluated]:
    """Score and densely classify every video whose label the classifier knows; the others go to `failed`."""
    found = []
    for example in examples:
        try:
            found.append(_evaluate(example, samplers, classifier, features, progress))
        except ScsamplerError as error:
            failed(example, error)
    return found


def _evaluate(
    example: Example,
    samplers: Samplers,
    classifier: ClipClassifier,
    features: FeatureSettings,
    progress: Progress,
) -> Evaluated:
    if example.label not in classifier.labels:
        known = ", ".join(classifier.labels[:6])
        raise ScsamplerError(
            f"{classifier.name} does not know the label {example.label!r}", hint=f"it knows {known} ..."
        )
    start = time.perf_counter()
    video = Video(example.path, classifier.spec.frames, classifier.spec.stride)
    scores = scores_of(video, samplers, features, 1, progress)
    middle = time.perf_counter()
    probabilities = classify_clips(video, range(len(video.grid)), classifier, progress=progress)
    end = time.perf_counter()
    target = classifier.labels.index(example.label)
    return Evaluated(target, scores, np.nan_to_num(probabilities), middle - start, end - middle)


def tabulate(videos: list[Evaluated], k: int, seed: int = 0) -> list[dict[str, Any]]:
    """One row for each strategy: accuracy, clips classified and seconds per video.

    Args:
        videos: what `evaluate` returned, at least one.
        k: K.
        seed: of the random strategy.
    """
    rows = []
    for strategy in (*COMPARED, ORACLE):
        chosen = [taken(video, strategy, k, seed) for video in videos]
        right = [is_right(video, clips) for video, clips in zip(videos, chosen, strict=True)]
        spent = [
            (0.0 if strategy in BASELINES or strategy == ORACLE else video.score_s)
            + video.classify_s * (1.0 if strategy == ORACLE else len(clips) / len(video.probabilities))
            for video, clips in zip(videos, chosen, strict=True)
        ]
        rows.append(
            {
                "strategy": strategy,
                "accuracy": round(float(np.mean(right)), 4),
                "videos": len(videos),
                "clips_per_video": round(float(np.mean([len(clips) for clips in chosen])), 1),
                "seconds_per_video": round(float(np.mean(spent)), 3),
            }
        )
    return rows
