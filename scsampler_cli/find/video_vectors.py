"""The vectors of one video, and the stretches of it that they stand for.

Not handled here: how they are computed (`embed_video`), and where they are kept (`kept_vectors`).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.config import ReadSettings
from scsampler_cli.pipeline.strict import check_whole

BLOCK_ROWS = 4096
"""Vectors that are in memory as float32 at a time."""
_TOLERANCE = 0.01
"""Largest difference between 1 and the length of a vector; half precision stays below it."""


class Stretch(NamedTuple):
    """Clips in a row that share one picture, or a single clip. Times are in units of
    `VideoVectors.time_base`.
    """

    start: int
    end: int
    """Exclusive."""
    clip: int
    """The clip that the picture lies in."""
    clips: int
    """Number of clips."""
    picture: int | None
    """Time of the picture; None where a model read the whole clip."""


@dataclass(frozen=True, kw_only=True)
class VideoVectors:
    """What a search needs of one video."""

    values: NDArray[np.float16]
    """float16 [P, D], a row for each stretch; vectors of unit length."""
    times: NDArray[np.int64]
    """int64 [P, 4]: start, end, clip and clips of each `Stretch`, in time order, without
    overlap."""
    pictures: NDArray[np.int64] | None
    """int64 [P]: the times of the pictures; None where a model read whole clips."""
    time_base: Fraction
    """Seconds in a unit of time."""
    video: dict[str, Any]
    """Properties of the file, as records have them."""
    decode_errors: int
    """`Damage.decode_errors`."""
    frames_missing: int
    """`Damage.frames_missing`."""
    only_undecoded: bool
    """True where no damaged packet gave any frame."""
    notes: tuple[str, ...]

    def facts(self) -> dict[str, Any]:
        """All but `values` and `notes`, JSON-able; `from_facts` reads it."""
        return {
            "stretches": self.times.tolist(),
            "pictures": None if self.pictures is None else self.pictures.tolist(),
            "time_base": str(self.time_base),
            "video": self.video,
            "decode_errors": self.decode_errors,
            "frames_missing": self.frames_missing,
            "only_undecoded": self.only_undecoded,
        }

    @classmethod
    def from_facts(
        cls, facts: dict[str, Any], values: NDArray[Any], notes: tuple[str, ...]
    ) -> VideoVectors:
        """From what `facts` gave.

        Raises:
            ValueError: the facts are damaged, or are not those of these values.
            KeyError: a fact is missing.
            TypeError: a fact is of another type.
        """
        times = _whole_numbers(facts["stretches"], (len(values), 4))
        pictures = facts["pictures"]
        if pictures is not None:
            pictures = _whole_numbers(pictures, (len(values),))
        if not is_unit_length(values):
            raise ValueError("vectors that are not of unit length")
        return cls(
            values=values,
            times=times,
            pictures=pictures,
            time_base=Fraction(facts["time_base"]),
            video={**facts["video"], "duration_s": float(facts["video"]["duration_s"])},
            decode_errors=int(facts["decode_errors"]),
            frames_missing=int(facts["frames_missing"]),
            only_undecoded=bool(facts["only_undecoded"]),
            notes=notes,
        )

    def stretch(self, row: int) -> Stretch:
        """The stretch of a row of `values`."""
        picture = None if self.pictures is None else int(self.pictures[row])
        start, end, clip, clips = map(int, self.times[row])
        return Stretch(start, end, clip, clips=clips, picture=picture)

    def seconds(self, time: int) -> Fraction:
        """A time of a stretch in seconds, on the clock of the file."""
        return time * self.time_base

    def check_whole(self, path: Path, reading: ReadSettings) -> None:
        """Refuse a damaged video where the settings are `strict`.

        Raises:
            VideoError: something was damaged or missing when the vectors were computed.
        """
        check_whole(
            path,
            reading,
            self.decode_errors,
            frames_missing=self.frames_missing,
            only_undecoded=self.only_undecoded,
        )


def _whole_numbers(values: list[Any], shape: tuple[int, ...]) -> NDArray[np.int64]:
    """int64 of a shape.

    Raises:
        ValueError: they are other numbers, none, or too large; or their shape is another one.
    """
    found = np.array(values)
    if found.dtype != np.int64 or found.shape != shape or np.abs(found).max(initial=0) >> 62:
        raise ValueError(f"not {shape} whole numbers")
    return found


def is_unit_length(rows: NDArray[Any]) -> bool:
    """Whether all rows of [N, D] are vectors of unit length; False for NaN."""
    if rows.ndim != 2:
        return False
    # a part at a time: a long video need not be in memory as float32
    for at in range(0, len(rows), BLOCK_ROWS):
        block = rows[at : at + BLOCK_ROWS].astype(np.float32)
        lengths = np.sqrt(np.einsum("nd,nd->n", block, block))
        # a comparison with NaN is False
        if not (np.abs(lengths - 1) <= _TOLERANCE).all():
            return False
    return True
