"""Packets at which decoding can start: the container's flags and the pictures' own headers.

A container's keyframe flag is a claim. Some writers flag every packet (MP4 without `stss`, AVI
without an index), and encoders with intra refresh flag predicted pictures. A decoder that starts at
a predicted picture shows grey, often without an error. The picture's own header is reliable; it is
read here for the codecs whose header is simple. For the others, see `media.index`.

Not handled here: seeking to such a packet; see `media.seeking`.
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


class StartKind(IntEnum):
    """Whether decoding can start at a packet, by the packet's own header."""

    PREDICTED = 0
    """Decoding cannot start here."""
    POSSIBLE = 1
    """Decoding can start here if the container flags it: intra, or an unreadable header."""
    START = 2
    """Decoding can start here."""


StartReader = Callable[[bytes], StartKind]
"""Bytes of a packet -> whether decoding can start there."""


def is_start_frame(frame: av.VideoFrame) -> bool:
    """True for a decoded frame that was predicted from no other one.

    For a frame stored as an I- and a P-field the decoder reports type P and a keyframe. Some
    decoders report no picture type.
    """
    return bool(frame.key_frame) or frame.pict_type not in _PREDICTED


def start_reader(codec: str, extradata: bytes | None) -> StartReader | None:
    """Reader of a packet's own picture type; None for a codec whose header is not read here.

    Args:
        codec: FFmpeg's name of the codec.
        extradata: the decoder's; it says how H.264 and HEVC separate their NAL units.
    """
    extradata = extradata or b""
    if codec == "h264":
        return partial(_h264, length_bytes=_length_bytes(extradata, 4))
    if codec == "hevc":
        return partial(_hevc, length_bytes=_length_bytes(extradata, 21))
    readers = {
        "mpeg4": _mpeg4,
        "mpeg1video": _mpeg2,
        "mpeg2video": _mpeg2,
        "vp8": _vp8,
        "vp9": _vp9,
    }
    return readers.get(codec)


def _length_bytes(extradata: bytes, position: int) -> int:
    """Bytes of the length before each NAL unit; 0 where units are separated by start codes.

    Args:
        extradata: `avcC` or `hvcC` (version 1), or a byte stream with start codes.
        position: of `lengthSizeMinusOne` in `avcC` or `hvcC`, its two lowest bits.
    """
    # AVCDecoderConfigurationRecord and its HEVC counterpart have version 1 in the first byte
    is_box = len(extradata) > position and extradata[0] == 1
    return (extradata[position] & 3) + 1 if is_box else 0


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
    # start codes of three bytes; those of four end in the same three
    at = data.find(b"\0\0\1")
    while at >= 0:
        following = data.find(b"\0\0\1", at + 3)
        yield data[at + 3 : following if following >= 0 else len(data)]
        at = following


def _h264(data: bytes, length_bytes: int) -> StartKind:
    """Start at an IDR picture, or at an I-picture from which the stream recovers at once."""
    recovery = None
    for unit in _units(data, length_bytes):
        kind = unit[0] & 31 if unit else 0  # nal_unit_type
        if kind == IDR:
            return StartKind.START
        if kind == SEI and recovery is None:
            recovery = recovery_frames(unit)
        if kind in SLICES:
            if not is_intra_slice(unit):
                return StartKind.PREDICTED
            return StartKind.START if recovery == 0 else StartKind.POSSIBLE
    return StartKind.POSSIBLE


def _hevc(data: bytes, length_bytes: int) -> StartKind:
    for unit in _units(data, length_bytes):
        kind = unit[0] >> 1 & 63 if unit else 63  # nal_unit_type; 63 is unspecified
        if kind in _HEVC_SLICES:
            return StartKind.START if kind in _HEVC_RANDOM_ACCESS else StartKind.PREDICTED
    return StartKind.POSSIBLE


def _mpeg4(data: bytes) -> StartKind:
    """`vop_coding_type` (ISO/IEC 14496-2, 6.2.5) of the first picture in the packet."""
    at = data.find(b"\0\0\1\xb6")  # vop_start_code
    if not 0 <= at < len(data) - 4:
        return StartKind.POSSIBLE
    return StartKind.START if data[at + 4] >> 6 == 0 else StartKind.PREDICTED


def _mpeg2(data: bytes) -> StartKind:
    """`picture_coding_type` (ISO/IEC 13818-2, 6.2.3): 1 is I, 4 is MPEG-1's D."""
    at = data.find(b"\0\0\1\0")  # picture_start_code
    if not 0 <= at < len(data) - 5:
        return StartKind.POSSIBLE
    return StartKind.START if data[at + 5] >> 3 & 7 in (1, 4) else StartKind.PREDICTED


def _vp8(data: bytes) -> StartKind:
    """The first bit of the frame tag (RFC 6386, 9.1)."""
    return StartKind.PREDICTED if data[:1] and data[0] & 1 else StartKind.START


def _vp9(data: bytes) -> StartKind:
    """`show_existing_frame` and `frame_type` of the uncompressed header (VP9 bitstream, 6.2)."""
    # frame_marker, the two highest bits, is 2 in every frame
    if not data or data[0] >> 6 != 2:
        return StartKind.POSSIBLE
    # profile 3 has one reserved bit more before the two fields
    header = data[0] << 1 if data[0] & 0x30 == 0x30 else data[0]
    return StartKind.START if header & 0b1100 == 0 else StartKind.PREDICTED


@dataclass(frozen=True)
class StartPackets:
    """Packets at which decoding can start, in display order; arrays of one length, at least 1."""

    positions: NDArray[np.int64]
    """int64 [G], increasing: display positions of their frames; always begins with 0."""
    pts: NDArray[np.int64]
    """int64 [G], NO_TIME where it is missing."""
    dts: NDArray[np.int64]
    """int64 [G], NO_TIME where it is missing."""
    decode_indices: NDArray[np.int64]
    """int64 [G]: index among the packets that are not empty, in decoding order."""
    sizes: NDArray[np.int64]
    """int64 [G], bytes."""
    confirmed: bool
    """True when the pictures' headers or their decoder confirm the container's flags."""


@dataclass
class StartPacketList:
    """Collects packets at which decoding may start, in any order."""

    pts: array[int] = field(default_factory=lambda: array("q"))
    dts: array[int] = field(default_factory=lambda: array("q"))
    decode_indices: array[int] = field(default_factory=lambda: array("q"))
    sizes: array[int] = field(default_factory=lambda: array("q"))

    def add(self, pts: int | None, dts: int | None, decode_index: int, *, size: int) -> None:
        """Add one packet; numbers as in `StartPackets`."""
        self.pts.append(NO_TIME if pts is None else pts)
        self.dts.append(NO_TIME if dts is None else dts)
        self.decode_indices.append(decode_index)
        self.sizes.append(size)

    def at(
        self, positions: NDArray[np.int64], selected: NDArray[np.bool_], confirmed: bool
    ) -> StartPackets:
        """The selected packets, with the start of the stream before them.

        Args:
            positions: int64 [N], display position of each packet's frame.
            selected: bool [N].
            confirmed: as in `StartPackets`.
        """
        # one start at each position: the first in decoding order
        found, first = np.unique(positions[selected], return_index=True)
        is_start_missing = not found.size or found[0] > 0

        def column(values: array[int], filler: int) -> NDArray[np.int64]:
            at_starts = np.array(values, np.int64)[selected][first]
            # everything before the first keyframe is decoded from the start of the file
            return np.concatenate([[filler], at_starts]) if is_start_missing else at_starts

        return StartPackets(
            np.concatenate([[0], found]) if is_start_missing else found,
            pts=column(self.pts, NO_TIME),
            dts=column(self.dts, NO_TIME),
            decode_indices=column(self.decode_indices, 0),
            sizes=column(self.sizes, 0),
            confirmed=confirmed,
        )
