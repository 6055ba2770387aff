"""A file that gets its name when it is complete. Until then it has another name in the same folder.

Not handled here: writing it; the caller does that.
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
    """An empty file that becomes the target when the block ends, and is deleted after an exception.

    Raises:
        OutputError: the target cannot be written.
    """
    check_file(target)
    # a link stays, and the file that it points to is replaced
    resolved = target.resolve()
    part = sibling(resolved, f".part{resolved.suffix}", resolved.stem)
    with reporting_write_errors(str(target)):
        # created before a program opens it by name, so that nobody can put a link there
        fresh(part).open("xb").close()
    try:
        yield part
        with reporting_write_errors(str(target)):
            if resolved.exists():
                shutil.copymode(resolved, part)
            part.replace(resolved)
    finally:
        part.unlink(missing_ok=True)


def check_apart(target: Path, path: Path) -> None:
    """Refuse to overwrite the input file.

    Raises:
        OutputError: the target is the input file.
    """
    # os.path returns False where pathlib raises: for names that are too long
    if os.path.exists(target) and os.path.exists(path) and target.samefile(path):  # noqa: PTH110
        raise OutputError(
            f"cannot write {target}: it is the video itself",
            code="path-conflict",
            hint="name another file",
        )
