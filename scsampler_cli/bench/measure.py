"""The costly part of a bench: features, scores and dense ClipProbs of every video, each computed once into the cache.

Everything is kept under the content of the video, the settings and the weights (`cache`); so a bench that was stopped goes on
where it was, and another sampler or classifier costs only what is new.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.batch.process_map import DONE, Rounds
from scsampler_cli.batch.task import Record
from scsampler_cli.bench.model_info import ModelFacts
from scsampler_cli.bench.run_data import NetworkFacts, SamplerFacts, VideoData
from scsampler_cli.cache.video_cache import Cache, Entry
from scsampler_cli.classifiers.base import ClipClassifier
from scsampler_cli.classifiers.classifier_info import ClassifierFacts
from scsampler_cli.config import AUDIO, PACKETS, VISUAL, FeatureSettings
from scsampler_cli.datasets.example import Example
from scsampler_cli.errors import FeatureFileError, InputError, OutputError, ScsamplerError
from scsampler_cli.features import store
from scsampler_cli.features.clip import ClipPackets, ClipAudio, ClipVisual
from scsampler_cli.media.seeking import decode_spans
from scsampler_cli.pipeline import clip_probs
from scsampler_cli.pipeline.stages import extract
from scsampler_cli.pipeline.video import (
    Progress,
    Video,
    audio_clips,
    open_video,
    packets_by_clip,
    reporting_missing_file,
    visual_clips,
)
from scsampler_cli.samplers.scoring import SamplerNetwork, build_samplers

OnFailure = Callable[[Example, ScsamplerError], None]
"""Told of each video that cannot be used."""
SCORES, FEATURES = "scores", "features"


@dataclass(frozen=True, eq=False)
class Models:
    """The classifier and every sampler network of a bench, loaded."""

    classifier: ClipClassifier
    precision: str
    """Of the networks, such as "float32"."""
    networks: Mapping[str, SamplerNetwork]
    """By name."""
    samplers: tuple[SamplerFacts, ...]
    joint: SamplerFacts | None
    compared: tuple[NetworkFacts, ...]
    """Those of the tables of inputs and of audio networks."""

    @property
    def outcome_row(self) -> ModelFacts:
        """What is known of them, but for the classifier's multiply-adds."""
        groups = [*self.samplers, *([] if self.joint is None else [self.joint])]
        networks = [*(network for group in groups for network in group.networks), *self.compared]
        device = str(next(iter(self.networks.values())).device)
        return ModelFacts(
            ClassifierFacts.of(self.classifier), self.precision, device, networks={each.name: each for each in networks},
            samplers=self.samplers, joint=self.joint, compared=self.compared,
        )  # fmt: skip


@dataclass(frozen=True)
class MeasureContext:
    """How a bench measures; nothing of it changes what is found."""

    cache: Cache
    features: FeatureSettings
    """Its `inputs` do not matter: the networks' do."""
    keep_features: bool
    """Features stay on disk, so that a new network needs no video."""
    pool: Rounds
    """Its processes have loaded the models and read the videos."""
    progress: Progress


@dataclass(frozen=True)
class _Way:
    """How a process measures a video; travels to it by pickle."""

    cache: Cache
    features: FeatureSettings
    keep_features: bool


def measured_videos(
    examples: Sequence[Example], facts: ModelFacts, context: MeasureContext, *, failed: OnFailure
) -> Iterator[VideoData]:
    """What is known of each video, computed as far as it is not in the cache.

    Args:
        examples: the videos.
        facts: of classifier and networks.
        context: cache, settings, processes, progress.
        failed: told of the videos that cannot be used, which are left out.

    Raises:
        OutputError: the cache cannot be written.
        WorkerError: processes die before they begin to work.
        KeyboardInterrupt: it was stopped.
    """
    usable = [
        example for example in examples if _has_known_label(example, facts.classifier, failed)
    ]
    strategy = _Way(context.cache, context.features, context.keep_features)
    outcomes = context.pool.each(
        [example.path for example in usable], partial(_measured, strategy=strategy)
    )
    for done, (example, outcome) in enumerate(zip(usable, outcomes, strict=True), start=1):
        known = None
        with reported(example, failed):
            if (error := outcome.error) is not None:
                raise error
            known = _known(example, outcome.record, facts, context=context)
        if known is not None:
            yield known
        context.progress("measuring", done, len(usable))


@contextmanager
def reported(example: Example, failed: OnFailure) -> Iterator[None]:
    """What goes wrong with one video is told, and ends nothing; a cache that cannot be written is no video's fault."""
    try:
        with reporting_missing_file(example.path):
            yield
    except OutputError:
        raise
    except ScsamplerError as error:
        failed(example, error)


def _has_known_label(example: Example, classifier: ClassifierFacts, failed: OnFailure) -> bool:
    if example.label in classifier.labels:
        return True
    known = ", ".join(classifier.labels[:6])
    text = f"{classifier.name} does not know the label {example.label!r}"
    failed(example, InputError(text, code="labels-unknown", hint=f"it knows {known} ..."))
    return False


def _feature_settings(facts: ModelFacts, features: FeatureSettings) -> FeatureSettings:
    return FeatureSettings(facts.inputs, features.p_frames, features.short_side)


def _feature_file(
    path: Path, cache: Cache, settings: FeatureSettings, *, grid: tuple[int, int]
) -> Path:
    """The features of a video in the cache, extracted unless they are there."""
    file = cache.file(path, FEATURES, {**asdict(settings), "grid": list(grid)}, suffix=store.SUFFIX)
    if not file.is_file():
        part = file.with_name(f"{os.getpid()}-{file.name}")  # another process may be at it, too
        clip_frames, frame_stride = grid
        extract(path, part, settings, clip_frames=clip_frames, frame_stride=frame_stride)
        part.replace(file)
    return file


def _score_key(
    network: NetworkFacts, facts: ModelFacts, features: FeatureSettings
) -> dict[str, Any]:
    """All that the scores of a network depend on, beside the file."""
    where: dict[str, Any] = {
        "device": facts.device.partition(":")[0],
        "precision": facts.precision,
        "sha256": network.sha256,
    }
    where["grid"] = list(facts.grid)
    if network.input in PACKETS:
        return {"inputs": PACKETS, **where}
    settings = FeatureSettings((network.input,), features.p_frames, features.short_side)
    return {**asdict(settings), **where}


def _entries(
    path: Path, facts: ModelFacts, features: FeatureSettings, *, cache: Cache
) -> dict[str, Entry | None]:
    """The scores of a video by each network, by its name; None where they are not known."""
    return {
        name: cache.find(path, SCORES, _score_key(network, facts, features))
        for name, network in facts.networks.items()
    }


def _measured(models: Models, path: Path, progress: Progress, *, strategy: _Way) -> Record:
    """What a process does with a video: scores and ClipProbs into the cache, its frames into the record."""
    facts = models.facts
    with reporting_missing_file(path):
        clip_frames, frame_stride = facts.grid
        video = open_video(path, clip_frames, frame_stride, progress=progress)
        entries = _entries(path, facts, strategy.features, cache=strategy.cache)
        if missing := [name for name, entry in entries.items() if entry is None]:
            _score(
                video,
                {name: models.networks[name] for name in missing},
                facts,
                strategy=strategy,
                progress=progress,
            )
        identity = clip_probs.identity(models.classifier, models.precision)
        clip_probs.compute_if_missing(path, models.classifier, identity, cache=strategy.cache, progress=progress)
    decode_from, last = decode_spans(video.index, video.grid)
    return {
        **DONE,
        "seconds": float(video.index.timeline.duration),
        "frames": len(video.index.timeline),
        "decode_from": decode_from.tolist(),
        "last": last.tolist(),
    }


def _known(
    example: Example, measured: Record, facts: ModelFacts, *, context: MeasureContext
) -> VideoData:
    identity = clip_probs.identity(facts.classifier, facts.precision)
    probabilities = clip_probs.find(example.path, identity, context.cache)
    entries = _entries(example.path, facts, context.features, cache=context.cache)
    found = {name: entry for name, entry in entries.items() if entry is not None}
    if probabilities is None or len(found) < len(entries):
        raise InputError(
            f"{example.path}: what was read of it is gone from the cache", code="cache-entry-gone",
            hint="leave the cache alone meanwhile",
        )
    known = _assembled(
        example, measured, found, probabilities=probabilities, classifier=facts.classifier
    )
    return replace(known, smoothed=context.features.smoothed)


def _assembled(
    example: Example,
    measured: Record,
    entries: Mapping[str, Entry],
    *,
    probabilities: Entry,
    classifier: ClassifierFacts,
) -> VideoData:
    values = np.asarray(probabilities.values, np.float32)
    if np.isnan(values).any(axis=1).all():
        raise InputError(
            f"{example.path}: not one clip could be decoded",
            code="nothing-decodable",
            hint="the file may be damaged",
        )
    notes = dict.fromkeys(
        note for entry in (*entries.values(), probabilities) for note in entry.notes
    )
    return VideoData(
        path=str(example.path),
        label=example.label,
        target=classifier.labels.index(example.label),
        seconds=measured["seconds"],
        frames=measured["frames"],
        scores={name: np.array(entry.values[:, 0], np.float32) for name, entry in entries.items()},
        input_counts={name: int(entry.values[:, 1].sum()) for name, entry in entries.items()},
        probabilities=values,
        decode_from=np.array(measured["decode_from"], np.int64),
        last=np.array(measured["last"], np.int64),
        notes=tuple(notes),
    )


def _score(
    video: Video,
    networks: Mapping[str, SamplerNetwork],
    facts: ModelFacts,
    *,
    strategy: _Way,
    progress: Progress,
) -> None:
    """Run networks over the features of a video and store what each says: float32 [L, 2], score and inputs looked at."""

    def of(kinds: Sequence[str]) -> dict[str, SamplerNetwork]:
        return {name: network for name, network in networks.items() if network.kind in kinds}

    def keep(
        some: Mapping[str, SamplerNetwork],
        scored: Iterable[tuple[int, list[float]]],
        looks: _InputCounts,
    ) -> None:
        _store(video, some, scored, looks=looks, facts=facts, strategy=strategy, progress=progress)

    samplers = build_samplers(networks.values())
    if samplers.visual is not None:
        looks = _InputCounts(_visual(video, of(VISUAL), facts, strategy=strategy))
        keep(of(VISUAL), samplers.visual.score_each(looks), looks)
    if samplers.audio is not None:
        heard = _InputCounts(_sound(video, facts, strategy))
        keep(of(AUDIO), samplers.audio.score_each(heard), heard)
    if samplers.packets is not None:
        told = _InputCounts(packets_by_clip(video))
        keep(of(PACKETS), samplers.packets.score_each(told), told)


class _InputCounts:
    """Clips on their strategy to the networks, counted: how many inputs of each kind every clip has."""

    def __init__(self, clips: Iterable[Any]) -> None:
        self._clips = clips
        self.counts: dict[int, Counter[str]] = {}

    def __iter__(self) -> Iterator[Any]:
        for clip in self._clips:
            if isinstance(clip, ClipVisual):
                self.counts[clip.clip] = Counter(
                    {"if": len(clip.iframes), "md": len(clip.motion), "rgbr": len(clip.residual)}
                )
            elif isinstance(clip, ClipPackets):
                self.counts[clip.clip] = Counter(packets=int(clip.values is not None))
            else:
                self.counts[clip.clip] = Counter(mel=int(clip.mel is not None))
            yield clip


def _visual(
    video: Video, networks: Mapping[str, SamplerNetwork], facts: ModelFacts, *, strategy: _Way
) -> Iterator[ClipVisual]:
    if strategy.keep_features:
        yield from store.read_visual(_features(video, facts, strategy))
    else:
        kinds = tuple(dict.fromkeys(network.kind for network in networks.values()))
        yield from visual_clips(
            video, FeatureSettings(kinds, strategy.features.p_frames, strategy.features.short_side)
        )


def _sound(video: Video, facts: ModelFacts, strategy: _Way) -> Iterator[ClipAudio]:
    if strategy.keep_features:
        yield from store.read_sound(_features(video, facts, strategy))
    else:
        yield from audio_clips(video)


def _features(video: Video, facts: ModelFacts, strategy: _Way) -> Path:
    """The feature file of a video; one that is damaged is made anew."""
    settings = _feature_settings(facts, strategy.features)
    file = _feature_file(video.path, strategy.cache, settings, grid=facts.grid)
    try:
        _, notes = store.read_header(file)
    except FeatureFileError:
        file.unlink(missing_ok=True)
        file = _feature_file(video.path, strategy.cache, settings, grid=facts.grid)
        _, notes = store.read_header(file)
    for note in notes:
        video.note(note)
    return file


def _store(
    video: Video,
    networks: Mapping[str, SamplerNetwork],
    scored: Iterable[tuple[int, list[float]]],
    *,
    looks: _InputCounts,
    facts: ModelFacts,
    strategy: _Way,
    progress: Progress,
) -> None:
    by_clip: dict[int, list[float]] = {}
    for clip, values in scored:
        by_clip[clip] = values
        progress("score", len(by_clip), len(video.grid))
    for i, (name, network) in enumerate(networks.items()):
        rows: NDArray[np.float32] = np.array(
            [
                [by_clip[clip][i], looks.counts[clip][network.kind]]
                for clip in range(len(video.grid))
            ],
            np.float32,
        )
        key = _score_key(facts.networks[name], facts, strategy.features)
        with strategy.cache.writer(video.path, SCORES, key) as writer:
            for row in rows:
                writer.add(row[None])
            writer.notes = list(video.notes)
