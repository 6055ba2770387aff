"""Coded frames: the I- and P-frames of a video in display order, each with its possible references.

Not handled here: features of these frames; see `features.visual`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import av
import numpy as np
from av.video.frame import PictureType
from numpy.typing import NDArray

from scsampler_cli.media.container import frames_of, motion_vectors
from scsampler_cli.media.index import StreamIndex
from scsampler_cli.media.reencode import reencode
from scsampler_cli.media.seeking import (
    PositionedFrame,
    frames_from,
    keyframe_before,
    open_at_keyframe,
)
from scsampler_cli.text import counted

_MAX_LISTED = 8
"""Clips that a note lists."""


@dataclass
class ReadReport:
    """Events while reading; complete once the stream is exhausted."""

    frames: int = 0
    """Frames that came out of the decoder, without skipped B-frames."""
    unexpected: int = 0
    """Frames at times that are not in the index; they are left out."""
    changes: set[str] = field(default_factory=set)
    """Notes on pictures of another size or shape than the first one."""
    undecoded_clips: list[int] = field(default_factory=list)
    """Requested clips behind the last frame that was decoded."""
    clips_without_picture: list[int] = field(default_factory=list)
    """Requested clips of which no frame could be decoded as their picture ("rgb")."""

    def notes(self) -> list[str]:
        """One sentence for each kind of event."""
        notes = sorted(self.changes)
        if self.unexpected:
            notes.append(f"{counted(self.unexpected, 'frame')} at unexpected times left out")
        for clips, what in (
            (self.undecoded_clips, "visual features"),
            (self.clips_without_picture, "picture"),
        ):
            if clips:
                notes.append(_undecoded_note(clips, what))
        return notes


def _undecoded_note(clips: list[int], what: str) -> str:
    listed = ", ".join(map(str, clips[:_MAX_LISTED]))
    if len(clips) > _MAX_LISTED:
        listed += " and others"
    return f"nothing could be decoded of clips {listed}: they have no {what}"


def coded_frames(
    path: Path, index: StreamIndex, report: ReadReport, *, first: int
) -> Iterator[CodedFrame]:
    """The I- and P-frames from the GOP of `first` on, in display order, with possible references.

    The nearest reference is the I- or P-frame shown before. Those shown before that one follow, and
    B-frames among them (x264's B-pyramid). Frames shown in between were coded later and cannot be
    references.
    """
    limit = index.info.references if index.info.has_vectors else 1
    shown: deque[CodedFrame] = deque(maxlen=limit)
    # B-frames since the last I- or P-frame: references of later frames only
    between: list[CodedFrame] = []
    for position, frame in _frames_with_vectors(path, index, report, first=first):
        coded = CodedFrame(position, frame)
        if frame.pict_type not in (PictureType.I, PictureType.P):
            between.append(coded)
            del between[:-limit]
            continue

        if frame.key_frame and coded.is_intra:
            # A new GOP: no vector points across its keyframe. B-frames shown just before that one
            # may have been coded after it (open GOP), and no P-frame refers to them either.
            shown.clear()
            between.clear()
        if not _flushed_without_vectors(position, frame, index):
            size = frame.height, frame.width
            coded.references = tuple(
                older
                for older in reversed(shown)
                if (older.frame.height, older.frame.width) == size
            )
        yield coded
        # else each frame would keep all older ones in memory
        coded.references = ()
        shown.extend([*between, coded])
        between.clear()


def _flushed_without_vectors(position: int, frame: av.VideoFrame, index: StreamIndex) -> bool:
    """True for the last frame of an MPEG-1/2/4 stream, which FFmpeg exports without its vectors.

    The decoder held it back to the end. Such a frame gets no references: read as if every block
    were intra, it would show no motion. H.264's last frame has its vectors, and where it has none
    it is intra.
    """
    last = position == len(index.timeline) - 1
    return last and index.info.codec != "h264" and motion_vectors(frame) is None


def _frames_with_vectors(
    path: Path, index: StreamIndex, report: ReadReport, *, first: int
) -> Iterator[PositionedFrame]:
    """Frames with motion vectors, from the GOP of `first` on.

    Frames that nothing refers to are left out where the decoder can skip them.
    """

    def decode(keyframe: int) -> Iterator[PositionedFrame]:
        return _decode_at(path, index, report, keyframe=keyframe)

    frames = _reported(frames_from(index, first, decode), index, report)
    if index.info.has_vectors:
        return frames
    # without native vectors every frame is decoded and encoded again
    if keyframe_before(index, first) == 0:
        frames = _mark_expected(frames, index)
    height, width = index.info.upright_size
    return reencode(frames, height, width, damage=index.damage, shown_size=index.upright_size)


def _decode_at(
    path: Path, index: StreamIndex, report: ReadReport, *, keyframe: int
) -> Iterator[PositionedFrame]:
    """Frames of a decoder that starts at a keyframe."""
    native = index.info.has_vectors
    options = {"flags2": "+export_mvs"} if native else None
    with open_at_keyframe(path, index, keyframe, codec_options=options) as (stream, packets):
        # frames without times are identified by counting, so none may be skipped
        if native and not index.untimed:
            stream.codec_context.skip_frame = "NONREF"
        for count, frame in enumerate(frames_of(packets, index.damage, index.reading)):
            report.frames += 1
            position = index.position(frame.pts, count)
            if position is None:
                report.unexpected += 1
            else:
                yield position, frame


def _reported(
    frames: Iterator[PositionedFrame], index: StreamIndex, report: ReadReport
) -> Iterator[PositionedFrame]:
    """The frames, each noted as decoded, with a note on its shape."""
    for position, frame in frames:
        index.damage.mark_decoded(position)
        report.changes |= index.changes(frame)
        yield position, frame


def _mark_expected(
    frames: Iterator[PositionedFrame], index: StreamIndex
) -> Iterator[PositionedFrame]:
    """The frames of a pass that skips none: those that do not come are missing."""
    for position, frame in frames:
        index.damage.decoded_up_to = max(index.damage.decoded_up_to, position)
        yield position, frame
    index.damage.decoded_up_to = len(index.timeline)


Pixel = TypeVar("Pixel", np.uint8, np.uint16)


@dataclass
class CodedFrame:
    """A decoded frame and the frames that it may have been predicted from."""

    position: int
    """Display position."""
    frame: av.VideoFrame
    references: tuple[CodedFrame, ...] = ()
    """Nearest first; empty for an I-frame, and for a P-frame whose references were not decoded."""
    rgb: NDArray[np.uint8] | None = None
    """uint8 [h, w, 3] at working size; made at first use."""
    planes: NDArray[np.float32] | None = None
    """float32 [3, h, w] at working size, RGB, 0-255; made at first use."""

    @property
    def is_intra(self) -> bool:
        """True for an I-frame."""
        return bool(self.frame.pict_type == PictureType.I)


def luma(frame: av.VideoFrame) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """uint8 or, with more than 8 bits, uint16 [H, W]: the first plane of a frame.

    In the pixel formats of H.264 it is the brightness, or green.
    """
    if frame.format.components[0].bits <= 8:
        return plane_view(frame, 0, np.uint8)
    return plane_view(frame, 0, np.uint16)


def plane_view(frame: av.VideoFrame, number: int, dtype: type[Pixel]) -> NDArray[Pixel]:
    """[H, W] view of one plane of a frame."""
    plane = frame.planes[number]
    # FFmpeg pads each line to `line_size` bytes
    lines: NDArray[Pixel] = np.frombuffer(memoryview(plane), dtype)
    return lines.reshape(-1, plane.line_size // lines.itemsize)[: frame.height, : frame.width]
