"""The program ffmpeg that the tests run with.

SCSAMPLER_TEST_FFMPEG names it, so that the same tests can be run with several programs;
"packaged" is the program of the package imageio-ffmpeg. Only the tests read this variable. Without
it they run the program that a user would get.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

NAMED = "SCSAMPLER_TEST_FFMPEG"
SYSTEM = "/usr/bin:/bin"


def named() -> Path | None:
    """The program that the environment names, if any.

    Raises:
        FileNotFoundError: there is no such program.
    """
    name = os.environ.get(NAMED)
    if not name:
        return None
    if name == "packaged":
        from imageio_ffmpeg import get_ffmpeg_exe

        return Path(get_ffmpeg_exe())
    found = shutil.which(name)
    if found is None:
        raise FileNotFoundError(f"{NAMED}={name}: no such program")
    return Path(found).absolute()


def put_first(folder: Path) -> None:
    """Put the named program first on the PATH of this process and of those that it starts.

    Args:
        folder: an empty one, which is to hold it under the name ffmpeg.
    """
    program = named()
    if program is not None:
        (folder / "ffmpeg").symlink_to(program)
        os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ['PATH']}"


def far_path() -> str:
    """A PATH of system folders alone, behind that of the named program."""
    found = shutil.which("ffmpeg") if os.environ.get(NAMED) else None
    return SYSTEM if found is None else f"{Path(found).parent}{os.pathsep}{SYSTEM}"
