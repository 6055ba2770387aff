"""Dense ClipProbs of a video, computed once and kept: pseudo labels (Sec. 3.2.2), Dense, Oracle and Empirical (Sec. 4.1.1)."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from scsampler_cli.batch.process_map import DONE
from scsampler_cli.batch.task import Record
from scsampler_cli.cache.video_cache import Cache, Entry
from scsampler_cli.classifiers.base import ClipClassifier, InputSpec, output_settings_of
from scsampler_cli.classifiers.classifier_info import ClassifierFacts
from scsampler_cli.pipeline.video import (
    Progress,
    classify_clips,
    no_progress,
    open_video,
    reporting_missing_file,
)

NAME = "probabilities"


def identity(classifier: ClipClassifier | ClassifierFacts, precision: str) -> dict[str, Any]:
    """What the ClipProbs of a classifier depend on.

    Args:
        classifier: f.
        precision: that it runs in, such as "float32"; half precision moves the last digits.
    """
    return {
        "name": classifier.name,
        "sha256": classifier.weights.sha256,
        "precision": precision,
        **_geometry(classifier.spec),
        **output_settings_of(classifier),
    }


def _geometry(spec: InputSpec) -> dict[str, Any]:
    """What was stored before there were antialiasing and several crops is still good for classifiers that have neither."""
    plain = InputSpec()
    return {
        name: value
        for name, value in asdict(spec).items()
        if name not in ("antialias", "crops") or value != getattr(plain, name)
    }


def key(identity: dict[str, Any]) -> dict[str, Any]:
    """The identity as the cache asks for it: where the weights have a digest, the name says nothing (one file, many names)."""
    return {
        name: value
        for name, value in identity.items()
        if name != "name" or not identity.get("sha256")
    }


def find(path: Path, identity: dict[str, Any], cache: Cache) -> Entry | None:
    """float32 [L, C], a row of NaN where nothing of a clip could be decoded; None where they must be computed."""
    return cache.find(path, NAME, key(identity))


def is_known(path: Path, identity: dict[str, Any], cache: Cache) -> bool:
    """Whether they are there and can be relied on: weights that cannot be told from others are always asked again."""
    try:
        return identity["sha256"] is not None and find(path, identity, cache) is not None
    except OSError:
        return False


def compute_if_missing(
    path: Path,
    classifier: ClipClassifier,
    identity: dict[str, Any],
    *,
    cache: Cache,
    progress: Progress = no_progress,
) -> None:
    """Compute and store them, unless they are known.

    Raises:
        VideoError: the video cannot be read.
        ClassifierError: the classifier failed.
        OutputError: the cache cannot be written.
    """
    if is_known(path, identity, cache):
        return
    video = open_video(path, classifier.spec.frames, classifier.spec.stride, progress=progress)
    found = classify_clips(video, range(len(video.grid)), classifier, progress=progress)
    if identity["sha256"] is None:
        cache.discard(path, NAME, key(identity))
    with cache.writer(path, NAME, key(identity)) as writer:
        for row in found:
            writer.add(row[None])
        writer.notes = video.notes


def compute_in_worker(
    classifier: ClipClassifier,
    path: Path,
    progress: Progress,
    *,
    identity: dict[str, Any],
    cache: Cache,
) -> Record:
    """`compute_if_missing` as what a pool's process that has loaded the classifier does with a video."""
    with reporting_missing_file(path):
        compute_if_missing(path, classifier, identity, cache=cache, progress=progress)
    return DONE
