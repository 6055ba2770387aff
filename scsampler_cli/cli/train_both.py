"""`scsampler train --target auto`: a clip classifier and its sampler, one after the other.

The two runs write into a folder next to the weight file, from which an interrupted run is resumed.
When both are done, their networks go into one file, and the folder is removed.

Not handled here: a single run, see `train_run`; the words about the result, see `train_words`.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from scsampler_cli.cli import console, environment, train_run
from scsampler_cli.cli.run_progress import RunBars
from scsampler_cli.cli.train_options import Target, TrainOptions
from scsampler_cli.cli.train_steps import Labelled, steps_of_both
from scsampler_cli.cli.train_words import Line, result_lines
from scsampler_cli.errors import OutputError, SettingsError
from scsampler_cli.files.output_paths import check_free, is_taken, sibling
from scsampler_cli.text import counted
from scsampler_cli.train.history import CHECKPOINT, CURVE, METRICS

NETWORKS = (Target.classifier, Target.rgb)
"""In the order in which they are trained: the sampler is measured by the classifier."""
FOLDER = ".training"
"""Suffix of the folder of the two runs."""


def run(options: TrainOptions) -> tuple[dict[str, Any], list[Line]]:
    """Train both networks, and write them into one file.

    Returns:
        the summary for standard output, and the same in words.

    Raises:
        InputError: nothing could be read, or there is too little to learn from.
        SettingsError: several processes were started.
        OutputError: a file cannot be written.
        typer.Exit: interrupted; the checkpoint is written.
    """
    from scsampler_cli.datasets.example import labels_of

    start_time = time.perf_counter()
    if int(environment.torchrun().get("WORLD_SIZE", "1")) > 1:
        raise SettingsError(
            "several processes can only train a single network",
            code="training-target-invalid",
            hint="name what they train with --target",
        )
    assert options.data is not None
    labelled = train_run.listed_videos(options, options.data)
    # too few classes are an error before any work
    labels_of(labelled.examples, labelled.has_background)
    folder = folder_of(options.file)
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"cannot write {folder}: {error.strerror or error}",
            code="write-failed",
            hint="name another place",
        ) from error
    try:
        summaries, lost = _run_both(options, labelled)
        _write(options.file)
        summary = _summary(options, summaries, labelled, lost=lost)
    finally:
        # empty where the run has ended, or has not started
        with contextlib.suppress(OSError):
            folder.rmdir()
    summary["seconds"] = round(time.perf_counter() - start_time, 1)
    kept = _without(labelled, lost)
    lines = result_lines(summary, kept.examples, has_background=kept.has_background)
    return summary, list(lines)


def folder_of(output: Path) -> Path:
    """The folder of the two runs.

    Example: clips.safetensors -> clips.training.
    """
    return sibling(output, FOLDER, output.stem)


def parts(output: Path) -> dict[Target, Path]:
    """The weight file of each run."""
    return {target: folder_of(output) / f"{target}.safetensors" for target in NETWORKS}


def records(output: Path) -> dict[Path, Path]:
    """Metrics and curve of each run -> their place when both are done."""
    moved = {}
    for target, part in parts(output).items():
        for suffix in (METRICS, CURVE):
            moved[part.with_suffix(suffix)] = _record_of(output, target, suffix)
    return moved


def _record_of(output: Path, target: Target, suffix: str) -> Path:
    return sibling(output, f".{target}{suffix}", output.stem)


def checkpoint_of(part: Path) -> Path:
    """The checkpoint of a run."""
    return part.with_name(f"{part.name}{CHECKPOINT}")


def check_files_kept(options: TrainOptions) -> None:
    """Refuse to write over existing files, without --overwrite. A resumed run has its own files.

    Raises:
        OutputError: a file exists.
    """
    folder = folder_of(options.file)
    # an empty folder holds no earlier run
    is_old = any(is_taken(checkpoint_of(part)) for part in parts(options.file).values())
    if options.resume and (is_old or not is_taken(options.file)):
        return
    if options.resume:
        raise OutputError(
            f"nothing to resume: {options.file} is there, and no checkpoint of its training",
            code="output-exists",
            hint="the training has ended; --overwrite in place of --resume trains again",
        )
    if is_old and not options.overwrite:
        raise OutputError(
            f"{folder} already exists: it has the checkpoints of an earlier run",
            code="output-exists",
            hint="--resume continues that run, --overwrite starts again; or name another file "
            "with -o",
        )
    targets = [options.file, *parts(options.file).values(), *records(options.file).values()]
    check_free(targets, "-o", overwrite=options.overwrite)


def _run_both(
    options: TrainOptions, labelled: Labelled
) -> tuple[dict[Target, dict[str, Any]], list[Path]]:
    """The summary of each run, and the videos that could not be read."""
    summaries: dict[Target, dict[str, Any]] = {}
    lost: list[Path] = []
    files = parts(options.file)
    with RunBars(options.quiet, steps_of_both(options, labelled, NETWORKS)) as bars:
        for target, part in files.items():
            console.note(_beginning(target, labelled))
            # the earlier command may have ended before this run had a checkpoint
            has_checkpoint = options.resume and checkpoint_of(part).is_file()
            if options.resume and not has_checkpoint:
                console.on_note("it has no checkpoint yet, and starts from the beginning")
            one = replace(options, target=target, output=part, resume=has_checkpoint)
            if target != NETWORKS[0]:
                one = replace(one, classifier=str(files[NETWORKS[0]]))
            # a video that could not be read once is not tried again
            summary, failures = train_run.run_on(one, _without(labelled, lost), bars)
            assert summary is not None
            summaries[target] = summary
            lost += failures
    return summaries, lost


def _beginning(target: Target, labelled: Labelled) -> str:
    """A line before a run, with the numbers of its videos."""
    network = "classifier" if target == NETWORKS[0] else "sampler"
    learnt = sum(example.split == "train" for example in labelled.examples)
    held_out = len(labelled.examples) - learnt
    return f"training the {network}: {counted(learnt, 'video')} to learn from, {held_out} held out"


def _without(labelled: Labelled, lost: list[Path]) -> Labelled:
    examples = [example for example in labelled.examples if example.path not in lost]
    return labelled._replace(examples=examples)


def _write(output: Path) -> None:
    """Put both networks into one file, keep the metrics and the curves, and remove the rest."""
    from scsampler_cli.train.export import write_both

    files = parts(output)
    write_both(output, *files.values())
    try:
        for origin, target in records(output).items():
            origin.replace(target)
    except OSError as error:
        raise OutputError(
            f"cannot write {target}: {error.strerror or error}",
            code="write-failed",
            hint="is the disk full?",
        ) from error
    for part in files.values():
        checkpoint_of(part).unlink(missing_ok=True)
        part.unlink(missing_ok=True)


def _summary(
    options: TrainOptions,
    summaries: dict[Target, dict[str, Any]],
    labelled: Labelled,
    *,
    lost: list[Path],
) -> dict[str, Any]:
    """The summary of both runs; paths are those of the files that are left."""
    found: dict[str, Any] = {
        "target": str(Target.auto),
        "files": {str(Target.auto): str(options.file)},
        "labels": summaries[NETWORKS[0]]["labels"],
    }
    for name in ("videos", "calibration", "held_out", "min_probability", "confidence"):
        # without validation videos nothing is measured
        if name in summaries[NETWORKS[0]]:
            found[name] = summaries[NETWORKS[0]][name]
    for target in NETWORKS:
        part = {
            key: value
            for key, value in summaries[target].items()
            if key not in ("target", "files", "labels", "skipped", "checkpoint", *found)
        }
        part["metrics"] = str(_record_of(options.file, target, METRICS))
        part["curve"] = str(_record_of(options.file, target, CURVE))
        found["classifier" if target == NETWORKS[0] else "sampler"] = part
    found["skipped"] = {"rows": labelled.skipped_rows, "videos": len(set(lost))}
    return found
