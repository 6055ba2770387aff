"""A file that takes its name when it is complete: it is made beside the target and under the same ending.

But: nothing is written here; those who ask for the place do.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scsampler_cli.errors import OutputError
from scsampler_cli.files.output_paths import check_file, fresh, sibling
from scsampler_cli.output.output_file import reporting_write_errors


@contextmanager
def replaced(target: Path) -> Iterator[Path]:
    """An empty file that becomes the target when the block ends well, and goes when it does not.

    It lies there before a program opens it by name, so that nobody can plant a link under that name.

    Raises:
        OutputError: the target cannot be written.
    """
    check_file(target)
    place = target.resolve()
    part = sibling(place, f".part{place.suffix}", place.stem)
    with reporting_write_errors(str(target)):
        fresh(part).open("xb").close()
    try:
        yield part
        with reporting_write_errors(str(target)):
            if place.exists():
                shutil.copymode(place, part)
            part.replace(place)
    finally:
        part.unlink(missing_ok=True)


def check_apart(target: Path, path: Path) -> None:
    """Refuse to write over what is read.

    Raises:
        OutputError: the target is the file itself.
    """
    # os.path says no where pathlib's raises: for names that are too long
    if os.path.exists(target) and os.path.exists(path) and target.samefile(path):  # noqa: PTH110
        raise OutputError(
            f"cannot write {target}: it is the video itself",
            code="path-conflict",
            hint="name another file",
        )
