"""Index a video: describe its picture stream, and find when each of its frames is shown.

`scan` reads the packets once, without decoding, and decodes the first few frames to check that the container tells the truth
about them (leading undecodable packets, fields stored one by one and hidden frames all show there). Where it does not, the
whole stream is decoded once for its times alone.

But: no frame leaves this module; `media.compressed` and `media.frames` read them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import av.container
import av.video.stream
import numpy as np
from av.video.frame import PictureType
from numpy.typing import NDArray

from scsampler_cli.errors import VideoError
from scsampler_cli.media.container import attachments_are_known, decode_packets, open_video, read_packets
from scsampler_cli.media.h264 import reference_frames
from scsampler_cli.media.orientation import Orientation, from_matrix
from scsampler_cli.report import counted
from scsampler_cli.timeline import REORDERED, FrameTimeline, placed_stamps

VECTOR_CODECS = frozenset(
    "h264 "
    "mpeg4 mpeg2video mpeg1video h263 h263p h263i flv1 wmv1 wmv2 msmpeg4v1 msmpeg4v2 msmpeg4v3 rv10 rv20 snow".split()
)
"""Codecs whose decoders export motion vectors, measured on FFmpeg 8.1; every other one is silent about them."""

TRIAL_FRAMES = 32
"""Our choice: more than the reorder delay of any codec (16 frames in H.264)."""

SLACK_S = Fraction(1, 4)
"""Seconds by which pictures may end before the announced end: sound is padded to whole frames (our choice)."""


@dataclass(frozen=True)
class VideoInfo:
    """The picture stream that is read."""

    codec: str
    """FFmpeg's name of the codec, such as "av1", whichever decoder reads it."""
    stream: int
    """Index of the stream in the container."""
    coded_width: int
    """Pixels as stored."""
    coded_height: int
    """Pixels as stored."""
    pixel_aspect: Fraction
    """Width of a pixel over its height."""
    orientation: Orientation
    """What the metadata asks a player to do with the stored picture."""
    predicted: bool
    """True when P-frames were seen among the first frames, and what is attached to frames can be read."""
    references: int = 1
    """How many earlier frames a block of a P-frame may have been predicted from; more than one in H.264 only."""

    @property
    def upright_size(self) -> tuple[int, int]:
        """(height, width) in square pixels, before rotation."""
        return self.coded_height, max(1, round(self.coded_width * self.pixel_aspect))

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the picture as displayed."""
        height, width = self.upright_size
        return (width, height) if self.orientation.swaps_sides else (height, width)

    @property
    def has_vectors(self) -> bool:
        """True when motion vectors can be read from the stream itself."""
        return self.codec in VECTOR_CODECS and self.predicted


@dataclass(frozen=True)
class StreamIndex:
    """Where and when the frames of a video are."""

    info: VideoInfo
    timeline: FrameTimeline
    keyframes: NDArray[np.int64]
    """int64 [G], increasing: display positions at which decoding can start; always begins with 0."""
    counted: bool
    """True when frames carry no usable pts: a frame's position is found by counting from the start, and seeking is off."""
    notes: tuple[str, ...]
    """What the user should know, one sentence each."""

    def position(self, pts: int | None, count: int) -> int | None:
        """Display position of a decoded frame: by its pts, or by `count`, its place in decoding, where frames have no times.

        Returns:
            None for a frame that the index does not know.
        """
        if self.counted:
            return count if count < len(self.timeline) else None
        return None if pts is None else self.timeline.find(pts)


def scan(path: Path) -> StreamIndex:
    """Index a video.

    Raises:
        VideoError: not a video, or not one frame of it can be decoded.
    """
    with open_video(path) as (container, stream):
        census = _count_packets(container, stream)
        announced = _announced_frames(container, stream), _announced_end(container, stream)
    with open_video(path) as (container, stream):
        errors: list[str] = []
        trial = list(itertools.islice(decode_packets(container, stream, errors), TRIAL_FRAMES))
        if not trial:
            why = errors[0] if errors else "no frames"
            raise VideoError(f"{path}: not one frame can be decoded ({why})", hint="the file may be cut off or damaged")
        info = _describe(stream, trial)
        time_base = stream.time_base or Fraction(1, 1000)
        rate = stream.guessed_rate or stream.average_rate or Fraction(25)
    times = census.times()
    if times is not None and _agrees(trial, times[0]):
        pts, keys, end = times
        index = StreamIndex(info, FrameTimeline(pts, end, time_base), keys, False, tuple(census.errors))
    else:
        index = _scan_frames(path, info, time_base, rate, census.errors)
    return replace(index, notes=(*index.notes, *_shortfalls(census, index, *announced)))


@dataclass
class _Census:
    """What the packets of the picture stream say."""

    pts: list[int | None] = field(default_factory=list)
    """In the order of decoding; without those that an edit list hides."""
    keys: list[int] = field(default_factory=list)
    """pts of keyframes."""
    last: tuple[int, int] = (0, 0)
    """(pts, duration) of the packet that is shown last."""
    hidden: int = 0
    """Packets that an edit list hides."""
    damaged: int = 0
    """Packets that the container's reader marked as damaged or cut off."""
    errors: list[str] = field(default_factory=list)
    """Where reading stopped before the end."""

    def add(self, packet: av.Packet[Any]) -> None:
        """Count one packet."""
        self.damaged += packet.is_corrupt
        if packet.is_discard:
            self.hidden += 1
            return
        self.pts.append(packet.pts)
        if packet.pts is None:
            return
        here = packet.pts, packet.duration or 0
        self.last = here if len(self.pts) == 1 else max(self.last, here)
        if packet.is_keyframe:
            self.keys.append(packet.pts)

    def times(self) -> tuple[NDArray[np.int64], NDArray[np.int64], int] | None:
        """(pts in display order, display positions of keyframes, end pts), or None where packets lack times of their own."""
        stamps = [pts for pts in self.pts if pts is not None]
        shown = np.unique(np.array(stamps, dtype=np.int64))
        if not stamps or shown.size != len(self.pts) or _starts_anew(stamps):
            return None
        step = self.last[1] or (int(np.median(np.diff(shown))) if shown.size > 1 else 1)
        starts = np.searchsorted(shown, np.unique(np.array(self.keys, dtype=np.int64)))
        return shown, np.unique(np.concatenate([[0], starts])).astype(np.int64), int(shown[-1]) + max(1, step)


def _starts_anew(stamps: list[int]) -> bool:
    """True when times in decoding order jump back further than any reordering of frames does."""
    array = np.array(stamps, np.int64)
    behind = np.maximum.accumulate(array) - array
    usual = np.median(np.diff(np.sort(array))) if len(stamps) > 1 else 1
    return bool(behind.max() > 2 * REORDERED * usual)


def _count_packets(container: av.container.InputContainer, stream: av.video.stream.VideoStream) -> _Census:
    census = _Census()
    for packet in read_packets(container, stream, census.errors):
        if packet.size:
            census.add(packet)
    return census


def _announced_frames(container: av.container.InputContainer, stream: av.video.stream.VideoStream) -> int:
    """Frames that the header says there are, 0 where it does not say."""
    # MP4's own count includes those that an edit list cuts away; FFmpeg's index does not
    return len(stream.index_entries) if "mov" in container.format.name.split(",") else stream.frames


def _announced_end(container: av.container.InputContainer, stream: av.video.stream.VideoStream) -> Fraction | None:
    """Second on the container's clock at which its header says that the pictures, or everything, ends."""
    if stream.duration and stream.time_base:
        return (stream.duration + (stream.start_time or 0)) * stream.time_base
    # Matroska and ASF count from 0 however late their first frame is
    return Fraction(container.duration, av.time_base) if container.duration else None


def _shortfalls(census: _Census, index: StreamIndex, frames: int, end: Fraction | None) -> Iterator[str]:
    """Where less was there than the header announces, which is all that a cut-off file shows."""
    seen = len(census.pts) + census.hidden
    if census.damaged:
        yield f"{counted(census.damaged, 'packet')} damaged or cut off"
    if seen < frames:
        yield f"only {seen} of the {frames} frames that the header announces are there: is the file cut off?"
        return
    ends = index.timeline.time(len(index.timeline))
    slack = max(SLACK_S, 2 * index.timeline.mean_frame_duration)
    if end is not None and not census.hidden and not index.counted and ends < end - slack:
        yield (
            f"the pictures end at {float(ends):.2f} s, the header announces {float(end):.2f} s: "
            "is the file cut off, or does its sound or text go on?"
        )


def _agrees(trial: list[av.VideoFrame], pts: NDArray[np.int64]) -> bool:
    """True when the first decoded frames are exactly the first packets in display order."""
    shown = [frame.pts for frame in trial]
    return shown == pts[: len(shown)].tolist() and (len(shown) == TRIAL_FRAMES or len(shown) == len(pts))


def _describe(stream: av.video.stream.VideoStream, trial: list[av.VideoFrame]) -> VideoInfo:
    frame = trial[0]
    aspect = stream.sample_aspect_ratio or Fraction(1)
    if not Fraction(1, 16) <= aspect <= 16:  # our choice: beyond this it is a damaged header, not a pixel
        aspect = Fraction(1)
    predicted = any(f.pict_type in (PictureType.P, PictureType.B) for f in trial) or len(trial) == 1
    codec = stream.codec_context.codec.canonical_name
    references = reference_frames(stream.codec_context.extradata) if codec == "h264" else 1
    return VideoInfo(
        codec,
        stream.index,
        frame.width,
        frame.height,
        aspect,
        _orientation(frame),
        predicted and all(map(attachments_are_known, trial)),
        references,
    )


def _orientation(frame: av.VideoFrame) -> Orientation:
    if attachments_are_known(frame):
        matrix = frame.side_data.get("DISPLAYMATRIX")
        return Orientation() if matrix is None else from_matrix(bytes(cast(Any, matrix)))
    return Orientation(round(frame.rotation / 90) % 4) if abs(frame.rotation) <= 360 else Orientation()


def _scan_frames(path: Path, info: VideoInfo, time_base: Fraction, rate: Fraction, notes: list[str]) -> StreamIndex:
    """Index by decoding everything: exact where packets and frames do not correspond one to one."""
    errors: list[str] = []
    pts: list[int | None] = []
    keys: list[int] = []
    duration = 0
    with open_video(path) as (container, stream):
        for frame in decode_packets(container, stream, errors):
            if frame.key_frame:
                keys.append(len(pts))
            pts.append(frame.pts)
            duration = frame.duration or duration
    starts = np.unique(np.array([0, *keys], dtype=np.int64))
    step = 1 / (rate * time_base)
    placed = placed_stamps(pts, step)
    if placed.own == 0:
        notes = [*notes, f"frames carry no usable times; counted at {float(rate):g} frames a second"]
        timeline = FrameTimeline(np.arange(len(pts), dtype=np.int64), len(pts), 1 / Fraction(rate))
        return StreamIndex(info, timeline, starts, True, tuple(notes))
    notes = [*notes, "packets and frames of this file do not correspond; it was indexed by decoding it once more"]
    if placed.restarts:
        again = counted(placed.restarts, "time")
        notes.append(f"the file's clock starts anew {again}: its parts are taken as following one another")
    if placed.own < len(pts):
        lost = len(pts) - placed.own
        notes.append(
            f"{lost} of {len(pts)} frames carry no usable time of their own: their neighbours say where they lie"
        )
    end = int(placed.pts[-1]) + max(1, duration or round(step))
    by_count = placed.own < len(pts) or placed.restarts > 0
    return StreamIndex(info, FrameTimeline(placed.pts, end, time_base), starts, by_count, tuple(notes))
