"""What the packets of the picture stream and the file's header say, without decoding: times, keyframes, how much there should be.

But: whether they tell the truth is for `media.index` to find out.
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
    Picture,
    PictureReader,
    StartList,
    Starts,
    picture_reader,
)
from scsampler_cli.media.packets import FramePackets, frame_packets
from scsampler_cli.media.sandbox import too_many
from scsampler_cli.text import counted
from scsampler_cli.timeline import REORDERED, FrameTimeline

SLACK_S = Fraction(1, 4)
"""Seconds by which pictures may end before the announced end: sound is padded to whole frames (our choice)."""
FARTHEST = 1 << 61
"""A stamp further from 0 than this is no time: the difference of two would not fit into 64 bits."""


@dataclass
class Census:
    """What the packets of the picture stream say."""

    pts: array[int] = field(default_factory=lambda: array("q"))
    """int64, in the order of decoding; without those that an edit list hides."""
    sizes: array[int] = field(default_factory=lambda: array("i"))
    """int32, bytes of the same packets."""
    keys: StartList = field(default_factory=StartList)
    """Packets that the container calls keyframes, in the order of decoding, but for those that say that they are none."""
    pictures: bytearray = field(default_factory=bytearray)
    """What each of these says itself, a `Picture`."""
    refuted: int = 0
    """Packets that the container calls keyframes and that say that they are none."""
    reader: PictureReader | None = None
    """Reads what a packet says itself; None for a codec of which it is not read."""
    last: tuple[int, int] = (0, 0)
    """(pts, duration) of the packet that is shown last."""
    hidden: int = 0
    """Packets that an edit list hides."""
    empty: int = 0
    """Packets that hold nothing."""
    leading: int = 0
    """Packets before the first keyframe, in the order of decoding."""
    announced: int = 0
    """Frames that the header says there are, 0 where it does not say."""
    alone: bool = False
    """True when the file holds nothing but these pictures."""
    end: Fraction | None = None
    """Second on the container's clock at which its header says that the pictures, or everything, ends."""

    @property
    def seen(self) -> int:
        """Packets of any kind."""
        return len(self.pts) + self.hidden + self.empty

    def gap(self, timeline: FrameTimeline, by_count: bool) -> Fraction:
        """Seconds by which the pictures end before the header says; 0 where the difference says nothing."""
        if self.end is None or self.hidden or by_count:
            return Fraction(0)
        early = self.end - timeline.time(len(timeline))
        return early if early > max(SLACK_S, 2 * timeline.mean_frame_duration) else Fraction(0)

    def short(self, timeline: FrameTimeline, by_count: bool) -> int:
        """Frames that the header announces and that there are no packets for.

        Where it says only how long everything is, they are known in a file that holds nothing but pictures.
        """
        if self.announced > self.seen:
            return self.announced - self.seen
        return (
            round(self.gap(timeline, by_count) / timeline.mean_frame_duration) if self.alone else 0
        )

    def add(self, packet: av.Packet[Any]) -> None:
        """Count one packet."""
        if packet.is_discard:
            self.hidden += 1
            return
        pts = packet.pts
        picture = self._picture(packet) if packet.is_keyframe else None
        self.sizes.append(packet.size)
        self.leading += picture is None and self.leading == len(self.pts)
        if pts is None or abs(pts) > FARTHEST:
            self.pts.append(NO_TIME)
            return
        here = pts, packet.duration or 0
        self.last = max(self.last, here) if self.pts else here
        if picture is not None:
            self.keys.add(pts, packet.dts, len(self.pts) + self.hidden, size=packet.size)
            self.pictures.append(picture)
        self.pts.append(pts)

    def _picture(self, packet: av.Packet[Any]) -> Picture | None:
        """What a packet says itself that the container calls a keyframe; None where that is not true."""
        found = Picture.CLAIMED if self.reader is None else self.reader(bytes(packet))
        if found != Picture.PREDICTED:
            return found
        self.refuted += 1
        return None

    def times(self) -> tuple[NDArray[np.int64], int] | None:
        """(pts in display order, end pts), or None where packets lack times of their own."""
        stamps = np.array(self.pts, np.int64)
        shown = np.unique(stamps)
        if (
            not stamps.size
            or shown[0] == NO_TIME
            or shown.size != stamps.size
            or _starts_anew(stamps)
        ):
            return None
        step = self.last[1] or (int(np.median(np.diff(shown))) if shown.size > 1 else 1)
        return shown, int(shown[-1]) + max(1, step)

    def starts(self, shown: NDArray[np.int64], refuted: bool) -> Starts:
        """Where decoding can start.

        Args:
            shown: int64 [T], pts in display order, from `times`.
            refuted: True where the container is known to be wrong about a keyframe: then only those count that their own header
                confirms.
        """
        least = Picture.START if refuted or self.refuted else Picture.CLAIMED
        chosen = np.frombuffer(self.pictures, np.uint8) >= least
        positions = np.searchsorted(shown, np.array(self.keys.pts, np.int64))
        return self.keys.at(positions, chosen, self.reader is not None)

    def packets(self, starts: Starts) -> FramePackets:
        """Sizes and kinds in display order, where `times` gives times."""
        stamps = np.array(self.pts, np.int64)
        order = np.argsort(stamps)
        sizes = np.array(self.sizes, np.int64)[order]
        keys = starts.positions[starts.sizes > 0]
        return frame_packets(order, sizes, np.isin(np.arange(order.size), keys))

    @property
    def undecodable_start(self) -> int:
        """Packets that there is no keyframe for, in a file that starts between two; many decoders show what they can of them."""
        return self.leading if self.leading < len(self.pts) else 0

    def shortfalls(self, timeline: FrameTimeline, by_count: bool) -> Iterator[str]:
        """Notes where less was there than the header announces, which is all that a cut-off file shows."""
        if self.hidden:
            yield f"{counted(self.hidden, 'frame')} hidden by the file's edit list, not read"
        if self.announced > self.seen:
            yield (
                f"only {self.seen} of the {self.announced} frames that the header announces are there: is the file cut off?"
            )
        elif (gap := self.gap(timeline, by_count)) and self.end is not None:
            why = (
                "is the file cut off?"
                if self.alone
                else "is the file cut off, or does its sound or text go on?"
            )
            yield f"the pictures end at {float(self.end - gap):.2f} s, the header announces {float(self.end):.2f} s: {why}"


def _starts_anew(stamps: NDArray[np.int64]) -> bool:
    """True when times in decoding order jump back further than any reordering of frames does."""
    behind = np.maximum.accumulate(stamps) - stamps
    usual = np.median(np.diff(np.sort(stamps))) if stamps.size > 1 else 1
    return bool(behind.max() > 2 * REORDERED * usual)


def take_census(
    path: Path,
    container: av.container.InputContainer,
    stream: VideoStream,
    *,
    reading: ReadSettings,
    damage: Damage,
) -> Census:
    """Read all packets of the picture stream.

    Raises:
        LimitError: there are, or the header announces, more frames than allowed.
    """
    announced, end = _announced_frames(container, stream), _announced_end(container, stream)
    reader = picture_reader(
        stream.codec_context.codec.canonical_name, stream.codec_context.extradata
    )
    census = Census(announced=announced, end=end, alone=len(container.streams) == 1, reader=reader)
    limit = reading.max_frames or float("inf")
    if census.announced > limit:
        raise too_many(path, f"its header claims {census.announced} frames", reading)
    for packet in read_packets(container, stream, damage):
        if packet.size:
            census.add(packet)
            damage.picture.marked.look(packet)
        census.empty += is_empty(packet)
        if census.seen > limit:
            raise too_many(path, f"more than {reading.max_frames} frames", reading)
    return census


def _announced_frames(container: av.container.InputContainer, stream: VideoStream) -> int:
    # MP4's own count includes frames that an edit list cuts away, AVI's those that are empty; their index does not. What is cut
    # off of an AVI is its index first: one entry is of FFmpeg's making
    names, entries = container.format.name.split(","), len(stream.index_entries)
    return entries if "mov" in names or ("avi" in names and entries > 1) else stream.frames


def _announced_end(container: av.container.InputContainer, stream: VideoStream) -> Fraction | None:
    if stream.duration and stream.time_base:
        return (stream.duration + (stream.start_time or 0)) * stream.time_base
    # Matroska and ASF count from 0 however late their first frame is
    return Fraction(container.duration, av.time_base) if container.duration else None
