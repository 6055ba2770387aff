"""Index a video: describe its picture stream, and find when each of its frames is shown.

`scan` reads the packets once, without decoding, and decodes the first few frames to check that the container tells the truth
about them (leading undecodable packets, fields stored one by one and hidden frames all show there). Where it does not, the
whole stream is decoded once for its times alone. Where only its keyframe flags are wrong, the decoder finds the keyframes.

But: no frame leaves this module; `features.visual` and `media.frames` read them.
"""

from __future__ import annotations

import itertools
from array import array
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
    picture_streams,
    refuse_large,
)
from scsampler_cli.media.damage import Damage
from scsampler_cli.media.keyframes import StartList, Starts, starts_here
from scsampler_cli.media.packet_scan import FARTHEST, Census, take_census
from scsampler_cli.media.packets import FramePackets, frame_packets
from scsampler_cli.media.start_timecode import first_timecode
from scsampler_cli.media.video_info import VideoInfo, describe, usable_aspect
from scsampler_cli.text import counted
from scsampler_cli.timeline import FrameTimeline, placed_stamps

TRIAL_FRAMES = 32
"""Our choice: more than the reorder delay of any codec (16 frames in H.264)."""

RESIZED = "the size of its pictures changes on the way: each is scaled to that of the first one"
"""A note."""
RESHAPED = "the shape of its pictures changes on the way, by their pixel aspect or size: each is shown by its own"
"""A note."""


@dataclass(frozen=True)
class StreamIndex:
    """Where and when the frames of a video are."""

    info: VideoInfo
    timeline: FrameTimeline
    starts: Starts
    """Packets at which decoding can start."""
    counted: bool
    """True when frames carry no usable pts: a frame's position is found by counting from the start, and seeking is off."""
    notes: tuple[str, ...]
    """What the user should know, one sentence each."""
    packets: FramePackets
    """Bytes and kind of every frame, as far as they can be told."""
    reading: ReadSettings = DEFAULT_READING
    """With which it was read; `video_stream` is the stream that was."""
    damage: Damage = field(default_factory=Damage, compare=False)
    """What could not be read; those that read the video further add to it."""
    _sizes: dict[tuple[int, int, Fraction], tuple[int, int]] = field(
        default_factory=dict, compare=False, repr=False
    )
    """By height, width and pixel aspect of a frame: what `upright_size` gives."""

    @property
    def keyframes(self) -> NDArray[np.int64]:
        """int64 [G], increasing: display positions at which decoding can start; always begins with 0."""
        return self.starts.positions

    def position(self, pts: int | None, count: int) -> int | None:
        """Display position of a decoded frame: by its pts, or by `count`, its place in decoding, where frames have no times.

        Returns:
            None for a frame that the index does not know.
        """
        if self.counted:
            return count if count < len(self.timeline) else None
        return None if pts is None else self.timeline.find(pts)

    def upright_size(self, frame: av.VideoFrame) -> tuple[int, int]:
        """(height, width) in square pixels, before rotation, at which a decoded frame is shown.

        A frame of the first one's shape is scaled to the first one's size; one of another shape keeps its own.
        """
        kind = frame.height, frame.width, self.pixel_aspect(frame)
        if kind not in self._sizes:  # there are few kinds of frames, and very many frames
            first, own = self.info.upright_size, square_size(*kind)
            self._sizes[kind] = first if is_same_shape(own, first) else own
        return self._sizes[kind]

    def changes(self, frame: av.VideoFrame) -> frozenset[str]:
        """Notes on a frame of another shape, or size, than the first one."""
        if self.upright_size(frame) != self.info.upright_size:
            return frozenset((RESHAPED,))
        same = (frame.height, frame.width) == (self.info.coded_height, self.info.coded_width)
        return frozenset() if same else frozenset((RESIZED,))

    def pixel_aspect(self, frame: av.VideoFrame) -> Fraction:
        """Width of a pixel of a decoded frame over its height."""
        packet = packet_of(frame)
        if self.info.is_aspect_fixed or packet.place < 0:
            return self.info.pixel_aspect
        return usable_aspect(packet.pixel_aspect)[0]


class _Look(NamedTuple):
    """What is kept of a frame: 32 whole ones would fill the memory."""

    pts: int | None
    kind: int
    """Of av's PictureType."""
    known: bool
    """True when what is attached to it can be read."""
    start: bool
    """True when decoding can start there, as far as the decoder knows."""


class _Trial(NamedTuple):
    """The first frames."""

    info: VideoInfo
    looks: list[_Look]
    time_base: Fraction
    rate: Fraction
    """Frames a second, as FFmpeg guesses it."""
    notes: list[str]
    """What the user should know of them."""


def scan(path: Path, reading: ReadSettings = DEFAULT_READING) -> StreamIndex:
    """Index a video.

    Raises:
        InputError: the file cannot be opened.
        VideoError: not a video, no such stream, or not one frame of it can be decoded.
        LimitError: it has larger pictures or more of them than allowed.
    """
    damage = Damage()
    notes: list[str] = []
    with open_video(path, reading) as (container, stream):
        at, readable = container.streams.video.index(stream), picture_streams(container)
        if reading.video_stream is None and len(readable) > 1:
            notes.append(
                f"{len(readable)} picture streams: the first, --video-stream {at}, is read"
            )
        reading = replace(reading, video_stream=at)
        census = take_census(path, container, stream, reading=reading, damage=damage)
    trial = _first_frames(path, reading, damage)
    notes += trial.notes
    times = census.times()
    if times is not None and _agrees(trial.looks, times[0]):
        timeline = FrameTimeline(*times, trial.time_base)
        starts = _starts(path, reading, census, trial=trial, timeline=timeline)
        index = StreamIndex(
            trial.info,
            timeline,
            starts,
            counted=False,
            notes=tuple(notes),
            packets=census.packets(starts),
        )
    else:
        index = _scan_frames(path, reading, trial, notes=notes, damage=damage)
        damage.surplus = max(0, len(census.pts) - len(index.timeline))
    damage.short = census.short(index.timeline, index.counted)
    damage.missing_keyframe = min(damage.surplus, census.undecodable_start)
    damage.expect(index.timeline, index.counted)
    notes = [*index.notes, *census.shortfalls(index.timeline, index.counted)]
    return replace(index, notes=tuple(notes), reading=reading, damage=damage)


def _first_frames(path: Path, reading: ReadSettings, damage: Damage) -> _Trial:
    info: VideoInfo | None = None
    looks: list[_Look] = []
    notes: list[str] = []
    with open_video(path, reading) as (container, stream):
        for frame in itertools.islice(
            decode_packets(container, stream, damage, reading=reading), TRIAL_FRAMES
        ):
            if info is None:
                info, notes = describe(path, stream, frame, reading=reading)
                timecode, of_timecode = first_timecode(path, stream, frame, rate=_rate(stream))
                info, notes = replace(info, timecode=timecode), [*notes, *of_timecode]
            looks.append(
                _Look(
                    frame.pts,
                    frame.pict_type,
                    attachments_are_known(frame),
                    start=starts_here(frame),
                )
            )
        time_base = stream.time_base or Fraction(1, 1000)
        rate = _rate(stream)
    if info is None:
        raise _undecodable(path, reading, damage)
    predicted = (
        any(look.kind in (PictureType.P, PictureType.B) for look in looks) or len(looks) == 1
    )
    info = replace(info, predicted=predicted and all(look.known for look in looks))
    return _Trial(info, looks, time_base, rate=rate, notes=notes)


def _rate(stream: VideoStream) -> Fraction:
    """Frames a second, as FFmpeg guesses it."""
    return stream.guessed_rate or stream.average_rate or Fraction(25)


def _undecodable(path: Path, reading: ReadSettings, damage: Damage) -> VideoError:
    try:
        height, width = announced_size(path, reading)
        refuse_large(path, height, width, reading=reading)
    except LimitError as too_large:
        return too_large
    why = "; ".join(damage.picture.refused.reasons) or "no frames"
    return VideoError(
        f"{path}: not one frame can be decoded ({why})",
        hint="the file may be cut off or damaged, or its pictures larger than --max-pixels",
    )


def _agrees(trial: list[_Look], pts: NDArray[np.int64]) -> bool:
    """True when the first decoded frames are exactly the first packets in display order."""
    shown = [look.pts for look in trial]
    return shown == pts[: len(shown)].tolist() and (
        len(shown) == TRIAL_FRAMES or len(shown) == len(pts)
    )


def _starts(
    path: Path, reading: ReadSettings, census: Census, *, trial: _Trial, timeline: FrameTimeline
) -> Starts:
    """Where decoding can start; found by the decoder where the container names predicted frames, and no header is read."""
    claimed = set(census.keys.pts)
    refuted = any(look.pts in claimed and not look.start for look in trial.looks)
    if not refuted or census.reader is not None:
        return census.starts(timeline.pts, refuted)
    found, positions = StartList(), array("q")
    with open_video(path, reading) as (container, stream):
        stream.codec_context.skip_frame = "NONKEY"
        # a decoder that starts at a keyframe and skips the others may complain, of frames that are not damaged
        for frame in decode_packets(container, stream, Damage(), reading=reading):
            position, packet = (
                None if frame.pts is None else timeline.find(frame.pts),
                packet_of(frame),
            )
            if position is not None and packet.place >= 0 and starts_here(frame):
                positions.append(position)
                found.add(packet.pts, packet.dts, packet.place, size=packet.size)
    return found.at(np.array(positions, np.int64), np.ones(len(positions), bool), True)


def _scan_frames(
    path: Path, reading: ReadSettings, trial: _Trial, *, notes: list[str], damage: Damage
) -> StreamIndex:
    """Index by decoding everything: exact where packets and frames do not correspond one to one."""
    pts: list[int | None] = []
    keys = array("q")
    found = StartList()
    sizes, places = array("i"), array("q")
    duration = 0
    with open_video(path, reading) as (container, stream):
        for frame in decode_packets(container, stream, damage, reading=reading):
            packet = packet_of(frame)
            if frame.key_frame and packet.place >= 0:
                keys.append(len(pts))
                found.add(packet.pts, packet.dts, packet.place, size=packet.size)
            places.append(packet.place)
            sizes.append(packet.size)
            pts.append(None if frame.pts is None or abs(frame.pts) > FARTHEST else frame.pts)
            duration = frame.duration or duration
    starts = found.at(np.array(keys, np.int64), np.ones(len(keys), bool), True)
    packets = frame_packets(places, sizes, np.isin(np.arange(len(pts)), keys))
    # no step so long that the times of all frames would not fit into 64 bits
    step = min(1 / (trial.rate * trial.time_base), Fraction(FARTHEST, len(pts)))
    placed = placed_stamps(pts, step)
    if placed.own == 0:
        notes = [
            *notes,
            f"frames carry no usable times; counted at {float(trial.rate):g} frames a second",
        ]
        timeline = FrameTimeline(
            np.arange(len(pts), dtype=np.int64), len(pts), 1 / Fraction(trial.rate)
        )
        return StreamIndex(
            trial.info, timeline, starts, counted=True, notes=tuple(notes), packets=packets
        )
    notes = [
        *notes,
        "packets and frames of this file do not correspond; it was indexed by decoding it once more",
    ]
    if placed.restarts:
        again = counted(placed.restarts, "time")
        notes.append(
            f"the file's clock starts anew {again}: its parts are taken as following one another"
        )
    if placed.own < len(pts):
        lost = len(pts) - placed.own
        notes.append(
            f"{lost} of {len(pts)} frames carry no usable time of their own: their neighbours say where they lie"
        )
    end = int(placed.pts[-1]) + max(1, duration or round(step))
    by_count = placed.own < len(pts) or placed.restarts > 0
    timeline = FrameTimeline(placed.pts, end, trial.time_base)
    return StreamIndex(
        trial.info, timeline, starts, counted=by_count, notes=tuple(notes), packets=packets
    )
