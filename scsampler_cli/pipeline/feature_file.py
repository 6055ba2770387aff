"""A feature file as the input of `score`, which gives the same numbers as for the video itself."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.config import (
    DEFAULT_READING,
    FeatureSettings,
    ReadSettings,
    SelectionSettings,
)
from scsampler_cli.errors import FeatureFileError
from scsampler_cli.features import store
from scsampler_cli.features.clip import ClipVisual
from scsampler_cli.pipeline.clip_inference import in_clip_order
from scsampler_cli.pipeline.strict import check_whole
from scsampler_cli.pipeline.video import Progress, with_progress
from scsampler_cli.samplers.picture_features import PictureFeatures, Vectors, as_array
from scsampler_cli.samplers.scoring import AudioSampler, Samplers, VisualSampler
from scsampler_cli.selection.scores import ClipScores, smoothed
from scsampler_cli.timeline import ClipSpan

PER_INPUT = ("short_side", "p_frames", "picture_gap")
"""Settings that the values of an input depend on, as a feature file has them."""


class FeatureFileVideo:
    """A feature file with the interface of `Video` that `score` needs.

    Where the file was extracted with other settings than the requested ones, `notes` says so.

    Args:
        path: the file.
        clip_frames: requested number of frames in a clip (F).
        frame_stride: requested distance between two frames of a clip.
        clip_stride: every N-th clip of the video is used; this is N (App. E). 1 takes all clips of
            the file.
        reading: only `strict` has an effect: streams and limits were chosen at extraction. A note
            names a requested stream that is not the extracted one.

    Raises:
        FeatureFileError: the file is damaged, or lacks some of these clips.
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
        """`Damage.decode_errors` of the video at extraction."""
        self.frames_missing: int = header["frames_missing"]
        """`Damage.frames_missing` of the video at extraction."""
        self._facts: dict[str, Any] = header["video"]
        self._settings: dict[str, Any] = header["settings"]
        self._clip_count: int = header["clip_count"]
        # the scores are smoothed as the settings of the file say, not as the requested ones do
        self.features = FeatureSettings(
            inputs=tuple(self._settings["inputs"]),
            p_frames=self._settings["p_frames"],
            short_side=self._settings["short_side"],
            picture_gap=self._settings["picture_gap"],
        )
        self.picture_sources: dict[int, str] = {}
        """As `Video.picture_sources`, of the clips that were scored by their pictures."""
        self.clip_stride = self._stride_in_force(clip_stride)
        # start and end are fractions of a second, written as text
        self._spans = {
            clip: ClipSpan(clip, first, count, start=Fraction(start), end=Fraction(end))
            for clip, first, count, start, end in header["clips"]
            if clip % self.clip_stride == 0
        }
        self._compare(clip_frames=clip_frames, frame_stride=frame_stride)
        self._compare_streams(reading)

    def _stride_in_force(self, requested: int) -> int:
        """The requested clip stride, or that of the file where it is larger.

        Raises:
            FeatureFileError: the file lacks clips of the requested stride.
        """
        stored: int = self._settings["clip_stride"]
        # clips 0, 4, 8 of a file with stride 2 are there; clips 0, 3, 6 are not
        if requested != 1 and requested % stored:
            raise FeatureFileError(
                f"{self._path} was extracted with clip stride {stored}: "
                f"it lacks clips of stride {requested}",
                code="features-incomplete",
                hint="score the video itself, or extract it again",
            )
        return max(requested, stored)

    def _compare(self, **requested: float | None) -> None:
        """Add a note for each setting that differs from that of the file, once."""
        for name, value in requested.items():
            stored = self._settings[name]
            # None: `picture_gap` by the keyframes of the video
            had, asked = ("automatic" if gap is None else gap for gap in (stored, value))
            note = (
                f"the features were extracted with {name} {had}, not {asked}; "
                "the video itself may score differently"
            )
            if stored != value and note not in self.notes:
                self.notes.append(note)

    def _compare_streams(self, reading: ReadSettings) -> None:
        """Add a note for each requested stream that is not the extracted one."""
        # files of earlier versions do not name their streams
        stored = self._settings.get("reading", {})
        for name in ("video_stream", "audio_stream"):
            requested = getattr(reading, name)
            if requested is not None and stored.get(name) != requested:
                found = "the first one" if stored.get(name) is None else f"{stored[name]}"
                self.notes.append(f"{name} {requested} has no effect: the features are of {found}")

    def check_whole(self) -> None:
        """Refuse a damaged video where the settings are `strict`.

        Raises:
            VideoError: something of the video was damaged or missing at extraction.
        """
        check_whole(
            self._path, self._reading, self.decode_errors, frames_missing=self.frames_missing
        )

    def span(self, clip: int) -> ClipSpan:
        """Position of a clip in the video."""
        return self._spans[clip]

    def facts(self) -> dict[str, Any]:
        """Properties of the video, for the record; complete after `scores`."""
        # as the record of the video itself: only where clips were scored by pictures
        unused = () if self.picture_sources else ("picture_gap_s",)
        return {name: value for name, value in self._facts.items() if name not in unused}

    def scored(
        self,
        samplers: Samplers,
        requested: FeatureSettings,
        selection: SelectionSettings,
        *,
        progress: Progress,
    ) -> tuple[ClipScores, NDArray[np.float32] | None]:
        """Saliency from the stored features, and what the pictures show.

        Args:
            samplers: the samplers (s in the paper).
            requested: settings for the features of a video; differences are noted.
            selection: whether it depends on the pictures.
            progress: called after every clip.

        Returns:
            scores of M clips;
            float32 [M, D], vectors of the pictures; None where the selection does not need them.

        Raises:
            FeatureFileError: the file lacks an input of a sampler.
        """
        # int64 [M], increasing: clips are stored in time order
        clips = np.array(list(self._spans), dtype=np.int64)
        visual = audio = None
        vectors: Vectors | None = {} if selection.needs_pictures else None
        if vectors is not None:
            self._check_inputs(("rgb",))
        if samplers.visual is not None:
            self._check_inputs(samplers.visual.inputs)
            for kind in samplers.visual.inputs:
                key = requested.of_input(kind)
                self._compare(**{name: key[name] for name in key if name in PER_INPUT})
        if samplers.visual is not None or vectors is not None:
            visual = self._visual_scores(
                samplers.visual, clips, progress, pictures=samplers.pictures, vectors=vectors
            )
        if samplers.audio is not None and self._facts["audio"] is None:
            # a video without audio has no mel features to extract
            audio = np.full(len(clips), np.nan, np.float32)
        elif samplers.audio is not None:
            self._check_inputs(samplers.audio.inputs)
            audio = self._audio_scores(samplers.audio, clips, progress)
        scores = ClipScores(clips, self._clip_count, visual, audio=audio)
        if samplers.pictures is None or vectors is None:
            return scores, None
        return scores, as_array(vectors, clips, samplers.pictures.dimensions)

    def _visual_scores(
        self,
        sampler: VisualSampler | None,
        clips: NDArray[np.int64],
        progress: Progress,
        *,
        pictures: PictureFeatures | None,
        vectors: Vectors | None,
    ) -> NDArray[np.float32] | None:
        """float32 [M], smoothed as the scores of the video would be; None without a sampler."""
        reads_pictures = sampler is not None and "rgb" in sampler.inputs
        stored = self._visual_clips(reads_pictures or vectors is not None)
        stream = with_progress(stored, "score", len(clips), progress=progress)
        if pictures is not None and vectors is not None:
            stream = pictures.passing(stream, vectors)
        if sampler is None:
            # the vectors are filled while the clips pass
            deque(stream, maxlen=0)
            return None
        scored = sampler.score(stream)
        scores = in_clip_order(scored, clips)
        stored_as = replace(self.features, inputs=sampler.inputs)
        return smoothed(scores, clips) if stored_as.smoothed else scores

    def _visual_clips(self, has_pictures: bool) -> Iterator[ClipVisual]:
        """The clips of the stride in force; `picture_sources` gets those with pictures."""
        for clip in store.read_visual(self._path):
            if clip.clip in self._spans:
                if has_pictures:
                    self.picture_sources[clip.clip] = clip.picture_source
                yield clip

    def _audio_scores(
        self, sampler: AudioSampler, clips: NDArray[np.int64], progress: Progress
    ) -> NDArray[np.float32]:
        """float32 [M]; NaN for a clip without audio."""
        stored = (clip for clip in store.read_sound(self._path) if clip.clip in self._spans)
        scored = sampler.score(with_progress(stored, "listen", len(clips), progress=progress))
        return in_clip_order(scored, clips)

    def _check_inputs(self, needed: Sequence[str]) -> None:
        """Refuse a file that lacks an input of a sampler.

        Raises:
            FeatureFileError: it lacks one.
        """
        missing = [name for name in needed if name not in self.features.inputs]
        if missing:
            present = ", ".join(self.features.inputs)
            raise FeatureFileError(
                f"{self._path} holds {present}, the sampler needs {', '.join(missing)}",
                code="features-incomplete",
                hint=f"extract again with {','.join([*self.features.inputs, *missing])}",
            )
