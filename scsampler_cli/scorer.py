"""`Scorer`, the interface for programs: samplers that are loaded once, with settings.

Nothing is printed: notes for the user go to `log`, and into the `notes` of each result.
Not handled here: tags, see `tagger`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from scsampler_cli.config import (
    DEFAULT_READING,
    FeatureSettings,
    ReadSettings,
    SelectionSettings,
)
from scsampler_cli.output.one_line import called
from scsampler_cli.output.records import ScoreResult
from scsampler_cli.pipeline import settings_record, stages
from scsampler_cli.pipeline.models import AUTO_SET, ModelOptions, identity
from scsampler_cli.pipeline.sampler_choice import KINDS
from scsampler_cli.pipeline.strategy_choice import check_needs_no_classifier
from scsampler_cli.pipeline.tagger_arguments import (
    check_sampler_options,
    check_visual_features,
    in_brief,
    log_notes,
    log_nothing,
    merged_options,
    readable_file,
)
from scsampler_cli.pipeline.video import Progress, no_progress


class Scorer:
    """s of the paper with its settings: gives the saliency of every clip.

    Args:
        selection: which clips are marked as selected.
        models: the samplers and where they run, instead of the six arguments below.
        visual_sampler: "auto", a bundled set, files separated by commas, or "none".
        audio_sampler: the same.
        packet_sampler: the same; for the strategy "packets" and cascades.
        device: "auto", "cpu", "cuda" or "cuda:N".
        precision: "auto", "fp32", "bf16" or "fp16".
        saliency: how a sampler with a background class scores a clip: "auto" (by 1 - p(background))
            or "class" (by the largest probability of a class, as in the paper).
        features: how the inputs of the visual sampler are made.
        reading: which streams of a file are read, and the limits.
        clip_frames: number of frames in a clip (F).
        frame_stride: distance between two frames of a clip, in frames of the video.
        log: called with each note on the choice of models.

    Raises:
        ScsamplerError: settings contradict each other, or a model cannot be loaded.
    """

    def __init__(
        self,
        selection: SelectionSettings | None = None,
        *,
        models: ModelOptions | None = None,
        visual_sampler: str | Path = "auto",
        audio_sampler: str | Path = "auto",
        packet_sampler: str | Path = "auto",
        device: str = "auto",
        precision: str = "auto",
        saliency: str = "auto",
        features: FeatureSettings | None = None,
        reading: ReadSettings = DEFAULT_READING,
        clip_frames: int = 16,
        frame_stride: int = 1,
        log: Callable[[str], None] = log_nothing,
    ) -> None:
        options = merged_options(
            models,
            ModelOptions(
                visual_sampler=visual_sampler,
                audio_sampler=audio_sampler,
                packet_sampler=packet_sampler,
                device=device,
                precision=precision,
                saliency=saliency,
            ),
        )
        self.selection = (selection or SelectionSettings()).by_samplers()
        check_needs_no_classifier(self.selection)
        self.features = features or FeatureSettings()
        self.reading = reading
        self.clip_frames, self.frame_stride = clip_frames, frame_stride
        self._notes = check_sampler_options(
            options, self.selection, AUTO_SET, log=log, shows_all=True
        )
        self.samplers = options.load_samplers(AUTO_SET, self.selection, shows_all=True)
        check_visual_features(self.features, self.samplers)
        self._notes += log_notes(self.samplers.notes, log)
        # device and precision in force, for the settings of every result
        self._runtime = options.runtime()

    def __repr__(self) -> str:
        networks = [n for kind in KINDS for n in self.samplers.networks(kind)]
        inputs = ", ".join(network.kind for network in networks)
        return called(self, (inputs or "no sampler", in_brief(self.selection, self._runtime)))

    def score(self, path: str | Path, progress: Progress = no_progress) -> ScoreResult:
        """The saliency of every clip of a video, or of a feature file of `scsampler extract`.

        Args:
            path: a local file.
            progress: called after every clip.

        Raises:
            ScsamplerError: the file cannot be read.
        """
        result = stages.score(
            readable_file(path),
            self.samplers,
            self.features,
            clip_frames=self.clip_frames,
            frame_stride=self.frame_stride,
            selection=self.selection,
            progress=progress,
            reading=self.reading,
        )
        return replace(
            result, settings=result.settings | self._runtime, notes=(*self._notes, *result.notes)
        )

    @property
    def identity(self) -> dict[str, Any]:
        """All that a result depends on except the file; JSON-able."""
        settings = settings_record.of_score(
            self.features, self.selection, self.reading, samplers=self.samplers
        )
        clip = {"clip_frames": self.clip_frames, "frame_stride": self.frame_stride}
        return identity(settings | self._runtime | clip, self.samplers.records())
