"""A run of `scsampler train`: videos, classifier, and the training of one network.

Imports torch only when called.
Not handled here: messages and Ctrl-C, see `train_monitor`.
"""

from __future__ import annotations

import signal
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from scsampler_cli.cli import command_guard, console, engines, environment, signals
from scsampler_cli.cli.run_progress import RunBars
from scsampler_cli.cli.train_monitor import Monitor
from scsampler_cli.cli.train_options import TrainOptions
from scsampler_cli.cli.train_settings import settings_of
from scsampler_cli.cli.train_steps import Labelled, steps_of
from scsampler_cli.pipeline.models import ModelOptions
from scsampler_cli.text import counted

if TYPE_CHECKING:
    from scsampler_cli.batch.process_map import Pool
    from scsampler_cli.classifiers.classifier_info import ClassifierFacts
    from scsampler_cli.train.group import Group


def run(options: TrainOptions) -> dict[str, Any] | None:
    """Train a network and write its weights.

    Returns:
        the summary for standard output; None in all but the main process of `torchrun`.

    Raises:
        as `run_on`.
    """
    return run_on(options)[0]


def run_on(
    options: TrainOptions, labelled: Labelled | None = None, bars: RunBars | None = None
) -> tuple[dict[str, Any] | None, list[Path]]:
    """Train a network and write its weights.

    Args:
        options: the options of the command.
        labelled: its videos, where they are known already; None reads the list.
        bars: progress of a run of which this is a part, within its context; None makes them.

    Returns:
        the summary, as `run`; and the videos that could not be read.

    Raises:
        ScsamplerError: nothing could be trained.
        typer.Exit: interrupted; the checkpoint is written.
        signals.Terminated: ended by SIGTERM; the checkpoint is written.
    """
    from scsampler_cli.nn.device import own_device, pick_device
    from scsampler_cli.train.group import joined

    is_part = labelled is not None
    torchrun = environment.torchrun()
    # with several GPUs each process of torchrun has its own
    device = own_device(options.device, torchrun.get("LOCAL_RANK"))
    with ExitStack() as stack:
        group = stack.enter_context(joined(torchrun, device.startswith("cuda")))
        # the main process alone makes generated videos and prints messages; the others wait until
        # it has done so
        if not group.is_main:
            options = replace(options, quiet=True)
            group.wait()
        if labelled is None and options.data is not None:
            labelled = listed_videos(options, options.data, is_main=group.is_main)
        if bars is None:
            steps = steps_of(options, labelled)
            bars = stack.enter_context(RunBars(options.quiet, steps))
        labelled = labelled or _generated_videos(options, bars)
        if group.is_main:
            group.wait()
        sharers = int(torchrun.get("LOCAL_WORLD_SIZE", "1"))
        with _pool(options, device, sharers, bars=bars) as pool:
            summary, monitor = _trained(options, labelled, pool, bars=bars, group=group)
        # the sum over all processes, each of which has read a part of the videos
        mean_failures = group.mean_of(len(monitor.failures), pick_device(device))
        skipped_videos = round(mean_failures * group.world)
    # torchrun mixes the standard outputs: one summary is enough
    if not group.is_main:
        return None, monitor.failures
    skipped = {"rows": labelled.skipped_rows, "videos": skipped_videos}
    # the caller that read the list has named its rows
    if not is_part and any(skipped.values()):
        rows, videos = counted(skipped["rows"], "row"), counted(skipped_videos, "video")
        console.say(f"skipped: {rows} of the list and {videos}, named above")
    return {**summary, "skipped": skipped}, monitor.failures


def _trained(
    options: TrainOptions, labelled: Labelled, pool: Pool, *, bars: RunBars, group: Group
) -> tuple[dict[str, Any], Monitor]:
    """Train with the videos; the summary, and the monitor of the run."""
    from scsampler_cli.cache.video_cache import Cache
    from scsampler_cli.nn.device import own_device
    from scsampler_cli.train.context import RunContext
    from scsampler_cli.train.fit import Stopped
    from scsampler_cli.train.run import train

    # its geometry and labels; its networks stay in the worker processes
    teacher, notes = _teacher(pool) if options.teacher else (None, {})
    settings = settings_of(options, teacher, background=labelled.has_background)
    cache = Cache(options.cache or environment.train_cache_dir())
    context = RunContext(
        options.file,
        cache,
        pool,
        device=own_device(options.device, environment.torchrun().get("LOCAL_RANK")),
        resume=options.resume,
        group=group,
        description=options.data_description,
    )
    monitor = Monitor(bars, settings.recipe.epochs, debug=options.debug)
    # `scsampler cache --prune` keeps entries that a run uses
    with cache.in_use(), monitor:
        try:
            summary = train(
                settings,
                labelled.examples,
                teacher,
                context=context,
                callbacks=monitor.callbacks(),
            )
        except Stopped:
            if group.is_main:
                console.say(
                    f"interrupted: {options.file}.ckpt is written, and --resume continues from it"
                )
            if monitor.stopped_by == signal.SIGTERM:
                raise signals.Terminated(signal.SIGTERM) from None
            raise typer.Exit(command_guard.INTERRUPTED) from None
    return {**summary, **notes}, monitor


def listed_videos(options: TrainOptions, data: Path, *, is_main: bool = True) -> Labelled:
    """The videos of a list, or of a folder.

    Args:
        options: of the command.
        data: the list, or the folder.
        is_main: whether this is the main process, which alone says what is left out.

    Raises:
        InputError: the list or the background cannot be read, or has nothing to learn from.
        SettingsError: the list format is unknown.
    """
    from scsampler_cli.datasets.read_list import read

    listing = read(
        data,
        str(options.list_format),
        options.root,
        seed=options.seed,
        background=tuple(options.background or ()),
    )
    if is_main:
        for problem in listing.problems:
            console.say(f"skipped: {problem}")
        for note in listing.notes:
            console.on_note(note)
    return Labelled(listing.examples, len(listing.problems), has_background=listing.background)


def _generated_videos(options: TrainOptions, bars: RunBars) -> Labelled:
    """The videos of the demo, made unless they exist."""
    from scsampler_cli.datasets.generated import training_set

    with engines.open_rendering_pool("train", options.jobs) as pool:
        # a classifier learns from trimmed videos: the whole video shows its class
        examples = training_set(
            environment.demo_dir(),
            options.target == "classifier",
            lambda done, total: bars("generating", done, total),
            pool=pool,
        )
    return Labelled(examples, 0, has_background=False)


def _pool(
    options: TrainOptions, device: str, sharers: int, *, bars: RunBars
) -> AbstractContextManager[Pool]:
    """The worker processes that read videos and run the classifier.

    Args:
        options: the options of the command.
        device: where the classifier runs.
        sharers: number of processes on this machine that train together; each has such a pool.
        bars: show the videos that are classified now.
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
            prompts=tuple(options.prompt or ()),
            background_labels=options.background_labels,
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
        Loading("train", LoadClassifier(models)), limits, watch=bars.watch, done=bars.finished
    )


def _teacher(pool: Pool) -> tuple[ClassifierFacts, dict[str, list[str]]]:
    """The classifier that the sampler is for, and "notes" for the summary if it is a fallback."""
    from scsampler_cli.classifiers.classifier_info import ClassifierFacts

    loaded = pool.about()
    fallback_note = loaded["fell_back"]
    notes = {"notes": [fallback_note]} if fallback_note else {}
    return ClassifierFacts.from_record(loaded["classifier"]), notes
