"""The input file of the `ffmpeg` program: that file and nothing else, for any content and any name.

The rules are those of `media.sandbox`: the demuxer is the one that was found there, never the
program's guess, so that a list of other files under a video's name is not read as a list. The only
protocol is that of files.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ffmpeg

from scsampler_cli.config import ReadSettings
from scsampler_cli.errors import VideoError
from scsampler_cli.media.sandbox import LINKING_DEMUXERS, open_local, pixel_limit
from scsampler_cli.transcode.program import name_of

_DEMUXER_OPTIONS: dict[str, dict[str, str]] = {
    "mov": {"enable_drefs": "0"},
    "image2": {"pattern_type": "none"},
}
"""Options of single demuxers: external tracks are not opened, a name is not a pattern."""

THREADS = 2
"""Threads of each decoder; each thread holds frames in memory."""


def demuxer_of(path: Path, reading: ReadSettings) -> str:
    """FFmpeg's name of the file's container, such as "mov,mp4,m4a,3gp,3g2,mj2".

    Raises:
        InputError: the file cannot be opened.
        VideoError: FFmpeg cannot read it, or it lists other files.
    """
    with open_local(path, reading) as container:
        return container.format.name


def source(path: Path, demuxer: str, reading: ReadSettings, **options: Any) -> Any:
    """An input of a graph.

    Args:
        path: the file.
        demuxer: from `demuxer_of`.
        reading: limits of its pictures.
        options: further options of the program; None for those without a value.

    Raises:
        VideoError: the demuxer opens files which the file names.
    """
    names = demuxer.split(",")
    # image2 reads one picture here, since `pattern_type` is "none"
    if LINKING_DEMUXERS.intersection(names) - {"image2"}:
        raise VideoError(
            f"{path}: {demuxer} lists other files; it is not followed",
            code="playlist",
            hint="name the files that it lists",
        )
    shared = {
        "protocol_whitelist": "file",
        "format_whitelist": demuxer,
        # a picture of another size must not restart the graph, which would lose its state
        "reinit_filter:v": 0,
        "noautorotate": None,
        "threads": THREADS,
    }
    return ffmpeg.input(
        name_of(path),
        format=names[0],
        **_DEMUXER_OPTIONS.get(names[0], {}),
        **shared,
        **pixel_limit(reading),
        **options,
    )
