"""Settings as a record lists them: JSON names, defaults replaced by the values in force.

A record depends on its file, the weights and these settings, and on nothing else. Limits are not
listed: within the limits they change nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from scsampler_cli.classifiers.base import (
    ClipClassifier,
    InputSpec,
    background_of,
    is_multi_label,
    output_settings_of,
)
from scsampler_cli.config import AnswerSettings, FeatureSettings, ReadSettings, SelectionSettings
from scsampler_cli.pipeline.sampler_choice import KINDS, needed_samplers
from scsampler_cli.samplers.scoring import Samplers
from scsampler_cli.selection.search import AskedClip
from scsampler_cli.selection.segment_search import SegmentSearch
from scsampler_cli.text import score

Settings = dict[str, Any]


def of_classify(
    features: FeatureSettings,
    selection: SelectionSettings,
    answer: AnswerSettings,
    *,
    top: int,
    reading: ReadSettings,
    samplers: Samplers,
    segments: SegmentSearch | None = None,
) -> Settings:
    """Settings of `pipeline.stages.classify`."""
    # m counts for one aggregate only: null elsewhere, so that equal results have equal settings
    top_m = answer.m if answer.aggregate == "top-mean" else None
    return {
        "features": _of_features(features, used_samplers(samplers, selection, segments)),
        "selection": _of_selection(selection),
        # no limit is null, however it was requested
        "answer": {
            **asdict(answer),
            "top_m": top_m,
            "min_probability": answer.min_probability or None,
        },
        "segments": None if segments is None else segments.record(),
        "reading": _of_reading(reading),
        "top": top,
    }


def with_answers(settings: Settings, asked: Sequence[AskedClip], stopped: str | None) -> Settings:
    """Settings with what happened in one video, where the answers decided which clips were asked.

    Args:
        settings: of `of_classify`.
        asked: all clips that were asked, in order.
        stopped: why no more clips were asked; None where their number was fixed.
    """
    selection = settings["selection"]
    if selection["strategy"] != "search" and stopped is None:
        return settings
    found = [
        {
            "clip": each.clip,
            "predicted": score(each.predicted),
            "observed": score(each.observed),
        }
        for each in asked
    ]
    return {**settings, "selection": {**selection, "asked": found, "stopped": stopped}}


def of_score(
    features: FeatureSettings,
    selection: SelectionSettings,
    reading: ReadSettings,
    *,
    samplers: Samplers,
    stride: int | None = None,
) -> Settings:
    """Settings of `pipeline.stages.score`. `stride` is the clip stride of a feature file, which
    overrides that of the selection.
    """
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


def used_samplers(
    samplers: Samplers, selection: SelectionSettings, segments: SegmentSearch | None = None
) -> Samplers:
    """The samplers that the selection needs (`pipeline.sampler_choice.needed_samplers`), or the
    segments.
    """
    needed = needed_samplers(selection)
    unused: dict[str, Any] = {kind: None for kind in KINDS if kind not in needed}
    if not selection.needs_pictures and not (segments and segments.needs_pictures):
        unused["pictures"] = None
    return replace(samplers, **unused)


def of_classifier(classifier: ClipClassifier) -> Settings:
    """Name, weights and clip geometry of a classifier, and its background class if it has one."""
    background = background_of(classifier)
    named: Settings = {} if background is None else {"background": classifier.labels[background]}
    # of a text-image model alone: a reader cannot guess them from the labels
    answer = output_settings_of(classifier)
    named |= {name: answer[name] for name in ("prompts", "background_labels") if name in answer}
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
        **named,
    }


def identity_of(classifier: ClipClassifier) -> Settings:
    """All that the outputs of a classifier depend on."""
    facts = of_classifier(classifier)
    # the digest identifies the weights: a renamed file must not count as another one
    if facts["sha256"]:
        del facts["weights"]
    # a digest: Sports-1M has 487 class names
    labels = "\n".join(classifier.labels).encode("utf-8", "surrogateescape")
    spec = asdict(classifier.spec)
    # newer than the records of earlier versions, which can be continued where they have defaults
    for name in ("interpolation", "rounding"):
        if spec[name] == getattr(InputSpec, name):
            del spec[name]
    return {
        **facts,
        "spec": spec,
        "labels": hashlib.sha256(labels).hexdigest(),
        **output_settings_of(classifier),
    }


def _of_features(features: FeatureSettings, samplers: Samplers) -> Settings:
    """Settings of the features that the samplers use."""
    # what runs, not what the user listed: unused inputs are not computed
    inputs: list[str] = []
    for sampler in (samplers.visual, samplers.audio, samplers.packets):
        if sampler:
            inputs += sampler.inputs
    if samplers.pictures and "rgb" not in inputs:
        inputs.append("rgb")
    return {**asdict(features), "inputs": inputs}


def _of_selection(selection: SelectionSettings) -> Settings:
    settings = asdict(selection)
    # null for a strategy that does not use them
    settings["k_visual"] = selection.visual_share if selection.strategy == "av-union-list" else None
    settings["alpha"] = selection.weight if "convex" in selection.strategy else None
    return settings


def _of_reading(reading: ReadSettings) -> Settings:
    return {
        "video_stream": reading.video_stream,
        "audio_stream": reading.audio_stream,
        "strict": reading.strict,
    }
