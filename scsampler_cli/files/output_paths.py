"""Where output may go: into folders that are there, never through a link out of them, never over a device or what is there.

But: what is written there is the business of those who write.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import itertools
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from scsampler_cli.errors import InputError, OutputError
from scsampler_cli.files.urls import check_written

NAME_BYTES = 255
"""Of a file's name where the disk does not say how long one may be."""


def not_written(target: object, error: OSError) -> OutputError:
    """The error of a file that could not be written.

    Args:
        target: what messages call it.
        error: what the system said.
    """
    hints = {
        errno.ENOSPC: "the disk is full",
        errno.EDQUOT: "your share of the disk is full",
        errno.ENAMETOOLONG: f"a name may have {NAME_BYTES} bytes on most disks: rename the video, or name a shorter one",
        errno.EISDIR: "a folder has that name: move it, or name another place",
    }
    hint = hints.get(error.errno or 0, "check its permissions")
    return OutputError(
        f"cannot write {target}: {error.strerror or error}", code="write-failed", hint=hint
    )


def sibling(path: Path, ending: str, stem: str | None = None) -> Path:
    """A file beside another one that is named after it, such as a temporary one.

    Args:
        path: the other one.
        ending: of the name.
        stem: what it begins with; None: the other one's name.

    Returns:
        stem and ending; where the disk takes no name of that length, the end of the stem becomes "~" and 16 digits of its
        sha256, so that the same name always gives the same sibling.
    """
    stem = path.name if stem is None else stem
    longest = NAME_BYTES
    with contextlib.suppress(OSError, ValueError):  # the folder is not there yet, or cannot say it
        longest = os.pathconf(path.parent, "PC_NAME_MAX")
    if len(os.fsencode(stem + ending)) <= longest:
        return path.with_name(stem + ending)
    ending = f"~{hashlib.sha256(os.fsencode(stem)).hexdigest()[:16]}{ending}"
    kept = os.fsencode(stem)[: max(0, longest - len(os.fsencode(ending)))]
    return path.with_name(kept.decode("utf-8", "ignore") + ending)


_DESCRIPTOR = re.compile(r"/dev/(stdin|stdout|stderr|fd/\d+)|/proc/(self|\d+)/fd/\d+")


def check_output(target: Path) -> None:
    """Say at once what would keep the output from being written in the end.

    Raises:
        OutputError: a URL, a folder, a link that leads out of its folder, no folder to write into, no right to, or a name
            that the disk does not take.
    """
    check_written(target)
    try:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            target.lstat()  # newer versions of pathlib answer False to all that follows
        _check_output(target)
    except OSError as error:
        raise not_written(target, error) from error


def _check_output(target: Path) -> None:
    if target.is_dir():
        raise OutputError(
            f"cannot write {target}: it is a folder",
            code="output-unusable",
            hint="name a file in it",
        )
    if not target.parent.is_dir():
        raise OutputError(
            f"cannot write {target}: there is no folder {target.parent}",
            code="output-unusable",
            hint="make the folder first",
        )
    if not os.access(target if target.exists() else target.parent, os.W_OK):
        raise OutputError(
            f"cannot write {target}: no permission, or a read-only disk",
            code="output-unusable",
            hint="name another place",
        )
    if (
        target.is_symlink()
        and not is_special(target)
        and target.resolve().parent != target.parent.resolve()
    ):
        raise OutputError(
            f"cannot write {target}: it is a link to {target.resolve()}",
            code="output-unusable",
            hint="name that file itself",
        )


def check_file(target: Path) -> None:
    """Say at once what would keep a whole file from being written in the end.

    Raises:
        OutputError: as `check_output`; or a device or a pipe, which a file cannot take the place of.
    """
    check_output(target)
    if is_special(target):
        raise OutputError(
            f"cannot write {target}: it is a device or a pipe",
            code="output-unusable",
            hint="name a file",
        )


def check_within(target: Path, folder: Path) -> None:
    """Refuse a place in a tree of outputs that a link leads out of.

    Args:
        target: a file below `folder`; its own folder need not be there yet.
        folder: the tree, as the user named it.

    Raises:
        OutputError: the file would lie elsewhere.
    """
    there = Path(os.path.realpath(target.parent))  # `resolve` raises where links go round
    if not there.is_relative_to(folder.resolve()):
        raise OutputError(
            f"cannot write {target}: a link leads to {there}",
            code="output-unusable",
            hint=f"name that folder itself, not {folder}",
        )


def check_working_folder() -> None:
    """Say that the folder in which the program runs is gone: neither relative names nor new processes work in it.

    Raises:
        InputError: it was deleted, or cannot be reached.
    """
    try:
        Path.cwd()
    except OSError as error:
        gone = isinstance(error, FileNotFoundError)
        what = "was deleted" if gone else f"cannot be reached: {error.strerror or error}"
        raise InputError(
            f"the working folder {what}",
            code="working-folder-missing",
            hint='cd to a folder that is there; if it was made again: cd "$PWD"',
        ) from error


def is_special(target: Path) -> bool:
    """True for a device, a pipe or an open descriptor (/dev/fd/3), which is written as it is and must not be replaced."""
    # os.path says no where pathlib's raises: for names that are too long
    is_there_and_no_file = os.path.exists(target) and not os.path.isfile(target)  # noqa: PTH110, PTH113
    return _DESCRIPTOR.fullmatch(str(target)) is not None or is_there_and_no_file


def is_taken(target: Path) -> bool:
    """True where a file would be lost if the target were written: not for an empty file, a device or a pipe."""
    try:
        return not is_special(target) and target.stat().st_size > 0
    except OSError:  # nothing is there
        return False


def check_free(
    targets: Iterable[Path],
    option: str,
    *,
    overwrite: bool,
    is_own: Callable[[Path], bool] = lambda _: False,
) -> None:
    """Refuse to write over files that are there.

    Args:
        targets: files that would be written.
        option: that names them, for the message.
        overwrite: True when the user allows it.
        is_own: True for a file that this run may replace, such as one of the run that it continues.

    Raises:
        OutputError: one is there.
    """
    if overwrite:
        return
    taken = [target for target in targets if is_taken(target) and not is_own(target)]
    if taken:
        more = (
            f", and so are {len(taken) - 1} more of the files to be written"
            if len(taken) > 1
            else ""
        )
        raise OutputError(
            f"{taken[0]} already exists{more}",
            code="output-exists",
            hint=f"replace it, or give {option} another name",
        )


def free_name(path: Path) -> Path:
    """Where a file that is kept goes: FILE.old, or FILE.old2 and so on where that is taken."""
    names = (sibling(path, f".old{n if n > 1 else ''}") for n in itertools.count(1))
    return next(name for name in names if not os.path.lexists(name))


def fresh(path: Path) -> Path:
    """A name under which nothing lies any more, for a file that is opened with mode "x": so no link planted there is followed.

    Raises:
        OSError: what lies there cannot be removed.
    """
    path.unlink(missing_ok=True)
    return path


def write_whole(target: Path, data: bytes) -> None:
    """Write a file that takes its name when it is complete.

    Raises:
        OSError: it cannot be written.
    """
    part = sibling(target, ".part")
    try:
        with fresh(part).open("xb") as file:
            file.write(data)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
