"""Where the files go that are made one for each video: the tree below a folder argument is kept."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PosixPath

from scsampler_cli.errors import OutputError, SettingsError
from scsampler_cli.files.urls import check_written
from scsampler_cli.output.writers import CUT_FORMATS, own_errors


class Folder(PosixPath):
    """A path that was named with "/" at its end: a folder, which need not be there yet."""


STDOUT = Path("-")
_ALSO_STDOUT = frozenset(("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"))
"""Other names of it: opened by these, a file that it was sent to would be written from its beginning."""


def output_path(text: str) -> Path:
    """What -o names; STDOUT for standard output."""
    if text in _ALSO_STDOUT:
        return STDOUT
    return Folder(text) if text.endswith("/") else Path(text)


@dataclass(frozen=True)
class Places:
    """Where the clips of each video go, in a format that holds one video a file."""

    targets: Mapping[str, Path | None]
    """Path of a video -> its file; None is standard output."""
    folder: Path | None
    """That the files are below; None for a single file, and for standard output."""


def below(
    folder: Path, inputs: Sequence[Path], named: Sequence[str], *, suffix: str
) -> dict[Path, Path]:
    """A file for each video, named after it.

    Args:
        folder: that all files are below.
        inputs: videos.
        named: files and folders, as the user gave them.
        suffix: added to a video's name.

    Returns:
        the tree below a folder that was named is kept, other files lie side by side; where two would then meet, the tree below
        the folder that all have in common is kept (our choice).

    Raises:
        SettingsError: a video would be written over.
        OutputError: the folder is a URL.
    """
    check_written(folder)
    roots = [Path(path) for path in named if os.path.isdir(path)]  # noqa: PTH112 (says no where pathlib's raises)
    targets = {}
    for path in inputs:
        root = next((root for root in roots if path.is_relative_to(root)), path.parent)
        targets[path] = folder / path.relative_to(root).with_name(path.name + suffix)
    if len(set(targets.values())) < len(targets):
        # not resolved: a link is known by its own name
        places = {path: os.path.abspath(path) for path in inputs}  # noqa: PTH100
        common = os.path.commonpath([os.path.dirname(place) for place in places.values()])  # noqa: PTH120
        targets = {
            path: folder / f"{os.path.relpath(place, common)}{suffix}"
            for path, place in places.items()
        }
    check_apart(targets.values(), inputs)
    return targets


def check_apart(targets: Iterable[Path], inputs: Iterable[Path]) -> None:
    """Refuse to write over what is read.

    Raises:
        SettingsError: a target is an input.
    """
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
    """Where the clips of each video go.

    Args:
        command: whose records are written.
        form: one of CUT_FORMATS.
        inputs: videos.
        named: files and folders, as the user gave them.
        output: a file, a folder, or None for standard output.

    Raises:
        SettingsError: the command takes no clips, or several videos would be written to one place.
        OutputError: the folder cannot be made or written to.
    """
    if command == "extract":
        raise SettingsError(
            f"{form} holds chosen clips, and extract chooses none",
            code="format-unsupported",
            hint="use classify or score",
        )
    if output is not None and (isinstance(output, Folder) or os.path.isdir(output)):  # noqa: PTH112 (as above)
        folder = Path(output)
        _make(folder)
        return Places(
            {
                str(path): to
                for path, to in below(folder, inputs, named, suffix=CUT_FORMATS[form]).items()
            },
            folder,
        )
    if len(inputs) > 1:
        raise SettingsError(
            f"{form} holds one video a file, and these are {len(inputs)}",
            code="output-folder-needed",
            hint="name a folder for the files, with / at its end: -o cuts/",
        )
    return Places({str(path): output for path in inputs}, None)


def _make(folder: Path) -> None:
    check_written(folder)
    with own_errors(str(folder)):
        folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        raise OutputError(
            f"cannot write to {folder}: no permission, or a read-only disk",
            code="output-unusable",
            hint="name another place",
        )
