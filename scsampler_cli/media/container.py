"""Open a video file, describe its picture stream, and find when each of its frames is shown.

`scan` reads the packets once, without decoding, and decodes the first few frames to check that the container tells the truth
about them (leading undecodable packets, fields stored one by one and hidden frames all show there). Where it does not, the
whole stream is decoded once for its times alone.

But: no frame leaves this module; `media.compressed` and `media.frames` read them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, cast

import av
import av.container
import av.error
import av.video.stream
import numpy as np
from av.video.frame import PictureType
from numpy.typing import NDArray

from scsampler_cli.errors import VideoError
from scsampler_cli.media.h264 import reference_frames
from scsampler_cli.media.orientation import Orientation, from_matrix
from scsampler_cli.timeline import FrameTimeline, placed_stamps

VECTOR_CODECS = frozenset(
    "h264 "
    "mpeg4 mpeg2video mpeg1video h263 h263p h263i flv1 wmv1 wmv2 msmpeg4v1 msmpeg4v2 msmpeg4v3 rv10 rv20 snow".split()
)
"""Codecs whose decoders export motion vectors, measured on FFmpeg 8.1; every other one is silent about them."""

FFMPEG_VERSION = av.ffmpeg_version_info
"""Of the FFmpeg inside the av package."""

TRIAL_FRAMES = 32
"""Our choice: more than the reorder delay of any codec (16 frames in H.264)."""

_STRANGERS = 1000
_TRIES = 100_000
"""Packets without a single frame after which a stream counts as undecodable; bounds the time spent on garbage."""


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


@contextmanager
def open_video(path: Path) -> Iterator[tuple[av.container.InputContainer, av.video.stream.VideoStream]]:
    """Open a local file and pick its first real picture stream; the container is closed on the way out.

    One decoder thread: frame threads lose motion vectors at random, and hang when a loop is left early.

    Raises:
        VideoError: the file is not media, or holds sound or cover art only.
    """
    try:
        # "file:" keeps a name such as "concat:a|b" from being read as a protocol.
        container = av.open(f"file:{path}", options={"protocol_whitelist": "file"}, metadata_errors="replace")
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    with container:
        stream = _picture_stream(container, path)
        try:
            stream.codec_context.thread_type = "SLICE"
            stream.codec_context.thread_count = 1
        except (AttributeError, RuntimeError) as error:
            raise VideoError(
                f"{path}: no decoder for its picture stream", hint="re-encode it, for example to H.264"
            ) from error
        yield container, stream


def _unreadable(path: Path, error: Exception) -> VideoError:
    if isinstance(error, OSError) and not isinstance(error, av.error.FFmpegError | av.error.InvalidDataError):
        return VideoError(
            f"{path}: cannot be opened ({error.strerror or error})", hint="check the path and its permissions"
        )
    if isinstance(error, av.error.FileNotFoundError | av.error.PermissionError | av.error.IsADirectoryError):
        return VideoError(f"{path}: cannot be opened ({error.strerror})", hint="check the path and its permissions")
    return VideoError(
        f"{path}: not a video that FFmpeg can read ({getattr(error, 'strerror', None) or error})",
        hint="the file may be cut off, empty, or something else under a video's name; try to play it",
    )


def _picture_stream(container: av.container.InputContainer, path: Path) -> av.video.stream.VideoStream:
    streams = container.streams.video
    real = [s for s in streams if not s.disposition & av.stream.Disposition.attached_pic]
    if not real:
        what = "only cover art, no video" if streams else "no picture stream"
        raise VideoError(f"{path}: {what}", hint="scsampler tags videos; sound alone is not enough")
    return real[0]


def read_packets(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream | av.AudioStream, errors: list[str]
) -> Iterator[av.Packet[Any]]:
    """Packets of one stream to the end of the file, or to where it cannot be read further, which is added to `errors`."""
    strangers = 0
    while True:
        try:
            yield from container.demux(stream)
            return
        except IndexError:
            # PyAV stumbles over a packet of a stream that appeared late (damaged MPEG-TS): the packets after it are fine
            strangers += 1
            if strangers > _STRANGERS:
                errors.append("reading stopped: too many packets of unknown streams")
                return
        except (av.error.FFmpegError, OSError, ValueError) as error:
            errors.append(f"reading stopped: {error}")
            return


def decode_packets(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream, errors: list[str]
) -> Iterator[av.VideoFrame]:
    """Frames in display order, going on after packets that do not decode; each failure is appended to `errors`."""
    barren = 0
    for packet in read_packets(container, stream, errors):
        barren += 1
        if barren > _TRIES:
            errors.append(f"reading stopped: {_TRIES} packets without a frame")
            return
        try:
            for frame in packet.decode():
                barren = 0
                yield frame
        except av.error.EOFError:
            return
        except (av.error.FFmpegError, ValueError) as error:
            errors.append(str(error))


def scan(path: Path) -> StreamIndex:
    """Index a video.

    Raises:
        VideoError: not a video, or not one frame of it can be decoded.
    """
    with open_video(path) as (container, stream):
        packets, notes = _scan_packets(container, stream)
    with open_video(path) as (container, stream):
        errors: list[str] = []
        trial = list(itertools.islice(decode_packets(container, stream, errors), TRIAL_FRAMES))
        if not trial:
            why = errors[0] if errors else "no frames"
            raise VideoError(f"{path}: not one frame can be decoded ({why})", hint="the file may be cut off or damaged")
        info = _describe(stream, trial)
        time_base = stream.time_base or Fraction(1, 1000)
        rate = stream.guessed_rate or stream.average_rate or Fraction(25)
    if packets is not None and _agrees(trial, packets[0]):
        pts, keys, end = packets
        return StreamIndex(info, FrameTimeline(pts, end, time_base), keys, False, tuple(notes))
    return _scan_frames(path, info, time_base, rate, notes)


_Packets = tuple[NDArray[np.int64], NDArray[np.int64], int]


def _scan_packets(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream
) -> tuple[_Packets | None, list[str]]:
    """(pts in display order, display positions of keyframes, end pts), or None where packets lack times; and notes."""
    pts: list[int] = []
    keys: list[int] = []
    notes: list[str] = []
    last, complete = (0, 0), True
    for packet in read_packets(container, stream, notes):
        if packet.size == 0 or packet.is_discard:
            continue
        if packet.pts is None:
            complete = False
            continue
        pts.append(packet.pts)
        last = max(last, (packet.pts, packet.duration or 0)) if len(pts) > 1 else (packet.pts, packet.duration or 0)
        if packet.is_keyframe:
            keys.append(packet.pts)
    if not pts or not complete:
        return None, notes
    shown = np.unique(np.array(pts, dtype=np.int64))
    if shown.size != len(pts):
        return None, notes
    step = last[1] or (int(np.median(np.diff(shown))) if shown.size > 1 else 1)
    starts = np.searchsorted(shown, np.unique(np.array(keys, dtype=np.int64)))
    return (shown, np.unique(np.concatenate([[0], starts])).astype(np.int64), int(shown[-1]) + max(1, step)), notes


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
        predicted and all(map(_attachments_are_known, trial)),
        references,
    )


def _orientation(frame: av.VideoFrame) -> Orientation:
    if _attachments_are_known(frame):
        matrix = frame.side_data.get("DISPLAYMATRIX")
        return Orientation() if matrix is None else from_matrix(bytes(cast(Any, matrix)))
    return Orientation(round(frame.rotation / 90) % 4) if abs(frame.rotation) <= 360 else Orientation()


def _attachments_are_known(frame: av.VideoFrame) -> bool:
    """PyAV 18 reads none of a frame's side data when there is one kind among them that it does not know."""
    try:
        return frame.side_data is not None
    except ValueError:
        return False


def motion_vectors(frame: av.VideoFrame) -> NDArray[np.void] | None:
    """FFmpeg's AVMotionVector records of a frame, or None where it has none."""
    data = frame.side_data.get("MOTION_VECTORS") if _attachments_are_known(frame) else None
    return None if data is None else data.to_ndarray()


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
    placed, kept = placed_stamps(pts, step)
    if kept == 0:
        notes = [*notes, f"frames carry no usable times; counted at {float(rate):g} frames a second"]
        timeline = FrameTimeline(np.arange(len(pts), dtype=np.int64), len(pts), 1 / Fraction(rate))
        return StreamIndex(info, timeline, starts, True, tuple(notes))
    notes = [*notes, "packets and frames of this file do not correspond; it was indexed by decoding it once more"]
    if kept < len(pts):
        notes.append(f"{len(pts) - kept} of {len(pts)} frames carry no usable time and were placed between the others")
    end = int(placed[-1]) + max(1, duration or round(step))
    return StreamIndex(info, FrameTimeline(placed, end, time_base), starts, kept < len(pts), tuple(notes))
