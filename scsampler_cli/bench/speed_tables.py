"""What `bench --speed` measured, as tables."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch

from scsampler_cli.bench import published
from scsampler_cli.bench.paper_tables import Column, Row, Table
from scsampler_cli.media.frames import FramesReport, read_clips
from scsampler_cli.media.seeking import keyframe_before
from scsampler_cli.pipeline.video import Video
from scsampler_cli.text import counted

SCSAMPLER, DENSE, CLASSIFIER, DECODE = "SCSampler", "Dense", "classifier", "decode"


@dataclass(frozen=True)
class Stage:
    """Something that is measured."""

    name: str
    unit: str
    units: float
    """Of work in one round."""
    group: str
    """"reading", "networks" or "ends"."""
    scale: float = 1.0
    """By which its time is multiplied: above 1 where only a part of the work was done."""


def _row(stage: Stage, seconds: Sequence[float]) -> Row:
    rates = [stage.units / s for s in seconds]
    return {
        "stage": stage.name,
        "unit": stage.unit,
        "per_second": statistics.median(rates),
        "lowest": min(rates),
        "highest": max(rates),
        "seconds": statistics.median(seconds),
    }


def stage_table(stages: Sequence[Stage], seconds: Mapping[str, list[float]], video: Video) -> Table:
    """Every stage alone; seconds by stage and round."""
    decode = seconds[DECODE]
    length = float(video.index.timeline.duration)
    rows = []
    for stage in stages:
        if stage.group != "ends":
            row = _row(stage, seconds[stage.name])
            if stage.group == "reading":
                row["real_time"] = length / row["seconds"]
                row["of_decode"] = statistics.median(
                    [d / s for d, s in zip(decode, seconds[stage.name], strict=True)]
                )
            rows.append(row)
    columns = (
        Column("stage", ("stage",)),
        Column("per s", ("per_second", "lowest", "highest", "unit"), "{:.1f} [{:.1f}-{:.1f}] {}"),
        Column("x real time", ("real_time",), "{:.1f}"),
        Column("x plain decode", ("of_decode",), "{:.2f}"),
    )
    height, width = video.info.size
    about = (
        f"{video.path.name}: {video.info.codec}, {width}x{height}, {counted(len(video.index.timeline), 'frame')}, "
        f"{length:.1f} s, {counted(len(video.grid), 'clip')}; {counted(len(decode), 'round')} after one to warm up; "
        "median [lowest-highest]."
    )
    return Table("stages", "Stages", columns, rows=tuple(rows), notes=(about,))


def ends_table(
    stages: Sequence[Stage],
    seconds: Mapping[str, list[float]],
    records: Sequence[Mapping[str, Any]],
) -> Table:
    """SCSampler and Dense from opening the file to the tags; a ratio is made round by round.

    Args:
        stages: all.
        seconds: by stage and round.
        records: of SCSampler, round by round.
    """
    rows = [_end(stage, seconds) for stage in stages if stage.group == "ends"]
    (clips,) = {stage.units for stage in stages if stage.name == SCSAMPLER}
    (batch,) = {stage.units for stage in stages if stage.name == CLASSIFIER}
    each_clip = [s / batch for s in seconds[CLASSIFIER]]
    chosen = len(records[-1]["clips"])
    over = [(s - chosen * c) / c for s, c in zip(seconds[SCSAMPLER], each_clip, strict=True)]
    for part in ("index", "score", "classify"):
        rows[0][f"{part}_s"] = statistics.median([record["timings_s"][part] for record in records])
    rows[0] |= {
        "overhead_clips": statistics.median(over),
        "scoring_ms": 1000 * rows[0]["score_s"] / clips,
    }
    columns = (
        Column("from file to tags", ("stage",)),
        Column("s", ("seconds", "lowest", "highest"), "{:.2f} [{:.2f}-{:.2f}]"),
        Column("x faster", ("speed_up",), "{:.1f}"),
        Column("index, s", ("index_s",), "{:.2f}"),
        Column("score, s", ("score_s",), "{:.2f}"),
        Column("ms a clip", ("scoring_ms",), "{:.1f}"),
        Column("classify, s", ("classify_s",), "{:.2f}"),
        Column("overhead, clip evaluations", ("overhead_clips",), "{:.1f}"),
    )
    about = (
        "Overhead (App. D): what SCSampler does beside classifying its clips, in clip evaluations"
    )
    notes = [f"{about}; paper, MC3-18: {published.OVERHEAD_CLIPS}."]
    notes += [_part(stage) for stage in stages if stage.scale > 1]
    return Table("ends", "From end to end", columns, rows=tuple(rows), notes=tuple(notes))


def _part(stage: Stage) -> str:
    some = f"{stage.units / stage.scale:.0f} of the {stage.units:.0f} clips"
    return f"{stage.name} was run on {some}, its time multiplied by {stage.scale:.2f}."


def _end(stage: Stage, seconds: Mapping[str, list[float]]) -> Row:
    spent = seconds[stage.name]
    return {
        "stage": stage.name,
        "seconds": statistics.median(spent),
        "lowest": min(spent),
        "highest": max(spent),
        "speed_up": statistics.median([d / s for d, s in zip(seconds[DENSE], spent, strict=True)]),
    }


def chosen_table(video: Video, clips: Sequence[int]) -> Table:
    """What it takes to see the chosen clips: frames decoded, beside all those of the groups of pictures that they lie in."""
    read = FramesReport()
    for _ in read_clips(
        video.path,
        video.index,
        video.grid,
        clips=clips,
        fit=lambda frame: frame[:1, :1],
        report=read,
    ):
        pass
    bounds = [*video.index.keyframes.tolist(), len(video.index.timeline)]
    length = {begin: end - begin for begin, end in pairwise(bounds)}
    groups = _groups(video, clips, bounds)
    row = {
        "clips": len(clips),
        "groups": len(groups),
        "group_frames": sum(length[begin] for begin in groups),
        "decoded": read.decoded,
        "of_all": read.decoded / len(video.index.timeline),
    }
    columns = (
        Column("chosen clips", ("clips",)),
        Column("their GOPs", ("groups",)),
        Column("frames of these", ("group_frames",)),
        Column("frames decoded", ("decoded",)),
        Column("of all frames", ("of_all",), "{:.1%}"),
    )
    return Table("chosen", "What the chosen clips take", columns, rows=(row,))


def _groups(video: Video, clips: Sequence[int], bounds: Sequence[int]) -> set[int]:
    """Display positions where the groups of pictures that clips lie in begin."""
    spans = [video.grid.frames_of(clip) for clip in clips]
    begins = {keyframe_before(video.index, int(frames[0])) for frames in spans}
    return begins | {at for at in bounds[:-1] for frames in spans if frames[0] <= at <= frames[-1]}


def memory_table(memory: Mapping[str, float], alone: bool) -> Table:
    """Peak memory by stage; `alone` where each stage's own is known."""
    rows = tuple({"stage": name, "peak_mb": value} for name, value in memory.items())
    columns = (
        Column("during" if alone else "after", ("stage",)),
        Column("peak memory, MB", ("peak_mb",), "{:.0f}"),
    )
    gpu = (
        f" GPU: {torch.cuda.max_memory_allocated() / 1e6:.0f} MB."
        if torch.cuda.is_available()
        else ""
    )
    return Table(
        "memory",
        "Peak memory of the process so far, first time",
        columns,
        rows=rows,
        notes=(f"Networks included.{gpu}",),
    )
