"""Pictures of a graph as a player shows them: turned and mirrored as the file says, in a size of one's own."""

from __future__ import annotations

import itertools
from typing import Any

import ffmpeg

from scsampler_cli.media.aspect import SAME_SHAPE
from scsampler_cli.media.changes import Aspects
from scsampler_cli.media.orientation import Orientation
from scsampler_cli.media.video_info import VideoInfo


def detached(stream: Any, nothing: Any, info: VideoInfo) -> Any:
    """Pictures of a graph whose output does not get the display matrix of the file.

    FFmpeg 5.1 copies the matrix to the output of a graph with one input, and a player would turn what is turned already. So the
    graph of a file that has a matrix gets a second input, of which nothing is taken. The result has times in microseconds.

    Args:
        stream: of the graph.
        nothing: of the same file and size, and without any picture.
        info: what the file says of its pictures.
    """
    if info.orientation == Orientation():
        return stream
    return ffmpeg.filter([stream, nothing], "interleave", nb_inputs=2)


def upright(stream: Any, info: VideoInfo, height: int, *, width: int, aspects: Aspects) -> Any:
    """Pictures of one size, in square pixels as far as the file goes, 4:2:0.

    A picture of another shape than the first one, by its own pixel aspect or size, keeps its shape: it is
    made as large as fits, and black is added around it.

    Args:
        stream: of the graph, as stored.
        info: what the file says of its pictures.
        height: as displayed; even.
        width: likewise.
        aspects: from `pixel_aspects`, on the clock of the stream.
    """
    if info.orientation.swaps_sides:
        height, width = width, height
    high, wide = _fitting(info, height, width, aspects=aspects)
    stream = stream.filter("scale", w=wide, h=high, flags="bicubic", eval="frame")
    stream = stream.filter(
        "pad", w=width, h=height, x="(ow-iw)/2", y="(oh-ih)/2", eval="frame"
    ).filter("setsar", 1)
    if info.orientation.mirrored:
        stream = stream.filter("hflip")
    for _ in range(info.orientation.turns):
        stream = stream.filter("transpose", "cclock")
    # what was done must not be asked of the player of the result once more
    return stream.filter("format", "yuv420p").filter(
        "sidedata", mode="delete", type="DISPLAYMATRIX"
    )


def _fitting(info: VideoInfo, height: int, width: int, *, aspects: Aspects) -> tuple[str, str]:
    """Expressions of the height and width, even, at which a picture fits into `height` x `width`, its shape kept."""
    first_height, first_width = info.upright_size
    # not the program's own `sar`: newer ones hold on to the first
    aspect = str(aspects[-1][1])
    for (_, before), (begin, _) in reversed(list(itertools.pairwise(aspects))):
        aspect = f"if(lt(t,{float(begin):.9f}),{before},{aspect})"
    wider = f"(iw/ih*({aspect})*{first_height}/{first_width})"
    high, wide = (
        f"max(2,2*round({side}*min(1,{by})/2))"
        for side, by in ((height, f"1/{wider}"), (width, wider))
    )
    same = f"lt(abs({wider}-1),{SAME_SHAPE})"
    return f"if({same},{height},{high})", f"if({same},{width},{wide})"
