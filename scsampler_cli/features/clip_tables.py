"""The features of a video as arrays over all its clips: their names, shapes and dtypes.

M clips are in a file, in time order. A row of a table belongs to one clip:

    clip, first_frame, frame_count   int64 [M]    number of the clip, display position of its first
                                                  frame, frames of the video that it covers
    start_s, end_s                   float64 [M]  seconds on the clock of the file, end exclusive
    start_exact, end_exact           str [M]      the same times as fractions, such as "16/25"

Features of a kind are one array, over all clips:

    if                               uint8 [N, h, w, 3]      I-frames, RGB
    md                               float16 [N, gh, gw, 2]  motion, displayed pixels per frame
    rgbr                             int8 [N, h, w, 3]       residuals, RGB
    rgb                              uint8 [N, h, w, 3]      pictures of clips
    mel                              float32 [N, 40, 200]    log-mel spectrograms

and say which rows are those of which clip. Clip i (of M) has

    if, md, rgbr     rows NAME_offsets[i] to NAME_offsets[i + 1]; int64 [M + 1]
    rgb, mel         the row NAME_row[i], or none where that is -1; int64 [M]. Clips that share a
                     keyframe share the row.

More is known of some:

    if_frame, md_frame, rgbr_frame   int64 [N]    display position in the video; -1: unknown
    rgb_frame                        int64 [M]    the same, of the picture of a clip; -1: none
    rgb_source                       str [M]      one of `features.clip.PICTURE_SOURCES`, or ""
    mel_cover                        float64 [M]  share of the clip with sound, 0 to 1

Not handled here: files; see `features.array_file` and `features.read_features`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.features.clip import ClipAudio, ClipVisual

RAGGED = ("if", "md", "rgbr")
"""Inputs with any number of rows a clip."""
SINGLE = ("rgb", "mel")
"""Inputs with one row a clip, or none."""
_NO_PICTURE = np.zeros((0, 1, 1, 3), np.uint8)


class Rows(Protocol):
    """Takes the rows of one array, in order."""

    def append(self, rows: NDArray[Any]) -> None:
        """Take more rows, [n, ...]; n may be 0."""
        ...


class ClipTables:
    """Collects the arrays of one video, clip by clip.

    Args:
        inputs: some of `config.INPUTS`.
        rows_of: gives what takes the rows of an input; the small arrays are kept here.
    """

    def __init__(self, inputs: Iterable[str], rows_of: Callable[[str], Rows]) -> None:
        self._rows = {name: rows_of(name) for name in inputs}
        # rows of each input so far
        self._count = dict.fromkeys(self._rows, 0)
        # name of a small array -> its values, or parts of it
        self._offsets: dict[str, list[int]] = {name: [0] for name in RAGGED if name in self._rows}
        self._frames: dict[str, list[NDArray[np.int64]]] = {name: [] for name in self._offsets}
        self._row: dict[str, list[int]] = {name: [] for name in SINGLE if name in self._rows}
        self._picture_frames: list[int] = []
        self._picture_sources: list[str] = []
        self._covers: list[float] = []
        self._picture = _NO_PICTURE

    def visual(self, clip: ClipVisual) -> None:
        """Add the visual features of the next clip."""
        of_p_frames = clip.p_frame_positions
        for name, rows, frames in (
            ("if", clip.iframes, clip.iframe_positions),
            ("md", clip.motion, of_p_frames),
            ("rgbr", clip.residual, of_p_frames),
        ):
            if name in self._offsets:
                self._add(name, rows)
                self._offsets[name].append(self._count[name])
                known = len(frames) == len(rows)
                self._frames[name].append(frames if known else np.full(len(rows), -1, np.int64))
        if "rgb" in self._row:
            # clips that share a keyframe share the array
            if clip.pictures is not self._picture:
                self._picture = clip.pictures
                self._add("rgb", clip.pictures)
            self._row["rgb"].append(self._count["rgb"] - 1 if len(clip.pictures) else -1)
            self._picture_frames.append(clip.picture_frame)
            self._picture_sources.append(clip.picture_source)

    def sound(self, clip: ClipAudio) -> None:
        """Add the audio features of the next clip."""
        self._add("mel", np.zeros((0, 40, 200), np.float32) if clip.mel is None else clip.mel[None])
        self._row["mel"].append(-1 if clip.mel is None else self._count["mel"] - 1)
        self._covers.append(clip.cover)

    def _add(self, name: str, rows: NDArray[Any]) -> None:
        self._rows[name].append(rows)
        self._count[name] += len(rows)

    def small(self) -> dict[str, NDArray[Any]]:
        """The arrays that say which rows belong to which clip, and what they show."""
        found: dict[str, NDArray[Any]] = {}
        for name, offsets in self._offsets.items():
            found[f"{name}_offsets"] = np.array(offsets, np.int64)
            parts = self._frames[name]
            found[f"{name}_frame"] = np.concatenate([np.zeros(0, np.int64), *parts])
        for name, row in self._row.items():
            found[f"{name}_row"] = np.array(row, np.int64)
        if "rgb" in self._row:
            found["rgb_frame"] = np.array(self._picture_frames, np.int64)
            found["rgb_source"] = np.array(self._picture_sources, np.str_)
        if "mel" in self._row:
            found["mel_cover"] = np.array(self._covers, np.float64)
        return found


def times_of(clips: Iterable[tuple[int, int, int, str, str]]) -> dict[str, NDArray[Any]]:
    """The tables of the positions of clips.

    Args:
        clips: index, first frame, number of frames, start and end as fractions, of each clip.
    """
    rows = list(clips)
    starts, ends = [str(row[3]) for row in rows], [str(row[4]) for row in rows]
    return {
        "clip": np.array([row[0] for row in rows], np.int64),
        "first_frame": np.array([row[1] for row in rows], np.int64),
        "frame_count": np.array([row[2] for row in rows], np.int64),
        "start_s": np.array([float(Fraction(start)) for start in starts], np.float64),
        "end_s": np.array([float(Fraction(end)) for end in ends], np.float64),
        "start_exact": np.array(starts, np.str_),
        "end_exact": np.array(ends, np.str_),
    }
