"""The cache of values that are computed once for each video: features, frames, scores, ClipProbs.

They are on disk, and read through memory maps:

    <cache>/<identity of the video, 32 digits>/<name>-<digest of the settings, 16 digits>/
        values.raw    the bytes of the array, C-ordered, little-endian
        entry.json    dtype, shape, offsets (rows offsets[i]:offsets[i+1] belong to clip i), notes,
                      facts that the values need, and the settings themselves

The modification time of entry.json is the time of the last use. `entries` lists the contents,
`prune` removes old ones.

The identity of a video is that of its bytes (`content`), or of a part of them (`quick_identity`).
A key holds all that the values depend on: the identity of the file (not its name), the settings,
the FFmpeg version, the classifier's weights. So a stale entry is never found. An entry gets its
name when it is complete; two processes may make the same one.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.cache import entries
from scsampler_cli.errors import OutputError
from scsampler_cli.files.urls import check_written
from scsampler_cli.media.container import FFMPEG_VERSION

VERSION = 3
"""Raise it when the readers or the feature code give other values: older entries become invalid."""
# attempts to make a folder that `prune`, in another process, may remove
_TRIES = 10


@dataclass(frozen=True)
class Entry:
    """One stored array, row by row in clip order."""

    values: NDArray[Any]
    """[n, ...], a read-only memory map."""
    offsets: NDArray[np.int64]
    """int64 [L + 1]: rows offsets[i]:offsets[i+1] belong to clip i."""
    notes: tuple[str, ...]
    """Notes of the pass over the video."""
    facts: dict[str, Any] = field(default_factory=dict)
    """What else was stored with the values; JSON-able."""

    def rows(self, clip: int) -> range:
        """Row numbers of a clip."""
        return range(int(self.offsets[clip]), int(self.offsets[clip + 1]))

    @property
    def clips(self) -> int:
        """Number of clips of the video (L)."""
        return len(self.offsets) - 1


def content(video: Path) -> str:
    """32 hex digits of the sha256 of a video's bytes.

    Raises:
        OSError: the file cannot be read.
    """
    # hashed once in a process, unless size or time of the file change
    facts = video.stat()
    return _content(video, facts.st_size, facts.st_mtime_ns)


@functools.cache
def _content(path: Path, size: int, mtime_ns: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:32]


_END_BYTES = 1 << 16
"""Bytes at the start and at the end of a file by which `quick_identity` knows it."""


def quick_identity(video: Path) -> str:
    """32 hex digits by which a file is known without being read: its size, the time of its last
    change, and its first and last 64 KiB.

    A moved or renamed file keeps it, and so does a copy that keeps the time. A file whose middle
    alone is changed keeps it only where the time was set back.

    Raises:
        OSError: the file cannot be read.
    """
    with video.open("rb") as file:
        facts = os.fstat(file.fileno())
        digest = hashlib.sha256(f"{facts.st_size} {facts.st_mtime_ns} ".encode())
        digest.update(file.read(_END_BYTES))
        # a file of less than 128 KiB: the two parts overlap
        file.seek(max(0, facts.st_size - _END_BYTES))
        digest.update(file.read(_END_BYTES))
    return digest.hexdigest()[:32]


class Cache:
    """A folder of entries.

    Args:
        folder: made when the first entry is written.
        identify: the identity of a video: `content`, or `quick_identity`, which does not read the
            whole file.

    Raises:
        OutputError: the folder is a URL.
    """

    def __init__(self, folder: Path, identify: Callable[[Path], str] = content) -> None:
        check_written(folder)
        self._folder, self._identify = folder, identify

    def in_use(self) -> AbstractContextManager[None]:
        """Within this context, `prune` does not remove what is found or made."""
        return entries.in_use(self._folder)

    def find(self, video: Path, name: str, settings: dict[str, Any]) -> Entry | None:
        """The entry of a video; None where there is none."""
        folder = self._path(video, name, settings)
        entry = _open_entry(folder)
        # the entry may be pruned between the two steps
        return entry if entry is not None and _mark_used(folder / entries.HEAD) else None

    def writer(self, video: Path, name: str, settings: dict[str, Any]) -> EntryWriter:
        """A writer of the entry, to be used as a context manager.

        Raises:
            OutputError: the cache cannot be written.
        """
        return EntryWriter(self._path(video, name, settings), {"version": VERSION, **settings})

    def discard(self, video: Path, name: str, settings: dict[str, Any]) -> None:
        """Remove an entry, if there is one."""
        shutil.rmtree(self._path(video, name, settings), ignore_errors=True)

    def file(self, video: Path, name: str, settings: dict[str, Any], *, suffix: str) -> Path:
        """Path of a file in another format, such as a feature file, that is cached for a video.

        The caller writes it, under another name until it is complete.
        """
        path = self._path(video, name, settings).with_suffix(suffix)
        _mark_used(path)
        return path

    def _path(self, video: Path, name: str, settings: dict[str, Any]) -> Path:
        # equal settings give equal text, whatever the order of their keys
        key = json.dumps([VERSION, FFMPEG_VERSION, name, settings], sort_keys=True)
        digest = hashlib.sha256(key.encode()).hexdigest()[:16]
        return self._folder / self._identify(video) / f"{name}-{digest}"


def _mark_used(file: Path) -> bool:
    """Set the time of a file to now, if that is allowed; False where the file is gone."""
    try:
        os.utime(file)
    except FileNotFoundError:
        return False
    except OSError:
        # a read-only cache, or that of another user, can be read all the same
        pass
    return True


def _open_entry(folder: Path) -> Entry | None:
    """The entry in a folder; None where there is none, or an incomplete one.

    A full disk or a crash of the machine may leave an incomplete entry.
    """
    try:
        head = json.loads((folder / entries.HEAD).read_text())
        shape, dtype = tuple(head["shape"]), np.dtype(head["dtype"])
        # an empty file cannot be mapped
        values: NDArray[Any] = np.zeros(shape, dtype)
        if 0 not in shape:
            values = np.memmap(folder / entries.VALUES, dtype, "r", shape=shape)
        offsets = np.array(head["offsets"], np.int64)
        # entries of earlier versions have no facts
        return Entry(values, offsets, tuple(head["notes"]), facts=dict(head.get("facts", {})))
    except (OSError, ValueError, KeyError, TypeError):
        return None


class EntryWriter:
    """Writes one entry clip by clip, so that only one clip is in memory.

    An exception leaves nothing on disk.
    """

    def __init__(self, folder: Path, settings: dict[str, Any]) -> None:
        self._folder, self._settings = folder, settings
        self._offsets = [0]
        # dtype and shape of one row, known with the first row
        self._row: tuple[str, tuple[int, ...]] | None = None
        self.notes: list[str] = []
        """Notes of the entry; to be set before the block ends."""
        self.facts: dict[str, Any] = {}
        """Facts of the entry, JSON-able; the same."""

    def __enter__(self) -> EntryWriter:
        try:
            self._part = self._part_folder()
            self._file: IO[bytes] = (self._part / entries.VALUES).open("wb")
        except OSError as error:
            raise self._failed(error) from error
        return self

    def _part_folder(self) -> Path:
        """A new folder in that of the video.

        Raises:
            OSError: it cannot be made.
        """
        # Another process may remove the folder of the video, or the cache, while it is empty: after
        # mkdir, and also between the steps of mkdir. It makes the parents first (FileNotFoundError
        # where they are gone again), and asks last whether what is in its way is a folder
        # (FileExistsError where it is none, or is gone again).
        for _ in range(_TRIES - 1):
            with suppress(FileNotFoundError, FileExistsError):
                return self._make_part_folder()
        return self._make_part_folder()

    def _make_part_folder(self) -> Path:
        parent = self._folder.parent
        parent.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=entries.PART, dir=parent))

    def add(self, rows: NDArray[Any]) -> None:
        """Append the rows of the next clip, [n, ...]; n may be 0."""
        # the file is little-endian on every machine
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
            "facts": self.facts,
            "settings": self._settings,
        }
        (self._part / entries.HEAD).write_text(json.dumps(head))
        try:
            # os.rename, unlike pathlib's replace, says that it fails where the entry exists
            os.rename(self._part, self._folder)  # noqa: PTH104
        except OSError:
            # another process was faster
            if _open_entry(self._folder) is not None:
                return
            # an incomplete entry
            shutil.rmtree(self._folder, ignore_errors=True)
            os.rename(self._part, self._folder)  # noqa: PTH104

    def _failed(self, error: OSError) -> OutputError:
        return OutputError(
            f"cannot write the cache {self._folder.parent.parent}: {error.strerror or error}",
            code="cache-unusable",
            hint="name another folder, or make room",
        )
