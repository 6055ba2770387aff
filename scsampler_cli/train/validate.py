"""What a network under training is worth on the validation videos, by the actual measure: video accuracy with K clips.

A sampler chooses K clips of each video, the classifier's ClipProbs of these are averaged; beside it stand Uniform, Random, Dense
and the oracle on the same videos (Sec. 4.1.1). A classifier is measured on the clips of the regular grid.
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
from scsampler_cli.selection.oracle import ORACLE, Known, accuracy
from scsampler_cli.selection.scores import ClipScores, averaged, smoothed
from scsampler_cli.train.batches import centre_crops, grid_clips
from scsampler_cli.train.model import Model, architecture_of
from scsampler_cli.train.settings import TrainSettings
from scsampler_cli.train.videos import TrainVideo

BASELINES = ("uniform", "random", "dense", ORACLE)
BATCH = 32
"""Clips judged at once."""


def baselines(videos: Sequence[TrainVideo], settings: TrainSettings) -> dict[str, float]:
    """Video accuracy of the strategies that need no sampler; empty without a teacher that knows the labels."""
    known = [
        _known(video, np.zeros(video.clips, np.float32), "visual")
        for video in videos
        if _judged(video)
    ]
    if not known:
        return {}
    return {
        name: round(accuracy(known, name, settings.k, seed=settings.seed), 4) for name in BASELINES
    }


def measure(
    model: Model, videos: Sequence[TrainVideo], settings: TrainSettings, *, device: torch.device
) -> dict[str, float]:
    """Measures of the model as it is.

    Args:
        model: set to evaluation for the time.
        videos: of the validation split.
        settings: of the run.
        device: where it runs.

    Returns:
        "video_accuracy" (with the K clips that the sampler chooses; of a classifier with all clips) where it can be told, and
        "clip_accuracy" for "ac".
    """
    training = model.training
    model.eval()
    with torch.inference_mode():
        found = (
            _classifier(model, videos, settings, device=device)
            if settings.target == "classifier"
            else None
        )
        found = found or _sampler(model, videos, settings, device=device)
    model.train(training)
    return {name: round(value, 4) for name, value in found.items() if not np.isnan(value)}


def _classifier(
    model: Model, videos: Sequence[TrainVideo], settings: TrainSettings, *, device: torch.device
) -> dict[str, float]:
    span = settings.spec.frames * settings.spec.stride
    clip_hits, video_hits = [], []
    for video in videos:
        parts = []
        for clips in _runs(max(1, video.clips // span)):
            values = grid_clips(video, settings, clips).to(device)
            rows = torch.arange(len(clips), device=device)
            parts.append(model({"classifier": (values, rows)}, len(clips)).exp().cpu())
        probabilities = torch.cat(parts)
        clip_hits += (probabilities.argmax(dim=1) == video.label).tolist()
        video_hits.append(int(probabilities.mean(dim=0).argmax()) == video.label)
    return {"video_accuracy": _mean(video_hits), "clip_accuracy": _mean(clip_hits)}


def _sampler(
    model: Model, videos: Sequence[TrainVideo], settings: TrainSettings, *, device: torch.device
) -> dict[str, float]:
    networks = [_scorer(model, kind, settings, device=device) for kind in settings.kinds]
    known: list[Known] = []
    hits: list[bool] = []
    for video in videos:
        by_network = np.stack(
            [_as_chosen_by(_scores(network, video, hits), network.kind) for network in networks]
        )
        if _judged(video):
            known.append(_known(video, _joined(by_network, settings.kinds), "visual"))
    found = {"video_accuracy": accuracy(known, "visual", settings.k)}
    return {**found, "clip_accuracy": _mean(hits)} if settings.objective == "ac" else found


def _scorer(
    model: Model, kind: str, settings: TrainSettings, *, device: torch.device
) -> SamplerNetwork:
    """The network as `classify` runs it."""
    network, info = model.networks[kind], WeightsInfo("under training", None)
    return SamplerNetwork(
        kind,
        architecture_of(settings, kind),
        settings.objective,
        network=network,
        info=info,
        device=device,
        dtype=model.dtype_of(kind),
    )


def _scores(network: SamplerNetwork, video: TrainVideo, hits: list[bool]) -> NDArray[np.float32]:
    """float32 [L], NaN where a clip lacks the input; appends to `hits` whether AC names each clip right."""
    scores = []
    for batch in _batches(video, network.kind):
        per_clip = network.clip_probabilities(batch)
        scores += [float(p.max()) if p is not None else float("nan") for p in per_clip]
        hits += [int(p.argmax()) == video.label for p in per_clip if p is not None]
    return np.array(scores, np.float32)


def _as_chosen_by(scores: NDArray[np.float32], kind: str) -> NDArray[np.float32]:
    """The scores of all clips as `classify` goes by them."""
    is_smoothed = kind in VISUAL and FeatureSettings().smoothed
    return smoothed(scores, np.arange(len(scores), dtype=np.int64)) if is_smoothed else scores


def _batches(video: TrainVideo, kind: str) -> Iterator[list[Tensor]]:
    for clips in _runs(video.clips):
        yield [centre_crops(video, kind, clip) for clip in clips]


def _runs(count: int) -> Iterator[range]:
    """0 ... count - 1 in runs of BATCH."""
    return (range(start, min(start + BATCH, count)) for start in range(0, count, BATCH))


def _joined(by_network: NDArray[np.float32], kinds: Sequence[str]) -> NDArray[np.float32]:
    """Mean over the visual inputs, then over picture and sound (Sec. 3.3.3); NaN where a clip has neither."""
    is_visual = np.array([kind in VISUAL for kind in kinds])
    parts = [averaged(by_network[mask].T) for mask in (is_visual, ~is_visual) if mask.any()]
    return averaged(np.stack(parts, axis=1)).astype(np.float32)


def _known(video: TrainVideo, scores: NDArray[np.float32], modality: str) -> Known:
    clips = np.arange(video.clips, dtype=np.int64)
    assert video.probabilities is not None  # of all that are judged
    by_modality: dict[str, Any] = {modality: scores}
    found = ClipScores(clips, video.clips, **by_modality)
    return Known(int(video.target or 0), found, video.probabilities)


def _judged(video: TrainVideo) -> bool:
    return video.probabilities is not None and video.target is not None


def _mean(hits: Sequence[bool]) -> float:
    return float(np.mean(hits)) if hits else float("nan")


def best_of(measures: dict[str, Any]) -> float:
    """The measure by which epochs are compared: video accuracy, the clips' to break a tie; -1 where nothing was measured."""
    if "video_accuracy" in measures:
        return float(measures["video_accuracy"]) + 1e-4 * float(measures.get("clip_accuracy", 0.0))
    return float(measures.get("clip_accuracy", -1.0))
