"""Arguments of `Tagger` and `Scorer`: how they are checked, and what they stand for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scsampler_cli.classifiers.base import ClipClassifier, InputSpec
from scsampler_cli.classifiers.function import ClipFunction, FunctionClassifier
from scsampler_cli.config import MAX_K, FeatureSettings, SegmentSettings, SelectionSettings
from scsampler_cli.errors import SettingsError
from scsampler_cli.files.inputs import check_readable
from scsampler_cli.files.urls import local_path
from scsampler_cli.pipeline.models import ModelOptions
from scsampler_cli.pipeline.sampler_choice import check_features

if TYPE_CHECKING:
    from scsampler_cli.samplers.scoring import Samplers

Labels = str | Path | Sequence[str]
"""Class names, or what `classifiers.labels.read_labels` takes."""


def log_nothing(text: str) -> None:
    """The default of `log`: drop the line."""


def readable_file(path: str | Path) -> Path:
    """The path of a file that can be read.

    Raises:
        InputError: it cannot.
    """
    local = local_path(path)
    check_readable(local)
    return local


def merged_options(models: ModelOptions | None, arguments: ModelOptions) -> ModelOptions:
    """The options of `models`, or else those of the single arguments.

    Raises:
        SettingsError: both are given.
    """
    if models is None:
        return arguments
    # a default value cannot be distinguished from no argument, and does no harm
    if arguments != ModelOptions():
        raise SettingsError(
            "models and single arguments on models are both given",
            code="arguments-invalid",
            hint="put all of them into ModelOptions",
        )
    return models


def check_visual_features(features: FeatureSettings, samplers: Samplers) -> None:
    """Refuse settings of the features that the loaded visual sampler does not depend on.

    Raises:
        SettingsError: a setting has no effect.
    """
    own = samplers.visual.inputs if samplers.visual else ()
    # a search, and a diverse selection, read the picture of each clip
    check_features(features, (*own, "rgb") if samplers.pictures else own)


def check_sampler_options(
    options: ModelOptions,
    selection: SelectionSettings,
    auto: str,
    *,
    log: Callable[[str], None],
    shows_all: bool,
) -> tuple[str, ...]:
    """Check the sampler options against the selection.

    Args:
        options: the samplers by name.
        selection: which clips are selected.
        auto: the set that "auto" stands for.
        log: gets the notes.
        shows_all: see `sampler_choice.check_named`.

    Returns:
        notes for the results, on a missing sampler that the selection can do without.

    Raises:
        SettingsError: a needed sampler is missing, or a named one has no effect.
    """
    note = options.check_samplers(selection, auto, shows_all=shows_all)
    options.check()
    return log_notes((note,) if note else (), log)


def log_notes(notes: tuple[str, ...], log: Callable[[str], None]) -> tuple[str, ...]:
    """Call `log` with each note, and return the notes."""
    for note in notes:
        log(note)
    return notes


def selection_of(k: int | str | None, selection: SelectionSettings | None) -> SelectionSettings:
    """The settings of the selection from two arguments, of which at most one may be given.

    Args:
        k: number of clips to select (K), or "auto".
        selection: all settings.

    Raises:
        SettingsError: both are given, or `k` is neither a number nor "auto".
    """
    if k is None:
        return selection or SelectionSettings()
    if selection is not None:
        raise SettingsError(
            "k and selection are both given",
            code="arguments-invalid",
            hint="give k in the selection: SelectionSettings(k=...)",
        )
    if k == "auto":
        return SelectionSettings(k=MAX_K, stops_early=True)
    if isinstance(k, bool) or not isinstance(k, int):
        raise SettingsError(
            f"k is {k!r}, neither a number nor 'auto'",
            code="arguments-invalid",
            hint="the paper takes 10 clips",
        )
    return SelectionSettings(k=k)


def in_brief(selection: SelectionSettings, runtime: Mapping[str, str]) -> str:
    """What `repr` shows of the settings: the strategy, K, the device and the precision.

    Args:
        selection: of a `Tagger` or a `Scorer`.
        runtime: of `ModelOptions.runtime`.

    Example: strategy 'search', k at most 20, cpu fp32.
    """
    k = f"k at most {selection.k}" if selection.stops_early else f"k {selection.k}"
    return f"strategy {selection.strategy!r}, {k}, {runtime['device']} {runtime['precision']}"


def segment_settings(segments: object, selection: SelectionSettings) -> SegmentSettings | None:
    """The settings of segments from the argument of `Tagger`; None for no segments.

    Args:
        segments: the argument.
        selection: which clips are selected.

    Raises:
        SettingsError: neither True or False, nor settings; or fewer clips may be answered than are
            selected.
    """
    if segments is True:
        return SegmentSettings()
    if segments is None or segments is False:
        return None
    if isinstance(segments, SegmentSettings):
        segments.check_selection(selection.strategy, selection.k)
        return segments
    raise SettingsError(
        f"segments is {segments!r}, neither True or False nor SegmentSettings",
        code="arguments-invalid",
        hint="SegmentSettings(max_clips=20) limits what the classifier answers",
    )


def check_paths(paths: object) -> None:
    """Refuse one path in place of a list: each letter of a text would be taken as a path.

    Raises:
        SettingsError: it is a text or a path.
    """
    if isinstance(paths, str | Path):
        raise SettingsError(
            f"paths is {str(paths)!r}, not a list of paths",
            code="arguments-invalid",
            hint="put it into a list, or use the method for one video",
        )


def log_own_sampler(options: ModelOptions, samplers: Samplers, log: Callable[[str], None]) -> None:
    """Call `log` where a sampler comes from the weight file of the classifier."""
    file = options.own_sampler
    if file is None:
        return
    for kind, option in options.samplers.items():
        networks = samplers.networks(kind)
        if option == "auto" and any(network.info.source == file.name for network in networks):
            inputs = ", ".join(network.kind for network in networks)
            log(f"{kind} sampler ({inputs}) from {file.name}, trained with its classifier")


def as_classifier(
    classifier: ClipClassifier | ClipFunction,
    labels: tuple[str, ...] | None,
    spec: InputSpec | None,
    *,
    background: str | None = None,
) -> ClipClassifier:
    """A classifier object of the caller, or one made of a function.

    Args:
        classifier: either.
        labels: C class names of a function.
        spec: clip geometry of a function.
        background: the one of the labels that is the background class of a function.

    Raises:
        SettingsError: it is neither, or labels and spec do not go with it.
    """
    # ClipClassifier is a protocol: any object with its attributes will do
    if isinstance(classifier, ClipClassifier):
        if labels is not None or spec is not None or background is not None:
            raise SettingsError(
                f"classifier {classifier.name!r} has labels and a spec of its own",
                code="arguments-invalid",
                hint="leave out labels, spec and background",
            )
        return classifier
    if not callable(classifier):
        raise SettingsError(
            f"a {type(classifier).__name__} is not a classifier",
            code="arguments-invalid",
            hint="give a name, a function, or an object with classify()",
        )
    if labels is None:
        raise SettingsError(
            "a function needs labels",
            code="arguments-invalid",
            hint="Tagger(function, labels=['a', 'b'])",
        )
    return FunctionClassifier(classifier, labels, spec, background=background)
