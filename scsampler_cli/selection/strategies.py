"""S(v; K): which clips the classifier gets (Sec. 3.1, 3.3.3; the baselines of Sec. 4.1.1).

Not handled here: the oracle, which is `ranking.top_k` of f_y, is in `oracle`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.config import SelectionSettings
from scsampler_cli.selection.baselines import BASELINE_STRATEGIES, uniform
from scsampler_cli.selection.diversity import spread_out
from scsampler_cli.selection.ranking import RANKED_STRATEGIES, Ranked, RankedLists, ranked_lists
from scsampler_cli.selection.scores import MODALITIES, ClipScores
from scsampler_cli.text import counted


@dataclass(frozen=True)
class Selection:
    """The selected clips of a video."""

    clips: NDArray[np.int64]
    """int64 [K], indices of clips, best first; in time order for the unranked baselines."""
    reasons: tuple[str, ...]
    """Why each clip was selected, such as "visual #1"."""
    strategy: str
    """The strategy that was requested."""
    notes: tuple[str, ...] = ()
    """Where the strategy could not be applied as it is."""


def select(
    scores: ClipScores,
    settings: SelectionSettings,
    features: NDArray[np.float32] | None = None,
) -> Selection:
    """Select K clips of one video, or all of them where there are fewer.

    Args:
        scores: of its clips; baselines use only `clip_count`.
        settings: strategy and its parameters. "auto" stands for the paper's strategy.
        features: float32 [M, D], of the pictures of the scored clips; for `diverse` alone.
    """
    settings = settings.by_samplers()
    if settings.strategy in BASELINE_STRATEGIES:
        clips = BASELINE_STRATEGIES[settings.strategy](scores.clip_count, settings)
        return Selection(clips, (settings.strategy,) * len(clips), settings.strategy)

    lists = ranked_lists(scores, settings.strategy)
    if np.isnan(lists.visual).all():
        # nothing can be ranked
        clips = scores.clips[uniform(len(scores.clips), settings)]
        note = "no clip could be scored: clips were selected uniformly"
        return Selection(clips, ("uniform",) * len(clips), settings.strategy, notes=(note,))

    ranked = _ranked(lists, settings, features)
    return Selection(
        # positions among the scored clips -> indices of clips
        scores.clips[[position for position, _ in ranked]],
        tuple(reason for _, reason in ranked),
        settings.strategy,
        notes=_notes(scores, settings, lists),
    )


def _ranked(
    lists: RankedLists, settings: SelectionSettings, features: NDArray[np.float32] | None
) -> Ranked:
    """The selected positions with their reasons, best first."""
    rank = RANKED_STRATEGIES[settings.strategy]
    if not settings.diverse:
        return rank(lists, settings)
    assert features is not None  # read with the scores, see `pipeline.stages`
    # all clips in the order of the strategy, from which clips like better ones are left out
    everything = rank(lists, _of_all(settings, len(lists.visual)))
    reasons = dict(everything)
    order = spread_out([position for position, _ in everything], features, settings.k)
    return [(position, reasons[position]) for position in order[: settings.k]]


def _of_all(settings: SelectionSettings, count: int) -> SelectionSettings:
    """Settings that rank all clips, with the K' of these settings."""
    share = min(settings.visual_share, count) if settings.strategy == "av-union-list" else None
    return replace(settings, k=count, k_visual=share)


def candidates(scores: ClipScores, count: int) -> Selection:
    """Choose the clips that the visual sampler will score, best first.

    This is the first stage of a cascade. It ranks by packets alone, or by packets and sound with
    the union list, the paper's best way to combine two samplers (Sec. 3.3.3).

    Args:
        scores: of packets, and of the sound where there is an audio sampler.
        count: number of clips to choose (M).

    Example: packets 0.9 0.1 0.8 0.2, no sound, M = 2: clips 0 and 2.
    """
    if scores.audio is None:
        selection = select(scores, SelectionSettings(strategy="packets", k=count))
    else:
        # packets are in the place of the visual scores, which do not exist yet
        first_stage = replace(scores, visual=scores.packets)
        selection = select(first_stage, SelectionSettings(strategy="av-union-list", k=count))
    # the note must not look like one about the visual sampler
    notes = [f"first stage: {note.replace('visual', 'packet')}" for note in selection.notes]
    return replace(selection, notes=tuple(notes))


def _notes(scores: ClipScores, settings: SelectionSettings, lists: RankedLists) -> tuple[str, ...]:
    """Notes on clips that a sampler could not score.

    That a sampler did not run at all is a matter of the settings, not of the video: no note.
    """
    unscored = int(np.isnan(lists.visual).sum())
    notes = [f"{counted(unscored, 'clip')} could not be scored: they come last"] if unscored else []
    if settings.strategy in MODALITIES or scores.audio is None or scores.visual is None:
        return tuple(notes)

    # bool [M]
    no_audio, no_visual = np.isnan(scores.audio), np.isnan(scores.visual)
    if no_audio.all():
        return (*notes, f"no audio scores: {settings.strategy} used the visual sampler alone")
    if no_visual.all():
        return (*notes, f"no visual scores: {settings.strategy} used the audio sampler alone")
    # some clips only
    if count := int((no_audio & ~no_visual).sum()):
        notes.append(
            f"{counted(count, 'clip')} without audio scores: ranked by visual scores alone"
        )
    if count := int((no_visual & ~no_audio).sum()):
        notes.append(
            f"{counted(count, 'clip')} without visual scores: ranked by audio scores alone"
        )
    return tuple(notes)


def combined_rank(
    scores: ClipScores, settings: SelectionSettings, selection: Selection | None = None
) -> NDArray[np.int64]:
    """Rank of every scored clip under the strategy, 0 = best.

    The order is that in which the strategy would select all M clips, with the K' of `settings`:
    the first K clips are the selection. For the baselines, which rank nothing, and where no clip
    could be scored: the selected clips first, then the others in time order.

    Args:
        scores: of M clips.
        settings: strategy and its parameters.
        selection: by these settings; None to select here.

    Returns:
        int64 [M].
    """
    settings = settings.by_samplers()
    count = len(scores.clips)
    position_of = {int(clip): i for i, clip in enumerate(scores.clips)}
    chosen = select(scores, settings) if selection is None else selection
    selected = chosen.clips.tolist()
    # a baseline may select clips that were not scored
    order = [position_of[clip] for clip in selected if clip in position_of]

    lists = ranked_lists(scores, settings.strategy)
    if settings.strategy in RANKED_STRATEGIES and not np.isnan(lists.visual).all():
        ranked = RANKED_STRATEGIES[settings.strategy](lists, _of_all(settings, count))
        order += [position for position, _ in ranked]

    # clips that no list ranked follow in time order; dict.fromkeys keeps the first of two
    order = list(dict.fromkeys([*order, *range(count)]))
    result = np.empty(count, np.int64)
    result[order] = np.arange(count)
    return result
