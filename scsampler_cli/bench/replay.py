"""Strategies replayed over the data of a run: selected clips, accuracy and cost.

Nothing is decoded or computed by a network here: scores and ClipProbs of all clips are in the run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.bench.cost_model import STAGES, Costs, decoded_frames, inputs_key
from scsampler_cli.bench.metrics import bootstrap_interval, label_rank
from scsampler_cli.bench.run_data import NetworkFacts, Run, SamplerFacts, VideoData
from scsampler_cli.config import BASELINES, RANDOM_STRATEGIES, VISUAL, SelectionSettings
from scsampler_cli.selection.oracle import oracle
from scsampler_cli.selection.strategies import candidates, select

# Distance between the seeds of two videos: a prime above any number of draws, so none repeats
_SEED_STEP = 1_000_003


@dataclass(frozen=True)
class Strategy:
    """A strategy of clip selection, with its sampler."""

    name: str
    """As shown in tables and charts."""
    selection: SelectionSettings | None
    """None for the oracle."""
    sampler: SamplerFacts | None = None
    """The sampler whose scores it uses; None for baselines and the oracle."""
    k: int = 10
    """K of the oracle."""
    draws: int = 1
    """Number of seeds, from the selection's own upwards."""


def make_strategy(
    name: str,
    kind: str,
    k: int,
    *,
    sampler: SamplerFacts | None = None,
    draws: int = 1,
    **parameters: object,
) -> Strategy:
    """Build a strategy from its kind.

    Args:
        name: as shown.
        kind: one of STRATEGIES, or "oracle".
        k: number of selected clips (K).
        sampler: its sampler; baselines and the oracle ignore it.
        draws: number of seeds; strategies that draw nothing have one.
        **parameters: further fields of `SelectionSettings`.
    """
    if kind == "oracle":
        return Strategy(name, None, k=k)
    selection = SelectionSettings(strategy=kind, k=k, **parameters)  # type: ignore[arg-type]
    return Strategy(
        name,
        selection,
        sampler=None if kind in BASELINES else sampler,
        k=k,
        draws=draws if kind in RANDOM_STRATEGIES else 1,
    )


def selected_clips(
    video: VideoData, strategy: Strategy, draw: int = 0, *, number: int = 0
) -> NDArray[np.int64]:
    """The clips of a video that a strategy selects, best first.

    Args:
        video: its scores and probabilities.
        strategy: the strategy.
        draw: index of the seed, for a strategy with several draws.
        number: index of the video: videos of equal length get different seeds. Draw 0 of video 0
            is the selection that `classify` makes.

    Returns:
        int64 [<= K].
    """
    selection = strategy.selection
    if selection is None:
        # a clip that could not be decoded counts as probability 0
        return oracle(np.nan_to_num(video.probabilities), video.target, strategy.k)
    if strategy.draws > 1:
        selection = replace(selection, seed=selection.seed + draw + _SEED_STEP * number)

    # In a cascade, only clips that pass the first stage are scored, and only these are neighbours
    # of one another when scores are smoothed: so the scores are computed for these alone.
    clips = None if selection.candidates is None else scored_clips(video, strategy)
    # a baseline uses the number of clips alone
    sampler = strategy.sampler or SamplerFacts("", ())
    scores = video.clip_scores(sampler, selection.clip_stride, clips)
    return select(scores, selection).clips


def scored_clips(video: VideoData, strategy: Strategy) -> NDArray[np.int64]:
    """The clips that the visual sampler scores: every N-th, or those that pass the first stage.

    Returns:
        int64 [M], increasing; empty for a strategy without a sampler.
    """
    if strategy.sampler is None or strategy.selection is None:
        return np.zeros(0, np.int64)
    # in a cascade these are packet and audio scores; visual ones are not used
    scores = video.clip_scores(strategy.sampler, strategy.selection.clip_stride)
    if strategy.selection.candidates is None:
        return scores.clips
    return np.sort(candidates(scores, strategy.selection.candidates).clips)


@dataclass(frozen=True)
class Outcome:
    """The selections of a strategy on the videos of a run, and their accuracy and cost."""

    strategy: Strategy
    run: Run
    clips: tuple[tuple[NDArray[np.int64], ...], ...]
    """[V][draws]: the selected clips."""

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
                rank = label_rank(video.probabilities[clips], video.target, video.background)
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
        """Number of classified clips, averaged over videos and draws."""
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
        """10^9 multiply-adds of the sampler per video, on average."""
        if self.strategy.sampler is None:
            return 0.0
        total = 0.0
        for video in self.run.videos:
            for network in self.strategy.sampler.networks:
                # float: a share of the inputs of all clips
                inputs = video.input_counts[network.name] * self._share_scored(video, network)
                total += network.gmacs * inputs
        return total / len(self.run.videos)

    def _share_scored(self, video: VideoData, network: NetworkFacts) -> float:
        """Share of a video's clips that a network scores."""
        if network.input in VISUAL and self._is_cascade:
            return len(scored_clips(video, self.strategy)) / video.clips
        # every N-th clip, but for rounding at the end
        return 1 / self._stride

    @property
    def _is_cascade(self) -> bool:
        return self.strategy.selection is not None and (
            self.strategy.selection.candidates is not None
        )

    @property
    def dense_clips(self) -> float:
        """Number of clips of a video (L), averaged over videos."""
        return float(np.mean([video.clips for video in self.run.videos]))

    @property
    def _stride(self) -> int:
        return self.strategy.selection.clip_stride if self.strategy.selection else 1

    def seconds(self) -> dict[str, float] | None:
        """Seconds per video by stage, and "total"; None where no time was measured."""
        costs = self.run.costs
        if costs is None:
            return None
        # [videos * draws, stages]
        rows = []
        for video, draws in zip(self.run.videos, self.clips, strict=True):
            # a strategy with draws has a selection for each
            rows += [self._stage_seconds(costs, video, clips) for clips in draws]

        stages: dict[str, float] = {}
        for i, stage in enumerate(STAGES):
            stages[stage] = float(np.mean([row[i] for row in rows]))
        return {**stages, "total": sum(stages.values())}

    def _stage_seconds(
        self, costs: Costs, video: VideoData, clips: NDArray[np.int64]
    ) -> tuple[float, float, float, float]:
        """Seconds for one video, in the order of STAGES."""
        # the oracle must classify all clips before it can select
        if self.strategy.selection is None:
            clips = np.arange(video.clips)
        # each clip is converted, also where frames are shared in decoding
        wanted_frames = len(clips) * int(self.run.classifier["frames"])
        decoded = decoded_frames(video.decode_from, video.last, clips.tolist())
        # fitting is needed for the frames of the clips alone, decoding from the keyframe on
        decode = costs.decode_s * decoded + costs.fit_s * wanted_frames
        return (
            self._read_seconds(costs, video),
            self._score_seconds(costs, video),
            decode,
            costs.classify_s * len(clips),
        )

    def _read_seconds(self, costs: Costs, video: VideoData) -> float:
        """Seconds to index the file, and to extract the features.

        A clip stride saves no reading: P-frames refer to the frames before them.
        """
        seconds = costs.index_s * video.frames
        sampler = self.strategy.sampler
        if sampler is None:
            return seconds
        if sampler.visual:
            key = inputs_key(network.input for network in sampler.visual)
            # one pass for all visual networks of the sampler
            whole_file = costs.read_s[key] * video.clips
            seconds += whole_file * self._share_read(video)
        if sampler.audio:
            seconds += costs.read_s["mel"] * video.clips
        if sampler.packets:
            seconds += costs.read_s["packets"] * video.clips
        return seconds

    def _score_seconds(self, costs: Costs, video: VideoData) -> float:
        """Seconds of the sampler's networks."""
        if self.strategy.sampler is None:
            return 0.0
        # networks run one after the other
        each_clip = 0.0
        for network in self.strategy.sampler.networks:
            each_clip += costs.score_s[network.name] * self._share_scored(video, network)
        return each_clip * video.clips

    def _share_read(self, video: VideoData) -> float:
        """Share of a video's frames that are read for visual features.

        In a cascade: the frames from the keyframes before the scored clips to the ends of these.
        """
        if not self._is_cascade:
            return 1.0
        clips = scored_clips(video, self.strategy).tolist()
        return min(1.0, decoded_frames(video.decode_from, video.last, clips) / video.frames)


def replay(run: Run, strategy: Strategy) -> Outcome:
    """Select clips of all videos of a run with a strategy, from the stored scores.

    No video is read.
    """
    selections = []
    for number, video in enumerate(run.videos):
        # clips of one video, for each seed
        draws = range(strategy.draws)
        selections.append(
            tuple(selected_clips(video, strategy, draw, number=number) for draw in draws)
        )
    return Outcome(strategy, run, tuple(selections))


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
