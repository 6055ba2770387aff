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
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from scsampler_cli import clipprobs
from scsampler_cli.cache import Cache, Entry, content
from scsampler_cli.classifiers.base import ClipClassifier, InputSpec
from scsampler_cli.classifiers.geometry import resized
from scsampler_cli.config import PACKETS, VISUAL, FeatureSettings
from scsampler_cli.datasets.example import Example
from scsampler_cli.errors import InputError, OutputError, ScsamplerError
from scsampler_cli.features.clip import ClipVisual
from scsampler_cli.samplers.inputs import motion_input, packets_input, picture_input, sound_input
from scsampler_cli.train.settings import TrainSettings
from scsampler_cli.video import Video, clip_frames, packets_of, sound_clips, visual_clips
from scsampler_cli.workers import mapped

FRAMES = "frames"
Failed = Callable[[Example, ScsamplerError], None]
"""Told of each video that cannot be used; it is left out."""
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Wanted:
    """What is to be known of each video."""

    kinds: tuple[str, ...]
    """Of INPUTS and PACKETS, or ("frames",)."""
    spec: InputSpec
    p_frames: int
    teacher: dict[str, Any] | None = None
    """Identity of the classifier whose ClipProbs are wanted (`clipprobs.identity`)."""
    splits: tuple[str, ...] = ("train", "val")
    """Of whose videos the ClipProbs are wanted."""

    def settings(self, kind: str) -> dict[str, Any]:
        """All that the values of a kind depend on, beside the file."""
        if kind == FRAMES:
            return {"resize": self.spec.resize}
        grid = {"clip_frames": self.spec.frames, "frame_stride": self.spec.stride}
        return grid if kind in ("mel", *PACKETS) else {**grid, **asdict(FeatureSettings((kind,), self.p_frames))}


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
    return Wanted(kinds, settings.spec, settings.p_frames, teacher, splits)


def read_all(
    examples: list[Example], wanted: Wanted, cache: Cache, jobs: int, progress: Progress, failed: Failed
) -> list[Example]:
    """Fill the cache with the features (or frames) of videos.

    Args:
        examples: the videos.
        wanted: what of them.
        cache: where to.
        jobs: processes.
        progress: told of every video done.
        failed: told of those that cannot be read.

    Returns:
        the examples that could be read.

    Raises:
        OutputError: the cache cannot be written.
        WorkerError: a process died.
    """
    todo = [example for example in examples if _missing(example, wanted, cache)]
    unreadable = set()
    results = mapped(partial(_read_one, wanted=wanted, cache=cache), todo, jobs, _one_thread)
    for done, (example, error) in enumerate(zip(todo, results, strict=True), start=len(examples) - len(todo) + 1):
        if error is not None:
            unreadable.add(example)
            failed(example, error)
        progress("reading", done, len(examples))
    return [example for example in examples if example not in unreadable]


def _missing(example: Example, wanted: Wanted, cache: Cache) -> list[str]:
    """The kinds that are not known yet; all of them where the file cannot be read."""
    try:
        return [kind for kind in wanted.kinds if cache.find(example.path, kind, wanted.settings(kind)) is None]
    except OSError:
        return list(wanted.kinds)


def _one_thread() -> None:
    """The cores are shared among the processes already."""
    torch.set_num_threads(1)


def _read_one(example: Example, wanted: Wanted, cache: Cache) -> ScsamplerError | None:
    try:
        missing = _missing(example, wanted, cache)
        if FRAMES in missing:
            _store_frames(example, wanted, cache)
        if visual := [kind for kind in missing if kind in VISUAL]:
            _store_visual(example, visual, wanted, cache)
        if "mel" in missing:
            _store_rows(example, "mel", lambda video: map(sound_input, sound_clips(video)), wanted, cache)
        if "packets" in missing:
            _store_rows(example, "packets", lambda video: map(packets_input, packets_of(video)), wanted, cache)
    except OutputError:  # the cache's fault, not the video's
        raise
    except ScsamplerError as error:
        return error
    except OSError as error:
        return _gone(example, error)
    return None


def _gone(example: Example, error: OSError) -> InputError:
    return InputError(f"{example.path}: {error.strerror or error}", hint="is it still there?")


def _store_frames(example: Example, wanted: Wanted, cache: Cache) -> None:
    video = Video(example.path, 1, 1)
    height, width = resized(video.info.size, wanted.spec)
    # not resize=(height, width): a picture of another shape than the first would be squeezed into it
    whole = replace(wanted.spec, frames=1, stride=1, crop=(height, width))
    with cache.writer(example.path, FRAMES, wanted.settings(FRAMES)) as writer:
        for _, frame in clip_frames(video, range(len(video.grid)), whole):
            writer.add(frame)
        writer.notes = video.notes


def _store_visual(example: Example, kinds: list[str], wanted: Wanted, cache: Cache) -> None:
    video = Video(example.path, wanted.spec.frames, wanted.spec.stride)
    with ExitStack() as stack:
        writers = {kind: stack.enter_context(cache.writer(example.path, kind, wanted.settings(kind))) for kind in kinds}
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
    example: Example, kind: str, rows: Callable[[Video], Iterator[Tensor]], wanted: Wanted, cache: Cache
) -> None:
    video = Video(example.path, wanted.spec.frames, wanted.spec.stride)
    with cache.writer(example.path, kind, wanted.settings(kind)) as writer:
        for clip in rows(video):
            writer.add(clip.half().numpy())
        writer.notes = video.notes


def classify_all(
    examples: list[Example],
    classifier: ClipClassifier,
    wanted: Wanted,
    cache: Cache,
    progress: Progress,
    failed: Failed,
) -> list[Example]:
    """Run the classifier densely over the videos whose ClipProbs are wanted and not known yet, and store them.

    Returns:
        the examples of which all that is wanted is stored.
    """
    identity = wanted.teacher
    if identity is None:
        raise ValueError("no classifier's ClipProbs are wanted")
    known = [example for example in examples if example.split not in wanted.splits]
    todo = [example for example in examples if example.split in wanted.splits]
    for done, example in enumerate(todo, start=1):
        try:
            clipprobs.ensure(example.path, classifier, identity, cache)
            known.append(example)
        except OutputError:
            raise
        except ScsamplerError as error:
            failed(example, error)
        except OSError as error:
            failed(example, _gone(example, error))
        progress("classifying", done, len(todo))
    return known


def open_all(
    examples: list[Example], labels: list[str], wanted: Wanted, cache: Cache, teacher_labels: tuple[str, ...]
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
            video = _opened(example, labels, wanted, cache, teacher_labels)
        except OSError:  # the file has gone
            continue
        if video is not None:
            found.append(video)
    return found


def _opened(
    example: Example, labels: list[str], wanted: Wanted, cache: Cache, teacher_labels: tuple[str, ...]
) -> TrainVideo | None:
    entries = {kind: cache.find(example.path, kind, wanted.settings(kind)) for kind in wanted.kinds}
    probabilities = None
    heard: tuple[str, ...] = ()
    if wanted.teacher is not None and example.split in wanted.splits:
        entry = clipprobs.find(example.path, wanted.teacher, cache)
        if entry is None:
            return None
        # a clip of which nothing could be decoded is worth nothing; the notes say so
        probabilities, heard = np.nan_to_num(np.asarray(entry.values, np.float32)), entry.notes
    whole = {kind: entry for kind, entry in entries.items() if entry is not None}
    if len(whole) < len(entries):
        return None
    target = teacher_labels.index(example.label) if example.label in teacher_labels else None
    notes = dict.fromkeys(note for some in (*(e.notes for e in whole.values()), heard) for note in some)
    label, name = labels.index(example.label), content(example.path)
    return TrainVideo(example, label, whole, probabilities, target, tuple(notes), name)
