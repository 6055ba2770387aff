"""The costly part of a bench: scores and dense ClipProbs of every video, each computed once.

Results are cached under the content of the video, the settings and the weights. A bench that was
stopped therefore continues where it was, and another sampler or classifier costs only its own work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.batch.process_map import DONE, Rounds
from scsampler_cli.batch.task import Record
from scsampler_cli.bench.bench_models import Models
from scsampler_cli.bench.cached_scores import ScoreOptions, find_scores, score_video
from scsampler_cli.bench.cached_vectors import compute_vectors, find_vectors
from scsampler_cli.bench.model_info import ModelFacts
from scsampler_cli.bench.picture_vectors import PictureVectors
from scsampler_cli.bench.run_data import PICTURES, VideoData
from scsampler_cli.cache.video_cache import Cache, Entry
from scsampler_cli.classifiers.classifier_info import ClassifierFacts
from scsampler_cli.config import FeatureSettings
from scsampler_cli.datasets.example import Example
from scsampler_cli.datasets.label_names import nearest, unknown_hint
from scsampler_cli.errors import InputError, OutputError, ScsamplerError
from scsampler_cli.features.rgb import served_by_keyframes
from scsampler_cli.media.seeking import decode_spans
from scsampler_cli.pipeline import clip_probs
from scsampler_cli.pipeline.video import Progress, open_video, reporting_missing_file
from scsampler_cli.timeline import ClipGrid

OnFailure = Callable[[Example, ScsamplerError], None]
"""Called with each video that cannot be used, and the error."""


@dataclass(frozen=True)
class MeasureContext:
    """How a bench measures; the results do not depend on it, except on the features."""

    cache: Cache
    features: FeatureSettings
    """Its `inputs` are ignored: the networks' own inputs are extracted."""
    keep_features: bool
    """True to keep the features on disk: a further network then needs no video."""
    pool: Rounds
    """Worker processes, which have loaded the models and read the videos."""
    progress: Progress

    @property
    def score_options(self) -> ScoreOptions:
        """The part that travels to a worker process."""
        return ScoreOptions(self.cache, self.features, self.keep_features)


def measured_videos(
    examples: Sequence[Example],
    facts: ModelFacts,
    context: MeasureContext,
    *,
    on_failure: OnFailure,
) -> Iterator[VideoData]:
    """Scores and ClipProbs of each video, from the cache or computed.

    Args:
        examples: the videos.
        facts: of classifier and networks.
        context: cache, settings, processes, progress.
        on_failure: called with each video that cannot be used; it is left out.

    Raises:
        OutputError: the cache cannot be written.
        WorkerError: processes end before they begin to work.
        KeyboardInterrupt: it was stopped.
    """
    # before any process starts: a wrong label is no reason to decode a video
    usable = [
        example for example in examples if _has_known_label(example, facts.classifier, on_failure)
    ]
    do = partial(_measure_in_worker, options=context.score_options)
    outcomes = context.pool.each([example.path for example in usable], do)
    for done, (example, outcome) in enumerate(zip(usable, outcomes, strict=True), start=1):
        # stays None where the video fails
        video = None
        with reporting_failures(example, on_failure):
            if (error := outcome.error) is not None:
                raise error
            video = _video_data(example, outcome.record, facts, context=context)
        if video is not None:
            yield video
        context.progress("measuring", done, len(usable))


@contextmanager
def reporting_failures(example: Example, on_failure: OnFailure) -> Iterator[None]:
    """Report an error of one video, and go on.

    Raises:
        OutputError: the cache cannot be written, which concerns all videos.
    """
    try:
        with reporting_missing_file(example.path):
            yield
    except OutputError:
        raise
    except ScsamplerError as error:
        on_failure(example, error)


def _has_known_label(example: Example, classifier: ClassifierFacts, on_failure: OnFailure) -> bool:
    # the background class is no tag, so that no strategy could be right
    classes = classifier.classes
    if example.label in classes:
        return True
    # the report has the message alone, so that it has the nearest label, too
    close = nearest(example.label, classes, most=1)
    guessed = f" (nearest: {close[0]!r})" if close else ""
    text = f"{classifier.name} does not know the label {example.label!r}{guessed}"
    if example.label in classifier.labels:
        text = f"{example.label!r} is the background class of {classifier.name}, which is no tag"
    hint = unknown_hint([example.label], classes)
    on_failure(example, InputError(text, code="labels-unknown", hint=hint))
    return False


def _measure_in_worker(
    models: Models, path: Path, progress: Progress, *, options: ScoreOptions
) -> Record:
    """The work of a process on one video.

    Scores and ClipProbs go to the cache, what the index of the video knows goes to the record.
    """
    facts = models.facts
    with reporting_missing_file(path):
        clip_frames, frame_stride = facts.grid
        video = open_video(path, clip_frames, frame_stride, progress=progress)
        entries = find_scores(path, facts, options)
        missing = [name for name, entry in entries.items() if entry is None]
        if missing:
            # a further network leaves the scores of the others in the cache
            networks = {name: models.networks[name] for name in missing}
            score_video(video, networks, facts, options=options, progress=progress)
        if models.pictures is not None and find_vectors(path, facts, options) is None:
            compute_vectors(video, models.pictures, facts, options=options, progress=progress)

        # the dense ClipProbs, for every strategy, Dense and the oracle
        identity = clip_probs.identity(models.classifier, models.precision)
        clip_probs.compute_if_missing(
            path, models.classifier, identity, cache=options.cache, progress=progress
        )
    # int64 [L] each: what the cost of decoding depends on
    decode_from, last = decode_spans(video.index, video.grid)
    served = None
    if options.features.gap_by_keyframes:
        served = served_by_keyframes(video.index, video.grid).tolist()
    return {
        **DONE,
        "seconds": float(video.index.timeline.duration),
        "frames": len(video.index.timeline),
        "decode_from": decode_from.tolist(),
        "last": last.tolist(),
        "served": served,
        "times": _clip_times(video.grid).tolist(),
    }


def _clip_times(grid: ClipGrid) -> NDArray[np.float64]:
    """float64 [L, 2]: start and end of each clip, in seconds from the first frame."""
    timeline = grid.timeline
    # display position of the first frame of each clip, and of that behind its last frame
    first = np.arange(len(grid)) * grid.span_frames
    after = np.minimum(first + grid.span_frames, len(timeline))
    pts = np.append(timeline.pts, timeline.end_pts)
    spans = np.stack([pts[first], pts[after]], axis=1) - pts[0]
    return np.asarray(spans * float(timeline.time_base), np.float64)


def _video_data(
    example: Example, measured: Record, facts: ModelFacts, *, context: MeasureContext
) -> VideoData:
    """The data of a video that a process has measured.

    Raises:
        InputError: entries vanished from the cache meanwhile, or no clip could be decoded.
    """
    identity = clip_probs.identity(facts.classifier, facts.precision)
    # found by the process, or by an earlier run
    probabilities = clip_probs.find(example.path, identity, context.cache)
    entries = find_scores(example.path, facts, context.score_options)
    pictures = find_vectors(example.path, facts, context.score_options)
    # cached by the process a moment ago
    found = {name: entry for name, entry in entries.items() if entry is not None}
    is_gone = facts.pictures is not None and pictures is None
    if probabilities is None or len(found) < len(entries) or is_gone:
        raise InputError(
            f"{example.path}: its scores were removed from the cache during the run",
            code="cache-entry-gone",
            hint="do not remove cache entries while a bench runs",
        )
    # float32 [L, C]
    values = np.asarray(probabilities.values, np.float32)
    if np.isnan(values).any(axis=1).all():
        raise InputError(
            f"{example.path}: no clip can be decoded",
            code="nothing-decodable",
            hint="the file may be damaged",
        )
    vectors = None if pictures is None else PictureVectors.of_rows(np.asarray(pictures.values))
    counts = {name: int(entry.values[:, 1].sum()) for name, entry in found.items()}
    if vectors is not None:
        counts[PICTURES] = len(vectors.distinct)
    return VideoData(
        path=str(example.path),
        label=example.label,
        # the label is one of them, see `_has_known_label`
        target=facts.classifier.labels.index(example.label),
        seconds=measured["seconds"],
        frames=measured["frames"],
        # an entry is float32 [L, 2]: score, number of inputs
        scores={name: np.array(entry.values[:, 0], np.float32) for name, entry in found.items()},
        input_counts=counts,
        probabilities=values,
        decode_from=np.array(measured["decode_from"], np.int64),
        last=np.array(measured["last"], np.int64),
        times=np.array(measured["times"], np.float64),
        served=None if measured["served"] is None else np.array(measured["served"], bool),
        labels=tuple(facts.classifier.labels),
        notes=_notes([*found.values(), *([pictures] if pictures else []), probabilities]),
        background=facts.classifier.background_column,
        p_frames=context.features.p_frames,
        vectors=vectors,
    )


def _notes(entries: Sequence[Entry]) -> tuple[str, ...]:
    """The notes of all entries, each once, in order."""
    # a dict keeps the order
    notes: dict[str, None] = {}
    for entry in entries:
        notes |= dict.fromkeys(entry.notes)
    return tuple(notes)
