"""Load what model options name. Imports torch only when called.

But: nothing is printed; what the user should know goes to the caller's `say`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scsampler_cli import __version__
from scsampler_cli.classifiers import registry
from scsampler_cli.classifiers.labels import NAMES, read_labels
from scsampler_cli.config import (
    AUDIO,
    CANDIDATES_PER_CLIP,
    PACKETS,
    VISUAL,
    AnswerSettings,
    SelectionSettings,
    parse_device,
)
from scsampler_cli.errors import DependencyError, InputError, SettingsError
from scsampler_cli.shipped import check_weight_file, sampler_files, set_files
from scsampler_cli.textfile import read_text
from scsampler_cli.urls import check_read

if TYPE_CHECKING:
    from scsampler_cli.classifiers.base import ClipClassifier
    from scsampler_cli.video import Samplers

AUTO_SET = "actions6"
"""Samplers for any classifier but the demo's: those trained on real video."""


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
        from scsampler_cli.classifiers.description import parse_fields

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
) -> ClipClassifier:
    """The classifier that the options name; `auto` tells `say` which it took, and why.

    Class names come from a file, or one of `labels.NAMES`, as `labels`, or as they are, as `names`.
    """
    from scsampler_cli.classifiers.auto import choose_auto
    from scsampler_cli.device import pick_device, pick_dtype

    where = pick_device(device)
    dtype = pick_dtype(precision, where)
    if name == "auto" and weights is None:
        classifier, why = choose_auto(where, dtype)
        say(why)
        return classifier
    if name == "auto":
        name = str(weights)
        weights = None
    names = names if labels is None else read_labels(labels)
    given = given if arch is None else [*given, f"arch={arch}"]
    return registry.load(name, where, dtype, weights, names, given)


def adjust(classifier: ClipClassifier, answer: AnswerSettings) -> ClipClassifier:
    """The classifier with the view and the temperature that are asked for.

    Raises:
        SettingsError: it cannot be seen that way.
    """
    from scsampler_cli.classifiers.adjusted import adjusted

    return adjusted(classifier, {}, answer.spatial, answer.temperature)


def load_samplers(
    visual: str,
    audio: str,
    auto: str,
    device: str,
    precision: str,
    strategy: str,
    say: Callable[[str], None],
    packets: str = "none",
) -> Samplers:
    """The samplers; "auto" stands for what the set `auto` has, which may be nothing for the sound.

    For the strategy "packets" no other is loaded. Tells `say` which one a strategy has to do without.
    """
    from scsampler_cli.device import pick_device, pick_dtype
    from scsampler_cli.features.mel import check_torchaudio
    from scsampler_cli.samplers.scoring import load_audio, load_packets, load_visual
    from scsampler_cli.video import Samplers

    where = pick_device(device)
    dtype = pick_dtype(precision, where)
    by_packets = load_packets(auto if packets == "auto" else packets, where, dtype)
    if strategy == "packets":
        return Samplers(None, None, by_packets)
    notes: tuple[str, ...] = ()
    if audio == "auto":
        audio = auto if set_files(auto, AUDIO) else "none"
        try:
            if audio != "none":
                check_torchaudio()
        except DependencyError as error:
            notes = (f"clips are scored without sound: {error}; {error.hint}",)
            audio = "none"
    elif audio != "none":
        check_torchaudio()
    samplers = Samplers(
        load_visual(auto if visual == "auto" else visual, where, dtype),
        load_audio(audio, where, dtype),
        by_packets,
        notes,
    )
    for note in notes:
        say(note)
    if missing := missing_sampler(strategy, samplers):
        say(missing)
    return samplers


def asks_packets(selection: SelectionSettings) -> bool:
    """True when a selection goes by the packet sampler, alone or first."""
    return selection.strategy == "packets" or selection.candidates is not None


def first_stage(cascade: bool, candidates: int | None, k: int) -> int | None:
    """M of the cascade that the options ask for; None without one.

    Raises:
        SettingsError: candidates without a cascade.
    """
    if not cascade and candidates is not None:
        raise SettingsError("--candidates has no effect without --cascade", hint="give both, or neither")
    return (candidates or CANDIDATES_PER_CLIP * k) if cascade else None


def missing_sampler(strategy: str, samplers: Samplers) -> str:
    """In words, which sampler a strategy wants that there is not; empty where there is none such."""
    both = strategy.startswith("av-")
    if samplers.audio is None and (both or strategy == "audio"):
        return f"no audio sampler: {strategy} goes by the visual sampler alone"
    if samplers.visual is None and (both or strategy == "visual"):
        return f"no visual sampler: {strategy} goes by the audio sampler alone"
    return ""


def runtime(device: str, precision: str) -> dict[str, str]:
    """Device and precision in force, for the record."""
    from scsampler_cli.device import PRECISIONS, pick_device, pick_dtype

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

    def check(self) -> None:
        """See `check` of this module."""
        names = (self.visual, self.audio, self.device, self.arch, self.given, self.packets)
        check(self.classifier, self.weights, self.labels, *names)

    def check_packets(self, selection: SelectionSettings) -> None:
        """Refuse sampler options that the selection does not look at, or lacks.

        Raises:
            SettingsError: which one.
        """
        asks = asks_packets(selection)
        what = "strategy 'packets'" if selection.strategy == "packets" else "--cascade"
        if asks and self.packets == "none":
            raise SettingsError(f"{what} needs a packet sampler", hint="leave --packet-sampler out, or name a file")
        if not asks and self.packets != "auto":
            raise SettingsError(
                f"--packet-sampler has no effect with strategy {selection.strategy!r}",
                hint="it is for --strategy packets and --cascade",
            )
        others = {"--visual-sampler": self.visual, "--audio-sampler": self.audio}
        for name in (name for name, given in others.items() if selection.strategy == "packets" and given != "auto"):
            raise SettingsError(
                f"{name} has no effect with strategy 'packets'", hint="leave it out, or use --cascade: packets first"
            )
        if asks and selection.candidates and self.visual == "none":
            raise SettingsError("--cascade without a visual sampler saves nothing", hint="use --strategy packets")

    def load_classifier(self, say: Callable[[str], None], names: Sequence[str] | None = None) -> ClipClassifier:
        """See `load_classifier` of this module."""
        run = (self.device, self.precision, say, self.arch, self.given, names)
        return load_classifier(self.classifier, self.weights, self.labels, *run)

    def load_samplers(self, auto: str, strategy: str, say: Callable[[str], None], cascade: bool = False) -> Samplers:
        """See `load_samplers` of this module; the packets' where the strategy, or a cascade, goes by them."""
        packets = self.packets if cascade or strategy == "packets" else "none"
        return load_samplers(self.visual, self.audio, auto, self.device, self.precision, strategy, say, packets)

    def runtime(self) -> dict[str, str]:
        """See `runtime` of this module."""
        return runtime(self.device, self.precision)


def identity(
    settings: dict[str, Any], samplers: Sequence[dict[str, Any]] = (), classifier: dict[str, Any] | None = None
) -> dict[str, Any]:
    """What records depend on beside their files, named as the records name it."""
    known = {"settings": settings, "samplers": list(samplers), "classifier": classifier}
    return {**known, "versions": {"scsampler": __version__}}
