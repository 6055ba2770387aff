"""`PictureVectors`: what the pictures of a video's clips show, each picture once.

Not handled here: how the vectors are computed (`samplers.picture_features`), and the cache
(`cached_vectors`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

NONE = -1
"""In place of the row of a clip without a picture."""


@dataclass(frozen=True)
class PictureVectors:
    """The vectors of the pictures of one video; clips that share a picture share its vector."""

    distinct: NDArray[np.float16]
    """float16 [P, D], in the order of the video."""
    row_of: NDArray[np.int64]
    """int64 [L]: the row of each clip, or NONE."""

    @classmethod
    def of_rows(cls, rows: NDArray[np.float16]) -> PictureVectors:
        """From float16 [L, D], a row for each clip; NaN for a clip without a picture."""
        known = ~np.isnan(rows).any(axis=1)
        # clips that share a picture follow one another
        is_same = np.zeros(len(rows), bool)
        is_same[1:] = (rows[1:] == rows[:-1]).all(axis=1)
        is_new = known & ~is_same
        row_of = np.where(known, np.cumsum(is_new) - 1, NONE).astype(np.int64)
        return cls(np.ascontiguousarray(rows[is_new]), row_of)

    def of(self, clips: NDArray[np.int64]) -> NDArray[np.float32]:
        """float32 [M, D] of some clips, as `picture_features.as_array`: NaN without a picture."""
        found = np.full((len(clips), self.distinct.shape[1]), np.nan, np.float32)
        rows = self.row_of[clips]
        known = rows != NONE
        found[known] = self.distinct[rows[known]]
        return found

    def count(self, clips: NDArray[np.bool_]) -> int:
        """Number of different pictures of some clips; bool [L] tells which."""
        rows = self.row_of[clips]
        return len(np.unique(rows[rows != NONE]))


def save(vectors: Sequence[PictureVectors], folder: Path) -> None:
    """Write the vectors of all videos of a run into its folder.

    Raises:
        OSError: it cannot be written.
    """
    np.save(folder / "vectors.npy", np.concatenate([each.distinct for each in vectors]))
    np.save(folder / "pictures.npy", np.concatenate([each.row_of for each in vectors]))


def load(folder: Path, clips: Sequence[int]) -> Iterator[PictureVectors]:
    """The vectors of each video, as `save` wrote them.

    Args:
        folder: of the run.
        clips: number of clips of each video.

    Raises:
        OSError: a file cannot be read.
        ValueError: the files are damaged.
    """
    vectors = np.load(folder / "vectors.npy", mmap_mode="r")
    row_of = np.load(folder / "pictures.npy")
    if len(row_of) != sum(clips):
        raise ValueError("the pictures and the list of videos have different lengths")
    clip = row = 0
    for count in clips:
        of_video = row_of[clip : clip + count]
        # rows are counted from 0 in each video
        rows = int(of_video.max(initial=-1)) + 1
        yield PictureVectors(vectors[row : row + rows], of_video)
        clip, row = clip + count, row + rows
    if row != len(vectors):
        raise ValueError("the vectors and the pictures have different lengths")
