"""A run of `scsampler train`: videos, classifier, messages, and Ctrl-C.

Imports torch only when called.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from scsampler_cli.cli import command_guard, console, engines, environment, signals
from scsampler_cli.cli.progress import Bars
from scsampler_cli.cli.train_options import TrainOptions
from scsampler_cli.cli.train_settings import settings_of
from scsampler_cli.errors import ScsamplerError
from scsampler_cli.pipeline.models import ModelOptions
from scsampler_cli.text import counted

if TYPE_CHECKING:
    from scsampler_cli.batch.process_map import Pool
    from scsampler_cli.classifiers.classifier_info import ClassifierFacts
    from scsampler_cli.datasets.example import Example
    from scsampler_cli.train.settings import TrainSettings


class Labelled(NamedTuple):
    """The labelled videos of a run."""

    examples: list[Example]
    skipped_rows: int
    """Number of rows in the list that cannot be used."""
    has_background: bool
    """Whether there are videos of none of the classes."""


def run(options: TrainOptions) -> dict[str, Any] | None:
    """Train a network and write its weights.

    Returns:
        the summary for standard output; None in all but the main process of `torchrun`.

    Raises:
        as `run_on`.
    """
    return run_on(options)[0]


def run_on(
    options: TrainOptions, labelled: Labelled | None = None
) -> tuple[dict[str, Any] | None, list[Path]]:
    """Train a network and write its weights.

    Args:
        options: the options of the command.
        labelled: its videos, where they are known already; None reads the list.

    Returns:
        the summary, as `run`; and the videos that could not be read.

    Raises:
        ScsamplerError: nothing could be trained.
        typer.Exit: interrupted; the checkpoint is written.
        signals.Terminated: ended by SIGTERM; the checkpoint is written.
    """
    from scsampler_cli.cache.video_cache import Cache
    from scsampler_cli.nn.device import own_device
    from scsampler_cli.train.context import RunContext
    from scsampler_cli.train.fit import Stopped
    from scsampler_cli.train.group import joined
    from scsampler_cli.train.run import train

    torchrun = environment.torchrun()
    # with several GPUs each process of torchrun has its own
    device = own_device(options.device, torchrun.get("LOCAL_RANK"))
    with joined(torchrun, device.startswith("cuda")) as group:
        # the main process alone renders generated videos and prints messages; the others wait
        # until it has done so
        if not group.is_main:
            options = replace(options, quiet=True)
            group.wait()
        examples, skipped_rows, has_background = labelled or labelled_videos(options, group.is_main)
        if group.is_main:
            group.wait()
        with _pool(options, device, int(torchrun.get("LOCAL_WORLD_SIZE", "1"))) as pool:
            # its geometry and labels; its networks stay in the worker processes
            teacher, notes = _teacher(pool) if options.teacher else (None, {})
            settings = settings_of(options, teacher, background=has_background)
            cache = Cache(options.cache or environment.train_cache_dir())
            context = RunContext(
                options.file,
                cache,
                pool,
                device=device,
                resume=options.resume,
                group=group,
                description=options.data_description,
            )
            # `scsampler cache --prune` keeps entries that a run uses
            with cache.in_use(), _Monitor(options, settings) as monitor:
                try:
                    summary = train(
                        settings, examples, teacher, context=context, callbacks=monitor.callbacks()
                    )
                except Stopped:
                    if group.is_main:
                        checkpoint = f"{options.file}.ckpt"
                        console.say(
                            f"interrupted: {checkpoint} is written, and --resume continues from it"
                        )
                    if monitor.stopped_by == signal.SIGTERM:
                        raise signals.Terminated(signal.SIGTERM) from None
                    raise typer.Exit(command_guard.INTERRUPTED) from None
        # the sum over all processes, each of which has read a part of the videos
        mean_failures = group.mean_of(len(monitor.failures), context.torch_device)
        skipped_videos = round(mean_failures * group.world)
    # torchrun mixes the standard outputs: one summary is enough
    if not group.is_main:
        return None, monitor.failures
    # the caller that read the list has named its rows
    if labelled is None and (skipped_rows or skipped_videos):
        rows, videos = counted(skipped_rows, "row"), counted(skipped_videos, "video")
        console.say(f"skipped: {rows} of the list and {videos}, named above")
    skipped = {"rows": skipped_rows, "videos": skipped_videos}
    return {**summary, **notes, "skipped": skipped}, monitor.failures


def labelled_videos(options: TrainOptions, is_main: bool = True) -> Labelled:
    """The videos that the options name.

    Args:
        options: of the command.
        is_main: whether this is the main process, which alone says what is left out.

    Raises:
        InputError: the list or the background cannot be read, or has nothing to learn from.
        SettingsError: the list format is unknown.
    """
    if options.data is None:
        from scsampler_cli.datasets.generated import training_set

        with (
            Bars(options.quiet) as bars,
            engines.open_rendering_pool(
                "train", options.jobs, console.notes(options.quiet)
            ) as pool,
        ):
            # a classifier learns from trimmed videos: the whole video shows its class
            examples = training_set(
                environment.demo_dir(),
                options.target == "classifier",
                lambda done, total: bars("rendering", done, total),
                pool=pool,
            )
        return Labelled(examples, 0, has_background=False)

    from scsampler_cli.datasets.read_list import read

    listing = read(
        options.data,
        str(options.list_format),
        options.root,
        seed=options.seed,
        background=tuple(options.background or ()),
    )
    if is_main:
        for problem in listing.problems:
            console.say(f"skipped: {problem}")
    if not options.quiet:
        for note in listing.notes:
            console.say(f"note: {note}")
    return Labelled(listing.examples, len(listing.problems), has_background=listing.background)


def _pool(options: TrainOptions, device: str, sharers: int) -> AbstractContextManager[Pool]:
    """The worker processes that read videos and run the classifier.

    Args:
        options: the options of the command.
        device: where the classifier runs.
        sharers: number of processes on this machine that train together; each has such a pool.
    """
    from scsampler_cli.batch.process_map import Loading
    from scsampler_cli.train.load_classifier import LoadClassifier

    # without a name of a classifier, the weight file itself is the teacher
    weights = options.weights if options.classifier is not None else None
    models = None
    if options.teacher is not None:
        models = ModelOptions(
            classifier=options.teacher,
            weights=weights,
            labels=options.labels,
            device=device,
            precision=str(options.precision),
        )
    limits = engines.Limits(
        jobs=options.jobs or 1,
        timeout_s=options.timeout,
        max_memory_gb=options.max_memory,
        sharers=sharers,
    )
    return engines.open_pool(
        Loading("train", LoadClassifier(models)), limits, console.notes(options.quiet)
    )


def _teacher(pool: Pool) -> tuple[ClassifierFacts, dict[str, list[str]]]:
    """The classifier that the sampler is for, and "notes" for the summary if it is a fallback."""
    from scsampler_cli.classifiers.classifier_info import ClassifierFacts

    loaded = pool.about()
    fallback_note = loaded["fell_back"]
    notes = {"notes": [fallback_note]} if fallback_note else {}
    return ClassifierFacts.from_record(loaded["classifier"]), notes


class _Monitor:
    """Reports progress on stderr, and turns Ctrl-C during training into a checkpoint."""

    def __init__(self, options: TrainOptions, settings: TrainSettings) -> None:
        self._quiet, self._debug, self._recipe = options.quiet, options.debug, settings.recipe
        self._bars = Bars(options.quiet)
        self._is_learning = False
        self.stopped_by: int | None = None
        """The signal after which training ends."""
        self.failures: list[Path] = []

    @contextmanager
    def _signals(self) -> Iterator[None]:
        # handlers to restore after training
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
        """End training after the current step; at once before the first one, or if repeated."""
        # before the first step there is nothing that a checkpoint could keep
        if self.stopped_by is not None or not self._is_learning:
            if number == signal.SIGTERM:
                raise signals.Terminated(number)
            raise KeyboardInterrupt
        self.stopped_by = number

    def __enter__(self) -> _Monitor:
        self._held = self._signals()
        self._held.__enter__()
        self._bars.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.__exit__()
        self._held.__exit__(None, None, None)

    def callbacks(self) -> Any:
        """The functions that the library calls during the run."""
        from scsampler_cli.train.context import Callbacks

        return Callbacks(
            self._bars,
            self._step,
            self._epoch_done,
            on_failure=self._failed,
            on_note=self._note,
            should_stop=lambda: self.stopped_by is not None,
        )

    def _step(self, done: int, total: int, loss: float) -> None:
        self._is_learning = True
        self._bars("learning", done, total, detail=f"loss {loss:.3f}")

    def _epoch_done(self, record: dict[str, Any]) -> None:
        if not self._quiet:
            left_s = (self._recipe.epochs - record["epoch"]) * record["seconds"]
            # a line that stays above the progress bar
            with self._bars.hidden():
                console.say(epoch_line(record, self._recipe.epochs, left_s))

    def _failed(self, example: Example, error: ScsamplerError) -> None:
        self.failures.append(example.path)
        with self._bars.hidden():
            where = f"{example.source}:{example.line}: " if example.line else ""
            # many messages already begin with the path
            path = "" if str(example.path) in str(error) else f"{example.path}: "
            console.show_error(error, where + path)
            if self._debug:
                console.show_notes(error)

    def _note(self, text: str) -> None:
        if not self._quiet:
            console.say(f"note: {text}")


def epoch_line(record: dict[str, Any], epochs: int, left_s: float) -> str:
    """One line about an epoch.

    Args:
        record: the record of the epoch.
        epochs: number of epochs in all.
        left_s: estimated seconds until the last one is done.

    Example: epoch 3/8  loss 0.412  video 78.3% (uniform 55.0, dense 50.0)  41.0 s, 205 s left
    """
    parts = [f"epoch {record['epoch']}/{epochs}", f"loss {record['loss']:.3f}"]
    if "video_accuracy" in record:
        # accuracy of the baselines with as many clips, such as "uniform 55.0"
        baselines = [f"{name} {100 * value:.1f}" for name, value in record["baselines"].items()]
        compared = f" ({', '.join(baselines)})" if baselines else ""
        parts.append(f"video {record['video_accuracy']:.1%}{compared}")
    if "clip_accuracy" in record:
        parts.append(f"clips {record['clip_accuracy']:.1%}")
    return "  ".join([*parts, f"{record['seconds']:.1f} s, {left_s:.0f} s left"])
