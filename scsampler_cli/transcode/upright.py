"""Pictures of a graph as a player shows them: turned and mirrored as the file says, in a size of one's own."""

from __future__ import annotations

from typing import Any

from scsampler_cli.media.index import VideoInfo


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
