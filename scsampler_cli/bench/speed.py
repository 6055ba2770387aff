"""`bench --speed`: throughput of every stage on one video, SCSampler against Dense, peak memory.

All stages are run one after the other, in several rounds. The first round is a warm-up, without
Dense, which may take hours. A ratio is the median of the ratios of all rounds, so that it is
reliable on a machine with other load. Dense is the same code on all clips, or on those of the first
minutes: one streaming decode ahead of the classifier, the same scaler, batch size and precision.
Not handled here: `speed_tables` makes tables of the numbers.
"""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from scsampler_cli.bench.bench_models import Models
from scsampler_cli.bench.capacity import Machine, capacity_table, video_costs
from scsampler_cli.bench.peak_memory import peak_mb, reset_peak
from scsampler_cli.bench.run_data import DISPLAY_NAMES, PICTURES
from scsampler_cli.bench.speed_rounds import ALL_STAGES, round_names
from scsampler_cli.bench.speed_tables import (
    CLASSIFIER,
    DENSE,
    SCSAMPLER,
    Stage,
    chosen_table,
    ends_table,
    memory_table,
    stage_table,
)
from scsampler_cli.bench.table import Table
from scsampler_cli.classifiers.base import batch_of
from scsampler_cli.classifiers.crops import batch_shape, clip_probabilities
from scsampler_cli.config import VISUAL, FeatureSettings, SelectionSettings
from scsampler_cli.features.rgb import picture_requests
from scsampler_cli.media import plain
from scsampler_cli.output.records import Record
from scsampler_cli.pipeline.clip_inference import classify_clips
from scsampler_cli.pipeline.stages import classify
from scsampler_cli.pipeline.video import Progress, Video, audio_clips, clip_frames, visual_clips
from scsampler_cli.pipeline.video_scores import compared_clips
from scsampler_cli.samplers.clip_batches import batch_for, batches, distinct
from scsampler_cli.samplers.network_inputs import audio_input, visual_input
from scsampler_cli.samplers.scoring import SamplerNetwork, Samplers

INPUT_SETS = (("rgb",), ("md",), ("if",), ("rgbr",), ("md", "rgbr"))
"""Sets of visual inputs whose extraction is timed."""
SEARCH_NOTE = "No sampler learnt these classes: SCSampler is the search, which needs none."
SOUND, CHOSEN = "sound, mel", "decode the chosen clips"
COMPARED = "pictures of a search"
"""Stages."""


@dataclass(frozen=True)
class Subject:
    """The video, the models and the settings of a measurement."""

    path: Path
    models: Models
    samplers: Samplers
    features: FeatureSettings
    selection: SelectionSettings
    dense_minutes: float | None = None
    """Minutes of the video on which Dense is run; None for all of it."""


@dataclass(frozen=True)
class _Job:
    """A stage, and a function that runs it once."""

    stage: Stage
    run: Callable[[], Any]


def measure(subject: Subject, repeats: int, progress: Progress) -> list[Table]:
    """Run all stages.

    Args:
        subject: video and models.
        repeats: number of rounds after the warm-up.
        progress: is called after each stage.

    Returns:
        tables "stages", "ends" (from end to end), "chosen", "capacity" and "memory".
    """
    # indexed once: stages that read features start from the index
    video = Video(
        subject.path, subject.models.classifier.spec.frames, subject.models.classifier.spec.stride
    )
    jobs = list(_jobs(video, subject))
    # stage -> seconds, round by round
    seconds: dict[str, list[float]] = defaultdict(list)
    memory: dict[str, float] = {}
    records = []
    for number, round_name in enumerate(round_names(ALL_STAGES, repeats)):
        is_warm_up = number == 0
        for done, job in enumerate(jobs, start=1):
            stage = job.stage
            if is_warm_up and stage.name == DENSE:
                continue
            alone = reset_peak()
            start = time.perf_counter()
            result = job.run()
            spent = time.perf_counter() - start
            # of the first time: later rounds find the allocator's memory in place
            memory.setdefault(stage.name, peak_mb())
            if not is_warm_up:
                seconds[stage.name].append(spent * stage.scale)
                if stage.name == SCSAMPLER:
                    records.append(result)
            progress(round_name, done, len(jobs))

    stages = [job.stage for job in jobs]
    ends = ends_table(stages, seconds, records)
    if subject.selection.strategy == "search":
        ends = replace(ends, notes=(*ends.notes, SEARCH_NOTE))
    # the median is robust against rounds that other programs slow down
    typical = {name: statistics.median(spent) for name, spent in seconds.items()}
    return [
        stage_table(stages, seconds, video),
        ends,
        chosen_table(video, [clip["clip"] for clip in records[-1]["clips"]]),
        _capacity(video, subject, typical, record=records[-1]),
        memory_table(memory, alone),
    ]


def _capacity(
    video: Video, subject: Subject, seconds: Mapping[str, float], *, record: Record
) -> Table:
    """The table of a million hours of video like this one.

    Args:
        video: the measured video.
        subject: its models.
        seconds: of one round, by stage.
        record: result of SCSampler.
    """
    is_on_gpu = torch.device(subject.models.device).type == "cuda"
    machine = Machine(torch.get_num_threads(), is_on_gpu)
    # seconds of one core
    reading = {"index": record["timings_s"]["index"]}
    samplers = subject.samplers
    if samplers.visual:
        shown = _display_name(samplers.visual.inputs)
        reading[f"read {shown}"] = seconds[shown]
    if samplers.audio and SOUND in seconds:
        reading["read the sound"] = seconds[SOUND]
    networks = {}
    if subject.selection.needs_pictures:
        reading[f"read {COMPARED}"] = seconds[COMPARED]
        chosen = _compared_clips(video, subject)
        inputs = _input_count(video, "rgb", features=subject.features, clips=chosen)
        networks[PICTURES] = seconds[PICTURES] / min(batch_for("rgb"), inputs) * inputs
    for name, network in _named(subject):
        # a network without input in this video was not timed
        if name in seconds:
            inputs = _input_count(video, network.kind, features=subject.features)
            networks[name] = seconds[name] / min(batch_for(network.kind), inputs) * inputs
    clip_s = seconds[CLASSIFIER] / batch_of(subject.models.classifier)
    networks["classify the chosen clips"] = clip_s * len(record["clips"])
    costs = video_costs(reading, networks, seconds[CHOSEN], machine=machine)
    return capacity_table(costs, machine, float(video.index.timeline.duration))


def _display_name(inputs: Sequence[str]) -> str:
    """Name of a set of inputs.

    Example: ("md", "rgbr") -> "MD + RGB-R".
    """
    return " + ".join(DISPLAY_NAMES[kind] for kind in inputs)


def _jobs(video: Video, subject: Subject) -> Iterator[_Job]:
    frames, path = len(video.index.timeline), subject.path

    def reading(name: str, run: Callable[[], Any]) -> _Job:
        return _Job(Stage(name, "frames", frames, group="reading"), run)

    # the lower bounds: reading alone, then decoding alone
    yield reading("demux", lambda: plain.demux(path))
    yield reading("decode", lambda: plain.decode(path))
    # decoding with export of motion vectors, which costs time of its own
    if video.info.has_vectors:
        yield reading("decode, vectors", lambda: plain.vectors(path))
    # the sampler's own inputs, unless they are among the sets
    sets = list(INPUT_SETS)
    if subject.samplers.visual:
        sets.append(subject.samplers.visual.inputs)
    for inputs in dict.fromkeys(sets):
        settings = replace(subject.features, inputs=inputs)
        # the default argument binds the settings of this round of the loop
        yield reading(_display_name(inputs), lambda s=settings: _drained(visual_clips(video, s)))  # type: ignore[misc]
    if subject.selection.needs_pictures:
        rgb, chosen = replace(subject.features, inputs=("rgb",)), _compared_clips(video, subject)
        yield reading(COMPARED, lambda: _drained(visual_clips(video, rgb, chosen)))
    if video.audio is not None:
        yield reading(SOUND, lambda: _drained(audio_clips(video)))
    yield from _networks(video, subject)
    yield from _ends(video, subject)


def _networks(video: Video, subject: Subject) -> Iterator[_Job]:
    for name, network in _named(subject):
        inputs = _first_inputs(video, network.kind, features=subject.features)
        # a video without sound has no inputs for the audio network
        if any(len(tensor) for tensor in inputs):
            unit = "pictures" if network.kind == "rgb" else "clips"
            stage = Stage(name, unit, len(inputs), group="networks")
            yield _Job(stage, partial(network.scores, inputs))
    pictures = subject.models.pictures
    if subject.selection.needs_pictures and pictures is not None:
        side = 0 if pictures.takes_full_size else subject.features.short_side
        settings = replace(subject.features, inputs=("rgb",), short_side=side)
        clips = pictures.fitted(visual_clips(video, settings))
        first = distinct(next(batches(clips, ["rgb"])), "rgb")
        stage = Stage(PICTURES, "pictures", len(first), group="networks")
        yield _Job(stage, partial(pictures.of_inputs, pictures.inputs(first)))
    classifier = subject.models.classifier
    # uint8 [batch, frames, height, width, 3]: the time of a network does not depend on the pixels
    noise = np.random.default_rng(0).integers(0, 255, batch_shape(classifier), np.uint8)
    yield _Job(
        Stage(CLASSIFIER, "clips", len(noise), group="networks"),
        lambda: clip_probabilities(classifier, noise),
    )


def _compared_clips(video: Video, subject: Subject) -> NDArray[np.int64]:
    """int64 [n]: the clips whose pictures a search compares."""
    if subject.samplers.visual is not None:
        return video.grid.every(1)
    return compared_clips(video, subject.features, subject.selection.k)


def _named(subject: Subject) -> list[tuple[str, SamplerNetwork]]:
    """The networks of the samplers in use, by the names of their stages."""
    kinds = ("visual", "audio", "packets")
    used = {id(network) for kind in kinds for network in subject.samplers.networks(kind)}
    networks = subject.models.networks.items()
    return [(f"sampler {name}", network) for name, network in networks if id(network) in used]


def _input_count(
    video: Video, kind: str, features: FeatureSettings, *, clips: NDArray[np.int64] | None = None
) -> int:
    """Number of inputs of a network: clips, or the different pictures of clips; None for all."""
    if kind != "rgb":
        return len(video.grid)
    wanted = (video.grid.every(1) if clips is None else clips).tolist()
    requests = picture_requests(video.index, video.grid, wanted, picture_gap=features.picture_gap)
    return len({request.position for request in requests})


def _ends(video: Video, subject: Subject) -> Iterator[_Job]:
    clips, classifier = len(video.grid), subject.models.classifier
    # the selection of the last run; the stage that decodes it comes after that run
    selected: list[int] = []

    def tag(selection: SelectionSettings) -> Record:
        record = classify(
            subject.path,
            subject.samplers,
            classifier,
            features=subject.features,
            selection=selection,
        ).record()
        selected[:] = [clip["clip"] for clip in record["clips"]]
        return record

    yield _Job(Stage(SCSAMPLER, "clips", clips, group="ends"), lambda: tag(subject.selection))
    # a short video has fewer clips than K
    count = min(subject.selection.k, clips)
    yield _Job(
        Stage(CHOSEN, "clips", count, group="networks"),
        lambda: _drained(clip_frames(video, selected, classifier.spec)),
    )
    count = clips
    if subject.dense_minutes is not None:
        count = _clips_until(video, subject.dense_minutes * 60)
    if count == clips:
        yield _Job(
            Stage(DENSE, "clips", clips, group="ends"),
            lambda: tag(SelectionSettings(strategy="dense")),
        )
    else:
        # the time of the part is scaled to the whole video
        stage = Stage(DENSE, "clips", clips, group="ends", scale=clips / count)
        # the classifier alone on a part: tags of a part would mean nothing
        yield _Job(stage, lambda: classify_clips(video, range(count), classifier))


def _clips_until(video: Video, seconds: float) -> int:
    """Number of clips that begin before a time, at least one."""
    # the clock of a file need not start at 0
    start = video.grid[0].start
    return max(1, sum(clip.start - start < seconds for clip in video.grid))


def _drained(items: Iterator[object]) -> None:
    for _ in items:
        pass


def _first_inputs(video: Video, kind: str, features: FeatureSettings) -> list[torch.Tensor]:
    """The inputs of a network in its first batch, or in all of a short video."""
    if kind in VISUAL:
        settings = replace(features, inputs=(kind,))
        first = next(batches(visual_clips(video, settings), [kind]))
        return [visual_input(clip, kind) for clip in distinct(first, kind)]
    return [audio_input(clip) for clip in islice(audio_clips(video), batch_for(kind))]
