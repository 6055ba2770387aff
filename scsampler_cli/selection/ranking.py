"""Strategies that rank clips by their scores, combined or of one modality alone (Sec. 3.3.3).

A strategy is a function from ranked lists and settings to positions with a reason, best first.
Positions are positions in `ClipScores.clips` (the scored clips). Ranks count from 0. Among equal
values the earlier clip is first.

Missing scores: a clip without sound has its visual rank (or score) in place of the audio one, and a
clip without usable frames has its audio one. A silent video is therefore ranked by the visual
sampler alone. A strategy of one modality fills no gaps: clips without its score come last.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.config import SelectionSettings
from scsampler_cli.selection.scores import MODALITIES, ClipScores

Ranked = list[tuple[int, str]]
"""(position among the scored clips, reason), best first."""


def top_k(values: NDArray[np.floating], k: int) -> NDArray[np.int64]:
    """topK of Sec. 3.1: positions of the k largest values, best first; NaN is never among them.

    Example: [0.2, 0.9, 0.9, 0.5], k = 3 -> [1, 2, 3].
    """
    # a stable sort puts the earlier of equal values first
    order = np.argsort(-values, kind="stable")
    return order[~np.isnan(values[order])][:k].astype(np.int64)


def ranks(values: NDArray[np.floating]) -> NDArray[np.int64]:
    """int64 [M]: rank of each value, 0 for the largest; NaN last.

    Example: [0.2, 0.9, 0.9, 0.5] -> [3, 0, 1, 2].
    """
    result = np.empty(len(values), np.int64)
    result[np.argsort(-values, kind="stable")] = np.arange(len(values))
    return result


@dataclass(frozen=True)
class RankedLists:
    """Scores and ranks of both modalities, where gaps of one are filled from the other."""

    visual: NDArray[np.float64]
    """float64 [M]: scores; NaN where neither modality has one."""
    audio: NDArray[np.float64]
    visual_rank: NDArray[np.int64]
    """int64 [M]: ranks; M where neither modality has a score."""
    audio_rank: NDArray[np.int64]
    has_visual: NDArray[np.bool_]
    """bool [M]: whether the clip has a visual score of its own."""
    has_audio: NDArray[np.bool_]


def ranked_lists(scores: ClipScores, strategy: str) -> RankedLists:
    """The lists on which a strategy works.

    For a strategy of one modality, its scores are in the place of the visual ones, and no others
    fill the gaps.
    """
    missing = np.full(len(scores.clips), np.nan)
    if strategy in MODALITIES:
        first, second = getattr(scores, strategy), None
    else:
        first, second = scores.visual, scores.audio
    visual = missing if first is None else first.astype(np.float64)
    audio = missing if second is None else second.astype(np.float64)

    has_visual, has_audio = ~np.isnan(visual), ~np.isnan(audio)
    visual_rank, audio_rank = ranks(visual), ranks(audio)
    # rank of a clip that has neither score
    last = len(scores.clips)
    return RankedLists(
        np.where(has_visual, visual, audio),
        np.where(has_audio, audio, visual),
        np.where(has_visual, visual_rank, np.where(has_audio, audio_rank, last)),
        audio_rank=np.where(has_audio, audio_rank, np.where(has_visual, visual_rank, last)),
        has_visual=has_visual,
        has_audio=has_audio,
    )


def _ordered(key: NDArray[np.floating] | NDArray[np.int64], *then: NDArray[np.int64]) -> list[int]:
    """Positions by increasing key, then by the further keys, then by time."""
    # lexsort takes the last array as the first key
    return np.lexsort((np.arange(len(key)), *reversed(then), key)).tolist()


def av_union_list(lists: RankedLists, settings: SelectionSettings) -> Ranked:
    """K' clips of the visual list, then K - K' different ones of the audio list (Sec. 3.3.3).

    Example: visual list 3 0 2 1, audio list 0 1 3 2, K = 3, K' = 2: selects 3 and 0 from the visual
    list, skips 0 in the audio list, and selects 1.
    """
    # without any visual score, the visual list is filled with audio scores throughout
    name = "visual" if lists.has_visual.any() else "audio"
    visual_list = _numbered(_ordered(lists.visual_rank), name)
    audio_order = [p for p in _ordered(lists.audio_rank) if lists.has_audio[p]]

    ranked = visual_list[: settings.visual_share]
    selected = {position for position, _ in ranked}
    # the rest of the visual list follows where too few clips have audio
    for position, reason in [*_numbered(audio_order, "audio"), *visual_list]:
        if len(ranked) == settings.k:
            break
        if position not in selected:
            ranked.append((position, reason))
            selected.add(position)
    return ranked


def _numbered(order: list[int], name: str) -> Ranked:
    """Positions of a list, with their place in it as the reason: "visual #1", ..."""
    return [(position, f"{name} #{place}") for place, position in enumerate(order, start=1)]


def av_intersect_list(lists: RankedLists, settings: SelectionSettings) -> Ranked:
    """Clips in the top m of both lists, where m grows until there are K (Sec. 3.3.3).

    A clip enters at m = 1 + its worse rank. Where two clips enter at the same m, the one with the
    better mean rank is first.

    Example: visual list 3 0 2 1, audio list 0 1 3 2: 0 enters at m = 2, 3 at m = 3, and 1 and 2 at
    m = 4, with mean ranks 2 and 2.5. K = 3 selects 0, 3, 1.
    """
    enters = np.maximum(lists.visual_rank, lists.audio_rank) + 1
    order = _ordered(enters, lists.visual_rank + lists.audio_rank)
    # without any audio score, both lists are the visual one
    reason = "in both top " if lists.has_audio.any() else "visual #"
    return [(position, f"{reason}{enters[position]}") for position in order[: settings.k]]


def av_convex_list(lists: RankedLists, settings: SelectionSettings) -> Ranked:
    """Smallest alpha * visual rank + (1 - alpha) * audio rank (Sec. 3.3.3; alpha = 0.8, Table 5).

    Example: visual list 3 0 2 1, audio list 0 1 3 2, alpha 0.8: clips 0-3 have 0.8, 2.6, 2.2, 0.4,
    and their order is 3, 0, 2, 1.
    """
    mixed = _convex(settings.weight, lists.visual_rank, lists.audio_rank)
    # ranks are shown from 1
    return [(p, f"mean rank {mixed[p] + 1:.4g}") for p in _ordered(mixed)[: settings.k]]


def av_convex_score(lists: RankedLists, settings: SelectionSettings) -> Ranked:
    """Largest alpha * visual score + (1 - alpha) * audio score (Sec. 3.3.3; alpha = 0.9, Table 5).

    Example: visual 0.5 0.9, audio 1.0 0.0, alpha 0.5: 0.75 and 0.45, so clip 0 is first.
    """
    mixed = _convex(settings.weight, lists.visual, lists.audio)
    # a clip without any score comes last
    mixed = np.nan_to_num(mixed, nan=-1.0)
    ranked = []
    for position in _ordered(-mixed)[: settings.k]:
        value = mixed[position]
        ranked.append((position, f"mean score {value:.4g}" if value >= 0 else "not scored"))
    return ranked


def _convex(
    alpha: float, visual: NDArray[np.generic], audio: NDArray[np.generic]
) -> NDArray[np.float64]:
    mixed = alpha * visual.astype(np.float64) + (1 - alpha) * audio.astype(np.float64)
    # equal values must stay equal: products of floats differ in their last bits
    return np.round(mixed, 12)


def one_modality(lists: RankedLists, settings: SelectionSettings) -> Ranked:
    """The top K by the scores of one modality; clips without a score come last."""
    order = _ordered(lists.visual_rank)[: settings.k]
    ranked = []
    for position, reason in _numbered(order, settings.strategy):
        ranked.append((position, "not scored" if np.isnan(lists.visual[position]) else reason))
    return ranked


RANKED_STRATEGIES: dict[str, Callable[[RankedLists, SelectionSettings], Ranked]] = {
    "av-union-list": av_union_list,
    "av-intersect-list": av_intersect_list,
    "av-convex-list": av_convex_list,
    "av-convex-score": av_convex_score,
    "visual": one_modality,
    "audio": one_modality,
    "packets": one_modality,
}
"""The strategies, by name."""
