"""Which clips of a video a strategy asks the classifier about, round by round, from kept data.

The choice is that of `classify`: `pipeline.choices` proposes, kept ClipProbs answer, and
`selection.asking` asks until that is enough.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.bench.run_data import SamplerFacts, VideoData
from scsampler_cli.bench.strategy import Strategy
from scsampler_cli.pipeline.choices import Choice, choose
from scsampler_cli.selection import asking
from scsampler_cli.selection.compared_clips import compared
from scsampler_cli.selection.oracle import oracle
from scsampler_cli.selection.ranking import top_k
from scsampler_cli.selection.strategies import candidates

Rounds = tuple[NDArray[np.int64], ...]
"""int64 [n] each: the clips that are decoded and classified together."""
# Distance between the seeds of two videos: a prime above any number of draws, so none repeats
_SEED_STEP = 1_000_003


def asked_rounds(video: VideoData, strategy: Strategy, draw: int = 0, *, number: int = 0) -> Rounds:
    """The clips of a video that the classifier is asked about, in order.

    Args:
        video: its scores, vectors and probabilities.
        strategy: the strategy.
        draw: index of the seed, for a strategy with several draws.
        number: index of the video: videos of equal length get different seeds. Draw 0 of video 0
            is the selection that `classify` makes.
    """
    if strategy.selection is None:
        return (_ideal(video, strategy),)
    return ask(video, begin(video, strategy, draw, number=number), strategy)


def selected_clips(
    video: VideoData, strategy: Strategy, draw: int = 0, *, number: int = 0
) -> NDArray[np.int64]:
    """int64 [n]: the clips of `asked_rounds`, in order; without draws best first."""
    return joined(asked_rounds(video, strategy, draw, number=number))


def joined(rounds: Rounds) -> NDArray[np.int64]:
    """int64 [n]: the clips of all rounds, in order."""
    return np.concatenate(rounds) if rounds else np.zeros(0, np.int64)


def begin(video: VideoData, strategy: Strategy, draw: int = 0, *, number: int = 0) -> Choice:
    """The choice of a strategy before the first answer; arguments as of `asked_rounds`."""
    selection = strategy.selection
    if selection is None:
        raise ValueError(f"{strategy.name} needs all answers before it begins")
    if strategy.draws > 1:
        selection = replace(selection, seed=selection.seed + draw + _SEED_STEP * number)

    # In a cascade, only clips that pass the first stage are scored, and only these are neighbours
    # of one another when scores are smoothed: so the scores are computed for these alone.
    clips = None if selection.candidates is None else scored_clips(video, strategy)
    # a baseline uses the number of clips alone
    sampler = strategy.sampler or SamplerFacts("", ())
    scores = video.clip_scores(sampler, selection.clip_stride, clips)
    features = None
    if selection.needs_pictures:
        if video.vectors is None:
            raise ValueError(f"{video.path} has no vectors of its pictures")
        features = video.vectors.of(scores.clips)
        # as for `classify`, the other clips have no picture
        features[~compared_clips(video, strategy)[scores.clips]] = np.nan
    return choose(scores, selection, features, background=video.background)


def compared_clips(video: VideoData, strategy: Strategy) -> NDArray[np.bool_]:
    """bool [L]: the clips whose pictures a strategy compares, see `selection.compared_clips`."""
    selection, sampler = strategy.selection, strategy.sampler
    is_free = sampler is None or not sampler.visual
    if video.served is None or selection is None or selection.strategy != "search" or not is_free:
        return np.ones(video.clips, bool)
    return compared(video.served, selection.k)


def ask(video: VideoData, choice: Choice, strategy: Strategy) -> Rounds:
    """Answer what a choice proposes, until there are enough answers, as `classify` does."""
    chooser, selection = choice.chooser, choice.settings
    # no answer changes a fixed number of clips
    if not strategy.is_asked:
        return (chooser.propose(),)
    answers = asking.ask(
        chooser,
        lambda clips: video.probabilities[clips],
        selection,
        clip_count=video.clips,
        aggregate=strategy.aggregate,
        background=video.background,
    )
    return answers.rounds


def ranks(video: VideoData, strategy: Strategy) -> NDArray[np.int64]:
    """int64 [M]: rank of each scored clip under a strategy, 0 = best, as a record has it."""
    choice = begin(video, strategy)
    ask(video, choice, strategy)
    return choice.ranks()


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


def _ideal(video: VideoData, strategy: Strategy) -> NDArray[np.int64]:
    """int64 [<= K]: the clips of one of `strategy.IDEALS`, best first."""
    # a clip that could not be decoded counts as probability 0
    probabilities = np.nan_to_num(video.probabilities)
    if strategy.ideal == "oracle":
        return oracle(probabilities, video.target, strategy.k)
    if video.background is not None:
        probabilities = np.delete(probabilities, video.background, axis=1)
    return top_k(probabilities.max(axis=1), strategy.k)
