"""The training videos: each read once through the product's own readers into the cache, then seen through memory maps.

What is stored is what a network takes, before crop and normalisation: pictures with a short side of 128 (uint8 or int8
[n, 3, h, w]), motion (float16 [n, 2, h, w]), log-mel (float16 [n, 1, 40, 200]), packets (float16 [n, 9, 80]); for a classifier
all frames (uint8 [T, h, w, 3]), of which any run can be a clip; and the classifier's dense ClipProbs (float32 [L, C]), the
pseudo labels of Sec. 3.2.2.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from scsampler_cli.batch.process_map import DONE, Do, Rounds
from scsampler_cli.batch.task import Record
from scsampler_cli.cache.video_cache import Cache, Entry, content
from scsampler_cli.classifiers.base import InputSpec
from scsampler_cli.classifiers.geometry import resized
from scsampler_cli.config import PACKETS, VISUAL, FeatureSettings
from scsampler_cli.datasets.example import Example
from scsampler_cli.errors import ScsamplerError
from scsampler_cli.features.clip import ClipVisual
from scsampler_cli.pipeline import clip_probs
from scsampler_cli.pipeline.video import (
    Progress,
    Video,
    clip_frames,
    missing_file_reported,
    opened,
    packets_of,
    sound_clips,
    visual_clips,
)
from scsampler_cli.samplers.network_inputs import (
    motion_input,
    packets_input,
    picture_input,
    sound_input,
)
from scsampler_cli.train.settings import TrainSettings

FRAMES = "frames"
Failed = Callable[[Example, ScsamplerError], None]
"""Told of each video that cannot be used; it is left out."""


@dataclass(frozen=True)
class Wanted:
    """What is to be known of each video."""

    kinds: tuple[str, ...]
    """Of INPUTS and PACKETS, or ("frames",)."""
    spec: InputSpec
    p_frames: int
    teacher: dict[str, Any] | None = None
    """Identity of the classifier whose ClipProbs are wanted (`pipeline.clip_probs.identity`)."""
    splits: tuple[str, ...] = ("train", "val")
    """Of whose videos the ClipProbs are wanted."""

    def settings(self, kind: str) -> dict[str, Any]:
        """All that the values of a kind depend on, beside the file."""
        if kind == FRAMES:
            return {"resize": self.spec.resize}
        grid = {"clip_frames": self.spec.frames, "frame_stride": self.spec.stride}
        return (
            grid
            if kind in ("mel", *PACKETS)
            else {**grid, **asdict(FeatureSettings((kind,), self.p_frames))}
        )


@dataclass(frozen=True)
class TrainVideo:
    """One video as training sees it."""

    example: Example
    label: int
    """Index among the labels of the run."""
    entries: dict[str, Entry]
    """By kind."""
    probabilities: NDArray[np.float32] | None
    """ClipProbs of the teacher: float32 [L, C]."""
    target: int | None
    """Index of the label among the teacher's."""
    notes: tuple[str, ...] = ()
    """What was noticed while reading and classifying it, each once."""
    content: str = ""
    """Digest of the file's bytes."""

    @property
    def clips(self) -> int:
        """L."""
        return next(iter(self.entries.values())).clips

    @property
    def worth(self) -> NDArray[np.float32]:
        """f_y of each clip (Eq. 1): float32 [L]."""
        if self.probabilities is None or self.target is None:
            raise ValueError("no ClipProbs were asked for")
        return self.probabilities[:, self.target]

    @property
    def probabilities_digest(self) -> str | None:
        """Hex digest of the ClipProbs, whichever classifier gave them."""
        if self.probabilities is None:
            return None
        return hashlib.sha256(np.ascontiguousarray(self.probabilities).tobytes()).hexdigest()


def wanted_by(settings: TrainSettings, teacher: dict[str, Any] | None) -> Wanted:
    """What a training run needs of each video."""
    kinds = (FRAMES,) if settings.target == "classifier" else settings.kinds
    # AC learns from labels alone; its classifier only measures
    splits = ("train", "val") if settings.needs_probabilities else ("val",)
    return Wanted(kinds, settings.spec, settings.p_frames, teacher=teacher, splits=splits)


def read_all(
    examples: list[Example],
    wanted: Wanted,
    cache: Cache,
    *,
    pool: Rounds,
    progress: Progress,
    failed: Failed,
) -> list[Example]:
    """Fill the cache with the features (or frames) of videos.

    Args:
        examples: the videos.
        wanted: what of them.
        cache: where to.
        pool: whose processes read them.
        progress: told of every video done.
        failed: told of those that cannot be read, and of those that crash a process, take too long or too much memory.

    Returns:
        the examples that could be read.

    Raises:
        OutputError: the cache cannot be written.
        WorkerError: processes die before they begin to read.
        KeyboardInterrupt: it was stopped.
    """
    todo = [example for example in examples if _missing(example.path, wanted, cache)]
    known = len(examples) - len(todo)
    lost = _each(todo, partial(_read_one, wanted=wanted, cache=cache), pool, failed=failed,
                 done=lambda done: progress("reading", known + done, len(examples)))  # fmt: skip
    return [example for example in examples if example not in lost]


def _each(
    todo: list[Example], do: Do, pool: Rounds, *, failed: Failed, done: Callable[[int], None]
) -> set[Example]:
    """Do something with each video; returns those that failed, in the order in which `failed` gets them."""
    lost = set()
    outcomes = pool.each([example.path for example in todo], do)
    for number, (example, outcome) in enumerate(zip(todo, outcomes, strict=True), start=1):
        if (error := outcome.error) is not None:
            lost.add(example)
            failed(example, error)
        done(number)
    return lost


def _missing(path: Path, wanted: Wanted, cache: Cache) -> list[str]:
    """The kinds that are not known yet; all of them where the file cannot be read."""
    try:
        return [
            kind for kind in wanted.kinds if cache.find(path, kind, wanted.settings(kind)) is None
        ]
    except OSError:
        return list(wanted.kinds)


def _read_one(
    loaded: object, path: Path, progress: Progress, *, wanted: Wanted, cache: Cache
) -> Record:
    """What a process does with a video; `loaded` is no business of reading."""
    with missing_file_reported(path):
        missing = _missing(path, wanted, cache)
        if FRAMES in missing:
            _store_frames(path, wanted, cache, progress=progress)
        if visual := [kind for kind in missing if kind in VISUAL]:
            _store_visual(path, visual, wanted, cache=cache, progress=progress)
        if "mel" in missing:
            _store_rows(
                path,
                "mel",
                lambda video: map(sound_input, sound_clips(video)),
                wanted=wanted,
                cache=cache,
                progress=progress,
            )
        if "packets" in missing:
            _store_rows(
                path,
                "packets",
                lambda video: map(packets_input, packets_of(video)),
                wanted=wanted,
                cache=cache,
                progress=progress,
            )
    return DONE


def _store_frames(path: Path, wanted: Wanted, cache: Cache, *, progress: Progress) -> None:
    video = opened(path, 1, 1, progress=progress)
    height, width = resized(video.info.size, wanted.spec)
    # not resize=(height, width): a picture of another shape than the first would be squeezed into it
    whole = replace(wanted.spec, frames=1, stride=1, crop=(height, width))
    with cache.writer(path, FRAMES, wanted.settings(FRAMES)) as writer:
        for _, frame in clip_frames(video, range(len(video.grid)), whole):
            writer.add(frame)
        writer.notes = video.notes


def _store_visual(
    path: Path, kinds: list[str], wanted: Wanted, *, cache: Cache, progress: Progress
) -> None:
    video = opened(path, wanted.spec.frames, wanted.spec.stride, progress=progress)
    with ExitStack() as stack:
        writers = {
            kind: stack.enter_context(cache.writer(path, kind, wanted.settings(kind)))
            for kind in kinds
        }
        for clip in visual_clips(video, FeatureSettings(tuple(kinds), wanted.p_frames)):
            for kind, writer in writers.items():
                writer.add(_visual_rows(clip, kind))
        for writer in writers.values():
            writer.notes = video.notes


def _visual_rows(clip: ClipVisual, kind: str) -> NDArray[Any]:
    if kind == "md":
        return motion_input(clip.motion, clip.height, clip.width).half().numpy()
    pictures = clip.iframes if kind == "if" else clip.residual
    return picture_input(pictures).round().to(torch.uint8 if kind == "if" else torch.int8).numpy()


def _store_rows(
    path: Path,
    kind: str,
    rows: Callable[[Video], Iterator[Tensor]],
    *,
    wanted: Wanted,
    cache: Cache,
    progress: Progress,
) -> None:
    video = opened(path, wanted.spec.frames, wanted.spec.stride, progress=progress)
    with cache.writer(path, kind, wanted.settings(kind)) as writer:
        for clip in rows(video):
            writer.add(clip.half().numpy())
        writer.notes = video.notes


def classify_all(
    examples: list[Example],
    wanted: Wanted,
    cache: Cache,
    *,
    pool: Rounds,
    progress: Progress,
    failed: Failed,
) -> list[Example]:
    """Run the classifier densely over the videos whose ClipProbs are wanted and not known yet, and store them.

    Args:
        examples: the videos.
        wanted: says whose ClipProbs.
        cache: where to.
        pool: whose processes have loaded the classifier.
        progress: told of every video done.
        failed: as in `read_all`.

    Returns:
        the examples of which all that is wanted is stored.

    Raises:
        as `read_all`.
    """
    identity = wanted.teacher
    if identity is None:
        raise ValueError("no classifier's ClipProbs are wanted")
    asked = [example for example in examples if example.split in wanted.splits]
    todo = [example for example in asked if not clip_probs.is_known(example.path, identity, cache)]
    known = len(asked) - len(todo)
    lost = _each(todo, partial(clip_probs.ensured, identity=identity, cache=cache), pool, failed=failed,
                 done=lambda done: progress("classifying", known + done, len(asked)))  # fmt: skip
    return [example for example in examples if example not in lost]


def open_all(
    examples: list[Example],
    labels: list[str],
    wanted: Wanted,
    *,
    cache: Cache,
    teacher_labels: tuple[str, ...],
) -> list[TrainVideo]:
    """The videos of which everything wanted is in the cache, and that are still there.

    Args:
        examples: the videos.
        labels: of the run.
        wanted: what must be there.
        cache: where it is.
        teacher_labels: the classifier's; () without one.
    """
    found = []
    for example in examples:
        try:
            video = _opened(example, labels, wanted, cache=cache, teacher_labels=teacher_labels)
        except OSError:  # the file has gone
            continue
        if video is not None:
            found.append(video)
    return found


def _opened(
    example: Example,
    labels: list[str],
    wanted: Wanted,
    *,
    cache: Cache,
    teacher_labels: tuple[str, ...],
) -> TrainVideo | None:
    entries = {kind: cache.find(example.path, kind, wanted.settings(kind)) for kind in wanted.kinds}
    probabilities = None
    heard: tuple[str, ...] = ()
    if wanted.teacher is not None and example.split in wanted.splits:
        entry = clip_probs.find(example.path, wanted.teacher, cache)
        if entry is None:
            return None
        # a clip of which nothing could be decoded is worth nothing; the notes say so
        probabilities, heard = np.nan_to_num(np.asarray(entry.values, np.float32)), entry.notes
    whole = {kind: entry for kind, entry in entries.items() if entry is not None}
    if len(whole) < len(entries):
        return None
    target = teacher_labels.index(example.label) if example.label in teacher_labels else None
    notes = dict.fromkeys(
        note for some in (*(e.notes for e in whole.values()), heard) for note in some
    )
    label, name = labels.index(example.label), content(example.path)
    return TrainVideo(
        example,
        label,
        whole,
        probabilities=probabilities,
        target=target,
        notes=tuple(notes),
        content=name,
    )
