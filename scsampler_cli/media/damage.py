"""What of a file is damaged or could not be read, counted over all passes over it.

Every pass meets the same damage again: a packet is known by its stream, its place in the file and its time, and counts once.
Memory is bounded however much is damaged. But: nothing is decoded here; what the readers make up for is in their reports.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from scsampler_cli.text import counted
from scsampler_cli.timeline import REORDERED, FrameTimeline

REMEMBERED = 1_000_000
"""Refused packets of a kind that are told apart (our choice, about 100 MB); those beyond are not counted, and a note says so."""
LONGEST_GAP_S = 10
"""Seconds of a gap in the times up to which frames are taken to be lost."""
IRREGULAR = 0.1
"""Share of frames that may come earlier or later than at a steady rate where lost ones are counted."""
_QUOTED = 3
"""Distinct messages of FFmpeg that a note quotes."""


def key_of(packet: av.Packet[Any]) -> int:
    """By which a packet is known again in another pass over the file."""
    return hash((packet.stream_index, packet.pos, packet.dts))


@dataclass
class Marks:
    """Packets of one kind that the container's reader marked as damaged or cut off."""

    behind: dict[int, int | None] = field(default_factory=dict)
    """Key of each, and of the packet behind it; None for the last one of a file.

    Where something is lost between two packets, the reader may mark the one before, which is whole.
    """
    times: list[int] = field(default_factory=list)
    """Their pts, where they have one."""
    _last: int | None = None

    def look(self, packet: av.Packet[Any]) -> None:
        """Look at the next packet that holds something. What was seen in an earlier pass changes nothing."""
        if self._last is None and not packet.is_corrupt:
            return
        key = key_of(packet)
        if self._last is not None:
            self.behind[self._last] = key
            self._last = None
        if packet.is_corrupt and len(self.behind) < REMEMBERED:
            if key not in self.behind and packet.pts is not None:
                self.times.append(packet.pts)
            self.behind.setdefault(key, None)
            self._last = key

    def notes(self, noun: str) -> Iterator[str]:
        """One sentence, or none."""
        if self.behind:
            yield f"{counted(len(self.behind), 'packet')}{noun} damaged or cut off"


@dataclass
class Refusals:
    """Packets of one kind that their decoder refused."""

    keys: set[int] = field(default_factory=set)
    """A hash for each."""
    reasons: list[str] = field(default_factory=list)
    """The first few distinct ones in FFmpeg's words."""

    def add(self, packet: av.Packet[Any], why: str) -> bool:
        """Note a packet; True when it is a new one."""
        key = key_of(packet)
        if key in self.keys or len(self.keys) >= REMEMBERED:
            return False
        self.keys.add(key)
        if why not in self.reasons and len(self.reasons) < _QUOTED:
            self.reasons.append(why)
        return True

    def notes(self, noun: str) -> Iterator[str]:
        """One sentence, or none."""
        if self.keys:
            more = " or more" if len(self.keys) >= REMEMBERED else ""
            yield f"{counted(len(self.keys), 'packet')}{noun}{more} could not be decoded ({'; '.join(self.reasons)})"


@dataclass
class Troubles:
    """All that is wrong with the packets of one kind, each packet once."""

    refused: Refusals = field(default_factory=Refusals)
    """By the decoder."""
    marked: Marks = field(default_factory=Marks)
    """By the container's reader."""
    patched: set[int] = field(default_factory=set)
    """Keys of packets of which the decoder says that it filled in a part."""

    def patch(self, key: int) -> None:
        """Note a packet of which a part was filled in."""
        if len(self.patched) < REMEMBERED:
            self.patched.add(key)

    @property
    def count(self) -> int:
        """Damaged packets; a marked one and the one behind it, if that is damaged too, are one damage."""
        refused = self.refused.keys
        marked = sum(
            key not in refused and behind not in refused
            for key, behind in self.marked.behind.items()
        )
        return len(refused) + marked + len(self._patched_alone())

    def _patched_alone(self) -> set[int]:
        """Of the patched ones those of which nothing else tells."""
        found = self.patched - self.refused.keys - self.marked.behind.keys()
        return found.difference(self.marked.behind.values())

    def notes(self, noun: str) -> Iterator[str]:
        """One sentence for each kind of trouble."""
        yield from self.marked.notes(noun)
        yield from self.refused.notes(noun)
        if alone := len(self._patched_alone()):
            yield f"{counted(alone, 'packet')}{noun} damaged: the decoder filled in a part"


@dataclass
class Damage:
    """Of one file; its readers fill it in."""

    picture: Troubles = field(default_factory=Troubles)
    sound: Troubles = field(default_factory=Troubles)
    stops: set[str] = field(default_factory=set)
    """Why reading stopped before the end of the file."""
    times: set[int] = field(default_factory=set)
    """pts of refused packets of the picture."""
    timeless: int = 0
    """Refused packets of the picture without a pts."""
    short: int = 0
    """Frames that the header announces beyond those that there are packets for."""
    missing_keyframe: int = 0
    """Frames before the first one that can be decoded, in a file that starts between two keyframes."""
    surplus: int = 0
    """Packets beyond the frames that were decoded from them, in a file whose frames were found by decoding it."""
    counted: bool = False
    """True when frames carry no usable pts, so that a packet's frame is unknown."""
    timeline: FrameTimeline | None = None
    """Of the indexed video."""
    came: bytearray = field(default_factory=bytearray)
    """1 for each display position that was decoded in some pass."""
    reached: int = 0
    """Display positions up to here, exclusive, were all to come out of one pass."""
    replaced: set[int] = field(default_factory=set)
    """Display positions in chosen clips for which a neighbour stands in, or whose clip was left out."""

    colours: bool = False
    """True when what the stream says of its colours could not be heeded."""

    def refuse_picture(self, packet: av.Packet[Any], why: str) -> None:
        """Note a packet of the picture that the decoder refused."""
        if self.picture.refused.add(packet, why) and packet.size and not packet.is_discard:
            if packet.pts is None:
                self.timeless += 1
            else:
                self.times.add(packet.pts)

    def refuse_sound(self, packet: av.Packet[Any], why: str) -> None:
        """Note a packet of the sound that the decoder refused."""
        self.sound.refused.add(packet, why)

    def expect(self, timeline: FrameTimeline, is_counted: bool) -> None:
        """The frames of the video are known now."""
        self.timeline, self.counted = timeline, is_counted
        self.came = bytearray(len(timeline))

    @property
    def gaps(self) -> int:
        """Frames that fit into gaps in the times of the picture, beside packets that are marked as damaged.

        Only where frames else come at a steady rate. But: a gap of more than `LONGEST_GAP_S` is taken
        for a clock that was set again, and a packet that was lost without a mark leaves no gap here.
        """
        if self.timeline is None or self.counted or not self.picture.marked.times:
            return 0
        pts = self.timeline.pts
        steps = np.diff(pts)
        step = float(np.median(steps)) if len(steps) else 0.0
        off = np.abs(steps - step) > step / 4
        if step <= 0 or off.mean() > IRREGULAR:
            return 0
        longest = float(LONGEST_GAP_S / self.timeline.time_base)
        marks = np.sort(np.array(self.picture.marked.times, np.int64))
        reach = REORDERED * round(step)
        at = np.flatnonzero((steps > 1.5 * step) & (steps <= longest))
        near = np.searchsorted(marks, pts[at] - reach) < np.searchsorted(
            marks, pts[at + 1] + reach, side="right"
        )
        return int((np.rint(steps[at[near]] / step) - 1).sum())

    def saw(self, position: int) -> None:
        """A frame was decoded."""
        self.came[position] = 1

    @property
    def decode_errors(self) -> int:
        """Damaged packets, of the picture or the sound, and places where reading stopped.

        A packet is damaged when its decoder refused it or filled in a part of it, or when the
        container's reader marked it as damaged or cut off. Each counts once.
        """
        return self.picture.count + self.sound.count + len(self.stops)

    @property
    def undecoded(self) -> int:
        """Of `decode_errors` those of which nothing was decoded."""
        return len(self.picture.refused.keys) + len(self.sound.refused.keys) + len(self.stops)

    @property
    def frames_missing(self) -> int:
        """Frames that the header or the packets announce and that could not be read.

        These are, each once: frames by which the file is shorter than its header says; frames before
        the first keyframe that did not come; frames for which there is a gap in the times beside a
        damaged packet; frames that a pass which decodes everything did not give; frames whose packet was
        refused and that came out of no pass; frames of the chosen clips for which a neighbour stands in,
        or that were left out with their clip.

        But: where packets and frames do not correspond (fields stored one by one, times that contradict each other), a refused
        packet is taken for a frame, unless there are as many frames as packets all the same. Where the header says how long
        everything is and not how many frames there are, and the file holds sound or text, too, what was cut off is in the notes
        alone: they may go on for longer.
        """
        known = self.short + self.missing_keyframe + self.gaps
        if self.timeline is None:
            return known
        came = np.frombuffer(self.came, np.uint8) != 0
        lost, unknown = self._lost()
        lost[: self.reached] = True
        lost &= ~came
        lost[list(self.replaced)] = True
        return known + int(lost.sum()) + min(unknown, max(0, self.surplus - self.missing_keyframe))

    def _lost(self) -> tuple[NDArray[np.bool_], int]:
        """bool [T], the frames whose packet was refused; and how many refused packets belong to no known frame."""
        assert self.timeline is not None
        lost = np.zeros(len(self.timeline), bool)
        if self.counted:
            return lost, len(self.times) + self.timeless
        found = [self.timeline.find(pts) for pts in self.times]
        known = [position for position in found if position is not None]
        lost[known] = True
        return lost, len(found) - len(known) + self.timeless

    def notes(self) -> Iterator[str]:
        """One sentence for each kind of trouble so far."""
        yield from self.picture.notes("")
        yield from self.sound.notes(" of sound")
        yield from (
            f"reading stopped before the end of the file: {why}" for why in sorted(self.stops)
        )
        if gaps := self.gaps:
            yield f"{counted(gaps, 'frame')} lost beside damaged packets: there is a gap in the times of the picture"
        if self.colours:
            yield "what the stream says of its colours is nothing that FFmpeg can convert: taken for the usual ones"
        if self.missing_keyframe:
            yield f"{counted(self.missing_keyframe, 'frame')} before the first keyframe could not be decoded"
