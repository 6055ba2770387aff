"""Exact time: frames by presentation stamp, clips as runs of frames (v(i), L and F of Sec. 3.1).

Inside the package time is an integer pts and a `Fraction` time base; floats appear in reports only.
Spans are half-open.

Not handled here: files; `media.index` builds the `FrameTimeline`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class FrameTimeline:
    """When each frame of a video is shown, in display order."""

    pts: NDArray[np.int64]
    """int64 [T], strictly increasing, in units of `time_base`."""
    end_pts: int
    """When the last frame ends, in units of `time_base`; greater than the last pts."""
    time_base: Fraction
    """Seconds per pts unit."""

    def __post_init__(self) -> None:
        if self.pts.size == 0:
            raise ValueError("a timeline needs at least one frame")
        # increasing pts, so that a binary search finds frames
        if np.any(np.diff(self.pts) <= 0) or self.end_pts <= self.pts[-1]:
            raise ValueError("pts must increase strictly and end before end_pts")

    def __len__(self) -> int:
        return int(self.pts.size)

    def time(self, frame: int) -> Fraction:
        """Start of a frame in seconds; `frame == len(self)` gives the end of the last one."""
        pts = self.end_pts if frame == len(self) else int(self.pts[frame])
        return pts * self.time_base

    @property
    def duration(self) -> Fraction:
        """Seconds from the start of the first frame to the end of the last."""
        return self.time(len(self)) - self.time(0)

    @property
    def mean_frame_duration(self) -> Fraction:
        """Seconds per frame, averaged over the video (1 / frame rate when that is constant)."""
        return self.duration / len(self)

    def find(self, pts: int) -> int | None:
        """Display position of the frame with exactly this pts, or None."""
        position = int(self.pts.searchsorted(pts))
        return position if position < len(self) and int(self.pts[position]) == pts else None


REORDERED = 16
"""Frames by which a stamp may be out of order: the reorder delay of any codec (16 in H.264)."""


class RepairedStamps(NamedTuple):
    """Times of frames, some of which carried no time stamp, or one that cannot be right."""

    pts: NDArray[np.int64]
    """int64 [T], strictly increasing."""
    own: int
    """Number of frames that keep their own stamp; with 0 the times begin at 0."""
    restarts: int
    """How often the clock started again, as where files were joined end to end."""


def repaired_stamps(pts: Sequence[int | None], step: Fraction) -> RepairedStamps:
    """A time for every frame where stamps are missing or contradict the display order.

    A clock that starts again is continued. Complete stamps that were exchanged among frames nearby
    are sorted. Otherwise the largest set of stamps that can be right together is kept: the longest
    sequence that leaves at least one unit for each frame. The other frames are placed evenly
    between their neighbours, and by the frame rate before the first and after the last.

    Args:
        pts: in display order; None where a frame carries no stamp.
        step: pts units per frame at the nominal frame rate.

    Example: 10 20 None 40 15 60 with step 10 -> 10 20 30 40 50 60, four of them own.
    """
    stamps, restarts = _on_one_clock(pts, step)
    repaired = _sorted_nearby(stamps)
    if repaired is None:
        repaired = _interpolated(stamps, max(1, round(step)))
    own = sum(new == stamp for new, stamp in zip(repaired.tolist(), stamps, strict=True))
    return RepairedStamps(repaired, own, restarts)


def _on_one_clock(pts: Sequence[int | None], step: Fraction) -> tuple[list[int | None], int]:
    """Stamps as if the clock had never started again, and the number of restarts.

    Stamps after a jump back are moved to follow those before it. A single stamp that is far back
    counts as missing.
    """
    far = REORDERED * step
    known = [stamp for stamp in pts if stamp is not None]
    following = iter([*known[1:], None])
    stamps: list[int | None] = []
    latest: int | None = None
    offset = restarts = 0
    for stamp in pts:
        if stamp is None:
            stamps.append(None)
            continue
        after = next(following)
        if latest is not None and stamp + offset < latest - far:
            # the clock started again only if the next stamp agrees with this one
            if after is None or abs(after - stamp) > far:
                stamps.append(None)
                continue
            offset = latest + max(1, round(step)) - stamp
            restarts += 1
        stamps.append(stamp + offset)
        latest = stamp + offset if latest is None else max(latest, stamp + offset)
    return stamps, restarts


def _sorted_nearby(stamps: Sequence[int | None]) -> NDArray[np.int64] | None:
    """int64 [T]: the stamps in order.

    None where a stamp is missing, occurs twice, or is more than `REORDERED` frames from its
    position.
    """
    if None in stamps or len(set(stamps)) < len(stamps):
        return None
    array = np.array(stamps, np.int64)
    order = np.argsort(array)
    farthest = np.abs(order - np.arange(len(order))).max(initial=0)
    return array[order] if farthest <= REORDERED else None


def _interpolated(stamps: Sequence[int | None], unit: int) -> NDArray[np.int64]:
    """int64 [T]: compatible stamps, with the other frames placed between and around them.

    Args:
        stamps: in display order; None where it is missing.
        unit: pts units per frame before the first and after the last compatible stamp.
    """
    kept = _compatible(stamps)
    frames = np.arange(len(stamps), dtype=np.int64)
    if not kept:
        return frames * unit

    # int64 [N]: positions of the kept stamps, and the stamps
    at, known = np.array(kept, np.int64), np.array([stamps[i] for i in kept], np.int64)
    # int64 [T]: the kept stamps on both sides of each frame, as indices into the two
    left = np.clip(np.searchsorted(at, frames, side="right") - 1, 0, max(0, len(at) - 2))
    right = np.minimum(left + 1, len(at) - 1)

    # frames and pts units between the two stamps, and frames since the left one
    span = np.maximum(at[right] - at[left], 1)
    gap, since = known[right] - known[left], frames - at[left]
    # quotient and remainder separately: since * gap would overflow in a long gap
    placed = known[left] + since * (gap // span) + since * (gap % span) // span

    before, after = frames < at[0], frames > at[-1]
    placed[before] = known[0] + (frames[before] - at[0]) * unit
    placed[after] = known[-1] + (frames[after] - at[-1]) * unit
    return placed


def _compatible(pts: Sequence[int | None]) -> list[int]:
    """Positions of the longest sequence of stamps that can be right together.

    Each stamp is later than the one before by at least the number of frames between the two.
    """
    # the best sequence of each length: (slack of its last stamp, position of its last stamp)
    tails: list[tuple[int, int]] = []
    before: dict[int, int | None] = {}
    for position, stamp in enumerate(pts):
        if stamp is None:
            continue
        # the slack does not decrease along a sequence that leaves a unit for each frame, so this is
        # the longest non-decreasing subsequence
        slack = stamp - position
        length = bisect_right(tails, slack, key=lambda tail: tail[0])
        before[position] = tails[length - 1][1] if length else None
        tails[length : length + 1] = [(slack, position)]

    # back from the last stamp of the longest sequence
    found: list[int] = []
    last = tails[-1][1] if tails else None
    while last is not None:
        found.append(last)
        last = before[last]
    return found[::-1]


@dataclass(frozen=True)
class ClipSpan:
    """One clip v(i): a run of adjacent frames in display order."""

    index: int
    """Position i of the clip in the video, from 0."""
    first_frame: int
    """Display position of its first frame."""
    frame_count: int
    """Frames of the video that it covers: clip_frames * frame_stride, or fewer in a shorter
    video."""
    start: Fraction
    """Seconds on the container's clock."""
    end: Fraction
    """Seconds, exclusive."""

    @property
    def centre(self) -> Fraction:
        """Middle of the span in seconds."""
        return (self.start + self.end) / 2


@dataclass(frozen=True)
class ClipGrid:
    """The L non-overlapping clips of a video (Sec. 3.1).

    A tail shorter than a clip is dropped, unless L would be 0. Then there is one clip, whose last
    frame is repeated; the paper does not treat this case.

    Example: T = 37 frames, F = 16, frame_stride 1 -> L = 2, clips [0, 16) and [16, 32).
    """

    timeline: FrameTimeline
    clip_frames: int
    """F: frames of one clip that the classifier receives."""
    frame_stride: int = 1
    """Step between these frames; a clip covers clip_frames * frame_stride frames of the video."""

    def __post_init__(self) -> None:
        if self.clip_frames < 1 or self.frame_stride < 1:
            raise ValueError(
                f"clip_frames {self.clip_frames} and frame_stride {self.frame_stride}"
                " must be at least 1"
            )

    @property
    def span_frames(self) -> int:
        """Frames of the video from the start of one clip to the start of the next."""
        return self.clip_frames * self.frame_stride

    def __len__(self) -> int:
        # one clip, even in a video that is shorter
        return max(1, len(self.timeline) // self.span_frames)

    def __getitem__(self, index: int) -> ClipSpan:
        if not 0 <= index < len(self):
            raise IndexError(f"clip {index} of {len(self)}")
        first = index * self.span_frames
        last = min(first + self.span_frames, len(self.timeline))
        return ClipSpan(
            index,
            first,
            last - first,
            start=self.timeline.time(first),
            end=self.timeline.time(last),
        )

    def __iter__(self) -> Iterator[ClipSpan]:
        return (self[i] for i in range(len(self)))

    def clip_of(self, frame: int) -> int | None:
        """Clip that covers display position `frame`, or None in the dropped tail."""
        # positions behind the last whole clip belong to none
        index = frame // self.span_frames
        return index if index < len(self) else None

    def frames_of(self, index: int) -> NDArray[np.int64]:
        """int64 [F]: display positions of the frames of a clip that the classifier receives.

        The last frame is repeated in a video shorter than one clip.
        """
        span = self[index]
        frames = span.first_frame + np.arange(self.clip_frames, dtype=np.int64) * self.frame_stride
        return np.minimum(frames, span.first_frame + span.frame_count - 1)

    def every(self, stride: int) -> NDArray[np.int64]:
        """int64 [ceil(L / stride)]: the clips that are scored with clip stride N (App. E)."""
        return np.arange(0, len(self), stride, dtype=np.int64)

    @property
    def nominal_duration(self) -> Fraction:
        """Seconds that a whole clip lasts at the video's mean frame rate."""
        return self.timeline.mean_frame_duration * self.span_frames
