"""What the strategy "auto" stands for: samplers that were trained for the classes, or a search.

A sampler that was trained for other classes selects no better than evenly spaced clips. Its weight
file names its classes, so that they are compared before anything is loaded.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from scsampler_cli.config import (
    AUDIO,
    RANKED,
    SETTLED,
    VISUAL,
    AnswerSettings,
    SelectionSettings,
)
from scsampler_cli.config.selection_settings import FOR_SAMPLERS
from scsampler_cli.errors import SettingsError
from scsampler_cli.model_zoo.bundled_weights import SETS, sampler_files
from scsampler_cli.model_zoo.weights_header import SAMPLER_KEY, read_header
from scsampler_cli.pipeline.sampler_choice import auto_option

_SHOWN = 3
"""Classes that a message names."""


@dataclass(frozen=True)
class StrategyChoice:
    """The strategy in force, and why."""

    selection: SelectionSettings
    """With the strategy that "auto" stands for."""
    samplers: Mapping[str, str]
    """Kind of a sampler -> its option; "none" for one that a search cannot use."""
    why: str = ""
    """Why "auto" stands for this strategy; "" where the user named one."""
    note: str = ""
    """That a sampler was trained for other classes, which is used all the same."""


def choose_strategy(
    selection: SelectionSettings,
    samplers: Mapping[str, str],
    auto: str,
    *,
    classes: Collection[str],
) -> StrategyChoice:
    """Decide what "auto" stands for, and compare the classes of the samplers in use.

    A sampler that the user names, and settings that only samplers use, mean a strategy by samplers.

    Args:
        selection: which clips are selected.
        samplers: kind of a sampler -> "auto", a bundled set, files, or "none".
        auto: what "auto" stands for (`sampler_choice.auto_option`).
        classes: of the classifier, without its background class.

    Raises:
        WeightsError: a weight file cannot be read.
    """
    strategy = selection.strategy
    learnt = _learnt(samplers, auto)
    is_named = {kind: option not in ("auto", "none") for kind, option in samplers.items()}
    # the file of a classifier may hold its sampler, too: these were trained together
    is_own = samplers["visual"] == "auto" and auto not in SETS
    fits = learnt is not None and (is_own or set(classes) <= learnt)
    note = "" if is_own else _mismatch(learnt, classes)
    if strategy == "auto":
        named = [kind for kind in ("visual", "audio") if is_named[kind]]
        if named or selection.for_samplers:
            what = f"{selection.for_samplers} is for samplers"
            if named:
                what = f"the {named[0]} sampler was named"
            why = f"strategy {FOR_SAMPLERS}: {what}"
            return StrategyChoice(selection.by_samplers(), samplers, why=why, note=note)
        if fits:
            why = f"strategy {FOR_SAMPLERS}: the sampler was trained for these classes"
            return StrategyChoice(selection.by_samplers(), samplers, why=why)
        why = f"strategy search: no sampler was trained for {_some(classes)}"
        return StrategyChoice(replace(selection, strategy="search"), _without(samplers), why=why)
    if strategy == "search":
        # a sampler of other classes would mislead the search
        if fits or is_named["visual"]:
            return StrategyChoice(selection, samplers, note=note)
        return StrategyChoice(selection, _without(samplers))
    # packet sizes hardly depend on the classes
    is_noted = strategy in RANKED and strategy != "packets"
    return StrategyChoice(selection, samplers, note=note if is_noted else "")


def check_needs_no_classifier(selection: SelectionSettings) -> None:
    """Refuse a selection that depends on a classifier's answers, where there is no classifier.

    Raises:
        SettingsError: it does.
    """
    what = ""
    if selection.strategy == "search":
        what = "strategy 'search' asks a classifier"
    elif selection.stops_early:
        what = "k 'auto' depends on a classifier's answers"
    if what:
        raise SettingsError(
            f"{what}, and scoring has none",
            code="classifier-needed",
            hint="tag the video instead, or choose another strategy and a number of clips",
        )


def check_aggregate(selection: SelectionSettings, answer: AnswerSettings) -> None:
    """Refuse to stop early with an aggregate of which it is not known when it is settled.

    Args:
        selection: whether to stop early.
        answer: with the aggregate in force (`AnswerSettings.for_strategy`).

    Raises:
        SettingsError: it is not known.
    """
    if selection.stops_early and answer.aggregate not in SETTLED:
        raise SettingsError(
            f"k 'auto' cannot tell when aggregate {answer.aggregate!r} is settled",
            code="stop-unsupported",
            hint="use aggregate auto, mean or odds, or a number of clips",
        )


def _without(samplers: Mapping[str, str]) -> dict[str, str]:
    return {**samplers, "visual": "none"}


def _mismatch(learnt: frozenset[str] | None, classes: Collection[str]) -> str:
    """A note where the samplers learnt other classes; "" where they fit, or name none."""
    if not learnt or set(classes) <= learnt:
        return ""
    missing = [name for name in classes if name not in learnt]
    return (
        f"the sampler was not trained for {_some(missing)}; it knows {_some(sorted(learnt))}: "
        "strategy search without a sampler needs no training"
    )


def _some(names: Collection[str]) -> str:
    """The first few names.

    Example: a, b, c, d, e -> "a, b, c and 2 more".
    """
    shown = ", ".join(list(names)[:_SHOWN])
    return f"{shown} and {len(names) - _SHOWN} more" if len(names) > _SHOWN else shown


def _learnt(samplers: Mapping[str, str], auto: str) -> frozenset[str] | None:
    """Classes that the visual sampler learnt, or without one the audio sampler.

    Returns:
        None without either; empty where the weight files name no classes.
    """
    for kind, inputs in (("visual", VISUAL), ("audio", AUDIO)):
        option = samplers[kind]
        if option == "auto":
            option = auto_option(kind, auto)
        files = sampler_files(option, inputs)
        if files:
            # the file of a classifier may hold its sampler, too
            headers = [read_header(path) for path in files]
            return frozenset.intersection(
                *(_classes_in(header.get(SAMPLER_KEY, header)) for header in headers)
            )
    return None


def _classes_in(metadata: Mapping[str, Any]) -> frozenset[str]:
    """Classes that the metadata of a sampler names, without its background class."""
    names = frozenset(map(str, metadata.get("labels") or ()))
    return names - {str(metadata.get("background"))}
