"""The compressed-stream reader: IF, MD and RGB-R of clips, in one pass over a video or over some
GOPs; with pictures ("rgb", `features.rgb`) clip by clip.

Data flow: decoded frames (with the stream's own vectors, or through `media.reencode`) ->
`CodedFrame` with its references -> the I- and P-frames that a clip takes -> `ClipVisual`. In memory
at any time: the features of one clip, and the frames that may still be referred to, 16 at most.

Facts of FFmpeg that this rests on, each held by a test: a P-frame's reference is the I- or P-frame
shown before it, not the frame shown before it; vectors grow with that distance; B-frames that
nothing refers to can be skipped whole. H.264 has several references (`media.h264` reads how many),
and FFmpeg does not export which one a block uses; `features.reference` finds it by trying.

Not handled here: the two fields of interlaced video. Their vectors are read as vectors of the
frame.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.config import COMPRESSED, FeatureSettings
from scsampler_cli.errors import VideoError
from scsampler_cli.features.clip import ClipVisual
from scsampler_cli.features.motion import displacement, resize_grid, vector_field, window_grid
from scsampler_cli.features.pictures import Pictures
from scsampler_cli.features.reference import closest_reference
from scsampler_cli.features.residual import residual
from scsampler_cli.features.rgb import read_rgb
from scsampler_cli.media.coded import CodedFrame, ReadReport, coded_frames, luma
from scsampler_cli.media.container import motion_vectors
from scsampler_cli.media.index import StreamIndex
from scsampler_cli.media.scaling import VideoFrame
from scsampler_cli.media.seeking import decode_runs
from scsampler_cli.timeline import ClipGrid

_SLACK = 32
"""Frames between two clips up to which they are decoded, not skipped: to open the file again costs
about as much."""


class _ClipBuilder:
    """Takes coded frames one by one and returns each requested clip when it is complete."""

    def __init__(self, index: StreamIndex, grid: ClipGrid, settings: FeatureSettings) -> None:
        self._info, self._grid, self._settings = index.info, grid, settings
        self._pictures = Pictures(index, settings.short_side, reencoded=not index.info.has_vectors)
        self._needs_predicted = not {"md", "rgbr"}.isdisjoint(settings.inputs)
        self._cells: tuple[int, int] | None = None
        """(gh, gw) of the motion grid as stored; known after the first P-frame."""
        self._clear()

    def _clear(self) -> None:
        self._iframes: list[NDArray[np.uint8]] = []
        self._motion: list[NDArray[np.float16]] = []
        self._residual: list[NDArray[np.int8]] = []
        # display positions of the I-frames, and of the P-frames
        self._intra: list[int] = []
        self._predicted: list[int] = []
        self._parts: set[int] = set()
        """Parts of the clip that have their P-frame."""

    def add(self, coded: CodedFrame) -> None:
        """Take one I- or P-frame of the current clip."""
        if coded.is_intra:
            if "if" in self._settings.inputs:
                # uint8 [h, w, 3], rotated; `rgb` itself is before rotation
                self._iframes.append(self._info.orientation.picture(self._pictures.rgb(coded)))
                self._intra.append(coded.position)
            return
        # a P-frame whose references were not decoded has neither motion nor residual
        if coded.references and self._needs_predicted and self._takes(coded.position):
            self._add_predicted(coded)

    def _takes(self, position: int) -> bool:
        """True for the first P-frame in each of `p_frames` equal parts; for all where it is 0."""
        if not self._settings.p_frames:
            return True
        offset = position % self._grid.span_frames
        # number of the part in which the frame lies, 0 to p_frames - 1
        part = offset * self._settings.p_frames // self._grid.span_frames
        if part in self._parts:
            return False
        self._parts.add(part)
        return True

    def _add_predicted(self, coded: CodedFrame) -> None:
        self._predicted.append(coded.position)
        height, width = coded.frame.height, coded.frame.width
        # float32 [ceil(H/8), ceil(W/8), 2], pixels from a cell to its source; bool, where there is
        # one
        field, covered = vector_field(motion_vectors(coded.frame), height, width)
        # int64 [ceil(H/8), ceil(W/8)]: reference of each cell
        choice = _reference_choice(coded, field)
        if "rgbr" in self._settings.inputs:
            self._residual.append(self._upright_residual(coded, field, choice))
        if "md" in self._settings.inputs:
            # int64 [R]: frames from each reference to this frame
            distances = np.array([coded.position - r.position for r in coded.references])
            motion = displacement(field, covered, distances[choice])
            self._motion.append(self._upright_motion(motion, coded.frame))

    def _upright_residual(
        self, coded: CodedFrame, field: NDArray[np.float32], choice: NDArray[np.int64]
    ) -> NDArray[np.int8]:
        """int8 [h, w, 3], as displayed, on the canvas of the video."""
        # references that no cell uses are not scaled
        used = np.flatnonzero(np.bincount(choice.ravel()))
        size = self._pictures.own_size(coded)
        difference = residual(
            self._pictures.planes(coded, size),
            [self._pictures.planes(coded.references[i], size) for i in used],
            field,
            choice=np.searchsorted(used, choice),
            coded_height=coded.frame.height,
            coded_width=coded.frame.width,
        )
        return self._info.orientation.picture(self._pictures.on_canvas(difference))

    def _upright_motion(
        self, motion: NDArray[np.float32], frame: VideoFrame
    ) -> NDArray[np.float16]:
        """Motion in the displayed picture: pixel aspect, scale, and orientation of grid and
        vectors.

        Args:
            motion: float32 [ceil(H/16), ceil(W/16), 2], coded pixels per frame.
            frame: the frame [H, W] that carries the vectors.

        Returns:
            float16 [gh, gw, 2], displayed pixels per frame.
        """
        upright, shown = self._info.upright_size, self._pictures.shown_size(frame)
        # a picture of another shape is scaled to the short side of the first one
        scale = 1.0 if shown == upright else min(upright) / min(shown)
        motion = motion * np.array(
            [scale * shown[1] / frame.width, scale * shown[0] / frame.height], np.float32
        )

        # only pictures with vectors of their own have several shapes
        if shown != upright:
            cells = self._cells or _cells_of(self._info.coded_height, self._info.coded_width)
            # share of the picture's height and width that the canvas covers
            covered = upright[0] / (scale * shown[0]), upright[1] / (scale * shown[1])
            motion = window_grid(motion, cells, covered)
        if self._cells is None:
            self._cells = motion.shape[0], motion.shape[1]
        # a picture of another size and the same shape has another grid
        if motion.shape[:2] != self._cells:
            motion = resize_grid(motion, *self._cells)
        return self._info.orientation.vectors(motion).astype(np.float16)

    def finish(self, clip: int) -> ClipVisual:
        """Features of the current clip, under the given index; the next clip begins."""
        height, width = self._info.size
        cells = self._cells or _cells_of(height, width)
        h, w = self._pictures.height, self._pictures.width
        # sizes are known as stored; `size` alone is as displayed already
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
            iframe_positions=np.array(self._intra, np.int64),
            p_frame_positions=np.array(self._predicted, np.int64),
        )
        self._clear()
        return visual


def _cells_of(height: int, width: int) -> tuple[int, int]:
    """(rows, columns) of cells of 16 x 16 pixels."""
    return -(-height // 16), -(-width // 16)


def _reference_choice(coded: CodedFrame, field: NDArray[np.float32]) -> NDArray[np.int64]:
    """int64 [rows, columns]: index of the reference of each cell."""
    if len(coded.references) == 1:
        return np.zeros(field.shape[:2], np.int64)
    # white at the bit depth of the frame: 255 with 8 bits, 1023 with 10
    brightest = (1 << coded.frame.format.components[0].bits) - 1
    references = [luma(reference.frame) for reference in coded.references]
    return closest_reference(luma(coded.frame), references, field, brightest=brightest)


def _stacked(arrays: list, shape: tuple[int, ...], dtype: type) -> NDArray:  # type: ignore[type-arg]
    """[n, *shape]; n may be 0."""
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
    """Visual features of clips, as a stream.

    Pictures ("rgb") are read in a pass of their own, so that they do not depend on what else is
    requested.

    Args:
        path: the video.
        index: from `index.scan`.
        grid: the video's clips.
        clips: increasing indices of the requested clips.
        settings: inputs, number of P-frames, size, distance of keyframes.
        report: filled in while reading.

    Yields:
        one `ClipVisual` for each requested clip, in order; it is empty where nothing could be
        decoded.

    Raises:
        VideoError: no frame can be decoded.
    """
    compressed = tuple(name for name in settings.inputs if name in COMPRESSED)
    wanted = list(clips)
    if "rgb" not in settings.inputs:
        yield from _read_compressed(
            path, index, grid, clips=wanted, settings=settings, report=report
        )
        return
    pictures = read_rgb(path, index, grid, clips=wanted, settings=settings, report=report)
    if not compressed:
        yield from pictures
        return
    others = _read_compressed(path, index, grid, clips=wanted, settings=settings, report=report)
    # two decoders, clip by clip: neither gets ahead of the other
    for picture, other in zip(pictures, others, strict=True):
        yield replace(
            other,
            pictures=picture.pictures,
            picture_frame=picture.picture_frame,
            picture_source=picture.picture_source,
        )


def _read_compressed(
    path: Path,
    index: StreamIndex,
    grid: ClipGrid,
    *,
    clips: Iterable[int],
    settings: FeatureSettings,
    report: ReadReport,
) -> Iterator[ClipVisual]:
    """The compressed inputs of clips; arguments are those of `read_visual`."""
    builder = _ClipBuilder(index, grid, settings)
    runs = decode_runs(index, grid, clips, slack=_SLACK)
    for run in runs:
        pending = iter(run)
        current = next(pending, None)
        first = int(grid.frames_of(run[0])[0])
        last_position = -1
        for coded in coded_frames(path, index, report, first=first):
            last_position = coded.position
            clip = grid.clip_of(coded.position)
            # frames come in display order: a later clip, or the tail, completes the current one
            while current is not None and (clip is None or clip > current):
                yield builder.finish(current)
                current = next(pending, None)
            # nothing else in this run is requested
            if current is None:
                break
            if clip == current:
                builder.add(coded)

        if report.frames == 0 and run is runs[-1]:
            raise VideoError(
                f"{path}: no frame can be decoded",
                code="nothing-decodable",
                hint="the file may be damaged",
            )
        # clips behind the last frame that was decoded
        while current is not None:
            frames = grid.frames_of(current)
            if last_position < frames[0]:
                report.undecoded_clips.append(current)
                # frames of a clip that could not be decoded count as replaced
                index.damage.substituted |= set(frames.tolist())
            yield builder.finish(current)
            current = next(pending, None)
