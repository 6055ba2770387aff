"""Default recipes of training: those of the paper's Appendix A.2 and B.

The paper names no optimiser. The visual networks use AdamW, since CoViAR (Wu et al., 2018), whose
recipe App. B.1 takes over, uses Adam. The VGG and the 3D CNNs use SGD with momentum 0.9, which
their learning rates of 0.01 and more are made for.
"""

from __future__ import annotations

from dataclasses import dataclass

from scsampler_cli.config import PACKETS, VISUAL
from scsampler_cli.errors import SettingsError

OBJECTIVES = ("ac", "sal-rank", "sal-cl")
"""AC (Sec. 3.2.1), SAL-RANK (Sec. 3.2.2), SAL-CL (App. B.2)."""
TARGETS = ("classifier", *VISUAL, "mel", *PACKETS, "joint")
"""What can be trained: a clip classifier, one sampler network by its input, or visual and audio
samplers together (Sec. 3.3.3)."""
TRUNK = "lite0"
"""The architecture that is a trunk with ImageNet weights, and one layer on its features."""
TRUNK_TARGETS = ("classifier", "rgb")
"""Targets whose default architecture it is."""
TRUNK_BLOCKS = 16
"""Blocks of the trunk, counted from its input."""
SCHEDULES = ("plateau", "step", "one-cycle")
OPTIMISERS = ("adamw", "sgd")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Optimiser and learning rates.

    Raises:
        SettingsError: a value is unknown or out of range.
    """

    epochs: int
    learning_rate: float
    """Learning rate of new layers."""
    schedule: str
    """Course of the learning rate. "plateau": divided by 10 when the validation measure no longer
    rises. "step": divided by 10 every `step_epochs`. "one-cycle": up and down once, changed at
    every step (Smith, 2018)."""
    step_epochs: int
    """Epochs at one rate, for "step"."""
    warmup_epochs: int
    """Epochs in which the rate rises to its full value, for "step"."""
    optimiser: str
    pretrained_factor: float
    """Learning rate of pre-trained layers, as a share of `learning_rate`."""
    weight_decay: float | None = None
    """Of all parameters but biases and batch normalisations; None: that of the optimiser
    (`fit`)."""

    def __post_init__(self) -> None:
        # a typing error in a recipe of a caller
        for value, known in ((self.schedule, SCHEDULES), (self.optimiser, OPTIMISERS)):
            if value not in known:
                raise SettingsError(
                    f"unknown choice {value!r}",
                    code="unknown-choice",
                    hint=f"choose from {', '.join(known)}",
                )
        if self.epochs < 1 or self.learning_rate <= 0 or self.step_epochs < 1:
            raise SettingsError(
                "epochs, rate and step must be above 0",
                code="out-of-range",
                hint="leave them out for the paper's",
            )


VISUAL_RECIPE = Recipe(
    epochs=40,
    learning_rate=0.001,
    schedule="plateau",
    step_epochs=5,
    warmup_epochs=0,
    optimiser="adamw",
    pretrained_factor=0.01,
)
"""App. B.1: rate 0.001, reduced when accuracy plateaus; that of pre-trained layers is 100 times
smaller. The paper gives no number of epochs."""
AUDIO_RECIPES = {
    "sal-rank": Recipe(
        epochs=20,
        learning_rate=0.03,
        schedule="step",
        step_epochs=5,
        warmup_epochs=0,
        optimiser="sgd",
        pretrained_factor=0.05,
    ),
    "sal-cl": Recipe(
        epochs=16,
        learning_rate=0.001,
        schedule="step",
        step_epochs=10,
        warmup_epochs=0,
        optimiser="sgd",
        pretrained_factor=0.05,
    ),
    "ac": Recipe(
        epochs=20,
        learning_rate=0.001,
        schedule="step",
        step_epochs=5,
        warmup_epochs=0,
        optimiser="sgd",
        pretrained_factor=0.05,
    ),
}
"""App. B.2, by objective.

SAL-RANK: rate 0.03 (Kinetics; 0.01 for Sports1M), divided by 10 every 5 epochs. SAL-CL: 0.001 for
10 epochs, a tenth for 6 more. AC: 0.001, divided by 10 every 5 epochs. The rate of pre-trained
layers is 5 * 10^-2 times that. Where the paper gives no number of epochs, it is 20."""
CLASSIFIER_RECIPE = Recipe(
    epochs=45,
    learning_rate=0.01,
    schedule="step",
    step_epochs=10,
    warmup_epochs=10,
    optimiser="sgd",
    pretrained_factor=1.0,
)
"""App. A.2 for Kinetics: 45 epochs, 10 of them warm-up, rate 0.01 divided by 10 every 10 epochs."""
JOINT_RECIPE = Recipe(
    epochs=10,
    learning_rate=0.001,
    schedule="plateau",
    step_epochs=5,
    warmup_epochs=0,
    optimiser="adamw",
    pretrained_factor=1.0,
)
"""The paper writes "finetune the two networks" (Sec. 3.3.3) and gives no rates. The networks start
from trained samplers, so that the rate of all layers is low."""
PACKETS_RECIPE = Recipe(
    epochs=12,
    learning_rate=0.003,
    schedule="one-cycle",
    step_epochs=5,
    warmup_epochs=0,
    optimiser="adamw",
    pretrained_factor=1.0,
)
"""For a network that the paper does not have: small, from scratch, an epoch takes seconds."""


FROZEN_RECIPE = Recipe(
    epochs=8,
    learning_rate=0.001,
    schedule="one-cycle",
    step_epochs=5,
    warmup_epochs=0,
    optimiser="adamw",
    pretrained_factor=1.0,
    weight_decay=5.0,
)
"""For one layer on the features of a frozen trunk, which the paper does not have.

A thousand steps are enough. With a weight decay of 0.05 it was as accurate, but overconfident."""
FROZEN_BATCH, FROZEN_PER_EPOCH = 256, 32_768
"""Clips in a step and in an epoch with a frozen trunk: a step costs a millisecond."""
FINE_TUNING_RECIPE = Recipe(
    epochs=12,
    learning_rate=0.001,
    schedule="one-cycle",
    step_epochs=5,
    warmup_epochs=0,
    optimiser="adamw",
    pretrained_factor=0.1,
)
"""For a trunk that is trained with the layer on it, all of it or its last blocks."""


def has_trunk(target: str, architecture: str | None) -> bool:
    """True for one network (not for joint training) that is a trunk with a layer on it.

    Args:
        target: one of TARGETS.
        architecture: None for the default of the target.
    """
    default = TRUNK if target in TRUNK_TARGETS else None
    return target != "joint" and (architecture or default) == TRUNK


def trunk_of(
    target: str, architecture: str | None, freeze: bool | None, *, unfreeze_last: int
) -> str:
    """What a trunk does: "frozen" where it gives features, "trained" where it learns, "" for none.

    Arguments as the fields of `settings.TrainSettings`.
    """
    if not has_trunk(target, architecture):
        return ""
    return "trained" if freeze is False or unfreeze_last else "frozen"


def default_recipe(target: str, objective: str, *, trunk: str = "") -> Recipe:
    """The recipe for a target and an objective.

    Args:
        target: one of TARGETS.
        objective: one of OBJECTIVES.
        trunk: "frozen" or "trained" for a network with a trunk, "" for others.
    """
    if trunk:
        return FROZEN_RECIPE if trunk == "frozen" else FINE_TUNING_RECIPE
    # the objective matters for audio alone: App. B.2 has a recipe for each
    if target == "classifier":
        return CLASSIFIER_RECIPE
    if target == "joint":
        return JOINT_RECIPE
    if target in PACKETS:
        return PACKETS_RECIPE
    return AUDIO_RECIPES[objective] if target == "mel" else VISUAL_RECIPE
