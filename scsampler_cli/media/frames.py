"""Decode the frames of selected clips: clips in one GOP share its decoding, and no GOP is read
twice.

Not handled here: resizing for a classifier. The caller's `fit` resizes each frame, so that only one
full-size frame is in memory.
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
from scsampler_cli.media.seeking import decode_runs, frames_from, keyframe_before, open_at_keyframe
from scsampler_cli.text import counted
from scsampler_cli.timeline import ClipGrid

Fit = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]
"""Resizes one picture: uint8 [H, W, 3] as displayed -> uint8 [h, w, 3]."""


@dataclass
class FramesReport:
    """Events while decoding clips."""

    decoded: int = 0
    """Frames decoded, requested or not."""
    repeated: int = 0
    """Requested frames that could not be decoded; a neighbour replaces each."""
    empty: list[int] = field(default_factory=list)
    """Clips of which nothing could be decoded."""
    changes: set[str] = field(default_factory=set)
    """Notes on pictures of another size or shape than the first one."""

    def notes(self) -> list[str]:
        """One sentence for each kind of event."""
        notes = sorted(self.changes)
        if self.repeated:
            frames = counted(self.repeated, "frame")
            notes.append(
                f"{frames} of the selected clips could not be decoded; "
                "neighbouring frames are used instead"
            )
        if self.empty:
            clips = ", ".join(map(str, sorted(set(self.empty))))
            what = "clip" if len(set(self.empty)) == 1 else "clips"
            notes.append(f"nothing could be decoded of the selected {what} {clips}: no answer")
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
    """Frames of the selected clips, in time order.

    Args:
        path: the video.
        index: from `index.scan`.
        grid: the video's clips.
        clips: indices of the selected clips, in any order, without repeats.
        fit: applied to each frame as displayed (square pixels, rotated).
        report: filled in while reading.

    Yields:
        (clip, uint8 [F, h, w, 3]); a clip of which nothing could be decoded is left out and
        reported.
    """
    for run in decode_runs(index, grid, sorted(clips)):
        frames_of_clip = {clip: grid.frames_of(clip) for clip in run}
        positions = frozenset(np.concatenate(list(frames_of_clip.values())).tolist())
        stream = _fitted(path, index, positions, fit=fit, report=report)
        # display position -> uint8 [h, w, 3]; frames of the current clip and later ones
        held: dict[int, NDArray[np.uint8]] = {}
        for clip, frames in frames_of_clip.items():
            last = int(frames[-1])
            # frames come in display order, so the clip is complete once its last frame is there
            while not held or max(held) < last:
                found = next(stream, None)
                if found is None:
                    break
                position, picture = found
                held[position] = picture
            batch, missing = _assemble(frames, held)
            index.damage.substituted |= missing
            # the next clip of the run needs none of the earlier frames
            held = {p: picture for p, picture in held.items() if p > last}
            if batch is None:
                report.empty.append(clip)
            else:
                report.repeated += len(missing)
                yield clip, batch
        # closes the file also where the last frames were not needed
        stream.close()


def read_pictures(
    path: Path, index: StreamIndex, positions: Sequence[int], *, fit: Fit, report: FramesReport
) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Single frames, in time order; each GOP is decoded once, up to the last requested frame in it.

    Args:
        path: the video.
        index: from `index.scan`.
        positions: display positions, in any order.
        fit: applied to each frame as displayed.
        report: filled in while reading.

    Yields:
        (display position, uint8 [h, w, 3]); a frame that cannot be decoded is left out.
    """

    def keyframe_of(position: int) -> int:
        return keyframe_before(index, position)

    for _, group in groupby(sorted(positions), key=keyframe_of):
        yield from _fitted(path, index, frozenset(group), fit=fit, report=report)


def _assemble(
    frames: NDArray[np.int64], held: dict[int, NDArray[np.uint8]]
) -> tuple[NDArray[np.uint8] | None, set[int]]:
    """The frames of one clip; the nearest decoded frame of the clip replaces a missing one.

    Args:
        frames: int64 [F], display positions.
        held: display position -> picture.

    Returns:
        uint8 [F, h, w, 3], None where all are missing; positions of the missing frames.
    """
    decoded = sorted(p for p in held if frames[0] <= p <= frames[-1])
    missing = set(frames.tolist()) - set(decoded)
    if not decoded:
        return None, missing
    pictures = []
    for position in frames.tolist():
        # of two that are equally near, the earlier one
        nearest = min(decoded, key=lambda p: (abs(p - position), p))
        pictures.append(held[nearest])
    return _stacked(pictures), missing


def _stacked(pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """uint8 [F, h, w, 3]; where `fit` gave several sizes, smaller ones are centred."""
    canvas = (
        max(picture.shape[0] for picture in pictures),
        max(picture.shape[1] for picture in pictures),
    )
    return np.stack([p if p.shape[:2] == canvas else centred(p, canvas) for p in pictures])


def _fitted(
    path: Path, index: StreamIndex, positions: frozenset[int], *, fit: Fit, report: FramesReport
) -> Generator[tuple[int, NDArray[np.uint8]]]:
    """(display position, fitted frame) for each requested position that decodes."""
    # bicubic is swscale's default, so that a classifier gets the pixels of a plain decode
    scaler = Scaler(Interpolation.BICUBIC, index.damage)

    def decode(keyframe: int) -> Iterator[tuple[int, av.VideoFrame]]:
        return _decode_at(path, index, report, keyframe=keyframe)

    for position, frame in frames_from(index, min(positions), decode):
        index.damage.mark_decoded(position)
        report.changes |= index.changes(frame)
        if position in positions:
            height, width = index.upright_size(frame)
            # uint8 [H, W, 3] in square pixels, before rotation
            picture = scaler.scaled(frame, width, height, pix_fmt="rgb24")
            yield position, fit(index.info.orientation.picture(picture.to_ndarray()))
        # nothing behind the last requested frame is decoded
        if position >= max(positions):
            return


def _decode_at(
    path: Path, index: StreamIndex, report: FramesReport, *, keyframe: int
) -> Iterator[tuple[int, av.VideoFrame]]:
    """Frames of a decoder that starts at a keyframe; its loop filter stays on."""
    with open_at_keyframe(path, index, keyframe) as (_, packets):
        for count, frame in enumerate(frames_of(packets, index.damage, index.reading)):
            report.decoded += 1
            position = index.position(frame.pts, count)
            if position is not None:
                yield position, frame
