"""`Tagger`, the interface for programs: models that are loaded once, with settings.

Nothing is printed: notes for the user go to `log`, and into the `notes` of each result. Videos are
processed one after another, in this process.
Not handled here: many processes (`batch`), and writing results.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from scsampler_cli.classifiers.base import (
    ClipClassifier,
    InputSpec,
    classes_of,
    is_multi_label,
    min_probability_of,
)
from scsampler_cli.classifiers.function import ClipFunction
from scsampler_cli.classifiers.labels import named_by
from scsampler_cli.classifiers.text_image.label_wording import Wording, check_has_effect
from scsampler_cli.config import (
    DEFAULT_ANSWER,
    DEFAULT_READING,
    AnswerSettings,
    FeatureSettings,
    ReadSettings,
    SegmentSettings,
    SelectionSettings,
)
from scsampler_cli.config.prompts import checked_prompts
from scsampler_cli.errors import FallbackWarning, ScsamplerError, SettingsError
from scsampler_cli.output.one_line import called, quoted
from scsampler_cli.output.records import ClassifyResult, Failure
from scsampler_cli.pipeline import settings_record, stages
from scsampler_cli.pipeline.models import ModelOptions, adjust, identity
from scsampler_cli.pipeline.segment_times import search_for, with_pictures
from scsampler_cli.pipeline.strategy_choice import (
    check_aggregate,
    choose_strategy,
)
from scsampler_cli.pipeline.tagger_arguments import (
    Labels,
    as_classifier,
    check_paths,
    check_sampler_options,
    check_visual_features,
    in_brief,
    log_notes,
    log_nothing,
    log_own_sampler,
    merged_options,
    readable_file,
    segment_settings,
    selection_of,
)
from scsampler_cli.pipeline.video import Progress, no_progress


class Tagger:
    """f and s of the paper with their settings: tags a video by its most salient clips.

    Args:
        classifier: "auto", a name (`scsampler classifiers` lists them), a model file, a Hugging
            Face folder, or "package.module:factory"; or a classifier object; or a function from
            clips (uint8 [N, F, h, w, 3], RGB) to probabilities (float [N, C]).
        k: number of clips to select (K); or "auto" to stop as soon as more clips would hardly
            change the answer, after at most 20.
        models: the classifier and the samplers by name, and where they run, instead of the single
            arguments on models.
        labels: the C class names: a list, a string with commas between the names, a text file with
            one name per line, "kinetics400" or "sports1m". A function needs them, and so does a
            text-image model.
        prompts: for a text-image model: sentences with {} in the place of a label, which are
            averaged. Default: that of the model, such as "a photo of {}".
        background_labels: for a text-image model: further labels, given like `labels`, that
            compete with these and are no tags.
        spec: the clip geometry of a function; default 16 frames of 112 x 112.
        background: the one of a function's labels for clips that show none of the others. It is no
            tag, and a clip counts less for it. Other classifiers state it themselves.
        selection: all settings of the selection, instead of `k`.
        weights: a weight file for a classifier with a name.
        arch: the network of a plain state dict.
        spec_fields: "KEY=VALUE" for each property that a model file does not state.
        visual_sampler: scores clips by their picture or motion: "auto", a bundled set, files
            separated by commas, or "none". "auto" is the sampler in the classifier's file, or else
            the bundled set if it was trained on these classes.
        audio_sampler: scores clips by their sound; the same choices.
        packet_sampler: scores clips by the sizes of their packets, for the strategy "packets" and
            cascades; the same choices.
        device: "auto" (a GPU if there is one), "cpu", "cuda" or "cuda:N".
        precision: of the networks: "auto", "fp32", "bf16" or "fp16".
        saliency: how a sampler with a background class scores a clip: "auto" (by 1 - p(background))
            or "class" (by the largest probability of a class, as in the paper).
        features: how the inputs of the visual sampler are made; None for the defaults.
        reading: which streams of a file are read, and the limits.
        answer: how the probabilities of clips become tags.
        top: number of tags in a result.
        segments: True to find where the actions are, too (`result.segments`); or the settings of
            segments.
        log: called with each note on the choice of models.

    Raises:
        ScsamplerError: settings contradict each other, or a model cannot be loaded.

    Warns:
        FallbackWarning: "auto" took its second choice of a classifier; the notes of every result
            say so, too.
    """

    def __init__(
        self,
        classifier: str | Path | ClipClassifier | ClipFunction = "auto",
        k: int | str | None = None,
        *,
        models: ModelOptions | None = None,
        labels: Labels | None = None,
        prompts: Sequence[str] = (),
        background_labels: Labels | None = None,
        spec: InputSpec | None = None,
        background: str | None = None,
        selection: SelectionSettings | None = None,
        weights: str | Path | None = None,
        arch: str | None = None,
        spec_fields: Sequence[str] = (),
        visual_sampler: str | Path = "auto",
        audio_sampler: str | Path = "auto",
        packet_sampler: str | Path = "auto",
        device: str = "auto",
        precision: str = "auto",
        saliency: str = "auto",
        features: FeatureSettings | None = None,
        reading: ReadSettings = DEFAULT_READING,
        answer: AnswerSettings = DEFAULT_ANSWER,
        top: int = 5,
        segments: bool | SegmentSettings | None = None,
        log: Callable[[str], None] = log_nothing,
    ) -> None:
        self.selection = selection_of(k, selection)
        self.features = features or FeatureSettings()
        self.reading = reading
        self.answer = answer
        self.top = top
        self._segment_settings = segment_settings(segments, self.selection)
        if self._segment_settings is not None:
            self.features = replace(self.features, own_pictures=True)

        names = named_by(labels)
        # a classifier object needs neither a name nor labels in the options
        own = None
        if not isinstance(classifier, str | Path):
            wording = Wording(
                prompts=checked_prompts(prompts), background=named_by(background_labels) or ()
            )
            check_has_effect(wording, "a classifier from Python")
            own = as_classifier(classifier, names, spec, background=background)
        elif background is not None:
            raise SettingsError(
                f"the file of classifier {str(classifier)!r} states whether it has a background "
                "class",
                code="arguments-invalid",
                hint="leave out background: it is for functions",
            )
        options = merged_options(
            models,
            ModelOptions(
                classifier="auto" if own else str(classifier),
                labels=None if own else names,
                prompts=() if own else checked_prompts(prompts),
                background_labels=None if own else named_by(background_labels),
                weights=weights,
                arch=arch,
                spec=tuple(spec_fields),
                visual_sampler=visual_sampler,
                audio_sampler=audio_sampler,
                packet_sampler=packet_sampler,
                device=device,
                precision=precision,
                saliency=saliency,
            ),
        )
        self._load(options, own, log)

    def _load(
        self, options: ModelOptions, own: ClipClassifier | None, log: Callable[[str], None]
    ) -> None:
        """Load the classifier, unless the caller gave one, and the samplers that go with it."""
        # before the classifier is loaded, which takes seconds
        options.check_samplers(self.selection, None if own else options.auto_set, shows_all=False)
        options.check()

        loaded, fallback_note = (own, "") if own else options.load_classifier(log)
        self.classifier = adjust(loaded, self.answer)

        # only now is the name of a plug-in's classifier known, and with it the set of samplers
        auto = options.auto_for(self.classifier.name)
        choice = choose_strategy(
            self.selection, options.samplers, auto, classes=classes_of(self.classifier)
        )
        self.selection, self._why = choice.selection, choice.why
        options = replace(options, visual_sampler=choice.samplers["visual"])
        self._notes = check_sampler_options(options, self.selection, auto, log=log, shows_all=False)
        if choice.why:
            log(choice.why)
        if choice.note:
            self._notes += log_notes((choice.note,), log)
        if fallback_note:
            # level 3 is the caller of Tagger()
            warnings.warn(fallback_note, FallbackWarning, stacklevel=3)
            self._notes = (fallback_note, *self._notes)
        self.samplers = options.load_samplers(auto, self.selection, classifier=self.classifier)
        self.segments = search_for(
            self._segment_settings, self.selection, self.classifier, samplers=self.samplers
        )
        if self.segments is not None and self.segments.needs_pictures:
            self.samplers = with_pictures(
                self.samplers, self.classifier, options.device, precision=options.precision
            )
        self.answer = self.answer.for_strategy(
            self.selection.strategy,
            guided=self.samplers.visual is not None,
            multi_label=is_multi_label(self.classifier),
        )
        if self.answer.min_probability is None:
            self.answer = replace(self.answer, min_probability=min_probability_of(self.classifier))
        check_aggregate(self.selection, self.answer)
        check_visual_features(self.features, self.samplers)
        self._notes += log_notes(self.samplers.notes, log)
        log_own_sampler(options, self.samplers, log)
        # device and precision in force, for the settings of every result
        self._runtime = options.runtime()

    def __repr__(self) -> str:
        how = in_brief(self.selection, self._runtime)
        return called(self, (quoted(self.classifier.name), how))

    def tag(self, path: str | Path, progress: Progress = no_progress) -> ClassifyResult:
        """Tag one video.

        Args:
            path: a local video file.
            progress: called after every clip.

        Raises:
            ScsamplerError: the video cannot be read, or none of the selected clips could be
                decoded.
        """
        result = stages.classify(
            readable_file(path),
            self.samplers,
            self.classifier,
            features=self.features,
            selection=self.selection,
            top=self.top,
            progress=progress,
            answer=self.answer,
            reading=self.reading,
            segments=self.segments,
        )
        return replace(
            result, settings=self._settings(result.settings), notes=(*self._notes, *result.notes)
        )

    def _settings(self, settings: dict[str, Any]) -> dict[str, Any]:
        """The settings of a result with device, precision, and the choice of the strategy."""
        selection = {**settings["selection"], "why": self._why or None}
        return {**settings, "selection": selection} | self._runtime

    def stream(self, paths: Iterable[str | Path]) -> Iterator[ClassifyResult | Failure]:
        """Tag videos one after another, each when the caller takes the next result.

        Args:
            paths: local video files; may be endless.

        Yields:
            one result for each video; a `Failure` for one that cannot be tagged.

        Raises:
            SettingsError: `paths` is a single path.
        """
        check_paths(paths)
        for path in paths:
            try:
                yield self.tag(path)
            # an unexpected error is a bug, and ends the stream
            except ScsamplerError as error:
                yield Failure("classify", str(path), error)

    @property
    def identity(self) -> dict[str, Any]:
        """All that a result depends on except the file; JSON-able."""
        settings = settings_record.of_classify(
            self.features,
            self.selection,
            self.answer,
            top=self.top,
            reading=self.reading,
            samplers=self.samplers,
            segments=self.segments,
        )
        classifier = settings_record.identity_of(self.classifier)
        return identity(self._settings(settings), self.samplers.records(), classifier)
