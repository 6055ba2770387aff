"""Read the training videos once into the cache: features, or frames, and ClipProbs.

The videos are decoded by the same readers that `classify` uses. `videos` lists what an entry holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from scsampler_cli.batch.process_map import DONE, Do, Rounds
from scsampler_cli.batch.task import Record
from scsampler_cli.cache.video_cache import Cache
from scsampler_cli.classifiers.geometry import resized
from scsampler_cli.config import VISUAL
from scsampler_cli.datasets.example import Example
from scsampler_cli.errors import ScsamplerError
from scsampler_cli.features.clip import ClipVisual
from scsampler_cli.pipeline import clip_probs
from scsampler_cli.pipeline.video import (
    Progress,
    Video,
    audio_clips,
    clip_frames,
    open_video,
    packets_by_clip,
    reporting_missing_file,
    visual_clips,
)
from scsampler_cli.samplers.network_inputs import (
    audio_input,
    image_input,
    motion_input,
    packets_input,
    picture_input,
)
from scsampler_cli.train.videos import FRAMES, VideoNeeds

OnFailure = Callable[[Example, ScsamplerError], None]
"""Called with each video that cannot be used; the run leaves it out."""


def read_all(
    examples: list[Example],
    needs: VideoNeeds,
    cache: Cache,
    *,
    pool: Rounds,
    progress: Progress,
    on_failure: OnFailure,
) -> list[Example]:
    """Fill the cache with the features (or frames) of videos.

    Args:
        examples: labelled videos.
        needs: entries to store.
        cache: cache to fill.
        pool: worker pool that reads the videos.
        progress: called after each video.
        on_failure: called with each video that cannot be read, crashes a process, or exceeds the
            limits on time or memory.

    Returns:
        the examples that could be read.

    Raises:
        OutputError: the cache cannot be written.
        WorkerError: processes die before they begin to read.
        KeyboardInterrupt: the user interrupted it.
    """
    todo = [example for example in examples if _missing_kinds(example.path, needs, cache)]
    # progress counts the cached videos, too
    known = len(examples) - len(todo)
    failed = _run_each(
        todo,
        partial(_read_one, needs=needs, cache=cache),
        pool,
        on_failure=on_failure,
        on_done=lambda done: progress("reading", known + done, len(examples)),
    )
    return [example for example in examples if example not in failed]


def classify_all(
    examples: list[Example],
    needs: VideoNeeds,
    cache: Cache,
    *,
    pool: Rounds,
    progress: Progress,
    on_failure: OnFailure,
) -> list[Example]:
    """Store the ClipProbs that are needed and not in the cache yet.

    Args:
        examples: labelled videos.
        needs: names the classifier, and the splits that need ClipProbs.
        cache: cache to fill.
        pool: worker pool whose processes have loaded the classifier.
        progress: called after each video.
        on_failure: as in `read_all`.

    Returns:
        the examples that have all that is needed.

    Raises:
        ValueError: no ClipProbs are needed.
        as `read_all`.
    """
    identity = needs.classifier
    if identity is None:
        raise ValueError("no classifier's ClipProbs are needed")

    # AC needs ClipProbs of the validation videos only
    relevant = [example for example in examples if needs.needs_clip_probs(example)]
    todo = [
        example for example in relevant if not clip_probs.is_known(example.path, identity, cache)
    ]
    known = len(relevant) - len(todo)
    failed = _run_each(
        todo,
        partial(clip_probs.compute_in_worker, identity=identity, cache=cache),
        pool,
        on_failure=on_failure,
        on_done=lambda done: progress("classifying", known + done, len(relevant)),
    )
    return [example for example in examples if example not in failed]


def _run_each(
    todo: Sequence[Example],
    work: Do,
    pool: Rounds,
    *,
    on_failure: OnFailure,
    on_done: Callable[[int], None],
) -> set[Example]:
    """Run `work` on each video; returns the videos that failed."""
    failed = set()
    # outcomes come in the order of the videos
    outcomes = pool.each([example.path for example in todo], work)
    for number, (example, outcome) in enumerate(zip(todo, outcomes, strict=True), start=1):
        # also a crash, a timeout or too much memory: one video does not end the run
        if outcome.error is not None:
            failed.add(example)
            on_failure(example, outcome.error)
        on_done(number)
    return failed


def _missing_kinds(path: Path, needs: VideoNeeds, cache: Cache) -> list[str]:
    """The kinds that the cache does not hold; all of them where the file cannot be read."""
    try:
        return [
            kind for kind in needs.kinds if cache.find(path, kind, needs.settings(kind)) is None
        ]
    except OSError:
        return list(needs.kinds)


def _read_one(
    loaded: object, path: Path, progress: Progress, *, needs: VideoNeeds, cache: Cache
) -> Record:
    """Work of a process on one video; reading does not use the classifier in `loaded`."""
    with reporting_missing_file(path):
        # another process may have stored some of them since the list was made
        missing = _missing_kinds(path, needs, cache)
        store = _Store(path, needs, cache, progress=progress)
        if FRAMES in missing:
            store.frames()
        visual = [kind for kind in missing if kind in VISUAL]
        if visual:
            store.visual(visual)
        if "mel" in missing:
            store.rows("mel", lambda video: map(audio_input, audio_clips(video)))
        if "packets" in missing:
            store.rows("packets", lambda video: map(packets_input, packets_by_clip(video)))
    return DONE


@dataclass(frozen=True)
class _Store:
    """Writes the entries of one video."""

    path: Path
    needs: VideoNeeds
    cache: Cache
    progress: Progress

    def frames(self) -> None:
        """All frames, or every n-th, resized: uint8 [T, h, w, 3]."""
        spec, step = self.needs.spec, self.needs.frame_step
        # with one frame per clip, the clips are the frames
        video = open_video(self.path, 1, step, progress=self.progress)
        if step > 1 and len(video.index.timeline) < spec.frames * step:
            # the frames of its only clip, the last one perhaps repeated
            video = open_video(self.path, spec.frames, step, progress=self.progress)
        height, width = resized(video.info.size, spec)
        # a crop, not resize=(height, width): that would stretch a frame whose shape differs from
        # that of the first one
        whole = replace(spec, frames=1, stride=1, crop=(height, width))
        with self.cache.writer(self.path, FRAMES, self.needs.settings(FRAMES)) as writer:
            for _, frames in clip_frames(video, range(len(video.grid)), whole):
                for frame in frames:
                    writer.add(frame[None])
            writer.notes = video.notes

    def visual(self, kinds: Sequence[str]) -> None:
        """Rows of several visual inputs from one pass over the video."""
        spec = self.needs.spec
        video = open_video(self.path, spec.frames, spec.stride, progress=self.progress)
        with ExitStack() as stack:
            writers = {}
            for kind in kinds:
                writer = self.cache.writer(self.path, kind, self.needs.settings(kind))
                writers[kind] = stack.enter_context(writer)
            # decoding costs far more than the rest, so that all inputs share one pass
            for clip in visual_clips(video, self.needs.features(tuple(kinds))):
                for kind, writer in writers.items():
                    writer.add(_visual_rows(clip, kind))
            for writer in writers.values():
                writer.notes = video.notes

    def rows(self, kind: str, clips_of: Callable[[Video], Iterator[Tensor]]) -> None:
        """Rows of an input, a tensor for each clip, as float16."""
        spec = self.needs.spec
        video = open_video(self.path, spec.frames, spec.stride, progress=self.progress)
        with self.cache.writer(self.path, kind, self.needs.settings(kind)) as writer:
            for clip in clips_of(video):
                # half precision: the cache holds all clips of all videos
                writer.add(clip.half().numpy())
            writer.notes = video.notes


def _visual_rows(clip: ClipVisual, kind: str) -> NDArray[Any]:
    """The rows of a clip.

    Returns:
        float16 [n, 2, h, w] for "md", uint8 [n, 3, h, w] for "if" and "rgb", int8 [n, 3, h, w] for
        "rgbr".
    """
    if kind == "rgb":
        pictures: NDArray[np.uint8] = picture_input(clip.pictures).round().to(torch.uint8).numpy()
        return pictures
    if kind == "md":
        return motion_input(clip.motion, clip.height, clip.width).half().numpy()
    images = clip.iframes if kind == "if" else clip.residual
    # rounded to whole grey levels, a quarter of float32
    dtype = torch.uint8 if kind == "if" else torch.int8
    rows: NDArray[np.uint8 | np.int8] = image_input(images).round().to(dtype).numpy()
    return rows
