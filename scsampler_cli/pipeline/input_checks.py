"""Refusals of `stages`: a file that a stage cannot work on."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from scsampler_cli.config import SelectionSettings
from scsampler_cli.errors import FeatureFileError, VideoError
from scsampler_cli.features.array_source import is_array_file
from scsampler_cli.features.read_features import is_feature_file
from scsampler_cli.pipeline.feature_file import FeatureFileVideo
from scsampler_cli.pipeline.video import Video
from scsampler_cli.samplers.scoring import Samplers
from scsampler_cli.selection.scores import MODALITIES, ClipScores

# modality -> what messages call its input
_INPUT_NAMES = {"visual": "picture data", "audio": "sound", "packets": "known sizes of packets"}


def check_is_video(path: Path) -> None:
    """Refuse a feature file.

    Raises:
        VideoError: it is one.
    """
    if is_feature_file(path):
        raise VideoError(
            f"{path} holds features, not a video",
            code="features-not-video",
            hint="give the video itself",
        )


def check_can_be_scored(path: Path) -> None:
    """Refuse a feature file of NumPy: samplers read clip after clip, as .scf stores them.

    Raises:
        FeatureFileError: it is one.
    """
    if is_array_file(path):
        raise FeatureFileError(
            f"{path} holds features as NumPy arrays, which are not scored",
            code="feature-format-unsupported",
            hint="extract to a file that ends in .scf, and score that",
        )


def check_no_packet_sampler(path: Path, samplers: Samplers) -> None:
    """Refuse a packet sampler for a feature file.

    Raises:
        FeatureFileError: there is a packet sampler.
    """
    # packets come from the index of the video, which a feature file does not hold
    if samplers.packets is not None:
        raise FeatureFileError(
            f"{path} holds no packets",
            code="features-incomplete",
            hint="score the video itself, or leave the packet sampler out",
        )


def check_any_score(
    source: Video | FeatureFileVideo,
    path: Path,
    scores: ClipScores,
    *,
    selection: SelectionSettings,
) -> None:
    """Refuse a file without any input for the one sampler that the strategy uses.

    Raises:
        VideoError: no clip has a score.
    """
    if selection.strategy not in MODALITIES:
        return
    # float32 [M], NaN for a clip without input; None where the modality was not scored
    values = getattr(scores, selection.strategy)
    if values is None or not np.isnan(values).all():
        return

    what = _INPUT_NAMES[selection.strategy]
    why = ""
    if selection.strategy == "audio" and isinstance(source, Video) and source.no_audio_reason:
        why = f" ({source.no_audio_reason})"
    raise VideoError(
        f"{path}: no clip has {what}{why}, and strategy {selection.strategy!r} uses nothing else",
        code="no-clip-scores",
        hint="choose another strategy for it, such as av-union-list or uniform",
    )
