"""Checks of output paths: an existing folder, no link that leads out of it, no device, no file in
the way.

Not handled here: what is written.
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
"""Longest name of a file where the file system does not give its limit."""


def not_written(target: object, error: OSError) -> OutputError:
    """The error for a file that could not be written.

    Args:
        target: the file, as messages name it.
        error: the error of the system.
    """
    longest = f"a name may have {NAME_BYTES} bytes on most disks"
    hints = {
        errno.ENOSPC: "the disk is full",
        errno.EDQUOT: "your share of the disk is full",
        errno.ENAMETOOLONG: f"{longest}: rename the video, or name a shorter one",
        errno.EISDIR: "a folder has that name: move it, or name another place",
    }
    hint = hints.get(error.errno or 0, "check its permissions")
    return OutputError(
        f"cannot write {target}: {error.strerror or error}", code="write-failed", hint=hint
    )


def sibling(path: Path, ending: str, stem: str | None = None) -> Path:
    """Path of a file in the same folder that is named after another one, such as a temporary file.

    Args:
        path: the other file.
        ending: of the name.
        stem: beginning of the name; None for the name of the other file.

    Returns:
        stem and ending. Where the file system takes no name of that length, the end of the stem is
        replaced by "~" and 16 digits of its sha256, so that a name always gives the same sibling.
    """
    stem = path.name if stem is None else stem
    limit = NAME_BYTES
    # fails where the folder does not exist yet, or the file system gives no limit
    with contextlib.suppress(OSError, ValueError):
        limit = os.pathconf(path.parent, "PC_NAME_MAX")
    if len(os.fsencode(stem + ending)) <= limit:
        return path.with_name(stem + ending)

    ending = f"~{hashlib.sha256(os.fsencode(stem)).hexdigest()[:16]}{ending}"
    beginning = os.fsencode(stem)[: max(0, limit - len(os.fsencode(ending)))]
    # "ignore": the cut may go through a character
    return path.with_name(beginning.decode("utf-8", "ignore") + ending)


# names of open descriptors, on Linux and macOS
_DESCRIPTOR = re.compile(r"/dev/(stdin|stdout|stderr|fd/\d+)|/proc/(self|\d+)/fd/\d+")


def check_output(target: Path) -> None:
    """Refuse, before the work, an output that could not be written after it.

    Raises:
        OutputError: it is a URL, a folder, or a link that leads out of its folder; its folder does
            not exist; it may not be written; or the file system does not take its name.
    """
    check_written(target)
    try:
        # raises where the name is too long: newer versions of pathlib return False in all checks
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            target.lstat()
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
    """Refuse, before the work, a file that could not be written as a whole after it.

    Raises:
        OutputError: as `check_output`; or it is a device or a pipe, which a file cannot replace.
    """
    check_output(target)
    if is_special(target):
        raise OutputError(
            f"cannot write {target}: it is a device or a pipe",
            code="output-unusable",
            hint="name a file",
        )


def check_within(target: Path, folder: Path) -> None:
    """Refuse a file that links would put outside of the output folder.

    Args:
        target: a file below `folder`; its own folder need not exist yet.
        folder: the output folder, as the user named it.

    Raises:
        OutputError: the file would lie outside.
    """
    # realpath, unlike `resolve`, does not raise for links in a circle
    actual = Path(os.path.realpath(target.parent))
    if not actual.is_relative_to(folder.resolve()):
        raise OutputError(
            f"cannot write {target}: a link leads to {actual}",
            code="output-unusable",
            hint=f"name that folder itself, not {folder}",
        )


def check_working_folder() -> None:
    """Check that the current folder exists: without it relative paths and new processes fail.

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
    """True for a device, a pipe or an open descriptor (/dev/fd/3).

    They are written directly, and must not be replaced by a file.
    """
    # os.path is False where pathlib raises: for names that are too long
    is_no_file = os.path.exists(target) and not os.path.isfile(target)  # noqa: PTH110, PTH113
    return _DESCRIPTOR.fullmatch(str(target)) is not None or is_no_file


def is_taken(target: Path) -> bool:
    """True if writing the target would destroy data: not for an empty file, a device or a pipe."""
    try:
        return not is_special(target) and target.stat().st_size > 0
    except OSError:
        # it does not exist
        return False


def check_free(
    targets: Iterable[Path],
    option: str,
    *,
    overwrite: bool,
    is_own: Callable[[Path], bool] = lambda _: False,
) -> None:
    """Refuse to overwrite existing files.

    Args:
        targets: files that would be written.
        option: the option that names them, for the message.
        overwrite: True if the user allows it.
        is_own: True for a file that this run may replace, such as one of the run that it continues.

    Raises:
        OutputError: a file exists.
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
    """A free name for a file that is kept: FILE.old, or else FILE.old2, FILE.old3 and so on."""
    for number in itertools.count(1):
        name = sibling(path, f".old{number if number > 1 else ''}")
        # lexists: a link that leads nowhere takes the name, too
        if not os.path.lexists(name):
            return name
    raise AssertionError("itertools.count does not end")


def fresh(path: Path) -> Path:
    """The path, after a file with that name was removed.

    The caller opens it with mode "x", so that a link that another user puts there is not followed.

    Raises:
        OSError: the file cannot be removed.
    """
    path.unlink(missing_ok=True)
    return path


def write_whole(target: Path, data: bytes) -> None:
    """Write a file that gets its name when it is complete.

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
