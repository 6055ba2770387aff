"""The compressed-stream reader: one pass over a video, or over the GOPs of some clips, gives the clips' IF, MD and RGB-R.

Data flow: decoded frames (natively with vectors, or through `media.reencode`) -> `CodedFrame` with its references -> the I- and
P-frames that a clip takes -> `ClipVisual`. Held at any time: the features of one clip, and the frames that may still be
referred to, 16 at most.

Facts of FFmpeg that this rests on, each held by a test: a P-frame's reference is the I- or P-frame shown before it, not the
frame shown before it; vectors grow with that distance; B-frames that nothing refers to can be skipped whole.
Of H.264's several references (`media.h264` says how many) FFmpeg does not export which one a block uses; `features.reference`
finds it by trying.
But: interlaced field vectors are read as frame vectors.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.config import FeatureSettings
from scsampler_cli.errors import VideoError
from scsampler_cli.features.clip import ClipVisual
from scsampler_cli.features.motion import displacement, resize_grid, vector_field, window_grid
from scsampler_cli.features.pictures import Pictures
from scsampler_cli.features.reference import closest_reference
from scsampler_cli.features.residual import residual
from scsampler_cli.media.coded import CodedFrame, ReadReport, coded_frames, luma
from scsampler_cli.media.container import motion_vectors
from scsampler_cli.media.index import StreamIndex
from scsampler_cli.media.scaling import VideoFrame
from scsampler_cli.media.seeking import runs
from scsampler_cli.timeline import ClipGrid

_SLACK = 32
"""Frames that are rather decoded than jumped over: opening the file again costs about as much (our choice)."""


class _ClipBuilder:
    """Takes coded frames one by one and hands out each wanted clip when it is complete."""

    def __init__(self, index: StreamIndex, grid: ClipGrid, settings: FeatureSettings) -> None:
        self._info, self._grid, self._settings = index.info, grid, settings
        self._pictures = Pictures(index, settings.short_side)
        self._cells: tuple[int, int] | None = None
        self._clear()

    def _clear(self) -> None:
        self._iframes: list[NDArray[np.uint8]] = []
        self._motion: list[NDArray[np.float16]] = []
        self._residual: list[NDArray[np.int8]] = []
        self._parts: set[int] = set()

    def add(self, coded: CodedFrame) -> None:
        """Take one I- or P-frame of the clip under way."""
        if coded.is_intra:
            if "if" in self._settings.inputs:
                self._iframes.append(self._info.orientation.picture(self._pictures.rgb(coded)))
        elif (
            coded.references
            and {"md", "rgbr"} & set(self._settings.inputs)
            and self._takes(coded.position)
        ):
            self._add_predicted(coded)

    def _takes(self, position: int) -> bool:
        """At most one P-frame in each of `p_frames` equal parts of a clip, the first one there; all with 0."""
        if not self._settings.p_frames:
            return True
        offset = position % self._grid.span_frames
        part = offset * self._settings.p_frames // self._grid.span_frames
        if part in self._parts:
            return False
        self._parts.add(part)
        return True

    def _add_predicted(self, coded: CodedFrame) -> None:
        height, width = coded.frame.height, coded.frame.width
        field, covered = vector_field(motion_vectors(coded.frame), height, width)
        choice = _chosen(coded, field)
        distances = np.array([coded.position - r.position for r in coded.references])
        if "rgbr" in self._settings.inputs:
            used = np.flatnonzero(np.bincount(choice.ravel()))
            size = self._pictures.own_size(coded)
            frame = self._pictures.planes(coded, size)
            references = [self._pictures.planes(coded.references[i], size) for i in used]
            difference = residual(
                frame,
                references,
                field,
                choice=np.searchsorted(used, choice),
                coded_height=height,
                coded_width=width,
            )
            self._residual.append(
                self._info.orientation.picture(self._pictures.on_canvas(difference))
            )
        if "md" in self._settings.inputs:
            self._motion.append(
                self._upright_motion(displacement(field, covered, distances[choice]), coded.frame)
            )

    def _upright_motion(
        self, motion: NDArray[np.float32], frame: VideoFrame
    ) -> NDArray[np.float16]:
        """Coded pixels -> displayed pixels: pixel aspect and scale, then orientation of the grid and of the vectors."""
        upright, shown = self._info.upright_size, self._pictures.shown_size(frame)
        scale = 1.0 if shown == upright else min(upright) / min(shown)
        motion = motion * np.array(
            [scale * shown[1] / frame.width, scale * shown[0] / frame.height], np.float32
        )
        if shown != upright:  # only pictures with vectors of their own have several shapes
            cells = self._cells or (
                -(-self._info.coded_height // 16),
                -(-self._info.coded_width // 16),
            )
            seen = upright[0] / (scale * shown[0]), upright[1] / (scale * shown[1])
            motion = window_grid(motion, cells, seen)
        if self._cells is None:
            self._cells = motion.shape[0], motion.shape[1]
        if motion.shape[:2] != self._cells:
            motion = resize_grid(motion, *self._cells)
        return self._info.orientation.vectors(motion).astype(np.float16)

    def finish(self, clip: int) -> ClipVisual:
        """The clip under way, under the given index; the next one begins."""
        height, width = self._info.size
        cells = self._cells or (-(-height // 16), -(-width // 16))
        h, w = self._pictures.height, self._pictures.width
        if self._info.orientation.swaps_sides:
            h, w = w, h
            cells = (cells[1], cells[0]) if self._cells else cells
        visual = ClipVisual(
            clip,
            height,
            width,
            iframes=_stacked(self._iframes, (h, w, 3), np.uint8),
            motion=_stacked(self._motion, (*cells, 2), np.float16),
            residual=_stacked(self._residual, (h, w, 3), np.int8),
        )
        self._clear()
        return visual


def _chosen(coded: CodedFrame, field: NDArray[np.float32]) -> NDArray[np.int64]:
    """int64 [rows, columns]: index of the reference of each cell."""
    if len(coded.references) == 1:
        return np.zeros(field.shape[:2], np.int64)
    brightest = (1 << coded.frame.format.components[0].bits) - 1
    return closest_reference(
        luma(coded.frame), [luma(r.frame) for r in coded.references], field, brightest=brightest
    )


def _stacked(arrays: list, shape: tuple[int, ...], dtype: type) -> NDArray:  # type: ignore[type-arg]
    return np.stack(arrays) if arrays else np.zeros((0, *shape), dtype)


def read_visual(
    path: Path,
    index: StreamIndex,
    grid: ClipGrid,
    *,
    clips: Iterable[int],
    settings: FeatureSettings,
    report: ReadReport,
) -> Iterator[ClipVisual]:
    """Stream the visual features of clips.

    Args:
        path: the video.
        index: from `index.scan`.
        grid: the video's clips.
        clips: increasing indices of the clips that are wanted.
        settings: which inputs, how many P-frames, what size.
        report: filled in on the way.

    Yields:
        one `ClipVisual` for each wanted clip, in order; empty where nothing of it could be decoded.

    Raises:
        VideoError: not one frame could be read.
    """
    builder = _ClipBuilder(index, grid, settings)
    stretches = runs(index, grid, clips, slack=_SLACK)
    for run in stretches:
        wanted = iter(run)
        current = next(wanted, None)
        first = int(grid.frames_of(run[0])[0])
        decoded_up_to = -1
        for coded in coded_frames(path, index, report, first=first):
            decoded_up_to = coded.position
            here = grid.clip_of(coded.position)
            while current is not None and (here is None or here > current):
                yield builder.finish(current)
                current = next(wanted, None)
            if current is None:
                break
            if here == current:
                builder.add(coded)
        if report.frames == 0 and run is stretches[-1]:
            raise VideoError(
                f"{path}: not one frame could be read",
                code="nothing-decodable",
                hint="the file may be damaged",
            )
        while current is not None:
            frames = grid.frames_of(current)
            if decoded_up_to < frames[0]:
                report.lost.append(current)
                index.damage.substituted |= set(frames.tolist())
            yield builder.finish(current)
            current = next(wanted, None)
