"""Where output may go: into folders that are there, never through a link out of them, never over a device.

But: what is written there is the business of those who write.
"""

from __future__ import annotations

import os
from pathlib import Path

from scsampler_cli.errors import OutputError
from scsampler_cli.urls import check_written


def check_output(target: Path) -> None:
    """Say at once what would keep the output from being written in the end.

    Raises:
        OutputError: a URL, a folder, a link that leads out of its folder, no folder to write into, or no right to.
    """
    check_written(target)
    if target.is_dir():
        raise OutputError(f"cannot write {target}: it is a folder", hint="name a file in it")
    if not target.parent.is_dir():
        raise OutputError(f"cannot write {target}: there is no folder {target.parent}", hint="make the folder first")
    if not os.access(target if target.exists() else target.parent, os.W_OK):
        raise OutputError(f"cannot write {target}: no permission, or a read-only disk", hint="name another place")
    if target.is_symlink() and not is_special(target) and target.resolve().parent != target.parent.resolve():
        raise OutputError(f"cannot write {target}: it is a link to {target.resolve()}", hint="name that file itself")


def check_within(target: Path, folder: Path) -> None:
    """Refuse a place in a tree of outputs that a link leads out of.

    Args:
        target: a file below `folder`; its own folder need not be there yet.
        folder: the tree, as the user named it.

    Raises:
        OutputError: the file would lie elsewhere.
    """
    there = target.parent.resolve()
    if not there.is_relative_to(folder.resolve()):
        raise OutputError(
            f"cannot write {target}: a link leads to {there}", hint=f"name that folder itself, not {folder}"
        )


def is_special(target: Path) -> bool:
    """True for a device or a pipe, which is written as it is and must not be replaced."""
    return target.exists() and not target.is_file()


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
    part = target.with_name(f"{target.name}.part")
    try:
        with fresh(part).open("xb") as file:
            file.write(data)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
