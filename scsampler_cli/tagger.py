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
    PAPER_ANSWER,
    AnswerSettings,
    FeatureSettings,
    ReadSettings,
    SelectionSettings,
)
from scsampler_cli.errors import FallbackWarning, ScsamplerError, SettingsError
from scsampler_cli.files.inputs import check_readable
from scsampler_cli.files.urls import local_path
from scsampler_cli.output.records import ClassifyResult, Failure, ScoreResult
from scsampler_cli.pipeline import settings_record, stages
from scsampler_cli.pipeline.models import AUTO_SET, DEMO, ModelOptions, adjust, identity
from scsampler_cli.pipeline.video import Progress, no_progress

Labels = str | Path | Sequence[str]


def log_nothing(text: str) -> None:
    """The default of `log`: nothing is shown."""


class Scorer:
    """s of the paper with its settings: the saliency of every clip.

    Args:
        selection: which clips are marked as selected.
        models: the samplers and where they run; in place of the five arguments below.
        visual_sampler: "auto", a bundled set, files separated by commas, or "none".
        audio_sampler: likewise.
        packet_sampler: likewise; for the strategy "packets" and cascades.
        device: "auto", "cpu", "cuda" or "cuda:N".
        precision: "auto", "fp32", "bf16" or "fp16".
        features: the input of the visual sampler.
        reading: which streams of a file are read, within which limits.
        clip_frames: F.
        frame_stride: frames from one frame of a clip to the next.
        log: called with each line that the user should read about the choice of models.

    Raises:
        ScsamplerError: settings contradict each other, or a model cannot be loaded.
    """

    def __init__(
        self,
        selection: SelectionSettings | None = None,
        *,
        models: ModelOptions | None = None,
        visual_sampler: str = "auto",
        audio_sampler: str = "auto",
        packet_sampler: str = "auto",
        device: str = "auto",
        precision: str = "auto",
        features: FeatureSettings | None = None,
        reading: ReadSettings = DEFAULT_READING,
        clip_frames: int = 16,
        frame_stride: int = 1,
        log: Callable[[str], None] = log_nothing,
    ) -> None:
        options = _one_of(
            models,
            ModelOptions(
                visual_sampler=visual_sampler,
                audio_sampler=audio_sampler,
                packet_sampler=packet_sampler,
                device=device,
                precision=precision,
            ),
        )
        self.selection = selection or SelectionSettings()
        self.features = features or FeatureSettings()
        self.reading = reading
        self.clip_frames, self.frame_stride = clip_frames, frame_stride
        self._notes = _checked(options, self.selection, AUTO_SET, log=log, shows_all=True)
        self.samplers = options.load_samplers(AUTO_SET, self.selection, shows_all=True)
        self._notes += _logged(self.samplers.notes, log)
        self._runtime = options.runtime()

    def score(self, path: str | Path, progress: Progress = no_progress) -> ScoreResult:
        """The saliency of every clip of a video, or of a feature file that `scsampler extract` wrote.

        Raises:
            ScsamplerError: it cannot be read.
        """
        result = stages.score(
            _readable(path),
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
        """JSON-able: all that a result depends on beside the file."""
        settings = settings_record.of_score(
            self.features, self.selection, self.reading, samplers=self.samplers
        )
        clip = {"clip_frames": self.clip_frames, "frame_stride": self.frame_stride}
        return identity(settings | self._runtime | clip, self.samplers.records())


class Tagger:
    """f and s of the paper with their settings: tags a video by its most salient clips.

    Args:
        classifier: "auto", a name (`scsampler classifiers` lists them), a model file, a Hugging Face folder,
            "package.module:factory"; or a classifier itself; or any function from clips (uint8 [N, F, h, w, 3], RGB) to
            probabilities (float [N, C]).
        k: K, the number of clips to select.
        models: the classifier and the samplers by name, and where they run; in place of the arguments on models here.
        labels: the C class names: a list, a text file of one a line, or "kinetics400", "sports1m". A function needs them.
        spec: the clip geometry of a function; default 16 frames of 112 x 112.
        selection: everything about the choice of clips; in place of `k`.
        weights: a weight file for a classifier with a name.
        arch: the network of a plain state dict.
        spec_fields: "KEY=VALUE" for each property that a model file does not state.
        visual_sampler: this and those below as in `Scorer`.
        answer: from clips to tags.
        top: tags in a result.

    Raises:
        ScsamplerError: settings contradict each other, or a model cannot be loaded.

    Warns:
        FallbackWarning: "auto" took its second choice of a classifier; the notes of every result say so, too.
    """

    def __init__(
        self,
        classifier: str | Path | ClipClassifier | ClipFunction = "auto",
        k: int | None = None,
        *,
        models: ModelOptions | None = None,
        labels: Labels | None = None,
        spec: InputSpec | None = None,
        selection: SelectionSettings | None = None,
        weights: Path | None = None,
        arch: str | None = None,
        spec_fields: Sequence[str] = (),
        visual_sampler: str = "auto",
        audio_sampler: str = "auto",
        packet_sampler: str = "auto",
        device: str = "auto",
        precision: str = "auto",
        features: FeatureSettings | None = None,
        reading: ReadSettings = DEFAULT_READING,
        answer: AnswerSettings = PAPER_ANSWER,
        top: int = 5,
        log: Callable[[str], None] = log_nothing,
    ) -> None:
        if k is not None and selection is not None:
            raise SettingsError(
                "k and selection are both given",
                code="arguments-invalid",
                hint="say k in the selection: SelectionSettings(k=...)",
            )
        self.selection = selection or (SelectionSettings() if k is None else SelectionSettings(k=k))
        self.features, self.reading, self.answer, self.top = (
            features or FeatureSettings(),
            reading,
            answer,
            top,
        )
        names = _names(labels)
        own = None if isinstance(classifier, str | Path) else _own(classifier, names, spec)
        options = _one_of(
            models,
            ModelOptions(
                classifier="auto" if own else str(classifier),
                labels=None if own else names,
                weights=weights,
                arch=arch,
                spec=tuple(spec_fields),
                visual_sampler=visual_sampler,
                audio_sampler=audio_sampler,
                packet_sampler=packet_sampler,
                device=device,
                precision=precision,
            ),
        )
        self._load(options, own, log)

    def _load(
        self, options: ModelOptions, own: ClipClassifier | None, log: Callable[[str], None]
    ) -> None:
        """Load the classifier, unless the caller has brought one, and the samplers that fit it."""
        options.check_samplers(self.selection, None if own else options.auto_set, shows_all=False)
        options.check()
        loaded, fell_back = (own, "") if own else options.load_classifier(log)
        self.classifier = adjust(loaded, self.answer)
        auto = DEMO if self.classifier.name == DEMO else AUTO_SET
        self._notes = _checked(options, self.selection, auto, log=log, shows_all=False)
        if fell_back:
            warnings.warn(fell_back, FallbackWarning, stacklevel=3)
            self._notes = (fell_back, *self._notes)
        self.samplers = options.load_samplers(auto, self.selection)
        self._notes += _logged(self.samplers.notes, log)
        self._runtime = options.runtime()

    def tag(self, path: str | Path, progress: Progress = no_progress) -> ClassifyResult:
        """Tag one video.

        Args:
            path: a local video file.
            progress: told how far it is.

        Raises:
            ScsamplerError: it cannot be read, or not one chosen clip could be decoded.
        """
        result = stages.classify(
            _readable(path),
            self.samplers,
            self.classifier,
            features=self.features,
            selection=self.selection,
            top=self.top,
            progress=progress,
            answer=self.answer,
            reading=self.reading,
        )
        return replace(
            result, settings=result.settings | self._runtime, notes=(*self._notes, *result.notes)
        )

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
        settings = settings_record.of_classify(
            self.features,
            self.selection,
            self.answer,
            top=self.top,
            reading=self.reading,
            samplers=self.samplers,
        )
        classifier = settings_record.identity_of(self.classifier)
        return identity(settings | self._runtime, self.samplers.records(), classifier)


def _readable(path: str | Path) -> Path:
    found = local_path(path)
    check_readable(found)
    return found


def _one_of(models: ModelOptions | None, arguments: ModelOptions) -> ModelOptions:
    """The options as a whole, or those that were given one by one.

    Raises:
        SettingsError: both were given.
    """
    if models is None:
        return arguments
    if arguments != ModelOptions():
        raise SettingsError(
            "models and single arguments on models are both given",
            code="arguments-invalid",
            hint="put all of them into ModelOptions",
        )
    return models


def _checked(
    options: ModelOptions,
    selection: SelectionSettings,
    auto: str,
    *,
    log: Callable[[str], None],
    shows_all: bool,
) -> tuple[str, ...]:
    """Notes for the results on the choice of samplers; `log` gets them, too.

    Raises:
        SettingsError: the selection lacks the sampler that it needs, or does not use one that was named.
    """
    lost = options.check_samplers(selection, auto, shows_all=shows_all)
    options.check()
    return _logged((lost,) if lost else (), log)


def _logged(notes: tuple[str, ...], log: Callable[[str], None]) -> tuple[str, ...]:
    """The notes, after `log` got each of them."""
    for note in notes:
        log(note)
    return notes


def _names(labels: Labels | None) -> tuple[str, ...] | None:
    if labels is None:
        return None
    from scsampler_cli.classifiers.labels import read_labels

    return read_labels(labels) if isinstance(labels, str | Path) else tuple(labels)


def _own(
    classifier: ClipClassifier | ClipFunction,
    labels: tuple[str, ...] | None,
    spec: InputSpec | None,
) -> ClipClassifier:
    """A classifier that the caller brought along.

    Raises:
        SettingsError: it is none, or lacks what it needs.
    """
    if isinstance(classifier, ClipClassifier):
        if labels is not None or spec is not None:
            raise SettingsError(
                f"classifier {classifier.name!r} has labels and a spec of its own",
                code="arguments-invalid",
                hint="leave out labels and spec",
            )
        return classifier
    if not callable(classifier):
        raise SettingsError(
            f"a {type(classifier).__name__} is no classifier",
            code="arguments-invalid",
            hint="give a name, a function, or an object with classify()",
        )
    if labels is None:
        raise SettingsError(
            "a function needs labels",
            code="arguments-invalid",
            hint="Tagger(function, labels=['a', 'b'])",
        )
    return FunctionClassifier(classifier, labels, spec)
