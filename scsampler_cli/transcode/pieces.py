"""The pieces of a video for a reel, and the position from which each is decoded.

Not handled here: files; see `transcode.reel`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from scsampler_cli.errors import OutputError
from scsampler_cli.media.index import StreamIndex
from scsampler_cli.media.seeking import keyframe_before
from scsampler_cli.timeline import FrameTimeline

LEAD_S = 1
"""Seconds by which reading begins earlier.

This is for seeks that may end too late, and takes little time where keyframes are that near; and
for sound, whose first samples behind a seek are wrong.
"""
NEAR_S = 4
"""Seconds between two pieces up to which they are decoded, not skipped: to open the file again
takes about as long."""
MOST_GROUPS = 16
"""Times that the file is opened for its pictures, at most."""
MOST_BYTES = 3 << 30
"""Memory of all decoders together, at most: enough for ten that read 3840 x 2160 pixels."""
_FRAMES_HELD = 25
"""Frames in memory for each decoder and the filters behind it, as measured."""
_BYTES_PER_PIXEL = 1.5
"""Of 4:2:0 with 8 bits."""
_INDEXED = frozenset(("mov", "matroska"))
"""Demuxers that find a keyframe by its time; seeks of others end near it."""


@dataclass(frozen=True)
class Piece:
    """A run of adjacent frames."""

    first: int
    """Display position of its first frame."""
    stop: int
    """Display position behind its last one."""
    start: Fraction
    """Seconds on the file's clock."""
    end: Fraction
    """Seconds, exclusive."""
    at: Fraction
    """Seconds on the reel's clock at which it begins."""
    after: Fraction
    """Seconds on the file's clock: between the frame before the first one and the first one."""
    before: Fraction
    """Seconds on the file's clock: between the last frame and the one behind it."""

    @property
    def duration(self) -> Fraction:
        """Length in seconds."""
        return self.end - self.start


@dataclass(frozen=True)
class Group:
    """Pieces that are read in one pass."""

    seek: Fraction | None
    """Seconds on the file's clock to seek to; None for the beginning."""
    pieces: tuple[Piece, ...]


def pieces_of(timeline: FrameTimeline, spans: Sequence[tuple[Fraction, Fraction]]) -> list[Piece]:
    """Whole frames of the spans, in time order; those that touch or overlap are one.

    Args:
        timeline: of the video.
        spans: (start, end) in seconds, half-open, in any order; a frame belongs to the span in
            which it starts.

    Raises:
        OutputError: the spans contain no frame.
    """
    runs: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        first, stop = _frame_at(timeline, start), _frame_at(timeline, end)
        if stop <= first:
            continue
        # spans that touch or overlap become one run
        if runs and first <= runs[-1][1]:
            runs[-1] = (runs[-1][0], max(stop, runs[-1][1]))
        else:
            runs.append((first, stop))
    if not runs:
        raise OutputError(
            "no frame of the video is in the clips of the reel",
            code="reel-empty",
            hint="choose other clips",
        )
    pieces: list[Piece] = []
    at = Fraction(0)
    for first, stop in runs:
        pieces.append(_piece(timeline, first, stop, at=at))
        # the reel's clock goes on from piece to piece
        at += pieces[-1].duration
    return pieces


def _frame_at(timeline: FrameTimeline, seconds: Fraction) -> int:
    """Display position of the first frame that does not start before a time."""
    units = seconds / timeline.time_base
    # rounded up, exactly: a float could fall on the other side of a frame
    return int(np.searchsorted(timeline.pts, -(-units.numerator // units.denominator)))


def _piece(timeline: FrameTimeline, first: int, stop: int, *, at: Fraction) -> Piece:
    start, end = timeline.time(first), timeline.time(stop)
    # half-way to the neighbours, so that rounding in the program does no harm
    after = (timeline.time(first - 1) + start) / 2 if first else start - 1
    before = (timeline.time(stop - 1) + end) / 2 if stop < len(timeline) else end + 1
    return Piece(first, stop, start, end=end, at=at, after=after, before=before)


def groups_of(index: StreamIndex, pieces: Sequence[Piece], demuxer: str) -> list[Group]:
    """Pieces grouped by the pass that reads them; one group where frames carry no times.

    A pass ends at the widest gaps between pieces, as far as memory allows more passes.
    """
    if index.untimed:
        return [Group(None, tuple(pieces))]
    seeks = [_seek_for(index, piece, demuxer) for piece in pieces]
    # seconds that a seek would skip before each piece but the first
    gaps = [seek - piece.end for piece, seek in zip(pieces[:-1], seeks[1:], strict=True)]
    more_groups = _most_groups(index) - 1
    widest = sorted(gaps, reverse=True)[:more_groups]

    # numbers of the pieces with which a group begins; gaps of one length may be too many
    starts = [0]
    for number, gap in enumerate(gaps, start=1):
        is_wide = bool(widest) and gap >= widest[-1] and gap >= NEAR_S
        if is_wide and len(starts) <= more_groups:
            starts.append(number)

    # near the beginning a seek saves nothing
    near = index.timeline.time(0) + NEAR_S
    groups = []
    for first, stop in zip(starts, [*starts[1:], len(pieces)], strict=True):
        seek = seeks[first] if seeks[first] > near else None
        groups.append(Group(seek, tuple(pieces[first:stop])))
    return groups


def _most_groups(index: StreamIndex) -> int:
    """Passes over the file whose decoders fit into memory together; they all run at once."""
    # bytes of one decoder
    held = index.info.coded_width * index.info.coded_height * _BYTES_PER_PIXEL * _FRAMES_HELD
    return max(1, min(MOST_GROUPS, int(MOST_BYTES / held)))


def _seek_for(index: StreamIndex, piece: Piece, demuxer: str) -> Fraction:
    """Seconds on the file's clock to seek to, so that its keyframe is not missed."""
    keyframe = keyframe_before(index, piece.first)
    time = index.timeline.time(keyframe)
    following = index.keyframes[np.searchsorted(index.keyframes, keyframe, side="right") :]
    # a file is searched in decoding order, in which a keyframe that follows closely may lie before
    # this one's time
    is_close = following.size > 0 and index.timeline.time(int(following[0])) - time <= LEAD_S
    return time - LEAD_S if is_close or demuxer.split(",")[0] not in _INDEXED else time
