"""Validation of a network in training by the measure that counts: video accuracy with K clips.

A sampler selects K clips of each video, and the classifier's ClipProbs of these are averaged.
Uniform, Random, Dense and the oracle on the same videos are the baselines (Sec. 4.1.1). A
classifier is measured on the clips of the regular grid.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from scsampler_cli.config import VISUAL, FeatureSettings
from scsampler_cli.model_zoo.weights_info import WeightsInfo
from scsampler_cli.samplers.scoring import SamplerNetwork
from scsampler_cli.selection.aggregate import best_first
from scsampler_cli.selection.aggregate import mean as mean_of
from scsampler_cli.selection.oracle import ORACLE, ScoredVideo, accuracy
from scsampler_cli.selection.scores import ClipScores, averaged, smoothed
from scsampler_cli.train.batches import centre_crops, grid_clips
from scsampler_cli.train.model import Model, architecture_of
from scsampler_cli.train.settings import TrainSettings
from scsampler_cli.train.videos import TrainVideo

BASELINES = ("uniform", "random", "dense", ORACLE)
BATCH = 32
"""Clips in one pass through a network."""


def baselines(videos: Sequence[TrainVideo], settings: TrainSettings) -> dict[str, float]:
    """Video accuracy of the strategies that need no sampler.

    Empty where no video has ClipProbs of its label.
    """
    scored = []
    for video in videos:
        if _has_clip_probs(video):
            # the baselines ignore scores
            no_scores = np.zeros(video.clips, np.float32)
            scored.append(_scored_video(video, no_scores))
    if not scored:
        return {}
    return {
        name: round(accuracy(scored, name, settings.k, seed=settings.seed), 4) for name in BASELINES
    }


def measure(
    model: Model, videos: Sequence[TrainVideo], settings: TrainSettings, *, device: torch.device
) -> dict[str, float]:
    """Validation measures of the model.

    Args:
        model: in evaluation mode during the call.
        videos: videos of the validation split.
        settings: settings of the run.
        device: device of the model.

    Returns:
        "video_accuracy" (with the K clips that the sampler selects; of a classifier with all clips)
        where videos have ClipProbs, and "clip_accuracy" for "ac".
    """
    # batch normalisation and dropout differ in evaluation mode
    was_training = model.training
    model.eval()
    measures: dict[str, float] = {}
    with torch.inference_mode():
        if settings.target == "classifier":
            measures = _measure_classifier(model, videos, settings, device=device)
        else:
            measures = _measure_sampler(model, videos, settings, device=device)
    model.train(was_training)
    return {name: round(value, 4) for name, value in measures.items() if not np.isnan(value)}


def _measure_classifier(
    model: Model, videos: Sequence[TrainVideo], settings: TrainSettings, *, device: torch.device
) -> dict[str, float]:
    clip_hits: list[bool] = []
    video_hits: list[bool] = []
    for video in videos:
        probabilities = clip_log_probabilities(model, video, settings, device=device).exp()
        clip_hits += (probabilities.argmax(dim=1) == video.label).tolist()
        background = probabilities.shape[1] - 1 if settings.background else None
        # a video of no class has no tag to be right about
        if video.label != background:
            # dense classification: the mean over all clips
            mean = mean_of(probabilities.numpy(), background)
            video_hits.append(int(best_first(mean, background)[0]) == video.label)
    return {"video_accuracy": _mean(video_hits), "clip_accuracy": _mean(clip_hits)}


def clip_log_probabilities(
    model: Model, video: TrainVideo, settings: TrainSettings, *, device: torch.device
) -> Tensor:
    """A classifier's log-probabilities of the clips of the regular grid: float32 [L, C].

    Args:
        model: in evaluation mode, and in inference mode.
        video: with frames, or their features.
        settings: settings of the run.
        device: device of the model.
    """
    # `video.clips` counts stored frames here: the entry holds frames, not clips
    stored_per_clip = settings.spec.frames * settings.spec.stride // settings.frame_step
    # float32 [n, C] of each batch
    parts = []
    for clips in _batches(max(1, video.clips // stored_per_clip)):
        # [n, 3, F, h, w], or features [n, F, 1280]
        values = grid_clips(video, settings, clips).to(device)
        rows = torch.arange(len(clips), device=device)
        parts.append(model({"classifier": (values, rows)}, len(clips)).cpu())
    return torch.cat(parts)


def _measure_sampler(
    model: Model, videos: Sequence[TrainVideo], settings: TrainSettings, *, device: torch.device
) -> dict[str, float]:
    networks = [_sampler_network(model, kind, settings, device=device) for kind in settings.kinds]
    scored: list[ScoredVideo] = []
    clip_hits: list[bool] = []
    for video in videos:
        scores = []
        for network in networks:
            raw, hits = _score(network, video, frozen=settings.frozen)
            scores.append(_smooth_if_visual(raw, network.kind))
            clip_hits += hits
        if _has_clip_probs(video):
            scored.append(_scored_video(video, _average(np.stack(scores), settings.kinds)))
    # NaN without such videos, which `measure` drops
    measures = {"video_accuracy": accuracy(scored, "visual", settings.k)}
    if settings.objective == "ac":
        measures["clip_accuracy"] = _mean(clip_hits)
    return measures


def _sampler_network(
    model: Model, kind: str, settings: TrainSettings, *, device: torch.device
) -> SamplerNetwork:
    """The network in the form in which `classify` runs it."""
    return SamplerNetwork(
        kind,
        architecture_of(settings, kind),
        settings.objective,
        network=model.scorer(kind),
        info=WeightsInfo("under training", None),
        device=device,
        dtype=model.dtype_of(kind),
        background=model.classes - 1 if settings.background else None,
    )


def _score(
    network: SamplerNetwork, video: TrainVideo, *, frozen: bool
) -> tuple[NDArray[np.float32], list[bool]]:
    """Score all clips of a video.

    Returns:
        float32 [L], NaN where a clip lacks the input; and for each of the other clips whether its
        most probable class is the video's (for AC).
    """
    scores: list[float] = []
    hits: list[bool] = []
    for clips in _batches(video.clips):
        inputs: list[Tensor] = [
            centre_crops(video, network.kind, clip, frozen=frozen) for clip in clips
        ]
        for probabilities in network.clip_probabilities(inputs):
            if probabilities is None:
                scores.append(float("nan"))
            else:
                scores.append(network.saliency_of(probabilities))
                hits.append(int(probabilities.argmax()) == video.label)
    return np.array(scores, np.float32), hits


def _smooth_if_visual(scores: NDArray[np.float32], kind: str) -> NDArray[np.float32]:
    """The scores of all clips as `classify` compares them by default."""
    if kind in VISUAL and FeatureSettings(inputs=(kind,)).smoothed:
        return smoothed(scores, np.arange(len(scores), dtype=np.int64))
    return scores


def _batches(count: int) -> Iterator[range]:
    """0 ... count - 1 in runs of BATCH."""
    return (range(start, min(start + BATCH, count)) for start in range(0, count, BATCH))


def _average(scores: NDArray[np.float32], kinds: Sequence[str]) -> NDArray[np.float32]:
    """Mean over the visual inputs, then over visual and audio (Sec. 3.3.3).

    Args:
        scores: float32 [networks, L].
        kinds: input of each network.

    Returns:
        float32 [L]; NaN where a clip has no input.
    """
    # bool [networks]
    is_visual = np.array([kind in VISUAL for kind in kinds])
    parts = [averaged(scores[mask].T) for mask in (is_visual, ~is_visual) if mask.any()]
    return averaged(np.stack(parts, axis=1)).astype(np.float32)


def _scored_video(video: TrainVideo, scores: NDArray[np.float32]) -> ScoredVideo:
    """The video with its ClipProbs and the scores of its clips, for the measures of `oracle`."""
    assert video.probabilities is not None
    clips = np.arange(video.clips, dtype=np.int64)
    return ScoredVideo(
        int(video.classifier_label or 0),
        ClipScores(clips, video.clips, visual=scores),
        video.probabilities,
        background=video.classifier_background,
    )


def _has_clip_probs(video: TrainVideo) -> bool:
    """True for a video with ClipProbs of a classifier that has its label."""
    return video.probabilities is not None and video.classifier_label is not None


def _mean(hits: Sequence[bool]) -> float:
    return float(np.mean(hits)) if hits else float("nan")


def best_of(measures: dict[str, Any]) -> float:
    """The measure by which epochs are compared.

    Video accuracy, with clip accuracy to break a tie; clip accuracy where there is no video
    accuracy; -1 where nothing was measured.
    """
    # the factor is smaller than one video among 10,000
    if "video_accuracy" in measures:
        return float(measures["video_accuracy"]) + 1e-4 * float(measures.get("clip_accuracy", 0.0))
    return float(measures.get("clip_accuracy", -1.0))
