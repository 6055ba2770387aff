"""When the pixel aspect of a video changes, for a reader that is not told of it frame by frame.

But: those that decode the pictures here take each frame's own (`StreamIndex.upright_size`).
"""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from pathlib import Path

from scsampler_cli.errors import ScsamplerError
from scsampler_cli.media.container import decode_packets, open_video
from scsampler_cli.media.damage import Damage
from scsampler_cli.media.index import StreamIndex

Aspects = tuple[tuple[Fraction, Fraction], ...]
"""(second on the file's clock, width over height of a pixel from then on), in time order."""


def pixel_aspects(path: Path, index: StreamIndex) -> Aspects:
    """The pixel aspects of a video. Keyframes alone are decoded: a stream changes its aspect only
    there.

    But: where frames carry no times, that of the first picture is given alone.

    Returns:
        at least one, of which the first holds from the beginning; that of the first picture alone
        where the file cannot be read any more, for those that read it next to say why.
    """
    found = [(index.timeline.time(0), index.info.pixel_aspect)]
    if index.untimed or index.info.is_aspect_fixed:
        return tuple(found)
    with suppress(ScsamplerError), open_video(path, index.reading) as (container, stream):
        stream.codec_context.skip_frame = "NONKEY"
        # what is damaged is counted by those that decode everything
        for frame in decode_packets(container, stream, Damage(), reading=index.reading):
            position = index.position(frame.pts, 0)
            if position is not None and index.pixel_aspect(frame) != found[-1][1]:
                # between two frames, so that rounding does no harm
                begin = (
                    index.timeline.time(max(0, position - 1)) + index.timeline.time(position)
                ) / 2
                found.append((begin, index.pixel_aspect(frame)))
    return tuple(found)
