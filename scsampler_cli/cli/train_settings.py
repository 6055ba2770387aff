"""The settings of a training run from its options: the paper's recipe, unless an option changes it.

Imports torch only when called.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scsampler_cli.cli.train_options import TrainOptions
from scsampler_cli.errors import SettingsError
from scsampler_cli.train.recipe import (
    FROZEN_BATCH,
    FROZEN_PER_EPOCH,
    default_recipe,
    trunk_of,
)

if TYPE_CHECKING:
    from scsampler_cli.classifiers.base import InputSpec
    from scsampler_cli.classifiers.classifier_info import ClassifierFacts
    from scsampler_cli.train.recipe import Recipe
    from scsampler_cli.train.settings import TrainSettings

CLIPS_PER_EPOCH, BATCH, SIZE = 4000, 64, (112, 112)
TRUNK_FRAMES, TRUNK_STRIDE, TRUNK_SIZE = 4, 4, (224, 224)
"""Clips of a lite0 classifier: they span 16 frames. 224 pixels are those of ImageNet; at 128 the
network is right less often (weights/README.md)."""
CROP_SHARE = 8 / 7
"""Short side of a frame over the side of its crop, as the paper's 256 over 224."""
MIN_SIDE = 16
"""Pixels."""

DEMO_RECIPE: dict[str, Any] = {
    "epochs": 5,
    "learning_rate": 0.002,
    "schedule": "one-cycle",
    "optimiser": "adamw",
}
"""Recipe of --demo, which trains from random weights within minutes."""
DEMO_CLIPS_PER_EPOCH, DEMO_SIZE = 1536, (56, 56)
DEMO_ARCH = {"classifier": "tiny3d", "rgb": "lite0", "mel": "vgg18", "packets": "packets1d"}
DEMO_VISUAL_ARCH = "shufflenet26"
"""Architecture of the demo's samplers on if, md and rgbr."""


def settings_of(
    options: TrainOptions, teacher: ClassifierFacts | None, *, background: bool = False
) -> TrainSettings:
    """Settings of the run: the options, and the paper's recipe for what they leave open.

    Args:
        options: the options of the command.
        teacher: the classifier whose clip geometry a sampler takes over; None without one.
        background: whether there are videos of none of the classes.
    """
    from scsampler_cli.train.settings import TrainSettings

    target, demo = str(options.target), options.demo
    initial_weights = tuple(options.init or ["auto"])
    # input -> architecture, read from the files that joint training starts from
    joint = _joint_networks(initial_weights) if target == "joint" else {}
    architecture = architecture_for(target, options.arch, demo)
    trunk = trunk_of(target, architecture, options.freeze, unfreeze_last=options.unfreeze_last)
    is_frozen = trunk == "frozen"
    # one layer does not overfit, and where all epochs are equally right, the last is the surest
    default_keep = "last" if is_frozen and not options.patience else "best"
    per_epoch = DEMO_CLIPS_PER_EPOCH if demo else CLIPS_PER_EPOCH
    # plain strings: a checkpoint with members of an Enum could not be read as weights only
    return TrainSettings(
        target=target,
        objective=str(options.objective),
        architecture=architecture,
        inputs=tuple(joint) or ("md", "rgbr", "mel"),
        architectures=tuple(joint.values()),
        init=initial_weights,
        freeze=options.freeze,
        unfreeze_last=options.unfreeze_last,
        background=background,
        recipe=_recipe(options, trunk),
        batch=options.batch_size or (FROZEN_BATCH if is_frozen else BATCH),
        per_epoch=options.per_epoch or (FROZEN_PER_EPOCH if is_frozen else per_epoch),
        clips_per_video=options.clips_per_video,
        margin=options.margin,
        gap=options.gap,
        k=options.k,
        augment=str(options.augment),
        patience=options.patience,
        keep=str(options.keep or default_keep),
        seed=options.seed,
        p_frames=options.p_frames,
        spec=_input_spec(options, teacher, trunk),
        test_crop=crop_size(options.test_crop),
        precision=str(options.precision),
    )


def architecture_for(target: str, named: str | None, demo: bool) -> str | None:
    """The architecture of a network; None for the default of its target.

    Args:
        target: what is trained.
        named: the architecture on the command line; None without one.
        demo: True for small networks, which learn within minutes on a CPU.
    """
    return named or (DEMO_ARCH.get(target, DEMO_VISUAL_ARCH) if demo else None)


def _joint_networks(files: tuple[str, ...]) -> dict[str, str]:
    """Input -> architecture of the network in each file of joint training.

    Raises:
        SettingsError: two networks for one input.
    """
    from scsampler_cli.model_zoo.weightfile import read_metadata

    inputs: list[str] = []
    architectures: list[str] = []
    for file in files:
        metadata = read_metadata(Path(file))
        inputs.append(str(metadata.get("input")))
        architectures.append(str(metadata.get("arch")))
    if len(set(inputs)) < len(inputs):
        raise SettingsError(
            f"two networks for one input: {', '.join(inputs)}",
            code="joint-training-invalid",
            hint="name one file per input",
        )
    return dict(zip(inputs, architectures, strict=True))


def _recipe(options: TrainOptions, trunk: str) -> Recipe:
    """The recipe of target and objective, then that of the demo, then the options."""
    changes: dict[str, Any] = {
        "epochs": options.epochs,
        "learning_rate": options.lr,
        "schedule": None if options.schedule is None else str(options.schedule),
        "step_epochs": options.step_epochs,
        "warmup_epochs": options.warmup_epochs,
        "optimiser": None if options.optimiser is None else str(options.optimiser),
        "pretrained_factor": options.pretrained_factor,
    }
    # None: the option is not on the command line
    changes = {name: value for name, value in changes.items() if value is not None}
    if options.demo:
        changes = {**DEMO_RECIPE, **changes}
    recipe = default_recipe(str(options.target), str(options.objective), trunk=trunk)
    return replace(recipe, **changes)


def _input_spec(options: TrainOptions, teacher: ClassifierFacts | None, trunk: str) -> InputSpec:
    """Length, stride and size of the clips that the network learns from."""
    from scsampler_cli.classifiers.base import InputSpec

    if trunk and options.target == "classifier":
        from scsampler_cli.nn.lite0 import MEAN, SCALE

        # all of the picture, stretched to the size
        size = crop_size(options.size) or TRUNK_SIZE
        return InputSpec(
            options.clip_frames or TRUNK_FRAMES,
            options.frame_stride or TRUNK_STRIDE,
            size,
            crop=size,
            mean=(MEAN / 255,) * 3,
            std=(SCALE / 255,) * 3,
        )

    # a sampler scores the clips that its classifier tags
    frames = options.clip_frames or (teacher.spec.frames if teacher else 16)
    stride = options.frame_stride or (teacher.spec.stride if teacher else 1)
    # (height, width) in pixels
    crop = crop_size(options.size) or (DEMO_SIZE if options.demo else SIZE)
    # the short side of a frame is scaled to 8/7 of the crop, and the crop is cut from it
    return InputSpec(frames, stride, round(min(crop) * CROP_SHARE), crop=crop)


def crop_size(text: str | None) -> tuple[int, int] | None:
    """(height, width) in pixels of "128x96", which is WIDTHxHEIGHT, or of one side such as "112".

    Raises:
        SettingsError: not a size, or the order HEIGHTxWIDTH of earlier versions.
    """
    if text is None:
        return None
    found = re.fullmatch(r"(\d{2,3})(?:x(\d{2,3}))?", text)
    # one side alone stands for a square
    width, height = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
    if min(width, height) < MIN_SIDE:
        raise SettingsError(
            f"invalid size {text!r}: expected one side, or WIDTHxHEIGHT, in pixels",
            code="size-invalid",
            hint=f"e.g. 112 or 128x96; each side is from {MIN_SIDE} to 999",
        )
    # frames are wider than high, so that this is most likely the order of earlier versions
    if width < height:
        raise SettingsError(
            f"invalid size {text!r}: sizes are WIDTHxHEIGHT, and this one is higher than wide",
            code="size-invalid",
            hint=f"earlier versions had HEIGHTxWIDTH: write {height}x{width}",
        )
    return height, width
