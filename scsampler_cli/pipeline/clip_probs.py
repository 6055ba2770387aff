"""ClipProbs: the classifier's probabilities for every clip of a video, computed once and cached.

They give the pseudo labels (Sec. 3.2.2) and the baselines Dense, Oracle and Empirical (Sec. 4.1.1).
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from scsampler_cli.batch.process_map import DONE
from scsampler_cli.batch.task import Record
from scsampler_cli.cache.video_cache import Cache, Entry
from scsampler_cli.classifiers.base import ClipClassifier, InputSpec, output_settings_of
from scsampler_cli.classifiers.classifier_info import ClassifierFacts
from scsampler_cli.pipeline.clip_inference import classify_clips
from scsampler_cli.pipeline.video import Progress, no_progress, open_video, reporting_missing_file

# kind of the cache entries
NAME = "probabilities"


def identity(classifier: ClipClassifier | ClassifierFacts, precision: str) -> dict[str, Any]:
    """All that the ClipProbs of a classifier depend on.

    Args:
        classifier: the clip classifier (f in the paper).
        precision: such as "float32"; half precision changes the last digits.
    """
    return {
        "name": classifier.name,
        "sha256": classifier.weights.sha256,
        "precision": precision,
        **_geometry(classifier.spec),
        **output_settings_of(classifier),
    }


def _geometry(spec: InputSpec) -> dict[str, Any]:
    """The clip geometry, without its newer fields where they have their defaults.

    These fields are newer than the cache: without them in the key, older entries stay valid for
    classifiers that use none of them.
    """
    default = InputSpec()
    geometry = asdict(spec)
    for name in ("antialias", "crops", "interpolation", "rounding"):
        if geometry[name] == getattr(default, name):
            del geometry[name]
    return geometry


def key(identity: dict[str, Any]) -> dict[str, Any]:
    """The key of a cache entry: the identity, without the classifier's name where the weights have
    a digest (one file may have many names).
    """
    parts = dict(identity)
    if parts.get("sha256"):
        parts.pop("name", None)
    return parts


def find(path: Path, identity: dict[str, Any], cache: Cache) -> Entry | None:
    """The cached ClipProbs, float32 [L, C]; None where there are none.

    A row of NaN stands for a clip that could not be decoded.
    """
    return cache.find(path, NAME, key(identity))


def is_known(path: Path, identity: dict[str, Any], cache: Cache) -> bool:
    """Whether valid ClipProbs are cached. Without a digest of the weights none are valid: the
    weights may have changed.
    """
    try:
        # finding an entry hashes the video, which may be gone
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
    """Compute and store the ClipProbs of a video, unless they are cached.

    Raises:
        VideoError: the video cannot be read.
        ClassifierError: the classifier failed.
        OutputError: the cache cannot be written.
    """
    if is_known(path, identity, cache):
        return
    # float32 [L, C], held as a whole: 400 classes of 10,000 clips are 16 MB
    video = open_video(path, classifier.spec.frames, classifier.spec.stride, progress=progress)
    probabilities = classify_clips(video, range(len(video.grid)), classifier, progress=progress)
    # an entry of unknown weights may be stale, and a writer does not replace an entry
    if identity["sha256"] is None:
        cache.discard(path, NAME, key(identity))
    with cache.writer(path, NAME, key(identity)) as writer:
        for row in probabilities:
            writer.add(row[None])  # one row [1, C] for each clip
        writer.notes = video.notes


def compute_in_worker(
    classifier: ClipClassifier,
    path: Path,
    progress: Progress,
    *,
    identity: dict[str, Any],
    cache: Cache,
) -> Record:
    """`compute_if_missing`, as the work of a process that has loaded the classifier."""
    with reporting_missing_file(path):
        compute_if_missing(path, classifier, identity, cache=cache, progress=progress)
    return DONE
