"""Strategies replayed over what is known: the clips they take, how often they are right, what they cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.bench.cost_model import STAGES, Costs, decoded_frames, inputs_key
from scsampler_cli.bench.metrics import interval, place_of_truth
from scsampler_cli.bench.run_data import KnownVideo, NetworkFacts, Run, SamplerFacts
from scsampler_cli.config import BASELINES, DRAWN, VISUAL, SelectionSettings
from scsampler_cli.selection.oracle import oracle
from scsampler_cli.selection.strategies import candidates, select

_SEEDS_APART = 1_000_003


@dataclass(frozen=True)
class Strategy:
    """A way to choose clips."""

    name: str
    """As shown."""
    selection: SelectionSettings | None
    """None for the oracle."""
    sampler: SamplerFacts | None = None
    """Whose scores it goes by; None for baselines and the oracle."""
    k: int = 10
    """K of the oracle."""
    draws: int = 1
    """Seeds, counting from the selection's."""


def strategy(
    name: str,
    kind: str,
    k: int,
    *,
    sampler: SamplerFacts | None = None,
    draws: int = 1,
    **more: object,
) -> Strategy:
    """A strategy by the name of its kind: one of STRATEGIES, or "oracle"."""
    if kind == "oracle":
        return Strategy(name, None, k=k)
    selection = SelectionSettings(strategy=kind, k=k, **more)  # type: ignore[arg-type]
    scored = None if kind in BASELINES else sampler
    return Strategy(name, selection, scored, k=k, draws=draws if kind in DRAWN else 1)


def chosen(
    video: KnownVideo, way: Strategy, draw: int = 0, *, number: int = 0
) -> NDArray[np.int64]:
    """int64 [<= K]: the clips that a strategy takes of a video.

    Args:
        video: what is known of it.
        way: the strategy.
        draw: which seed, of a strategy that draws several times.
        number: of the video; two of one length must not get the same places. The first draw of the first is that of `classify`.
    """
    if way.selection is None:
        return oracle(np.nan_to_num(video.probabilities), video.target, way.k)
    selection = way.selection
    if way.draws > 1:
        selection = replace(selection, seed=selection.seed + draw + _SEEDS_APART * number)
    # the clips of a cascade anew: only those that were looked at are neighbours of one another
    seen = None if selection.candidates is None else looked_at(video, way)
    return select(
        video.clip_scores(way.sampler or SamplerFacts("", ()), selection.clip_stride, seen),
        selection,
    ).clips


def looked_at(video: KnownVideo, way: Strategy) -> NDArray[np.int64]:
    """int64 [M], increasing: the clips that the visual sampler sees; in a cascade those that the first stage lets through."""
    if way.sampler is None or way.selection is None:
        return np.zeros(0, np.int64)
    scores = video.clip_scores(way.sampler, way.selection.clip_stride)
    if way.selection.candidates is None:
        return scores.clips
    return np.sort(candidates(scores, way.selection.candidates).clips)


@dataclass(frozen=True)
class Outcome:
    """What came of a strategy on the videos of a run."""

    way: Strategy
    run: Run
    clips: tuple[tuple[NDArray[np.int64], ...], ...]
    """[V][draws]: the chosen clips."""

    @cached_property
    def places(self) -> NDArray[np.float64]:
        """float64 [V, draws]: place of the true label, 0 = first; infinite where nothing could be decoded."""
        found = [
            [place_of_truth(video.probabilities[clips], video.target) for clips in draws]
            for video, draws in zip(self.run.videos, self.clips, strict=True)
        ]
        return np.array(
            [[np.inf if place is None else place for place in row] for row in found], np.float64
        )

    def hits(self, top: int = 1) -> NDArray[np.float64]:
        """float64 [V]: share of draws in which the true label is among the first `top` tags."""
        return (self.places < top).mean(axis=1)

    @property
    def top1(self) -> float:
        """Percent of videos that are right."""
        return 100 * float(self.hits().mean())

    def accuracy(self, top: int = 1) -> tuple[float, float, float]:
        """Percent of videos, and its 95 % bootstrap interval."""
        hits = self.hits(top)
        low, high = interval(hits)
        return 100 * float(hits.mean()), 100 * low, 100 * high

    @property
    def spread(self) -> float | None:
        """Standard deviation of the accuracy over draws, in points; None with one draw."""
        if self.way.draws < 2:
            return None
        return 100 * float((self.places < 1).mean(axis=0).std(ddof=1))

    @property
    def clips_per_video(self) -> float:
        """Clips classified, on average."""
        return float(np.mean([len(clips) for draws in self.clips for clips in draws]))

    def gmacs(self) -> float | None:
        """10^9 multiply-adds per video, on average; None where the classifier's cannot be counted."""
        each = self.run.classifier["gmacs"]
        if each is None:
            return None
        return (
            each * (self.dense_clips if self.way.selection is None else self.clips_per_video)
            + self.sampler_gmacs()
        )

    def sampler_gmacs(self) -> float:
        """Those of the sampler alone."""
        if self.way.sampler is None:
            return 0.0
        totals = [
            n.gmacs * v.looks[n.name] * self._share(v, n)
            for v in self.run.videos
            for n in self.way.sampler.networks
        ]
        return sum(totals) / len(self.run.videos)

    def _share(self, video: KnownVideo, network: NetworkFacts) -> float:
        """Of a video's clips, those that a network scores."""
        if network.input in VISUAL and self._cascade:
            return len(looked_at(video, self.way)) / video.clips
        return 1 / self._stride

    @property
    def _cascade(self) -> bool:
        return self.way.selection is not None and self.way.selection.candidates is not None

    @property
    def dense_clips(self) -> float:
        """L on average: what the oracle must classify to know."""
        return float(np.mean([video.clips for video in self.run.videos]))

    @property
    def _stride(self) -> int:
        return self.way.selection.clip_stride if self.way.selection else 1

    def seconds(self) -> dict[str, float] | None:
        """Seconds per video by stage, and "total"; None where no time was measured."""
        costs = self.run.costs
        if costs is None:
            return None
        each = [
            self._spent(costs, video, c)
            for video, d in zip(self.run.videos, self.clips, strict=True)
            for c in d
        ]
        stages = {name: float(np.mean([row[i] for row in each])) for i, name in enumerate(STAGES)}
        return {**stages, "total": sum(stages.values())}

    def _spent(
        self, costs: Costs, video: KnownVideo, clips: NDArray[np.int64]
    ) -> tuple[float, float, float, float]:
        """Seconds by stage for one video; the oracle classifies all clips before it can choose."""
        if self.way.selection is None:
            clips = np.arange(video.clips)
        read = costs.index_s * video.frames
        score = 0.0
        if self.way.sampler is not None:
            sampler = self.way.sampler
            # reading goes over the whole file whatever the stride; what it makes of a clip it makes of every N-th
            if sampler.visual:
                of_file = costs.read_s[inputs_key(n.input for n in sampler.visual)] * video.clips
                read += of_file * self._part_read(video)
            if sampler.audio:
                read += costs.read_s["mel"] * video.clips
            if sampler.packets:
                read += costs.read_s["packets"] * video.clips
            score = (
                sum(costs.score_s[n.name] * self._share(video, n) for n in sampler.networks)
                * video.clips
            )
        wanted = len(clips) * int(self.run.classifier["frames"])
        decode = (
            costs.decode_s * decoded_frames(video.decode_from, video.last, clips.tolist())
            + costs.fit_s * wanted
        )
        return read, score, decode, costs.classify_s * len(clips)

    def _part_read(self, video: KnownVideo) -> float:
        """Share of a video's frames that lie between the keyframes before the clips looked at and their ends."""
        if not self._cascade:
            return 1.0
        seen = looked_at(video, self.way).tolist()
        return min(1.0, decoded_frames(video.decode_from, video.last, seen) / video.frames)


def outcome(run: Run, way: Strategy) -> Outcome:
    """Replay a strategy over all videos of a run."""
    picked = tuple(
        tuple(chosen(video, way, draw, number=number) for draw in range(way.draws))
        for number, video in enumerate(run.videos)
    )
    return Outcome(way, run, picked)


def difference(first: Outcome, second: Outcome) -> tuple[float, float, float]:
    """By how many points the first is better than the second on the same videos, and the paired bootstrap's 95 % interval."""
    gain = first.hits() - second.hits()
    low, high = interval(gain)
    return 100 * float(gain.mean()), 100 * low, 100 * high


def positions(
    videos: Sequence[KnownVideo], picked: Sequence[Sequence[NDArray[np.int64]]]
) -> NDArray[np.float64]:
    """Where in [0, 1] the middles of the chosen clips lie, all draws together."""
    parts = [
        (clips + 0.5) / video.clips
        for video, draws in zip(videos, picked, strict=True)
        for clips in draws
    ]
    return np.concatenate(parts) if parts else np.zeros(0)
