"""Coded frames: the I- and P-frames of a video in display order, each with the frames that it may
refer to."""

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
from scsampler_cli.media.seeking import PositionedFrame, frames_from, keyframe_before, open_at_keyframe
from scsampler_cli.text import counted

_NAMED = 8
"""Clips that a note names."""


@dataclass
class ReadReport:
    """What happened while reading; complete once the stream is exhausted."""

    frames: int = 0
    """Frames that came out of the decoder (skipped B-frames not counted)."""
    strays: int = 0
    """Frames at times that the index does not know, left out."""
    changes: set[str] = field(default_factory=set)
    """Notes on pictures of another size or shape than the first one."""
    lost: list[int] = field(default_factory=list)
    """Wanted clips before which the frames ended."""

    def notes(self) -> list[str]:
        """One sentence for each kind of trouble."""
        notes = sorted(self.changes)
        if self.strays:
            notes.append(f"{counted(self.strays, 'frame')} at unexpected times left out")
        if self.lost:
            clips = ", ".join(map(str, self.lost[:_NAMED])) + (
                " and others" if len(self.lost) > _NAMED else ""
            )
            notes.append(f"nothing could be decoded of clips {clips}: they have no visual features")
        return notes


def coded_frames(
    path: Path, index: StreamIndex, report: ReadReport, *, first: int
) -> Iterator[CodedFrame]:
    """The I- and P-frames from the GOP of `first` on, in display order, each with the frames that
    it may refer to.

    The nearest reference is the I- or P-frame shown before; those shown before that one follow,
    B-frames among them (x264's B-pyramid). What is shown in between was coded later and cannot be a
    reference.
    """
    limit = index.info.references if index.info.has_vectors else 1
    shown: deque[CodedFrame] = deque(maxlen=limit)
    between: list[CodedFrame] = []
    for position, frame in _frames_with_vectors(path, index, report, first=first):
        if frame.pict_type not in (PictureType.I, PictureType.P):
            between.append(CodedFrame(position, frame))
            del between[:-limit]
            continue
        coded = CodedFrame(position, frame)
        if frame.key_frame and coded.is_intra:
            # A new GOP: no vector points across its keyframe. B-frames shown just before that one
            # may have been coded after it (open GOP), and no P-frame refers to them either.
            shown.clear()
            between.clear()
        same_size = (
            r
            for r in reversed(shown)
            if (r.frame.height, r.frame.width) == (frame.height, frame.width)
        )
        if not _flushed_without_vectors(position, frame, index):
            coded.references = tuple(same_size)
        yield coded
        coded.references = ()  # frees the chain of older frames
        shown.extend([*between, coded])
        between.clear()


def _flushed_without_vectors(position: int, frame: av.VideoFrame, index: StreamIndex) -> bool:
    """True for the last frame of an MPEG-1/2/4 stream that the decoder held back: FFmpeg exports no
    vectors for it.

    It is left out; read as if every block were intra, it would stand still. H.264's last frame has
    its vectors, and where it has none it is intra.
    """
    last = position == len(index.timeline) - 1
    return last and index.info.codec != "h264" and motion_vectors(frame) is None


def _frames_with_vectors(
    path: Path, index: StreamIndex, report: ReadReport, *, first: int
) -> Iterator[PositionedFrame]:
    """Frames from the GOP of `first` on, with vectors; without those that nothing refers to where
    the decoder can skip them."""
    frames = _noted(
        frames_from(
            index, first, lambda keyframe: _decode_at(path, index, report, keyframe=keyframe)
        ),
        index,
        report,
    )
    if index.info.has_vectors:
        return frames
    if keyframe_before(index, first) == 0:
        frames = _all_of(frames, index)
    height, width = index.info.upright_size
    return reencode(frames, height, width, damage=index.damage, shown_size=index.upright_size)


def _decode_at(
    path: Path, index: StreamIndex, report: ReadReport, *, keyframe: int
) -> Iterator[PositionedFrame]:
    """What comes when decoding starts at a keyframe."""
    native = index.info.has_vectors
    with open_at_keyframe(
        path, index, keyframe, codec_options={"flags2": "+export_mvs"} if native else None
    ) as (
        stream,
        packets,
    ):
        if native and not index.untimed:
            stream.codec_context.skip_frame = "NONREF"
        for count, frame in enumerate(frames_of(packets, index.damage, index.reading)):
            report.frames += 1
            position = index.position(frame.pts, count)
            if position is None:
                report.strays += 1
            else:
                yield position, frame


def _noted(frames: Iterator[PositionedFrame], index: StreamIndex, report: ReadReport) -> Iterator[PositionedFrame]:
    for position, frame in frames:
        index.damage.mark_decoded(position)
        report.changes |= index.changes(frame)
        yield position, frame


def _all_of(frames: Iterator[PositionedFrame], index: StreamIndex) -> Iterator[PositionedFrame]:
    """The frames of a pass that skips none: those that do not come are missing."""
    for position, frame in frames:
        index.damage.decoded_up_to = max(index.damage.decoded_up_to, position)
        yield position, frame
    index.damage.decoded_up_to = len(index.timeline)


Pixel = TypeVar("Pixel", np.uint8, np.uint16)


@dataclass
class CodedFrame:
    """A decoded reference frame and those it may have been predicted from."""

    position: int
    """Display position."""
    frame: av.VideoFrame
    references: tuple[CodedFrame, ...] = ()
    """Nearest first; empty for an I-frame, and for a P-frame whose references were not decoded."""
    rgb: NDArray[np.uint8] | None = None
    """uint8 [h, w, 3] at working size, made when first asked for."""
    planes: NDArray[np.float32] | None = None
    """float32 [3, h, w], likewise."""

    @property
    def is_intra(self) -> bool:
        """True for an I-frame."""
        return bool(self.frame.pict_type == PictureType.I)


def luma(frame: av.VideoFrame) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """[H, W]: the first plane, which in what H.264 decodes to is brightness, or green; more than 8
    bits come as uint16."""
    return (
        _plane(frame, 0, np.uint8)
        if frame.format.components[0].bits <= 8
        else _plane(frame, 0, np.uint16)
    )


def _plane(frame: av.VideoFrame, number: int, dtype: type[Pixel]) -> NDArray[Pixel]:
    plane = frame.planes[number]
    lines: NDArray[Pixel] = np.frombuffer(memoryview(plane), dtype)
    return lines.reshape(-1, plane.line_size // lines.itemsize)[: frame.height, : frame.width]
