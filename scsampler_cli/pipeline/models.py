"""`ModelOptions`: which classifier and samplers a command uses, and how they are loaded.

torch is imported only when a model is loaded. Nothing is printed: notes for the user go to `log`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scsampler_cli.classifiers import registry
from scsampler_cli.classifiers.labels import NAMES, label_files, named_by, read_labels
from scsampler_cli.classifiers.text_image.label_wording import Wording
from scsampler_cli.config import (
    AUDIO,
    PACKETS,
    SALIENCY,
    VISUAL,
    AnswerSettings,
    SelectionSettings,
    __version__,
    parse_device,
)
from scsampler_cli.errors import SettingsError
from scsampler_cli.model_zoo.bundled_weights import check_weight_file, sampler_files
from scsampler_cli.model_zoo.weights_header import sampler_in
from scsampler_cli.pipeline import sampler_choice
from scsampler_cli.pipeline.classifier_check import check_classifier
from scsampler_cli.pipeline.missing_torchaudio import without_torchaudio

if TYPE_CHECKING:
    import torch

    from scsampler_cli.classifiers.base import ClipClassifier
    from scsampler_cli.samplers.scoring import Samplers

AUTO_SET = sampler_choice.AUTO_SET
DEMO = "demo"
"""The classifier, and the set of samplers, for generated videos."""


@dataclass(frozen=True, kw_only=True)
class ModelOptions:
    """Which classifier and samplers to load, by name or file, and where they run."""

    classifier: str | Path = "auto"
    """A name, a model file, a folder, "package.module:factory", or "auto"."""
    weights: str | Path | None = None
    """A weight file for a classifier that has a name."""
    labels: str | Path | tuple[str, ...] | None = None
    """Class names, or what `classifiers.labels.read_labels` takes."""
    prompts: tuple[str, ...] = ()
    """For a text-image model: sentences with {} in the place of a label, which are averaged."""
    background_labels: str | Path | tuple[str, ...] | None = None
    """For a text-image model: further labels, which compete with the others and are no tags."""
    arch: str | None = None
    """The network of a plain state dict."""
    spec: tuple[str, ...] = ()
    """"KEY=VALUE" for each property that a model file does not state."""
    visual_sampler: str | Path = "auto"
    """A bundled set, files separated by commas, "none", or "auto"."""
    audio_sampler: str | Path = "auto"
    """The same."""
    packet_sampler: str | Path = "auto"
    """The same; for the strategy "packets" and cascades."""
    device: str = "auto"
    """"auto", "cpu", "cuda" or "cuda:N"."""
    precision: str = "auto"
    """"auto", "fp32", "bf16" or "fp16"."""
    saliency: str = SALIENCY[0]
    """How a sampler with a background class scores a clip, one of `config.SALIENCY`."""

    @property
    def names_classifier(self) -> bool:
        """False where "auto" decides."""
        return self.classifier_name != "auto" or self.weights is not None

    @property
    def classifier_name(self) -> str:
        """The classifier as text, also where it is a path."""
        return str(self.classifier)

    @property
    def wording(self) -> Wording:
        """How labels become sentences.

        Raises:
            SettingsError: a prompt without the place of the label.
            InputError: the names of the background cannot be read.
        """
        background = named_by(self.background_labels) or ()
        return Wording(prompts=self.prompts, background=background)

    @property
    def samplers(self) -> dict[str, str]:
        """The option of each sampler, by the keys of `sampler_choice.KINDS`."""
        return {
            "visual": str(self.visual_sampler),
            "audio": str(self.audio_sampler),
            "packets": str(self.packet_sampler),
        }

    @property
    def auto_set(self) -> str | None:
        """What "auto" stands for: a set of samplers, or the classifier's weight file where it holds
        a sampler; None for a plug-in, whose classifier decides by its name when it is loaded.

        Raises:
            WeightsError: the weight file is damaged.
        """
        # only "package.module:factory" has a colon
        if ":" in self.classifier_name and self.own_sampler is None:
            return None
        return self.auto_for(self.classifier_name)

    @property
    def own_sampler(self) -> Path | None:
        """The classifier's weight file, if it holds the sampler that was trained with it.

        Raises:
            WeightsError: it is damaged.
        """
        file = Path(self.weights or self.classifier)
        return None if sampler_in(file) is None else file

    def auto_for(self, classifier: str) -> str:
        """What "auto" stands for with the loaded classifier of this name."""
        if self.own_sampler is not None:
            return str(self.own_sampler)
        return DEMO if classifier == DEMO else AUTO_SET

    def files(self, *others: Path | None) -> list[Path]:
        """Existing files that the options name, and the existing ones of `others`."""
        names = [self.classifier_name]
        for option in self.samplers.values():
            names += option.split(",")
        weights = None if self.weights is None else Path(self.weights)
        files_of_labels = label_files(self.labels, self.background_labels)
        named = [*(Path(name) for name in names), weights, *files_of_labels, *others]
        # a name such as "auto" is no file, unless the folder holds one of that name
        return [path for path in named if path is not None and path.is_file()]

    def check(self) -> None:
        """Refuse unknown names and missing files, before torch is imported.

        Raises:
            SettingsError: unknown classifier, sampler or device; options that do not go together.
            WeightsError: a weight file that cannot be read.
            InputError: labels that cannot be read.
        """
        # the cheap checks first: files are read only for names that make sense
        parse_device(self.device)
        if self.saliency not in SALIENCY:
            raise SettingsError(
                f"unknown saliency {self.saliency!r}",
                code="unknown-choice",
                hint=f"one of {', '.join(SALIENCY)}",
            )
        check_classifier(
            self.classifier_name,
            weights=self.weights,
            arch=self.arch,
            spec=self.spec,
            labels=self.labels,
            wording=self.wording,
        )
        if self.weights is not None:
            check_weight_file(Path(self.weights))
        for names in (self.labels, self.background_labels):
            # the names of a list need torchvision
            if isinstance(names, str | Path) and str(names) not in NAMES:
                read_labels(names)
        kinds = {"visual": VISUAL, "audio": AUDIO, "packets": PACKETS}
        for kind, option in self.samplers.items():
            if option != "auto":
                sampler_files(option, kinds[kind])

    def check_samplers(
        self, selection: SelectionSettings, auto: str | None, *, shows_all: bool
    ) -> str:
        """Refuse sampler options that the selection does not use, or lacks.

        Args:
            selection: which clips are selected.
            auto: the set that "auto" stands for; None where that is not known yet.
            shows_all: see `sampler_choice.check_named`.

        Returns:
            a note that names the missing one of two samplers; "" where none is missing.

        Raises:
            SettingsError: a sampler is missing, or has no effect.
        """
        available = {
            kind: sampler_choice.is_available(option, kind, auto)
            for kind, option in self.samplers.items()
        }
        sampler_choice.check_available(selection, available)
        sampler_choice.check_named(selection, self.samplers, shows_all=shows_all)
        return sampler_choice.missing_half_note(selection, available)

    def runtime(self) -> dict[str, str]:
        """Device and precision in force, for the record."""
        from scsampler_cli.nn.device import PRECISIONS

        device, dtype = self._device()
        precision = next(name for name, known in PRECISIONS.items() if known == dtype)
        return {"device": str(device), "precision": precision}

    def load_classifier(self, log: Callable[[str], None]) -> tuple[ClipClassifier, str]:
        """The classifier that the options name.

        Args:
            log: gets the choice of "auto", with the reason.

        Returns:
            the classifier; and a note for the results where "auto" took its second choice, else "".
        """
        from scsampler_cli.classifiers.auto import choose_auto

        device, dtype = self._device()
        if not self.names_classifier:
            classifier, why, is_second = choose_auto(device, dtype)
            log(why)
            return classifier, why if is_second else ""

        name, weights = self.classifier_name, self.weights
        # a weight file alone says which network it is for
        if name == "auto":
            name, weights = str(weights), None
        spec = self.spec if self.arch is None else [*self.spec, f"arch={self.arch}"]
        return registry.load(
            name,
            device,
            dtype,
            weights=None if weights is None else Path(weights),
            labels=named_by(self.labels),
            spec_fields=spec,
            wording=self.wording,
        ), ""

    def load_samplers(
        self,
        auto: str,
        selection: SelectionSettings,
        *,
        classifier: ClipClassifier | None = None,
        shows_all: bool = False,
    ) -> Samplers:
        """Load the samplers that the selection uses, or whose scores are shown.

        Args:
            auto: what "auto" stands for, see `sampler_choice.auto_option`.
            selection: which clips are selected.
            classifier: the loaded classifier, which may know itself which clips look alike.
            shows_all: True where visual and audio scores are results in themselves.

        Raises:
            WeightsError: a weight file cannot be read.
            DependencyError: torchaudio does not load, and the selection needs it.
            SettingsError: `saliency` has no effect.
        """
        from scsampler_cli.classifiers.text_image.tower_features import features_for
        from scsampler_cli.samplers.scoring import Samplers, load_audio, load_packets, load_visual

        wanted = set(sampler_choice.needed_samplers(selection))
        # the strategy "packets" is for files whose frames are not worth decoding: nothing else runs
        if shows_all and selection.strategy != "packets":
            wanted |= {"visual", "audio"}
        options = {
            kind: option if kind in wanted else "none" for kind, option in self.samplers.items()
        }
        notes: tuple[str, ...] = ()
        if sampler_choice.is_available(options["audio"], "audio", auto):
            # alpha and k_visual divide the selection between the visual and the audio sampler
            divides = selection.alpha is not None or selection.k_visual is not None
            is_named = self.samplers["audio"] != "auto"
            notes = without_torchaudio(
                options, is_needed=is_named or divides or selection.strategy == "audio"
            )
        # a set need not have a sampler of every kind
        for kind, option in options.items():
            if option == "auto":
                options[kind] = sampler_choice.auto_option(kind, auto)

        device, dtype = self._device()
        loaded = Samplers(
            load_visual(options["visual"], device, dtype, saliency=self.saliency),
            load_audio(options["audio"], device, dtype, saliency=self.saliency),
            load_packets(options["packets"], device, dtype, saliency=self.saliency),
            notes=notes,
            pictures=features_for(classifier, device, dtype) if selection.needs_pictures else None,
        )
        sampler_choice.check_saliency(self.saliency, loaded.records())
        return loaded

    def _device(self) -> tuple[torch.device, torch.dtype]:
        """Device and precision in force."""
        from scsampler_cli.nn.device import pick_device, pick_dtype

        device = pick_device(self.device)
        return device, pick_dtype(self.precision, device)


def adjust(classifier: ClipClassifier, answer: AnswerSettings) -> ClipClassifier:
    """The classifier with the spatial view and the temperature of the settings.

    Raises:
        SettingsError: the classifier does not support them.
    """
    from scsampler_cli.classifiers.adjusted import adjusted

    return adjusted(classifier, {}, answer.spatial, temperature=answer.temperature)


def identity(
    settings: dict[str, Any],
    samplers: Sequence[dict[str, Any]] = (),
    classifier: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """All that records depend on except their files, with the keys of the records; JSON-able."""
    facts = {"settings": settings, "samplers": list(samplers), "classifier": classifier}
    return {**facts, "versions": {"scsampler": __version__}}
