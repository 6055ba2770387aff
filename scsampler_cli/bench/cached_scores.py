"""The scores of a video's clips by each network, in the cache.

An entry holds float32 [L, 2] for each network: the score of the clip, and the number of inputs
(frames, or windows of sound) that the network read for it. A picture that several clips share
counts for the first one.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.bench.model_info import ModelFacts
from scsampler_cli.bench.run_data import NetworkFacts
from scsampler_cli.cache.video_cache import Cache, Entry
from scsampler_cli.config import AUDIO, PACKETS, VISUAL, FeatureSettings
from scsampler_cli.errors import FeatureFileError
from scsampler_cli.features import store
from scsampler_cli.features.clip import ClipAudio, ClipPackets, ClipVisual
from scsampler_cli.pipeline.stages import extract
from scsampler_cli.pipeline.video import (
    Progress,
    Video,
    audio_clips,
    packets_by_clip,
    visual_clips,
)
from scsampler_cli.samplers.scoring import SamplerNetwork, build_samplers

SCORES, FEATURES = "scores", "features"
"""Kinds of cache entries."""
Networks = Mapping[str, SamplerNetwork]
"""Networks by name."""


@dataclass(frozen=True)
class ScoreOptions:
    """Where scores are kept, and how features are made; picklable."""

    cache: Cache
    features: FeatureSettings
    """Its `inputs` are ignored: the networks' own inputs are extracted."""
    keep_features: bool
    """True to keep the features on disk: a further network then needs no video."""


def find_scores(path: Path, facts: ModelFacts, options: ScoreOptions) -> dict[str, Entry | None]:
    """The cached scores of a video by network name; None where there are none."""
    found = {}
    for name, network in facts.networks.items():
        key = _score_key(network, facts, options.features)
        found[name] = options.cache.find(path, SCORES, key)
    return found


def _score_key(
    network: NetworkFacts, facts: ModelFacts, features: FeatureSettings
) -> dict[str, Any]:
    """What the scores of a network depend on, besides the video."""
    key: dict[str, Any] = {
        # all GPUs count as one device: "cuda:1" -> "cuda"
        "device": facts.device.partition(":")[0],
        "precision": facts.precision,
        "sha256": network.sha256,
        "grid": list(facts.grid),
        # one weight file gives two kinds of scores
        **({} if network.score is None else {"score": network.score}),
    }
    # packet sizes depend on no setting of the features
    if network.input in PACKETS:
        return {"inputs": PACKETS, **key}
    # one input: the scores of a network do not depend on what else is extracted
    return {**features.of_input(network.input), **key}


def score_video(
    video: Video,
    networks: Networks,
    facts: ModelFacts,
    *,
    options: ScoreOptions,
    progress: Progress,
) -> None:
    """Score all clips of a video by some networks, and store the scores.

    Args:
        video: gets notes on what could not be read.
        networks: the networks to run.
        facts: of all models.
        options: cache and features.
        progress: called with the number of scored clips.
    """

    def of(inputs: tuple[str, ...]) -> Networks:
        return {name: network for name, network in networks.items() if network.kind in inputs}

    def score(sampler: Any, inputs: tuple[str, ...], clips: Iterable[Any]) -> None:
        counting = _InputCounter(clips)
        scores: dict[int, list[float]] = {}
        # kept by clip, and stored when the scores of all clips are there
        for clip, values in sampler.score_each(counting):
            scores[clip] = values
            progress("score", len(scores), len(video.grid))
        # an entry for each network, so that a further network leaves the others as they are
        rows = {
            name: _rows(i, network.kind, scores, counter=counting)
            for i, (name, network) in enumerate(of(inputs).items())
        }
        _store(video, rows, facts, options=options)

    samplers = build_samplers(networks.values())
    if samplers.visual is not None:
        score(samplers.visual, VISUAL, _visual(video, of(VISUAL), facts, options=options))
    if samplers.audio is not None:
        score(samplers.audio, AUDIO, _audio(video, facts, options))
    if samplers.packets is not None:
        score(samplers.packets, PACKETS, packets_by_clip(video))


class _InputCounter:
    """Iterates over clips, and counts the inputs of each kind in every clip."""

    def __init__(self, clips: Iterable[Any]) -> None:
        self._clips = clips
        self.counts: dict[int, Counter[str]] = {}
        """Index of the clip -> kind of input -> number."""
        self._picture: int | None = None
        """Position of the last clip's picture."""

    def __iter__(self) -> Iterator[Any]:
        for clip in self._clips:
            if isinstance(clip, ClipVisual):
                counts = {
                    "rgb": int(clip.picture_frame not in (-1, self._picture)),
                    "if": len(clip.iframes),
                    "md": len(clip.motion),
                    "rgbr": len(clip.residual),
                }
                self._picture = clip.picture_frame
            elif isinstance(clip, ClipPackets):
                # None stands for a clip without the input
                counts = {"packets": int(clip.values is not None)}
            else:
                counts = {"mel": int(clip.mel is not None)}
            self.counts[clip.clip] = Counter(counts)
            yield clip


def _rows(
    column: int, kind: str, scores: Mapping[int, list[float]], *, counter: _InputCounter
) -> NDArray[np.float32]:
    """float32 [L, 2] of one network: score and number of inputs, in the order of the clips."""
    clips = range(len(scores))
    return np.array(
        [[scores[clip][column], counter.counts[clip][kind]] for clip in clips], np.float32
    )


def _store(
    video: Video,
    rows: Mapping[str, NDArray[np.float32]],
    facts: ModelFacts,
    *,
    options: ScoreOptions,
) -> None:
    for name, values in rows.items():
        key = _score_key(facts.networks[name], facts, options.features)
        with options.cache.writer(video.path, SCORES, key) as writer:
            # the writer takes arrays [n, 2]
            for row in values:
                writer.add(row[None])
            writer.notes = list(video.notes)


def _visual(
    video: Video, networks: Networks, facts: ModelFacts, *, options: ScoreOptions
) -> Iterator[ClipVisual]:
    if options.keep_features:
        return store.read_visual(_feature_file(video, facts, options))
    # each input once, in order: two networks may share one
    inputs = tuple(dict.fromkeys(network.kind for network in networks.values()))
    features = options.features
    settings = replace(features, inputs=inputs)
    return visual_clips(video, settings)


def pictures_of(video: Video, facts: ModelFacts, options: ScoreOptions) -> Iterator[ClipVisual]:
    """All clips with their picture ("rgb"), from the feature file if it has pictures."""
    if options.keep_features and "rgb" in facts.inputs and not facts.full_size_pictures:
        return store.read_visual(_feature_file(video, facts, options))
    return visual_clips(video, picture_settings(facts, options))


def picture_settings(facts: ModelFacts, options: ScoreOptions) -> FeatureSettings:
    """How the pictures are made whose vectors a search compares."""
    side = 0 if facts.full_size_pictures else options.features.short_side
    return replace(options.features, inputs=("rgb",), short_side=side)


def _audio(video: Video, facts: ModelFacts, options: ScoreOptions) -> Iterator[ClipAudio]:
    if options.keep_features:
        return store.read_sound(_feature_file(video, facts, options))
    return audio_clips(video)


def _feature_file(video: Video, facts: ModelFacts, options: ScoreOptions) -> Path:
    """The feature file of a video in the cache; a damaged one is written again."""
    file = _extracted(video.path, facts, options)
    try:
        _, notes = store.read_header(file)
    except FeatureFileError:
        # such as one that a full disk has cut off
        file.unlink(missing_ok=True)
        file = _extracted(video.path, facts, options)
        _, notes = store.read_header(file)
    for note in notes:
        video.note(note)
    return file


def _extracted(path: Path, facts: ModelFacts, options: ScoreOptions) -> Path:
    """The feature file, extracted unless it is in the cache."""
    features = options.features
    settings = replace(features, inputs=facts.inputs)
    # the grid is part of the key, since features are stored clip by clip
    rule = settings.picture_rule if "rgb" in settings.inputs else {}
    key = {**asdict(settings), **rule, "grid": list(facts.grid)}
    file = options.cache.file(path, FEATURES, key, suffix=store.SUFFIX)
    if not file.is_file():
        # another process may extract the same video: each writes a file of its own
        part = file.with_name(f"{os.getpid()}-{file.name}")
        clip_frames, frame_stride = facts.grid
        extract(path, part, settings, clip_frames=clip_frames, frame_stride=frame_stride)
        # atomic: other processes see the whole file or none
        part.replace(file)
    return file
