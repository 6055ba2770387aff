"""Damaged and unreadable parts of one file, counted over all passes over it.

Every pass meets the same damage again. So a packet is identified by its stream, its byte position
and its decoding time, and is counted once. Memory is bounded, however much of the file is damaged.

Not handled here: decoding. The readers' own reports tell what they left out or replaced.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from scsampler_cli.media.packet_errors import PacketErrors
from scsampler_cli.text import counted
from scsampler_cli.timeline import REORDERED, FrameTimeline

LONGEST_GAP_S = 10
"""Seconds: a longer gap in the times of frames is treated as a clock that was set again."""
MAX_IRREGULAR = 0.1
"""Share of irregular steps between frames; with more, gaps are not counted as lost frames."""


@dataclass
class Damage:
    """Damage of one file; its readers fill it in."""

    picture: PacketErrors = field(default_factory=PacketErrors)
    sound: PacketErrors = field(default_factory=PacketErrors)
    stops: set[str] = field(default_factory=set)
    """Reasons why reading stopped before the end of the file."""
    refused_pts: set[int] = field(default_factory=set)
    """pts of refused visual packets."""
    refused_without_pts: int = 0
    """Number of refused visual packets without a pts."""
    announced_missing: int = 0
    """Frames that the header announces and that have no packet."""
    missing_keyframe: int = 0
    """Frames before the first decodable one, in a file that starts between two keyframes."""
    surplus: int = 0
    """Packets beyond the decoded frames, in a file that was indexed by decoding it."""
    untimed: bool = False
    """True when frames carry no usable pts, so that the frame of a packet is unknown."""
    timeline: FrameTimeline | None = None
    """Timeline of the indexed video."""
    is_decoded: bytearray = field(default_factory=bytearray)
    """1 for each display position that was decoded in some pass, else 0."""
    decoded_up_to: int = 0
    """Display positions below this were all expected from one pass that skips no frame."""
    substituted: set[int] = field(default_factory=set)
    """Display positions in selected clips that a neighbour replaces, or whose clip was left out."""
    colours_ignored: bool = False
    """True when FFmpeg could not convert from the colours that the stream describes."""

    def refuse_picture(self, packet: av.Packet[Any], why: str) -> None:
        """Add a visual packet that the decoder refused."""
        is_new = self.picture.refused.add(packet, why)
        # empty packets and those that an edit list hides stand for no frame of the video
        if not is_new or not packet.size or packet.is_discard:
            return
        if packet.pts is None:
            self.refused_without_pts += 1
        else:
            self.refused_pts.add(packet.pts)

    def refuse_sound(self, packet: av.Packet[Any], why: str) -> None:
        """Add an audio packet that the decoder refused."""
        self.sound.refused.add(packet, why)

    def set_timeline(self, timeline: FrameTimeline, untimed: bool) -> None:
        """Set the frames of the video, once they are known."""
        self.timeline, self.untimed = timeline, untimed
        self.is_decoded = bytearray(len(timeline))

    def mark_decoded(self, position: int) -> None:
        """Note that the frame at a display position was decoded."""
        self.is_decoded[position] = 1

    @property
    def gaps(self) -> int:
        """Frames that fit into gaps in the times of the picture, next to packets marked as damaged.

        They are counted only where the other frames come at a steady rate.

        Not handled here: a gap of more than `LONGEST_GAP_S`, which is treated as a clock that was
        set again, and a packet that was lost without a mark: it leaves no gap here.
        """
        if self.timeline is None or self.untimed or not self.picture.marked.times:
            return 0
        pts = self.timeline.pts  # int64 [T]
        steps = np.diff(pts)  # int64 [T - 1], pts units from each frame to the next
        step = float(np.median(steps)) if len(steps) else 0.0
        irregular = np.abs(steps - step) > step / 4
        if step <= 0 or irregular.mean() > MAX_IRREGULAR:
            return 0

        # int64 [n]: frames behind which there is a gap of at least half a frame
        longest = float(LONGEST_GAP_S / self.timeline.time_base)
        at = np.flatnonzero((steps > 1.5 * step) & (steps <= longest))

        # bool [n]: a marked packet lies in the gap, or within the reorder delay of its ends
        marks = np.sort(np.array(self.picture.marked.times, np.int64))
        reach = REORDERED * round(step)
        first_mark = np.searchsorted(marks, pts[at] - reach)
        end_mark = np.searchsorted(marks, pts[at + 1] + reach, side="right")
        near = first_mark < end_mark

        # a gap of n steps lacks n - 1 frames
        return int((np.rint(steps[at[near]] / step) - 1).sum())

    @property
    def decode_errors(self) -> int:
        """Damaged packets, visual and audio, and places where reading stopped.

        A packet is damaged when its decoder refused it or completed its frame by error concealment,
        or when the demuxer marked it as damaged or cut off. Each packet counts once.
        """
        return self.picture.count + self.sound.count + len(self.stops)

    @property
    def undecoded(self) -> int:
        """Those of `decode_errors` from which nothing was decoded."""
        return len(self.picture.refused.keys) + len(self.sound.refused.keys) + len(self.stops)

    @property
    def frames_missing(self) -> int:
        """Frames that the header or the packets announce and that could not be read.

        Each of these counts once:

        - frames by which the file is shorter than its header says;
        - undecodable frames before the first keyframe;
        - frames that fit into a gap in the times, next to a damaged packet;
        - frames that a pass which decodes everything did not give;
        - frames whose packet was refused and that came out of no pass;
        - frames of the selected clips that a neighbour replaces, or that were left out with their
          clip.

        Not handled here: where packets and frames do not correspond (fields stored one by one,
        times that contradict each other), a refused packet counts as a frame, unless there are
        as many frames as packets all the same. Where the header gives a duration and no number of
        frames, and the file also holds sound or text, which may go on for longer, the frames that
        were cut off are in the notes alone.
        """
        known = self.announced_missing + self.missing_keyframe + self.gaps
        if self.timeline is None:
            return known
        is_decoded = np.frombuffer(self.is_decoded, np.uint8) != 0
        # bool [T]: refused, or expected from a full pass; a frame that any pass gave is not lost
        lost, unknown = self._refused_frames()
        lost[: self.decoded_up_to] = True
        lost &= ~is_decoded
        # in a selected clip a missing frame counts even if another pass decoded it
        lost[list(self.substituted)] = True
        # of refused packets that belong to no frame, only as many count as there are packets too
        # many
        return known + int(lost.sum()) + min(unknown, max(0, self.surplus - self.missing_keyframe))

    def _refused_frames(self) -> tuple[NDArray[np.bool_], int]:
        """Frames whose packet was refused.

        Returns:
            bool [T]: True for such a frame; the number of refused packets that belong to no known
            frame.
        """
        assert self.timeline is not None
        refused = np.zeros(len(self.timeline), bool)
        if self.untimed:
            return refused, len(self.refused_pts) + self.refused_without_pts
        unknown = self.refused_without_pts
        for pts in self.refused_pts:
            position = self.timeline.find(pts)
            if position is None:
                unknown += 1
            else:
                refused[position] = True
        return refused, unknown

    def notes(self) -> Iterator[str]:
        """One sentence for each kind of damage so far."""
        yield from self.picture.notes("")
        yield from self.sound.notes(" of sound")
        # reasons are a set, so that each occurs once over all passes
        for why in sorted(self.stops):
            yield f"reading stopped before the end of the file: {why}"
        if gaps := self.gaps:
            frames = counted(gaps, "frame")
            yield f"{frames} lost next to damaged packets: there is a gap in the picture's times"
        if self.colours_ignored:
            yield "FFmpeg cannot convert the colours that the stream describes: usual ones are used"
        if self.missing_keyframe:
            frames = counted(self.missing_keyframe, "frame")
            yield f"{frames} before the first keyframe could not be decoded"
