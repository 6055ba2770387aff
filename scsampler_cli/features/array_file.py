"""The feature file of NumPy (.npz): the arrays of `features.clip_tables`, for `numpy.load`.

One array more, "header", is JSON as text: format and version, settings, facts of the video,
versions, notes, decode_errors, frames_missing.

`numpy.load(path)` reads it as it is, without pickle. The arrays grow clip by clip, and the length
of an array stands at its beginning in the file. So the rows wait in files without a name, in the
folder of the target, and are packed at the end: in memory is one clip, and the disk needs room for
the arrays unpacked. These files are gone with the process, whatever ends it. The same features
give the same bytes.

Not handled here: reading; see `features.read_features`.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from scsampler_cli.errors import OutputError
from scsampler_cli.features.clip import ClipAudio, ClipVisual
from scsampler_cli.features.clip_tables import ClipTables, times_of
from scsampler_cli.features.file_formats import FEATURE_FORMATS
from scsampler_cli.features.file_writer import FileWriter
from scsampler_cli.files.output_paths import not_written

FORMAT, VERSION = "scsampler features", 1
SUFFIX = FEATURE_FORMATS["npz"]
_BLOCK = 1 << 20
# level 1 is the fastest
_LEVEL = 1


class ArrayFileWriter(FileWriter):
    """Writes a feature file of NumPy; a context manager, used as `features.store.FeatureWriter`.

    After an exception there is no file under the name.

    Args:
        path: of the file.
        header: JSON-able; "settings" with "inputs", and "clips" as in `clip_tables.times_of`.

    Raises:
        OutputError: the file cannot be written.
    """

    def __init__(self, path: Path, header: dict[str, Any]) -> None:
        self._header = header
        self._rows: dict[str, _FileRows] = {}
        # it begins the file
        super().__init__(path)

    def _begin(self) -> None:
        self._tables = ClipTables(self._header["settings"]["inputs"], self._rows_of)

    def _rows_of(self, name: str) -> _FileRows:
        # it has no name, and is gone with the process
        file = self._open.enter_context(tempfile.TemporaryFile(dir=self._path.parent))  # noqa: SIM115
        self._rows[name] = _FileRows(self._path, file)
        return self._rows[name]

    def visual(self, clip: ClipVisual) -> None:
        """Append the visual features of a clip."""
        self._tables.visual(clip)

    def sound(self, clip: ClipAudio) -> None:
        """Append the audio features of a clip."""
        self._tables.sound(clip)

    def _finish(self) -> None:
        known = {name: value for name, value in self._header.items() if name != "clips"}
        header = {"format": FORMAT, "version": VERSION, **known, "notes": self.notes}
        header["decode_errors"], header["frames_missing"] = self.decode_errors, self.frames_missing
        small = {"header": np.array(json.dumps(header, sort_keys=True))}
        small |= times_of(self._header["clips"]) | self._tables.small()
        with zipfile.ZipFile(
            self._file, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL
        ) as archive:
            for name, array in small.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                    npy.write_array(member, _little_endian(array), allow_pickle=False)
            for name, rows in self._rows.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                    rows.copy_to(member)


class _FileRows:
    """The rows of one array, in a file.

    Args:
        path: of the feature file, for messages.
        file: an empty file.
    """

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self._path, self._file = path, file
        self._count = 0
        self._like: NDArray[Any] = np.zeros(0)
        """An array of no rows with the dtype and the shape of all."""

    def append(self, rows: NDArray[Any]) -> None:
        """Append [n, ...].

        Raises:
            OutputError: the disk is full, or the rows have another shape than those before.
        """
        # the shape is known with the first row: a clip without motion may come before it
        if not self._count:
            self._like = _little_endian(rows[:0])
        elif len(rows) and rows.shape[1:] != self._like.shape[1:]:
            raise OutputError(
                f"cannot write {self._path}: its pictures have several sizes, and an array has one",
                code="write-failed",
                hint="write a file that ends in .scf",
            )
        try:
            self._file.write(np.ascontiguousarray(_little_endian(rows)).tobytes())
        except OSError as error:
            raise not_written(self._path, error) from error
        self._count += len(rows)

    def copy_to(self, member: IO[bytes]) -> None:
        """Write the whole array as `numpy.save` would."""
        header = npy.header_data_from_array_1_0(self._like)
        header["shape"] = (self._count, *self._like.shape[1:])
        npy.write_array_header_1_0(member, header)
        self._file.seek(0)
        shutil.copyfileobj(self._file, member, _BLOCK)


def _little_endian(array: NDArray[Any]) -> NDArray[Any]:
    return array.astype(array.dtype.newbyteorder("<"), copy=False)
