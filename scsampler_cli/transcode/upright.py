"""Pictures of a graph as a player shows them: turned and mirrored as the file says, in a size of one's own."""

from __future__ import annotations

from typing import Any

import ffmpeg

from scsampler_cli.media.index import VideoInfo
from scsampler_cli.media.orientation import Orientation


def detached(stream: Any, stored: Any, info: VideoInfo) -> Any:
    """Pictures of a graph, not yet turned, whose output does not get the display matrix of the file.

    FFmpeg 5.1 copies the matrix to the output of a graph with one input, and a player would turn what is turned already. So the
    graph of a file that has a matrix gets a second input, of which nothing is taken. The result has times in microseconds.

    Args:
        stream: of the graph, in the size of the file.
        stored: the pictures of the file.
        info: what the file says of its pictures.
    """
    if info.orientation == Orientation():
        return stream
    return ffmpeg.filter([stream, stored.filter("trim", end_frame=0)], "interleave", nb_inputs=2)


def upright(stream: Any, info: VideoInfo, height: int, width: int) -> Any:
    """Pictures of one size, in square pixels as far as the file goes, 4:2:0.

    Args:
        stream: of the graph, as stored.
        info: what the file says of its pictures.
        height: as displayed; even.
        width: likewise.
    """
    if info.orientation.swaps_sides:
        height, width = width, height
    stream = stream.filter("scale", w=width, h=height, flags="bicubic").filter("setsar", 1)
    if info.orientation.mirrored:
        stream = stream.filter("hflip")
    for _ in range(info.orientation.turns):
        stream = stream.filter("transpose", "cclock")
    # what was done must not be asked of the player of the result once more
    return stream.filter("format", "yuv420p").filter("sidedata", mode="delete", type="DISPLAYMATRIX")
