"""Decode the frames of chosen clips, and no more: clips in one GOP share its decoding, each needed
GOP is decoded once.

But: no resizing for a classifier here; a caller's `fit` does that frame by frame, so that only one
    full-size frame is held.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import Interpolation
from numpy.typing import NDArray

from scsampler_cli.media.aspect import centred
from scsampler_cli.media.container import frames_of
from scsampler_cli.media.index import StreamIndex
from scsampler_cli.media.scaling import Scaler
from scsampler_cli.media.seeking import frames_from, keyframe_before, open_at_keyframe, decode_runs
from scsampler_cli.text import counted
from scsampler_cli.timeline import ClipGrid

Fit = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]
"""uint8 [H, W, 3] of the displayed picture -> uint8 [h, w, 3]."""


@dataclass
class FramesReport:
    """What happened while decoding clips."""

    decoded: int = 0
    """Frames decoded, wanted or not."""
    repeated: int = 0
    """Wanted frames that could not be decoded; a neighbour stands in."""
    empty: list[int] = field(default_factory=list)
    """Clips of which nothing could be decoded."""
    changes: set[str] = field(default_factory=set)
    """Notes on pictures of another size or shape than the first one."""

    def notes(self) -> list[str]:
        """One sentence for each kind of trouble."""
        notes = sorted(self.changes)
        if self.repeated:
            notes.append(
                f"{counted(self.repeated, 'frame')} of the chosen clips could not be decoded; neighbours stand in"
            )
        if self.empty:
            notes.append(
                f"nothing could be decoded of chosen clips {', '.join(map(str, self.empty))}; they were left out"
            )
        return notes


def read_clips(
    path: Path,
    index: StreamIndex,
    grid: ClipGrid,
    *,
    clips: Sequence[int],
    fit: Fit,
    report: FramesReport,
) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Frames of the chosen clips, in time order.

    Args:
        path: the video.
        index: from `index.scan`.
        grid: the video's clips.
        clips: indices of the chosen clips, in any order, without repeats.
        fit: applied to each frame as displayed (square pixels, rotated).
        report: filled in on the way.

    Yields:
        (clip, uint8 [F, h, w, 3]); a clip of which nothing could be decoded is left out and
        reported.
    """
    for run in decode_runs(index, grid, sorted(clips)):
        wanted = [(clip, grid.frames_of(clip)) for clip in run]
        positions = frozenset(int(p) for _, frames in wanted for p in frames)
        stream = _fitted(path, index, positions, fit=fit, report=report)
        held: dict[int, NDArray[np.uint8]] = {}
        for clip, frames in wanted:
            last = int(frames[-1])
            while not held or max(held) < last:
                found = next(stream, None)
                if found is None:
                    break
                held[found[0]] = found[1]
            batch, absent = _assemble(frames, held)
            index.damage.substituted |= absent
            held = {p: picture for p, picture in held.items() if p > last}
            if batch is None:
                report.empty.append(clip)
            else:
                report.repeated += len(absent)
                yield clip, batch
        stream.close()


def read_pictures(
    path: Path, index: StreamIndex, positions: Sequence[int], *, fit: Fit, report: FramesReport
) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Single frames, in time order, each needed GOP decoded once and as far as is needed.

    Args:
        path: the video.
        index: from `index.scan`.
        positions: display positions, in any order.
        fit: applied to each frame as displayed.
        report: filled in on the way.

    Yields:
        (display position, uint8 [h, w, 3]); a frame that cannot be decoded is left out.
    """
    for _, group in groupby(
        sorted(positions), key=lambda position: keyframe_before(index, position)
    ):
        yield from _fitted(path, index, frozenset(group), fit=fit, report=report)


def _assemble(
    frames: NDArray[np.int64], held: dict[int, NDArray[np.uint8]]
) -> tuple[NDArray[np.uint8] | None, set[int]]:
    """uint8 [F, h, w, 3], the nearest decoded frame of the clip standing in for a missing one; and
    which are missing."""
    mine = sorted(p for p in held if frames[0] <= p <= frames[-1])
    absent = set(frames.tolist()) - set(mine)
    if not mine:
        return None, absent
    return _stacked([held[min(mine, key=lambda p: (abs(p - want), p))] for want in frames]), absent


def _stacked(pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """uint8 [F, h, w, 3]; where `fit` left several sizes, each stands in the middle of the
    largest."""
    canvas = (
        max(picture.shape[0] for picture in pictures),
        max(picture.shape[1] for picture in pictures),
    )
    return np.stack([p if p.shape[:2] == canvas else centred(p, canvas) for p in pictures])


def _fitted(
    path: Path, index: StreamIndex, positions: frozenset[int], *, fit: Fit, report: FramesReport
) -> Generator[tuple[int, NDArray[np.uint8]]]:
    """(display position, fitted frame) for each wanted position that decodes, stopping after the
    last one."""
    scaler = Scaler(Interpolation.BICUBIC, index.damage)
    for position, frame in frames_from(
        index, min(positions), lambda keyframe: _decode_at(path, index, report, keyframe=keyframe)
    ):
        index.damage.mark_decoded(position)
        report.changes |= index.changes(frame)
        if position in positions:
            # Bicubic, swscale's default: the very pixels of a plain decode; the loop filter stays
            # on, for these are classified.
            height, width = index.upright_size(frame)
            picture = scaler.scaled(frame, width, height, pix_fmt="rgb24")
            yield position, fit(index.info.orientation.picture(picture.to_ndarray()))
        if position >= max(positions):
            return


def _decode_at(
    path: Path, index: StreamIndex, report: FramesReport, *, keyframe: int
) -> Iterator[tuple[int, av.VideoFrame]]:
    with open_at_keyframe(path, index, keyframe) as (_, packets):
        for count, frame in enumerate(frames_of(packets, index.damage, index.reading)):
            report.decoded += 1
            position = index.position(frame.pts, count)
            if position is not None:
                yield position, frame
