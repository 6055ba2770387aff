"""Segments as `classify` finds them after a strategy has selected its clips, from kept data.

`selection.segment_search` looks for them, and kept ClipProbs answer its further clips.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.bench.asked_clips import selected_clips
from scsampler_cli.bench.plan import Plan
from scsampler_cli.bench.run_data import Run, SamplerFacts, VideoData
from scsampler_cli.bench.strategy import Strategy
from scsampler_cli.bench.strategy_list import Named, rival, under_test, variants
from scsampler_cli.bench.temporal_map import FoundSegment
from scsampler_cli.config import MAX_K, SegmentSettings
from scsampler_cli.selection.segment_search import (
    ANSWERS,
    KnownClips,
    SegmentFinder,
    SegmentSearch,
    source_of,
)

Found = tuple[NDArray[np.int64], tuple[FoundSegment, ...]]
"""int64 [n]: the clips that the classifier was asked about, in order; and the segments."""


def replayed_searches(run: Run, plan: Plan) -> Iterator[tuple[str, str, Strategy, SegmentSearch]]:
    """Key, name, strategy and search for segments of each row; the first one is what `classify`
    does.

    Where it lets the classifier answer all clips, the strategy changes nothing. Then the strategies
    are compared with a limit on the number of clips.
    """
    first = under_test(run, plan)
    others = [named for named in (first, rival(run, plan), _diverse(run, plan)) if named]
    usual = _search(run, first[1], SegmentSettings())
    limit = max(MAX_K, plan.k)
    found = [("segments", f"segments of {first[1].name}", first[1], usual)]
    for key, strategy in others:
        if usual.source != ANSWERS:
            settings, words = usual.settings, ""
        else:
            settings, words = SegmentSettings(max_clips=limit), f", at most {limit} clips"
        search = _search(run, strategy, settings)
        name = f"segments of {strategy.name}{words}"
        found.append((f"segments-{key}", name, strategy, search))
    # without a limit the first of them is the row above
    kept = found if usual.source == ANSWERS else [found[0], *found[2:]]
    for row in kept:
        if run.has_vectors or not row[3].needs_pictures:
            yield row


def _diverse(run: Run, plan: Plan) -> Named | None:
    return next((named for named in variants(run, plan) if named[0] == "diverse"), None)


def _search(run: Run, strategy: Strategy, settings: SegmentSettings) -> SegmentSearch:
    networks = strategy.sampler.visual if strategy.sampler else ()
    source = source_of(
        settings,
        # of all videos alike: a run has one classifier, and pooled ones are alike
        has_background=all(video.background is not None for video in run.videos),
        gmacs=run.classifier["gmacs"] if run.tagging.has_known_cost else None,
        scores_by_background=bool(networks)
        and all(network.score == "background" for network in networks),
    )
    return SegmentSearch(settings, source)


def replayed_segments(
    video: VideoData, strategy: Strategy, search: SegmentSearch, *, multi_label: bool
) -> Found:
    """The segments of a video, and all clips that the classifier was asked about.

    Args:
        video: its scores, vectors and probabilities, and the times of its clips.
        strategy: selects the first clips.
        search: how segments are looked for.
        multi_label: whether several classes can be true at once.
    """
    times = video.times
    assert times is not None  # true segments are given to videos with times alone
    # segments need the pictures of all clips, so that a search chooses among all
    asked = selected_clips(replace(video, served=None), strategy)
    answers = video.probabilities[asked]
    if np.isnan(answers).any(axis=1).all():
        # `classify` fails on such a video
        return asked, ()
    pictures = None
    if search.needs_pictures:
        assert video.vectors is not None  # see `replayed_searches`
        pictures = video.vectors.of(np.arange(video.clips))
    scores = video.clip_scores(strategy.sampler or SamplerFacts("", ()))
    clips = KnownClips(
        video.clips,
        max(float(times[-1, 1] - times[0, 0]) / video.clips, 1e-6),
        saliency=scores.visual,
        pictures=pictures,
        background=video.background,
        multi_label=multi_label,
    )

    def classify(places: Sequence[int]) -> NDArray[np.float32]:
        return video.probabilities[list(places)]

    # notes are for the user of a single video
    finder = SegmentFinder(clips, search, classify, note=lambda _: None)
    segments = finder.find(asked.tolist(), answers)
    return np.array(finder.asked, np.int64), tuple(
        FoundSegment(
            video.labels[each.column],
            float(times[each.first, 0]),
            float(times[each.last, 1]),
            probability=each.probability,
        )
        for each in segments
    )
