"""What is known of the clips of a video before the classifier is asked: scores, and vectors.

The vectors tell a search which clips look alike.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.config import FeatureSettings, SelectionSettings
from scsampler_cli.features.rgb import served_by_keyframes
from scsampler_cli.pipeline.clip_inference import score_clips
from scsampler_cli.pipeline.video import Progress, Video
from scsampler_cli.samplers.picture_features import Vectors, as_array
from scsampler_cli.samplers.scoring import Samplers
from scsampler_cli.selection.compared_clips import compared
from scsampler_cli.selection.scores import ClipScores


def scores_of_video(
    video: Video,
    samplers: Samplers,
    features: FeatureSettings,
    *,
    selection: SelectionSettings,
    progress: Progress,
) -> tuple[ClipScores, NDArray[np.float32] | None]:
    """Score the clips of a video, and compute vectors of their pictures if they are needed.

    Args:
        video: gets a note where a search leaves out clips.
        samplers: those in use.
        features: how the inputs of the visual sampler are made.
        selection: which clips are scored, and whether vectors are needed.
        progress: called after each clip.

    Returns:
        the scores of M clips; and float32 [M, D], NaN for a clip without a picture, or None.
    """
    vectors: Vectors | None = None if samplers.pictures is None else {}
    chosen = None
    if selection.strategy == "search" and samplers.visual is None:
        chosen = compared_clips(video, features, selection.k)
    scores = score_clips(
        video,
        samplers,
        features,
        clip_stride=selection.clip_stride,
        progress=progress,
        first=selection.candidates,
        vectors=vectors,
        compared=chosen,
    )
    if samplers.pictures is None or vectors is None:
        return scores, None
    if chosen is not None and len(chosen) < len(video.grid):
        video.note(
            f"after its first clips the search chooses among {len(chosen)} of {len(video.grid)} "
            "clips, those that a keyframe shows; where a picture gap is given, among all"
        )
    return scores, as_array(vectors, scores.clips, samplers.pictures.dimensions)


def compared_clips(video: Video, features: FeatureSettings, k: int) -> NDArray[np.int64]:
    """int64 [n], increasing: the clips among which a search without a sampler chooses.

    Args:
        video: the video.
        features: they may ask for the pictures of all clips.
        k: clips that the classifier gets (K).
    """
    every = video.grid.every(1)
    if not features.gap_by_keyframes:
        return every
    return every[compared(served_by_keyframes(video.index, video.grid), k)]
