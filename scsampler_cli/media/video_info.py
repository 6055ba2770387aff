"""Facts of a file's video stream: codec, size, pixel aspect, orientation.

Not handled here: times of its frames; see `media.index`.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import av

from scsampler_cli.config import ReadSettings
from scsampler_cli.media.aspect import is_pixel, square_size
from scsampler_cli.media.container import (
    VideoStream,
    announced_aspect,
    attachments_are_known,
    packet_of,
)
from scsampler_cli.media.h264 import reference_frames
from scsampler_cli.media.orientation import Orientation, from_matrix

VECTOR_CODECS = frozenset(
    "h264 mpeg4 mpeg2video mpeg1video h263 h263p h263i flv1 wmv1 wmv2 msmpeg4v1 msmpeg4v2 msmpeg4v3"
    " rv10 rv20 snow".split()
)
"""Codecs whose decoders export motion vectors, measured on FFmpeg 8.1; no other decoder does."""


@dataclass(frozen=True)
class VideoInfo:
    """The video stream that is read."""

    codec: str
    """FFmpeg's name of the codec, such as "av1"; the same for every decoder of it."""
    stream: int
    """Number among the file's video streams, from 0; cover art counts."""
    coded_width: int
    """Pixels as stored."""
    coded_height: int
    """Pixels as stored."""
    pixel_aspect: Fraction
    """Width of a pixel over its height in the first picture."""
    orientation: Orientation
    """Rotation and mirroring of the stored picture for display, by the metadata."""
    predicted: bool
    """True when there are P-frames among the first frames, and frames' side data can be read."""
    references: int = 1
    """Most earlier frames from which a block of a P-frame may be predicted; 1 except in H.264."""
    is_aspect_fixed: bool = False
    """True when the container gives `pixel_aspect`: it then holds for all pictures."""
    file_start: Fraction = Fraction(0)
    """Earliest time of any of the file's streams, in seconds on its own clock; players show it as
    0."""
    timecode: str | None = None
    """Timecode of the first frame: HH:MM:SS:FF, or HH:MM:SS;FF for drop-frame timecode."""

    # kept, because readers ask for it at every frame
    @cached_property
    def upright_size(self) -> tuple[int, int]:
        """(height, width) in square pixels, before rotation."""
        return square_size(self.coded_height, self.coded_width, self.pixel_aspect)

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the picture as displayed."""
        height, width = self.upright_size
        return (width, height) if self.orientation.swaps_sides else (height, width)

    @property
    def has_vectors(self) -> bool:
        """True when motion vectors can be read from the stream itself."""
        return self.codec in VECTOR_CODECS and self.predicted


def describe(
    path: Path, stream: VideoStream, frame: av.VideoFrame, *, reading: ReadSettings
) -> tuple[VideoInfo, list[str]]:
    """Facts from the first picture, and notes.

    `predicted` and `timecode` of the result are not known yet.
    """
    # the stream's own, as the decoder had it for this packet
    own = packet_of(frame).pixel_aspect
    container = _container_aspect(path, stream, own, reading=reading)
    aspect, notes = usable_aspect(container or own)
    codec = stream.codec_context.codec.canonical_name
    # only H.264 has more than one in the codecs with vectors
    references = reference_frames(stream.codec_context.extradata) if codec == "h264" else 1
    info = VideoInfo(
        codec,
        reading.video_stream or 0,
        frame.width,
        coded_height=frame.height,
        pixel_aspect=aspect,
        orientation=_orientation(frame),
        predicted=False,  # set later, when more frames are decoded
        references=references,
        is_aspect_fixed=container is not None and container != own,
        # FFmpeg's own start, in units of `av.time_base`
        file_start=Fraction(cast(Any, stream.container).start_time or 0, av.time_base),
    )
    return info, notes


def usable_aspect(aspect: Fraction | None) -> tuple[Fraction, list[str]]:
    """Width of a pixel over its height, 1 where it is unknown or impossible, and notes."""
    if aspect is None or is_pixel(aspect):
        return aspect or Fraction(1), []
    ratio = f"{aspect.numerator} to {aspect.denominator}"
    return Fraction(1), [f"pixels of {ratio} are treated as square"]


def _container_aspect(
    path: Path, stream: VideoStream, own: Fraction | None, *, reading: ReadSettings
) -> Fraction | None:
    """The container's pixel aspect; None if it gives none, or the stream's own."""
    # from the container or, if it gives none, from the part of the stream that was read at opening
    either = stream.sample_aspect_ratio
    if either is None or either == (own or 1):
        return None
    return announced_aspect(path, reading)


def _orientation(frame: av.VideoFrame) -> Orientation:
    if attachments_are_known(frame):
        matrix = frame.side_data.get("DISPLAYMATRIX")
        return Orientation() if matrix is None else from_matrix(bytes(cast(Any, matrix)))
    # without side data PyAV gives the rotation alone, in degrees; other numbers are damage
    if abs(frame.rotation) > 360:
        return Orientation()
    return Orientation(round(frame.rotation / 90) % 4)
