"""The file that the `ffmpeg` program reads: that file and nothing else, whatever it holds and whatever it is called.

The rules are those of `media.sandbox`: the demuxer is the one that was found there, never the program's guess, so that a list of
other files under a video's name is no list; the only protocol is that of files.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ffmpeg

from scsampler_cli.config import ReadSettings
from scsampler_cli.errors import VideoError
from scsampler_cli.media.sandbox import LINKING_DEMUXERS, open_local, pixel_limit
from scsampler_cli.transcode.program import name_of

_OWN: dict[str, dict[str, str]] = {"mov": {"enable_drefs": "0"}, "image2": {"pattern_type": "none"}}
"""Options that only some demuxers have: external tracks are not opened, a name is no pattern."""

THREADS = 2
"""Of each decoder; each holds frames (our choice)."""


def demuxer_of(path: Path, reading: ReadSettings) -> str:
    """FFmpeg's name of the file's container, such as "mov,mp4,m4a,3gp,3g2,mj2".

    Raises:
        InputError: the file cannot be opened.
        VideoError: FFmpeg can make nothing of it, or it lists other files.
    """
    with open_local(path, reading) as container:
        return container.format.name


def source(path: Path, demuxer: str, reading: ReadSettings, **options: Any) -> Any:
    """An input of a graph.

    Args:
        path: the file.
        demuxer: from `demuxer_of`.
        reading: how large its pictures may be.
        options: further ones of the program; None for those that take no value.

    Raises:
        VideoError: a demuxer that opens what the file names.
    """
    names = demuxer.split(",")
    if LINKING_DEMUXERS.intersection(names) - {"image2"}:
        raise VideoError(
            f"{path}: {demuxer} lists other files; it is not followed",
            code="playlist",
            hint="name the files that it lists",
        )
    # a picture of another size goes on to the scaler: the graph begun anew would forget where it is
    shared = {
        "protocol_whitelist": "file",
        "format_whitelist": demuxer,
        "reinit_filter:v": 0,
        "noautorotate": None,
        "threads": THREADS,
    }
    return ffmpeg.input(
        name_of(path),
        format=names[0],
        **_OWN.get(names[0], {}),
        **shared,
        **pixel_limit(reading),
        **options,
    )
