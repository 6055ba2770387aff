"""Tables of segments: how well each method finds where the actions are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.bench.metrics import ratio_interval
from scsampler_cli.bench.plan import Plan
from scsampler_cli.bench.run_data import Run, VideoData
from scsampler_cli.bench.segment_methods import SegmentOutcome, listed_videos, segment_outcomes
from scsampler_cli.bench.table import CLIPS, Column, Row, Table
from scsampler_cli.bench.temporal_map import (
    THRESHOLDS,
    FoundSegment,
    VideoSegments,
    average_precisions,
    mean_average_precision,
    temporal_iou,
)
from scsampler_cli.datasets.segment_list import TrueSegment
from scsampler_cli.text import counted

MAIN_IOU = 0.5
"""Temporal IoU of the column that has its interval."""


@dataclass(frozen=True)
class SegmentTables:
    """All tables of segments; none for a run without true segments."""

    shown: tuple[Table, ...] = ()
    """How well each method finds the segments, and the first method class by class."""
    found: Table | None = None
    """The true segments, and those that the first method finds, video by video."""


def segment_tables(run: Run, plan: Plan) -> SegmentTables:
    """Make all tables of segments for which the run has the numbers."""
    videos = listed_videos(run)
    if not videos:
        return SegmentTables()
    outcomes = segment_outcomes(run, plan)
    rows = [_row(outcome, videos) for outcome in outcomes]
    title = f"Segments, K = {plan.k}"
    notes = (_note(run, videos), *run.segment_notes)
    by_method = Table("segments", title, _columns(), rows=tuple(rows), notes=notes)
    first = outcomes[0]
    return SegmentTables((by_method, _classes_table(first)), _found_table(first, videos))


def _columns() -> tuple[Column, ...]:
    columns = [Column("method", ("method",))]
    for iou in THRESHOLDS:
        key, form = _key(iou), "{:.1f}"
        keys: tuple[str, ...] = (key,)
        if iou == MAIN_IOU:
            keys, form = (key, f"{key}_low", f"{key}_high"), "{:.1f} [{:.0f}-{:.0f}]"
        columns.append(Column(f"mAP@{iou}, %", keys, form))
    interval = "{:.1f} [{:.0f}-{:.0f}]"
    return (
        *columns,
        Column("touched, %", ("touched", "touched_low", "touched_high"), interval),
        Column("by clips, %", ("by_clips", "by_clips_low", "by_clips_high"), interval),
        CLIPS,
        Column("segments", ("segments",), "{:.1f}", brief=False),
        Column("covered, %", ("covered",), "{:.1f}", brief=False),
    )


def _key(iou: float) -> str:
    """Name of a value. Example: 0.5 -> "map_50"."""
    return f"map_{round(100 * iou)}"


def _row(outcome: SegmentOutcome, videos: Sequence[VideoData]) -> Row:
    """The numbers of a method, in percent; None where there is no true segment at all."""
    row: Row = {"key": outcome.key, "method": outcome.name, "videos": len(videos)}
    for iou in THRESHOLDS:
        row |= _interval(_key(iou), mean_average_precision(outcome.videos, iou))

    # float64 [V] each: true segments, and those of them that are found
    true = np.array([len(video.true) for video in outcome.videos], float)
    touched = np.array([_touched(video) for video in outcome.videos], float)
    by_clips = np.array(
        [
            _touched_by_clips(segments, video, asked)
            for segments, video, asked in zip(outcome.videos, videos, outcome.asked, strict=True)
        ],
        float,
    )
    row |= _interval("touched", ratio_interval(touched, true))
    row |= _interval("by_clips", ratio_interval(by_clips, true))
    row["clips"] = float(np.mean([len(asked) for asked in outcome.asked]))
    row["segments"] = float(np.mean([len(video.found) for video in outcome.videos]))
    seconds = sum(_covered_s(video) for video in outcome.videos)
    row["covered"] = 100 * seconds / sum(video.seconds for video in videos)
    return row


def _interval(key: str, values: tuple[float, float, float]) -> Row:
    """A share and its interval, in percent; None where there is none."""
    percent = [None if np.isnan(value) else 100 * value for value in values]
    return dict(zip((key, f"{key}_low", f"{key}_high"), percent, strict=True))


def _touched(video: VideoSegments) -> int:
    """Number of true segments that a found segment of their class overlaps."""
    return sum(
        any(found.label == true.label and temporal_iou(true, found) > 0 for found in video.found)
        for true in video.true
    )


def _touched_by_clips(segments: VideoSegments, video: VideoData, asked: NDArray[np.int64]) -> int:
    """Number of true segments in which the middle of an asked clip lies."""
    assert video.times is not None  # as in `segment_methods`
    middles = video.times[asked].mean(axis=1)
    return sum(
        bool(((middles >= true.start_s) & (middles < true.end_s)).any()) for true in segments.true
    )


def _covered_s(video: VideoSegments) -> float:
    """Seconds that are in a found segment."""
    total = reached = 0.0
    for segment in sorted(video.found, key=lambda each: each.start_s):
        total += max(0.0, segment.end_s - max(reached, segment.start_s))
        reached = max(reached, segment.end_s)
    return total


def _note(run: Run, videos: Sequence[VideoData]) -> str:
    segments = [segment for video in videos for segment in video.true_segments or ()]
    # segments of one class may not overlap, those of different classes may
    share = sum(s.end_s - s.start_s for s in segments) / sum(video.seconds for video in videos)
    note = (
        f"{counted(len(segments), 'true segment')} in {counted(len(videos), 'video')}, "
        f"{100 * share:.1f} % of their time; [ ] 95 % bootstrap over videos. mAP: mean average "
        "precision by ActivityNet's definition. Touched: true segments that a segment of the same "
        "class overlaps; by clips: in which the middle of an asked clip lies. Clips, segments: of "
        "a video, on average. Covered: time in segments."
    )
    missing = len(run.videos) - len(videos)
    if missing:
        note += f" The list of segments lacks {counted(missing, 'video')}, left out here."
    features = run.settings.get("features", {})
    # a report that was made without a list of segments, and got one in a replay
    if features.get("picture_gap") is None and not features.get("own_pictures"):
        note += (
            " The pictures are those that tags alone need, and not one of each clip: a new run with"
            " the list finds segments of few clips better."
        )
    return note


def _classes_table(outcome: SegmentOutcome) -> Table:
    """Average precision of each class that has true segments."""
    by_iou = {iou: average_precisions(outcome.videos, iou) for iou in THRESHOLDS}
    labels = list(by_iou[MAIN_IOU])
    rows: list[Row] = []
    for label in labels:
        row: Row = {"label": label}
        row["true"] = sum(s.label == label for video in outcome.videos for s in video.true)
        row["found"] = sum(s.label == label for video in outcome.videos for s in video.found)
        for iou, precisions in by_iou.items():
            row[_key(iou)] = 100 * precisions[label]
        rows.append(row)
    columns = [
        Column("class", ("label",)),
        Column("true", ("true",)),
        Column("found", ("found",)),
    ]
    columns += [Column(f"AP@{iou}, %", (_key(iou),), "{:.1f}") for iou in THRESHOLDS]
    title = f"Segments by class: {outcome.name}"
    return Table("segment_classes", title, tuple(columns), rows=tuple(rows))


def _found_table(outcome: SegmentOutcome, videos: Sequence[VideoData]) -> Table:
    """A row for each true and each found segment, in time order. "iou" is the largest one with a
    segment of the other kind and the same class.
    """
    rows: list[Row] = []
    for segments, video in zip(outcome.videos, videos, strict=True):
        of_video = [
            _segment_row(true, segments.found, video, kind="true") for true in segments.true
        ]
        for found in segments.found:
            row = _segment_row(found, segments.true, video, kind="found")
            of_video.append({**row, "probability": found.probability})
        rows += sorted(of_video, key=lambda row: (row["start_s"], row["kind"]))
    columns = tuple(Column(key, (key,)) for key in rows[0]) if rows else ()
    title = f"Segments video by video: {outcome.name}"
    return Table("found_segments", title, columns, rows=tuple(rows))


def _segment_row(
    segment: TrueSegment | FoundSegment,
    others: Sequence[TrueSegment | FoundSegment],
    video: VideoData,
    *,
    kind: str,
) -> Row:
    overlaps = [temporal_iou(segment, other) for other in others if other.label == segment.label]
    return {
        "path": video.path,
        "kind": kind,
        "start_s": segment.start_s,
        "end_s": segment.end_s,
        "label": segment.label,
        "iou": max(overlaps, default=0.0),
    }
