"""What `scsampler train` does: videos, classifier, signals, and what is said on the way.

Imports torch only when called.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import typer

from scsampler_cli.cli import console, engines, environment, run_batch
from scsampler_cli.cli.progress import Bars
from scsampler_cli.cli.train_options import TrainOptions, settings_of
from scsampler_cli.errors import ScsamplerError
from scsampler_cli.pipeline.models import ModelOptions
from scsampler_cli.text import counted

if TYPE_CHECKING:
    from scsampler_cli.batch.process_map import Pool
    from scsampler_cli.classifiers.classifier_info import ClassifierFacts
    from scsampler_cli.datasets.example import Example
    from scsampler_cli.train.settings import TrainSettings


def run(asked: TrainOptions) -> dict[str, Any] | None:
    """Train; returns the summary for stdout, in the one process that speaks.

    Raises:
        ScsamplerError: nothing could be trained.
        typer.Exit: interrupted, the checkpoint being written.
    """
    from scsampler_cli.cache.video_cache import Cache
    from scsampler_cli.nn.device import own_device
    from scsampler_cli.train.fit import Stopped
    from scsampler_cli.train.group import joined
    from scsampler_cli.train.run import RunContext, train

    torchrun = environment.torchrun()
    device = own_device(asked.device, torchrun.get("LOCAL_RANK"))
    with joined(torchrun, device.startswith("cuda")) as group:
        if not group.is_main:
            asked = replace(asked, quiet=True)
            group.wait()  # generated videos are made by one
        examples, problems = _examples(asked, group.is_main)
        if group.is_main:
            group.wait()
        with _pool(asked, device, int(torchrun.get("LOCAL_WORLD_SIZE", "1"))) as pool:
            teacher, notes = _teacher(pool) if asked.teacher else (None, {})
            settings = settings_of(asked, teacher)
            cache = Cache(asked.cache or environment.kept_dir())
            context = RunContext(
                asked.file,
                cache,
                pool,
                device=device,
                resume=asked.resume,
                group=group,
                description=asked.about,
            )
            with cache.in_use(), _Watching(asked, settings) as watching:
                try:
                    summary = train(
                        settings, examples, teacher, context=context, callbacks=watching.callbacks()
                    )
                except Stopped:
                    if group.is_main:
                        console.say(
                            f"interrupted: {asked.file}.ckpt is written, --resume goes on from it"
                        )
                    raise typer.Exit(run_batch.INTERRUPTED) from None
        videos = round(group.mean_of(len(watching.failures), context.torch_device) * group.world)
    if not group.is_main:
        return None
    if problems or videos:
        console.say(
            f"skipped: {counted(problems, 'row')} of the list and {counted(videos, 'video')}, named above"
        )
    return {**summary, **notes, "skipped": {"rows": problems, "videos": videos}}


def _examples(asked: TrainOptions, leads: bool) -> tuple[list[Example], int]:
    """The labelled videos, and how many rows of the list were no use."""
    if asked.data is None:
        from scsampler_cli.datasets.generated import training_set

        with (
            Bars(asked.quiet) as bars,
            engines.making("train", asked.jobs, console.notes(asked.quiet)) as pool,
        ):
            folder, trimmed = environment.demo_dir(), asked.target == "classifier"
            shown = training_set(
                folder, trimmed, lambda done, total: bars("rendering", done, total), pool=pool
            )
        return shown, 0
    from scsampler_cli.datasets.read_list import read

    listing = read(asked.data, asked.form, asked.root, seed=asked.seed)
    for problem in listing.problems if leads else ():
        console.say(f"skipped: {problem}")
    for note in () if asked.quiet else listing.notes:
        console.say(f"note: {note}")
    return listing.examples, len(listing.problems)


def _pool(asked: TrainOptions, device: str, sharers: int) -> AbstractContextManager[Pool]:
    """The processes that read videos and hold the classifier; of those that train together each has its own."""
    from scsampler_cli.batch.process_map import Loading
    from scsampler_cli.train.load_classifier import LoadClassifier

    weights = asked.weights if asked.classifier is not None else None
    chosen = None
    if asked.teacher is not None:
        chosen = ModelOptions(
            classifier=asked.teacher,
            weights=weights,
            labels=asked.labels,
            device=device,
            precision=asked.precision,
        )
    limits = engines.Limits(
        jobs=asked.jobs or 1,
        timeout_s=asked.timeout,
        max_memory_gb=asked.max_memory,
        sharers=sharers,
    )
    return engines.pool(
        Loading("train", LoadClassifier(chosen)), limits, console.notes(asked.quiet)
    )


def _teacher(pool: Pool) -> tuple[ClassifierFacts, dict[str, list[str]]]:
    """The classifier that the sampler is for; and "notes" for the summary, where another was taken than is preferred."""
    from scsampler_cli.classifiers.classifier_info import ClassifierFacts

    told = pool.about()
    fell_back = told["fell_back"]
    return ClassifierFacts.from_record(told["classifier"]), {
        "notes": [fell_back]
    } if fell_back else {}


class _Watching:
    """Says what happens on stderr, and turns Ctrl-C during training into a checkpoint."""

    def __init__(self, asked: TrainOptions, settings: TrainSettings) -> None:
        self._quiet, self._debug, self._recipe = asked.quiet, asked.debug, settings.recipe
        self._bars = Bars(asked.quiet)
        self._learning = self._stopped = False
        self.failures: list[Path] = []

    @contextmanager
    def _signals(self) -> Iterator[None]:
        before = {
            number: signal.signal(number, self._on_signal)
            for number in (signal.SIGINT, signal.SIGTERM)
        }
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

    def callbacks(self) -> Any:
        """For the library."""
        from scsampler_cli.train.run import Callbacks

        return Callbacks(
            self._bars,
            self._step,
            self._epoch_done,
            on_failure=self._failed,
            on_note=self._note,
            should_stop=lambda: self._stopped,
        )

    def _step(self, done: int, total: int, loss: float) -> None:
        self._learning = True
        self._bars("learning", done, total, detail=f"loss {loss:.3f}")

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
            if self._debug:
                console.show_notes(error)

    def _note(self, text: str) -> None:
        if not self._quiet:
            console.say(f"note: {text}")


def epoch_line(record: dict[str, Any], epochs: int, left: float) -> str:
    """One line about an epoch.

    Example: epoch 3/8  loss 0.412  video 78.3% (uniform 55.0, dense 50.0, oracle 100.0)  clips 71.2%  41.0 s, 205 s left
    """
    parts = [f"epoch {record['epoch']}/{epochs}", f"loss {record['loss']:.3f}"]
    if "video_accuracy" in record:
        beside = ", ".join(
            f"{name} {100 * value:.1f}" for name, value in record["baselines"].items()
        )
        parts.append(f"video {record['video_accuracy']:.1%}" + (f" ({beside})" if beside else ""))
    if "clip_accuracy" in record:
        parts.append(f"clips {record['clip_accuracy']:.1%}")
    return "  ".join([*parts, f"{record['seconds']:.1f} s, {left:.0f} s left"])
