"""Options without effect are refused, since they are most likely mistakes.

A table per command has a rule for each option that may have no effect. Options without a rule
always have an effect, or are in `EXCUSED` with a reason. Only options on the command line are
checked, even if their value is the default.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import typer

from scsampler_cli.cli.record_format import has_file
from scsampler_cli.cli.record_format import record_format as record_format
from scsampler_cli.cli.selection_options import AUTO, most_clips
from scsampler_cli.config import (
    BASELINES,
    RANDOM_STRATEGIES,
    RANKED,
    VISUAL_STRATEGIES,
    SelectionSettings,
)
from scsampler_cli.errors import ScsamplerError, SettingsError
from scsampler_cli.output.writers import CUT_FORMATS, DOCUMENT_FORMATS
from scsampler_cli.pipeline.models import DEMO, ModelOptions
from scsampler_cli.pipeline.sampler_choice import (
    CONCERNED,
    inputs_of,
    needed_samplers,
    without_concerned,
)

Values = Mapping[str, Any]
"""Name of a parameter of a command -> its value."""
Rule = Callable[[Values], str]
"""Gives the reason why an option has no effect, such as "with strategy 'uniform'", or ""."""

EXCUSED = {
    "jobs": "a bound: there are never more processes than files",
    "timeout": "a bound: most files take less",
    "max_memory": "a bound: most files take less",
    "max_pixels": "a bound: most videos are smaller",
    "max_frames": "a bound: most videos are shorter",
    "as_finished": "about time only: one process finishes the files in their order anyway",
    "strict": "a requirement on the files: undamaged ones meet it",
    "quiet": "there may be no message",
    "verbose": "there may be no message",
    "debug": "there may be no error",
    "schema": "prints the schema and exits, as --help does",
    "overwrite": "a permission: there may be no file to replace",
    "patience": "a bound: every epoch may be better than the one before",
    "cache": "a folder: no result depends on it",
    "cascade": "--no-cascade is the default",
    "diverse": "--no-diverse is the default",
    "segments": "--no-segments is the default",
    "min_probability": "a limit: every video may be above it",
}
"""Options that may have no effect and still are no mistakes: option -> reason."""


def check(context: typer.Context, rules: Mapping[str, Rule]) -> None:
    """Refuse an option that has no effect.

    Args:
        context: Typer's context of the command.
        rules: name of a parameter -> its rule.

    Raises:
        SettingsError: which option, and why.
    """
    for parameter in context.command.params:
        name = str(parameter.name)
        rule, source = rules.get(name), context.get_parameter_source(name)
        # options that have their default are never refused
        if rule is None or source is None or source.name != "COMMANDLINE":
            continue
        reason = rule(context.params)
        if reason:
            option = _option_of(parameter, value=context.params[name])
            raise SettingsError(
                f"{option} has no effect {reason}",
                code="no-effect",
                hint=f"leave it out; {context.command_path} --help-all explains it",
            )


def _option_of(parameter: Any, *, value: Any) -> str:
    """The name of an option as the user wrote it: --no-... for False, else the long name."""
    # secondary names are those of a flag's negative, such as --no-cascade
    if parameter.secondary_opts:
        names = [*parameter.opts, *(parameter.secondary_opts if value is False else ())]
        return str(names[-1])
    return str(max(parameter.opts, key=len))


def unless(condition: Callable[[Values], object], reason: str) -> Rule:
    """A rule: no effect unless the condition is true."""
    return lambda values: "" if condition(values) else reason


def first(*rules: Rule) -> Rule:
    """A rule: no effect if one of the rules has a reason; the first reason counts."""

    def rule(values: Values) -> str:
        for one in rules:
            reason = one(values)
            if reason:
                return reason
        return ""

    return rule


def with_strategy(values: Values) -> str:
    """The reason that names the strategy."""
    return f"with strategy {str(values['strategy'])!r}"


def for_sampler(kind: str, *, scores_shown: bool) -> Rule:
    """A rule for a sampler and its inputs: no effect unless the strategy uses the sampler.

    Args:
        kind: "visual", "audio" or "packets".
        scores_shown: True in a command whose results are the visual and audio scores themselves. It
            computes them with every strategy but "packets".
    """

    def rule(values: Values) -> str:
        strategy = str(values["strategy"])
        # any histogram and any number of candidates: samplers do not depend on them
        histogram = (1.0,) if strategy == "empirical" else None
        k = most_clips(values["k"], values.get("max_k"))
        candidates = k if values["cascade"] else None
        # the option --cascade is refused instead
        if candidates is not None and strategy not in (*VISUAL_STRATEGIES, "auto"):
            return ""
        selection = SelectionSettings(
            strategy=strategy, k=k, histogram=histogram, candidates=candidates
        )
        used = set(needed_samplers(selection))
        if scores_shown and strategy != "packets":
            used |= {"visual", "audio"}
        return "" if kind in used else with_strategy(values)

    return rule


def for_sampler_name(kind: str, *, scores_shown: bool) -> Rule:
    """A rule for the name of a sampler; "none" is accepted for a sampler that is not used."""
    rule = for_sampler(kind, scores_shown=scores_shown)
    name = "packet_sampler" if kind == "packets" else f"{kind}_sampler"
    return lambda values: "" if values[name] == "none" else rule(values)


def for_visual_inputs(setting: str, *, scores_shown: bool) -> Rule:
    """A rule for options about visual features, such as the number of P-frames.

    They have no effect unless the strategy uses a visual sampler, and there is one on an input that
    they change.

    Args:
        setting: name of the setting.
        scores_shown: as in `for_sampler`.
    """
    without = unless(lambda values: values["visual_sampler"] != "none", "without a visual sampler")
    concerned = for_inputs(setting, _visual_inputs)
    by_sampler = first(for_sampler("visual", scores_shown=scores_shown), without, concerned)

    def rule(values: Values) -> str:
        # a search and diverse clips read the picture of each clip, whatever the sampler
        reads = values["diverse"] or values["strategy"] == "search"
        # without a sampler "auto" is a search, if there is a classifier to ask
        samplers = values["visual_sampler"], values["audio_sampler"]
        is_search = not scores_shown and samplers in (("none", "none"), ("none", "auto"))
        reads = reads or (is_search and values["strategy"] == "auto")
        return "" if reads and "rgb" in CONCERNED[setting] else by_sampler(values)

    return rule


def for_inputs(setting: str, inputs_of_all: Callable[[Values], Iterable[str] | None]) -> Rule:
    """A rule for a setting of the features; `inputs_of_all` gives None where inputs are not known
    yet.
    """

    def rule(values: Values) -> str:
        try:
            inputs = inputs_of_all(values)
        except ScsamplerError:
            # the check of the models has the better message
            return ""
        return "" if inputs is None else without_concerned(setting, frozenset(inputs))

    return rule


def _visual_inputs(values: Values) -> frozenset[str] | None:
    options = ModelOptions(
        classifier=values.get("classifier", "auto"), weights=values.get("weights")
    )
    # the demo has networks of its own, unless others are named
    if values.get("demo") and not options.names_classifier:
        options = replace(options, classifier=DEMO)
    return inputs_of(values["visual_sampler"], "visual", options.auto_set)


def for_folders(values: Values) -> str:
    """A rule for patterns of file names in folders."""
    paths = values.get("paths") or values.get("inputs") or ()
    # os.path.isdir is False for a folder that may not be entered, where Path.is_dir raises
    has_folder = any(os.path.isdir(path) for path in paths)  # noqa: PTH112
    # a list on standard input may name folders
    return "" if has_folder or "-" in paths else "without a folder"


def not_for_lists(values: Values) -> str:
    """A rule for all options that do not matter to a list of classifiers."""
    return "with --list-classifiers" if values["list_classifiers"] else ""


# of commands that process videos
_RUNNING: dict[str, Rule] = {
    "glob": for_folders,
    "hash": unless(
        lambda v: record_format(v) in ("json", "jsonl"), "without records in json or jsonl"
    ),
    "verbose": unless(
        lambda v: not v["quiet"] or v["log_file"], "with --quiet and without --log-file"
    ),
}
# of the selection of clips
_CHOICE: dict[str, Rule] = {
    "k": lambda v: with_strategy(v) if v["strategy"] == "dense" else "",
    "diverse": lambda v: (
        with_strategy(v) if v["diverse"] and v["strategy"] not in (*RANKED, "auto") else ""
    ),
    "seed": lambda v: "" if v["strategy"] in RANDOM_STRATEGIES else with_strategy(v),
    "clip_stride": lambda v: with_strategy(v) if v["strategy"] in (*BASELINES, "search") else "",
    "candidates": unless(lambda v: v["cascade"], "without --cascade"),
    "alpha": lambda v: "" if "convex" in v["strategy"] else with_strategy(v),
    "k_visual": lambda v: "" if v["strategy"] in ("av-union-list", "auto") else with_strategy(v),
    "histogram": lambda v: "" if v["strategy"] == "empirical" else with_strategy(v),
    "cascade": lambda v: (
        with_strategy(v)
        if v["cascade"] and v["strategy"] not in (*VISUAL_STRATEGIES, "auto")
        else ""
    ),
}


def _for_sampled(values: Values) -> str:
    return with_strategy(values) if values["strategy"] in BASELINES else ""


def _with_a_sampler(values: Values) -> str:
    names = ("visual_sampler", "audio_sampler", "packet_sampler")
    # whether a sampler has a background class is known when its file is read
    return "" if any(values[name] != "none" for name in names) else "without a sampler"


_FOR_ROWS = unless(lambda v: record_format(v) == "csv", "without records in csv")
_WRITING: dict[str, Rule] = {"overwrite": unless(has_file, "without a file to write")}
# results are tags: samplers matter only if the strategy uses them
_CLASSIFY: dict[str, Rule] = {
    **_RUNNING,
    **_CHOICE,
    **_WRITING,
    "max_k": unless(lambda v: v["k"] == AUTO or v["segments"], "without --k auto or --segments"),
    "visual_sampler": for_sampler_name("visual", scores_shown=False),
    "audio_sampler": for_sampler_name("audio", scores_shown=False),
    "packet_sampler": for_sampler_name("packets", scores_shown=False),
    "p_frames": for_visual_inputs("p_frames", scores_shown=False),
    "picture_gap": for_visual_inputs("picture_gap", scores_shown=False),
    "saliency": first(_for_sampled, _with_a_sampler),
    "reel_pad": unless(lambda v: v["reel"], "without --reel"),
    "frames_each": unless(lambda v: v["frames"], "without --frames"),
    "frames_size": unless(lambda v: v["frames"], "without --frames"),
    "rows": _FOR_ROWS,
    "top": lambda v: (
        f"on {record_format(v)}, which has no tags"
        if record_format(v) in (*CUT_FORMATS, *DOCUMENT_FORMATS) and not v["report"]
        else ""
    ),
}
# results are scores: samplers matter with nearly every strategy
SCORE: dict[str, Rule] = {
    **_RUNNING,
    **_CHOICE,
    **_WRITING,
    "visual_sampler": for_sampler_name("visual", scores_shown=True),
    "audio_sampler": for_sampler_name("audio", scores_shown=True),
    "packet_sampler": for_sampler_name("packets", scores_shown=True),
    "p_frames": for_visual_inputs("p_frames", scores_shown=True),
    "picture_gap": for_visual_inputs("picture_gap", scores_shown=True),
    "saliency": _with_a_sampler,
    "short_side": for_visual_inputs("short_side", scores_shown=True),
}


def _for_extracted(inputs: tuple[str, ...]) -> Rule:
    return unless(
        lambda values: set(inputs) & set(values["what"].split(",")),
        f"without {' or '.join(inputs)}",
    )


# no clip is selected and no network runs
EXTRACT: dict[str, Rule] = {
    **_RUNNING,
    **{setting: _for_extracted(inputs) for setting, inputs in CONCERNED.items()},
}
# records are only read: no option of videos but the names of files
MERGE: dict[str, Rule] = {
    **_WRITING,
    "glob": first(unless(lambda v: v["inputs"], "without --inputs"), for_folders),
    "holes": unless(lambda v: v["inputs"], "without --inputs"),
    "rows": _FOR_ROWS,
    "verbose": _RUNNING["verbose"],
}
# what was found is one result, of all videos
FIND: dict[str, Rule] = {
    "glob": for_folders,
    "verbose": _RUNNING["verbose"],
    "reel_pad": unless(lambda v: v["reel"], "without --reel"),
    **_WRITING,
}
# options that --list-classifiers goes together with
_LISTED = ("list_classifiers", "format", "debug")


def classify_rules(context: typer.Context) -> dict[str, Rule]:
    """The table of classify. With --list-classifiers, only the format of the list matters."""
    names = [str(parameter.name) for parameter in context.command.params]
    return {
        name: first(
            *(() if name in _LISTED else (not_for_lists,)), _CLASSIFY.get(name, lambda _: "")
        )
        for name in names
    }
