"""Times at which the pixel aspect of a video changes, for the ffmpeg program.

Not handled here: readers of this package; they use each frame's own (`StreamIndex.upright_size`).
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from scsampler_cli.errors import ScsamplerError
from scsampler_cli.media.container import frames_of
from scsampler_cli.media.damage import Damage
from scsampler_cli.media.index import StreamIndex
from scsampler_cli.media.seeking import keyframe_before, open_at_keyframe

Aspects = tuple[tuple[Fraction, Fraction], ...]
"""(second on the file's clock, width over height of a pixel from then on), in time order."""


def pixel_aspects(path: Path, index: StreamIndex, frames: range | None = None) -> Aspects:
    """The pixel aspects of a video.

    Not handled here: frames without times; the result is then the first picture's aspect alone.

    Args:
        path: the video.
        index: of it.
        frames: display positions for which the result must hold; the rest of the file is not
            decoded. None for all.

    Returns:
        at least one; the first holds from the beginning. It is the only one where the file cannot
        be read any more; the next reader of the file reports why.
    """
    found = [(index.timeline.time(0), index.info.pixel_aspect)]
    if index.untimed or index.info.is_aspect_fixed:
        return tuple(found)
    frames = range(len(index.timeline)) if frames is None else frames
    # an unconfirmed keyframe may be a predicted picture, and the next one lie behind the frames
    keyframe = keyframe_before(index, frames.start) if index.starts.confirmed else 0
    # readers that decode all frames count the damage
    uncounted = replace(index, damage=Damage())
    # a file that cannot be read any more: the next reader reports it
    with suppress(ScsamplerError), open_at_keyframe(path, uncounted, keyframe) as (stream, packets):
        # a stream changes its aspect only at keyframes
        stream.codec_context.skip_frame = "NONKEY"
        for frame in frames_of(packets, uncounted.damage, index.reading):
            position = index.position(frame.pts, 0)
            if position is None:
                continue
            if position >= frames.stop:
                break
            if index.pixel_aspect(frame) == found[-1][1]:
                continue
            # between two frames, so that rounding does no harm
            before, after = index.timeline.time(max(0, position - 1)), index.timeline.time(position)
            found.append(((before + after) / 2, index.pixel_aspect(frame)))
    return tuple(found)
