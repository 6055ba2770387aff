"""Packets at which decoding can start: what the container says of them, and what they say themselves.

A container's keyframe flag is a claim. Some writers mark every packet (MP4 without `stss`, AVI without an
index), and encoders with intra refresh mark predicted pictures. A decoder that starts at a predicted
picture shows grey, often without an error. The picture's own header tells the truth; it is read here for
the codecs whose header is simple. For the others, see `media.index`.

Not handled here: going to such a packet; `media.seeking` does that.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from functools import partial

import av
import numpy as np
from av.video.frame import PictureType
from numpy.typing import NDArray

from scsampler_cli.media.h264 import IDR, SEI, SLICES, is_intra_slice, recovery_frames

NO_TIME = -(1 << 63)
"""Stands for a missing pts or dts in an array of 64-bit numbers."""
_PREDICTED = (PictureType.P, PictureType.B, PictureType.S, PictureType.SP)
_HEVC_SLICES = range(32)
"""nal_unit_type of coded slices (ITU-T H.265, Table 7-1)."""
_HEVC_RANDOM_ACCESS = range(16, 22)
"""nal_unit_type of BLA, IDR and CRA pictures."""


class Picture(IntEnum):
    """What a packet's own header says."""

    PREDICTED = 0
    """Decoding cannot start here."""
    CLAIMED = 1
    """Decoding can start here if the container says so: an intra picture, or a header that cannot be read."""
    START = 2
    """Decoding can start here."""


PictureReader = Callable[[bytes], Picture]


def starts_here(frame: av.VideoFrame) -> bool:
    """True for a decoded frame that was predicted from no other one.

    Of a frame stored as an I- and a P-field, the decoder says P, and that it is a keyframe. Some decoders
    say nothing of the picture's type.
    """
    return bool(frame.key_frame) or frame.pict_type not in _PREDICTED


def picture_reader(codec: str, extradata: bytes | None) -> PictureReader | None:
    """How to read a packet's own picture type; None for a codec of which it is not read.

    Args:
        codec: FFmpeg's name of the codec.
        extradata: the decoder's; it tells how H.264 and HEVC separate their units.
    """
    extradata = extradata or b""
    if codec == "h264":
        return partial(_h264, length_bytes=(extradata[4] & 3) + 1 if _is_boxed(extradata, 5) else 0)
    if codec == "hevc":
        return partial(
            _hevc, length_bytes=(extradata[21] & 3) + 1 if _is_boxed(extradata, 22) else 0
        )
    return {
        "mpeg4": _mpeg4,
        "mpeg1video": _mpeg2,
        "mpeg2video": _mpeg2,
        "vp8": _vp8,
        "vp9": _vp9,
    }.get(codec)


def _is_boxed(extradata: bytes, least: int) -> bool:
    """True for `avcC` and `hvcC`, whose streams have a length before each unit instead of a start code."""
    return len(extradata) >= least and extradata[0] == 1


def _units(data: bytes, length_bytes: int) -> Iterator[bytes]:
    """NAL units, one after the other."""
    at = 0
    if length_bytes:
        while at + length_bytes < len(data):
            length = int.from_bytes(data[at : at + length_bytes], "big")
            at += length_bytes
            yield data[at : at + length]
            at += length
        return
    at = data.find(b"\0\0\1")
    while at >= 0:
        following = data.find(b"\0\0\1", at + 3)
        yield data[at + 3 : following if following >= 0 else len(data)]
        at = following


def _h264(data: bytes, length_bytes: int) -> Picture:
    """An IDR picture, or an I-picture at which the stream says that decoding recovers at once."""
    recovery = None
    for unit in _units(data, length_bytes):
        kind = unit[0] & 31 if unit else 0
        if kind == IDR:
            return Picture.START
        if kind == SEI and recovery is None:
            recovery = recovery_frames(unit)
        if kind in SLICES:
            if not is_intra_slice(unit):
                return Picture.PREDICTED
            return Picture.START if recovery == 0 else Picture.CLAIMED
    return Picture.CLAIMED


def _hevc(data: bytes, length_bytes: int) -> Picture:
    for unit in _units(data, length_bytes):
        kind = unit[0] >> 1 & 63 if unit else 63
        if kind in _HEVC_SLICES:
            return Picture.START if kind in _HEVC_RANDOM_ACCESS else Picture.PREDICTED
    return Picture.CLAIMED


def _mpeg4(data: bytes) -> Picture:
    """`vop_coding_type` (ISO/IEC 14496-2, 6.2.5); of a packet that holds two pictures, the first one's."""
    at = data.find(b"\0\0\1\xb6")
    if not 0 <= at < len(data) - 4:
        return Picture.CLAIMED
    return Picture.START if data[at + 4] >> 6 == 0 else Picture.PREDICTED


def _mpeg2(data: bytes) -> Picture:
    """`picture_coding_type` (ISO/IEC 13818-2, 6.2.3)."""
    at = data.find(b"\0\0\1\0")
    if not 0 <= at < len(data) - 5:
        return Picture.CLAIMED
    return Picture.START if data[at + 5] >> 3 & 7 in (1, 4) else Picture.PREDICTED


def _vp8(data: bytes) -> Picture:
    """The first bit of the frame tag (RFC 6386, 9.1)."""
    return Picture.PREDICTED if data[:1] and data[0] & 1 else Picture.START


def _vp9(data: bytes) -> Picture:
    """`show_existing_frame` and `frame_type` of the uncompressed header (VP9 bitstream, 6.2)."""
    if not data or data[0] >> 6 != 2:
        return Picture.CLAIMED
    header = data[0] << 1 if data[0] & 0x30 == 0x30 else data[0]  # profile 3 has one bit more
    return Picture.START if header & 0b1100 == 0 else Picture.PREDICTED


@dataclass(frozen=True)
class Starts:
    """Packets at which decoding can start, in display order; arrays of one length, at least 1."""

    positions: NDArray[np.int64]
    """int64 [G], increasing: display positions of their frames; always begins with 0."""
    pts: NDArray[np.int64]
    """int64 [G], NO_TIME where it is missing."""
    dts: NDArray[np.int64]
    """int64 [G], NO_TIME where it is missing."""
    places: NDArray[np.int64]
    """int64 [G]: place among the packets that hold something, in the order of decoding."""
    sizes: NDArray[np.int64]
    """int64 [G], bytes."""
    confirmed: bool
    """True when the pictures or their decoder say that decoding can start there, not the container alone."""


@dataclass
class StartList:
    """Collects packets at which decoding may start, in any order."""

    pts: array[int] = field(default_factory=lambda: array("q"))
    dts: array[int] = field(default_factory=lambda: array("q"))
    places: array[int] = field(default_factory=lambda: array("q"))
    sizes: array[int] = field(default_factory=lambda: array("q"))

    def add(self, pts: int | None, dts: int | None, place: int, *, size: int) -> None:
        """Add one packet; numbers as in `Starts`."""
        self.pts.append(NO_TIME if pts is None else pts)
        self.dts.append(NO_TIME if dts is None else dts)
        self.places.append(place)
        self.sizes.append(size)

    def at(
        self, positions: NDArray[np.int64], chosen: NDArray[np.bool_], confirmed: bool
    ) -> Starts:
        """The chosen packets, and the start of the stream before them.

        Args:
            positions: int64 [N], display position of each packet's frame.
            chosen: bool [N].
            confirmed: as in `Starts`.
        """
        # one start at each position: the first in the order of decoding
        found, first = np.unique(positions[chosen], return_index=True)
        is_start_missing = not found.size or found[0] > 0

        def column(values: array[int], filler: int) -> NDArray[np.int64]:
            at_starts = np.array(values, np.int64)[chosen][first]
            # everything before the first keyframe is decoded from the start of the file
            return np.concatenate([[filler], at_starts]) if is_start_missing else at_starts

        return Starts(
            np.concatenate([[0], found]) if is_start_missing else found,
            pts=column(self.pts, NO_TIME),
            dts=column(self.dts, NO_TIME),
            places=column(self.places, 0),
            sizes=column(self.sizes, 0),
            confirmed=confirmed,
        )
