"""Filters of the ffmpeg program that rotate, mirror and scale pictures for display."""

from __future__ import annotations

import itertools
from typing import Any

import ffmpeg

from scsampler_cli.media.aspect import SAME_SHAPE
from scsampler_cli.media.changes import Aspects
from scsampler_cli.media.orientation import Orientation
from scsampler_cli.media.video_info import VideoInfo


def detached(stream: Any, nothing: Any, info: VideoInfo) -> Any:
    """Keep the display matrix of the file out of the output.

    FFmpeg 5.1 copies the matrix to the output of a graph with one input, and a player would turn
    the pictures a second time. So the graph of a file with a matrix gets a second input, which
    stays empty. The result has times in microseconds.

    Args:
        stream: pictures of a graph.
        nothing: a stream of the same file and size, without any picture.
        info: of the video.
    """
    if info.orientation == Orientation():
        return stream
    return ffmpeg.filter([stream, nothing], "interleave", nb_inputs=2)


def upright(stream: Any, info: VideoInfo, height: int, *, width: int, aspects: Aspects) -> Any:
    """Pictures of one size, as displayed, marked as having square pixels, 4:2:0.

    A picture of another shape than the first one, by its pixel aspect or size, keeps its shape: it
    is scaled to fit, and black is added around it.

    Args:
        stream: pictures of a graph, as stored.
        info: of the video.
        height: of the result, pixels; even.
        width: of the result, pixels; even.
        aspects: from `pixel_aspects`, on the clock of the stream.
    """
    # the given size is as displayed; what is scaled is the stored picture
    if info.orientation.swaps_sides:
        height, width = width, height
    scaled_height, scaled_width = _scaled_size(info, height, width, aspects=aspects)
    stream = stream.filter("scale", w=scaled_width, h=scaled_height, flags="bicubic", eval="frame")
    stream = stream.filter("pad", w=width, h=height, x="(ow-iw)/2", y="(oh-ih)/2", eval="frame")
    stream = stream.filter("setsar", 1)
    if info.orientation.mirrored:
        stream = stream.filter("hflip")
    for _ in range(info.orientation.turns):
        stream = stream.filter("transpose", "cclock")
    # a player of the result must not turn the pictures again
    stream = stream.filter("format", "yuv420p")
    return stream.filter("sidedata", mode="delete", type="DISPLAYMATRIX")


def _scaled_size(info: VideoInfo, height: int, width: int, *, aspects: Aspects) -> tuple[str, str]:
    """Expressions of the height and width, even, of a picture that fits into `height` x `width`.

    FFmpeg evaluates them for each frame, so that each picture keeps its shape.
    """
    first_height, first_width = info.upright_size
    # not the program's own `sar`: newer versions keep the first one
    aspect = str(aspects[-1][1])
    # nested conditions: the aspect from each time on, the last one innermost
    for (_, before), (begin, _) in reversed(list(itertools.pairwise(aspects))):
        aspect = f"if(lt(t,{float(begin):.9f}),{before},{aspect})"

    # aspect ratio of the picture over that of the first one: above 1 it is wider
    return fitted_size(height, width, f"(iw/ih*({aspect})*{first_height}/{first_width})")


def fitted_size(height: int, width: int, wider: str) -> tuple[str, str]:
    """Expressions of the height and width, even, of a picture that fits into `height` x `width`.

    A picture of almost that shape fills it.

    Args:
        height: pixels; even.
        width: pixels; even.
        wider: expression of the picture's aspect ratio over that of a picture that fills the size.
    """
    fitted_height = f"max(2,2*round({height}*min(1,1/{wider})/2))"
    fitted_width = f"max(2,2*round({width}*min(1,{wider})/2))"
    same = f"lt(abs({wider}-1),{SAME_SHAPE})"
    return f"if({same},{height},{fitted_height})", f"if({same},{width},{fitted_width})"
