"""Options that would have no effect are refused: they are mistakes, not wishes to be dropped in silence.

A table for each command says where an option has no effect; one that is not in it always has one, or is in EXCUSED with a reason.
Only what is given on the command line is looked at, but that also where it is the default.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import typer

from scsampler_cli.cli.output_targets import STDOUT
from scsampler_cli.config import BASELINES, RANDOM_STRATEGIES, VISUAL_STRATEGIES, SelectionSettings
from scsampler_cli.errors import SettingsError
from scsampler_cli.output.writers import CUT_FORMATS, format_for
from scsampler_cli.pipeline.sampler_choice import needed_samplers

Values = Mapping[str, Any]
"""What the parameters of a command say, by their names."""
Rule = Callable[[Values], str]
"""Where an option has no effect, such as "with strategy 'uniform'"; empty where it has one."""

EXCUSED = {
    "jobs": "a bound: there are never more processes than files",
    "timeout": "a bound: most files take less",
    "max_memory": "a bound: most files take less",
    "max_pixels": "a bound: most videos are smaller",
    "max_frames": "a bound: most videos are shorter",
    "as_finished": "a wish about time: with one process files are done in their order anyway",
    "strict": "a demand on the files: healthy ones meet it",
    "quiet": "there may be nothing to be said",
    "verbose": "there may be nothing to be said",
    "debug": "there may be no error",
    "schema": "prints the schema and leaves, as --help does",
    "overwrite": "a permission: there may be nothing to write over",
    "patience": "a bound: every epoch may be better than the one before",
    "cache": "a place: nothing in a result depends on it",
    "cascade": "--no-cascade says what is so anyway",
}
"""Options that may change nothing, and are no mistakes."""


def check(context: typer.Context, rules: Mapping[str, Rule]) -> None:
    """Refuse an option that has no effect.

    Args:
        context: of the command, as Typer hands it over.
        rules: by the names of the command's parameters.

    Raises:
        SettingsError: which option, and where.
    """
    for parameter in context.command.params:
        rule, source = (
            rules.get(str(parameter.name)),
            context.get_parameter_source(str(parameter.name)),
        )
        if rule is None or source is None or source.name != "COMMANDLINE":
            continue
        if where := rule(context.params):
            names = [
                *parameter.opts,
                *(parameter.secondary_opts if context.params[str(parameter.name)] is False else ()),
            ]
            option = max(names[-1:] if parameter.secondary_opts else names, key=len)
            raise SettingsError(
                f"{option} has no effect {where}",
                code="no-effect",
                hint=f"leave it out; {context.command_path} --help explains it",
            )


def unless(condition: Callable[[Values], object], where: str) -> Rule:
    """No effect unless the condition holds."""
    return lambda values: "" if condition(values) else where


def first(*rules: Rule) -> Rule:
    """No effect where one of the rules says so."""
    return lambda values: next(filter(None, (rule(values) for rule in rules)), "")


def with_strategy(values: Values) -> str:
    """The strategy, as a place where an option may have no effect."""
    return f"with strategy {str(values['strategy'])!r}"


def looked_at(kind: str, *, shown: bool) -> Rule:
    """Of a sampler, and of what it is shown.

    Args:
        kind: "visual", "audio" or "packets".
        shown: True where picture and sound are scored whatever the strategy, except by packets alone.
    """

    def rule(values: Values) -> str:
        strategy = str(values["strategy"])
        histogram = (1.0,) if strategy == "empirical" else None
        candidates = values["k"] if values["cascade"] else None
        if candidates is not None and strategy in (*BASELINES, "audio", "packets"):
            return ""  # refused for --cascade's sake
        selection = SelectionSettings(
            strategy=strategy, k=values["k"], histogram=histogram, candidates=candidates
        )
        used = {
            *needed_samplers(selection),
            *(("visual", "audio") if shown and strategy != "packets" else ()),
        }
        return "" if kind in used else with_strategy(values)

    return rule


def named(kind: str, *, shown: bool) -> Rule:
    """Of a sampler's name; "none" is true of one that is not looked at."""
    rule, name = (
        looked_at(kind, shown=shown),
        {"packets": "packet_sampler"}.get(kind, f"{kind}_sampler"),
    )
    return lambda values: "" if values[name] == "none" else rule(values)


def seen(*, shown: bool) -> Rule:
    """Of what the visual sampler is shown."""
    without = unless(lambda values: values["visual_sampler"] != "none", "without a visual sampler")
    return first(looked_at("visual", shown=shown), without)


def form_of(values: Values) -> str:
    """The format of the records; a table where the name of the output says none, which is refused elsewhere."""
    output = values.get("records") if "records" in values else values.get("output")
    if values["format"] is not None:
        return str(values["format"])
    try:
        return "table" if output is None or output == STDOUT else format_for(Path(output))
    except SettingsError:
        return "table"


def of_folders(values: Values) -> str:
    """Of names looked for in folders."""
    paths = values.get("paths") or values.get("inputs") or ()
    # os.path's isdir says no where pathlib's raises: in a folder that may not be entered
    there = "-" in paths or any(os.path.isdir(path) for path in paths)  # noqa: PTH112
    return "" if there else "without a folder to look into"


def of_list(values: Values) -> str:
    """Of everything, where classifiers are listed."""
    return "with --list-classifiers" if values["list_classifiers"] else ""


_RUNNING: dict[str, Rule] = {
    "glob": of_folders,
    "hash": unless(lambda v: form_of(v) in ("json", "jsonl"), "without records in json or jsonl"),
    "verbose": unless(
        lambda v: not v["quiet"] or v["log_file"], "with --quiet and without --log-file"
    ),
}
_CHOICE: dict[str, Rule] = {
    "k": lambda v: with_strategy(v) if v["strategy"] == "dense" else "",
    "seed": lambda v: "" if v["strategy"] in RANDOM_STRATEGIES else with_strategy(v),
    "clip_stride": lambda v: with_strategy(v) if v["strategy"] in BASELINES else "",
    "candidates": unless(lambda v: v["cascade"], "without --cascade"),
    "alpha": lambda v: "" if "convex" in v["strategy"] else with_strategy(v),
    "k_visual": lambda v: "" if v["strategy"] == "av-union-list" else with_strategy(v),
    "histogram": lambda v: "" if v["strategy"] == "empirical" else with_strategy(v),
    "cascade": lambda v: with_strategy(v) if v["cascade"] and v["strategy"] not in VISUAL_STRATEGIES else "",
}
_FILES = ("output", "report", "thumbnails", "reel", "log_file", "holes")


def _has_file(values: Values) -> bool:
    return any(values.get(name) is not None and values[name] != STDOUT for name in _FILES)


_WRITING: dict[str, Rule] = {"overwrite": unless(_has_file, "without a file to write")}
_CLASSIFY: dict[str, Rule] = {
    **_RUNNING,
    **_CHOICE,
    **_WRITING,
    "visual_sampler": named("visual", shown=False),
    "audio_sampler": named("audio", shown=False),
    "packet_sampler": named("packets", shown=False),
    "p_frames": seen(shown=False),
    "reel_pad": unless(lambda v: v["reel"], "without --reel"),
    "top": lambda v: (
        f"on {form_of(v)}, which has no tags"
        if form_of(v) in CUT_FORMATS and not v["report"]
        else ""
    ),
}
SCORE: dict[str, Rule] = {
    **_RUNNING,
    **_CHOICE,
    **_WRITING,
    "visual_sampler": named("visual", shown=True),
    "audio_sampler": named("audio", shown=True),
    "packet_sampler": named("packets", shown=True),
    "p_frames": seen(shown=True),
    "short_side": seen(shown=True),
}
EXTRACT: dict[str, Rule] = {
    **_RUNNING,
    "p_frames": unless(lambda v: {"md", "rgbr"} & set(v["what"].split(",")), "without md or rgbr"),
    "short_side": unless(
        lambda v: {"if", "rgbr"} & set(v["what"].split(",")), "without if or rgbr"
    ),
}
MERGE: dict[str, Rule] = {
    **_WRITING,
    "glob": first(unless(lambda v: v["inputs"], "without --inputs"), of_folders),
    "holes": unless(lambda v: v["inputs"], "without --inputs"),
    "verbose": _RUNNING["verbose"],
}
_LISTED = ("list_classifiers", "format", "debug")


def of_classify(context: typer.Context) -> dict[str, Rule]:
    """The table of classify, in which nothing but its form matters to a list of classifiers."""
    names = [str(parameter.name) for parameter in context.command.params]
    return {
        name: first(*(() if name in _LISTED else (of_list,)), _CLASSIFY.get(name, lambda _: ""))
        for name in names
    }
