"""Feature files as arrays, for programs: `read_features` reads both formats, .scf and .npz."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

from numpy.typing import NDArray

from scsampler_cli.errors import FeatureFileError
from scsampler_cli.features import store
from scsampler_cli.features.array_source import ArraySource, is_array_file
from scsampler_cli.features.clip_tables import RAGGED, SINGLE
from scsampler_cli.features.store_source import StoreSource
from scsampler_cli.output.one_line import called


@dataclass(repr=False, frozen=True)
class ClipFeatures:
    """The features of one clip."""

    clip: int
    """Number of the clip in the video, from 0."""
    first_frame: int
    """Display position of its first frame."""
    frame_count: int
    """Frames of the video that it covers."""
    exact_start: Fraction
    """Seconds on the clock of the file."""
    exact_end: Fraction
    """Seconds, exclusive."""
    arrays: dict[str, NDArray[Any]]
    """Input -> [n, ...], as in `features.clip_tables`; n is 0 or 1 for "rgb" and "mel"."""

    @property
    def start(self) -> float:
        """Seconds on the clock of the file."""
        return float(self.exact_start)

    @property
    def end(self) -> float:
        """Seconds, exclusive."""
        return float(self.exact_end)

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.arrays[name]

    def __repr__(self) -> str:
        times = f"{self.start:.2f}-{self.end:.2f} s"
        return called(self, (f"clip {self.clip}", times, ", ".join(self.arrays)))


class _Source(Protocol):
    """A feature file of one format."""

    header: dict[str, Any]
    notes: list[str]
    small: dict[str, NDArray[Any]]
    shapes: dict[str, tuple[int, ...]]

    def array(self, name: str) -> NDArray[Any]: ...

    def clips(self) -> Iterator[dict[str, NDArray[Any]]]: ...


class Features(Mapping[str, NDArray[Any]]):
    """The features of one video: a mapping from the names of arrays to the arrays.

    `features.clip_tables` lists the names, shapes and dtypes; they are the same for both formats.
    A large array is read at its first use, and then kept.

    Args:
        path: of the file.
        source: reads it.
    """

    def __init__(self, path: Path, source: _Source) -> None:
        self._source = source
        self._kept: dict[str, NDArray[Any]] = {}
        self.path = path
        self.header = source.header
        """Settings, facts of the video, versions, and more; JSON-able."""
        self.notes = source.notes
        """Notes on the video."""
        self.shapes = {**{n: a.shape for n, a in source.small.items()}, **source.shapes}
        """Name of an array -> its shape; no large array is read for it."""

    def __getitem__(self, name: str) -> NDArray[Any]:
        if name in self._source.small:
            return self._source.small[name]
        if name not in self._source.shapes:
            raise KeyError(name)
        if name not in self._kept:
            self._kept[name] = self._source.array(name)
        return self._kept[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.shapes)

    def __len__(self) -> int:
        return len(self.shapes)

    def __repr__(self) -> str:
        inputs = [name for name in (*RAGGED, *SINGLE) if name in self._source.shapes]
        kinds = ", ".join(f"{name} {list(self.shapes[name])}" for name in inputs)
        return f"Features({self.path.name!r}, clips={len(self['clip'])}, {kinds})"

    def clips(self) -> Iterator[ClipFeatures]:
        """The clips, in time order; one at a time is in memory.

        Raises:
            FeatureFileError: the file is damaged.
        """
        numbers = [self[name].tolist() for name in ("clip", "first_frame", "frame_count")]
        times = [self[name].tolist() for name in ("start_exact", "end_exact")]
        for *counted, start, end, arrays in zip(
            *numbers, *times, self._source.clips(), strict=True
        ):
            clip, first, count = counted
            yield ClipFeatures(
                clip,
                first,
                count,
                exact_start=Fraction(start),
                exact_end=Fraction(end),
                arrays=arrays,
            )


def is_feature_file(path: Path) -> bool:
    """True when a file is a feature file of either format."""
    return store.sniff(path) or is_array_file(path)


def read_features(path: str | Path) -> Features:
    """Read a feature file of `scsampler extract`, in either format.

    Args:
        path: of the file, .scf or .npz; its content decides, not its name.

    Returns:
        a mapping from names to arrays: `features["md"]`, `features["start_s"]`.

    Raises:
        FeatureFileError: it is missing, damaged, of an unknown version, or no feature file.
    """
    path = Path(path)
    # a zip file has its mark at the end, too, so that a file that is cut off is a damaged one
    if not store.sniff(path) and path.is_file() and _begins_as_zip(path):
        return Features(path, ArraySource(path))
    return Features(path, StoreSource(path))


def _begins_as_zip(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4) == b"PK\3\4" or zipfile.is_zipfile(path)
    except OSError as error:
        raise FeatureFileError(
            f"{path}: {error.strerror}", code="file-unreadable", hint="check the path"
        ) from error
