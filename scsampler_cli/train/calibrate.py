"""Calibration of a classifier: its confidence is to equal its accuracy.

One number, the temperature T, divides all logits (Guo et al., 2017). It is fitted on the validation
videos after training, and goes into the last layer: a reader of the file need not know it.
The expected calibration error (ECE) says how far the largest probability of an answer is from the
share of right answers.

Not handled here: the temperature that a user gives in addition (`classifiers.adjusted`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from scsampler_cli.classifiers.networks import architecture
from scsampler_cli.train.model import Model, architecture_of
from scsampler_cli.train.settings import TrainSettings
from scsampler_cli.train.validate import clip_log_probabilities
from scsampler_cli.train.videos import TrainVideo

BINS = 15
"""Bins of equal width in which confidence and accuracy are compared (Guo et al.)."""
LIMITS = (0.05, 20.0)
"""Lowest and highest temperature."""
_DIGITS = 4
_GOLDEN = (math.sqrt(5) - 1) / 2
_ROUNDS = 60
"""Of a search; each leaves 62 % or less of the interval."""


@dataclass(frozen=True)
class Answers:
    """What a classifier says of the clips of the validation videos."""

    log_p: NDArray[np.float64]
    """[N, C]: log-probabilities of all clips."""
    labels: NDArray[np.int64]
    """[N]: the true class of each clip."""
    videos: NDArray[np.int64]
    """[N]: number of the video of each clip, from 0 without a gap."""

    @property
    def weights(self) -> NDArray[np.float64]:
        """[N]: the weight of each clip; those of a video sum up to 1 / number of videos."""
        sizes = np.bincount(self.videos)
        share: NDArray[np.float64] = 1 / sizes[self.videos] / len(sizes)
        return share

    def probabilities(self, temperature: float = 1.0) -> NDArray[np.float64]:
        """[N, C]: probabilities of the clips with their logits divided by the temperature."""
        # a softmax of log-probabilities is one of logits
        scaled = self.log_p / temperature
        powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
        shares: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
        return shares

    def of_videos(
        self, temperature: float = 1.0
    ) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
        """Probabilities [V, C], the mean over the clips of each video; labels [V]; weights [V]."""
        sizes = np.bincount(self.videos)
        sums = np.zeros((len(sizes), self.log_p.shape[1]))
        np.add.at(sums, self.videos, self.probabilities(temperature))
        labels = np.zeros(len(sizes), np.int64)
        labels[self.videos] = self.labels
        return sums / sizes[:, None], labels, np.full(len(sizes), 1 / len(sizes))


def calibration_error(
    probabilities: NDArray[np.floating[Any]],
    labels: NDArray[np.integer[Any]],
    weights: NDArray[np.floating[Any]] | None = None,
) -> float:
    """Expected calibration error: the mean over BINS bins of |accuracy - mean confidence|.

    Args:
        probabilities: [N, C].
        labels: [N].
        weights: [N], with the sum 1; None for equal ones.

    Example: four answers of probability 0.9, three of them right -> |0.75 - 0.9| = 0.15.
    """
    confidence = probabilities.max(axis=1)
    hits = probabilities.argmax(axis=1) == labels
    share = np.full(len(labels), 1 / len(labels)) if weights is None else weights
    # bins (0, 1/15], (1/15, 2/15], ...
    bins = np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)
    gaps = np.bincount(bins, share * (hits - confidence), BINS)
    return float(np.abs(gaps).sum())


def fit_temperature(answers: Answers) -> float:
    """The temperature with the least negative log likelihood; every video counts the same.

    If all of a few videos are classified correctly, that would be a temperature near 0, and every
    probability near 1. So a temperature below 1 must leave the mean confidence at most
    (V + 1) / (V + 2) for V videos, the probability that the rule of succession gives to a further
    right answer.
    """
    weights, rows = answers.weights, np.arange(len(answers.labels))

    def loss(log_t: float) -> float:
        p = answers.probabilities(math.exp(log_t))[rows, answers.labels]
        return float(-(weights * np.log(np.maximum(p, 1e-300))).sum())

    def is_too_sure(log_t: float) -> bool:
        confidence = answers.probabilities(math.exp(log_t)).max(axis=1)
        return float((weights * confidence).sum()) > most

    videos = int(answers.videos.max()) + 1
    most = (videos + 1) / (videos + 2)
    best = _lowest(loss, math.log(LIMITS[0]), math.log(LIMITS[1]))
    # the confidence falls as the temperature rises; the logarithm of 1 is 0
    high = 0.0
    for _ in range(_ROUNDS if best < high and is_too_sure(best) else 0):
        middle = (best + high) / 2
        best, high = (middle, high) if is_too_sure(middle) else (best, middle)
    return math.exp(best)


def _lowest(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a function with a single minimum has it, by golden section."""
    for _ in range(_ROUNDS):
        left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        if function(left) <= function(right):
            high = right
        else:
            low = left
    return (low + high) / 2


def answers_of(
    model: Model, videos: Sequence[TrainVideo], settings: TrainSettings, *, device: torch.device
) -> Answers:
    """What the classifier of a run says of the clips of videos."""
    was_training = model.training
    model.eval()
    with torch.inference_mode():
        parts = [
            clip_log_probabilities(model, video, settings, device=device).double().numpy()
            for video in videos
        ]
    model.train(was_training)
    sizes = [len(part) for part in parts]
    return Answers(
        np.concatenate(parts),
        np.repeat([video.label for video in videos], sizes),
        np.repeat(np.arange(len(videos)), sizes),
    )


def with_temperature(
    networks: Mapping[str, Tensor], settings: TrainSettings, temperature: float
) -> dict[str, Tensor]:
    """The state dict of a `Model` with the last layer of its classifier divided by T."""
    layer = f"networks.classifier.{architecture(architecture_of(settings, 'classifier')).head}"
    changed = dict(networks)
    for name in (f"{layer}.weight", f"{layer}.bias"):
        if name in networks:
            changed[name] = networks[name] / temperature
    return changed


def record(answers: Answers, temperature: float) -> dict[str, Any]:
    """The calibration for the metadata of a weight file.

    ECE is over clips, in which every video has the same weight, and over videos: the mean over the
    clips of each.
    """
    found: dict[str, Any] = {"temperature": round(temperature, _DIGITS)}
    for when, value in (("before", 1.0), ("after", temperature)):
        clips = calibration_error(answers.probabilities(value), answers.labels, answers.weights)
        found[f"ece_{when}"] = round(clips, _DIGITS)
        found[f"video_ece_{when}"] = round(calibration_error(*answers.of_videos(value)), _DIGITS)
    counts = {"clips": len(answers.labels), "videos": int(answers.videos.max()) + 1}
    return {**found, "bins": BINS, **counts}


def right_by_class(
    answers: Answers,
    temperature: float,
    labels: Sequence[str],
    *,
    background: int | None = None,
) -> dict[str, dict[str, int]]:
    """Videos and right answers of each class, as dense classification tags them.

    The background is no tag: a video of a class is right if its class is the most probable one of
    the others, and a video of the background if background is.

    Args:
        answers: of the validation videos.
        temperature: divisor of the logits.
        labels: C class names.
        background: its column.

    Example: {"Archery": {"videos": 10, "right": 9}}; a class without a video is left out.
    """
    probabilities, true, _ = answers.of_videos(temperature)
    tags = probabilities.copy()
    if background is not None:
        # a video of the background has no tag to be right about
        tags[true != background, background] = -np.inf
    hits = tags.argmax(axis=1) == true
    found = {}
    for number, label in enumerate(labels):
        mine = true == number
        if mine.any():
            found[label] = {"videos": int(mine.sum()), "right": int(hits[mine].sum())}
    return found
