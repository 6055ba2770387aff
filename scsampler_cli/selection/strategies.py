"""S(v; K): which clips the classifier sees (Sec. 3.1, 3.3.3; the baselines of Sec. 4.1.1).

Every strategy is a function from scores and settings to clips, best first, each with its reason. Positions below are positions
in `selection.scores.clips` (the scored clips), ranks count from 0, and ties go to the earlier clip.

Where a modality has nothing to say (ours): a clip without sound takes its visual rank (or score) as its audio one, and a clip
without usable frames takes its audio one; so a silent video is judged by the picture alone, and the selection says so.
A strategy that goes by one sampler goes by no other: clips without its score come last.
But: the oracle is `top_k` fed with f_y, not a strategy of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.config import SelectionSettings
from scsampler_cli.selection.scores import MODALITIES, ClipScores
from scsampler_cli.text import counted


@dataclass(frozen=True)
class Selection:
    """The chosen clips."""

    clips: NDArray[np.int64]
    """int64 [K], indices of clips, best first (in time order for the baselines that rank nothing)."""
    reasons: tuple[str, ...]
    """Why each was taken, such as "visual #1"."""
    strategy: str
    """What was asked for."""
    notes: tuple[str, ...] = ()
    """Where something else had to be done."""


Picked = list[tuple[int, str]]
"""(position among the scored clips, reason), best first."""


def top_k(values: NDArray[np.floating], k: int) -> NDArray[np.int64]:
    """topK of Sec. 3.1: positions of the k largest values, best first, ties to the earlier; NaN never.

    Example: [0.2, 0.9, 0.9, 0.5], k = 3 -> [1, 2, 3].
    """
    order = np.argsort(-values, kind="stable")
    return order[~np.isnan(values[order])][:k].astype(np.int64)


def ranks(values: NDArray[np.floating]) -> NDArray[np.int64]:
    """int64 [M]: place of each value when sorted from the largest, 0 = best, ties to the earlier, NaN last.

    Example: [0.2, 0.9, 0.9, 0.5] -> [3, 0, 1, 2].
    """
    result = np.empty(len(values), np.int64)
    result[np.argsort(-values, kind="stable")] = np.arange(len(values))
    return result


@dataclass(frozen=True)
class _Lists:
    """Scores and ranked lists of both modalities, gaps filled from the other one."""

    visual: NDArray[np.float64]
    audio: NDArray[np.float64]
    visual_rank: NDArray[np.int64]
    audio_rank: NDArray[np.int64]
    seen: NDArray[np.bool_]
    heard: NDArray[np.bool_]


def _lists(scores: ClipScores, strategy: str = "") -> _Lists:
    """Of a strategy that goes by one sampler, its scores take the place of the picture's, and no others fill the gaps."""
    nothing = np.full(len(scores.clips), np.nan)
    alone = strategy in MODALITIES
    seen_by, heard_by = (
        (getattr(scores, strategy), None) if alone else (scores.visual, scores.audio)
    )
    visual = nothing if seen_by is None else seen_by.astype(np.float64)
    audio = nothing if heard_by is None else heard_by.astype(np.float64)
    seen, heard = ~np.isnan(visual), ~np.isnan(audio)
    visual_rank, audio_rank = ranks(visual), ranks(audio)
    last = len(scores.clips)  # of a clip that neither has anything to say about
    return _Lists(
        np.where(seen, visual, audio),
        np.where(heard, audio, visual),
        np.where(seen, visual_rank, np.where(heard, audio_rank, last)),
        audio_rank=np.where(heard, audio_rank, np.where(seen, visual_rank, last)),
        seen=seen,
        heard=heard,
    )


def _ordered(key: NDArray[np.floating] | NDArray[np.int64], *then: NDArray[np.int64]) -> list[int]:
    """Positions by increasing key, then by the further keys, then by time."""
    return np.lexsort((np.arange(len(key)), *reversed(then), key)).tolist()


def av_union_list(lists: _Lists, settings: SelectionSettings) -> Picked:
    """K' clips of the visual list, then K - K' different ones of the audio list (Sec. 3.3.3).

    Example: visual list 3 0 2 1, audio list 0 1 3 2, K = 3, K' = 2: takes 3 and 0, skips 0 in the audio list, takes 1.
    """
    by_picture = _ordered(lists.visual_rank)
    name = "visual" if lists.seen.any() else "audio"  # which then fills all gaps
    picked: Picked = [
        (p, f"{name} #{i}") for i, p in enumerate(by_picture[: settings.visual_share], start=1)
    ]
    by_sound = [p for p in _ordered(lists.audio_rank) if lists.heard[p]]
    fillers = [(p, f"audio #{i}") for i, p in enumerate(by_sound, start=1)]
    fillers += [
        (p, f"{name} #{i}") for i, p in enumerate(by_picture, start=1)
    ]  # where the sound runs out
    taken = {p for p, _ in picked}
    for position, reason in fillers:
        if len(picked) == settings.k:
            break
        if position not in taken:
            picked.append((position, reason))
            taken.add(position)
    return picked


def av_intersect_list(lists: _Lists, settings: SelectionSettings) -> Picked:
    """Clips in the top m of both lists, m grown until there are K (Sec. 3.3.3).

    A clip enters at m = 1 + its worse rank. Where one step brings two and only one is wanted, the better mean rank wins (ours).

    Example: visual list 3 0 2 1, audio list 0 1 3 2: 0 enters at m = 2, 3 at m = 3; 1 and 2 at m = 4, 2 with mean rank 2.5
    and 1 with 2; so K = 3 takes 0, 3, 1.
    """
    enters = np.maximum(lists.visual_rank, lists.audio_rank) + 1
    order = _ordered(enters, lists.visual_rank + lists.audio_rank)
    reason = "in both top " if lists.heard.any() else "visual #"
    return [(p, f"{reason}{enters[p]}") for p in order[: settings.k]]


def av_convex_list(lists: _Lists, settings: SelectionSettings) -> Picked:
    """Least alpha * visual rank + (1 - alpha) * audio rank (Sec. 3.3.3; alpha = 0.8, Table 5).

    Example: visual list 3 0 2 1, audio list 0 1 3 2, alpha 0.8: clips 0-3 get 0.8, 2.6, 2.2, 0.4: 3, 0, 2, 1.
    """
    position = _convex(settings.weight, lists.visual_rank, lists.audio_rank)
    return [(p, f"mean rank {position[p] + 1:.4g}") for p in _ordered(position)[: settings.k]]


def av_convex_score(lists: _Lists, settings: SelectionSettings) -> Picked:
    """Largest alpha * visual score + (1 - alpha) * audio score (Sec. 3.3.3; alpha = 0.9, Table 5).

    Example: visual 0.5 0.9, audio 1.0 0.0, alpha 0.5: 0.75 and 0.45: clip 0 first.
    """
    score = np.nan_to_num(
        _convex(settings.weight, lists.visual, lists.audio), nan=-1.0
    )  # a clip without any score is last
    return [
        (p, f"mean score {score[p]:.4g}" if score[p] >= 0 else "not scored")
        for p in _ordered(-score)[: settings.k]
    ]


def _convex(
    alpha: float, visual: NDArray[np.generic], audio: NDArray[np.generic]
) -> NDArray[np.float64]:
    # rounded, so that ties are ties and not the last bit of a product
    mixed = alpha * visual.astype(np.float64) + (1 - alpha) * audio.astype(np.float64)
    return np.round(mixed, 12)


def by_one(lists: _Lists, settings: SelectionSettings) -> Picked:
    """top-K of one sampler's scores: of the picture, the sound, or the packets (ours); clips without one come last."""
    order = _ordered(lists.visual_rank)[: settings.k]
    return [
        (p, "not scored" if np.isnan(lists.visual[p]) else f"{settings.strategy} #{i}")
        for i, p in enumerate(order, start=1)
    ]


RANKED: dict[str, Callable[[_Lists, SelectionSettings], Picked]] = {
    "av-union-list": av_union_list,
    "av-intersect-list": av_intersect_list,
    "av-convex-list": av_convex_list,
    "av-convex-score": av_convex_score,
    "visual": by_one,
    "audio": by_one,
    "packets": by_one,
}
"""Strategies that need scores."""


def random(clip_count: int, settings: SelectionSettings) -> NDArray[np.int64]:
    """K clips at random, without repeats (Sec. 4.1.1)."""
    generator = np.random.default_rng(settings.seed)
    return np.sort(generator.choice(clip_count, min(settings.k, clip_count), replace=False)).astype(
        np.int64
    )


def uniform(clip_count: int, settings: SelectionSettings) -> NDArray[np.int64]:
    """K clips spaced evenly: the middle one of each of K equal parts (Sec. 4.1.1).

    Example: L = 8, K = 3 -> clips 1, 4, 6.
    """
    k = min(settings.k, clip_count)
    return ((2 * np.arange(k) + 1) * clip_count // (2 * k)).astype(np.int64)


def empirical(clip_count: int, settings: SelectionSettings) -> NDArray[np.int64]:
    """K different clips drawn from the histogram of the training set's oracle clips over [0, 1] (Sec. 4.1.1)."""
    histogram = np.asarray(settings.histogram, np.float64)
    bins = ((2 * np.arange(clip_count) + 1) * len(histogram)) // (2 * clip_count)
    weights = histogram[bins]
    # a clip in an empty part is drawn only when nothing else is left, so that there are always K
    weights = np.where(weights > 0, weights, weights.max() * 1e-12 if weights.max() > 0 else 1.0)
    generator = np.random.default_rng(settings.seed)
    k = min(settings.k, clip_count)
    return np.sort(
        generator.choice(clip_count, k, replace=False, p=weights / weights.sum())
    ).astype(np.int64)


def dense(clip_count: int, settings: SelectionSettings) -> NDArray[np.int64]:
    """All L clips."""
    return np.arange(clip_count, dtype=np.int64)


_CHOICE_OF: dict[str, Callable[[int, SelectionSettings], NDArray[np.int64]]] = {
    "random": random,
    "uniform": uniform,
    "empirical": empirical,
    "dense": dense,
}
"""Strategies that need the number of clips only."""


def select(scores: ClipScores, settings: SelectionSettings) -> Selection:
    """Choose the clips of one video: all of them where there are fewer than K.

    Args:
        scores: of its clips; for the baselines only `clip_count` matters.
        settings: strategy and its parameters.
    """
    if settings.strategy in _CHOICE_OF:
        clips = _CHOICE_OF[settings.strategy](scores.clip_count, settings)
        return Selection(clips, (settings.strategy,) * len(clips), settings.strategy)
    lists = _lists(scores, settings.strategy)
    if np.isnan(lists.visual).all():
        clips = scores.clips[uniform(len(scores.clips), settings)]
        note = "no clip could be scored: clips were taken uniformly"
        return Selection(clips, ("uniform",) * len(clips), settings.strategy, notes=(note,))
    picked = RANKED[settings.strategy](lists, settings)
    clips = scores.clips[[position for position, _ in picked]]
    return Selection(
        clips,
        tuple(reason for _, reason in picked),
        settings.strategy,
        notes=_notes(scores, settings, lists),
    )


def candidates(scores: ClipScores, count: int) -> Selection:
    """First stage of the cascade (ours): the clips that the visual sampler then looks at, best first.

    The packets alone, or with the sound by the union list, the paper's best way to combine two samplers (Sec. 3.3.3).

    Args:
        scores: of packets, and of the sound where there is an audio sampler.
        count: M.

    Example: packets 0.9 0.1 0.8 0.2, no sound, M = 2: clips 0 and 2.
    """
    strategy = "packets" if scores.audio is None else "av-union-list"
    first = scores if scores.audio is None else replace(scores, visual=scores.packets)
    found = select(first, SelectionSettings(strategy=strategy, k=count))
    return replace(
        found,
        notes=tuple(f"first stage: {note.replace('visual', 'packet')}" for note in found.notes),
    )


def _notes(scores: ClipScores, settings: SelectionSettings, lists: _Lists) -> tuple[str, ...]:
    """What a sampler that ran could not judge; that one did not run is no news of the video's."""
    nowhere = int(np.isnan(lists.visual).sum())
    notes = [f"{counted(nowhere, 'clip')} could not be scored: they come last"] if nowhere else []
    if settings.strategy in MODALITIES or scores.audio is None or scores.visual is None:
        return tuple(notes)
    silent, dark = np.isnan(scores.audio), np.isnan(scores.visual)
    if silent.all():
        return (*notes, f"no audio scores: {settings.strategy} went by the visual sampler alone")
    if dark.all():
        return (*notes, f"no visual scores: {settings.strategy} went by the audio sampler alone")
    if count := int((silent & ~dark).sum()):
        notes.append(
            f"{counted(count, 'clip')} judged by the visual sampler alone, for want of audio scores"
        )
    if count := int((dark & ~silent).sum()):
        notes.append(
            f"{counted(count, 'clip')} judged by the audio sampler alone, for want of visual scores"
        )
    return tuple(notes)


def combined_rank(scores: ClipScores, settings: SelectionSettings) -> NDArray[np.int64]:
    """int64 [M]: place of every scored clip under the strategy, 0 = best.

    The order in which the strategy would take all M clips, K' staying where it is for the given K: the K best are the selection.
    For the baselines, which rank nothing, and where nothing was scored: the chosen clips first, then the others, in time order.
    """
    count = len(scores.clips)
    chosen = select(scores, settings).clips
    place = {int(clip): i for i, clip in enumerate(scores.clips)}
    order = [place[clip] for clip in chosen.tolist() if clip in place]
    lists = _lists(scores, settings.strategy)
    if settings.strategy in RANKED and not np.isnan(lists.visual).all():
        share = min(settings.visual_share, count) if settings.strategy == "av-union-list" else None
        order += [
            p
            for p, _ in RANKED[settings.strategy](lists, replace(settings, k=count, k_visual=share))
        ]
    order = list(dict.fromkeys([*order, *range(count)]))
    result = np.empty(count, np.int64)
    result[order] = np.arange(count)
    return result
