"""Tasks: the work of each command on one file.

A task travels to a worker process by pickle. This module imports nothing of the command line, so
that a worker process does not load Typer and Rich.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scsampler_cli.batch.task import Log, Prepared, Progress, Record
from scsampler_cli.config import (
    AnswerSettings,
    FeatureSettings,
    ReadSettings,
    SegmentSettings,
    SelectionSettings,
)
from scsampler_cli.config.find_settings import FindSettings
from scsampler_cli.errors import FallbackWarning
from scsampler_cli.files.output_paths import check_within
from scsampler_cli.pipeline.models import ModelOptions, identity

if TYPE_CHECKING:
    from scsampler_cli.artifacts.artifact_paths import Artifacts
    from scsampler_cli.media.demo import DemoVideo
    from scsampler_cli.output.records import ClassifyResult


@dataclass(frozen=True, kw_only=True)
class Classify:
    """The task of `scsampler classify`: tag videos."""

    models: ModelOptions
    features: FeatureSettings
    selection: SelectionSettings
    answer: AnswerSettings
    reading: ReadSettings
    top: int
    segments: SegmentSettings | None
    """How segments are looked for; None for none."""
    demo: DemoVideo | None
    """Contents of the generated video; None for any other video."""
    artifacts: Artifacts
    command: str = "classify"

    def prepare(self, log: Log) -> Prepared:
        """Load the classifier and the samplers."""
        # imported in the worker process: the parent needs no torch
        from scsampler_cli.tagger import Tagger

        make = _artifact_maker(self.artifacts)
        # `log` gets the same note
        warnings.simplefilter("ignore", FallbackWarning)
        tagger = Tagger(
            models=self.models,
            selection=self.selection,
            features=self.features,
            answer=self.answer,
            reading=self.reading,
            top=self.top,
            segments=self.segments,
            log=log,
        )
        # F and the frame stride: pictures of clips need the same grid
        geometry = tagger.classifier.spec.frames, tagger.classifier.spec.stride

        def work(path: Path, progress: Progress) -> Record:
            result = tagger.tag(path, progress)
            demo_fields = {} if self.demo is None else _demo_fields(result, self.demo)
            if make is None:
                return result.record() | demo_fields
            return make(
                result,
                path,
                geometry,
                artifacts=self.artifacts,
                reading=self.reading,
                more_fields=demo_fields,
                progress=progress,
            )

        return Prepared(work, tagger.identity)


def _artifact_maker(artifacts: Artifacts) -> Callable[..., Record] | None:
    """`with_artifacts`; None where no artifact is requested.

    It imports matplotlib and the code of pages, which takes longer than tagging a short video.
    """
    if not any(artifacts.targets().values()):
        return None
    from scsampler_cli.artifacts.make import with_artifacts

    return with_artifacts


def _demo_fields(result: ClassifyResult, video: DemoVideo) -> Record:
    """Fields of the record of the generated video: its true label and segments, and how many of
    the selected clips lie in them.
    """
    # a clip counts when more than half of it shows the action
    inside = sum(_overlap(clip.start, clip.end, video.segments) > 0.5 for clip in result.clips)
    return {"demo": {"label": video.label, "segments_s": video.segments, "clips_in_action": inside}}


def _overlap(start: float, end: float, segments: tuple[tuple[float, float], ...]) -> float:
    """Share of a clip's duration that lies in the segments; times in seconds."""
    covered = 0.0
    for first, last in segments:
        covered += max(0.0, min(end, last) - max(start, first))
    return covered / (end - start)


@dataclass(frozen=True, kw_only=True)
class Score:
    """The task of `scsampler score`: score the clips of videos or feature files."""

    models: ModelOptions
    features: FeatureSettings
    selection: SelectionSettings
    reading: ReadSettings
    clip_frames: int
    frame_stride: int
    artifacts: Artifacts
    command: str = "score"

    def prepare(self, log: Log) -> Prepared:
        """Load the samplers."""
        from scsampler_cli.scorer import Scorer

        make = _artifact_maker(self.artifacts)
        scorer = Scorer(
            self.selection,
            models=self.models,
            features=self.features,
            reading=self.reading,
            clip_frames=self.clip_frames,
            frame_stride=self.frame_stride,
            log=log,
        )

        def work(path: Path, progress: Progress) -> Record:
            result = scorer.score(path, progress)
            if make is None:
                return result.record()
            return make(
                result,
                path,
                (self.clip_frames, self.frame_stride),
                artifacts=self.artifacts,
                reading=self.reading,
                progress=progress,
            )

        return Prepared(work, scorer.identity)


@dataclass(frozen=True, kw_only=True)
class Extract:
    """The task of `scsampler extract`: write feature files."""

    output: Path
    """The output as the user named it: a feature file, or the folder of several."""
    targets: dict[Path, Path]
    """Video -> feature file."""
    features: FeatureSettings
    reading: ReadSettings
    clip_frames: int
    frame_stride: int
    clip_stride: int
    render: int | None
    """Clip whose features are drawn as a picture; None for no picture."""
    reencode: bool
    """True to re-encode the video first (`pipeline.reencoded`)."""
    command: str = "extract"

    def prepare(self, log: Log) -> Prepared:
        """Import the code; there are no models to load."""
        from scsampler_cli.features.mel import check_torchaudio
        from scsampler_cli.features.render import render_file
        from scsampler_cli.pipeline import settings_record, stages
        from scsampler_cli.pipeline.reencoded import reencoded_features

        # missing for one file, torchaudio is missing for all: the batch ends here
        if "mel" in self.features.inputs:
            check_torchaudio()
        extract = reencoded_features if self.reencode else stages.extract

        def work(path: Path, progress: Progress) -> Record:
            target = self.targets[path]
            # folders may have become links since the targets were chosen
            check_within(target, target.parent if target == self.output else self.output)
            result = extract(
                path,
                target,
                self.features,
                clip_frames=self.clip_frames,
                frame_stride=self.frame_stride,
                clip_stride=self.clip_stride,
                progress=progress,
                reading=self.reading,
            )
            record = result.record()
            if self.render is not None:
                drawing = render_file(target, self.render, drawing_of(target, self.render))
                record["rendered"] = str(drawing)
            return record

        settings = settings_record.of_extract(
            self.features,
            self.clip_frames,
            self.frame_stride,
            clip_stride=self.clip_stride,
            reading=self.reading,
        )
        # a run with other files to write is not a continuation of this one
        files = {"render": self.render, "reencode": self.reencode, "output": str(self.output)}
        return Prepared(work, identity(settings | files))


@dataclass(frozen=True, kw_only=True)
class Find:
    """The task of `scsampler find`: the clips of a video that fit a sentence best.

    The parent merges the records (`find.found_ranking`), and holds the cache (`Cache.in_use`).
    """

    sentence: str
    classifier: str
    """A name or folder of a text-image model, or "auto"."""
    spec: tuple[str, ...]
    """"KEY=VALUE" for each property that the model does not state."""
    settings: FindSettings
    reading: ReadSettings
    cache: Path
    device: str
    precision: str
    command: str = "find"

    def prepare(self, log: Log) -> Prepared:
        """Load the model, and compute the vector of the sentence."""
        from scsampler_cli.find.finder import Finder

        finder = Finder(
            self.classifier,
            cache=self.cache,
            settings=self.settings,
            device=self.device,
            precision=self.precision,
            spec_fields=self.spec,
            reading=self.reading,
            log=log,
        )
        search = finder.search(self.sentence)
        # the result has the facts also where every video fails
        return Prepared(search.record, {**search.identity, "facts": search.facts})


def drawing_of(target: Path, clip: int) -> Path:
    """Path of the picture of a clip, in the folder of the feature file."""
    return target.with_suffix(f".{clip}.png")
