"""Where the actions of one video are: in seconds, with its models.

Not handled here: which further clips the classifier answers, and what follows
(`selection.segment_search`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.classifiers.base import ClipClassifier, background_of, is_multi_label
from scsampler_cli.config import SegmentSettings, SelectionSettings
from scsampler_cli.errors import SettingsError
from scsampler_cli.output.segment import Segment
from scsampler_cli.pipeline.clip_inference import classify_clips
from scsampler_cli.pipeline.video import Progress, Video
from scsampler_cli.samplers.scoring import Samplers
from scsampler_cli.selection.asking import Answers
from scsampler_cli.selection.scores import ClipScores
from scsampler_cli.selection.segment_search import (
    KnownClips,
    SegmentFinder,
    SegmentSearch,
    source_of,
)


def search_for(
    settings: SegmentSettings | None,
    selection: SelectionSettings,
    classifier: ClipClassifier,
    *,
    samplers: Samplers,
) -> SegmentSearch | None:
    """Decide how segments are looked for; None where they are not requested.

    Args:
        settings: of segments; None where they are not requested.
        selection: which clips are selected.
        classifier: the clip classifier (f in the paper).
        samplers: the samplers in use (s in the paper).

    Raises:
        SettingsError: a cascade, which leaves most clips without a score.
    """
    if settings is None:
        return None
    if selection.candidates is not None:
        raise SettingsError(
            "segments need something of every clip, and a cascade scores some clips only",
            code="segments-unsupported",
            hint="leave out the cascade, or the segments",
        )
    networks = samplers.networks("visual")
    has_background = background_of(classifier) is not None
    # to learn the cost takes a clip, so only where it matters
    matters = settings.max_clips is None and not has_background and has_known_cost(classifier)
    by_background = bool(networks) and all(each.scores_by_background for each in networks)
    source = source_of(
        settings,
        has_background=has_background,
        gmacs=_gmacs(classifier) if matters else None,
        scores_by_background=by_background,
    )
    return SegmentSearch(settings, source)


def has_known_cost(classifier: ClipClassifier) -> bool:
    """Whether the multiply-adds of a clip may decide how segments are looked for."""
    # without a torch module only a run would tell, and a plug-in may count its runs
    return hasattr(classifier, "network")


def _gmacs(classifier: ClipClassifier) -> float | None:
    """10^9 multiply-adds of a clip; None where that is not known."""
    # imported here: it needs torch
    from scsampler_cli.classifiers.flops import clip_gmacs

    return clip_gmacs(classifier)


def with_pictures(
    samplers: Samplers, classifier: ClipClassifier, device: str, *, precision: str
) -> Samplers:
    """The samplers with the network that knows which clips look alike.

    Args:
        samplers: without or with it.
        classifier: the clip classifier, which may have such a network.
        device: as in `ModelOptions`.
        precision: as in `ModelOptions`.
    """
    if samplers.pictures is not None:
        return samplers
    # imported here: they need torch
    from scsampler_cli.classifiers.text_image.tower_features import features_for
    from scsampler_cli.nn.device import pick_device, pick_dtype

    where = pick_device(device)
    found = features_for(classifier, where, pick_dtype(precision, where))
    return replace(samplers, pictures=found)


def find_segments(
    video: Video,
    classifier: ClipClassifier,
    search: SegmentSearch,
    *,
    scores: ClipScores,
    pictures: NDArray[np.float32] | None,
    answers: Answers,
    progress: Progress,
) -> tuple[Segment, ...]:
    """The segments of one video in time order, after further clips were answered.

    Args:
        video: the video.
        classifier: the clip classifier (f in the paper).
        search: how segments are looked for.
        scores: of the clips, of which segments consist.
        pictures: float32 [M, D], of the pictures of the scored clips; None unless `search` needs
            them.
        answers: of the selected clips; not all of them failed.
        progress: called after each further clip.
    """
    clips = scores.clips

    def classify(places: Sequence[int]) -> NDArray[np.float32]:
        def report(_: str, done: int, total: int) -> None:
            progress("segments", done, total)

        return classify_clips(video, clips[list(places)].tolist(), classifier, progress=report)

    known = KnownClips(
        len(clips),
        _clip_s(video, clips),
        saliency=scores.visual,
        pictures=pictures if search.needs_pictures else None,
        background=background_of(classifier),
        multi_label=is_multi_label(classifier),
    )
    finder = SegmentFinder(known, search, classify, note=video.note)
    places = np.searchsorted(clips, np.concatenate(answers.rounds)).tolist()
    return tuple(
        Segment(
            video.span(int(clips[each.first])).start,
            video.span(int(clips[each.last])).end,
            label=classifier.labels[each.column],
            probability=each.probability,
            clips=tuple(int(clips[place]) for place in each.places),
        )
        for each in finder.find(places, answers.probabilities)
    )


def _clip_s(video: Video, clips: NDArray[np.int64]) -> float:
    """Seconds from the start of a scored clip to that of the next one, on average."""
    first, last = video.span(int(clips[0])), video.span(int(clips[-1]))
    # clips of a video with a variable frame rate differ in length
    count = max(1, int(clips[-1] - clips[0]) + 1)
    step = int(clips[1] - clips[0]) if len(clips) > 1 else 1
    return max(float(last.end - first.start) / count * step, 1e-6)
