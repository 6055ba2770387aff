"""A feature file of NumPy (.npz) as arrays. Nothing in it is executed: pickle is refused."""

from __future__ import annotations

import contextlib
import json
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from scsampler_cli.errors import FeatureFileError, read_code
from scsampler_cli.features.array_file import FORMAT, VERSION
from scsampler_cli.features.clip_tables import RAGGED, SINGLE

_LARGE = (*RAGGED, *SINGLE)
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    EOFError,
    MemoryError,
    NotImplementedError,
    RuntimeError,
)
"""What the libraries raise for files that are damaged, or that claim impossible sizes."""
_TABLES = ("clip", "first_frame", "frame_count", "start_s", "end_s", "start_exact", "end_exact")


def is_array_file(path: Path) -> bool:
    """True when a file is a feature file of NumPy, by its header."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _header(archive).get("format") == FORMAT
    except (OSError, *_DAMAGE):
        return False


def _header(archive: zipfile.ZipFile) -> dict[str, Any]:
    header = json.loads(str(_array(archive, "header")))
    return header if isinstance(header, dict) else {}


def _array(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    with archive.open(f"{name}.npy") as member:
        array: NDArray[Any] = npy.read_array(member, allow_pickle=False)
    return array


class ArraySource:
    """The arrays of a feature file of NumPy.

    Args:
        path: of the file.

    Raises:
        FeatureFileError: it is damaged, of an unknown version, or no feature file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.small: dict[str, NDArray[Any]] = {}
        self.shapes: dict[str, tuple[int, ...]] = {}
        with self._archive() as archive:
            names = [name.removesuffix(".npy") for name in archive.namelist()]
            self.header = _header(archive) if "header" in names else {}
            self._check_header()
            for name in names:
                if name in _LARGE:
                    with archive.open(f"{name}.npy") as member:
                        self.shapes[name] = _shape(member)[0]
                elif name != "header":
                    self.small[name] = _array(archive, name)
            self._check_tables()
        self.notes: list[str] = [str(note) for note in self.header.pop("notes", ())]

    def _check_header(self) -> None:
        if self.header.get("format") != FORMAT:
            raise FeatureFileError(
                f"{self._path} is not a feature file",
                code="feature-file-damaged",
                hint="give a feature file (.scf or .npz) of the command extract",
            )
        if self.header.get("version") != VERSION:
            raise FeatureFileError(
                f"{self._path} has version {self.header.get('version')} of the feature format, "
                f"this scsampler reads {VERSION}",
                code="feature-file-damaged",
                hint="extract the features again",
            )

    def _check_tables(self) -> None:
        """Check that every row belongs to a clip.

        Raises:
            ValueError, KeyError: the tables contradict each other.
        """
        clips = len(self.small["clip"])
        if any(self.small[name].shape != (clips,) for name in _TABLES):
            raise ValueError("tables of different lengths")
        for name, shape in self.shapes.items():
            if name in RAGGED:
                offsets = self.small[f"{name}_offsets"]
                ends = offsets[0], offsets[-1]
                if offsets.shape != (clips + 1,) or ends != (0, shape[0]):
                    raise ValueError("offsets")
                steps = np.diff(offsets)
            else:
                row = self.small[f"{name}_row"]
                if row.shape != (clips,) or row.max(initial=-1) != shape[0] - 1:
                    raise ValueError("rows")
                steps = np.diff(row[row >= 0])
            # rows are stored in time order
            if (steps < 0).any():
                raise ValueError("rows out of order")

    @contextlib.contextmanager
    def _archive(self) -> Iterator[zipfile.ZipFile]:
        try:
            with zipfile.ZipFile(self._path) as archive:
                yield archive
        except OSError as error:
            raise FeatureFileError(
                f"{self._path}: {error.strerror or error}",
                code=read_code(error),
                hint="check the path",
            ) from error
        except _DAMAGE as error:
            raise FeatureFileError(
                f"{self._path} is damaged: an array is missing or invalid",
                code="feature-file-damaged",
                hint="extract the features again",
            ) from error

    def array(self, name: str) -> NDArray[Any]:
        """One of the large arrays, read from the file."""
        with self._archive() as archive:
            return _array(archive, name)

    def clips(self) -> Iterator[dict[str, NDArray[Any]]]:
        """The arrays of one clip after the other; each array is read as a stream."""
        with self._archive() as archive, contextlib.ExitStack() as opened:
            streams = {}
            for name in self.shapes:
                member = opened.enter_context(archive.open(f"{name}.npy"))
                streams[name] = _RowStream(member)
            kept = {name: stream.read(0) for name, stream in streams.items()}
            for clip in range(len(self.small["clip"])):
                yield {name: self._rows(name, clip, streams, kept=kept) for name in streams}

    def _rows(
        self,
        name: str,
        clip: int,
        streams: dict[str, _RowStream],
        *,
        kept: dict[str, NDArray[Any]],
    ) -> NDArray[Any]:
        """[n, ...]: the rows of one clip; `kept` has the last row of an input that clips share."""
        stream = streams[name]
        if name in RAGGED:
            first, end = self.small[f"{name}_offsets"][clip : clip + 2].tolist()
            return stream.read(end - first)
        row = int(self.small[f"{name}_row"][clip])
        if row < 0:
            return kept[name][:0]
        while stream.position <= row:
            kept[name] = stream.read(1)
        return kept[name]


class _RowStream:
    """Reads the rows of one array, in order.

    Args:
        member: a file of `numpy.save`.

    Raises:
        ValueError: it is none, or has another order in memory.
    """

    def __init__(self, member: IO[bytes]) -> None:
        self._member = member
        shape, self._dtype = _shape(member)
        self._row = shape[1:]
        self._bytes = int(np.prod(self._row, dtype=object)) * self._dtype.itemsize
        self.position = 0
        """Number of the next row."""

    def read(self, count: int) -> NDArray[Any]:
        """[count, ...]: the next rows.

        Raises:
            EOFError: there are not so many.
        """
        data = self._member.read(count * self._bytes) if count else b""
        if len(data) != count * self._bytes:
            raise EOFError("an array is cut off")
        self.position += count
        array: NDArray[Any] = np.frombuffer(data, self._dtype).reshape(count, *self._row)
        # a copy can be changed, as the arrays of the other format
        return array.copy()


def _shape(member: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and dtype of an array at the beginning of its file; at least one dimension.

    Raises:
        ValueError: it is no such file, or holds Python objects.
    """
    version = npy.read_magic(member)
    reader = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, is_fortran, dtype = reader(member)
    if is_fortran or dtype.hasobject or not shape:
        raise ValueError("not an array of clips")
    return shape, dtype
