"""Settings as records tell them: names in JSON, defaults resolved to what is in force.

Together they are all that a record depends on beside its file and the weights. Limits are not among them: within them they change
nothing.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, replace
from typing import Any

from scsampler_cli.classifiers.base import ClipClassifier, is_multi_label, output_settings_of
from scsampler_cli.config import AnswerSettings, FeatureSettings, ReadSettings, SelectionSettings
from scsampler_cli.pipeline.sampler_choice import KINDS, needed_samplers
from scsampler_cli.samplers.scoring import Samplers

Settings = dict[str, Any]


def of_classify(
    features: FeatureSettings,
    selection: SelectionSettings,
    answer: AnswerSettings,
    *,
    top: int,
    reading: ReadSettings,
    samplers: Samplers,
) -> Settings:
    """Settings of `pipeline.stages.classify`."""
    top_m = answer.m if answer.aggregate == "top-mean" else None
    return {
        "features": _of_features(features, used(samplers, selection)),
        "selection": _of_selection(selection),
        "answer": {**asdict(answer), "top_m": top_m},
        "reading": _of_reading(reading),
        "top": top,
    }


def of_score(
    features: FeatureSettings,
    selection: SelectionSettings,
    reading: ReadSettings,
    *,
    samplers: Samplers,
    stride: int | None = None,
) -> Settings:
    """Settings of `pipeline.stages.score`; `stride` is that of a feature file, where it has one of its own."""
    clip_stride = selection.clip_stride if stride is None else stride
    return {
        "features": _of_features(features, samplers),
        "selection": {**_of_selection(selection), "clip_stride": clip_stride},
        "reading": _of_reading(reading),
    }


def of_extract(
    features: FeatureSettings,
    clip_frames: int,
    frame_stride: int,
    *,
    clip_stride: int,
    reading: ReadSettings,
) -> Settings:
    """Settings of `pipeline.stages.extract`."""
    grid = {"clip_frames": clip_frames, "frame_stride": frame_stride, "clip_stride": clip_stride}
    return {**asdict(features), **grid, "reading": _of_reading(reading)}


def used(samplers: Samplers, selection: SelectionSettings) -> Samplers:
    """Those that the selection goes by (`pipeline.sampler_choice.needed_samplers`)."""
    by = needed_samplers(selection)
    by_kind: dict[str, Any] = {kind: None for kind in KINDS if kind not in by}
    return replace(samplers, **by_kind)


def of_classifier(classifier: ClipClassifier) -> Settings:
    """Which classifier it is, and how it sees a clip."""
    return {
        "name": classifier.name,
        "weights": classifier.weights.source,
        "sha256": classifier.weights.sha256,
        "classes": len(classifier.labels),
        "frames": classifier.spec.frames,
        "stride": classifier.spec.stride,
        "crop": list(classifier.spec.crop),
        "crops": classifier.spec.crops,
        "multi_label": is_multi_label(classifier),
    }


def identity_of(classifier: ClipClassifier) -> Settings:
    """All that its answers depend on: the weights by their digest where they have one, whatever the file is called."""
    known = of_classifier(classifier)
    if known["sha256"]:
        del known["weights"]
    labels = hashlib.sha256(
        "\n".join(classifier.labels).encode("utf-8", "surrogateescape")
    ).hexdigest()
    return {
        **known,
        "spec": asdict(classifier.spec),
        "labels": labels,
        **output_settings_of(classifier),
    }


def _of_features(features: FeatureSettings, samplers: Samplers) -> Settings:
    """Of the features that the samplers look at."""
    inputs = [
        name
        for sampler in (samplers.visual, samplers.audio, samplers.packets)
        if sampler
        for name in sampler.inputs
    ]
    return {**asdict(features), "inputs": inputs}


def _of_selection(selection: SelectionSettings) -> Settings:
    resolved = asdict(selection)
    resolved["k_visual"] = selection.visual_share if selection.strategy == "av-union-list" else None
    resolved["alpha"] = selection.weight if "convex" in selection.strategy else None
    return resolved


def _of_reading(reading: ReadSettings) -> Settings:
    return {
        "video_stream": reading.video_stream,
        "audio_stream": reading.audio_stream,
        "strict": reading.strict,
    }
