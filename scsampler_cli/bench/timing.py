"""The time of each stage: rates from one run over some of the videos, one after the other.

Accuracy comes from the cache, which several processes may have filled on several days; times never
do. Each stage reads the video again, as the commands do, and no result is kept between stages. The
networks are warmed up before.
"""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from scsampler_cli.batch.process_map import DONE
from scsampler_cli.batch.task import Record
from scsampler_cli.bench.bench_models import Models
from scsampler_cli.bench.cost_model import Check, Costs, decoded_frames, inputs_key
from scsampler_cli.bench.live_check import LiveRun, live_checks, tag_live
from scsampler_cli.bench.measure import MeasureContext
from scsampler_cli.bench.model_info import ModelFacts
from scsampler_cli.bench.network_tables import visual_groups
from scsampler_cli.bench.plan import Plan
from scsampler_cli.bench.rates import Rates
from scsampler_cli.bench.run_data import COMPARED_PICTURES, PICTURES, Run, VideoData
from scsampler_cli.bench.strategy import Strategy
from scsampler_cli.bench.strategy_list import search_strategies, under_test
from scsampler_cli.classifiers.base import batch_of
from scsampler_cli.classifiers.crops import batch_shape, clip_probabilities
from scsampler_cli.config import AUDIO, COMPRESSED, PACKETS, FeatureSettings
from scsampler_cli.errors import ScsamplerError
from scsampler_cli.features.rgb import served_by_keyframes
from scsampler_cli.media import plain
from scsampler_cli.media.seeking import decode_spans
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
from scsampler_cli.samplers.clip_batches import Clip, batch_for, batches, distinct
from scsampler_cli.samplers.network_inputs import audio_input, packets_input, visual_input
from scsampler_cli.samplers.networks import INPUT_SHAPES
from scsampler_cli.samplers.picture_features import PictureFeatures
from scsampler_cli.samplers.scoring import SamplerNetwork

OnVideoFailure = Callable[[VideoData, ScsamplerError], None]
"""Called with each measured video on which a later step failed, and the error."""
ALONE = 8
"""Clips of a video that are timed one at a time."""
InputSets = Mapping[str, tuple[str, ...]]
"""Key as of `cost_model.inputs_key` -> visual inputs that are read in one pass."""


def time_costs(
    run: Run,
    videos: Sequence[VideoData],
    facts: ModelFacts,
    *,
    context: MeasureContext,
    plan: Plan,
    on_failure: OnVideoFailure,
) -> Costs | None:
    """Rates of every stage on some videos, checked against live runs.

    Args:
        run: its tables decide which sets of inputs are read.
        videos: the videos to time.
        facts: of classifier and networks.
        context: settings of the features, processes, progress.
        plan: gives K, the number of selected clips, for the live runs.
        on_failure: called with each video that cannot be timed.

    Returns:
        None where not one video could be timed.
    """
    checked = _checked(run, plan)
    sets = _input_sets(run, with_keyframes=context.features.gap_by_keyframes)
    do = partial(
        _time_in_worker,
        sets=sets,
        features=context.features,
        lives=[LiveRun.of(strategy) for strategy in checked],
        # a command that works on one video at a time has all threads
        threads=torch.get_num_threads(),
    )
    # (video, a live run for each checked strategy)
    rates, lives = Rates(), []
    for done, video in enumerate(videos, start=1):
        # one video at a time: no other process works meanwhile
        (outcome,) = context.pool.each([Path(video.path)], do)
        if (error := outcome.error) is not None:
            on_failure(video, error)
        else:
            # a video that fails adds nothing, not even a part of its stages
            rates.add(outcome.record["rates"])
            lives.append((video, outcome.record["lives"]))
        # also after a failure, so that the count reaches the total
        context.progress("timing", done, len(videos))
    if not lives:
        return None

    inputs = [network.input for network in facts.networks.values()]
    networks = [*facts.networks, *([] if facts.pictures is None else [PICTURES])]
    frames = int(run.classifier["frames"])
    costs = _costs(rates, [*sets, *_other_inputs(inputs)], networks, frames=frames)
    costs = replace(costs, videos=len(lives), clips=sum(video.clips for video, _ in lives))
    timed = replace(run, costs=costs)
    checks: list[Check] = []
    for at, strategy in enumerate(checked):
        checks += live_checks(timed, strategy, [(video, each[at]) for video, each in lives])
    return replace(costs, checks=tuple(checks))


def _checked(run: Run, plan: Plan) -> list[Strategy]:
    """The strategies that are run live, too: the one under test, and the search."""
    named = [under_test(run, plan), *search_strategies(run, plan)[:1]]
    return list(dict(named).values())


def _costs(rates: Rates, reading: Sequence[str], networks: Sequence[str], *, frames: int) -> Costs:
    """The costs from measured rates.

    Args:
        rates: of all videos.
        reading: stages that read features.
        networks: stages of the sampler networks.
        frames: frames of a clip.
    """
    # "frames" is decoding and resizing of the same frames that "decode" only decodes
    fit_total = max(0.0, rates.total("frames") - rates.total("decode"))
    fit_s = fit_total / max(1, rates.units("frames"))
    # "alone" reads clips one at a time; what its frames cost in one stream is no overhead
    clips = rates.units("alone")
    in_stream = rates.rate("decode") * rates.units("alone, decoded") + fit_s * frames * clips
    return Costs(
        videos=0,
        clips=0,
        index_s=rates.rate("index"),
        read_s={name: rates.rate(name) for name in reading},
        score_s={name: rates.rate(name) for name in networks},
        decode_s=rates.rate("decode"),
        fit_s=fit_s,
        classify_s=rates.rate("classify"),
        round_s=max(0.0, rates.total("alone") - in_stream) / max(1, clips),
        classify_one_s=rates.rate("classify one"),
        spread={name: rates.spread(name) for name in ("decode", "classify", *reading)},
    )


def _time_in_worker(
    models: Models,
    path: Path,
    progress: Progress,
    *,
    sets: InputSets,
    features: FeatureSettings,
    lives: Sequence[LiveRun],
    threads: int,
) -> Record:
    """The work of a process on one video: time every stage, then tag it live."""
    rates = Rates()
    # the processes of a pool share out the cores: this one has them all for the time being
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with reporting_missing_file(path):
            _warm_up(models)
            _time_video(path, sets, models, features=features, rates=rates, progress=progress)
            live = [tag_live(path, models, features, how=how) for how in lives]
    finally:
        torch.set_num_threads(before)
    return {**DONE, "rates": rates.record(), "lives": live}


def _input_sets(run: Run, with_keyframes: bool) -> dict[str, tuple[str, ...]]:
    """Sets of visual inputs that a row of some table reads in one pass."""
    sets: dict[str, tuple[str, ...]] = {}
    groups = [*visual_groups(run), *(sampler.visual for sampler in run.samplers)]
    if run.joint is not None:
        groups.append(run.joint.visual)
    if run.pictures is not None:
        # of a search without a prior, and beside the inputs of the sampler under test
        groups += [(run.pictures,), (*run.main.visual, run.pictures)]
        sets |= {COMPARED_PICTURES: ("rgb",)} if with_keyframes else {}
    for group in groups:
        inputs = tuple(dict.fromkeys(network.input for network in group))
        if inputs:
            sets[inputs_key(inputs)] = inputs
    return sets


# cached: once in a process
@functools.cache
def _warm_up(models: Models) -> None:
    """Run each network once, on a batch of the size that is timed."""
    clip_probabilities(models.classifier, np.zeros(batch_shape(models.classifier), np.uint8))
    for network in models.networks.values():
        network.probabilities(torch.zeros(batch_for(network.kind), *INPUT_SHAPES[network.kind]))
    if models.pictures is not None:
        models.pictures.of_inputs(models.pictures.blank(batch_for("rgb")))


def _time_video(
    path: Path,
    sets: InputSets,
    models: Models,
    *,
    features: FeatureSettings,
    rates: Rates,
    progress: Progress,
) -> None:
    spec = models.classifier.spec
    # opening is timed, too: it reads the packets of the whole file
    with rates.timed("index"):
        video = open_video(path, spec.frames, spec.stride, progress=progress)
    with rates.timed("decode"):
        # the number of frames that were decoded
        frames = plain.decode(path)
    for name, inputs in sets.items():
        is_partial = name == COMPARED_PICTURES
        chosen = served_by_keyframes(video.index, video.grid).nonzero()[0] if is_partial else None
        clips = visual_clips(video, replace(features, inputs=inputs), chosen)
        # a deque of length 0 consumes the iterator
        deque(rates.timed_items(name, clips), maxlen=0)
    _time_networks(video, models, features, rates=rates)
    if models.pictures is not None:
        _time_pictures(video, models.pictures, features, rates=rates)
    _time_dense(video, models, rates)
    alone = _time_alone(video, models, rates)

    units = {
        "index": frames,
        "decode": frames,
        "frames": len(video.grid) * spec.frames,
        "classify": len(video.grid),
        PICTURES: len(video.grid),
        "alone": len(alone),
        "alone, decoded": sum(alone),
        "classify one": len(alone),
    }
    # read once for all networks
    other_inputs = _other_inputs(network.kind for network in models.networks.values())
    for stage in (*sets, *other_inputs, *models.networks):
        units[stage] = len(video.grid)
    rates.close(units)


def _time_networks(
    video: Video, models: Models, features: FeatureSettings, *, rates: Rates
) -> None:
    """Time each network; the time to read audio and packets is counted here, too."""

    def of(inputs: tuple[str, ...]) -> dict[str, SamplerNetwork]:
        return {name: each for name, each in models.networks.items() if each.kind in inputs}

    # each modality in a pass of its own, as in `classify`
    audio, packets = of(AUDIO), of(PACKETS)
    # pictures in a pass of their own, too: clips share them, so that batches have more clips
    for visual in filter(None, (of(("rgb",)), of(COMPRESSED))):
        inputs = tuple(dict.fromkeys(network.kind for network in visual.values()))
        clips = visual_clips(video, replace(features, inputs=inputs))
        _score(clips, visual, visual_input, rates=rates)
    if audio:
        windows = rates.timed_items("mel", audio_clips(video))
        _score(windows, audio, lambda clip, _: audio_input(clip), rates=rates)
    if packets:
        sizes = rates.timed_items("packets", packets_by_clip(video))
        _score(sizes, packets, lambda clip, _: packets_input(clip), rates=rates)


def _time_pictures(
    video: Video, pictures: PictureFeatures, features: FeatureSettings, *, rates: Rates
) -> None:
    """Time the network that knows which clips look alike, in batches as `classify` has them."""
    side = 0 if pictures.takes_full_size else features.short_side
    settings = replace(features, inputs=("rgb",), short_side=side)
    for batch in batches(pictures.fitted(visual_clips(video, settings)), ("rgb",)):
        with rates.timed(PICTURES):
            deque(pictures.passing(batch, {}), maxlen=0)


def _time_alone(video: Video, models: Models, rates: Rates) -> list[int]:
    """Time some clips one at a time, as a search asks for them.

    Returns:
        number of frames that had to be decoded for each clip.
    """
    begin, last = decode_spans(video.index, video.grid)
    count = min(ALONE, len(video.grid))
    decoded = []
    for clip in np.linspace(0, len(video.grid) - 1, count).round().astype(int).tolist():
        read = rates.timed_items("alone", clip_frames(video, [clip], models.classifier.spec))
        for _, frames in read:
            with rates.timed("classify one"):
                clip_probabilities(models.classifier, frames[None])
        decoded.append(decoded_frames(begin, last, [clip]))
    return decoded


def _other_inputs(inputs: Iterable[str]) -> list[str]:
    """The inputs that are not visual ("mel", "packets"); each is read in a pass of its own."""
    found = set(inputs)
    return [name for name in (*AUDIO, *PACKETS) if name in found]


def _score(
    clips: Iterator[Clip],
    networks: Mapping[str, SamplerNetwork],
    prepare: Callable[[Clip, str], Tensor],
    *,
    rates: Rates,
) -> None:
    """Time networks on clips, in batches as large as `classify` has."""
    # the clips of a batch are shared by the networks of a modality
    for batch in batches(clips, [network.kind for network in networks.values()]):
        for name, network in networks.items():
            with rates.timed(name):
                different = distinct(batch, network.kind)
                network.scores([prepare(clip, network.kind) for clip in different])


def _time_dense(video: Video, models: Models, rates: Rates) -> None:
    """Time the classifier on all clips.

    For a fair comparison, Dense has one streaming decode, and the scaler, batch size and precision
    of SCSampler.
    """
    clips = clip_frames(video, range(len(video.grid)), models.classifier.spec)
    # decoding and resizing, without the classifier
    stream = rates.timed_items("frames", clips)
    count = batch_of(models.classifier)
    while batch := [frames for _, frames in islice(stream, count)]:
        with rates.timed("classify"):
            # uint8 [batch, frames, height, width, 3]
            clip_probabilities(models.classifier, np.stack(batch))
