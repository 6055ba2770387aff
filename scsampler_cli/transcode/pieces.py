"""The pieces of a video that a reel is made of, and from where each is decoded. No file is opened here."""

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
"""Seconds: reading begins that much earlier where a seek may land too late, which costs little where keyframes are that near, and
for the sound, of which the first samples behind a seek are not what they should be (our choice)."""
NEAR_S = 4
"""Seconds that are rather decoded than jumped over (our choice): to open the file once more costs about as much."""
MOST_GROUPS = 16
"""Times that the file is opened at most for its pictures (our choice)."""
MOST_BYTES = 3 << 30
"""Memory that the decoders may take together (our choice): enough for ten that read 3840 x 2160 pixels."""
_FRAMES_HELD = 25
"""By each decoder and behind it, as measured."""
_BYTES_PER_PIXEL = 1.5
_INDEXED = frozenset(("mov", "matroska"))
"""Demuxers that find a keyframe by its time; others end somewhere near."""


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
    """Seconds, on the reel's clock."""
    after: Fraction
    """A moment between the frame before the first and the first, on the file's clock."""
    before: Fraction
    """A moment between the last frame and the one behind it."""

    @property
    def duration(self) -> Fraction:
        """Seconds."""
        return self.end - self.start


@dataclass(frozen=True)
class Group:
    """Pieces that are read in one go."""

    seek: Fraction | None
    """Seconds on the file's clock to which to go first; None: from its beginning."""
    pieces: tuple[Piece, ...]


def pieces_of(timeline: FrameTimeline, spans: Sequence[tuple[Fraction, Fraction]]) -> list[Piece]:
    """Whole frames of the spans, in time order; those that touch or overlap are one.

    Args:
        timeline: of the video.
        spans: (start, end) in seconds, half-open, in any order; a frame belongs to the span that its start lies in.

    Raises:
        OutputError: not one frame lies in them.
    """
    runs: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        first, stop = _frame_at(timeline, start), _frame_at(timeline, end)
        if stop <= first:
            continue
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
        at += pieces[-1].duration
    return pieces


def _frame_at(timeline: FrameTimeline, seconds: Fraction) -> int:
    """Display position of the first frame that does not start before this."""
    units = seconds / timeline.time_base
    return int(np.searchsorted(timeline.pts, -(-units.numerator // units.denominator)))


def _piece(timeline: FrameTimeline, first: int, stop: int, *, at: Fraction) -> Piece:
    start, end = timeline.time(first), timeline.time(stop)
    after = (timeline.time(first - 1) + start) / 2 if first else start - 1
    before = (timeline.time(stop - 1) + end) / 2 if stop < len(timeline) else end + 1
    return Piece(first, stop, start, end=end, at=at, after=after, before=before)


def groups_of(index: StreamIndex, pieces: Sequence[Piece], demuxer: str) -> list[Group]:
    """Which pieces are read in one go; where frames carry no times, all of them."""
    if index.untimed:
        return [Group(None, tuple(pieces))]
    seeks = [_seek_for(index, piece, demuxer) for piece in pieces]
    # what would be jumped over before each piece
    gaps = [seek - piece.end for piece, seek in zip(pieces[:-1], seeks[1:], strict=True)]
    least = sorted(gaps, reverse=True)[: _most_groups(index) - 1]
    wide = {
        number
        for number, gap in enumerate(gaps, start=1)
        if least and gap >= least[-1] and gap >= NEAR_S
    }
    starts = [0, *sorted(wide)[: _most_groups(index) - 1]]
    begun = index.timeline.time(0) + NEAR_S
    return [
        Group(seeks[first] if seeks[first] > begun else None, tuple(pieces[first:stop]))
        for first, stop in zip(starts, [*starts[1:], len(pieces)], strict=True)
    ]


def _most_groups(index: StreamIndex) -> int:
    held = index.info.coded_width * index.info.coded_height * _BYTES_PER_PIXEL * _FRAMES_HELD
    return max(1, min(MOST_GROUPS, int(MOST_BYTES / held)))


def _seek_for(index: StreamIndex, piece: Piece, demuxer: str) -> Fraction:
    """Where to go on the file's clock, so that the keyframe before the piece is not missed."""
    keyframe = keyframe_before(index, piece.first)
    time = index.timeline.time(keyframe)
    following = index.keyframes[np.searchsorted(index.keyframes, keyframe, side="right") :]
    # a file is searched by the order of decoding, in which a keyframe that follows closely may lie before this one's time
    close = following.size > 0 and index.timeline.time(int(following[0])) - time <= LEAD_S
    return time - LEAD_S if close or demuxer.split(",")[0] not in _INDEXED else time
