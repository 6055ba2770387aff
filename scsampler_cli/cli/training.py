"""What `scsampler train` does with its options: settings, videos, classifier, signals, and what is said on the way.

Imports torch only when called.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import typer

from scsampler_cli import console
from scsampler_cli.cli import batch, environment, models
from scsampler_cli.errors import ScsamplerError, SettingsError
from scsampler_cli.inputs import check_readable
from scsampler_cli.report import counted
from scsampler_cli.writers import check_output

if TYPE_CHECKING:
    from scsampler_cli.classifiers.base import ClipClassifier, InputSpec
    from scsampler_cli.datasets.example import Example
    from scsampler_cli.train.recipe import Recipe
    from scsampler_cli.train.settings import TrainSettings

CROP_SHARE = 8 / 7
"""Short side of a classifier's picture over its crop, as the paper's 256 over 224."""
DEMO: dict[str, Any] = {"epochs": 8, "learning_rate": 0.002, "schedule": "one-cycle", "optimiser": "adamw"}
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


def run(asked: Asked) -> dict[str, Any] | None:
    """Train; returns the summary for stdout, in the one process that speaks.

    Raises:
        ScsamplerError: nothing could be trained.
        typer.Exit: interrupted, the checkpoint being written.
    """
    from scsampler_cli.device import own_device
    from scsampler_cli.train.cache import Cache
    from scsampler_cli.train.fit import Stopped
    from scsampler_cli.train.group import joined
    from scsampler_cli.train.run import Place, train

    torchrun = environment.torchrun()
    device = own_device(asked.device, torchrun.get("LOCAL_RANK"))
    with joined(torchrun, device.startswith("cuda")) as group:
        if not group.leads:
            asked = replace(asked, quiet=True)
            group.wait()  # generated videos are made by one
        examples, problems = _examples(asked, group.leads)
        if group.leads:
            group.wait()
        teacher = _teacher(asked, device)
        settings = settings_of(asked, teacher)
        cache = Cache(asked.cache or environment.cache_dir() / "train")
        place = Place(asked.file, cache, device, asked.jobs, asked.resume, group, asked.description)
        with _Watching(asked, settings) as watching:
            try:
                summary = train(settings, examples, teacher, place, watching.watcher())
            except Stopped:
                if group.leads:
                    console.say(f"interrupted: {asked.file}.ckpt is written, --resume goes on from it")
                raise typer.Exit(batch.INTERRUPTED) from None
        videos = round(group.mean_of(len(watching.failures), place.torch_device) * group.world)
    if not group.leads:
        return None
    if problems or videos:
        console.say(f"skipped: {counted(problems, 'row')} of the list and {counted(videos, 'video')}, named above")
    return {**summary, "skipped": {"rows": problems, "videos": videos}}


def _examples(asked: Asked, leads: bool) -> tuple[list[Example], int]:
    """The labelled videos, and how many rows of the list were no use."""
    if asked.data is None:
        from scsampler_cli.demo import training_set

        with console.Bars(asked.quiet) as bars:
            trimmed = asked.target == "classifier"
            shown = training_set(environment.demo_dir(), trimmed, lambda done, total: bars("rendering", done, total))
        return shown, 0
    from scsampler_cli.datasets.reading import read

    listing = read(asked.data, asked.form, asked.root, asked.seed)
    for problem in listing.problems if leads else ():
        console.say(f"skipped: {problem}")
    for note in () if asked.quiet else listing.notes:
        console.say(f"note: {note}")
    return listing.examples, len(listing.problems)


def _teacher(asked: Asked, device: str) -> ClipClassifier | None:
    name = asked.teacher
    if name is None:
        return None
    weights = asked.weights if asked.classifier is not None else None
    return models.load_classifier(name, weights, asked.labels, device, asked.precision, asked.quiet)


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


class _Watching:
    """Says what happens on stderr, and turns Ctrl-C during training into a checkpoint."""

    def __init__(self, asked: Asked, settings: TrainSettings) -> None:
        self._quiet, self._recipe = asked.quiet, settings.recipe
        self._bars = console.Bars(asked.quiet)
        self._learning = self._stopped = False
        self.failures: list[Path] = []

    @contextmanager
    def _signals(self) -> Iterator[None]:
        before = {number: signal.signal(number, self._on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        """The first one ends training after the step under way; a second one, or one before training, ends it at once."""
        if self._stopped or not self._learning:
            raise KeyboardInterrupt
        self._stopped = True

    def __enter__(self) -> _Watching:
        self._held = self._signals()
        self._held.__enter__()
        self._bars.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.__exit__()
        self._held.__exit__(None, None, None)

    def watcher(self) -> Any:
        """For the library."""
        from scsampler_cli.train.run import Watcher

        return Watcher(self._bars, self._step, self._epoch_done, self._failed, self._note, lambda: self._stopped)

    def _step(self, done: int, total: int, loss: float) -> None:
        self._learning = True
        self._bars("learning", done, total, f"loss {loss:.3f}")

    def _epoch_done(self, record: dict[str, Any]) -> None:
        if not self._quiet:
            left = (self._recipe.epochs - record["epoch"]) * record["seconds"]
            with self._bars.hidden():
                console.say(epoch_line(record, self._recipe.epochs, left))

    def _failed(self, example: Example, error: ScsamplerError) -> None:
        self.failures.append(example.path)
        with self._bars.hidden():
            where = f"{example.source}:{example.line}: " if example.line else ""
            path = "" if str(example.path) in str(error) else f"{example.path}: "
            console.show_error(error, where + path)

    def _note(self, text: str) -> None:
        if not self._quiet:
            console.say(f"note: {text}")


def epoch_line(record: dict[str, Any], epochs: int, left: float) -> str:
    """One line about an epoch.

    Example: epoch 3/8  loss 0.412  video 78.3% (uniform 55.0, dense 50.0, oracle 100.0)  clips 71.2%  41.0 s, 205 s left
    """
    parts = [f"epoch {record['epoch']}/{epochs}", f"loss {record['loss']:.3f}"]
    if "video_accuracy" in record:
        beside = ", ".join(f"{name} {100 * value:.1f}" for name, value in record["baselines"].items())
        parts.append(f"video {record['video_accuracy']:.1%}" + (f" ({beside})" if beside else ""))
    if "clip_accuracy" in record:
        parts.append(f"clips {record['clip_accuracy']:.1%}")
    return "  ".join([*parts, f"{record['seconds']:.1f} s, {left:.0f} s left"])
