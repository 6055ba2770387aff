"""A feature file in the place of a video: `score` gives the same numbers from either."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from scsampler_cli.config import DEFAULT_READING, FeatureSettings, ReadSettings
from scsampler_cli.errors import FeatureFileError
from scsampler_cli.features import store
from scsampler_cli.pipeline.strict import check_whole
from scsampler_cli.pipeline.video import Progress, collected, followed
from scsampler_cli.samplers.scoring import Samplers
from scsampler_cli.selection.scores import ClipScores, smoothed
from scsampler_cli.timeline import ClipSpan


class FeatureFileVideo:
    """A feature file in the place of a video. Where it was extracted with other settings than those asked for, `notes` says so.

    Args:
        path: the file.
        clip_frames: F asked for.
        frame_stride: asked for.
        clip_stride: N of App. E: every N-th clip of the video; 1 takes what is in the file.
        reading: of the video; only `strict` can be heeded any more, and of streams that the features are not of `notes` tell.

    Raises:
        FeatureFileError: damaged, or the file lacks some of these clips.
    """

    def __init__(
        self,
        path: Path,
        clip_frames: int,
        frame_stride: int,
        *,
        clip_stride: int,
        reading: ReadSettings = DEFAULT_READING,
    ) -> None:
        self._path, self._reading = path, reading
        header, self.notes = store.read_header(path)
        self.decode_errors: int = header["decode_errors"]
        """Of the video, when it was extracted."""
        self.frames_missing: int = header["frames_missing"]
        """Likewise."""
        self._facts: dict[str, Any] = header["video"]
        self._settings: dict[str, Any] = header["settings"]
        self._clip_count: int = header["clip_count"]
        self.features = FeatureSettings(
            tuple(self._settings["inputs"]),
            self._settings["p_frames"],
            self._settings["short_side"],
        )
        self.clip_stride = self._stride_in_force(clip_stride)
        self._spans = {
            clip: ClipSpan(clip, first, count, start=Fraction(start), end=Fraction(end))
            for clip, first, count, start, end in header["clips"]
            if clip % self.clip_stride == 0
        }
        self._compare(clip_frames=clip_frames, frame_stride=frame_stride)
        self._compare_streams(reading)

    def _stride_in_force(self, asked: int) -> int:
        stored: int = self._settings["clip_stride"]
        if asked != 1 and asked % stored:
            raise FeatureFileError(
                f"{self._path} was extracted with clip stride {stored}: it lacks clips of stride {asked}",
                code="features-incomplete",
                hint="score the video itself, or extract it again",
            )
        return max(asked, stored)

    def _compare(self, **asked: int) -> None:
        self.notes += [
            f"the features were extracted with {name} {self._settings[name]}, not {value}; the video itself may score differently"
            for name, value in asked.items()
            if self._settings[name] != value
        ]

    def _compare_streams(self, reading: ReadSettings) -> None:
        stored = self._settings.get("reading", {})
        for name in ("video_stream", "audio_stream"):
            asked = getattr(reading, name)
            if asked is not None and stored.get(name) != asked:
                found = "the first one" if stored.get(name) is None else f"{stored[name]}"
                self.notes.append(f"{name} {asked} has no effect: the features are of {found}")

    def check_whole(self) -> None:
        """With `strict`.

        Raises:
            VideoError: something of the video was damaged or missing.
        """
        check_whole(
            self._path, self._reading, self.decode_errors, frames_missing=self.frames_missing
        )

    def span(self, clip: int) -> ClipSpan:
        """Where a clip lies."""
        return self._spans[clip]

    def facts(self) -> dict[str, Any]:
        """What the result says about the video."""
        return self._facts

    def scores(self, samplers: Samplers, asked: FeatureSettings, progress: Progress) -> ClipScores:
        """Saliency from the stored features.

        Args:
            samplers: s.
            asked: what the features of a video would be made with.
            progress: told of every clip.
        """
        clips = np.array(list(self._spans), dtype=np.int64)
        visual = audio = None
        if samplers.visual is not None:
            self._check(samplers.visual.inputs)
            self._compare(p_frames=asked.p_frames, short_side=asked.short_side)
            seen = (clip for clip in store.read_visual(self._path) if clip.clip in self._spans)
            visual = collected(
                samplers.visual.score(followed(seen, "score", len(clips), progress=progress)), clips
            )
            visual = smoothed(visual, clips) if self.features.smoothed else visual
        if samplers.audio is not None and self._facts["audio"] is None:
            audio = np.full(
                len(clips), np.nan, np.float32
            )  # a video without sound has no mel to be extracted
        elif samplers.audio is not None:
            self._check(samplers.audio.inputs)
            heard = (clip for clip in store.read_sound(self._path) if clip.clip in self._spans)
            audio = collected(
                samplers.audio.score(followed(heard, "listen", len(clips), progress=progress)),
                clips,
            )
        return ClipScores(clips, self._clip_count, visual, audio=audio)

    def _check(self, needed: Sequence[str]) -> None:
        missing = [name for name in needed if name not in self.features.inputs]
        if missing:
            raise FeatureFileError(
                f"{self._path} holds {', '.join(self.features.inputs)}, the sampler needs {', '.join(missing)}",
                code="features-incomplete",
                hint=f"extract again with --what {','.join([*self.features.inputs, *missing])}",
            )
