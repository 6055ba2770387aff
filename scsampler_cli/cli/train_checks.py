"""What `scsampler train` refuses before torch is imported: options that do not fit, lost files."""

from __future__ import annotations

import tempfile
from pathlib import Path

from scsampler_cli.classifiers.labels import label_files
from scsampler_cli.cli import train_both
from scsampler_cli.cli.message_setup import existing_files
from scsampler_cli.cli.train_options import TrainOptions
from scsampler_cli.cli.train_settings import crop_size
from scsampler_cli.config import INPUTS
from scsampler_cli.errors import OutputError, SettingsError
from scsampler_cli.files.inputs import check_readable
from scsampler_cli.files.output_paths import check_file, check_free, is_taken
from scsampler_cli.pipeline.models import ModelOptions
from scsampler_cli.train.history import CHECKPOINT, CURVE, METRICS


def check(options: TrainOptions) -> None:
    """Refuse what can be refused before torch is imported.

    Raises:
        SettingsError: options that do not go together.
        InputError: the list cannot be read.
        OutputError: the weight file cannot be written, or a file would be lost.
        WeightsError: a weight file that cannot be read.
    """
    _check_source(options)
    # classifier, weights, labels and device, as every command checks them
    ModelOptions(
        classifier=options.classifier or "auto",
        weights=options.weights,
        labels=options.labels,
        prompts=tuple(options.prompt or ()),
        background_labels=options.background_labels,
        device=options.device,
    ).check()
    if options.data is not None and not options.data.is_dir():
        check_readable(options.data)
    _check_target(options)
    # raises for an invalid size; the values are used later
    for text in (options.size, options.test_crop):
        crop_size(text)
    check_file(options.file)
    # first the inputs: --overwrite does not allow to lose them
    _check_inputs_kept(options)
    _check_files_kept(options)
    _check_folder(options.file)


def _check_source(options: TrainOptions) -> None:
    if options.demo == (options.data is not None):
        raise SettingsError(
            "give either labelled videos or --demo",
            code="source-conflict",
            hint="scsampler train videos.csv -o FILE.safetensors",
        )
    if options.output is None and not options.demo and not options.trains_both:
        raise SettingsError(
            "no weight file is named",
            code="weights-output-invalid",
            hint="add -o FILE.safetensors",
        )


def _check_target(options: TrainOptions) -> None:
    """Refuse a target without what it needs, and options of another target."""
    # other commands recognise a weight file by its suffix
    if options.file.suffix != ".safetensors":
        raise SettingsError(
            f"{options.file} does not end in .safetensors",
            code="weights-output-invalid",
            hint="weights are written in no other format",
        )
    if options.target == "classifier" and options.classifier is not None:
        raise SettingsError(
            "--classifier is for samplers",
            code="training-classifier-invalid",
            hint="--init FILE starts a classifier from a weight file",
        )
    if options.objective != "ac" and options.teacher is None:
        raise SettingsError(
            f"{options.objective} learns from the probabilities of a clip classifier",
            code="training-classifier-invalid",
            hint="name the classifier that the sampler is for with --classifier",
        )
    if options.target == "joint" and not options.init:
        raise SettingsError(
            "joint training starts from trained samplers",
            code="joint-training-invalid",
            hint="add one --init FILE per sampler, e.g. of md, rgbr and mel",
        )
    # each file states the architecture of its network
    if options.target == "joint" and options.arch:
        raise SettingsError(
            "--arch is for one network",
            code="joint-training-invalid",
            hint="leave it out: the files of joint training name their architectures",
        )


def files_read(options: TrainOptions) -> list[Path]:
    """The list and the weight files that the options name."""
    return existing_files(_names_read(options))


def _names_read(options: TrainOptions) -> list[str | Path | None]:
    return [
        *(options.init or ()),
        *(options.background or ()),
        *(options.classifier, options.weights, options.data),
        *label_files(options.labels, options.background_labels),
    ]


def outputs(options: TrainOptions) -> list[Path]:
    """All files that the run writes, the checkpoint first."""
    file = options.file
    if options.trains_both:
        runs = train_both.parts(file)
        checkpoints = [train_both.checkpoint_of(part) for part in runs.values()]
        return [*checkpoints, file, *runs.values(), *train_both.records(file).values()]
    weights = [file]
    # joint training writes one weight file per input
    if options.target == "joint":
        weights = [file.with_name(f"{file.stem}_{kind}{file.suffix}") for kind in INPUTS]
    checkpoint = file.with_name(f"{file.name}{CHECKPOINT}")
    return [checkpoint, *weights, file.with_suffix(METRICS), file.with_suffix(CURVE)]


def _check_inputs_kept(options: TrainOptions) -> None:
    """Refuse to write over a file that the run reads."""
    # names of classifiers and of initial weights ("imagenet") are no files
    read = [Path(name) for name in _names_read(options) if name and Path(name).exists()]
    for output in outputs(options):
        # samefile also finds links and other spellings of a path
        if output.exists() and any(output.samefile(path) for path in read):
            raise OutputError(
                f"{output} is an input of this run",
                code="path-conflict",
                hint="name another file with -o",
            )


def _check_files_kept(options: TrainOptions) -> None:
    """Refuse to write over existing files, without --overwrite. A resumed run has its own files.

    Raises:
        OutputError: a file exists.
    """
    if options.trains_both:
        train_both.check_files_kept(options)
        return
    # the run that is continued has written these files
    if options.resume:
        return
    checkpoint, *others = outputs(options)
    if is_taken(checkpoint) and not options.overwrite:
        raise OutputError(
            f"{checkpoint} already exists: it is the checkpoint of an earlier run",
            code="output-exists",
            hint="--resume continues that run, --overwrite starts again; or name another file "
            "with -o",
        )
    check_free(others, "-o", overwrite=options.overwrite)


def _check_folder(output: Path) -> None:
    """Refuse a folder that cannot be written to, before hours of training."""
    # a permission in the file system shows only when a file is made
    try:
        tempfile.TemporaryFile(dir=output.parent).close()
    except OSError as error:
        raise OutputError(
            f"cannot write {output}: {error.strerror or error}",
            code="write-failed",
            hint="name another folder",
        ) from error
