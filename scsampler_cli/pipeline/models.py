"""`ModelOptions`: which classifier and samplers a command uses, and how they are loaded.

torch is imported when something is loaded, not before. Nothing is printed here: what the user should know goes to `log`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scsampler_cli.classifiers import registry
from scsampler_cli.classifiers.labels import NAMES, read_labels
from scsampler_cli.config import (
    AUDIO,
    CANDIDATES_PER_CLIP,
    PACKETS,
    VISUAL,
    AnswerSettings,
    SelectionSettings,
    __version__,
    parse_device,
)
from scsampler_cli.errors import DependencyError, InputError, SettingsError
from scsampler_cli.files.text_files import read_text
from scsampler_cli.files.urls import check_read
from scsampler_cli.model_zoo.bundled_weights import check_weight_file, sampler_files, set_files
from scsampler_cli.pipeline import sampler_choice

if TYPE_CHECKING:
    import torch

    from scsampler_cli.classifiers.base import ClipClassifier
    from scsampler_cli.samplers.scoring import Samplers

AUTO_SET = "actions6"
"""Samplers for every classifier except the demo's: those trained on real video."""
DEMO = "demo"
"""The classifier, and the set of samplers, for generated videos."""


@dataclass(frozen=True, kw_only=True)
class ModelOptions:
    """Which classifier and samplers to load, by name or file, and where they run."""

    classifier: str = "auto"
    """A name, a model file, a folder, "package.module:factory", or "auto"."""
    weights: Path | None = None
    """A weight file for a classifier that has a name."""
    labels: Path | tuple[str, ...] | None = None
    """Class names, a text file of one a line, or one of `labels.NAMES`."""
    arch: str | None = None
    """The network of a plain state dict."""
    spec: tuple[str, ...] = ()
    """"KEY=VALUE" for each property that a model file does not state."""
    visual_sampler: str = "auto"
    """A bundled set, files separated by commas, "none", or "auto"."""
    audio_sampler: str = "auto"
    packet_sampler: str = "auto"
    device: str = "auto"
    precision: str = "auto"

    @property
    def names_classifier(self) -> bool:
        """False where "auto" decides."""
        return self.classifier != "auto" or self.weights is not None

    @property
    def samplers(self) -> dict[str, str]:
        """The option of each sampler, by the keys of `sampler_choice.KINDS`."""
        return {
            "visual": self.visual_sampler,
            "audio": self.audio_sampler,
            "packets": self.packet_sampler,
        }

    @property
    def auto_set(self) -> str | None:
        """The set of samplers that "auto" stands for; None where a plug-in's classifier decides it by its name."""
        if self.classifier == DEMO:
            return DEMO
        return None if ":" in self.classifier else AUTO_SET

    def files(self, *others: Path | None) -> list[Path]:
        """Files that the options name, and others: all that is read beside videos."""
        names = [
            self.classifier,
            *(name for option in self.samplers.values() for name in option.split(",")),
        ]
        labels = self.labels if isinstance(self.labels, Path) else None
        named = [*(Path(name) for name in names), self.weights, labels, *others]
        return [path for path in named if path is not None and path.is_file()]

    def check(self) -> None:
        """Refuse names of nothing and missing files, before torch is imported.

        Raises:
            SettingsError: unknown classifier, sampler or device, or options that do not go together.
            WeightsError: a weight file that cannot be read.
            InputError: labels that cannot be read.
        """
        parse_device(self.device)
        self._check_classifier()
        if self.weights is not None:
            check_weight_file(self.weights)
        if isinstance(self.labels, Path) and str(self.labels) not in NAMES:
            read_labels(self.labels)
        kinds = {"visual": VISUAL, "audio": AUDIO, "packets": PACKETS}
        for kind, option in self.samplers.items():
            if option != "auto":
                sampler_files(option, kinds[kind])

    def _check_classifier(self) -> None:
        if self.labels is not None and not self.names_classifier:
            raise SettingsError(
                "labels need a classifier whose classes they name",
                code="classifier-options-incomplete",
                hint="name the classifier",
            )
        if self.spec:
            from scsampler_cli.classifiers.model_spec import parse_fields

            if not self.names_classifier:
                raise SettingsError(
                    "a spec needs a classifier that it describes",
                    code="classifier-options-incomplete",
                    hint="name the classifier",
                )
            parse_fields(self.spec)
        found = None if self.classifier == "auto" else registry.find(self.classifier)
        is_file = isinstance(found, Path)
        if self.arch is not None and not is_file and (found is not None or self.weights is None):
            raise SettingsError(
                "arch names the network of a weight file, and there is no weight file",
                code="classifier-options-incomplete",
                hint="name the file as the classifier",
            )
        if isinstance(found, Path):
            if not found.is_dir():
                check_weight_file(found)
            if self.weights is not None:
                raise SettingsError(
                    f"two weight files: {self.classifier} as the classifier, and {self.weights} as its weights",
                    code="classifier-options-incomplete",
                    hint="name a network as the classifier, such as r2plus1d_18",
                )

    def check_samplers(
        self, selection: SelectionSettings, auto: str | None, *, shows_all: bool
    ) -> str:
        """Refuse sampler options that the selection does not use, or lacks.

        Args:
            selection: which clips are selected.
            auto: the set that "auto" stands for; None where that is not known yet.
            shows_all: see `sampler_choice.check_named`.

        Returns:
            in words, which sampler of two is missing; empty where none is.

        Raises:
            SettingsError: which one.
        """
        there = {
            kind: sampler_choice.is_available(option, kind, auto)
            for kind, option in self.samplers.items()
        }
        sampler_choice.check_available(selection, there)
        sampler_choice.check_named(selection, self.samplers, shows_all=shows_all)
        return sampler_choice.missing_half_note(selection, there)

    def runtime(self) -> dict[str, str]:
        """Device and precision in force, for the record."""
        from scsampler_cli.nn.device import PRECISIONS

        where, dtype = self._where()
        return {
            "device": str(where),
            "precision": next(name for name, known in PRECISIONS.items() if known == dtype),
        }

    def load_classifier(self, log: Callable[[str], None]) -> tuple[ClipClassifier, str]:
        """The classifier that the options name.

        Args:
            log: gets the choice that "auto" made, and why.

        Returns:
            the classifier, and a note for the results where "auto" fell back to its second choice, else "".
        """
        from scsampler_cli.classifiers.auto import choose_auto

        where, dtype = self._where()
        if not self.names_classifier:
            classifier, why, is_second = choose_auto(where, dtype)
            log(why)
            return classifier, why if is_second else ""
        name, weights = self.classifier, self.weights
        if name == "auto":
            name, weights = str(weights), None
        labels = read_labels(self.labels) if isinstance(self.labels, Path) else self.labels
        spec = self.spec if self.arch is None else [*self.spec, f"arch={self.arch}"]
        return registry.load(
            name, where, dtype, weights=weights, labels=labels, spec_fields=spec
        ), ""

    def load_samplers(
        self, auto: str, selection: SelectionSettings, *, shows_all: bool = False
    ) -> Samplers:
        """The samplers that the selection uses, or whose scores are shown.

        Args:
            auto: the bundled set that "auto" stands for.
            selection: which clips are selected.
            shows_all: True where visual and audio scores are results in themselves.
        """
        from scsampler_cli.samplers.scoring import Samplers, load_audio, load_packets, load_visual

        wanted = set(sampler_choice.needed_samplers(selection))
        if shows_all and selection.strategy != "packets":
            wanted |= {"visual", "audio"}
        options = {
            kind: option if kind in wanted else "none" for kind, option in self.samplers.items()
        }
        notes = self._leave_sound_out(options, auto, selection)
        for kind, option in options.items():
            if option == "auto":
                options[kind] = auto if set_files(auto, sampler_choice.KINDS[kind]) else "none"
        where, dtype = self._where()
        return Samplers(
            load_visual(options["visual"], where, dtype),
            load_audio(options["audio"], where, dtype),
            load_packets(options["packets"], where, dtype),
            notes=notes,
        )

    def _where(self) -> tuple[torch.device, torch.dtype]:
        from scsampler_cli.nn.device import pick_device, pick_dtype

        where = pick_device(self.device)
        return where, pick_dtype(self.precision, where)

    def _leave_sound_out(
        self, options: dict[str, str], auto: str, selection: SelectionSettings
    ) -> tuple[str, ...]:
        """Take the audio sampler out of `options` where nobody named it and torchaudio does not load; gives a note on it.

        Raises:
            DependencyError: torchaudio does not load, and the selection needs sound, or a setting is about sound.
        """
        from scsampler_cli.features.mel import check_torchaudio

        if not sampler_choice.is_available(options["audio"], "audio", auto):
            return ()
        try:
            check_torchaudio()
        except DependencyError as error:
            about_sound = (
                self.audio_sampler != "auto"
                or selection.alpha is not None
                or selection.k_visual is not None
            )
            if about_sound or selection.strategy == "audio":
                raise
            options["audio"] = "none"
            return (f"clips are scored without sound: {error}; {error.hint}",)
        return ()


def adjust(classifier: ClipClassifier, answer: AnswerSettings) -> ClipClassifier:
    """The classifier with the spatial view and the temperature of the settings.

    Raises:
        SettingsError: it cannot be used that way.
    """
    from scsampler_cli.classifiers.adjusted import adjusted

    return adjusted(classifier, {}, answer.spatial, temperature=answer.temperature)


def first_stage(cascade: bool, candidates: int | None, k: int) -> int | None:
    """M of the cascade that the options ask for; None without one.

    Raises:
        SettingsError: candidates without a cascade.
    """
    if not cascade and candidates is not None:
        raise SettingsError(
            "candidates have no effect without a cascade",
            code="no-effect",
            hint="give both, or neither",
        )
    return (candidates or CANDIDATES_PER_CLIP * k) if cascade else None


def read_histogram(path: Path | None) -> tuple[float, ...] | None:
    """Weights of the empirical strategy, separated by white space.

    Raises:
        InputError: the file cannot be read or holds something else.
    """
    if path is None:
        return None
    check_read(path)
    try:
        return tuple(float(word) for word in read_text(path).split())
    except (OSError, ValueError, InputError) as error:
        raise InputError(
            f"histogram {path}: {_why(error)}",
            code="histogram-invalid",
            hint="a text file with one number per line",
        ) from error


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def identity(
    settings: dict[str, Any],
    samplers: Sequence[dict[str, Any]] = (),
    classifier: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """What records depend on beside their files, named as the records name it."""
    known = {"settings": settings, "samplers": list(samplers), "classifier": classifier}
    return {**known, "versions": {"scsampler": __version__}}
