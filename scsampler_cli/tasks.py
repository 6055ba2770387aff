"""What each command does with one file. A worker process loads one of these tasks, and needs nothing of the command line."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scsampler_cli.batch.task import Log, Prepared, Progress, Record
from scsampler_cli.config import AnswerSettings, FeatureSettings, ReadSettings, SelectionSettings
from scsampler_cli.errors import FallbackWarning
from scsampler_cli.files.output_paths import check_within
from scsampler_cli.pipeline.models import ModelOptions, identity

if TYPE_CHECKING:
    from scsampler_cli.artifacts.artifact_paths import Artifacts
    from scsampler_cli.media.demo import DemoVideo
    from scsampler_cli.output.records import ClassifyResult


@dataclass(frozen=True)
class Classify:
    """Tag one video after another."""

    models: ModelOptions
    features: FeatureSettings
    selection: SelectionSettings
    answer: AnswerSettings
    reading: ReadSettings
    top: int
    known: DemoVideo | None
    """What the generated video shows."""
    artifacts: Artifacts
    command: str = "classify"

    def prepare(self, say: Log) -> Prepared:
        """Load the classifier and the samplers."""
        from scsampler_cli.artifacts.make import with_artifacts
        from scsampler_cli.tagger import Tagger

        warnings.simplefilter("ignore", FallbackWarning)  # `say` is told of it
        tagger = Tagger(
            models=self.models,
            selection=self.selection,
            features=self.features,
            answer=self.answer,
            reading=self.reading,
            top=self.top,
            log=say,
        )

        geometry = tagger.classifier.spec.frames, tagger.classifier.spec.stride

        def work(path: Path, progress: Progress) -> Record:
            result = tagger.tag(path, progress)
            answer = {} if self.known is None else _answer(result, self.known)
            return with_artifacts(
                result,
                path,
                geometry,
                artifacts=self.artifacts,
                reading=self.reading,
                known=answer,
                progress=progress,
            )

        return Prepared(work, tagger.identity)


def _answer(result: ClassifyResult, video: DemoVideo) -> Record:
    """What the generated video really shows, for its record."""
    inside = sum(
        _overlap(float(clip.start), float(clip.end), video.segments) > 0.5 for clip in result.clips
    )
    return {"demo": {"label": video.label, "segments_s": video.segments, "clips_in_action": inside}}


def _overlap(start: float, end: float, segments: tuple[tuple[float, float], ...]) -> float:
    """Share of a clip's duration that lies in the segments."""
    return sum(max(0.0, min(end, b) - max(start, a)) for a, b in segments) / (end - start)


@dataclass(frozen=True)
class Score:
    """Score one video, or feature file, after another."""

    models: ModelOptions
    features: FeatureSettings
    selection: SelectionSettings
    reading: ReadSettings
    clip_frames: int
    frame_stride: int
    artifacts: Artifacts
    command: str = "score"

    def prepare(self, say: Log) -> Prepared:
        """Load the samplers."""
        from scsampler_cli.artifacts.make import with_artifacts
        from scsampler_cli.tagger import Scorer

        scorer = Scorer(
            self.selection,
            models=self.models,
            features=self.features,
            reading=self.reading,
            clip_frames=self.clip_frames,
            frame_stride=self.frame_stride,
            log=say,
        )

        def work(path: Path, progress: Progress) -> Record:
            result = scorer.score(path, progress)
            return with_artifacts(
                result,
                path,
                (self.clip_frames, self.frame_stride),
                artifacts=self.artifacts,
                reading=self.reading,
                known=None,
                progress=progress,
            )

        return Prepared(work, scorer.identity)


@dataclass(frozen=True)
class Extract:
    """Extract the features of one video after another."""

    output: Path
    """As given: a file, or the folder of all."""
    targets: dict[Path, Path]
    """Video -> feature file."""
    features: FeatureSettings
    reading: ReadSettings
    clip_frames: int
    frame_stride: int
    clip_stride: int
    render: int | None
    reencode: bool
    command: str = "extract"

    def prepare(self, say: Log) -> Prepared:
        """There is nothing to load but code."""
        from scsampler_cli.features.mel import check_torchaudio
        from scsampler_cli.features.render import render_file
        from scsampler_cli.pipeline import settings_record, stages
        from scsampler_cli.pipeline.reencoded import reencoded_features

        if "mel" in self.features.inputs:
            check_torchaudio()
        extract = reencoded_features if self.reencode else stages.extract

        def work(path: Path, progress: Progress) -> Record:
            target = self.targets[path]
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
                record["rendered"] = str(
                    render_file(target, self.render, drawing_of(target, self.render))
                )
            return record

        settings = settings_record.of_extract(
            self.features,
            self.clip_frames,
            self.frame_stride,
            clip_stride=self.clip_stride,
            reading=self.reading,
        )
        files = {"render": self.render, "reencode": self.reencode, "output": str(self.output)}
        return Prepared(work, identity(settings | files))


def drawing_of(target: Path, clip: int) -> Path:
    """The picture of a clip, beside the feature file."""
    return target.with_suffix(f".{clip}.png")
