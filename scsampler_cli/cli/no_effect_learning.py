"""Where options of `train` and `bench` have no effect; see `effects`."""

from __future__ import annotations

import os

from scsampler_cli.cli.no_effect import Rule, Values, first, unless
from scsampler_cli.cli.train_settings import DEMO_RECIPE, DEMO_VISUAL_ARCH
from scsampler_cli.config import VISUAL
from scsampler_cli.train.recipe import default_recipe

IMAGENET = "resnet18"
"""The one sampler network that starts from public weights where nothing else is asked."""


def _of_samplers(values: Values) -> str:
    return "with --target classifier" if values["target"] == "classifier" else ""


def _of_classifiers(values: Values) -> str:
    return "" if values["target"] == "classifier" else f"with --target {values['target']}"


def _of_lists(values: Values) -> str:
    if values["demo"]:
        return "with --demo"
    # os.path's isdir says no where pathlib's raises: in a folder that may not be entered
    is_folder = values["data"] is not None and os.path.isdir(values["data"])  # noqa: PTH112
    return "on a folder of videos" if is_folder else ""


def _with_steps(values: Values) -> str:
    recipe = default_recipe(str(values["target"]), str(values["objective"]))
    schedule = str(
        values["schedule"] or (DEMO_RECIPE["schedule"] if values["demo"] else recipe.schedule)
    )
    return "" if schedule == "step" else f"with --schedule {schedule}"


def _pretrained(values: Values) -> str:
    """Of what is set for layers that do not start from scratch."""
    init, target = values["init"] or ["auto"], str(values["target"])
    arch = values["arch"] or (DEMO_VISUAL_ARCH if values["demo"] else IMAGENET)
    if set(init) == {"scratch"}:
        return "with --init scratch"
    if init == ["auto"] and target != "joint" and not (target in VISUAL and arch == IMAGENET):
        return "without --init FILE: the network starts from scratch"
    return ""


def _measured(values: Values) -> str:
    """Of the clips that are taken in validation, or by the oracle."""
    has_teacher = values["classifier"] or values["weights"] or values["demo"]
    return "" if has_teacher or values["objective"] == "sal-cl" else "without --classifier"


def _with_objective(*objectives: str) -> Rule:
    return lambda values: (
        "" if values["objective"] in objectives else f"with --objective {values['objective']}"
    )


TRAIN: dict[str, Rule] = {
    "list_format": lambda v: "with --demo" if v["demo"] else "",
    "root": _of_lists,
    "size": _of_classifiers,
    "test_crop": _of_classifiers,
    "p_frames": unless(
        lambda v: v["target"] in ("md", "rgbr", "joint"), "on an input without P-frames"
    ),
    "objective": _of_samplers,
    "weights": _of_samplers,
    "labels": _of_samplers,
    "pretrained_factor": _pretrained,
    "step_epochs": _with_steps,
    "warmup_epochs": _with_steps,
    "clips_per_video": _with_objective("sal-rank", "sal-cl"),
    "margin": _with_objective("sal-rank"),
    "gap": _with_objective("sal-rank"),
    "k": first(_of_samplers, _measured),
    "overwrite": unless(lambda v: not v["resume"], "with --resume"),
}


def _of_speed(values: Values) -> str:
    return "" if values["speed"] else "without --speed"


def _but_speed(values: Values) -> str:
    return "with --speed" if values["speed"] else ""


def _but_replay(values: Values) -> str:
    return "on a replay" if values["replay"] else ""


_generated: Rule = first(_of_speed, lambda v: "on a video that is there" if v["data"] else "")
_measuring: Rule = first(_but_speed, _but_replay)
_to_folder: Rule = first(_but_speed, unless(lambda v: v["output"], "without -o"))


def _of_several(values: Values) -> str:
    runs = len(values["replay"] or ()) or len(values["data"] or ()) * max(
        1, len(values["classifier"] or ())
    )
    # a report may hold several runs
    return "" if values["replay"] or runs > 1 else "with a single data set"


BENCH: dict[str, Rule] = {
    **dict.fromkeys(("minutes", "size", "codec"), _generated),
    **dict.fromkeys(("repeats", "dense_minutes"), _of_speed),
    "sheet": first(_measuring, unless(lambda v: v["output"] or not v["sheet"], "without -o")),
    "sheet_of": first(_measuring, unless(lambda v: v["output"], "without -o")),
    **dict.fromkeys(("timed", "cache", "jobs", "timeout", "max_memory"), _measuring),
    **dict.fromkeys(
        ("keep_features", "empirical", "sampler", "joint", "packet_sampler"), _measuring
    ),
    **dict.fromkeys(
        ("classifier", "weights", "labels", "spatial", "network", "p_frames"), _but_replay
    ),
    **dict.fromkeys(("visual_sampler", "audio_sampler", "device", "precision"), _but_replay),
    **dict.fromkeys(("draws", "seed", "output"), _but_speed),
    **dict.fromkeys(("resume", "overwrite"), _to_folder),
    "pool": first(_but_speed, _of_several),
}
