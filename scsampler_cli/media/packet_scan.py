"""Times, keyframes and announced length of the video stream, by its packets and the header.

Nothing is decoded. Not handled here: a check whether packets and header are right; see
`media.index`.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.container
import numpy as np
from numpy.typing import NDArray

from scsampler_cli.config import ReadSettings
from scsampler_cli.media.container import VideoStream, is_empty, read_packets
from scsampler_cli.media.damage import Damage
from scsampler_cli.media.keyframes import (
    NO_TIME,
    StartKind,
    StartPacketList,
    StartPackets,
    StartReader,
    start_reader,
)
from scsampler_cli.media.packets import FramePackets, frame_packets
from scsampler_cli.media.sandbox import too_many_frames
from scsampler_cli.text import counted
from scsampler_cli.timeline import REORDERED, FrameTimeline

SLACK_S = Fraction(1, 4)
"""Seconds by which pictures may end before the announced end: sound is padded to whole frames."""
MAX_STAMP = 1 << 61
"""A stamp further from 0 counts as missing: the difference of two would not fit into 64 bits."""


@dataclass
class PacketScan:
    """The packets of the video stream, and what the header announces."""

    pts: array[int] = field(default_factory=lambda: array("q"))
    """int64, in decoding order; without packets that an edit list hides."""
    sizes: array[int] = field(default_factory=lambda: array("i"))
    """int32, bytes of the same packets."""
    keyframes: StartPacketList = field(default_factory=StartPacketList)
    """Packets flagged as keyframes, in decoding order, without those whose own header denies it."""
    start_kinds: bytearray = field(default_factory=bytearray)
    """`StartKind` of each packet in `keyframes`."""
    false_keyframes: int = 0
    """Packets flagged as keyframes whose own header denies it."""
    start_reader: StartReader | None = None
    """Reads a packet's own header; None for a codec whose header is not read."""
    last: tuple[int, int] = (0, 0)
    """(pts, duration) of the packet that is shown last."""
    hidden: int = 0
    """Packets that an edit list hides."""
    empty: int = 0
    """Packets without content."""
    leading: int = 0
    """Packets before the first keyframe, in decoding order."""
    announced: int = 0
    """Number of frames by the header; 0 where it gives none."""
    pictures_only: bool = False
    """True when the file has no other stream."""
    announced_end: Fraction | None = None
    """Seconds on the container's clock: end of the pictures, or of the file, by the header."""

    @property
    def packet_count(self) -> int:
        """Packets of any kind."""
        return len(self.pts) + self.hidden + self.empty

    def early_end(self, timeline: FrameTimeline, untimed: bool) -> Fraction:
        """Seconds by which the pictures end before the announced end.

        0 where they cannot be compared, or where the difference is within `SLACK_S` or two frames.
        """
        if self.announced_end is None or self.hidden or untimed:
            return Fraction(0)
        early = self.announced_end - timeline.time(len(timeline))
        return early if early > max(SLACK_S, 2 * timeline.mean_frame_duration) else Fraction(0)

    def missing_frames(self, timeline: FrameTimeline, untimed: bool) -> int:
        """Announced frames without a packet.

        Where the header gives a duration only, they are estimated in a file without other streams.
        """
        if self.announced > self.packet_count:
            return self.announced - self.packet_count
        if not self.pictures_only:
            return 0
        return round(self.early_end(timeline, untimed) / timeline.mean_frame_duration)

    def add(self, packet: av.Packet[Any]) -> None:
        """Count one packet."""
        if packet.is_discard:
            self.hidden += 1
            return
        pts = packet.pts
        kind = self._start_kind(packet) if packet.is_keyframe else None
        self.sizes.append(packet.size)
        self.leading += kind is None and self.leading == len(self.pts)
        if pts is None or abs(pts) > MAX_STAMP:
            self.pts.append(NO_TIME)
            return

        stamp = pts, packet.duration or 0
        self.last = max(self.last, stamp) if self.pts else stamp
        if kind is not None:
            # hidden packets are decoded, too, so they count in the index
            self.keyframes.add(pts, packet.dts, len(self.pts) + self.hidden, size=packet.size)
            self.start_kinds.append(kind)
        self.pts.append(pts)

    def _start_kind(self, packet: av.Packet[Any]) -> StartKind | None:
        """Kind of a packet that is flagged as a keyframe; None where its own header denies it."""
        if self.start_reader is None:
            return StartKind.POSSIBLE
        kind = self.start_reader(bytes(packet))
        if kind != StartKind.PREDICTED:
            return kind
        self.false_keyframes += 1
        return None

    def times(self) -> tuple[NDArray[np.int64], int] | None:
        """Times of the frames, if each packet has a time of its own.

        Returns:
            int64 [T], pts in display order, and the end pts; None where packets lack times, share
            them or jump back.
        """
        stamps = np.array(self.pts, np.int64)
        shown = np.unique(stamps)
        # NO_TIME is the smallest int64 and so comes first
        if not stamps.size or shown[0] == NO_TIME or shown.size != stamps.size:
            return None
        if _jumps_back(stamps):
            return None

        # duration of the frame that is shown last, or a usual step
        step = self.last[1]
        if not step:
            step = int(np.median(np.diff(shown))) if shown.size > 1 else 1
        return shown, int(shown[-1]) + max(1, step)

    def starts(self, shown: NDArray[np.int64], flags_are_wrong: bool) -> StartPackets:
        """Packets at which decoding can start.

        Args:
            shown: int64 [T], pts in display order, from `times`.
            flags_are_wrong: True where the container is known to flag a wrong keyframe: then only
                packets that their own header confirms count.
        """
        is_doubtful = flags_are_wrong or self.false_keyframes
        least = StartKind.START if is_doubtful else StartKind.POSSIBLE
        selected = np.frombuffer(self.start_kinds, np.uint8) >= least
        # int64: positions of the flagged packets among all frames
        positions = np.searchsorted(shown, np.array(self.keyframes.pts, np.int64))
        return self.keyframes.at(positions, selected, self.start_reader is not None)

    def packets(self, starts: StartPackets) -> FramePackets:
        """Sizes and kinds of frames in display order, where `times` gives times."""
        # int64 [T]: decode index of each frame in display order
        order = np.argsort(np.array(self.pts, np.int64))
        sizes = np.array(self.sizes, np.int64)[order]
        # a start of size 0 is the start of the file, and no packet
        keys = starts.positions[starts.sizes > 0]
        return frame_packets(order, sizes, np.isin(np.arange(order.size), keys))

    @property
    def undecodable_start(self) -> int:
        """Packets without a keyframe before them, in a file that starts between two keyframes.

        Many decoders show what they can of them.
        """
        return self.leading if self.leading < len(self.pts) else 0

    def notes(self, timeline: FrameTimeline, untimed: bool) -> Iterator[str]:
        """Notes where the file holds less than announced: the only sign of a cut-off file."""
        if self.hidden:
            yield f"{counted(self.hidden, 'frame')} hidden by the file's edit list, not read"
        if self.announced > self.packet_count:
            yield (
                f"only {self.packet_count} of the {self.announced} frames that the header announces"
                " are there: is the file cut off?"
            )
            return

        early = self.early_end(timeline, untimed)
        if early and self.announced_end is not None:
            why = "is the file cut off"
            if not self.pictures_only:
                why += ", or does its sound or text go on"
            end = float(self.announced_end)
            last = float(self.announced_end - early)
            yield f"the pictures end at {last:.2f} s, the header announces {end:.2f} s: {why}?"


def _jumps_back(stamps: NDArray[np.int64]) -> bool:
    """True when times in decoding order jump back further than reordering of frames explains."""
    # int64 [T]: how far each stamp is behind the latest one so far
    behind = np.maximum.accumulate(stamps) - stamps
    usual = np.median(np.diff(np.sort(stamps))) if stamps.size > 1 else 1
    return bool(behind.max() > 2 * REORDERED * usual)


def scan_packets(
    path: Path,
    container: av.container.InputContainer,
    stream: VideoStream,
    *,
    reading: ReadSettings,
    damage: Damage,
) -> PacketScan:
    """Read all packets of the video stream.

    Raises:
        LimitError: there are, or the header announces, more frames than allowed.
    """
    context = stream.codec_context
    scan = PacketScan(
        announced=_announced_frames(container, stream),
        announced_end=_announced_end(container, stream),
        pictures_only=len(container.streams) == 1,
        start_reader=start_reader(context.codec.canonical_name, context.extradata),
    )
    limit = reading.max_frames or float("inf")
    # a file that cannot be right is refused before its packets are read
    if scan.announced > limit:
        raise too_many_frames(path, f"its header claims {scan.announced} frames", reading)

    for packet in read_packets(container, stream, damage):
        if packet.size:
            scan.add(packet)
            damage.picture.marked.add(packet)
        # a packet without content stands for no new frame
        scan.empty += is_empty(packet)
        # checked at each packet: a file may hold any number, whatever its header announces
        if scan.packet_count > limit:
            raise too_many_frames(path, f"more than {reading.max_frames} frames", reading)
    return scan


def _announced_frames(container: av.container.InputContainer, stream: VideoStream) -> int:
    names, entries = container.format.name.split(","), len(stream.index_entries)
    # MP4's own count includes frames that an edit list cuts away, and AVI's those that are empty.
    # Their index does not. An AVI that is cut off has lost its index: FFmpeg then makes one entry.
    has_exact_index = "mov" in names or ("avi" in names and entries > 1)
    return entries if has_exact_index else stream.frames


def _announced_end(container: av.container.InputContainer, stream: VideoStream) -> Fraction | None:
    if stream.duration and stream.time_base:
        return (stream.duration + (stream.start_time or 0)) * stream.time_base
    # Matroska and ASF count from 0 however late their first frame is
    return Fraction(container.duration, av.time_base) if container.duration else None
