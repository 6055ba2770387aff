"""extract, score, classify: the only place that knows the whole order.

container -> packets -> clip features -> scores -> selection -> chosen clips -> classifier -> aggregate -> record.

Each function takes one video and returns its result. Nothing is printed; progress is a callback.
But: choosing and loading models, walking folders and writing results belong to the callers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.classifiers.base import ClipClassifier, is_multi_label
from scsampler_cli.config import (
    DEFAULT_READING,
    PAPER_ANSWER,
    AnswerSettings,
    FeatureSettings,
    ReadSettings,
    SelectionSettings,
)
from scsampler_cli.errors import FeatureFileError, VideoError
from scsampler_cli.features import store
from scsampler_cli.media.container import FFMPEG_VERSION
from scsampler_cli.output import records
from scsampler_cli.pipeline import settings_record
from scsampler_cli.pipeline.feature_file import FeatureFileVideo
from scsampler_cli.pipeline.video import (
    Progress,
    Video,
    audio_clips,
    classify_clips,
    followed,
    no_progress,
    score_clips,
    visual_clips,
)
from scsampler_cli.samplers.scoring import Samplers
from scsampler_cli.selection import aggregate
from scsampler_cli.selection.scores import MODALITIES, ClipScores
from scsampler_cli.selection.strategies import Selection, combined_rank, select
from scsampler_cli.timeline import ClipSpan


@dataclass
class _Clock:
    """Seconds per stage."""

    spent: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time of the block to a stage."""
        start = time.perf_counter()
        yield
        self.spent[name] = round(self.spent.get(name, 0.0) + time.perf_counter() - start, 4)


def classify(
    path: Path,
    samplers: Samplers,
    classifier: ClipClassifier,
    *,
    features: FeatureSettings,
    selection: SelectionSettings,
    top: int = 5,
    progress: Progress = no_progress,
    answer: AnswerSettings = PAPER_ANSWER,
    reading: ReadSettings = DEFAULT_READING,
) -> records.ClassifyResult:
    """Tag one video: the whole of the paper's method. The classifier comes with `answer`'s view and temperature.

    Raises:
        ScsamplerError: the video cannot be read, or not one chosen clip could be decoded; with `strict`, anything is damaged.
    """
    clock = _Clock()
    _refuse_features(path)
    with clock.stage("index"):
        video = Video(path, classifier.spec.frames, classifier.spec.stride, reading=reading)
    _announce(video, progress)
    with clock.stage("score"):
        used = settings_record.used(samplers, selection)
        scores = score_clips(
            video,
            used,
            features,
            clip_stride=selection.clip_stride,
            progress=progress,
            first=selection.candidates,
        )
    _check_scored(video, path, scores, selection=selection)
    chosen = select(scores, selection)
    with clock.stage("classify"):
        probabilities = classify_clips(video, chosen.clips.tolist(), classifier, progress=progress)
    usable = ~np.isnan(probabilities).any(axis=1)
    if not usable.any():
        raise VideoError(
            f"{path}: not one of the chosen clips could be decoded",
            code="nothing-decodable",
            hint="the file may be damaged",
        )
    video.check_whole()
    together = aggregate.combine(
        probabilities[usable], answer.aggregate, answer.m, multi_label=is_multi_label(classifier)
    )
    tags = aggregate.top(together, classifier.labels, top)
    return records.ClassifyResult(
        path=str(path),
        tags=tuple(tags),
        clips=tuple(
            _taken(video, scores, chosen, probabilities=probabilities, labels=classifier.labels)
        ),
        video=video.facts(),
        decode_errors=video.decode_errors,
        frames_missing=video.frames_missing,
        classifier=settings_record.of_classifier(classifier),
        samplers=used.records(),
        settings=settings_record.of_classify(
            features, selection, answer, top=top, reading=reading, samplers=samplers
        ),
        notes=(*video.notes, *chosen.notes),
        timings_s=clock.spent,
        versions=records.versions(FFMPEG_VERSION),
        scored=tuple(
            _scored_clips(scores, video.span, chosen, ranks=combined_rank(scores, selection))
        ),
    )


def _announce(video: Video, progress: Progress) -> None:
    """Tell how long the video is, in whole seconds; at least one."""
    progress("index", video.whole_seconds, video.whole_seconds)


def _refuse_features(path: Path) -> None:
    if store.sniff(path):
        raise VideoError(
            f"{path} holds features, not a video",
            code="features-not-video",
            hint="`scsampler score` reads feature files",
        )


def _refuse_packets(path: Path, samplers: Samplers) -> None:
    if samplers.packets is not None:
        raise FeatureFileError(
            f"{path} holds no packets",
            code="features-incomplete",
            hint="score the video itself, or leave the packet sampler out",
        )


def _check_scored(
    source: Video | FeatureFileVideo,
    path: Path,
    scores: ClipScores,
    *,
    selection: SelectionSettings,
) -> None:
    """Refuse a file that has nothing for the one sampler that the strategy goes by.

    Raises:
        VideoError: not one clip has a score.
    """
    if selection.strategy not in MODALITIES:
        return
    values = getattr(scores, selection.strategy)
    if values is None or not np.isnan(values).all():
        return
    what = {"visual": "picture data", "audio": "sound", "packets": "known sizes of packets"}[
        selection.strategy
    ]
    why = (
        f" ({source.no_audio_reason})"
        if isinstance(source, Video) and source.no_audio_reason and what == "sound"
        else ""
    )
    raise VideoError(
        f"{path}: no clip has {what}{why}, and strategy {selection.strategy!r} goes by that alone",
        code="no-clip-scores",
        hint="choose another --strategy for it, such as av-union-list or uniform",
    )


def _taken(
    video: Video,
    scores: ClipScores,
    chosen: Selection,
    *,
    probabilities: NDArray[np.float32],
    labels: Sequence[str],
) -> Iterator[records.SelectedClip]:
    for clip, why, row in zip(chosen.clips.tolist(), chosen.reasons, probabilities, strict=True):
        span = video.span(clip)
        best = None if np.isnan(row).any() else int(row.argmax())
        yield records.SelectedClip(
            clip=clip,
            start=span.start,
            end=span.end,
            first_frame=span.first_frame,
            frames=span.frame_count,
            visual=_score_at(scores, scores.visual, clip),
            audio=_score_at(scores, scores.audio, clip),
            why=why,
            label=None if best is None else labels[best],
            probability=None if best is None else float(row[best]),
            packets=_score_at(scores, scores.packets, clip),
        )


def _score_at(scores: ClipScores, values: NDArray[np.float32] | None, clip: int) -> float | None:
    at = int(np.searchsorted(scores.clips, clip))
    return _value(values, at) if at < len(scores.clips) and scores.clips[at] == clip else None


def score(
    path: Path,
    samplers: Samplers,
    features: FeatureSettings,
    *,
    clip_frames: int,
    frame_stride: int,
    selection: SelectionSettings,
    progress: Progress = no_progress,
    reading: ReadSettings = DEFAULT_READING,
) -> records.ScoreResult:
    """Saliency of every clip of a video, or of a feature file that `extract` wrote: the same numbers either way."""
    clock = _Clock()
    stride = selection.clip_stride
    if selection.strategy == "packets" or selection.candidates is not None:
        samplers = settings_record.used(samplers, selection)
    else:  # picture and sound are shown whatever the strategy goes by
        samplers = replace(samplers, packets=None)
    with clock.stage("index"):
        source: FeatureFileVideo | Video = (
            FeatureFileVideo(path, clip_frames, frame_stride, clip_stride=stride, reading=reading)
            if store.sniff(path)
            else Video(path, clip_frames, frame_stride, reading=reading)
        )
    if isinstance(source, Video):
        _announce(source, progress)
    with clock.stage("score"):
        if isinstance(source, FeatureFileVideo):
            _refuse_packets(path, samplers)
            scores = source.scores(samplers, features, progress)
            features, stride = source.features, source.clip_stride
        else:
            scores = score_clips(
                source,
                samplers,
                features,
                clip_stride=stride,
                progress=progress,
                first=selection.candidates,
            )
    source.check_whole()
    _check_scored(source, path, scores, selection=selection)
    chosen = select(scores, selection)
    ranks = combined_rank(scores, selection)
    return records.ScoreResult(
        path=str(path),
        clips=tuple(_scored_clips(scores, source.span, chosen, ranks=ranks)),
        video=source.facts(),
        decode_errors=source.decode_errors,
        frames_missing=source.frames_missing,
        samplers=samplers.records(),
        settings=settings_record.of_score(
            features, selection, reading, samplers=samplers, stride=stride
        ),
        notes=(*source.notes, *chosen.notes),
        timings_s=clock.spent,
        versions=records.versions(FFMPEG_VERSION),
    )


def _scored_clips(
    scores: ClipScores,
    span: Callable[[int], ClipSpan],
    chosen: Selection,
    *,
    ranks: NDArray[np.int64],
) -> Iterator[records.ScoredClip]:
    why = dict(zip(chosen.clips.tolist(), chosen.reasons, strict=True))
    for at, clip in enumerate(scores.clips.tolist()):
        yield records.ScoredClip(
            clip=clip,
            start=span(clip).start,
            end=span(clip).end,
            first_frame=span(clip).first_frame,
            visual=_value(scores.visual, at),
            audio=_value(scores.audio, at),
            rank=int(ranks[at]) + 1,
            taken=clip in why,
            why=why.get(clip),
            packets=_value(scores.packets, at),
        )


def _value(values: NDArray[np.float32] | None, at: int) -> float | None:
    return None if values is None else float(values[at])


def extract(
    path: Path,
    out: Path,
    features: FeatureSettings,
    *,
    clip_frames: int,
    frame_stride: int,
    clip_stride: int = 1,
    progress: Progress = no_progress,
    reading: ReadSettings = DEFAULT_READING,
) -> records.ExtractResult:
    """Write the features of one video to a feature file (`features.store`)."""
    clock = _Clock()
    _refuse_features(path)
    with clock.stage("index"):
        video = Video(path, clip_frames, frame_stride, reading=reading)
    _announce(video, progress)
    clips = video.grid.every(clip_stride)
    settings = settings_record.of_extract(
        features, clip_frames, frame_stride, clip_stride=clip_stride, reading=reading
    )
    versions = records.versions(FFMPEG_VERSION)
    spans = [video.span(clip) for clip in clips.tolist()]
    header = {
        "settings": settings,
        "clip_count": len(video.grid),
        "clips": [[s.index, s.first_frame, s.frame_count, str(s.start), str(s.end)] for s in spans],
        "video": video.facts(),
        "versions": versions,
    }
    with clock.stage("extract"), store.FeatureWriter(out, header) as writer:
        if set(features.inputs) - {"mel"}:
            for seen in followed(
                visual_clips(video, features, clips), "extract", len(clips), progress=progress
            ):
                writer.visual(seen)
        if "mel" in features.inputs:
            for heard in followed(
                audio_clips(video, clips), "listen", len(clips), progress=progress
            ):
                writer.sound(heard)
        video.check_whole()
        writer.notes, writer.decode_errors, writer.frames_missing = (
            video.notes,
            video.decode_errors,
            video.frames_missing,
        )
    return records.ExtractResult(
        path=str(path),
        output=str(out),
        inputs=features.inputs,
        clips=len(clips),
        bytes=out.stat().st_size,
        video=video.facts(),
        decode_errors=video.decode_errors,
        frames_missing=video.frames_missing,
        settings=settings,
        notes=tuple(video.notes),
        timings_s=clock.spent,
        versions=versions,
    )
