"""`TrainSettings`: all settings that decide what a training run computes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from scsampler_cli.classifiers.base import InputSpec
from scsampler_cli.config import INPUTS, VISUAL
from scsampler_cli.errors import SettingsError
from scsampler_cli.train.recipe import (
    OBJECTIVES,
    TARGETS,
    TRUNK_BLOCKS,
    Recipe,
    default_recipe,
    has_trunk,
    trunk_of,
)

AUGMENTATIONS = ("paper", "strong")
MARGIN = 0.1
"""eta of Eq. 2, a tenth of the range of s; the paper gives no value."""
GAP = 0.05
"""Smallest difference of f_y between the clips of a pair: 0.999 and 0.998 rank nothing."""


@dataclass(frozen=True, kw_only=True)
class TrainSettings:
    """One training run. Paths, device and cache are not among them: they do not change the result.

    Raises:
        SettingsError: a value is unknown or out of range, or two values contradict each other.
    """

    target: str
    """One of TARGETS."""
    objective: str = "ac"
    """One of OBJECTIVES; "ac" for a classifier."""
    architecture: str | None = None
    """None: lite0 for a classifier and for "rgb", the paper's best for other samplers (Table 4)."""
    inputs: tuple[str, ...] = ("md", "rgbr", "mel")
    """For "joint": the networks that are trained together."""
    architectures: tuple[str, ...] = ()
    """For "joint": the architecture in each weight file; () for the default of each input."""
    init: tuple[str, ...] = ("auto",)
    """"auto", "imagenet", "scratch", or a weight file; for "joint" one file for each input."""
    freeze: bool | None = None
    """For lite0: True keeps the weights of its trunk, and only the layer on it learns, from
    features that are computed once. None: as True, but joint training trains all layers.
    Other architectures have no trunk, and take None."""
    unfreeze_last: int = 0
    """Last blocks of the trunk (of 16) that learn, and its head with them; 0: none."""
    background: bool = False
    """Whether the videos labelled `config.BACKGROUND` show none of the classes. They get the last
    output, and are no videos of a class."""
    recipe: Recipe = field(default_factory=lambda: default_recipe("rgbr", "ac"))
    batch: int = 64
    """Clips in a step, of all processes together."""
    per_epoch: int = 4000
    """Clips drawn for one epoch."""
    clips_per_video: int = 8
    """SAL-RANK: clips of one video in a step; it compares all pairs of them."""
    margin: float = MARGIN
    gap: float = GAP
    k: int = 10
    """K of the validation measure and of SAL-CL's oracle."""
    augment: str = "paper"
    """"paper": random crop and flip (App. A.2). "strong" adds scale, colour, speed and mixup, for
    small data sets."""
    patience: int = 0
    """Epochs without a better validation measure after which training ends; 0: never."""
    keep: str = "best"
    """Epoch to export. "best": the one with the best validation measure. "last": the last one."""
    seed: int = 0
    p_frames: int = 4
    spec: InputSpec = field(default_factory=InputSpec)
    """Clip geometry during training; for a sampler only frames and stride matter."""
    test_crop: tuple[int, int] | None = None
    """Crop (height, width) of a finished classifier, pixels; None for the crop of training. A wider
    one shows more of the scene, and compensates for the larger objects in random crops (Touvron et
    al., FixRes, 2019)."""
    precision: str = "auto"

    def __post_init__(self) -> None:
        self._check_choices()
        # SAL-RANK compares pairs, and needs two clips of a video
        if min(self.batch, self.per_epoch, self.k) < 1 or self.clips_per_video < 2:
            raise SettingsError(
                "batch, per_epoch and k must be at least 1, clips_per_video at least 2",
                code="out-of-range",
                hint="leave them out",
            )
        if self.target == "classifier" and self.objective != "ac":
            raise SettingsError(
                f"the objective {self.objective} is for samplers",
                code="objective-invalid",
                hint="a classifier has none to choose: leave it out",
            )
        self._check_trunk()
        if self.background and self.objective != "ac":
            raise SettingsError(
                f"{self.objective} learns from the probability of a video's label, and footage of "
                "none of the classes has no label",
                code="background-objective",
                hint="leave the background out, or use the objective ac",
            )
        if self.target == "joint":
            self._check_joint()
        elif len(self.init) != 1:
            raise SettingsError(
                "one network starts from one file",
                code="joint-training-invalid",
                hint="several files are for joint training",
            )

    def _check_choices(self) -> None:
        for name, value, known in (
            ("target", self.target, TARGETS),
            ("objective", self.objective, OBJECTIVES),
            ("augmentation", self.augment, AUGMENTATIONS),
            ("epoch to keep", self.keep, ("best", "last")),
        ):
            if value not in known:
                raise SettingsError(
                    f"unknown {name} {value!r}",
                    code="unknown-choice",
                    hint=f"choose from {', '.join(known)}",
                )

    def _check_trunk(self) -> None:
        if not has_trunk(self.target, self.architecture):
            wrong = self.freeze is not None or self.unfreeze_last != 0
            why = "only a lite0 network, trained alone, has a trunk to freeze"
        elif not 0 <= self.unfreeze_last <= TRUNK_BLOCKS:
            wrong, why = True, f"the trunk has {TRUNK_BLOCKS} blocks, not {self.unfreeze_last}"
        else:
            wrong = self.freeze is False and self.unfreeze_last != 0
            why = "all blocks learn already"
        if wrong:
            raise SettingsError(
                f"these parts of the network cannot be frozen: {why}",
                code="freezing-invalid",
                hint="leave out what is frozen: the trunk of lite0 is by default",
            )

    def _check_joint(self) -> None:
        # AV-joint-training is of a visual and an audio sampler (Sec. 3.3.3)
        audio, visual = "mel" in self.inputs, set(self.inputs) & set(VISUAL)
        if not audio or not visual or set(self.inputs) - set(INPUTS):
            raise SettingsError(
                f"joint training needs visual and audio networks, not {', '.join(self.inputs)}",
                code="joint-training-invalid",
                hint="give md, rgbr and mel networks",
            )
        if len(self.init) != len(self.inputs):
            raise SettingsError(
                f"{len(self.init)} files for {len(self.inputs)} networks",
                code="joint-training-invalid",
                hint="joint training fine-tunes trained samplers: give one file for each",
            )

    @property
    def kinds(self) -> tuple[str, ...]:
        """Names of the networks that are trained."""
        return self.inputs if self.target == "joint" else (self.target,)

    @property
    def trunk(self) -> str:
        """What the trunk does: "frozen", "trained", or "" for none (`recipe.trunk_of`)."""
        return trunk_of(
            self.target, self.architecture, self.freeze, unfreeze_last=self.unfreeze_last
        )

    @property
    def frozen(self) -> bool:
        """True where the network learns from features that are computed once."""
        return self.trunk == "frozen"

    @property
    def frame_step(self) -> int:
        """Frames of a video from one that is stored for a classifier to the next.

        A frozen trunk would cost the most: it gets every `spec.stride`-th frame.
        """
        return self.spec.stride if self.frozen else 1

    @property
    def test_spec(self) -> InputSpec:
        """Clip geometry of the finished network."""
        return replace(self.spec, crop=self.test_crop or self.spec.crop)

    @property
    def needs_probabilities(self) -> bool:
        """True where the classifier's ClipProbs are the training signal (Sec. 3.2.2)."""
        return self.objective != "ac"

    @property
    def clips_in_row(self) -> int:
        """Clips of one video that follow each other in a step; one process gets all of them."""
        return self.clips_per_video if self.needs_probabilities else 1

    def record(self) -> dict[str, Any]:
        """The settings for JSON; files by name alone, so that no path of the machine is in it."""
        # through JSON, which turns tuples into lists
        values = json.loads(json.dumps(asdict(self)))
        return {**values, "init": [Path(name).name for name in self.init]}

    def digest(self) -> str:
        """Hex digest of the settings that a resumed run must have in common with the first one.

        When the run ends, and what is exported of it, may differ.
        """
        values = self.record()
        del values["patience"], values["keep"], values["test_crop"]
        # the course of one-cycle depends on the number of epochs, the others do not
        if self.recipe.schedule != "one-cycle":
            del values["recipe"]["epochs"]
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
