"""What `scsampler bench` refuses before it measures: options that do not fit, and lost files."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path

from scsampler_cli.classifiers import registry
from scsampler_cli.classifiers.labels import label_files
from scsampler_cli.cli.bench_options import RANDOM, BenchOptions, named_sampler
from scsampler_cli.cli.message_setup import existing_files
from scsampler_cli.cli.output_targets import STDOUT
from scsampler_cli.errors import OutputError, SettingsError
from scsampler_cli.files.urls import check_written
from scsampler_cli.model_zoo.bundled_weights import check_weight_file

BUILTIN = "scsampler_cli.classifiers.builtin"
"""Module of the built-in networks. It imports torch, so that it is not imported here."""
FILE_SUFFIXES = (".html", ".json", ".jsonl", ".csv", ".txt", ".pdf")
"""Suffixes that no one gives to a folder."""


def check(options: BenchOptions) -> None:
    """Refuse options that do not go together, and models that cannot be loaded.

    `no_effect` refuses options that have no effect.

    Raises:
        SettingsError: which option, and why.
        WeightsError: a weight file cannot be read.
        InputError: labels cannot be read.
    """
    # with --speed the argument names one video, without labels
    labelled = bool(options.data) and not options.speed
    sources = (labelled, options.demo, bool(options.replay), options.speed)
    if sum(sources) != 1:
        raise SettingsError(
            "give one of: labelled videos, --demo, --replay, --speed",
            code="source-conflict",
            hint="scsampler bench videos.csv -o report",
        )
    classifiers = options.classifiers
    if len(set(classifiers)) < len(classifiers):
        raise SettingsError(
            "a classifier is named twice", code="bench-models-invalid", hint="name each once"
        )
    _check_networks(options)
    if options.has_random_weights:
        _check_random_weights(options)
    # before torch is imported, which takes seconds
    for name in classifiers:
        options.models(name).check()


def _check_random_weights(options: BenchOptions) -> None:
    """Refuse random weights where they may be a file, and for networks without public weights."""
    if Path(RANDOM).exists():
        raise SettingsError(
            f"--weights {RANDOM} is two things: there is a file of that name",
            code="bench-models-invalid",
            hint=f"give the file by its whole path ({Path(RANDOM).absolute()}), or rename it",
        )
    if options.labels is not None:
        raise SettingsError(
            f"--labels has no effect with --weights {RANDOM}: the answers mean nothing",
            code="no-effect",
            hint="leave it out",
        )
    for name in options.classifiers:
        found = "auto" if name == "auto" else registry.find(name)
        if not isinstance(found, EntryPoint) or found.module != BUILTIN:
            raise SettingsError(
                f"--weights {RANDOM} needs a network with public weights, and {name!r} is none",
                code="bench-models-invalid",
                hint="for example --classifier r2plus1d_18; "
                "`scsampler classifiers` lists those with public weights",
            )


def _check_networks(options: BenchOptions) -> None:
    names = [named_sampler(text)[0] for text in options.sampler or ()]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise SettingsError(
            f"two samplers have the name {twice[0]!r}",
            code="bench-models-invalid",
            hint="give each --sampler a name of its own",
        )
    # bundled sets need no check, and the named samplers were checked above
    for path in (*options.joint_files, *(options.network or ())):
        check_weight_file(path)


def files_read(options: BenchOptions) -> list[Path]:
    """The lists, weight files and videos that the options name."""
    names: list[str | Path | None] = [
        *(options.classifier or ()),
        *(options.weights, options.true_segments),
        *label_files(options.labels, options.background_labels),
        *options.joint_files,
        *(options.network or ()),
        *(options.sheet_of or ()),
    ]
    for text in options.data or ():
        # NAME=PATH, or a path that may have "=" in it
        names += [text, text.partition("=")[2]]
    for text in options.sampler or ():
        names += named_sampler(text)[1]
    return existing_files(names)


def prepare_folder(output: Path, options: BenchOptions) -> bool:
    """Create the folder of the report, before hours of measuring.

    Returns:
        whether the folder is new.

    Raises:
        OutputError: the folder cannot be written, is a file, or something in it would be lost.
    """
    # a URL would otherwise become a folder with a strange name
    check_written(output)
    is_file = output == STDOUT or (output.exists() and not output.is_dir())
    if is_file or output.suffix.lower() in FILE_SUFFIXES:
        raise OutputError(
            f"{output} is a file",
            code="report-folder-taken",
            hint="the report is a folder: name one with -o; --format is for standard output",
        )
    try:
        is_new = not output.is_dir()
        if not is_new:
            _check_contents(output, options)
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"cannot write {output}: {error.strerror or error}",
            code="write-failed",
            hint="name another folder",
        ) from error
    return is_new


def _check_contents(output: Path, options: BenchOptions) -> None:
    """Refuse a folder in which something would be lost.

    Raises:
        OutputError: the folder has other files, or an input of this run.
    """
    from scsampler_cli.bench.report_files import RUNS_FOLDER
    from scsampler_cli.bench.run_folder import PLAN

    runs = output / RUNS_FOLDER
    # a run that was killed before its first result leaves an unfinished folder behind
    if all(entry.name == f"{RUNS_FOLDER}.part" for entry in output.iterdir()):
        return
    is_report = (runs / PLAN).is_file()
    if options.resume and not options.overwrite and not is_report:
        raise OutputError(
            f"{output} is not empty, and has no report that could be continued",
            code="report-folder-taken",
            hint="name another folder; or --overwrite replaces files that have the report's names",
        )
    # the report of another run is neither continued nor replaced by accident
    if not options.resume and not options.overwrite:
        more = "--resume continues the report in it; " if is_report else ""
        raise OutputError(
            f"{output} is not empty",
            code="report-folder-taken",
            hint=f"{more}--overwrite replaces files that have the report's names",
        )
    # the folder of the runs is replaced as a whole, so that nothing else may be in it
    if runs.exists() and not is_report:
        raise OutputError(
            f"{runs} already exists, and belongs to no report",
            code="output-exists",
            hint="move it away, or name another folder",
        )
    _check_inputs_kept(output, options)


def _check_inputs_kept(output: Path, options: BenchOptions) -> None:
    """Refuse an input inside the folder of the report.

    Raises:
        OutputError: which one.
    """
    inputs = list(options.replay or ())
    if options.true_segments is not None:
        inputs.append(options.true_segments)
    for text in options.data or ():
        # NAME=PATH, or a path that may have "=" in it
        inputs += [Path(name) for name in (text, text.partition("=")[2]) if name]
    for path in inputs:
        if path.exists() and path.resolve().is_relative_to(output.resolve()):
            raise OutputError(
                f"{path} is an input of this run, and is in the output folder {output}",
                code="path-conflict",
                hint="name another folder",
            )
