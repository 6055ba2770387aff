"""`bench --speed`: what every stage does in a second on one video, SCSampler against Dense from end to end, peak memory.

All stages are run one after the other in several rounds, the first of which warms up; a ratio is the median of the rounds' own
ratios, so that it holds on a machine that others disturb. Dense is the same code on all clips: one streaming decode, one scaler,
the same batches and precision.
"""

from __future__ import annotations

import resource
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch

from scsampler_cli.bench import paper
from scsampler_cli.bench.knowledge import SHOWN
from scsampler_cli.bench.measure import Models
from scsampler_cli.bench.tables import Column, Row, Table
from scsampler_cli.classifiers.base import probabilities_of
from scsampler_cli.config import VISUAL, FeatureSettings, SelectionSettings
from scsampler_cli.media import plain
from scsampler_cli.pipeline import classify
from scsampler_cli.samplers.inputs import sound_input, visual_input
from scsampler_cli.samplers.scoring import BATCH_CLIPS
from scsampler_cli.video import BATCH, Progress, Samplers, Video, sound_clips, visual_clips

INPUT_SETS = (("md",), ("if",), ("rgbr",), ("md", "rgbr"))


@dataclass(frozen=True)
class Subject:
    """What is measured on what."""

    path: Path
    models: Models
    samplers: Samplers
    features: FeatureSettings
    selection: SelectionSettings


@dataclass(frozen=True)
class _Stage:
    name: str
    unit: str
    units: float
    """Of work in one round."""
    work: Callable[[], None]
    group: str


def measure(subject: Subject, repeats: int, progress: Progress) -> list[Table]:
    """Run all stages.

    Args:
        subject: video and networks.
        repeats: rounds that count.
        progress: told of rounds and stages.

    Returns:
        tables "stages", "ends" (from end to end) and "memory".
    """
    video = Video(subject.path, subject.models.classifier.spec.frames, subject.models.classifier.spec.stride)
    stages = list(_stages(video, subject))
    seconds: dict[str, list[float]] = defaultdict(list)
    memory: dict[str, float] = {}
    for round_ in range(repeats + 1):
        for done, stage in enumerate(stages, start=1):
            alone = forget_peak()
            start = time.perf_counter()
            stage.work()
            if round_:
                seconds[stage.name].append(time.perf_counter() - start)
            else:
                memory[stage.name] = peak_mb()
            progress(f"round {round_} of {repeats}", done, len(stages))
    length = float(video.index.timeline.duration)
    chosen = min(subject.selection.k, len(video.grid))
    return [
        _stage_table(stages, seconds, video, length),
        _ends_table(stages, seconds, chosen),
        _memory_table(memory, alone),
    ]


def _stages(video: Video, subject: Subject) -> Iterator[_Stage]:
    frames, clips, path = len(video.index.timeline), len(video.grid), subject.path
    yield _Stage("demux", "frames", frames, lambda: _done(plain.demux(path)), "reading")
    yield _Stage("decode", "frames", frames, lambda: _done(plain.decode(path)), "reading")
    if video.info.has_vectors:
        yield _Stage("decode, vectors", "frames", frames, lambda: _done(plain.vectors(path)), "reading")
    for inputs in INPUT_SETS:
        settings = FeatureSettings(inputs, subject.features.p_frames, subject.features.short_side)
        name = " + ".join(SHOWN[kind] for kind in inputs)
        yield _Stage(name, "frames", frames, lambda s=settings: _drain(visual_clips(video, s)), "reading")  # type: ignore[misc]
    if video.audio is not None:
        yield _Stage("sound, mel", "frames", frames, lambda: _drain(sound_clips(video)), "reading")
    batch = min(BATCH_CLIPS, clips)
    for name, network in subject.models.networks.items():
        looks = _some_inputs(video, network.kind, batch, subject.features)
        if any(len(tensor) for tensor in looks):
            yield _Stage(f"sampler {name}", "clips", batch, lambda n=network, x=looks: _done(n.scores(x)), "networks")  # type: ignore[misc]
    spec = subject.models.classifier.spec
    blank = np.random.default_rng(0).integers(0, 255, (BATCH, spec.frames, *spec.crop, 3), np.uint8)
    classifier = subject.models.classifier
    yield _Stage("classifier", "clips", BATCH, lambda: _done(probabilities_of(classifier, blank)), "networks")
    for name, selection in (("SCSampler", subject.selection), ("Dense", SelectionSettings("dense"))):
        yield _Stage(name, "clips", clips, lambda s=selection: _done(_tag(subject, s)), "ends")  # type: ignore[misc]


def _tag(subject: Subject, selection: SelectionSettings) -> dict[str, Any]:
    return classify(subject.path, subject.samplers, subject.models.classifier, subject.features, selection)


def _done(_: object) -> None:
    """The result is of no interest."""


def _drain(items: Iterator[object]) -> None:
    for _ in items:
        pass


def _some_inputs(video: Video, kind: str, count: int, features: FeatureSettings) -> list[torch.Tensor]:
    """What the network takes of the first clips."""
    if kind in VISUAL:
        settings = FeatureSettings((kind,), features.p_frames, features.short_side)
        return [visual_input(clip, kind) for clip in islice(visual_clips(video, settings), count)]
    return [sound_input(clip) for clip in islice(sound_clips(video), count)]


def _row(stage: _Stage, seconds: Sequence[float]) -> Row:
    rates = [stage.units / s for s in seconds]
    return {
        "stage": stage.name,
        "unit": stage.unit,
        "per_second": statistics.median(rates),
        "lowest": min(rates),
        "highest": max(rates),
        "seconds": statistics.median(seconds),
    }


def _stage_table(stages: Sequence[_Stage], seconds: Mapping[str, list[float]], video: Video, length: float) -> Table:
    decode = seconds["decode"]
    rows = []
    for stage in stages:
        if stage.group != "ends":
            row = _row(stage, seconds[stage.name])
            if stage.group == "reading":
                row["real_time"] = length / row["seconds"]
                row["of_decode"] = statistics.median([d / s for d, s in zip(decode, seconds[stage.name], strict=True)])
            rows.append(row)
    columns = (
        Column("stage", ("stage",)),
        Column("per s", ("per_second", "lowest", "highest", "unit"), "{:.1f} [{:.1f}-{:.1f}] {}"),
        Column("x real time", ("real_time",), "{:.1f}"),
        Column("x plain decode", ("of_decode",), "{:.2f}"),
    )
    height, width = video.info.size
    about = (
        f"{video.path.name}: {video.info.codec}, {width}x{height}, {len(video.index.timeline)} frames, {length:.1f} s, "
        f"{len(video.grid)} clips; {len(decode)} rounds after one to warm up; median [lowest-highest]."
    )
    return Table("stages", "Stages", columns, tuple(rows), (about,))


def _ends_table(stages: Sequence[_Stage], seconds: Mapping[str, list[float]], chosen: int) -> Table:
    """SCSampler and Dense from opening the file to the tags; the ratio is made round by round."""
    dense = seconds["Dense"]
    each_clip = [s / BATCH for s in seconds["classifier"]]
    rows = []
    for stage in stages:
        if stage.group == "ends":
            spent = seconds[stage.name]
            row = {
                "stage": stage.name,
                "seconds": statistics.median(spent),
                "lowest": min(spent),
                "highest": max(spent),
            }
            row["speed_up"] = statistics.median([d / s for d, s in zip(dense, spent, strict=True)])
            rows.append(row)
    reading = next(iter(rows))
    over = [s - chosen * c for s, c in zip(seconds["SCSampler"], each_clip, strict=True)]
    reading["overhead_clips"] = statistics.median([o / c for o, c in zip(over, each_clip, strict=True)])
    columns = (
        Column("from file to tags", ("stage",)),
        Column("s", ("seconds", "lowest", "highest"), "{:.2f} [{:.2f}-{:.2f}]"),
        Column("x faster", ("speed_up",), "{:.1f}"),
        Column("overhead, clip evaluations", ("overhead_clips",), "{:.1f}"),
    )
    about = "Overhead (App. D): what SCSampler does beside classifying its clips, in clip evaluations"
    note = f"{about}; paper, MC3-18: {paper.OVERHEAD_CLIPS}."
    return Table("ends", "From end to end", columns, tuple(rows), (note,))


def _memory_table(memory: Mapping[str, float], alone: bool) -> Table:
    rows = tuple({"stage": name, "peak_mb": value} for name, value in memory.items())
    columns = (Column("during" if alone else "after", ("stage",)), Column("peak memory, MB", ("peak_mb",), "{:.0f}"))
    gpu = f" GPU: {torch.cuda.max_memory_allocated() / 1e6:.0f} MB." if torch.cuda.is_available() else ""
    return Table(
        "memory", "Peak memory of the process so far, first round", columns, rows, (f"Networks included.{gpu}",)
    )


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
