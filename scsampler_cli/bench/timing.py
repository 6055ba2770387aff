"""How long each stage takes: rates from one undisturbed run over some of the videos, one after the other.

Accuracy comes from the cache, which may have been filled by several processes, on other days; times never do. Every stage reads
the video anew, as the commands do, with nothing kept in between; the networks are warmed up before.
"""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from scsampler_cli.bench.costs import Check, Costs, inputs_key
from scsampler_cli.bench.knowledge import KnownVideo, Run
from scsampler_cli.bench.measure import Measuring, Models
from scsampler_cli.bench.metrics import place_of_truth
from scsampler_cli.bench.request import Plan
from scsampler_cli.bench.strategies import outcome
from scsampler_cli.bench.tables import JOINT, sampled, visual_groups
from scsampler_cli.classifiers.base import batch_of
from scsampler_cli.classifiers.crops import batch_shape, clip_probabilities
from scsampler_cli.config import AUDIO, PACKETS, VISUAL, FeatureSettings
from scsampler_cli.media import plain
from scsampler_cli.pipeline import classify
from scsampler_cli.samplers.inputs import packets_input, sound_input, visual_input
from scsampler_cli.samplers.networks import INPUT_SHAPES
from scsampler_cli.samplers.scoring import AudioSampler, PacketSampler, SamplerNetwork, VisualSampler, batch_for
from scsampler_cli.video import Samplers, Video, clip_frames, packets_of, sound_clips, visual_clips

Item = TypeVar("Item")


class Rates:
    """Seconds and units of work of each stage, video by video."""

    def __init__(self) -> None:
        self._seconds: dict[str, list[float]] = defaultdict(list)
        self._units: dict[str, list[int]] = defaultdict(list)
        self._running: dict[str, float] = {}

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the time of the block to a stage of the video under way."""
        start = time.perf_counter()
        yield
        self._running[stage] = self._running.get(stage, 0.0) + time.perf_counter() - start

    def following(self, stage: str, items: Iterable[Item]) -> Iterator[Item]:
        """The items; the time that each takes to come is a stage's."""
        stream = iter(items)
        while True:
            with self.timed(stage):
                item = next(stream, None)
            if item is None:
                return
            yield item

    def close(self, units: Mapping[str, int]) -> None:
        """The video is done: units of work of each stage in it."""
        for stage, count in units.items():
            self._seconds[stage].append(self._running.get(stage, 0.0))
            self._units[stage].append(count)
        self._running = {}

    def total(self, stage: str) -> float:
        """Seconds over all videos."""
        return sum(self._seconds[stage])

    def units(self, stage: str) -> int:
        """Work over all videos."""
        return sum(self._units[stage])

    def rate(self, stage: str) -> float:
        """Seconds for a unit, over all videos; 0 where there was no work."""
        return self.total(stage) / max(1, self.units(stage))

    def spread(self, stage: str) -> tuple[float, float]:
        """Smallest and largest rate of a video."""
        each = [s / max(1, u) for s, u in zip(self._seconds[stage], self._units[stage], strict=True)]
        return min(each), max(each)


def time_costs(run: Run, videos: Sequence[KnownVideo], models: Models, measuring: Measuring, plan: Plan) -> Costs:
    """Rates of every stage on some videos, and how well they foretell a live run.

    Args:
        run: what is known; decides which sets of inputs are read.
        videos: those to be timed, at least one.
        models: classifier and networks.
        measuring: settings of the features, progress.
        plan: K of the live runs.
    """
    rates = Rates()
    sets = _input_sets(run)
    _warm_up(models)
    for done, video in enumerate(videos, start=1):
        _time_video(Path(video.path), sets, models, measuring, rates)
        measuring.progress("timing", done, len(videos))
    read = [*sets, *_streams(models)]
    costs = Costs(
        videos=len(videos),
        clips=sum(video.clips for video in videos),
        index_s=rates.rate("index"),
        read_s={name: rates.rate(name) for name in read},
        score_s={name: rates.rate(name) for name in models.networks},
        decode_s=rates.rate("decode"),
        # the same frames, decoded and fitted, less decoded alone
        fit_s=max(0.0, rates.total("frames") - rates.total("decode")) / max(1, rates.units("frames")),
        classify_s=rates.rate("classify"),
        spread={name: rates.spread(name) for name in ("decode", "classify", *read)},
    )
    return replace(costs, checks=tuple(_checks(replace(run, costs=costs), videos, models, measuring, plan)))


def _input_sets(run: Run) -> dict[str, tuple[str, ...]]:
    """The sets of visual inputs that any row of any table reads in one pass."""
    samplers = [*run.samplers, *([] if run.joint is None else [run.joint])]
    groups = [*visual_groups(run), *(sampler.visual for sampler in samplers if sampler.visual)]
    return {inputs_key(n.input for n in group): tuple(n.input for n in group) for group in groups}


def _warm_up(models: Models) -> None:
    clip_probabilities(models.classifier, np.zeros(batch_shape(models.classifier), np.uint8))
    for network in models.networks.values():
        network.probabilities(torch.zeros(batch_for(network.kind), *INPUT_SHAPES[network.kind]))


def _time_video(
    path: Path, sets: Mapping[str, tuple[str, ...]], models: Models, measuring: Measuring, rates: Rates
) -> None:
    spec = models.classifier.spec
    with rates.timed("index"):
        video = Video(path, spec.frames, spec.stride)
    with rates.timed("decode"):
        frames = plain.decode(path)
    for name, inputs in sets.items():
        deque(rates.following(name, visual_clips(video, _settings(inputs, measuring))), maxlen=0)
    _time_networks(video, models, measuring, rates)
    _time_dense(video, models, rates)
    clips = len(video.grid)
    of_clips = dict.fromkeys((*sets, *_streams(models), "classify", *models.networks), clips)
    rates.close({"index": frames, "decode": frames, "frames": clips * spec.frames, **of_clips})


def _settings(inputs: tuple[str, ...], measuring: Measuring) -> FeatureSettings:
    return FeatureSettings(inputs, measuring.features.p_frames, measuring.features.short_side)


def _time_networks(video: Video, models: Models, measuring: Measuring, rates: Rates) -> None:
    visual = {name: network for name, network in models.networks.items() if network.kind in VISUAL}
    audio = {name: network for name, network in models.networks.items() if network.kind in AUDIO}
    packets = {name: network for name, network in models.networks.items() if network.kind in PACKETS}
    kinds = tuple(dict.fromkeys(network.kind for network in visual.values()))
    if visual:
        _score(visual_clips(video, _settings(kinds, measuring)), visual, visual_input, rates)
    if audio:
        heard = rates.following("mel", sound_clips(video))
        _score(heard, audio, lambda sound, _: sound_input(sound), rates)
    if packets:
        told = rates.following("packets", packets_of(video))
        _score(told, packets, lambda clip, _: packets_input(clip), rates)


def _streams(models: Models) -> list[str]:
    """What is read beside the picture: sound, packets."""
    kinds = {network.kind for network in models.networks.values()}
    return [name for name in (*AUDIO, *PACKETS) if name in kinds]


def _score(
    clips: Iterator[Item], networks: Mapping[str, SamplerNetwork], prepare: Callable[[Item, str], Tensor], rates: Rates
) -> None:
    count = min(batch_for(network.kind) for network in networks.values())
    while batch := list(islice(clips, count)):
        for name, network in networks.items():
            with rates.timed(name):
                network.scores([prepare(clip, network.kind) for clip in batch])


def _time_dense(video: Video, models: Models, rates: Rates) -> None:
    """The honest opponent: one streaming decode, the same scaler, batches as large, the same precision."""
    frames = rates.following("frames", clip_frames(video, range(len(video.grid)), models.classifier.spec))
    count = batch_of(models.classifier)
    while batch := [frames_of for _, frames_of in islice(frames, count)]:
        with rates.timed("classify"):
            clip_probabilities(models.classifier, np.stack(batch))


def tagging_samplers(models: Models) -> Samplers:
    """The sampler under test as `classify` runs it."""
    networks = [models.networks[network.name] for network in models.samplers[0].networks]
    visual, audio, packets = ([n for n in networks if n.kind in kinds] for kinds in (VISUAL, AUDIO, PACKETS))
    return Samplers(
        VisualSampler(visual, visual_input) if visual else None,
        AudioSampler(audio, lambda sound, _: sound_input(sound)) if audio else None,
        PacketSampler(packets, lambda clip, _: packets_input(clip)) if packets else None,
    )


def _checks(
    run: Run, videos: Sequence[KnownVideo], models: Models, measuring: Measuring, plan: Plan
) -> Iterator[Check]:
    """Each video tagged live by the sampler under test, beside what the replay says of it."""
    way = next((way for key, way in sampled(run, plan) if key != JOINT), None)
    if way is None or way.selection is None:
        return
    samplers = tagging_samplers(models)
    for video in videos:
        start = time.perf_counter()
        tagged = classify(Path(video.path), samplers, models.classifier, measuring.features, way.selection, top=1)
        measured = time.perf_counter() - start
        found = outcome(replace(run, videos=(video,)), way)
        tag = run.classifier["labels"].index(tagged.label)
        place = place_of_truth(video.probabilities[found.clips[0][0]], tag)
        yield Check(
            path=video.path,
            modelled_s=(found.seconds() or {})["total"],
            measured_s=measured,
            same_clips=[clip.clip for clip in tagged.clips] == found.clips[0][0].tolist(),
            same_tag=place == 0,
        )
