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
    """A feature file in the place of a video."""

    def __init__(self, path: Path) -> None:
        self._path = path
        header, self.notes = store.read_header(path)
        self.facts: dict[str, Any] = header["video"]
        self.features = FeatureSettings(
            tuple(header["settings"]["inputs"]), header["settings"]["p_frames"], header["settings"]["short_side"]
        )
        self.spans = {
            clip: ClipSpan(clip, first, count, Fraction(start), Fraction(end))
            for clip, first, count, start, end in header["clips"]
        }
        self._clip_count: int = header["clip_count"]

    def scores(self, samplers: Samplers, progress: Progress) -> ClipScores:
        """Saliency from the stored features."""
        clips = np.array(list(self.spans), dtype=np.int64)
        visual = audio = None
        if samplers.visual is not None:
            self._check(samplers.visual.inputs)
            seen = followed(store.read_visual(self._path), "score", len(clips), progress)
            visual = collected(samplers.visual.score(seen), clips)
        if samplers.audio is not None:
            self._check(samplers.audio.inputs)
            heard = followed(store.read_sound(self._path), "listen", len(clips), progress)
            audio = collected(samplers.audio.score(heard), clips)
        return ClipScores(clips, self._clip_count, visual, audio)

    def _check(self, needed: Sequence[str]) -> None:
        missing = [name for name in needed if name not in self.features.inputs]
        if missing:
            raise FeatureFileError(
                f"{self._path} holds {', '.join(self.features.inputs)}, the sampler needs {', '.join(missing)}",
                hint=f"extract again with --what {','.join([*self.features.inputs, *missing])}",
            )
