"""The training videos as training uses them: memory maps of cached features, labels and ClipProbs.

`fill_cache` writes the entries. An entry holds what a network takes, before crop and normalisation:

- visual frames with a short side of 128: uint8 ("if") or int8 ("rgbr") [n, 3, h, w]
- motion: float16 [n, 2, h, w]
- log-mel: float16 [n, 1, 40, 200]
- packets: float16 [n, 9, 80]
- "rgb", all of the picture: uint8 [n, 3, 128, 128]
- for a classifier all frames, of which any run can be a clip, or every n-th: uint8 [T, h, w, 3]
- with a frozen trunk the features of pictures in their place (`trunk_features`)
- the classifier's dense ClipProbs, the pseudo labels of Sec. 3.2.2: float32 [L, C]
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.cache.video_cache import Cache, Entry, content
from scsampler_cli.classifiers.base import InputSpec
from scsampler_cli.classifiers.classifier_info import ClassifierFacts
from scsampler_cli.config import BACKGROUND, PACKETS, FeatureSettings
from scsampler_cli.datasets.example import Example
from scsampler_cli.pipeline import clip_probs
from scsampler_cli.train.settings import TrainSettings

FRAMES = "frames"
"""The kind of entry that holds the frames of a video: all, or every n-th."""
PICTURE_GAP_S = 0.0
"""Seconds: in training every clip has a picture of its own ("rgb")."""


@dataclass(frozen=True)
class VideoNeeds:
    """The cache entries that a run needs of each video."""

    kinds: tuple[str, ...]
    """Some of INPUTS and PACKETS, or ("frames",)."""
    spec: InputSpec
    p_frames: int
    classifier: dict[str, Any] | None = None
    """Identity of the classifier whose ClipProbs are needed (`pipeline.clip_probs.identity`)."""
    splits: tuple[str, ...] = ("train", "val")
    """Splits whose videos need ClipProbs."""
    frame_step: int = 1
    """Of the frames of a video, every one or every n-th is stored."""
    background: bool = False
    """Whether videos labelled `BACKGROUND` are of no class; those need no ClipProbs."""

    def needs_clip_probs(self, example: Example) -> bool:
        """True where the ClipProbs of a video are needed."""
        is_background = self.background and example.label == BACKGROUND
        return self.classifier is not None and example.split in self.splits and not is_background

    def features(self, kinds: tuple[str, ...]) -> FeatureSettings:
        """How visual features are read."""
        return FeatureSettings(inputs=kinds, p_frames=self.p_frames, picture_gap=PICTURE_GAP_S)

    def settings(self, kind: str) -> dict[str, Any]:
        """All that the values of a kind depend on, except for the file."""
        if kind == FRAMES:
            key: dict[str, Any] = {"resize": self.spec.resize}
            # these fields are newer than the cache: older entries stay valid without them
            for name in ("antialias", "interpolation", "rounding"):
                value = getattr(self.spec, name)
                if value != getattr(InputSpec, name):
                    key[name] = value
            if self.frame_step == 1:
                return key
            # a video shorter than a clip has the frames of that clip alone
            return {**key, "every": self.frame_step, "at_least": self.spec.frames}
        grid = {"clip_frames": self.spec.frames, "frame_stride": self.spec.stride}
        # these depend on the clip grid alone
        if kind in ("mel", *PACKETS):
            return grid
        # all feature settings, such as the number of P-frames
        return {**grid, **self.features((kind,)).of_input(kind)}


@dataclass(frozen=True)
class TrainVideo:
    """One video of L clips."""

    example: Example
    label: int
    """Index of the label among the labels of the run."""
    entries: dict[str, Entry]
    """Cache entries by kind."""
    probabilities: NDArray[np.float32] | None
    """ClipProbs of the classifier: float32 [L, C]."""
    classifier_label: int | None
    """Index of the label among the classifier's labels."""
    notes: tuple[str, ...] = ()
    """Notes of reading and classifying the video, each once."""
    content: str = ""
    """Digest of the file's bytes."""
    classifier_background: int | None = None
    """Column of the background class in the ClipProbs; None without one."""

    @property
    def clips(self) -> int:
        """Number of clips of the video (L)."""
        return next(iter(self.entries.values())).clips

    @property
    def saliency_target(self) -> NDArray[np.float32]:
        """f_y of each clip (Eq. 1): float32 [L].

        Raises:
            ValueError: there are no ClipProbs, or the classifier does not know the label.
        """
        if self.probabilities is None or self.classifier_label is None:
            raise ValueError("this video has no ClipProbs of its label")
        # one column of the ClipProbs
        return self.probabilities[:, self.classifier_label]

    @property
    def probabilities_digest(self) -> str | None:
        """Hex digest of the ClipProbs; None without them."""
        if self.probabilities is None:
            return None
        # a plug-in without weights has no digest of its own, so that its answers stand for it
        return hashlib.sha256(np.ascontiguousarray(self.probabilities).tobytes()).hexdigest()


def needs_of(settings: TrainSettings, classifier: dict[str, Any] | None) -> VideoNeeds:
    """The entries that a training run needs.

    Args:
        settings: settings of the run.
        classifier: identity of the classifier that gives ClipProbs; None without one.
    """
    # a classifier takes clips from any frame on, a sampler takes the features of the clip grid
    kinds = (FRAMES,) if settings.target == "classifier" else settings.kinds
    # AC learns from labels alone; its ClipProbs only serve the validation measure
    splits = ("train", "val") if settings.needs_probabilities else ("val",)
    return VideoNeeds(
        kinds,
        settings.spec,
        settings.p_frames,
        classifier=classifier,
        splits=splits,
        frame_step=settings.frame_step,
        background=settings.background,
    )


def open_all(
    examples: Sequence[Example],
    labels: Sequence[str],
    needs: VideoNeeds,
    *,
    cache: Cache,
    classifier: ClassifierFacts | None,
) -> list[TrainVideo]:
    """The videos that still exist and have all needed entries in the cache.

    Args:
        examples: labelled videos.
        labels: class names of the run.
        needs: entries that must be in the cache.
        cache: the cache.
        classifier: whose ClipProbs the videos have; None without one.
    """
    videos = []
    for example in examples:
        try:
            video = _open(example, labels, needs, cache=cache, classifier=classifier)
        except OSError:  # the file has been removed
            continue
        if video is not None:
            videos.append(video)
    return videos


def _open(
    example: Example,
    labels: Sequence[str],
    needs: VideoNeeds,
    *,
    cache: Cache,
    classifier: ClassifierFacts | None,
) -> TrainVideo | None:
    """One video; None where an entry is missing."""
    entries = _entries(example, needs, cache)
    if entries is None:
        return None

    probabilities = None
    notes = [note for entry in entries.values() for note in entry.notes]
    if needs.classifier is not None and needs.needs_clip_probs(example):
        # float32 [L, C]
        stored = clip_probs.find(example.path, needs.classifier, cache)
        if stored is None:
            return None
        # a clip of which nothing could be decoded has NaN: its f_y counts as 0, and a note says so
        probabilities = np.nan_to_num(np.asarray(stored.values, np.float32))
        notes += stored.notes

    # the labels of the run and of the classifier may differ
    is_background = needs.background and example.label == BACKGROUND
    # without its background class, which is no label of a video
    classes = () if classifier is None or is_background else classifier.classes
    label = None
    if classifier is not None and example.label in classes:
        label = classifier.labels.index(example.label)
    return TrainVideo(
        example,
        labels.index(example.label),
        entries,
        probabilities=probabilities,
        classifier_label=label,
        notes=tuple(dict.fromkeys(notes)),  # each note once, in order
        content=content(example.path),
        classifier_background=None if classifier is None else classifier.background_column,
    )


def _entries(example: Example, needs: VideoNeeds, cache: Cache) -> dict[str, Entry] | None:
    """The cache entries of a video by kind; None where one is missing."""
    entries = {}
    for kind in needs.kinds:
        # memory-mapped: nothing is read yet
        entry = cache.find(example.path, kind, needs.settings(kind))
        if entry is None:
            return None
        entries[kind] = entry
    return entries


def by_split(videos: Sequence[TrainVideo]) -> dict[str, list[TrainVideo]]:
    """The videos of "train" and of "val"."""
    return {
        split: [video for video in videos if video.example.split == split]
        for split in ("train", "val")
    }
