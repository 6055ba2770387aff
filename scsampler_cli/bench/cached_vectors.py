"""The vectors of a video's pictures (`samplers.picture_features`), in the cache.

An entry holds float16 [L, D], a row for each clip; NaN for a clip without a picture.
"""

from __future__ import annotations

from collections import deque
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from scsampler_cli.bench.cached_scores import ScoreOptions, picture_settings, pictures_of
from scsampler_cli.bench.model_info import ModelFacts
from scsampler_cli.cache.video_cache import Entry
from scsampler_cli.pipeline.video import Progress, Video, with_progress
from scsampler_cli.samplers.picture_features import PictureFeatures, Vectors, as_array

VECTORS = "vectors"
"""Kind of the cache entries."""


def find_vectors(path: Path, facts: ModelFacts, options: ScoreOptions) -> Entry | None:
    """The cached vectors of a video; None where there are none, or no network computes any."""
    if facts.pictures is None:
        return None
    return options.cache.find(path, VECTORS, _key(facts, options))


def compute_vectors(
    video: Video,
    pictures: PictureFeatures,
    facts: ModelFacts,
    *,
    options: ScoreOptions,
    progress: Progress,
) -> None:
    """Compute the vectors of all clips in one pass, and store them.

    Args:
        video: the video; its notes are stored, too.
        pictures: the network.
        facts: of all models.
        options: cache and features.
        progress: called with the number of clips.
    """
    found: Vectors = {}
    clips = pictures.passing(pictures.fitted(pictures_of(video, facts, options)), found)
    # the vectors are filled while the clips pass
    deque(with_progress(clips, "score", len(video.grid), progress=progress), maxlen=0)
    clips_of_video = np.arange(len(video.grid))
    rows = as_array(found, clips_of_video, pictures.dimensions).astype(np.float16)
    with options.cache.writer(video.path, VECTORS, _key(facts, options)) as writer:
        for row in rows:
            # the writer takes arrays [n, D]
            writer.add(row[None])
        writer.notes = list(video.notes)


def _key(facts: ModelFacts, options: ScoreOptions) -> dict[str, Any]:
    """What the vectors depend on, besides the video."""
    assert facts.pictures is not None  # the callers have a network
    classifier = facts.classifier
    own: dict[str, Any] = {}
    if facts.full_size_pictures:
        # the classifier's own tower: its pictures and its config decide, too
        own = {"spec": asdict(classifier.spec), "config": classifier.output_settings["config"]}
    return {
        **own,
        **picture_settings(facts, options).of_input("rgb"),
        # all GPUs count as one device: "cuda:1" -> "cuda"
        "device": facts.device.partition(":")[0],
        "precision": facts.precision,
        "sha256": facts.pictures.sha256,
        "grid": list(facts.grid),
    }
