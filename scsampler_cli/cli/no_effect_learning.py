"""Rules for the options of `train` and `bench` that may have no effect; see `no_effect`."""

from __future__ import annotations

import os

from scsampler_cli.cli.bench_inputs import compared_inputs
from scsampler_cli.cli.no_effect import Rule, Values, first, for_inputs, unless
from scsampler_cli.cli.train_settings import DEMO_RECIPE, architecture_for
from scsampler_cli.config import VISUAL
from scsampler_cli.train.recipe import default_recipe, has_trunk, trunk_of

IMAGENET = "resnet18"
"""The sampler network of the paper that starts from public weights by default."""


def _for_samplers(values: Values) -> str:
    return "with --target classifier" if values["target"] == "classifier" else ""


def _for_classifiers(values: Values) -> str:
    return "" if values["target"] == "classifier" else f"with --target {values['target']}"


def _for_lists(values: Values) -> str:
    if values["demo"]:
        return "with --demo"
    # os.path.isdir is False for a folder that may not be entered, where Path.is_dir raises
    is_folder = values["data"] is not None and os.path.isdir(values["data"])  # noqa: PTH112
    return "on a folder of videos" if is_folder else ""


def _has_trunk(values: Values) -> bool:
    return has_trunk(str(values["target"]), _architecture(values))


def _trunk(values: Values) -> str:
    frozen, last = values["freeze"], values["unfreeze_last"]
    return trunk_of(str(values["target"]), _architecture(values), frozen, unfreeze_last=last)


def _architecture(values: Values) -> str | None:
    return architecture_for(str(values["target"]), values["arch"], bool(values["demo"]))


def _for_steps(values: Values) -> str:
    recipe = default_recipe(str(values["target"]), str(values["objective"]), trunk=_trunk(values))
    default = DEMO_RECIPE["schedule"] if values["demo"] else recipe.schedule
    schedule = str(values["schedule"] or default)
    return "" if schedule == "step" else f"with --schedule {schedule}"


def _for_pretrained(values: Values) -> str:
    """A rule for layers that start from trained weights."""
    init, target = values["init"] or ["auto"], str(values["target"])
    if trunk := _trunk(values):
        # its layers have weights, and learn unless they are frozen
        return "on a frozen trunk" if trunk == "frozen" else ""
    arch = _architecture(values) or IMAGENET
    if set(init) == {"scratch"}:
        return "with --init scratch"
    if init == ["auto"] and target != "joint" and not (target in VISUAL and arch == IMAGENET):
        return "without --init FILE: the network starts from scratch"
    return ""


def _for_validation(values: Values) -> str:
    """A rule for the clips that validation or the oracle selects by a classifier."""
    has_teacher = values["classifier"] or values["weights"] or values["demo"]
    return "" if has_teacher or values["objective"] == "sal-cl" else "without --classifier"


def _for_objectives(*objectives: str) -> Rule:
    return lambda values: (
        "" if values["objective"] in objectives else f"with --objective {values['objective']}"
    )


def _always(_: Values) -> str:
    return ""


# the rest of train's options matter with every target
_TRAIN_ONE: dict[str, Rule] = {
    "list_format": lambda v: "with --demo" if v["demo"] else "",
    "root": _for_lists,
    "size": _for_classifiers,
    "test_crop": first(
        _for_classifiers, lambda v: "on lite0, which takes all of a frame" if _has_trunk(v) else ""
    ),
    "freeze": unless(_has_trunk, "without a lite0 network"),
    "unfreeze_last": first(
        unless(_has_trunk, "without a lite0 network"),
        lambda v: "with --no-freeze" if v["freeze"] is False else "",
    ),
    "background": lambda v: "with --demo" if v["demo"] else "",
    "p_frames": unless(
        lambda v: v["target"] in ("md", "rgbr", "joint"), "on an input without P-frames"
    ),
    "objective": _for_samplers,
    "weights": _for_samplers,
    **dict.fromkeys(("labels", "prompt", "background_labels"), _for_samplers),
    "pretrained_factor": _for_pretrained,
    "step_epochs": _for_steps,
    "warmup_epochs": _for_steps,
    "clips_per_video": _for_objectives("sal-rank", "sal-cl"),
    "margin": _for_objectives("sal-rank"),
    "gap": _for_objectives("sal-rank"),
    "k": first(_for_samplers, _for_validation),
    "overwrite": unless(lambda v: not v["resume"], "with --resume"),
    # with --target auto alone they have none
    **dict.fromkeys(("arch", "init", "classifier"), _always),
}
_OF_ONE_NETWORK = {
    *(
        "arch",
        "init",
        "classifier",
        "weights",
        "labels",
        "prompt",
        "background_labels",
        "size",
        "test_crop",
        "p_frames",
    ),
    *("objective", "clips_per_video", "margin", "gap", "k"),
}
"""Options for one of the two networks of `--target auto`."""


def _with_auto(name: str, rule: Rule) -> Rule:
    """The rule of an option, for `--target auto`, too."""

    def of_both(values: Values) -> str:
        if values["target"] != "auto":
            return rule(values)
        # the demo trains one small sampler
        if values["demo"]:
            return rule({**values, "target": "rgbr"})
        if name in _OF_ONE_NETWORK:
            return "with --target auto, which trains two networks; --target names one of them"
        # for the rest both are alike
        return rule({**values, "target": "classifier"})

    return of_both


TRAIN: dict[str, Rule] = {name: _with_auto(name, rule) for name, rule in _TRAIN_ONE.items()}


def _for_speed(values: Values) -> str:
    return "" if values["speed"] else "without --speed"


def _not_for_speed(values: Values) -> str:
    return "with --speed" if values["speed"] else ""


def _not_for_replay(values: Values) -> str:
    return "on a replay" if values["replay"] else ""


_for_generated_video: Rule = first(_for_speed, lambda v: "on a named video" if v["data"] else "")
_for_measuring: Rule = first(_not_for_speed, _not_for_replay)
_for_folder: Rule = first(_not_for_speed, unless(lambda v: v["output"], "without -o"))


def _for_several_runs(values: Values) -> str:
    # one report may have several runs
    if values["replay"]:
        return ""
    classifiers = max(1, len(values["classifier"] or ()))
    runs = len(values["data"] or ()) * classifiers
    return "" if runs > 1 else "with a single data set"


BENCH: dict[str, Rule] = {
    # of the generated video, and of --speed
    **dict.fromkeys(("minutes", "size", "codec", "gop"), _for_generated_video),
    **dict.fromkeys(("repeats", "dense_minutes"), _for_speed),
    "sheet": first(_for_measuring, unless(lambda v: v["output"] or not v["sheet"], "without -o")),
    "sheet_of": first(_for_measuring, unless(lambda v: v["output"], "without -o")),
    # of a run that measures data sets
    **dict.fromkeys(("timed", "cache", "jobs", "timeout", "max_memory"), _for_measuring),
    **dict.fromkeys(
        ("keep_features", "empirical", "sampler", "joint", "packet_sampler"), _for_measuring
    ),
    # of a run that measures anything: a replay loads no models
    **dict.fromkeys(
        ("classifier", "weights", "labels", "prompt", "background_labels", "spatial", "network"),
        _not_for_replay,
    ),
    **{
        setting: first(_not_for_replay, for_inputs(setting, compared_inputs))
        for setting in ("p_frames", "picture_gap")
    },
    **dict.fromkeys(("visual_sampler", "audio_sampler", "device", "precision"), _not_for_replay),
    # speed does not depend on it
    "saliency": _for_measuring,
    # of the tables and of the report
    **dict.fromkeys(("draws", "seed", "output"), _not_for_speed),
    "resume": _for_folder,
    # a log file may be replaced, too
    "overwrite": lambda v: "" if v["log_file"] else _for_folder(v),
    "pool": first(_not_for_speed, _for_several_runs),
    "true_segments": first(_not_for_speed, lambda v: "with --demo" if v["demo"] else ""),
}
