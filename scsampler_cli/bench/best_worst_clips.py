"""Thumbnails of the best and the worst clips of some videos (Fig. 3)."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from scsampler_cli.batch.process_map import DONE
from scsampler_cli.batch.task import Record
from scsampler_cli.bench.asked_clips import ranks
from scsampler_cli.bench.bench_models import Models
from scsampler_cli.bench.measure import MeasureContext
from scsampler_cli.bench.plan import Plan
from scsampler_cli.bench.run_data import Run, Thumbnails, VideoData
from scsampler_cli.bench.strategy_list import under_test
from scsampler_cli.bench.timing import OnVideoFailure
from scsampler_cli.pipeline.video import (
    Progress,
    clip_frames,
    open_video,
    reporting_missing_file,
)

SHEET_CLIPS = 5
"""Number of best clips, and of worst clips, of a video on the contact sheet."""
SHEET_HEIGHT = 96
"""Height of a thumbnail, in pixels."""


def thumbnails(
    run: Run,
    plan: Plan,
    videos: Sequence[VideoData],
    *,
    context: MeasureContext,
    on_failure: OnVideoFailure,
) -> Iterator[Thumbnails]:
    """The best and the worst clips of some videos, ranked by the strategy under test.

    Args:
        run: the run.
        plan: gives K, the number of clips selected per video.
        videos: some videos of the run.
        context: its processes decode the videos.
        on_failure: called with each video that cannot be decoded.
    """
    _, strategy = under_test(run, plan)
    clips_of: dict[Path, list[int]] = {}
    best_of: dict[Path, list[int]] = {}
    for video in videos:
        # rank of each clip -> clips, best first
        order = np.argsort(ranks(video, strategy), kind="stable").tolist()
        best = order[:SHEET_CLIPS]
        # a short video has fewer worst clips, or none
        worst = [clip for clip in order[-SHEET_CLIPS:] if clip not in best]
        best_of[Path(video.path)] = best
        clips_of[Path(video.path)] = [*best, *worst]

    paths = [Path(video.path) for video in videos]
    outcomes = context.pool.each(paths, partial(_render_in_worker, clips_of=clips_of))
    for video, path, outcome in zip(videos, paths, outcomes, strict=True):
        if (error := outcome.error) is not None:
            on_failure(video, error)
            continue
        # identity: a comparison of arrays has no single truth value
        number = next(i for i, other in enumerate(run.videos) if other is video)
        yield _from_record(outcome.record, number, best_of[path])


def _from_record(record: Record, number: int, best: Sequence[int]) -> Thumbnails:
    pixels = np.frombuffer(base64.b64decode(record["pictures"]), np.uint8)
    clips = tuple(record["clips"])
    return Thumbnails(
        number,
        clips,
        sum(clip in best for clip in clips),
        starts_s=tuple(record["starts"]),
        # uint8 [n, h, w, 3]
        pictures=pixels.reshape(record["shape"]),
    )


def _render_in_worker(
    models: Models, path: Path, progress: Progress, *, clips_of: Mapping[Path, list[int]]
) -> Record:
    """The work of a process on one video: a thumbnail of the middle frame of each clip."""
    spec, wanted = models.classifier.spec, clips_of[path]
    with reporting_missing_file(path):
        video = open_video(path, spec.frames, spec.stride, progress=progress)
        height, width = video.info.size
        size = SHEET_HEIGHT, max(1, round(width * SHEET_HEIGHT / height))
        # one crop of the whole frame: a classifier's own crop may cut off its edges
        whole_frame = replace(spec, resize=min(size), crop=size, crops=1)
        frames = dict(clip_frames(video, wanted, whole_frame))

    # a clip that could not be decoded has no thumbnail
    clips = [clip for clip in wanted if clip in frames]
    pictures = np.stack([frames[clip][len(frames[clip]) // 2] for clip in clips])
    return {
        **DONE,
        "clips": clips,
        "starts": [float(video.span(clip).start) for clip in clips],
        "shape": pictures.shape,
        # records are JSON
        "pictures": base64.b64encode(pictures.tobytes()).decode(),
    }
