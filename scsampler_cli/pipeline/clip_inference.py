"""The networks on the clips of a video: saliency of the samplers, probabilities of the classifier.

Reading runs in a thread ahead of the network (`prefetch`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.classifiers.base import ClipClassifier, background_of, batch_of
from scsampler_cli.classifiers.crops import clip_probabilities
from scsampler_cli.config import AnswerSettings, FeatureSettings, SelectionSettings
from scsampler_cli.errors import VideoError
from scsampler_cli.nn.inference import spare_one_core
from scsampler_cli.pipeline.prefetch import prefetch
from scsampler_cli.pipeline.video import (
    Progress,
    Video,
    audio_clips,
    clip_frames,
    no_progress,
    packets_by_clip,
    visual_clips,
    with_progress,
)
from scsampler_cli.samplers.clip_batches import read_ahead
from scsampler_cli.samplers.picture_features import Vectors
from scsampler_cli.samplers.scoring import AudioSampler, Samplers
from scsampler_cli.selection.asking import Answers, ask
from scsampler_cli.selection.chooser import Chooser
from scsampler_cli.selection.scores import ClipScores, smoothed
from scsampler_cli.selection.strategies import candidates

Scores = NDArray[np.float32]


def score_clips(
    video: Video,
    samplers: Samplers,
    features: FeatureSettings,
    *,
    clip_stride: int = 1,
    progress: Progress = no_progress,
    first: int | None = None,
    vectors: Vectors | None = None,
    compared: NDArray[np.int64] | None = None,
) -> ClipScores:
    """Saliency of every N-th clip. Inputs that no sampler needs are not computed.

    Args:
        video: the video.
        samplers: the samplers (s in the paper).
        features: how the inputs of the visual sampler are made.
        clip_stride: every N-th clip is scored; this is N (App. E).
        progress: called after every clip.
        first: number of candidates of the cascade (M). The visual sampler scores only the M clips
            that the other samplers rank first, and the result has those clips alone. None scores
            all clips.
        vectors: is filled with what the pictures of the scored clips show; None where nobody needs
            it. It is read in the same pass as the visual scores.
        compared: int64 [n], increasing: without a visual sampler, the only clips whose pictures are
            read; None for all.
    """
    clips = video.grid.every(clip_stride)
    count = len(video.grid)
    if vectors is None:
        samplers = replace(samplers, pictures=None)
    if first is None:
        shown = clips if compared is None or samplers.visual else compared
        visual = _visual_scores(
            video, samplers, features, clips=shown, progress=progress, vectors=vectors
        )
        audio = _audio_scores(video, samplers.audio, clips, progress=progress)
        packets = _packet_scores(video, samplers, clips)
        return ClipScores(clips, count, visual, audio=audio, packets=packets)

    # first stage of the cascade: audio and packets cost little
    scores = ClipScores(
        clips,
        count,
        audio=_audio_scores(video, samplers.audio, clips, progress=progress),
        packets=_packet_scores(video, samplers, clips),
    )
    chosen = candidates(scores, first)
    video.note(*chosen.notes)
    # passes over the file want clips in time order
    scores = scores.among(np.sort(chosen.clips))
    visual = _visual_scores(
        video, samplers, features, clips=scores.clips, progress=progress, vectors=vectors
    )
    return replace(scores, visual=visual)


def _visual_scores(
    video: Video,
    samplers: Samplers,
    features: FeatureSettings,
    *,
    clips: NDArray[np.int64],
    progress: Progress,
    vectors: Vectors | None,
) -> Scores | None:
    """float32 [M], smoothed over neighbours where the settings say so; None without a sampler."""
    sampler, pictures = samplers.visual, samplers.pictures
    own = () if sampler is None else sampler.inputs
    if pictures is not None and vectors is not None and pictures.takes_full_size:
        # it wants other pictures than the sampler: a pass of its own
        whole = replace(features, inputs=("rgb",), short_side=0)
        fitted = pictures.fitted(visual_clips(video, whole, clips))
        read = prefetch(fitted, read_ahead(("rgb",)))
        stream = with_progress(read, "score", len(clips), progress=progress)
        with spare_one_core():
            deque(pictures.passing(stream, vectors), maxlen=0)
        pictures = None
    # each input once: a sampler may use pictures, too
    inputs = tuple(dict.fromkeys((*own, *(() if pictures is None else ("rgb",)))))
    if not inputs:
        return None
    read = prefetch(
        visual_clips(video, replace(features, inputs=inputs), clips), read_ahead(inputs)
    )
    stream = with_progress(read, "score", len(clips), progress=progress)
    # the reading thread needs a core of its own
    with spare_one_core():
        if pictures is not None and vectors is not None:
            stream = pictures.passing(stream, vectors)
        if sampler is None:
            # the vectors are filled while the clips pass
            deque(stream, maxlen=0)
            return None
        scores = in_clip_order(sampler.score(stream), clips)
    is_smoothed = replace(features, inputs=own).smoothed
    return smoothed(scores, clips) if is_smoothed else scores


def _audio_scores(
    video: Video, sampler: AudioSampler | None, clips: NDArray[np.int64], *, progress: Progress
) -> Scores | None:
    """float32 [M]; None without a sampler."""
    if sampler is None:
        return None
    read = prefetch(audio_clips(video, clips), read_ahead(sampler.inputs))
    # as above: the decoder needs a core of its own
    with spare_one_core():
        scored = sampler.score(with_progress(read, "listen", len(clips), progress=progress))
        return in_clip_order(scored, clips)


def _packet_scores(video: Video, samplers: Samplers, clips: NDArray[np.int64]) -> Scores | None:
    """float32 [M]; None without a sampler."""
    if samplers.packets is None:
        return None
    return in_clip_order(samplers.packets.score(packets_by_clip(video, clips)), clips)


def in_clip_order(scored: Iterable[tuple[int, float]], clips: NDArray[np.int64]) -> Scores:
    """Scores given as (clip, score) -> float32 [M] in the order of `clips`."""
    values = dict(scored)
    return np.array([values[int(clip)] for clip in clips], dtype=np.float32)


def classify_clips(
    video: Video,
    clips: Sequence[int],
    classifier: ClipClassifier,
    *,
    progress: Progress = no_progress,
) -> NDArray[np.float32]:
    """Clip probabilities of the selected clips.

    Returns:
        float32 [K, C] in the order of `clips`; a row of NaN for a clip that could not be decoded.
    """
    probabilities = np.full((len(clips), len(classifier.labels)), np.nan, np.float32)
    row_of = {clip: row for row, clip in enumerate(clips)}
    batch_size = batch_of(classifier)
    # clips come in time order, and only as many are held as one call of the classifier takes
    batch: list[tuple[int, NDArray[np.uint8]]] = []

    def classify_batch() -> None:
        if batch:
            # uint8 [n, F, h, w, 3] -> float32 [n, C]
            frames = np.stack([frames for _, frames in batch])
            rows = [row_of[clip] for clip, _ in batch]
            probabilities[rows] = clip_probabilities(classifier, frames)
            batch.clear()

    read = prefetch(clip_frames(video, clips, classifier.spec), 2 * batch_size)
    for done, item in enumerate(read, start=1):
        batch.append(item)
        if len(batch) == batch_size:
            classify_batch()
        progress("classify", done, len(clips))
    classify_batch()
    return probabilities


def ask_classifier(
    video: Video,
    classifier: ClipClassifier,
    chooser: Chooser,
    *,
    selection: SelectionSettings,
    answer: AnswerSettings,
    progress: Progress,
) -> Answers:
    """`selection.asking.ask` with the clips of a video, decoded and classified round by round.

    Args:
        video: the video.
        classifier: the clip classifier (f in the paper).
        chooser: proposes clips, and gets the answers.
        selection: K, and whether fewer clips may be enough.
        answer: how the answers are aggregated.
        progress: called after every clip.

    Raises:
        VideoError: none of the clips could be decoded.
    """
    total = min(selection.k, len(video.grid))
    done = 0

    def report(stage: str, count: int, _: int) -> None:
        # a clip that could not be decoded is replaced, so that more than K may be asked
        progress(stage, min(done + count, total), total)

    def classify(clips: NDArray[np.int64]) -> NDArray[np.float32]:
        nonlocal done
        found = classify_clips(video, clips.tolist(), classifier, progress=report)
        done += len(clips)
        return found

    answers = ask(
        chooser,
        classify,
        selection,
        clip_count=len(video.grid),
        aggregate=answer.aggregate,
        background=background_of(classifier),
    )
    if not len(answers.decoded):
        raise VideoError(
            f"{video.path}: none of the selected clips can be decoded",
            code="nothing-decodable",
            hint="the file may be damaged",
        )
    return answers
