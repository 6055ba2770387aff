"""`Tagger` and `Scorer`: models that are loaded once, and the settings that go with them; for programs.

Nothing is printed: what the user of a program should know goes to `say`, and into each result's `notes`.
But: one video after another, in this process; many processes are `jobs`', and where results go is the caller's business.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from scsampler_cli.classifiers.base import ClipClassifier, InputSpec
from scsampler_cli.classifiers.function import ClipFunction, FunctionClassifier
from scsampler_cli.config import (
    DEFAULT_READING,
    PAPERS_ANSWER,
    AnswerSettings,
    FeatureSettings,
    ReadSettings,
    SelectionSettings,
)
from scsampler_cli.errors import FallbackWarning, ScsamplerError, SettingsError
from scsampler_cli.files.inputs import check_readable
from scsampler_cli.files.urls import local_path
from scsampler_cli.output.records import ClassifyResult, Failure, ScoreResult
from scsampler_cli.pipeline import models, settings_record, stages
from scsampler_cli.pipeline.video import Progress, no_progress

Labels = str | Path | Sequence[str]


def say_nothing(text: str) -> None:
    """For callers who do not want to be told."""


class Scorer:
    """s of the paper with its settings: the saliency of every clip.

    Args:
        selection: which clips are marked as taken.
        visual_sampler: "auto", a shipped set, files separated by commas, or "none".
        audio_sampler: likewise.
        packet_sampler: likewise; for the strategy "packets" and cascades.
        device: "auto", "cpu", "cuda" or "cuda:N".
        precision: "auto", "fp32", "bf16" or "fp16".
        features: what the visual sampler is shown.
        reading: which streams of a file are read, within which limits.
        clip_frames: F.
        frame_stride: every how many frames one is taken.
        say: told what the user should know of the choice of models.

    Raises:
        ScsamplerError: settings contradict each other, or a model cannot be loaded.
    """

    def __init__(
        self,
        selection: SelectionSettings | None = None,
        *,
        visual_sampler: str = "auto",
        audio_sampler: str = "auto",
        packet_sampler: str = "auto",
        device: str = "auto",
        precision: str = "auto",
        features: FeatureSettings | None = None,
        reading: ReadSettings = DEFAULT_READING,
        clip_frames: int = 16,
        frame_stride: int = 1,
        say: Callable[[str], None] = say_nothing,
    ) -> None:
        chosen = models.Chosen(
            visual=visual_sampler, audio=audio_sampler, packets=packet_sampler, device=device, precision=precision
        )
        self.selection, self.features, self.reading = (
            selection or SelectionSettings(),
            features or FeatureSettings(),
            reading,
        )
        self.clip_frames, self.frame_stride = clip_frames, frame_stride
        self._notes = _checked(chosen, self.selection, models.AUTO_SET, say, shows_all=True)
        self.samplers = chosen.load_samplers(models.AUTO_SET, self.selection, shows_all=True)
        self._notes += _said(self.samplers.notes, say)
        self._runtime = chosen.runtime()

    def score(self, path: str | Path, progress: Progress = no_progress) -> ScoreResult:
        """The saliency of every clip of a video, or of a feature file that `scsampler extract` wrote.

        Raises:
            ScsamplerError: it cannot be read.
        """
        geometry = self.clip_frames, self.frame_stride
        path = _readable(path)
        result = stages.score(path, self.samplers, self.features, *geometry, self.selection, progress, self.reading)
        return replace(result, settings=result.settings | self._runtime, notes=(*self._notes, *result.notes))

    @property
    def identity(self) -> dict[str, Any]:
        """JSON-able: all that a result depends on beside the file."""
        settings = settings_record.of_score(self.features, self.selection, self.reading, self.samplers)
        clip = {"clip_frames": self.clip_frames, "frame_stride": self.frame_stride}
        return models.identity(settings | self._runtime | clip, self.samplers.records())


class Tagger:
    """f and s of the paper with their settings: tags a video by its most salient clips.

    Args:
        classifier: "auto", a name (`scsampler classifiers` lists them), a model file, a Hugging Face folder,
            "package.module:factory"; or a classifier itself; or any function from clips (uint8 [N, F, h, w, 3], RGB) to
            probabilities (float [N, C]).
        k: K, the clips to take.
        labels: the C class names: a list, a text file of one a line, or "kinetics400", "sports1m". A function needs them.
        spec: how a function wants its clips; default 16 frames of 112 x 112.
        selection: everything about the choice of clips; in place of `k`.
        weights: a weight file for a classifier with a name.
        arch: the network of a plain state dict.
        given: "KEY=VALUE" of what a model file does not say.
        visual_sampler: as those below as in `Scorer`.
        answer: from clips to tags.
        top: tags in a result.

    Raises:
        ScsamplerError: settings contradict each other, or a model cannot be loaded.

    Warns:
        FallbackWarning: "auto" could not have the classifier that it prefers; the notes of every result say so, too.
    """

    def __init__(
        self,
        classifier: str | Path | ClipClassifier | ClipFunction = "auto",
        k: int | None = None,
        *,
        labels: Labels | None = None,
        spec: InputSpec | None = None,
        selection: SelectionSettings | None = None,
        weights: Path | None = None,
        arch: str | None = None,
        given: Sequence[str] = (),
        visual_sampler: str = "auto",
        audio_sampler: str = "auto",
        packet_sampler: str = "auto",
        device: str = "auto",
        precision: str = "auto",
        features: FeatureSettings | None = None,
        reading: ReadSettings = DEFAULT_READING,
        answer: AnswerSettings = PAPERS_ANSWER,
        top: int = 5,
        say: Callable[[str], None] = say_nothing,
    ) -> None:
        if k is not None and selection is not None:
            raise SettingsError(
                "k and selection are both given", hint="say k in the selection: SelectionSettings(k=...)"
            )
        self.selection = selection or (SelectionSettings() if k is None else SelectionSettings(k=k))
        self.features, self.reading, self.answer, self.top = features or FeatureSettings(), reading, answer, top
        names = _names(labels)
        own = None if isinstance(classifier, str | Path) else _own(classifier, names, spec)
        chosen = models.Chosen(
            classifier="auto" if own else str(classifier),
            weights=weights,
            arch=arch,
            given=tuple(given),
            visual=visual_sampler,
            audio=audio_sampler,
            packets=packet_sampler,
            device=device,
            precision=precision,
        )
        chosen.check_samplers(self.selection, None if own else chosen.auto_set, shows_all=False)
        chosen.check()
        if names is not None and own is None and not chosen.names_classifier:
            raise SettingsError("labels need a classifier whose classes they name", hint="Tagger('r3d_18', labels=...)")
        loaded, fell_back = (own, "") if own else chosen.load_classifier(say, names)
        self.classifier = models.adjust(loaded, answer)
        auto = models.DEMO if self.classifier.name == models.DEMO else models.AUTO_SET
        self._notes = _checked(chosen, self.selection, auto, say, shows_all=False)
        if fell_back:
            warnings.warn(fell_back, FallbackWarning, stacklevel=2)
            self._notes = (fell_back, *self._notes)
        self.samplers = chosen.load_samplers(auto, self.selection)
        self._notes += _said(self.samplers.notes, say)
        self._runtime = chosen.runtime()

    def tag(self, path: str | Path, progress: Progress = no_progress) -> ClassifyResult:
        """Tag one video.

        Args:
            path: a local video file.
            progress: told how far it is.

        Raises:
            ScsamplerError: it cannot be read, or not one chosen clip could be decoded.
        """
        plan = self.features, self.selection, self.top, progress, self.answer, self.reading
        result = stages.classify(_readable(path), self.samplers, self.classifier, *plan)
        return replace(result, settings=result.settings | self._runtime, notes=(*self._notes, *result.notes))

    def stream(self, paths: Iterable[str | Path]) -> Iterator[ClassifyResult | Failure]:
        """Tag one video after another, each when it is asked for; one that cannot be done is a `Failure`, and others follow.

        Args:
            paths: local video files; may be endless.
        """
        for path in paths:
            try:
                yield self.tag(path)
            except ScsamplerError as error:
                yield Failure("classify", str(path), error)

    @property
    def identity(self) -> dict[str, Any]:
        """JSON-able: all that a result depends on beside the file."""
        plan = self.features, self.selection, self.answer, self.top, self.reading, self.samplers
        known = self.samplers.records(), settings_record.identity_of(self.classifier)
        return models.identity(settings_record.of_classify(*plan) | self._runtime, *known)


def _readable(path: str | Path) -> Path:
    found = local_path(path)
    check_readable(found)
    return found


def _checked(
    chosen: models.Chosen, selection: SelectionSettings, auto: str, say: Callable[[str], None], *, shows_all: bool
) -> tuple[str, ...]:
    """Notes for the results on the choice of samplers; `say` gets them, too.

    Raises:
        SettingsError: the selection lacks the sampler that it goes by, or one was named that it does not look at.
    """
    lost = chosen.check_samplers(selection, auto, shows_all=shows_all)
    chosen.check()
    return _said((lost,) if lost else (), say)


def _said(notes: tuple[str, ...], say: Callable[[str], None]) -> tuple[str, ...]:
    """The notes, after `say` got each of them."""
    for note in notes:
        say(note)
    return notes


def _names(labels: Labels | None) -> tuple[str, ...] | None:
    if labels is None:
        return None
    from scsampler_cli.classifiers.labels import read_labels

    return read_labels(labels) if isinstance(labels, str | Path) else tuple(labels)


def _own(
    classifier: ClipClassifier | ClipFunction, labels: tuple[str, ...] | None, spec: InputSpec | None
) -> ClipClassifier:
    """A classifier that the caller brought along.

    Raises:
        SettingsError: it is none, or lacks what it needs.
    """
    if isinstance(classifier, ClipClassifier):
        if labels is not None or spec is not None:
            raise SettingsError(
                f"classifier {classifier.name!r} has labels and a spec of its own", hint="leave out labels and spec"
            )
        return classifier
    if not callable(classifier):
        raise SettingsError(
            f"a {type(classifier).__name__} is no classifier",
            hint="give a name, a function, or an object with classify()",
        )
    if labels is None:
        raise SettingsError("a function needs labels", hint="Tagger(function, labels=['a', 'b'])")
    return FunctionClassifier(classifier, labels, spec)
