"""The options of `scsampler train`, and the settings that they stand for: the paper's recipe where nothing is asked.

Imports torch only when called.
"""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scsampler_cli.config import INPUTS
from scsampler_cli.errors import OutputError, SettingsError
from scsampler_cli.inputs import check_readable
from scsampler_cli.writers import check_output

if TYPE_CHECKING:
    from scsampler_cli.classifiers.base import ClipClassifier, InputSpec
    from scsampler_cli.train.recipe import Recipe
    from scsampler_cli.train.settings import TrainSettings

CROP_SHARE = 8 / 7
"""Short side of a classifier's picture over its crop, as the paper's 256 over 224."""
DEMO: dict[str, Any] = {"epochs": 6, "learning_rate": 0.002, "schedule": "one-cycle", "optimiser": "adamw"}
"""Recipe of --demo where nothing else is asked: from nothing in minutes."""
PER_EPOCH, SIZE = 4000, (112, 112)
DEMO_PER_EPOCH, DEMO_SIZE = 2048, (56, 56)
DEMO_ARCH = {"classifier": "tiny3d", "mel": "vgg18"}
DEMO_SAMPLER = "shufflenet26"


@dataclass(frozen=True)
class Asked:
    """The options of `scsampler train`, by their names."""

    data: Path | None
    demo: bool
    form: str
    root: Path | None
    clip_frames: int | None
    frame_stride: int | None
    size: str | None
    test_crop: str | None
    p_frames: int
    target: str
    objective: str
    arch: str | None
    init: list[str] | None
    classifier: str | None
    weights: Path | None
    labels: Path | None
    epochs: int | None
    per_epoch: int | None
    batch_size: int
    lr: float | None
    pretrained_factor: float | None
    schedule: str | None
    step_epochs: int | None
    warmup_epochs: int | None
    optimiser: str | None
    augment: str
    clips_per_video: int
    margin: float
    gap: float
    k: int
    patience: int
    keep: str
    seed: int
    output: Path | None
    resume: bool
    cache: Path | None
    jobs: int
    description: str
    device: str
    precision: str
    quiet: bool
    debug: bool

    @property
    def file(self) -> Path:
        """Weight file to write."""
        return self.output or Path(f"demo_{self.target}.safetensors")

    @property
    def teacher(self) -> str | None:
        """The classifier that the sampler is for; the demo has its own."""
        if self.target == "classifier":
            return None
        return self.classifier or (str(self.weights) if self.weights else None) or ("demo" if self.demo else None)


def check(asked: Asked) -> None:
    """Refuse what can be refused before torch is imported.

    Raises:
        SettingsError: options that do not go together.
        InputError: the list cannot be read.
        OutputError: the weight file could not be written.
    """
    if asked.data is not None and not asked.data.is_dir():
        check_readable(asked.data)
    if asked.file.suffix != ".safetensors":
        raise SettingsError(
            f"{asked.file} does not end in .safetensors", hint="weights are written in that format alone"
        )
    if asked.target == "classifier" and asked.classifier is not None:
        raise SettingsError("--classifier is for samplers", hint="a classifier starts from a file with --init FILE")
    if asked.objective != "ac" and asked.teacher is None:
        raise SettingsError(
            f"{asked.objective} learns from a clip classifier's answers",
            hint="give --classifier, the one the sampler is for",
        )
    if asked.target == "joint" and not asked.init:
        raise SettingsError(
            "joint training fine-tunes trained samplers", hint="give --init FILE for each: md, rgbr and mel, say"
        )
    for text in (asked.size, asked.test_crop):
        _size(text)
    check_output(asked.file)
    _keep_inputs(asked)
    _check_folder(asked.file)


def _keep_inputs(asked: Asked) -> None:
    """Refuse to write over what is read."""
    read = [*(asked.init or ()), asked.classifier, asked.weights, asked.labels, asked.data]
    stem, suffix = asked.file.stem, asked.file.suffix
    joint = [asked.file.with_name(f"{stem}_{kind}{suffix}") for kind in INPUTS] if asked.target == "joint" else []
    for output in (asked.file, *joint):
        for name in read:
            if name is not None and output.exists() and Path(name).exists() and output.samefile(name):
                raise OutputError(f"{output} is an input of this run", hint="name another file with -o")


def _check_folder(output: Path) -> None:
    """Find out before hours of training whether its end can be written."""
    try:
        tempfile.TemporaryFile(dir=output.parent).close()
    except OSError as error:
        raise OutputError(f"cannot write {output}: {error.strerror or error}", hint="name another folder") from error


def settings_of(asked: Asked, teacher: ClipClassifier | None) -> TrainSettings:
    """Settings of the run: what was asked, and the paper's recipe for the rest.

    Args:
        asked: the options.
        teacher: whose clip geometry a sampler takes over.
    """
    from scsampler_cli.train.settings import TrainSettings

    inits = tuple(asked.init or ["auto"])
    arch = asked.arch or (DEMO_ARCH.get(asked.target, DEMO_SAMPLER) if asked.demo else None)
    return TrainSettings(
        target=asked.target,
        objective=asked.objective,
        architecture=arch,
        inputs=_inputs(inits) if asked.target == "joint" else ("md", "rgbr", "mel"),
        init=inits,
        recipe=_recipe(asked),
        batch=asked.batch_size,
        per_epoch=asked.per_epoch or (DEMO_PER_EPOCH if asked.demo else PER_EPOCH),
        clips_per_video=asked.clips_per_video,
        margin=asked.margin,
        gap=asked.gap,
        k=asked.k,
        augment=asked.augment,
        patience=asked.patience,
        keep=asked.keep,
        seed=asked.seed,
        p_frames=asked.p_frames,
        spec=_spec(asked, teacher),
        test_crop=_size(asked.test_crop),
        precision=asked.precision,
    )


def _inputs(files: tuple[str, ...]) -> tuple[str, ...]:
    """Which network each file of joint training is for."""
    from scsampler_cli.weightfile import read_metadata

    kinds = tuple(str(read_metadata(Path(file)).get("input")) for file in files)
    if len(set(kinds)) < len(kinds):
        raise SettingsError(f"two networks for one input: {', '.join(kinds)}", hint="give one file for each input")
    return kinds


def _recipe(asked: Asked) -> Recipe:
    from scsampler_cli.train.recipe import default_recipe

    asked_for: dict[str, Any] = {
        "epochs": asked.epochs,
        "learning_rate": asked.lr,
        "schedule": asked.schedule,
        "step_epochs": asked.step_epochs,
        "warmup_epochs": asked.warmup_epochs,
        "optimiser": asked.optimiser,
        "pretrained_factor": asked.pretrained_factor,
    }
    given = {name: value for name, value in asked_for.items() if value is not None}
    return replace(default_recipe(asked.target, asked.objective), **{**(DEMO if asked.demo else {}), **given})


def _spec(asked: Asked, teacher: ClipClassifier | None) -> InputSpec:
    from scsampler_cli.classifiers.base import InputSpec

    frames = asked.clip_frames or (teacher.spec.frames if teacher else 16)
    stride = asked.frame_stride or (teacher.spec.stride if teacher else 1)
    crop = _size(asked.size) or (DEMO_SIZE if asked.demo else SIZE)
    return InputSpec(frames, stride, round(min(crop) * CROP_SHARE), crop)


def _size(text: str | None) -> tuple[int, int] | None:
    """(height, width) of "96x128", or of "112" alone.

    Raises:
        SettingsError: something else.
    """
    if text is None:
        return None
    found = re.fullmatch(r"(\d{2,3})(?:x(\d{2,3}))?", text)
    if found is None or min(int(found[1]), int(found[2] or found[1])) < 16:
        raise SettingsError(f"{text!r} is no size in pixels", hint="give a side such as 112, or 96x128, from 16 to 999")
    return int(found[1]), int(found[2] or found[1])
