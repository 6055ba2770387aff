"""Paths and formats of the feature files of `scsampler extract`."""

from __future__ import annotations

import os
from pathlib import Path

from scsampler_cli.cli import output_targets, overwrite_checks
from scsampler_cli.cli.batch_plan import Batch
from scsampler_cli.errors import SettingsError
from scsampler_cli.features.file_formats import FEATURE_FORMATS
from scsampler_cli.files.output_paths import check_file
from scsampler_cli.files.urls import check_written

_SUFFIXES = " or ".join(FEATURE_FORMATS.values())


def formats_of(requested: str | None, output: Path | None) -> tuple[str, str | None]:
    """The format of the feature files, and that of the records where --format names one.

    Args:
        requested: the value of --format, of either kind.
        output: the value of -o; its suffix decides where --format does not.
    """
    if requested in FEATURE_FORMATS:
        return str(requested), None
    by_suffix = {suffix: form for form, suffix in FEATURE_FORMATS.items()}
    is_file = output is not None and not _is_folder(output)
    form = by_suffix.get(output.suffix) if output is not None and is_file else None
    return form or "scf", requested


def _is_folder(output: Path) -> bool:
    # os.path.isdir is False for a name that is too long, where Path.is_dir raises
    return isinstance(output, output_targets.Folder) or os.path.isdir(output)  # noqa: PTH112


def targets_of(
    todo: Batch, paths: list[str], output: Path | None, *, form: str
) -> dict[Path, Path]:
    """The feature file of each video; the tree below a folder argument is kept.

    Args:
        todo: the videos.
        paths: files and folders as the user named them.
        output: a file, a folder, or None for the working folder.
        form: one of FEATURE_FORMATS.

    Raises:
        SettingsError: two videos have the same feature file, or the output is "-", or a file for
            several videos.
        OutputError: the output is a URL.
    """
    if output == output_targets.STDOUT:
        raise SettingsError(
            "feature files are not written to standard output",
            code="output-folder-needed",
            hint="give -o a file or a folder",
        )
    if output is not None:
        check_written(output)
    if todo.single and output is not None and not _is_folder(output):
        _check_file(todo, output, form)
        return dict.fromkeys(todo.inputs, output)
    # without -o in the working folder
    folder = Path(output or ".")
    if folder.suffix in FEATURE_FORMATS.values() and not folder.is_dir():
        raise SettingsError(
            f"{folder} is one file for several videos",
            code="output-folder-needed",
            hint="give -o a folder",
        )
    return output_targets.below(folder, todo.named, paths, suffix=FEATURE_FORMATS[form])


def _check_file(todo: Batch, output: Path, form: str) -> None:
    """Refuse a feature file of one video that cannot be written, or that is something else.

    Raises:
        SettingsError: it is an input, or another output, or has another suffix.
        OutputError: it cannot be written.
    """
    overwrite_checks.check_not_read(todo.inputs, {"-o": output})
    if output.suffix not in FEATURE_FORMATS.values():
        raise SettingsError(
            f"{output} does not end in {_SUFFIXES}",
            code="output-suffix-unknown",
            hint=f"-o FILE{FEATURE_FORMATS[form]}, or a folder: -o FOLDER/",
        )
    if output.suffix != FEATURE_FORMATS[form]:
        raise SettingsError(
            f"{output} does not end in {FEATURE_FORMATS[form]}, and the format is {form}",
            code="output-suffix-unknown",
            hint="name one of the two; the suffix is enough",
        )
    # a folder that does not exist is made later, and then has no other file
    if output.parent.is_dir():
        check_file(output)
        log_file = todo.running.log_file
        outputs = {"-o": output, "--records": todo.output, "--log-file": log_file}
        overwrite_checks.check_outputs(todo.inputs, outputs)
