"""A feature file of `features.store` (.scf) as arrays."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.errors import FeatureFileError
from scsampler_cli.features import store
from scsampler_cli.features.clip import ClipAudio, ClipVisual
from scsampler_cli.features.clip_tables import ClipTables, times_of

_NO_MEL = np.zeros((0, 40, 200), np.float32)


class StoreSource:
    """The arrays of a feature file. Opening it reads the whole file once, for the shapes.

    Args:
        path: of the file.

    Raises:
        FeatureFileError: it is damaged, of an unknown version, or no feature file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.header, self.notes = store.read_header(path)
        try:
            self._inputs = tuple(self.header["settings"]["inputs"])
            times = times_of(self.header.pop("clips"))
            # only the shapes of the large arrays
            rows = {name: _CountedRows() for name in self._inputs}
            self.small = times | self._collected(rows)
            self.shapes = {name: (kept.count, *kept.shape) for name, kept in rows.items()}
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise FeatureFileError(
                f"{path} is damaged: its header is incomplete",
                code="feature-file-damaged",
                hint="extract the features again",
            ) from error

    def array(self, name: str) -> NDArray[Any]:
        """One of the large arrays, read from the file."""
        rows = {other: _CountedRows() for other in self._inputs}
        rows[name] = kept = _KeptRows()
        self._collected(rows)
        return kept.array()

    def clips(self) -> Iterator[dict[str, NDArray[Any]]]:
        """The arrays of one clip after the other."""
        for visual, sound in self._pairs():
            arrays: dict[str, NDArray[Any]] = {}
            if visual is not None:
                arrays = {
                    "if": visual.iframes,
                    "md": visual.motion,
                    "rgbr": visual.residual,
                    "rgb": visual.pictures,
                }
            if sound is not None:
                arrays["mel"] = _NO_MEL if sound.mel is None else sound.mel[None]
            yield {name: array for name, array in arrays.items() if name in self._inputs}

    def _pairs(self) -> Iterator[tuple[ClipVisual | None, ClipAudio | None]]:
        has_visual, has_sound = bool(set(self._inputs) - {"mel"}), "mel" in self._inputs
        visual = store.read_visual(self._path) if has_visual else repeat(None)
        sound = store.read_sound(self._path) if has_sound else repeat(None)
        # `repeat` does not end, so that the lengths cannot be compared where one kind is missing
        yield from zip(visual, sound, strict=has_visual and has_sound)

    def _collected(self, rows: dict[str, _CountedRows]) -> dict[str, NDArray[Any]]:
        """The small arrays, after all clips were added to `rows`."""
        tables = ClipTables(self._inputs, lambda name: rows[name])
        for visual, sound in self._pairs():
            if visual is not None:
                tables.visual(visual)
            if sound is not None:
                tables.sound(sound)
        return tables.small()


class _CountedRows:
    """Counts the rows of an array, and drops them."""

    def __init__(self) -> None:
        self.count = 0
        self.shape: tuple[int, ...] = ()
        """Of one row."""

    def append(self, rows: NDArray[Any]) -> None:
        """Take [n, ...]."""
        # a clip without rows may have another shape
        if len(rows) or not self.count:
            self.shape = rows.shape[1:]
        self.count += len(rows)


class _KeptRows(_CountedRows):
    """Keeps the rows of an array in memory."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[NDArray[Any]] = []

    def append(self, rows: NDArray[Any]) -> None:
        """Take [n, ...]."""
        super().append(rows)
        self._parts.append(rows)

    def array(self) -> NDArray[Any]:
        """All rows as one array."""
        filled = [part for part in self._parts if len(part)]
        return np.concatenate(filled or self._parts[-1:])
