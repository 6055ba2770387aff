"""Load what model options name. Imports torch only when called.

But: nothing is printed; what the user should know goes to the caller's `say`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
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
    from scsampler_cli.classifiers.base import ClipClassifier
    from scsampler_cli.pipeline.video import Samplers

AUTO_SET = "actions6"
"""Samplers for any classifier but the demo's: those trained on real video."""
DEMO = "demo"
"""The classifier, and the sampler set, of generated videos."""


def check(
    classifier: str = "auto",
    weights: Path | None = None,
    labels: Path | None = None,
    visual: str = "auto",
    audio: str = "auto",
    device: str = "auto",
    arch: str | None = None,
    given: Sequence[str] = (),
    packets: str = "auto",
) -> None:
    """Refuse names that stand for nothing and files that are not there before torch is imported.

    Raises:
        SettingsError: unknown classifier, sampler or device, or options that do not go together.
        WeightsError: a weight file that cannot be read.
        InputError: labels that cannot be read.
    """
    parse_device(device)
    if labels is not None and classifier == "auto" and weights is None:
        raise SettingsError("--labels needs a classifier whose classes it names", hint="name it with --classifier")
    if given and classifier == "auto" and weights is None:
        raise SettingsError("--spec needs a classifier that it is about", hint="name it with --classifier")
    if given:
        from scsampler_cli.classifiers.model_spec import parse_fields

        parse_fields(given)
    found = None if classifier == "auto" else registry.find(classifier)
    if arch is not None and not (isinstance(found, Path) or (found is None and weights is not None)):
        raise SettingsError(
            "--arch says which network a weight file is for", hint="--classifier FILE --arch r2plus1d_18"
        )
    if isinstance(found, Path):
        if not found.is_dir():
            check_weight_file(found)
        if weights is not None:
            raise SettingsError(
                f"two weight files: --classifier {classifier} and --weights {weights}",
                hint="name the network: --classifier r2plus1d_18 --weights FILE",
            )
    if weights is not None:
        check_weight_file(weights)
    if labels is not None and str(labels) not in NAMES:
        read_labels(labels)
    for spec, kinds in ((visual, VISUAL), (audio, AUDIO), (packets, PACKETS)):
        if spec != "auto":
            sampler_files(spec, kinds)


def load_classifier(
    name: str,
    weights: Path | None,
    labels: Path | None,
    device: str,
    precision: str,
    say: Callable[[str], None],
    arch: str | None = None,
    given: Sequence[str] = (),
    names: Sequence[str] | None = None,
) -> tuple[ClipClassifier, str]:
    """The classifier that the options name.

    Args:
        name: "auto", or as `registry.load` takes it.
        weights: a weight file.
        labels: a file of class names, or one of `labels.NAMES`.
        device: where it runs.
        precision: of its arithmetic.
        say: gets the choice that "auto" made, and why.
        arch: the network of a plain state dict.
        given: "KEY=VALUE" of what a model file does not say.
        names: class names, in place of `labels`.

    Returns:
        the classifier, and a note for the results where "auto" fell back to another than it prefers, else "".
    """
    from scsampler_cli.classifiers.auto import choose_auto
    from scsampler_cli.nn.device import pick_device, pick_dtype

    where = pick_device(device)
    dtype = pick_dtype(precision, where)
    if name == "auto" and weights is None:
        classifier, why, is_second = choose_auto(where, dtype)
        say(why)
        return classifier, why if is_second else ""
    if name == "auto":
        name = str(weights)
        weights = None
    names = names if labels is None else read_labels(labels)
    given = given if arch is None else [*given, f"arch={arch}"]
    return registry.load(name, where, dtype, weights, names, given), ""


def adjust(classifier: ClipClassifier, answer: AnswerSettings) -> ClipClassifier:
    """The classifier with the view and the temperature that are asked for.

    Raises:
        SettingsError: it cannot be seen that way.
    """
    from scsampler_cli.classifiers.adjusted import adjusted

    return adjusted(classifier, {}, answer.spatial, answer.temperature)


def load_samplers(specs: Mapping[str, str], auto: str, device: str, precision: str) -> Samplers:
    """The samplers.

    Args:
        specs: a sampler's name by the keys of `sampler_choice.KINDS`; "auto" is what the set has, perhaps nothing.
        auto: a shipped set.
        device: where they run.
        precision: of their networks.
    """
    from scsampler_cli.nn.device import pick_device, pick_dtype
    from scsampler_cli.pipeline.video import Samplers
    from scsampler_cli.samplers.scoring import load_audio, load_packets, load_visual

    where = pick_device(device)
    dtype = pick_dtype(precision, where)
    names = {
        kind: (auto if set_files(auto, sampler_choice.KINDS[kind]) else "none") if spec == "auto" else spec
        for kind, spec in specs.items()
    }
    return Samplers(
        load_visual(names["visual"], where, dtype),
        load_audio(names["audio"], where, dtype),
        load_packets(names["packets"], where, dtype),
    )


def first_stage(cascade: bool, candidates: int | None, k: int) -> int | None:
    """M of the cascade that the options ask for; None without one.

    Raises:
        SettingsError: candidates without a cascade.
    """
    if not cascade and candidates is not None:
        raise SettingsError("--candidates has no effect without --cascade", hint="give both, or neither")
    return (candidates or CANDIDATES_PER_CLIP * k) if cascade else None


def runtime(device: str, precision: str) -> dict[str, str]:
    """Device and precision in force, for the record."""
    from scsampler_cli.nn.device import PRECISIONS, pick_device, pick_dtype

    where = pick_device(device)
    dtype = pick_dtype(precision, where)
    return {"device": str(where), "precision": next(name for name, known in PRECISIONS.items() if known == dtype)}


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
        raise InputError(f"histogram {path}: {_why(error)}", hint="a text file with one number per line") from error


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


@dataclass(frozen=True)
class Chosen:
    """The model options of a command, as given."""

    classifier: str = "auto"
    weights: Path | None = None
    labels: Path | None = None
    arch: str | None = None
    given: tuple[str, ...] = ()
    visual: str = "auto"
    audio: str = "auto"
    device: str = "auto"
    precision: str = "auto"
    packets: str = "auto"

    @property
    def names_classifier(self) -> bool:
        """False where the choice is left to us."""
        return self.classifier != "auto" or self.weights is not None

    def files(self, *others: Path | None) -> list[Path]:
        """Files that the options name, and others: all that is read beside videos."""
        names = [
            self.classifier,
            *(name for spec in (self.visual, self.audio, self.packets) for name in spec.split(",")),
        ]
        named = [*(Path(name) for name in names), self.weights, self.labels, *others]
        return [path for path in named if path is not None and path.is_file()]

    def check(self) -> None:
        """See `check` of this module."""
        names = (self.visual, self.audio, self.device, self.arch, self.given, self.packets)
        check(self.classifier, self.weights, self.labels, *names)

    @property
    def specs(self) -> dict[str, str]:
        """What was said of each sampler, by the keys of `pipeline.sampler_choice.KINDS`."""
        return {"visual": self.visual, "audio": self.audio, "packets": self.packets}

    @property
    def auto_set(self) -> str | None:
        """The set of samplers that "auto" stands for; None where a classifier of somebody else's decides it by its name."""
        if self.classifier == DEMO:
            return DEMO
        return None if ":" in self.classifier else AUTO_SET

    def check_samplers(self, selection: SelectionSettings, auto: str | None, *, shows_all: bool) -> str:
        """Refuse sampler options that the selection does not look at, or lacks.

        Args:
            selection: which clips are taken.
            auto: the set that "auto" stands for; None where that cannot be told yet.
            shows_all: see `pipeline.sampler_choice.check_named`.

        Returns:
            which sampler of two it has to do without, in words; empty where there is none such.

        Raises:
            SettingsError: which one.
        """
        there = {kind: sampler_choice.is_there(spec, kind, auto) for kind, spec in self.specs.items()}
        sampler_choice.check_there(selection, there)
        sampler_choice.check_named(selection, self.specs, shows_all=shows_all)
        return sampler_choice.lost_half(selection, there)

    def load_classifier(
        self, say: Callable[[str], None], names: Sequence[str] | None = None
    ) -> tuple[ClipClassifier, str]:
        """See `load_classifier` of this module."""
        run = (self.device, self.precision, say, self.arch, self.given, names)
        return load_classifier(self.classifier, self.weights, self.labels, *run)

    def load_samplers(self, auto: str, selection: SelectionSettings, *, shows_all: bool = False) -> Samplers:
        """See `load_samplers` of this module; those alone that the selection goes by, or whose scores are shown."""
        wanted = set(sampler_choice.goes_by(selection))
        if shows_all and selection.strategy != "packets":
            wanted |= {"visual", "audio"}
        specs = {kind: spec if kind in wanted else "none" for kind, spec in self.specs.items()}
        left_out = self._leave_sound_out(specs, auto, selection)
        return replace(load_samplers(specs, auto, self.device, self.precision), notes=left_out)

    def _leave_sound_out(self, specs: dict[str, str], auto: str, selection: SelectionSettings) -> tuple[str, ...]:
        """Take the audio sampler out of `specs` where nobody named it and torchaudio does not load; gives a note that says so.

        Raises:
            DependencyError: torchaudio does not load, and the selection cannot do without sound, or was told about it.
        """
        from scsampler_cli.features.mel import check_torchaudio

        if not sampler_choice.is_there(specs["audio"], "audio", auto):
            return ()
        try:
            check_torchaudio()
        except DependencyError as error:
            told = self.audio != "auto" or selection.alpha is not None or selection.k_visual is not None
            if told or selection.strategy == "audio":
                raise
            specs["audio"] = "none"
            return (f"clips are scored without sound: {error}; {error.hint}",)
        return ()

    def runtime(self) -> dict[str, str]:
        """See `runtime` of this module."""
        return runtime(self.device, self.precision)


def identity(
    settings: dict[str, Any], samplers: Sequence[dict[str, Any]] = (), classifier: dict[str, Any] | None = None
) -> dict[str, Any]:
    """What records depend on beside their files, named as the records name it."""
    known = {"settings": settings, "samplers": list(samplers), "classifier": classifier}
    return {**known, "versions": {"scsampler": __version__}}
