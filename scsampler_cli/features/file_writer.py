"""What both formats of feature files share while they are written: a file appears under its name
only when it is complete.
"""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from scsampler_cli.features.clip import ClipAudio, ClipVisual
from scsampler_cli.files.output_paths import fresh, not_written, sibling


class FileWriter(ABC):
    """A context manager that writes one feature file. After an exception no file has the name.

    Args:
        path: of the file; its folder is made.

    Raises:
        OutputError: the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._part = path, sibling(path, ".part")
        # these three are written at the end; the caller sets them before the block ends
        self.notes: list[str] = []
        """Notes on the video."""
        self.decode_errors = 0
        """As in `output.records.ExtractResult`."""
        self.frames_missing = 0
        """As in `output.records.ExtractResult`."""
        self._open = contextlib.ExitStack()
        """Closed with the file."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # a fresh file: nobody can put a link under its name before
            self._file: IO[bytes] = fresh(self._part).open("xb")
        except OSError as error:
            raise not_written(path, error) from error
        try:
            self._begin()
        except BaseException as error:
            self._close()
            if isinstance(error, OSError):
                raise not_written(path, error) from error
            raise

    @abstractmethod
    def _begin(self) -> None:
        """Write or open all that is known before the first clip."""

    @abstractmethod
    def visual(self, clip: ClipVisual) -> None:
        """Append the visual features of a clip."""

    @abstractmethod
    def sound(self, clip: ClipAudio) -> None:
        """Append the audio features of a clip."""

    @abstractmethod
    def _finish(self) -> None:
        """Write all that is known only after the last clip."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._finish()
            self._file.close()
            if kind is None:
                # the name appears only now
                self._part.replace(self._path)
        except OSError as failed:
            raise not_written(self._path, failed) from failed
        finally:
            self._close()

    def _close(self) -> None:
        """Close all files, and remove one that is not complete."""
        with contextlib.suppress(OSError):
            self._file.close()
            self._part.unlink(missing_ok=True)
        self._open.close()
