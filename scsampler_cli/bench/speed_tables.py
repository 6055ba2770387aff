"""The tables of `bench --speed`."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch

from scsampler_cli.bench import published
from scsampler_cli.bench.table import Column, Row, Table
from scsampler_cli.media.frames import FramesReport, read_clips
from scsampler_cli.media.seeking import keyframe_before
from scsampler_cli.pipeline.video import Video
from scsampler_cli.text import counted

SCSAMPLER, DENSE, CLASSIFIER, DECODE = "SCSampler", "Dense", "classifier", "decode"


@dataclass(frozen=True)
class Stage:
    """A stage that is measured."""

    name: str
    unit: str
    units: float
    """Units of work in one round."""
    group: str
    """"reading", "networks" or "ends"."""
    scale: float = 1.0
    """Factor of the measured time: above 1 where only a part of the work was done."""


def _row(stage: Stage, seconds: Sequence[float]) -> Row:
    # units per second of each round
    rates = [stage.units / spent for spent in seconds]
    return {
        "stage": stage.name,
        "unit": stage.unit,
        "per_second": statistics.median(rates),
        "lowest": min(rates),
        "highest": max(rates),
        "seconds": statistics.median(seconds),
    }


def stage_table(stages: Sequence[Stage], seconds: Mapping[str, list[float]], video: Video) -> Table:
    """Table of the speed of every stage alone.

    Args:
        stages: all stages; those from end to end are left out.
        seconds: by stage and round.
        video: the video.
    """
    decode = seconds[DECODE]
    length = float(video.index.timeline.duration)
    rows = []
    for stage in stages:
        if stage.group == "ends":
            continue
        row = _row(stage, seconds[stage.name])
        if stage.group == "reading":
            row["real_time"] = length / row["seconds"]
            row["of_decode"] = _median_ratio(decode, seconds[stage.name])
        rows.append(row)
    columns = (
        Column("stage", ("stage",)),
        Column("per s", ("per_second", "lowest", "highest", "unit"), "{:.1f} [{:.1f}-{:.1f}] {}"),
        Column("x real time", ("real_time",), "{:.1f}"),
        Column("x plain decode", ("of_decode",), "{:.2f}"),
    )
    height, width = video.info.size
    about = (
        f"{video.path.name}: {video.info.codec}, {width}x{height}, "
        f"{counted(len(video.index.timeline), 'frame')}, {length:.1f} s, "
        f"{counted(len(video.grid), 'clip')}; {counted(len(decode), 'round')} after a warm-up; "
        "median [lowest-highest]."
    )
    return Table("stages", "Stages", columns, rows=tuple(rows), notes=(about,))


def _median_ratio(numerators: Sequence[float], denominators: Sequence[float]) -> float:
    """The median of the ratios of each round: a disturbed round changes it little."""
    return statistics.median([a / b for a, b in zip(numerators, denominators, strict=True)])


def ends_table(
    stages: Sequence[Stage],
    seconds: Mapping[str, list[float]],
    records: Sequence[Mapping[str, Any]],
) -> Table:
    """SCSampler and Dense, from opening the file to the tags.

    Args:
        stages: all stages.
        seconds: by stage and round.
        records: results of SCSampler, round by round.
    """
    # the first row is that of SCSampler
    rows = [_end(stage, seconds) for stage in stages if stage.group == "ends"]
    units = {stage.name: stage.units for stage in stages}
    selected = len(records[-1]["clips"])

    # overhead of each round in clip evaluations: (total - clips * s per clip) / s per clip
    overhead = []
    for total, batch_s in zip(seconds[SCSAMPLER], seconds[CLASSIFIER], strict=True):
        # the classifier was timed on a full batch
        clip_s = batch_s / units[CLASSIFIER]
        overhead.append((total - selected * clip_s) / clip_s)
    # the stages as `classify` itself records them
    for part in ("index", "score", "classify"):
        rows[0][f"{part}_s"] = statistics.median([record["timings_s"][part] for record in records])
    rows[0] |= {
        "overhead_clips": statistics.median(overhead),
        "scoring_ms": 1000 * rows[0]["score_s"] / units[SCSAMPLER],
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
        "Overhead (App. D): everything but the classification of the selected clips, "
        "in clip evaluations"
    )
    notes = [f"{about}."]
    notes += [_part(stage) for stage in stages if stage.scale > 1]
    return Table(
        "ends",
        "From end to end",
        columns,
        rows=tuple(rows),
        notes=tuple(notes),
        paper_notes=(f"Paper, MC3-18: an overhead of {published.OVERHEAD_CLIPS}.",),
    )


def _part(stage: Stage) -> str:
    some = f"{stage.units / stage.scale:.0f} of the {stage.units:.0f} clips"
    return f"{stage.name} was run on {some}; its time is multiplied by {stage.scale:.2f}."


def _end(stage: Stage, seconds: Mapping[str, list[float]]) -> Row:
    spent = seconds[stage.name]
    return {
        "stage": stage.name,
        "seconds": statistics.median(spent),
        "lowest": min(spent),
        "highest": max(spent),
        "speed_up": _median_ratio(seconds[DENSE], spent),
    }


def chosen_table(video: Video, clips: Sequence[int]) -> Table:
    """The frames that are decoded for the selected clips, compared with those of their GOPs."""
    report = FramesReport()
    # the frames themselves are not needed: one pixel of each is kept
    for _ in read_clips(
        video.path,
        video.index,
        video.grid,
        clips=clips,
        fit=lambda frame: frame[:1, :1],
        report=report,
    ):
        pass
    # display positions of the keyframes, and the end of the video
    bounds = [*video.index.keyframes.tolist(), len(video.index.timeline)]
    # frames of each GOP, by its keyframe
    length = {begin: end - begin for begin, end in pairwise(bounds)}
    groups = _groups(video, clips, bounds)
    # one row: what the selection of the last round took
    row = {
        "clips": len(clips),
        "groups": len(groups),
        "group_frames": sum(length[begin] for begin in groups),
        "decoded": report.decoded,
        "of_all": report.decoded / len(video.index.timeline),
    }
    columns = (
        Column("selected clips", ("clips",)),
        Column("their GOPs", ("groups",)),
        Column("frames of these GOPs", ("group_frames",)),
        Column("frames decoded", ("decoded",)),
        Column("of all frames", ("of_all",), "{:.1%}"),
    )
    return Table("chosen", "Frames decoded for the selected clips", columns, rows=(row,))


def _groups(video: Video, clips: Sequence[int], bounds: Sequence[int]) -> set[int]:
    """Display positions of the keyframes of the GOPs in which the clips lie."""
    keyframes = set()
    for clip in clips:
        frames = video.grid.frames_of(clip)
        keyframes.add(keyframe_before(video.index, int(frames[0])))
        # a clip may go on into further GOPs
        keyframes |= {at for at in bounds[:-1] if frames[0] <= at <= frames[-1]}
    return keyframes


def memory_table(memory: Mapping[str, float], alone: bool) -> Table:
    """Table of the peak memory of each stage.

    Args:
        memory: MB, by stage.
        alone: True where the peak was reset before each stage; else it counts from the start.
    """
    rows = tuple({"stage": name, "peak_mb": value} for name, value in memory.items())
    columns = (
        Column("during" if alone else "after", ("stage",)),
        Column("peak memory, MB", ("peak_mb",), "{:.0f}"),
    )
    note = "Networks included."
    if torch.cuda.is_available():
        note += f" GPU: {torch.cuda.max_memory_allocated() / 1e6:.0f} MB."
    return Table(
        "memory",
        "Peak memory of the process, first round",
        columns,
        rows=rows,
        notes=(note,),
    )
