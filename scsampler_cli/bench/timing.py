"""How long each stage takes: rates from one undisturbed run over some of the videos, one after the other.

Accuracy comes from the cache, which may have been filled by several processes, on other days; times never do. Every stage reads
the video anew, as the commands do, with nothing kept in between; the networks are warmed up before.
"""

from __future__ import annotations

import functools
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from scsampler_cli.batch.process_map import DONE
from scsampler_cli.batch.task import Record
from scsampler_cli.bench.cost_model import Check, Costs, inputs_key
from scsampler_cli.bench.measure import MeasureContext, Models
from scsampler_cli.bench.metrics import label_rank
from scsampler_cli.bench.model_info import ModelFacts
from scsampler_cli.bench.paper_tables import JOINT, sampler_strategies, visual_groups
from scsampler_cli.bench.plan import Plan
from scsampler_cli.bench.replay import Strategy, replay
from scsampler_cli.bench.run_data import Run, VideoData
from scsampler_cli.classifiers.base import batch_of
from scsampler_cli.classifiers.crops import batch_shape, clip_probabilities
from scsampler_cli.config import AUDIO, PACKETS, VISUAL, FeatureSettings, SelectionSettings
from scsampler_cli.errors import ScsamplerError
from scsampler_cli.media import plain
from scsampler_cli.pipeline.stages import classify
from scsampler_cli.pipeline.video import (
    Progress,
    Video,
    audio_clips,
    clip_frames,
    open_video,
    packets_by_clip,
    reporting_missing_file,
    visual_clips,
)
from scsampler_cli.samplers.network_inputs import audio_input, packets_input, visual_input
from scsampler_cli.samplers.networks import INPUT_SHAPES
from scsampler_cli.samplers.scoring import (
    SamplerNetwork,
    Samplers,
    batch_for,
    build_samplers,
)

Item = TypeVar("Item")
Lost = Callable[[VideoData, ScsamplerError], None]


class Rates:
    """Seconds and units of work of each stage, video by video."""

    def __init__(self) -> None:
        self._seconds: dict[str, list[float]] = defaultdict(list)
        self._units: dict[str, list[int]] = defaultdict(list)
        self._running: dict[str, float] = {}

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the time of the block to a stage of the video under strategy."""
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

    def record(self) -> dict[str, Any]:
        """JSON form."""
        return {"seconds": dict(self._seconds), "units": dict(self._units)}

    def add(self, record: Mapping[str, Any]) -> None:
        """Take in what another process has measured of other videos."""
        for stage, seconds in record["seconds"].items():
            self._seconds[stage] += seconds
            self._units[stage] += record["units"][stage]

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
        each = [
            s / max(1, u) for s, u in zip(self._seconds[stage], self._units[stage], strict=True)
        ]
        return min(each), max(each)


def time_costs(
    run: Run,
    videos: Sequence[VideoData],
    facts: ModelFacts,
    *,
    context: MeasureContext,
    plan: Plan,
    lost: Lost,
) -> Costs | None:
    """Rates of every stage on some videos, and how well they foretell a live run.

    Args:
        run: what is known; decides which sets of inputs are read.
        videos: those to be timed.
        facts: of classifier and networks.
        context: settings of the features, processes, progress.
        plan: K of the live runs.
        lost: told of each video that cannot be timed.

    Returns:
        None where not one video could be timed.
    """
    strategy = next((strategy for key, strategy in sampler_strategies(run, plan) if key != JOINT), None)
    selection = None if strategy is None else strategy.selection
    # as many threads as a command has that works on one video at a time
    do = partial(
        _timed,
        sets=_input_sets(run),
        features=context.features,
        selection=selection,
        threads=torch.get_num_threads(),
    )
    rates, lives = Rates(), []
    for done, video in enumerate(videos, start=1):
        # by itself: nothing else is at work meanwhile
        (outcome_,) = context.pool.each([Path(video.path)], do)
        if (error := outcome_.error) is not None:
            lost(video, error)
        else:
            rates.add(outcome_.record["rates"])
            lives.append((video, outcome_.record["live"]))
        context.progress("timing", done, len(videos))
    if not lives:
        return None
    read = [*_input_sets(run), *_streams(network.input for network in facts.networks.values())]
    costs = Costs(
        videos=len(lives),
        clips=sum(video.clips for video, _ in lives),
        index_s=rates.rate("index"),
        read_s={name: rates.rate(name) for name in read},
        score_s={name: rates.rate(name) for name in facts.networks},
        decode_s=rates.rate("decode"),
        # the same frames, decoded and fitted, less decoded alone
        fit_s=max(0.0, rates.total("frames") - rates.total("decode"))
        / max(1, rates.units("frames")),
        classify_s=rates.rate("classify"),
        spread={name: rates.spread(name) for name in ("decode", "classify", *read)},
    )
    checks = () if strategy is None else tuple(_checks(replace(run, costs=costs), strategy, lives))
    return replace(costs, checks=checks)


def _timed(
    models: Models,
    path: Path,
    progress: Progress,
    *,
    sets: Mapping[str, tuple[str, ...]],
    features: FeatureSettings,
    selection: SelectionSettings | None,
    threads: int,
) -> Record:
    """What a process does with a video: time every stage, then tag it live by the sampler under test."""
    rates, live = Rates(), None
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with reporting_missing_file(path):
            _warm_up(models)
            _time_video(path, sets, models, features=features, rates=rates, progress=progress)
            if selection is not None:
                live = _live(path, models, features, selection=selection)
    finally:
        torch.set_num_threads(before)
    return {**DONE, "rates": rates.record(), "live": live}


def _live(
    path: Path, models: Models, features: FeatureSettings, *, selection: SelectionSettings
) -> dict[str, Any]:
    start = time.perf_counter()
    tagged = classify(
        path,
        tagging_samplers(models),
        models.classifier,
        features=features,
        selection=selection,
        top=1,
    )
    spent = time.perf_counter() - start
    return {"seconds": spent, "label": tagged.label, "clips": [clip.clip for clip in tagged.clips]}


def _input_sets(run: Run) -> dict[str, tuple[str, ...]]:
    """The sets of visual inputs that any row of any table reads in one pass."""
    samplers = [*run.samplers, *([] if run.joint is None else [run.joint])]
    groups = [*visual_groups(run), *(sampler.visual for sampler in samplers if sampler.visual)]
    return {inputs_key(n.input for n in group): tuple(n.input for n in group) for group in groups}


@functools.cache
def _warm_up(models: Models) -> None:
    """Once in a process."""
    clip_probabilities(models.classifier, np.zeros(batch_shape(models.classifier), np.uint8))
    for network in models.networks.values():
        network.probabilities(torch.zeros(batch_for(network.kind), *INPUT_SHAPES[network.kind]))


def _time_video(
    path: Path,
    sets: Mapping[str, tuple[str, ...]],
    models: Models,
    *,
    features: FeatureSettings,
    rates: Rates,
    progress: Progress,
) -> None:
    spec = models.classifier.spec
    with rates.timed("index"):
        video = open_video(path, spec.frames, spec.stride, progress=progress)
    with rates.timed("decode"):
        frames = plain.decode(path)
    for name, inputs in sets.items():
        deque(rates.following(name, visual_clips(video, _settings(inputs, features))), maxlen=0)
    _time_networks(video, models, features, rates=rates)
    _time_dense(video, models, rates)
    clips = len(video.grid)
    of_clips = dict.fromkeys(
        (*sets, *_streams(n.kind for n in models.networks.values()), "classify", *models.networks),
        clips,
    )
    rates.close({"index": frames, "decode": frames, "frames": clips * spec.frames, **of_clips})


def _settings(inputs: tuple[str, ...], features: FeatureSettings) -> FeatureSettings:
    return FeatureSettings(inputs, features.p_frames, features.short_side)


def _time_networks(
    video: Video, models: Models, features: FeatureSettings, *, rates: Rates
) -> None:
    visual = {name: network for name, network in models.networks.items() if network.kind in VISUAL}
    audio = {name: network for name, network in models.networks.items() if network.kind in AUDIO}
    packets = {
        name: network for name, network in models.networks.items() if network.kind in PACKETS
    }
    kinds = tuple(dict.fromkeys(network.kind for network in visual.values()))
    if visual:
        _score(visual_clips(video, _settings(kinds, features)), visual, visual_input, rates=rates)
    if audio:
        heard = rates.following("mel", audio_clips(video))
        _score(heard, audio, lambda sound, _: audio_input(sound), rates=rates)
    if packets:
        told = rates.following("packets", packets_by_clip(video))
        _score(told, packets, lambda clip, _: packets_input(clip), rates=rates)


def _streams(inputs: Iterable[str]) -> list[str]:
    """What is read beside the picture: sound, packets."""
    kinds = set(inputs)
    return [name for name in (*AUDIO, *PACKETS) if name in kinds]


def _score(
    clips: Iterator[Item],
    networks: Mapping[str, SamplerNetwork],
    prepare: Callable[[Item, str], Tensor],
    *,
    rates: Rates,
) -> None:
    count = min(batch_for(network.kind) for network in networks.values())
    while batch := list(islice(clips, count)):
        for name, network in networks.items():
            with rates.timed(name):
                network.scores([prepare(clip, network.kind) for clip in batch])


def _time_dense(video: Video, models: Models, rates: Rates) -> None:
    """The honest opponent: one streaming decode, the same scaler, batches as large, the same precision."""
    frames = rates.following(
        "frames", clip_frames(video, range(len(video.grid)), models.classifier.spec)
    )
    count = batch_of(models.classifier)
    while batch := [frames_of for _, frames_of in islice(frames, count)]:
        with rates.timed("classify"):
            clip_probabilities(models.classifier, np.stack(batch))


def tagging_samplers(models: Models) -> Samplers:
    """The sampler under test as `classify` runs it."""
    networks = [models.networks[network.name] for network in models.samplers[0].networks]
    return build_samplers(networks)


def _checks(
    run: Run, strategy: Strategy, lives: Sequence[tuple[VideoData, dict[str, Any]]]
) -> Iterator[Check]:
    """What live runs of the sampler under test have taken and said, beside what the replay says of them."""
    for video, live in lives:
        found = replay(replace(run, videos=(video,)), strategy)
        tag = run.classifier["labels"].index(live["label"])
        place = label_rank(video.probabilities[found.clips[0][0]], tag)
        yield Check(
            path=video.path,
            modelled_s=(found.seconds() or {})["total"],
            measured_s=live["seconds"],
            same_clips=live["clips"] == found.clips[0][0].tolist(),
            same_tag=place == 0,
        )
