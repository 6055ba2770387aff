"""The vectors of one video by a text-image model: each picture once, or each clip.

A thread reads and resizes while the model computes (`pipeline.prefetch`). In memory are two batches
of pictures, or of clips, and the vectors of the video.
Not handled here: what is kept (`kept_vectors`), and the comparison (`best_stretches`).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.classifiers.geometry import fit_frame
from scsampler_cli.config import FeatureSettings
from scsampler_cli.errors import ClassifierError, VideoError
from scsampler_cli.features.clip import ClipVisual
from scsampler_cli.find.embedding_model import EmbeddingModel
from scsampler_cli.find.video_vectors import Stretch, VideoVectors, is_unit_length
from scsampler_cli.nn.inference import spare_one_core
from scsampler_cli.pipeline.prefetch import prefetch
from scsampler_cli.pipeline.video import Progress, Video, clip_frames, visual_clips
from scsampler_cli.text import counted

BATCH_PICTURES = 16
"""Pictures in a batch: enough to keep a CPU busy, few enough to bound memory."""
BATCH_WHOLE_CLIPS = 4
"""Clips in a batch of a model that reads whole clips, of 8 frames or more each."""

Item = tuple[Stretch, NDArray[np.uint8]]
"""A stretch with its picture, uint8 [h, w, 3], or its frames, uint8 [F, h, w, 3]."""


def embed_video(
    video: Video, model: EmbeddingModel, picture_gap: float | None, *, progress: Progress
) -> VideoVectors:
    """Compute the vectors of a video, in one pass over the file.

    Args:
        video: its grid is that of `model.spec`; gets notes on what could not be read.
        model: the text-image model.
        picture_gap: `FindSettings.picture_gap`.
        progress: called with the stage "embed" and the number of clips.

    Raises:
        VideoError: nothing can be decoded.
        ClassifierError: the model returned something else than vectors of unit length.
    """
    items: Iterator[Item]
    if model.reads_clips:
        items, size = _whole_clips(video, model), BATCH_WHOLE_CLIPS
    else:
        items, size = _pictures(video, model, picture_gap), BATCH_PICTURES

    count, embedded = len(video.grid), 0
    stretches: list[Stretch] = []
    blocks: list[NDArray[np.float16]] = []
    # the reading thread needs a core of its own
    with spare_one_core():
        for batch in _batches(prefetch(items, 2 * size), size):
            stretches += [stretch for stretch, _ in batch]
            blocks.append(_vectors(model, np.stack([pixels for _, pixels in batch])))
            embedded += sum(stretch.clips for stretch, _ in batch)
            progress("embed", embedded, count)
    if not stretches:
        raise VideoError(
            f"{video.path}: no clip can be decoded",
            code="nothing-decodable",
            hint="the file may be damaged",
        )
    if embedded < count:
        what = "frames" if model.reads_clips else "picture"
        missing = f"{count - embedded} of {counted(count, 'clip')}"
        video.note(f"{missing} without {what}: not compared with the sentence")
        progress("embed", count, count)
    return _as_vectors(video, stretches, np.concatenate(blocks))


def _as_vectors(
    video: Video, stretches: list[Stretch], values: NDArray[np.float16]
) -> VideoVectors:
    damage = video.index.damage
    known = [stretch.picture for stretch in stretches if stretch.picture is not None]
    # a model reads the pictures of a video, or its whole clips
    pictures = np.array(known, np.int64) if known else None
    return VideoVectors(
        values=values,
        times=np.array([stretch[:4] for stretch in stretches], np.int64),
        pictures=pictures,
        time_base=video.index.timeline.time_base,
        video=video.facts(),
        decode_errors=video.decode_errors,
        frames_missing=video.frames_missing,
        only_undecoded=damage.undecoded == damage.decode_errors,
        notes=tuple(video.notes),
    )


def _pictures(video: Video, model: EmbeddingModel, picture_gap: float | None) -> Iterator[Item]:
    """Each picture of the video once, with the clips that share it."""
    # in full size: the model's own way to make them smaller decides its scores
    features = FeatureSettings(inputs=("rgb",), short_side=0, picture_gap=picture_gap)
    clips = visual_clips(video, features)
    # clips that share a picture follow one another
    for frame, group in itertools.groupby(clips, _picture_frame):
        sharing = list(group)
        if frame < 0:
            continue
        first, last = sharing[0].clip, sharing[-1].clip
        # a keyframe in a clip that has another picture stands for later clips alone
        own = video.grid.clip_of(frame)
        stretch = _stretch(video, first, last, clip=first if own is None else own, picture=frame)
        yield stretch, fit_frame(sharing[0].pictures[0], model.spec)


def _picture_frame(clip: ClipVisual) -> int:
    return clip.picture_frame


def _whole_clips(video: Video, model: EmbeddingModel) -> Iterator[Item]:
    """Each clip that can be decoded."""
    for clip, frames in clip_frames(video, range(len(video.grid)), model.spec):
        yield _stretch(video, clip, clip, clip=clip, picture=None), frames


def _stretch(video: Video, first: int, last: int, *, clip: int, picture: int | None) -> Stretch:
    """The stretch from one clip to another.

    Args:
        video: the video.
        first: its first clip.
        last: its last clip.
        clip: the clip that the picture lies in.
        picture: display position of the picture.
    """
    timeline = video.index.timeline
    span = video.span(last)
    after = span.first_frame + span.frame_count
    return Stretch(
        start=int(timeline.pts[video.span(first).first_frame]),
        end=timeline.end_pts if after == len(timeline) else int(timeline.pts[after]),
        clip=clip,
        clips=last - first + 1,
        picture=None if picture is None else int(timeline.pts[picture]),
    )


def _batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    stream = iter(items)
    while batch := list(itertools.islice(stream, size)):
        yield batch


def _vectors(model: EmbeddingModel, batch: NDArray[np.uint8]) -> NDArray[np.float16]:
    """float16 [n, D] of a batch.

    Raises:
        ClassifierError: they are no vectors of unit length.
    """
    found = model.of_clips(batch) if model.reads_clips else model.of_pictures(batch)
    expected = len(batch), model.dimensions
    if found.shape != expected or not is_unit_length(found):
        raise ClassifierError(
            f"model {model.name!r} ({model.weights.source}) did not return {expected[0]} vectors "
            f"of {expected[1]} numbers and unit length",
            code="embedding-invalid",
            hint="are its weights whole? try the precision fp32",
        )
    # what is kept and what was just computed are compared with a sentence in the same precision
    return found.astype(np.float16)
