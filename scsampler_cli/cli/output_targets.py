"""Paths of files that are made one per video: the tree below a folder argument is kept."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PosixPath

from scsampler_cli.errors import OutputError, SettingsError
from scsampler_cli.files.urls import check_written
from scsampler_cli.output.cuts import otio
from scsampler_cli.output.exchange.activitynet_results import check_ids
from scsampler_cli.output.output_file import reporting_write_errors
from scsampler_cli.output.writers import CUT_FORMATS


class Folder(PosixPath):
    """A path with "/" at its end: a folder, which need not exist yet."""


STDOUT = Path("-")
_ALSO_STDOUT = frozenset(("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"))
"""Other names of standard output. A file that standard output is redirected to, if opened by one of
these names, would be overwritten from its start."""


def output_path(text: str) -> Path:
    """The path that an option names; STDOUT for standard output."""
    # standard output keeps the position that a redirection with >> gives it
    if text in _ALSO_STDOUT:
        return STDOUT
    return Folder(text) if text.endswith("/") else Path(text)


@dataclass(frozen=True)
class Places:
    """The files of a format that holds one video per file."""

    targets: Mapping[str, Path | None]
    """Path of a video: its file; None is standard output."""
    folder: Path | None
    """The folder that has the files; None for a single file, and for standard output."""


def below(
    folder: Path, inputs: Sequence[Path], named: Sequence[str], *, suffix: str
) -> dict[Path, Path]:
    """A file for each video, named after it.

    Args:
        folder: the folder for all files.
        inputs: videos.
        named: files and folders as the user named them.
        suffix: is added to the name of a video.

    Returns:
        path of a video: its file. The tree below a folder that the user named is kept; all other
        files are in `folder` itself. If two videos would get the same file, the tree below the
        lowest folder that has all videos is kept.

    Raises:
        SettingsError: a file is one of the videos.
        OutputError: the folder is a URL.
    """
    check_written(folder)
    # os.path.isdir is False for a folder that may not be entered, where Path.is_dir raises
    roots = [Path(path) for path in named if os.path.isdir(path)]  # noqa: PTH112
    # a file that no named folder holds is put directly into `folder`
    targets = {}
    for path in inputs:
        root = next((root for root in roots if path.is_relative_to(root)), path.parent)
        targets[path] = folder / path.relative_to(root).with_name(path.name + suffix)
    if len(set(targets.values())) < len(targets):
        # links are not resolved: a link has a name of its own
        places = {path: os.path.abspath(path) for path in inputs}  # noqa: PTH100
        parents = [os.path.dirname(place) for place in places.values()]  # noqa: PTH120
        common = os.path.commonpath(parents)
        targets = {
            path: folder / f"{os.path.relpath(place, common)}{suffix}"
            for path, place in places.items()
        }
    check_apart(targets.values(), inputs)
    return targets


def check_apart(targets: Iterable[Path], inputs: Iterable[Path]) -> None:
    """Refuse to write to an input.

    Raises:
        SettingsError: a target is an input.
    """
    # realpath: the same file may be named through links
    read = {os.path.realpath(path) for path in inputs}
    over = [target for target in targets if os.path.realpath(target) in read]
    if over:
        raise SettingsError(
            f"{min(over)} is both input and output",
            code="path-conflict",
            hint="give -o another folder",
        )


def of_cuts(
    command: str, form: str, inputs: Sequence[Path], *, named: Sequence[str], output: Path | None
) -> Places:
    """The file for the clips of each video.

    Args:
        command: the command that writes them.
        form: one of CUT_FORMATS.
        inputs: videos.
        named: files and folders as the user named them.
        output: a file, a folder, or None for standard output.

    Raises:
        SettingsError: the command selects no clips, or several videos would have one file.
        OutputError: the folder cannot be made or written to.
        DependencyError: the package of the format is not installed.
    """
    if command == "extract":
        raise SettingsError(
            f"{form} has selected clips, and extract selects none",
            code="format-unsupported",
            hint="use classify or score",
        )
    if form == "otio":
        otio.check_installed()
    if output is not None and (isinstance(output, Folder) or os.path.isdir(output)):  # noqa: PTH112
        folder = Path(output)
        _make(folder)
        targets = below(folder, inputs, named, suffix=CUT_FORMATS[form])
        return Places({str(path): target for path, target in targets.items()}, folder)
    # known before the videos are read: the shard does not matter
    if len(inputs) > 1:
        raise SettingsError(
            f"{form} has one file for each video, and these are {len(inputs)}",
            code="output-folder-needed",
            hint="name a folder for the files, with / at its end: -o cuts/",
        )
    return Places({str(path): output for path in inputs}, None)


def check_document(command: str, form: str, inputs: Iterable[Path]) -> None:
    """Refuse videos that a document of another tool cannot hold.

    Args:
        command: the command that writes it.
        form: one of DOCUMENT_FORMATS.
        inputs: videos, also those of other shards.

    Raises:
        SettingsError: the command gives no labels, or two videos would have the same ID.
    """
    if command != "classify":
        raise SettingsError(
            f"{form} has labels of videos, and {command} gives none",
            code="format-unsupported",
            hint="use classify",
        )
    if form == "activitynet":
        check_ids(map(str, inputs))


def _make(folder: Path) -> None:
    check_written(folder)
    with reporting_write_errors(str(folder)):
        folder.mkdir(parents=True, exist_ok=True)
    # found now, not after the first video
    if not os.access(folder, os.W_OK):
        raise OutputError(
            f"cannot write to {folder}: no permission, or a read-only disk",
            code="output-unusable",
            hint="name another place",
        )
