"""Damaged packets of one kind, visual or audio, each counted once over all passes over the file.

Not handled here: frames that are missing because of them; see `media.damage`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import av

from scsampler_cli.text import counted

MAX_REMEMBERED = 1_000_000
"""Most packets of one kind of error that are remembered, about 100 MB.

Those beyond are not counted, and a note says so.
"""
_MAX_QUOTED = 3
"""Distinct messages of FFmpeg that a note quotes."""


def packet_key(packet: av.Packet[Any]) -> int:
    """Hash that identifies a packet in every pass over the file."""
    return hash((packet.stream_index, packet.pos, packet.dts))


@dataclass
class MarkedPackets:
    """Packets that the demuxer marked as damaged or cut off."""

    following: dict[int, int | None] = field(default_factory=dict)
    """Key of each marked packet -> key of the packet behind it; None for the last one of a file."""
    times: list[int] = field(default_factory=list)
    """pts of the marked packets that have one."""
    _last: int | None = None
    """Key of the packet before this one, if that one was marked."""

    def add(self, packet: av.Packet[Any]) -> None:
        """Take the next packet that is not empty; a packet of an earlier pass changes nothing."""
        # the usual case of an undamaged file: no hash is computed
        if self._last is None and not packet.is_corrupt:
            return

        key = packet_key(packet)
        if self._last is not None:
            # where data is lost between two packets, the demuxer may mark the one before, which is
            # whole; the decoder then refuses the one behind
            self.following[self._last] = key
            self._last = None

        if packet.is_corrupt and len(self.following) < MAX_REMEMBERED:
            if key not in self.following and packet.pts is not None:
                self.times.append(packet.pts)
            self.following.setdefault(key, None)
            self._last = key

    def notes(self, noun: str) -> Iterator[str]:
        """Yield one sentence about the errors, or nothing without errors."""
        if self.following:
            yield f"{counted(len(self.following), 'packet')}{noun} damaged or cut off"


@dataclass
class RefusedPackets:
    """Packets that the decoder refused."""

    keys: set[int] = field(default_factory=set)
    """`packet_key` of each packet."""
    reasons: list[str] = field(default_factory=list)
    """The first few distinct error messages of FFmpeg."""

    def add(self, packet: av.Packet[Any], why: str) -> bool:
        """Add a packet; True when it was not known."""
        key = packet_key(packet)
        if key in self.keys or len(self.keys) >= MAX_REMEMBERED:
            return False
        self.keys.add(key)
        if why not in self.reasons and len(self.reasons) < _MAX_QUOTED:
            self.reasons.append(why)
        return True

    def notes(self, noun: str) -> Iterator[str]:
        """Yield one sentence about the errors, or nothing without errors."""
        if not self.keys:
            return
        more = " or more" if len(self.keys) >= MAX_REMEMBERED else ""
        packets = f"{counted(len(self.keys), 'packet')}{noun}{more}"
        yield f"{packets} could not be decoded ({'; '.join(self.reasons)})"


@dataclass
class PacketErrors:
    """All errors in the packets of one kind, each packet once."""

    refused: RefusedPackets = field(default_factory=RefusedPackets)
    """Packets that the decoder refused."""
    marked: MarkedPackets = field(default_factory=MarkedPackets)
    """Packets that the demuxer marked."""
    concealed: set[int] = field(default_factory=set)
    """Keys of packets whose frame the decoder completed by error concealment."""

    def add_concealed(self, key: int) -> None:
        """Add a packet whose frame the decoder completed by error concealment."""
        if len(self.concealed) < MAX_REMEMBERED:
            self.concealed.add(key)

    @property
    def count(self) -> int:
        """Damaged packets; a marked packet and a damaged one right behind it count as one."""
        refused = self.refused.keys
        # each marked packet and the one behind it are one damage
        marked = sum(
            key not in refused and following not in refused
            for key, following in self.marked.following.items()
        )
        return len(refused) + marked + len(self._only_concealed())

    def _only_concealed(self) -> set[int]:
        """Keys of concealed packets that are not part of a refused or marked error."""
        found = self.concealed - self.refused.keys - self.marked.following.keys()
        return found.difference(self.marked.following.values())

    def notes(self, noun: str) -> Iterator[str]:
        """One sentence for each kind of error; `noun` follows the number of packets."""
        yield from self.marked.notes(noun)
        yield from self.refused.notes(noun)
        if concealed := len(self._only_concealed()):
            yield f"{counted(concealed, 'packet')}{noun} damaged: the decoder filled in a part"
