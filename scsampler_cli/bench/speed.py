"""`bench --speed`: what every stage does in a second on one video, SCSampler against Dense from end to end, peak memory.

All stages are run one after the other in several rounds, the first of which warms up (Dense, which may take hours, needs none of
its own); a ratio is the median of the rounds' own ratios, so that it holds on a machine that others disturb. Dense is the same
code on all clips, or on those of the first minutes: one streaming decode ahead of the classifier, one scaler, equal batches and
precision. But: what is made of the numbers is for `bench.speed_tables`.
"""

from __future__ import annotations

import resource
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch

from scsampler_cli.bench.capacity import Machine, capacity_table, video_costs
from scsampler_cli.bench.measure import Models
from scsampler_cli.bench.table import Table
from scsampler_cli.bench.run_data import DISPLAY_NAMES
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
from scsampler_cli.classifiers.base import batch_of
from scsampler_cli.classifiers.crops import batch_shape, clip_probabilities
from scsampler_cli.config import VISUAL, FeatureSettings, SelectionSettings
from scsampler_cli.media import plain
from scsampler_cli.output.records import Record
from scsampler_cli.pipeline.stages import classify
from scsampler_cli.pipeline.video import (
    Progress,
    Video,
    audio_clips,
    classify_clips,
    clip_frames,
    visual_clips,
)
from scsampler_cli.samplers.network_inputs import audio_input, visual_input
from scsampler_cli.samplers.scoring import SamplerNetwork, Samplers, batch_for

INPUT_SETS = (("md",), ("if",), ("rgbr",), ("md", "rgbr"))


SOUND, CHOSEN = "sound, mel", "decode the chosen clips"


@dataclass(frozen=True)
class Subject:
    """What is measured on what."""

    path: Path
    models: Models
    samplers: Samplers
    features: FeatureSettings
    selection: SelectionSettings
    dense_minutes: float | None = None
    """How much of the video Dense is run on; None for all of it."""


@dataclass(frozen=True)
class _Work:
    """One stage, and how to run it once."""

    stage: Stage
    run: Callable[[], Any]


def measure(subject: Subject, repeats: int, progress: Progress) -> list[Table]:
    """Run all stages.

    Args:
        subject: video and networks.
        repeats: rounds that count.
        progress: told of rounds and stages.

    Returns:
        tables "stages", "ends" (from end to end), "chosen", "capacity" and "memory".
    """
    video = Video(
        subject.path, subject.models.classifier.spec.frames, subject.models.classifier.spec.stride
    )
    works = list(_works(video, subject))
    seconds: dict[str, list[float]] = defaultdict(list)
    memory: dict[str, float] = {}
    records = []
    for round_ in range(repeats + 1):
        for done, work in enumerate(works, start=1):
            if not round_ and work.stage.name == DENSE:
                continue
            alone = forget_peak()
            start = time.perf_counter()
            result = work.run()
            memory.setdefault(work.stage.name, peak_mb())
            if round_:
                seconds[work.stage.name].append((time.perf_counter() - start) * work.stage.scale)
                if work.stage.name == SCSAMPLER:
                    records.append(result)
            progress(f"round {round_} of {repeats}", done, len(works))
    stages = [work.stage for work in works]
    typical = {name: statistics.median(spent) for name, spent in seconds.items()}
    return [
        stage_table(stages, seconds, video),
        ends_table(stages, seconds, records),
        chosen_table(video, [clip["clip"] for clip in records[-1]["clips"]]),
        _capacity(video, subject, typical, record=records[-1]),
        memory_table(memory, alone),
    ]


def _capacity(
    video: Video, subject: Subject, seconds: Mapping[str, float], *, record: Record
) -> Table:
    """What a million hours like this video would take.

    Args:
        video: that was measured.
        subject: networks.
        seconds: by stage, of one round.
        record: of SCSampler.
    """
    device = next(iter(subject.models.networks.values())).device
    machine = Machine(torch.get_num_threads(), device.type == "cuda")
    reading = {"index": record["timings_s"]["index"]}
    samplers, clips = subject.samplers, len(video.grid)
    if samplers.visual:
        shown = _shown(samplers.visual.inputs)
        reading[f"read {shown}"] = seconds[shown]
    if samplers.audio and SOUND in seconds:
        reading["read the sound"] = seconds[SOUND]
    networks = {
        name: seconds[name] / _clips_shown(network, video) * clips
        for name, network in _named(subject)
        if name in seconds
    }
    each = seconds[CLASSIFIER] / batch_of(subject.models.classifier)
    networks["classify the chosen clips"] = each * len(record["clips"])
    costs = video_costs(reading, networks, seconds[CHOSEN], machine=machine)
    return capacity_table(costs, machine, float(video.index.timeline.duration))


def _shown(inputs: Sequence[str]) -> str:
    """Example: ("md", "rgbr") -> "MD + RGB-R"."""
    return " + ".join(DISPLAY_NAMES[kind] for kind in inputs)


def _works(video: Video, subject: Subject) -> Iterator[_Work]:
    frames, path = len(video.index.timeline), subject.path

    def reading(name: str, run: Callable[[], Any]) -> _Work:
        return _Work(Stage(name, "frames", frames, group="reading"), run)

    yield reading("demux", lambda: plain.demux(path))
    yield reading("decode", lambda: plain.decode(path))
    if video.info.has_vectors:
        yield reading("decode, vectors", lambda: plain.vectors(path))
    own = [subject.samplers.visual.inputs] if subject.samplers.visual else []
    for inputs in dict.fromkeys([*INPUT_SETS, *own]):
        settings = FeatureSettings(inputs, subject.features.p_frames, subject.features.short_side)
        yield reading(_shown(inputs), lambda s=settings: _drained(visual_clips(video, s)))  # type: ignore[misc]
    if video.audio is not None:
        yield reading(SOUND, lambda: _drained(audio_clips(video)))
    yield from _networks(video, subject)
    yield from _ends(video, subject)


def _networks(video: Video, subject: Subject) -> Iterator[_Work]:
    for name, network in _named(subject):
        count = _clips_shown(network, video)
        looks = _some_inputs(video, network.kind, count, features=subject.features)
        if any(len(tensor) for tensor in looks):
            yield _Work(
                Stage(name, "clips", count, group="networks"),
                partial(network.scores, looks),
            )
    classifier = subject.models.classifier
    noise = np.random.default_rng(0).integers(0, 255, batch_shape(classifier), np.uint8)
    yield _Work(
        Stage(CLASSIFIER, "clips", len(noise), group="networks"),
        lambda: clip_probabilities(classifier, noise),
    )


def _named(subject: Subject) -> list[tuple[str, SamplerNetwork]]:
    """The sampler networks by the names of their stages."""
    return [(f"sampler {name}", network) for name, network in subject.models.networks.items()]


def _clips_shown(network: SamplerNetwork, video: Video) -> int:
    """How many clips a network is timed on: a full batch, or the whole of a short video."""
    return min(batch_for(network.kind), len(video.grid))


def _ends(video: Video, subject: Subject) -> Iterator[_Work]:
    clips, classifier = len(video.grid), subject.models.classifier
    taken: list[int] = []

    def tag(selection: SelectionSettings) -> Record:
        record = classify(
            subject.path,
            subject.samplers,
            classifier,
            features=subject.features,
            selection=selection,
        ).record()
        taken[:] = [clip["clip"] for clip in record["clips"]]
        return record

    yield _Work(Stage(SCSAMPLER, "clips", clips, group="ends"), lambda: tag(subject.selection))
    some = min(subject.selection.k, clips)
    yield _Work(
        Stage(CHOSEN, "clips", some, group="networks"),
        lambda: _drained(clip_frames(video, taken, classifier.spec)),
    )
    some = (
        clips if subject.dense_minutes is None else _clips_until(video, subject.dense_minutes * 60)
    )
    if some == clips:
        yield _Work(
            Stage(DENSE, "clips", clips, group="ends"),
            lambda: tag(SelectionSettings(strategy="dense")),
        )
    else:
        stage = Stage(DENSE, "clips", clips, group="ends", scale=clips / some)
        yield _Work(stage, lambda: classify_clips(video, range(some), classifier))


def _clips_until(video: Video, seconds: float) -> int:
    """How many clips begin before a time; at least one."""
    start = video.grid[0].start
    return max(1, sum(clip.start - start < seconds for clip in video.grid))


def _drained(items: Iterator[object]) -> None:
    for _ in items:
        pass


def _some_inputs(
    video: Video, kind: str, count: int, *, features: FeatureSettings
) -> list[torch.Tensor]:
    """What the network takes of the first clips."""
    if kind in VISUAL:
        settings = FeatureSettings((kind,), features.p_frames, features.short_side)
        return [visual_input(clip, kind) for clip in islice(visual_clips(video, settings), count)]
    return [audio_input(clip) for clip in islice(audio_clips(video), count)]


def forget_peak() -> bool:
    """Ask the kernel to measure the peak anew; only Linux can."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return False
    return True


def peak_mb() -> float:
    """Largest resident size of this process since `forget_peak`, or since its start where that cannot be told; 10^6 bytes."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        (high,) = (line.split()[1] for line in lines if line.startswith("VmHWM"))
        return int(high) * 1024 / 1e6
    except (OSError, ValueError):
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
