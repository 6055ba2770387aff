"""The methods that find segments, on the videos of a run whose true segments are known.

Nothing is decoded: scores, vectors and ClipProbs of all clips are in the run.
Not handled here: how good the segments are (`segment_tables`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.bench.asked_clips import selected_clips
from scsampler_cli.bench.plan import Plan
from scsampler_cli.bench.run_data import Run, VideoData
from scsampler_cli.bench.segment_baselines import answer_runs, even_parts, saliency_runs
from scsampler_cli.bench.segment_replay import Found, replayed_searches, replayed_segments
from scsampler_cli.bench.strategy import Strategy
from scsampler_cli.bench.strategy_list import sampler_strategies
from scsampler_cli.bench.temporal_map import VideoSegments
from scsampler_cli.selection.aggregate import combine, top
from scsampler_cli.selection.scores import ClipScores

HALF = 0.5
"""A saliency of 1 - p(background) above it says that an action is more probable than none."""
Method = Callable[[VideoData], Found]


@dataclass(frozen=True)
class SegmentOutcome:
    """What a method finds in the videos of a run."""

    key: str
    """Identifies the method in reports."""
    name: str
    """As shown."""
    asked: tuple[NDArray[np.int64], ...]
    """[V]: the clips that the classifier was asked about."""
    videos: tuple[VideoSegments, ...]
    """[V]: true and found segments."""


def listed_videos(run: Run) -> tuple[VideoData, ...]:
    """The videos of a run whose true segments are known."""
    return tuple(video for video in run.videos if video.true_segments is not None)


def segment_outcomes(run: Run, plan: Plan) -> list[SegmentOutcome]:
    """What each method finds in the videos whose true segments are known."""
    run = replace(run, videos=listed_videos(run))
    return [_outcome(run, key, name, method=method) for key, name, method in _methods(run, plan)]


def _outcome(run: Run, key: str, name: str, *, method: Method) -> SegmentOutcome:
    found = [method(video) for video in run.videos]
    videos = []
    for video, (_, segments) in zip(run.videos, found, strict=True):
        # given for all videos of this run
        videos.append(VideoSegments(video.true_segments or (), segments))
    return SegmentOutcome(key, name, asked=tuple(asked for asked, _ in found), videos=tuple(videos))


def _methods(run: Run, plan: Plan) -> Iterator[tuple[str, str, Method]]:
    """Key, name and method: what `classify` finds, then the baselines."""
    for key, name, strategy, search in replayed_searches(run, plan):
        method = partial(
            replayed_segments, strategy=strategy, search=search, multi_label=run.is_multi_label
        )
        yield key, name, method
    for _, strategy in sampler_strategies(run, plan)[:1]:
        runs = partial(_saliency_baseline, strategy=strategy, multi_label=run.is_multi_label)
        yield "saliency-mean", f"{strategy.name}, saliency above its mean", runs
        # only such a score has a threshold that means anything
        if strategy.sampler and any(n.score == "background" for n in strategy.sampler.networks):
            above_half = partial(runs, threshold=HALF)
            yield "saliency-half", f"{strategy.name}, saliency above {HALF}", above_half
    yield "even", f"{plan.k} equal parts", lambda video: even_parts(video, plan.k)
    yield "answers", "Dense, runs of one answer", _dense_baseline


def _dense_baseline(video: VideoData) -> Found:
    return np.arange(video.clips), answer_runs(video)


def _saliency_baseline(
    video: VideoData, strategy: Strategy, multi_label: bool, *, threshold: float | None = None
) -> Found:
    """Runs of salient clips, labelled by the best tag that a strategy gives the video."""
    asked = selected_clips(video, strategy)
    answers = video.probabilities[asked]
    decoded = answers[~np.isnan(answers).any(axis=1)]
    assert strategy.sampler is not None  # a strategy of samplers
    saliency = saliency_of(video.clip_scores(strategy.sampler))
    if not len(decoded) or saliency is None:
        return asked, ()
    combined = combine(
        decoded, strategy.aggregate, multi_label=multi_label, background=video.background
    )
    (tag,) = top(combined, video.labels, 1, background=video.background)
    return asked, saliency_runs(video, saliency, tag, threshold=threshold)


def saliency_of(scores: ClipScores) -> NDArray[np.float32] | None:
    """float32 [L]: the visual scores; else those of sound, else those of packets; None without."""
    found = (each for each in (scores.visual, scores.audio, scores.packets) if each is not None)
    return next(found, None)
