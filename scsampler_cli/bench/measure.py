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
import torch
from numpy.typing import NDArray

from scsampler_cli import clipprobs
from scsampler_cli.bench.knowledge import KnownVideo, NetworkFacts, SamplerFacts
from scsampler_cli.cache import Cache, Entry
from scsampler_cli.classifiers.base import ClipClassifier
from scsampler_cli.config import AUDIO, INPUTS, PACKETS, VISUAL, FeatureSettings
from scsampler_cli.datasets.example import Example
from scsampler_cli.errors import FeatureFileError, InputError, OutputError, ScsamplerError
from scsampler_cli.features import store
from scsampler_cli.features.clip import ClipPackets, ClipSound, ClipVisual
from scsampler_cli.media.seeking import decode_spans
from scsampler_cli.pipeline import extract
from scsampler_cli.samplers.inputs import packets_input, sound_input, visual_input
from scsampler_cli.samplers.scoring import AudioSampler, PacketSampler, SamplerNetwork, VisualSampler
from scsampler_cli.video import Progress, Video, packets_of, sound_clips, visual_clips
from scsampler_cli.workers import mapped

Failed = Callable[[Example, ScsamplerError], None]
"""Told of each video that cannot be used."""
SCORES, FEATURES = "scores", "features"


@dataclass(frozen=True)
class Models:
    """The classifier and every sampler network of a bench."""

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
    def inputs(self) -> tuple[str, ...]:
        """What the networks look at, all together."""
        wanted = {network.kind for network in self.networks.values()}
        return tuple(kind for kind in INPUTS if kind in wanted)


@dataclass(frozen=True)
class Measuring:
    """How a bench measures; nothing of it changes what is found."""

    cache: Cache
    features: FeatureSettings
    """Its `inputs` do not matter: the networks' do."""
    keep_features: bool
    """Features stay on disk, so that a new network needs no video."""
    jobs: int
    progress: Progress


def known_videos(
    examples: Sequence[Example], models: Models, measuring: Measuring, failed: Failed
) -> Iterator[KnownVideo]:
    """What is known of each video, computed as far as it is not in the cache.

    Args:
        examples: the videos.
        models: classifier and networks.
        measuring: cache, settings, progress.
        failed: told of the videos that cannot be used, which are left out.

    Raises:
        OutputError: the cache cannot be written.
        WorkerError: a process died.
    """
    usable = [example for example in examples if _has_known_label(example, models.classifier, failed)]
    if measuring.keep_features:
        _extract_all(usable, models, measuring)
    for done, example in enumerate(usable, start=1):
        known = None
        with reported(example, failed):
            known = _known(example, models, measuring)
        if known is not None:
            yield known
        measuring.progress("measuring", done, len(usable))


@contextmanager
def reported(example: Example, failed: Failed) -> Iterator[None]:
    """What goes wrong with one video is told, and ends nothing; a cache that cannot be written is no video's fault."""
    try:
        yield
    except OutputError:
        raise
    except ScsamplerError as error:
        failed(example, error)
    except OSError as error:
        failed(example, InputError(f"{example.path}: {error.strerror or error}", hint="is it still there?"))


def _has_known_label(example: Example, classifier: ClipClassifier, failed: Failed) -> bool:
    if example.label in classifier.labels:
        return True
    known = ", ".join(classifier.labels[:6])
    text = f"{classifier.name} does not know the label {example.label!r}"
    failed(example, InputError(text, hint=f"it knows {known} ..."))
    return False


def _extract_all(examples: Sequence[Example], models: Models, measuring: Measuring) -> None:
    """Fill the cache with feature files, by several processes; a video that fails is told of when its turn comes."""
    todo = [e.path for e in examples if any(n.kind in INPUTS for n in _missing(e.path, models, measuring))]
    settings = _feature_settings(models, measuring) if models.inputs else FeatureSettings()
    work = partial(_extract_one, cache=measuring.cache, settings=settings, grid=_grid(models))
    for done, _ in enumerate(mapped(work, todo, measuring.jobs, _one_thread), start=1):
        measuring.progress("reading", done, len(todo))


def _one_thread() -> None:
    """The cores are shared among the processes already."""
    torch.set_num_threads(1)


def _extract_one(path: Path, cache: Cache, settings: FeatureSettings, grid: tuple[int, int]) -> None:
    try:
        _feature_file(path, cache, settings, grid)
    except OutputError:
        raise
    except (ScsamplerError, OSError):
        pass  # said when its turn comes


def _grid(models: Models) -> tuple[int, int]:
    return models.classifier.spec.frames, models.classifier.spec.stride


def _feature_settings(models: Models, measuring: Measuring) -> FeatureSettings:
    return FeatureSettings(models.inputs, measuring.features.p_frames, measuring.features.short_side)


def _feature_file(path: Path, cache: Cache, settings: FeatureSettings, grid: tuple[int, int]) -> Path:
    """The features of a video in the cache, extracted unless they are there."""
    file = cache.file(path, FEATURES, {**asdict(settings), "grid": list(grid)}, store.SUFFIX)
    if not file.is_file():
        part = file.with_name(f"{os.getpid()}-{file.name}")  # another process may be at it, too
        extract(path, part, settings, *grid)
        part.replace(file)
    return file


def _score_key(network: SamplerNetwork, models: Models, measuring: Measuring) -> dict[str, Any]:
    """All that the scores of a network depend on, beside the file."""
    where: dict[str, Any] = {
        "device": network.device.type,
        "precision": models.precision,
        "sha256": network.info.sha256,
    }
    where["grid"] = list(_grid(models))
    if network.kind in PACKETS:
        return {"inputs": PACKETS, **where}
    settings = FeatureSettings((network.kind,), measuring.features.p_frames, measuring.features.short_side)
    return {**asdict(settings), **where}


def _missing(path: Path, models: Models, measuring: Measuring) -> list[SamplerNetwork]:
    """Networks whose scores of a video are not known; all where the file cannot be read."""
    try:
        return [
            network
            for network in models.networks.values()
            if measuring.cache.find(path, SCORES, _score_key(network, models, measuring)) is None
        ]
    except OSError:
        return list(models.networks.values())


def _known(example: Example, models: Models, measuring: Measuring) -> KnownVideo:
    path, classifier = example.path, models.classifier
    video = Video(path, *_grid(models))
    if missing := _missing(path, models, measuring):
        _score(video, missing, models, measuring)
    identity = clipprobs.identity(classifier, models.precision)
    clipprobs.ensure(path, classifier, identity, measuring.cache, measuring.progress)
    probabilities = clipprobs.find(path, identity, measuring.cache)
    entries = {
        name: measuring.cache.find(path, SCORES, _score_key(network, models, measuring))
        for name, network in models.networks.items()
    }
    if probabilities is None or any(entry is None for entry in entries.values()):
        raise InputError(f"{path}: what was read of it is gone from the cache", hint="leave the cache alone meanwhile")
    found = _assembled(example, video, {n: e for n, e in entries.items() if e is not None}, probabilities, classifier)
    return replace(found, steadied=measuring.features.steadied)


def _assembled(
    example: Example, video: Video, entries: Mapping[str, Entry], probabilities: Entry, classifier: ClipClassifier
) -> KnownVideo:
    decode_from, last = decode_spans(video.index, video.grid)
    values = np.asarray(probabilities.values, np.float32)
    if np.isnan(values).any(axis=1).all():
        raise InputError(f"{example.path}: not one clip could be decoded", hint="the file may be damaged")
    notes = dict.fromkeys(note for entry in (*entries.values(), probabilities) for note in entry.notes)
    return KnownVideo(
        path=str(example.path),
        label=example.label,
        target=classifier.labels.index(example.label),
        seconds=float(video.index.timeline.duration),
        frames=len(video.index.timeline),
        scores={name: np.array(entry.values[:, 0], np.float32) for name, entry in entries.items()},
        looks={name: int(entry.values[:, 1].sum()) for name, entry in entries.items()},
        probabilities=values,
        decode_from=decode_from,
        last=last,
        notes=tuple(notes),
    )


def _score(video: Video, networks: Sequence[SamplerNetwork], models: Models, measuring: Measuring) -> None:
    """Run networks over the features of a video and store what each says: float32 [L, 2], score and inputs looked at."""
    visual = [network for network in networks if network.kind in VISUAL]
    audio = [network for network in networks if network.kind in AUDIO]
    packets = [network for network in networks if network.kind in PACKETS]
    if visual:
        looks = _Looks(_visual(video, visual, models, measuring))
        _store(video, visual, VisualSampler(visual, visual_input).score_each(looks), looks, models, measuring)
    if audio:
        heard = _Looks(_sound(video, models, measuring))
        sampler = AudioSampler(audio, lambda sound, _: sound_input(sound))
        _store(video, audio, sampler.score_each(heard), heard, models, measuring)
    if packets:
        told = _Looks(packets_of(video))
        by_packets = PacketSampler(packets, lambda clip, _: packets_input(clip))
        _store(video, packets, by_packets.score_each(told), told, models, measuring)


class _Looks:
    """Clips on their way to the networks, counted: how many inputs of each kind every clip has."""

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
    video: Video, networks: Sequence[SamplerNetwork], models: Models, measuring: Measuring
) -> Iterator[ClipVisual]:
    if measuring.keep_features:
        yield from store.read_visual(_features(video, models, measuring))
    else:
        kinds = tuple(dict.fromkeys(network.kind for network in networks))
        settings = FeatureSettings(kinds, measuring.features.p_frames, measuring.features.short_side)
        yield from visual_clips(video, settings)


def _sound(video: Video, models: Models, measuring: Measuring) -> Iterator[ClipSound]:
    if measuring.keep_features:
        yield from store.read_sound(_features(video, models, measuring))
    else:
        yield from sound_clips(video)


def _features(video: Video, models: Models, measuring: Measuring) -> Path:
    """The feature file of a video; one that is damaged is made anew."""
    arguments = (video.path, measuring.cache, _feature_settings(models, measuring), _grid(models))
    file = _feature_file(*arguments)
    try:
        _, notes = store.read_header(file)
    except FeatureFileError:
        file.unlink(missing_ok=True)
        _, notes = store.read_header(_feature_file(*arguments))
    for note in notes:
        video.note(note)
    return file


def _store(
    video: Video,
    networks: Sequence[SamplerNetwork],
    scored: Iterable[tuple[int, list[float]]],
    looks: _Looks,
    models: Models,
    measuring: Measuring,
) -> None:
    by_clip: dict[int, list[float]] = {}
    for clip, values in scored:
        by_clip[clip] = values
        measuring.progress("score", len(by_clip), len(video.grid))
    for i, network in enumerate(networks):
        rows: NDArray[np.float32] = np.array(
            [[by_clip[clip][i], looks.counts[clip][network.kind]] for clip in range(len(video.grid))], np.float32
        )
        with measuring.cache.writer(video.path, SCORES, _score_key(network, models, measuring)) as writer:
            for row in rows:
                writer.add(row[None])
            writer.notes = list(video.notes)
