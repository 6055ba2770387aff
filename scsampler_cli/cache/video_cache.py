"""What is computed once of each video: features, frames, scores, the classifier's ClipProbs; on disk, read through memory maps.

    <cache>/<sha256 of the video's bytes, 32 digits>/<name>-<digest of the settings, 16 digits>/
        values.raw    the array's bytes, C-ordered, little-endian
        entry.json    dtype, shape, offsets (rows offsets[i]:offsets[i+1] belong to clip i), notes, and the settings themselves

The modification time of entry.json is when the entry was last used. `kept` lists what is there, `prune` makes it smaller.
A key holds all that the values depend on: the file's content (not its name), the settings, FFmpeg, the classifier's weights. So a
stale entry is never found. An entry appears under its name when it is complete; two processes may make the same one.
"""

from __future__ import annotations

import errno
import functools
import hashlib
import json
import os
import shutil
import tempfile
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.cache import entries
from scsampler_cli.errors import OutputError
from scsampler_cli.files.urls import check_written
from scsampler_cli.media.container import FFMPEG_VERSION

VERSION = 3
"""Raise it when the readers or the feature code change what they give, so that older entries are made anew."""
_TRIES = 10
"""To make a folder that another process may remove."""


@dataclass(frozen=True)
class Entry:
    """One stored array, row by row in clip order."""

    values: NDArray[Any]
    """[n, ...], a read-only memory map."""
    offsets: NDArray[np.int64]
    """int64 [L + 1]: rows offsets[i]:offsets[i+1] are of clip i."""
    notes: tuple[str, ...]
    """What was noticed while reading the video."""

    def rows(self, clip: int) -> range:
        """Row numbers of a clip."""
        return range(int(self.offsets[clip]), int(self.offsets[clip + 1]))

    @property
    def clips(self) -> int:
        """L."""
        return len(self.offsets) - 1


def content(video: Path) -> str:
    """What stands for a video's bytes: 32 hex digits of their sha256."""
    facts = video.stat()
    return _content(video, facts.st_size, facts.st_mtime_ns)


@functools.cache
def _content(path: Path, size: int, mtime_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:32]


class Cache:
    """A folder of entries.

    Args:
        folder: made when the first entry is written.

    Raises:
        OutputError: the folder is a URL.
    """

    def __init__(self, folder: Path) -> None:
        check_written(folder)
        self._folder = folder

    def in_use(self) -> AbstractContextManager[None]:
        """Within this context nothing is pruned that is found or made in it."""
        return entries.in_use(self._folder)

    def find(self, video: Path, name: str, settings: dict[str, Any]) -> Entry | None:
        """The entry of a video, or None where it must be made."""
        place = self._place(video, name, settings)
        entry = _opened(place)
        return entry if entry is not None and _mark_used(place / entries.HEAD) else None

    def writer(self, video: Path, name: str, settings: dict[str, Any]) -> EntryWriter:
        """A writer of the entry; use as a context manager.

        Raises:
            OutputError: the cache cannot be written.
        """
        return EntryWriter(self._place(video, name, settings), {"version": VERSION, **settings})

    def discard(self, video: Path, name: str, settings: dict[str, Any]) -> None:
        """Forget an entry, if there is one."""
        shutil.rmtree(self._place(video, name, settings), ignore_errors=True)

    def file(self, video: Path, name: str, settings: dict[str, Any], *, suffix: str) -> Path:
        """Where a file of another form about a video belongs; whoever makes it writes it whole or not at all."""
        place = self._place(video, name, settings).with_suffix(suffix)
        _mark_used(place)
        return place

    def _place(self, video: Path, name: str, settings: dict[str, Any]) -> Path:
        key = json.dumps([VERSION, FFMPEG_VERSION, name, settings], sort_keys=True)
        digest = hashlib.sha256(key.encode()).hexdigest()[:16]
        return self._folder / content(video) / f"{name}-{digest}"


def _mark_used(file: Path) -> bool:
    """Set the time of a file, if it may be set; False where the file has gone."""
    try:
        os.utime(file)
    except FileNotFoundError:
        return False
    except OSError:  # a cache that is read-only, or another user's
        pass
    return True


def _opened(place: Path) -> Entry | None:
    """The entry in a folder; None where there is none, or one that a full disk or a crash of the machine has cut off."""
    try:
        head = json.loads((place / entries.HEAD).read_text())
        shape, dtype = tuple(head["shape"]), np.dtype(head["dtype"])
        values: NDArray[Any] = np.zeros(shape, dtype)
        if 0 not in shape:
            values = np.memmap(place / entries.VALUES, dtype, "r", shape=shape)
        return Entry(values, np.array(head["offsets"], np.int64), tuple(head["notes"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


class EntryWriter:
    """Writes one entry clip by clip, so that no video is held; an exception leaves nothing behind."""

    def __init__(self, place: Path, settings: dict[str, Any]) -> None:
        self._place, self._settings = place, settings
        self._offsets = [0]
        self._row: tuple[str, tuple[int, ...]] | None = None
        self.notes: list[str] = []
        """Fill in before the block is left."""

    def __enter__(self) -> EntryWriter:
        try:
            self._part = self._part_folder()
            self._file: IO[bytes] = (self._part / entries.VALUES).open("wb")
        except OSError as error:
            raise self._failed(error) from error
        return self

    def _part_folder(self) -> Path:
        """A new folder beside the entry's place; `prune` may remove the empty one above it meanwhile."""
        above = self._place.parent
        for _ in range(_TRIES):
            above.mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):
                return Path(tempfile.mkdtemp(prefix=entries.PART, dir=above))
        raise FileNotFoundError(errno.ENOENT, "removed again and again", str(above))

    def add(self, rows: NDArray[Any]) -> None:
        """Append the rows of the next clip, [n, ...]; n may be 0."""
        row = (rows.dtype.newbyteorder("<").str, rows.shape[1:])
        if len(rows):
            if self._row is None:
                self._row = row
            if row != self._row:
                raise ValueError(f"rows of {row} after rows of {self._row}")
            try:
                self._file.write(np.ascontiguousarray(rows).tobytes())
            except OSError as error:
                raise self._failed(error) from error
        self._offsets.append(self._offsets[-1] + len(rows))

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            self._file.close()
            if kind is None:
                self._finish()
        except OSError as error:
            raise self._failed(error) from error
        finally:
            shutil.rmtree(self._part, ignore_errors=True)

    def _finish(self) -> None:
        dtype, shape = self._row or ("<f4", ())
        head = {
            "dtype": dtype,
            "shape": [self._offsets[-1], *shape],
            "offsets": self._offsets,
            "notes": self.notes,
            "settings": self._settings,
        }
        (self._part / entries.HEAD).write_text(json.dumps(head))
        try:
            os.rename(self._part, self._place)  # noqa: PTH104 - fails where the entry is there, as it must
        except OSError:
            if _opened(self._place) is not None:
                return  # another process was faster
            shutil.rmtree(self._place, ignore_errors=True)
            os.rename(self._part, self._place)  # noqa: PTH104 - fails where the entry is there, as it must

    def _failed(self, error: OSError) -> OutputError:
        return OutputError(
            f"cannot write the cache {self._place.parent.parent}: {error.strerror or error}",
            code="cache-unusable",
            hint="name another folder, or make room",
        )
