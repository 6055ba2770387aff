"""Strategies replayed over the data of a run: selected clips, accuracy and cost.

Nothing is decoded or computed by a network here: scores, vectors and ClipProbs of all clips are in
the run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

# part of this module for importers: files of their own for their length alone
from scsampler_cli.bench.asked_clips import Rounds, asked_rounds, joined
from scsampler_cli.bench.asked_clips import scored_clips as scored_clips
from scsampler_cli.bench.asked_clips import selected_clips as selected_clips
from scsampler_cli.bench.cost_model import STAGES
from scsampler_cli.bench.metrics import bootstrap_interval, label_rank
from scsampler_cli.bench.run_data import Run, VideoData
from scsampler_cli.bench.strategy import Strategy as Strategy
from scsampler_cli.bench.strategy import make_strategy as make_strategy
from scsampler_cli.bench.strategy_costs import StrategyCosts


@dataclass(frozen=True)
class Outcome:
    """The selections of a strategy on the videos of a run, and their accuracy and cost."""

    strategy: Strategy
    run: Run
    rounds: tuple[tuple[Rounds, ...], ...]
    """[V][draws]: the clips, round by round."""

    @cached_property
    def clips(self) -> tuple[tuple[NDArray[np.int64], ...], ...]:
        """[V][draws]: the clips that the classifier was asked about, in order."""
        return tuple(tuple(joined(rounds) for rounds in draws) for draws in self.rounds)

    @cached_property
    def label_ranks(self) -> NDArray[np.float64]:
        """Rank of the true label among the tags, 0 = first; infinite where nothing was decoded.

        Returns:
            float64 [V, draws].
        """
        # infinite: no tag at all counts as wrong at any `top`
        ranks = np.full((len(self.clips), self.strategy.draws), np.inf)
        for i, (video, draws) in enumerate(zip(self.run.videos, self.clips, strict=True)):
            for j, clips in enumerate(draws):
                rank = label_rank(
                    video.probabilities[clips],
                    video.target,
                    video.background,
                    aggregate=self.strategy.aggregate,
                    multi_label=self.run.is_multi_label,
                )
                if rank is not None:
                    ranks[i, j] = rank
        return ranks

    def hits(self, top: int = 1) -> NDArray[np.float64]:
        """float64 [V]: share of draws in which the true label is among the first `top` tags."""
        return (self.label_ranks < top).mean(axis=1)

    @property
    def top1(self) -> float:
        """Percent of videos that are right."""
        return 100 * float(self.hits().mean())

    def accuracy(self, top: int = 1) -> tuple[float, float, float]:
        """Percent of videos, and its 95 % bootstrap interval."""
        # float64 [V]
        hits = self.hits(top)
        low, high = bootstrap_interval(hits)
        return 100 * float(hits.mean()), 100 * low, 100 * high

    @property
    def spread(self) -> float | None:
        """Standard deviation of the accuracy over draws, in points; None with one draw."""
        if self.strategy.draws < 2:
            return None
        # the accuracy of each draw: float64 [draws]
        return 100 * float((self.label_ranks < 1).mean(axis=0).std(ddof=1))

    @property
    def clips_per_video(self) -> float:
        """Number of clips that the classifier was asked about, averaged over videos and draws."""
        return float(np.mean([len(clips) for draws in self.clips for clips in draws]))

    def gmacs(self) -> float | None:
        """10^9 multiply-adds per video, on average; None where the classifier's are unknown."""
        of_clip = self.run.classifier["gmacs"]
        if of_clip is None:
            return None
        # the oracle must classify all clips before it can select
        clips = self.dense_clips if self.strategy.selection is None else self.clips_per_video
        return of_clip * clips + self.sampler_gmacs()

    def sampler_gmacs(self) -> float:
        """10^9 multiply-adds of the strategy's own networks per video, on average."""
        costs = StrategyCosts(self.run, self.strategy)
        return sum(costs.gmacs(video) for video in self.run.videos) / len(self.run.videos)

    @property
    def dense_clips(self) -> float:
        """Number of clips of a video (L), averaged over videos."""
        return float(np.mean([video.clips for video in self.run.videos]))

    def seconds(self) -> dict[str, float] | None:
        """Seconds per video by stage, and "total"; None where no time was measured."""
        rates = self.run.costs
        if rates is None:
            return None
        costs = StrategyCosts(self.run, self.strategy)
        # [videos * draws, stages]
        rows = []
        for video, draws in zip(self.run.videos, self.rounds, strict=True):
            # a strategy with draws has a selection for each
            rows += [costs.seconds(rates, video, rounds) for rounds in draws]

        stages: dict[str, float] = {}
        for i, stage in enumerate(STAGES):
            stages[stage] = float(np.mean([row[i] for row in rows]))
        return {**stages, "total": sum(stages.values())}


def replay(run: Run, strategy: Strategy) -> Outcome:
    """Select clips of all videos of a run with a strategy, from the stored scores.

    No video is read.
    """
    rounds = []
    for number, video in enumerate(run.videos):
        # clips of one video, for each seed
        draws = range(strategy.draws)
        rounds.append(tuple(asked_rounds(video, strategy, draw, number=number) for draw in draws))
    return Outcome(strategy, run, tuple(rounds))


def paired_difference(first: Outcome, second: Outcome) -> tuple[float, float, float]:
    """How much more accurate the first is than the second on the same videos, in points.

    Returns:
        the difference, and its 95 % interval by the bootstrap over pairs.
    """
    # float64 [V], in -1 ... 1: the pairs are the videos
    gain = first.hits() - second.hits()
    low, high = bootstrap_interval(gain)
    return 100 * float(gain.mean()), 100 * low, 100 * high


def positions(
    videos: Sequence[VideoData], selections: Sequence[Sequence[NDArray[np.int64]]]
) -> NDArray[np.float64]:
    """Positions in [0, 1] of the middles of the selected clips.

    Args:
        videos: V videos.
        selections: [V][draws], clips.

    Returns:
        float64 [total number of clips].
    """
    parts = []
    for video, draws in zip(videos, selections, strict=True):
        # the middle of clip i of L is at (i + 1/2) / L
        parts += [(clips + 0.5) / video.clips for clips in draws]
    return np.concatenate(parts) if parts else np.zeros(0)
