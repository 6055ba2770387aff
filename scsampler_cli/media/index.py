"""Index a video: describe its video stream, and find when each of its frames is shown.

`scan` reads the packets once, without decoding. It also decodes the first few frames to check that
the packets describe the frames correctly: leading undecodable packets, fields stored one by one and
hidden frames all show there. Where they do not, the whole stream is decoded once to find its times.
Where only the container's keyframe flags are wrong, the decoder finds the keyframes.

Not handled here: reading frames for use; see `features.visual` and `media.frames`.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from av.video.frame import PictureType
from numpy.typing import NDArray

from scsampler_cli.config import DEFAULT_READING, ReadSettings
from scsampler_cli.errors import LimitError, VideoError
from scsampler_cli.media.aspect import is_same_shape, square_size
from scsampler_cli.media.container import (
    VideoStream,
    announced_size,
    attachments_are_known,
    decode_packets,
    open_video,
    packet_of,
    refuse_large,
    video_streams,
)
from scsampler_cli.media.damage import Damage
from scsampler_cli.media.full_decode import decode_all, decode_starts
from scsampler_cli.media.keyframes import StartPackets, is_start_frame
from scsampler_cli.media.packet_scan import MAX_STAMP, PacketScan, scan_packets
from scsampler_cli.media.packets import FramePackets
from scsampler_cli.media.start_timecode import first_timecode
from scsampler_cli.media.video_info import VideoInfo, describe, usable_aspect
from scsampler_cli.text import counted
from scsampler_cli.timeline import FrameTimeline, RepairedStamps, repaired_stamps

TRIAL_FRAMES = 32
"""Frames decoded for the check: more than the reorder delay of any codec (16 frames in H.264)."""

RESIZED = "the size of its pictures changes: each is scaled to that of the first one"
"""A note."""
RESHAPED = "the shape of its pictures changes, by pixel aspect or size: each keeps its own shape"
"""A note."""


@dataclass(frozen=True)
class StreamIndex:
    """Position, time and packet of every frame of a video."""

    info: VideoInfo
    timeline: FrameTimeline
    starts: StartPackets
    """Packets at which decoding can start."""
    untimed: bool
    """True when frames carry no usable pts.

    The position of a frame is then found by counting from the start, and seeking is off.
    """
    notes: tuple[str, ...]
    """Notes for the user, one sentence each."""
    packets: FramePackets
    """Bytes and kind of every frame, as far as they are known."""
    by_packets: bool = True
    """True when each packet gives one frame; False if the frames are known from decoding alone."""
    reading: ReadSettings = DEFAULT_READING
    """Settings with which the video was read; `video_stream` is the stream that was selected."""
    damage: Damage = field(default_factory=Damage, compare=False)
    """Damage found so far; later readers of the video add to it."""
    _sizes: dict[tuple[int, ...], tuple[int, int]] = field(
        default_factory=dict, compare=False, repr=False
    )
    """(height, width, and width and height of a pixel) of a frame -> its `upright_size`."""

    @property
    def keyframes(self) -> NDArray[np.int64]:
        """int64 [G], increasing: display positions at which decoding can start; the first is 0."""
        return self.starts.positions

    def position(self, pts: int | None, count: int) -> int | None:
        """Display position of a decoded frame.

        Args:
            pts: of the frame.
            count: number of frames decoded before it; used where frames carry no times.

        Returns:
            None for a frame that is not in the index.
        """
        if self.untimed:
            return count if count < len(self.timeline) else None
        # the pts identifies a frame exactly
        return None if pts is None else self.timeline.find(pts)

    def upright_size(self, frame: av.VideoFrame) -> tuple[int, int]:
        """(height, width) in square pixels, before rotation, at which a decoded frame is shown.

        A frame of the first one's shape is scaled to the first one's size; one of another shape
        keeps its own.
        """
        aspect = self.pixel_aspect(frame)
        # whole numbers: the hash of a fraction takes longer than all else here
        shape = frame.height, frame.width, *aspect.as_integer_ratio()
        size = self._sizes.get(shape)
        # a video has few shapes of frames, and very many frames
        if size is None:
            first, own = self.info.upright_size, square_size(frame.height, frame.width, aspect)
            size = self._sizes[shape] = first if is_same_shape(own, first) else own
        return size

    def changes(self, frame: av.VideoFrame) -> frozenset[str]:
        """Notes on a frame of another shape, or size, than the first one."""
        if self.upright_size(frame) != self.info.upright_size:
            return frozenset((RESHAPED,))
        if (frame.height, frame.width) != (self.info.coded_height, self.info.coded_width):
            return frozenset((RESIZED,))
        return frozenset()

    def pixel_aspect(self, frame: av.VideoFrame) -> Fraction:
        """Width of a pixel of a decoded frame over its height."""
        packet = packet_of(frame)
        # the container gives one aspect for all, or the decoder did not say which packet it was
        if self.info.is_aspect_fixed or packet.decode_index < 0:
            return self.info.pixel_aspect
        return usable_aspect(packet.pixel_aspect)[0]


class _TrialFrame(NamedTuple):
    """Facts of one of the first frames: 32 whole frames would fill the memory."""

    pts: int | None
    picture_type: int
    """A value of av's PictureType."""
    has_known_attachments: bool
    """True when the frame's side data can be read."""
    is_start: bool
    """True when decoding can start there, by the decoder."""


class _Trial(NamedTuple):
    """The first frames of a video."""

    info: VideoInfo
    frames: list[_TrialFrame]
    time_base: Fraction
    rate: Fraction
    """Frames a second, as FFmpeg guesses it."""
    notes: list[str]


def scan(path: Path, reading: ReadSettings = DEFAULT_READING) -> StreamIndex:
    """Index a video.

    Raises:
        InputError: the file cannot be opened.
        VideoError: not a video, no such stream, or no frame of it can be decoded.
        LimitError: it has larger pictures or more of them than allowed.
    """
    damage = Damage()
    notes: list[str] = []
    with open_video(path, reading) as (container, stream):
        number, readable = container.streams.video.index(stream), video_streams(container)
        if reading.video_stream is None and len(readable) > 1:
            notes.append(
                f"{len(readable)} video streams: the first, number {number}, is read; "
                "set video_stream to read another"
            )
        # later passes read the same stream without searching for it
        reading = replace(reading, video_stream=number)
        # one pass over the packets, without decoding
        packets = scan_packets(path, container, stream, reading=reading, damage=damage)
    # a second pass, over the first frames only
    trial = _first_frames(path, reading, damage)
    notes += trial.notes

    # packets give (int64 [T] pts, end pts); None where they cannot
    times = packets.times()
    if times is not None and _matches_packets(trial.frames, times[0]):
        timeline = FrameTimeline(*times, trial.time_base)
        starts = _find_starts(path, reading, packets, trial=trial, timeline=timeline)
        index = StreamIndex(
            trial.info,
            timeline,
            starts,
            untimed=False,
            notes=tuple(notes),
            packets=packets.packets(starts),
        )
    else:
        index = _index_by_decoding(path, reading, trial, notes=notes, damage=damage)
        # a packet that gave no frame: damaged, a second field, or before the first keyframe
        damage.surplus = max(0, len(packets.pts) - len(index.timeline))

    damage.announced_missing = packets.missing_frames(index.timeline, index.untimed)
    damage.missing_keyframe = min(damage.surplus, packets.undecodable_start)
    damage.set_timeline(index.timeline, index.untimed)
    notes = [*index.notes, *packets.notes(index.timeline, index.untimed)]
    return replace(index, notes=tuple(notes), reading=reading, damage=damage)


def _first_frames(path: Path, reading: ReadSettings, damage: Damage) -> _Trial:
    info: VideoInfo | None = None
    frames: list[_TrialFrame] = []
    notes: list[str] = []
    with open_video(path, reading) as (container, stream):
        rate = _frame_rate(stream)
        time_base = stream.time_base or Fraction(1, 1000)
        decoded = decode_packets(container, stream, damage, reading=reading)
        for frame in itertools.islice(decoded, TRIAL_FRAMES):
            if info is None:
                # the container describes the stream; the first decoded frame has the rest
                info, notes = describe(path, stream, frame, reading=reading)
                timecode, timecode_notes = first_timecode(path, stream, frame, rate=rate)
                info = replace(info, timecode=timecode)
                notes += timecode_notes
            frames.append(
                _TrialFrame(
                    frame.pts,
                    frame.pict_type,
                    attachments_are_known(frame),
                    is_start=is_start_frame(frame),
                )
            )
    if info is None:
        raise _undecodable(path, reading, damage)

    # a single frame proves nothing: it is intra in any stream
    types = {frame.picture_type for frame in frames}
    predicted = bool(types & {PictureType.P, PictureType.B}) or len(frames) == 1
    predicted = predicted and all(frame.has_known_attachments for frame in frames)
    return _Trial(replace(info, predicted=predicted), frames, time_base, rate=rate, notes=notes)


def _frame_rate(stream: VideoStream) -> Fraction:
    """Frames a second, as FFmpeg guesses it."""
    return stream.guessed_rate or stream.average_rate or Fraction(25)


def _undecodable(path: Path, reading: ReadSettings, damage: Damage) -> VideoError:
    try:
        width, height = announced_size(path, reading)
        refuse_large(path, width, height, reading=reading)
    except LimitError as too_large:
        return too_large
    why = "; ".join(damage.picture.refused.reasons) or "no frames"
    return VideoError(
        f"{path}: no frame can be decoded ({why})",
        code="nothing-decodable",
        hint="the file may be cut off or damaged, or its frames larger than `max_pixels`",
    )


def _matches_packets(frames: list[_TrialFrame], pts: NDArray[np.int64]) -> bool:
    """True when the first decoded frames are exactly the first packets in display order.

    Args:
        frames: up to `TRIAL_FRAMES`.
        pts: int64 [T], of all packets, in display order.
    """
    shown = [frame.pts for frame in frames]
    is_complete = len(shown) in (TRIAL_FRAMES, len(pts))
    return is_complete and shown == pts[: len(shown)].tolist()


def _find_starts(
    path: Path,
    reading: ReadSettings,
    packets: PacketScan,
    *,
    trial: _Trial,
    timeline: FrameTimeline,
) -> StartPackets:
    """Packets at which decoding can start.

    The decoder finds them where the container flags predicted frames and the packets' headers
    cannot be read.
    """
    flagged = set(packets.keyframes.pts)
    flags_are_wrong = any(frame.pts in flagged and not frame.is_start for frame in trial.frames)
    if not flags_are_wrong or packets.start_reader is not None:
        # the usual case: no pixel was decoded for this
        return packets.starts(timeline.pts, flags_are_wrong)

    return decode_starts(path, reading, timeline)


def _index_by_decoding(
    path: Path, reading: ReadSettings, trial: _Trial, *, notes: list[str], damage: Damage
) -> StreamIndex:
    """Index by decoding all frames: exact where packets and frames do not correspond one to one."""
    frames = decode_all(path, reading, damage)
    count = len(frames.pts)
    # pts units a frame, limited so that the times of all frames fit into 64 bits
    step = min(1 / (trial.rate * trial.time_base), Fraction(MAX_STAMP, count))
    repaired = repaired_stamps(frames.pts, step)
    # a file without any time: frames are counted at the guessed rate
    if repaired.own == 0:
        rate = f"{float(trial.rate):g} frames a second"
        notes = [*notes, f"frames carry no usable times; counted at {rate}"]
        # one unit is one frame
        timeline = FrameTimeline(np.arange(count, dtype=np.int64), count, 1 / Fraction(trial.rate))
        untimed = True
    else:
        notes = [*notes, *_repair_notes(repaired, count)]
        end = int(repaired.pts[-1]) + max(1, frames.last_duration or round(step))
        timeline = FrameTimeline(repaired.pts, end, trial.time_base)
        # the pts of a decoded frame identifies it only where every frame kept its own
        untimed = repaired.own < count or repaired.restarts > 0
    return StreamIndex(
        trial.info,
        timeline,
        frames.starts,
        untimed=untimed,
        notes=tuple(notes),
        packets=frames.packets,
        by_packets=False,
    )


def _repair_notes(repaired: RepairedStamps, count: int) -> list[str]:
    notes = [
        "packets and frames of this file do not correspond; it was indexed by decoding it once more"
    ]
    if repaired.restarts:
        restarts = counted(repaired.restarts, "time")
        notes.append(
            f"the file's clock starts again {restarts}: its parts are placed one after another"
        )
    if repaired.own < count:
        notes.append(
            f"{count - repaired.own} of {count} frames carry no usable time of their own: they are"
            " placed between their neighbours"
        )
    return notes
