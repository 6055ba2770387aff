"""A feature file in the place of a video: `score` gives the same numbers from either."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from scsampler_cli.config import FeatureSettings
from scsampler_cli.errors import FeatureFileError
from scsampler_cli.features import store
from scsampler_cli.scores import ClipScores
from scsampler_cli.timeline import ClipSpan
from scsampler_cli.video import Progress, Samplers, collected, followed


class StoredVideo:
    """A feature file in the place of a video.

    Args:
        path: the file.
        clip_stride: N of App. E: every N-th clip of the video; 1 takes what is in the file.

    Raises:
        FeatureFileError: damaged, or the file lacks some of these clips.
    """

    def __init__(self, path: Path, clip_stride: int = 1) -> None:
        self._path = path
        header, self.notes = store.read_header(path)
        self.facts: dict[str, Any] = header["video"]
        self.settings: dict[str, Any] = header["settings"]
        self.features = FeatureSettings(
            tuple(self.settings["inputs"]), self.settings["p_frames"], self.settings["short_side"]
        )
        if clip_stride == 1:
            clip_stride = self.settings["clip_stride"]
        if clip_stride % self.settings["clip_stride"]:
            raise FeatureFileError(
                f"{path} holds every {self.settings['clip_stride']}th clip, not every {clip_stride}th",
                hint="score the video itself, or extract it again",
            )
        self.clip_stride = clip_stride
        """N in force."""
        self.spans = {
            clip: ClipSpan(clip, first, count, Fraction(start), Fraction(end))
            for clip, first, count, start, end in header["clips"]
            if clip % clip_stride == 0
        }
        self._clip_count: int = header["clip_count"]

    def differences(self, **asked: int) -> list[str]:
        """A note for each setting that the features were extracted with and that is not the one asked for."""
        return [
            f"the features were extracted with {name} {self.settings[name]}, not {value}; the video itself may score differently"
            for name, value in asked.items()
            if self.settings[name] != value
        ]

    def scores(self, samplers: Samplers, progress: Progress) -> ClipScores:
        """Saliency from the stored features."""
        clips = np.array(list(self.spans), dtype=np.int64)
        visual = audio = None
        if samplers.visual is not None:
            self._check(samplers.visual.inputs)
            seen = (clip for clip in store.read_visual(self._path) if clip.clip in self.spans)
            visual = collected(samplers.visual.score(followed(seen, "score", len(clips), progress)), clips)
        if samplers.audio is not None:
            self._check(samplers.audio.inputs)
            heard = (clip for clip in store.read_sound(self._path) if clip.clip in self.spans)
            audio = collected(samplers.audio.score(followed(heard, "listen", len(clips), progress)), clips)
        return ClipScores(clips, self._clip_count, visual, audio)

    def _check(self, needed: Sequence[str]) -> None:
        missing = [name for name in needed if name not in self.features.inputs]
        if missing:
            raise FeatureFileError(
                f"{self._path} holds {', '.join(self.features.inputs)}, the sampler needs {', '.join(missing)}",
                hint=f"extract again with --what {','.join([*self.features.inputs, *missing])}",
            )
