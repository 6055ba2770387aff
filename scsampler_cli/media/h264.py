"""Facts of an H.264 stream that PyAV does not export, read from its NAL units (ITU-T H.264).

- The number of reference frames: `max_num_ref_frames` of its sequence parameter sets (7.3.2.1.1).
  It limits the frames that a block may have been predicted from.
- Whether a slice is intra (7.3.3), and after how many frames a decoder that starts at a picture has
  recovered (D.1.8).

Not handled here: all else in parameter sets, slices and messages.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

MOST = 16
"""Most reference frames of H.264 (A.3.1); assumed where no parameter set can be read."""
SLICES = (1, 2)
"""nal_unit_type of a coded slice of a non-IDR picture, and of its partition A (Table 7-1)."""
IDR = 5
"""nal_unit_type of a slice of an IDR picture."""
SEI = 6
"""nal_unit_type of supplemental enhancement information."""
_SPS = 7
"""nal_unit_type of a sequence parameter set."""
_RECOVERY_POINT = 6
"""payloadType of the message that says where decoding may start (D.1)."""
_INTRA_SLICES = (2, 4)
"""slice_type modulo 5 of I and SI (Table 7-6)."""
_HIGH_PROFILES = frozenset((100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135))
"""profile_idc of parameter sets with chroma format and scaling matrices."""


def reference_frames(extradata: bytes | None) -> int:
    """The largest `max_num_ref_frames` of a stream's parameter sets, at least 1.

    Args:
        extradata: the decoder's, as `avcC` (MP4, Matroska) or as a byte stream with start codes
            (MPEG-TS, raw).

    Returns:
        `MOST` where there is no readable parameter set.
    """
    found = []
    for unit in _units(extradata or b""):
        # unit[0]: forbidden_zero_bit, nal_ref_idc (2 bits), nal_unit_type (5 bits)
        if unit and unit[0] & 31 == _SPS:
            # a parameter set that is cut off is ignored
            with suppress(IndexError):
                found.append(_max_num_ref_frames(_Bits(_payload(unit))))
    return min(MOST, max(1, *found)) if found else MOST


def is_intra_slice(unit: bytes) -> bool:
    """True for a slice that is predicted from no other picture.

    False where its header cannot be read.
    """
    # the two fields that are read fit into the first bytes
    bits = _Bits(_payload(unit[:32]))
    try:
        bits.unsigned()  # first_mb_in_slice
        return bits.unsigned() % 5 in _INTRA_SLICES
    except IndexError:
        return False


def recovery_frames(unit: bytes) -> int | None:
    """`recovery_frame_cnt` of a unit of supplemental information; None without such a message."""
    data = _payload(unit)
    at = 0
    # a unit that is cut off has no message
    with suppress(IndexError):
        while at < len(data) - 2:
            kind, at = _summed(data, at)
            size, at = _summed(data, at)
            if kind == _RECOVERY_POINT:
                return _Bits(data[at : at + size]).unsigned()
            at += size
    return None


def _summed(data: bytes, at: int) -> tuple[int, int]:
    """A number of a supplemental message, and the position behind it.

    The number is the sum of its bytes, of which all but the last are 255 (7.3.2.3.1).
    """
    total = 0
    while data[at] == 255:
        total, at = total + 255, at + 1
    return total + data[at], at + 1


def _payload(unit: bytes) -> bytes:
    """A unit without its first byte and without emulation prevention bytes (7.4.1)."""
    return unit[1:].replace(b"\0\0\3", b"\0\0")


def _units(data: bytes) -> Iterator[bytes]:
    """NAL units of extradata in either form."""
    # a byte stream; avcC begins with its version, 1
    if data[:1] != b"\1":
        yield from data.split(b"\0\0\1")
        return
    # avcC: a count, then units with 16-bit lengths (ISO/IEC 14496-15, 5.3.3.1)
    count = data[5] & 31 if len(data) > 5 else 0
    at = 6
    for _ in range(count):
        length = int.from_bytes(data[at : at + 2], "big")
        yield data[at + 2 : at + 2 + length]
        at += 2 + length


class _Bits:
    """Reads bits and Exp-Golomb codes (9.1); IndexError at the end."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def bit(self) -> int:
        # bits are read from the highest one of each byte
        value = self._data[self._at // 8] >> (7 - self._at % 8) & 1
        self._at += 1
        return value

    def bits(self, count: int) -> int:
        value = 0
        for _ in range(count):
            value = value << 1 | self.bit()
        return value

    def unsigned(self) -> int:
        # as many zeros as there are bits behind the first 1
        zeros = 0
        while not self.bit():
            zeros += 1
        return (1 << zeros) - 1 + self.bits(zeros)

    def signed(self) -> int:
        # Exp-Golomb codes of signed numbers: 0, 1, -1, 2, -2, ...
        code = self.unsigned()
        return (code + 1) // 2 if code % 2 else -(code // 2)


def _max_num_ref_frames(bits: _Bits) -> int:
    """The field of a sequence parameter set; those before it are read over (7.3.2.1.1)."""
    profile = bits.bits(8)
    bits.bits(16)  # constraint flags, level
    bits.unsigned()  # seq_parameter_set_id
    if profile in _HIGH_PROFILES:
        _skip_high(bits)
    bits.unsigned()  # log2_max_frame_num_minus4
    order = bits.unsigned()  # pic_order_cnt_type
    if order == 0:
        bits.unsigned()  # log2_max_pic_order_cnt_lsb_minus4
    elif order == 1:
        bits.bit()  # delta_pic_order_always_zero_flag
        bits.signed()  # offset_for_non_ref_pic
        bits.signed()  # offset_for_top_to_bottom_field
        for _ in range(bits.unsigned()):
            bits.signed()  # offset_for_ref_frame
    return bits.unsigned()


def _skip_high(bits: _Bits) -> None:
    """Read over the fields of the high profiles."""
    chroma = bits.unsigned()  # chroma_format_idc
    if chroma == 3:
        bits.bit()  # separate_colour_plane_flag
    bits.unsigned()  # bit_depth_luma_minus8
    bits.unsigned()  # bit_depth_chroma_minus8
    bits.bit()  # qpprime_y_zero_transform_bypass_flag
    if bits.bit():  # seq_scaling_matrix_present_flag
        for index in range(12 if chroma == 3 else 8):
            if bits.bit():
                _skip_scaling_list(bits, 16 if index < 6 else 64)


def _skip_scaling_list(bits: _Bits, size: int) -> None:
    """Read over a list of differences, which ends early at a value of 0 (7.3.2.1.1.1)."""
    last, following = 8, 8
    for _ in range(size):
        if following:
            following = (last + bits.signed()) % 256
        last = following or last
