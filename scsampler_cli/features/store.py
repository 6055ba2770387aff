"""The feature file (.scf): `extract` writes it and `score` reads it, both as a stream.

    bytes                content
    8                    magic "SCSAMPLF"
    u16, u32             format version, length n of the header
    n                    header: JSON, UTF-8
    u32                  crc32 of the header
    then records, each:
    4                    kind: "VIS " or "SND "
    u32, u32, u32        clip index, length m of the payload, crc32 of kind, clip index and payload
    m                    payload, packed by zlib: u16 length of a JSON list, the list of
                         [name, dtype, shape], the bytes of the arrays
    at the end:
    4, u32, u32, u32     "END ", number of records, length n of the end, crc32 of the end
    n                    JSON, events while reading the video: notes, decode_errors,
                         frames_missing

All integers are little-endian, arrays C-ordered and little-endian. A file without its END record is
incomplete and is refused, as is one of another version. A file appears under its name only when it
is complete.

Not handled here: random access. There is no index; clips are read in order.
"""

from __future__ import annotations

import contextlib
import json
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.errors import FeatureFileError, read_code
from scsampler_cli.features.clip import ClipAudio, ClipVisual
from scsampler_cli.features.file_writer import FileWriter
from scsampler_cli.features.visual_arrays import VisualPacker, VisualUnpacker
from scsampler_cli.files.output_paths import not_written

MAGIC = b"SCSAMPLF"
VERSION = 3
SUFFIX = ".scf"
_HEADER = struct.Struct("<HI")
_RECORD = struct.Struct("<4sIII")
_END = struct.Struct("<4sIII")
_LIMIT = 1 << 30
"""Bytes of one header or record, packed or unpacked; anything larger is damage."""
_DTYPES = {"uint8", "int8", "float16", "float32", "float64", "int64"}
_ENDING = ("notes", "decode_errors", "frames_missing")
_HINT = "extract the features again"


class FeatureWriter(FileWriter):
    """Writes a feature file; a context manager. After an exception there is no file under the name.

    Args:
        path: of the file.
        header: JSON-able settings, times and versions.

    Raises:
        OutputError: the file cannot be written.
    """

    def __init__(self, path: Path, header: dict[str, Any]) -> None:
        self._header, self._count = header, 0
        self._visual = VisualPacker()
        # it begins the file
        super().__init__(path)

    def _begin(self) -> None:
        data = json.dumps(self._header, sort_keys=True).encode()
        # magic, version and length, JSON, checksum
        self._write(
            MAGIC + _HEADER.pack(VERSION, len(data)) + data + struct.pack("<I", zlib.crc32(data))
        )

    def visual(self, clip: ClipVisual) -> None:
        """Append the visual features of a clip."""
        self._record(b"VIS ", clip.clip, self._visual.arrays(clip))

    def sound(self, clip: ClipAudio) -> None:
        """Append the audio features of a clip."""
        # a clip without sound has a record, too: its cover
        arrays: dict[str, NDArray[Any]] = {"cover": np.array([clip.cover], np.float64)}
        if clip.mel is not None:
            arrays["mel"] = clip.mel
        self._record(b"SND ", clip.clip, arrays)

    def _record(self, kind: bytes, clip: int, arrays: dict[str, NDArray[Any]]) -> None:
        descriptions = [[name, a.dtype.name, list(a.shape)] for name, a in arrays.items()]
        table = json.dumps(descriptions).encode()
        parts = [struct.pack("<H", len(table)), table]
        for array in arrays.values():
            little_endian = array.dtype.newbyteorder("<")
            parts.append(np.ascontiguousarray(array).astype(little_endian).tobytes())

        # level 1 is the fastest
        payload = zlib.compress(b"".join(parts), 1)
        checksum = _checksum(kind, clip, payload)
        self._write(_RECORD.pack(kind, clip, len(payload), checksum) + payload)
        self._count += 1

    def _write(self, data: bytes) -> None:
        try:
            self._file.write(data)
        except OSError as error:
            raise not_written(self._path, error) from error

    def _finish(self) -> None:
        end = json.dumps({key: getattr(self, key) for key in _ENDING}).encode()
        self._write(_END.pack(b"END ", self._count, len(end), zlib.crc32(end)) + end)


def _checksum(kind: bytes, clip: int, payload: bytes) -> int:
    # the index of the clip is protected, too: records must not change places
    return zlib.crc32(payload, zlib.crc32(kind + struct.pack("<I", clip)))


def sniff(path: str | Path) -> bool:
    """True when a file begins like a feature file."""
    try:
        with Path(path).open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def read_header(path: str | Path) -> tuple[dict[str, Any], list[str]]:
    """The header and the notes, after a check that the file is complete.

    Returns:
        the header, with "decode_errors" and "frames_missing" from the end of the file; the notes.

    Raises:
        FeatureFileError: not a feature file, an unknown version, truncated or damaged.
    """
    path = Path(path)
    with _opened(path) as file:
        header = _header(file, path)
        # checks every record, and leaves the file behind the tag of the END record
        for _ in _records(file, path, None):
            pass
        _, length, crc = struct.unpack("<III", _exactly(file, _END.size - 4, path))
        data = _exactly(file, min(length, _LIMIT), path)
        if zlib.crc32(data) != crc or file.read(1):
            raise _damaged(path, "its end")

        end = json.loads(data)
        header |= {key: end[key] for key in _ENDING if key != "notes"}
        return header, [str(note) for note in end["notes"]]


def read_visual(path: str | Path) -> Iterator[ClipVisual]:
    """The visual features, in clip order. Clips that share a picture share its array.

    Raises:
        FeatureFileError: truncated or damaged.
    """
    path, unpacker = Path(path), VisualUnpacker()
    for clip, arrays in _read(path, b"VIS "):
        try:
            yield unpacker.clip(clip, arrays)
        except (KeyError, ValueError, IndexError) as error:
            raise _damaged(path, "an incomplete record") from error


def read_sound(path: str | Path) -> Iterator[ClipAudio]:
    """The audio features, in clip order.

    Raises:
        FeatureFileError: truncated or damaged.
    """
    path = Path(path)
    for clip, arrays in _read(path, b"SND "):
        if "cover" not in arrays:
            raise _damaged(path, "an incomplete record")
        yield ClipAudio(clip, arrays.get("mel"), float(arrays["cover"][0]))


def _read(path: Path, kind: bytes) -> Iterator[tuple[int, dict[str, NDArray[Any]]]]:
    with _opened(path) as file:
        _header(file, path)
        for clip, payload in _records(file, path, kind):
            yield clip, _arrays(payload, path)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise FeatureFileError(
            f"{path}: {error.strerror}", code=read_code(error), hint="check the path"
        ) from error
    with file:
        yield file


def _header(file: IO[bytes], path: Path) -> dict[str, Any]:
    if file.read(len(MAGIC)) != MAGIC:
        raise FeatureFileError(
            f"{path} is not a feature file",
            code="feature-file-damaged",
            hint="give a feature file (.scf) of the command extract",
        )
    version, length = _HEADER.unpack(_exactly(file, _HEADER.size, path))
    if version != VERSION:
        raise FeatureFileError(
            f"{path} has version {version} of the feature format, this scsampler reads {VERSION}",
            code="feature-file-damaged",
            hint=_HINT,
        )
    if length > _LIMIT:
        raise _damaged(path, "its header")
    data = _exactly(file, length, path)
    (crc,) = struct.unpack("<I", _exactly(file, 4, path))
    if zlib.crc32(data) != crc:
        raise _damaged(path, "its header")
    header = json.loads(data)
    if not isinstance(header, dict):
        raise _damaged(path, "its header")
    return header


def _records(file: IO[bytes], path: Path, kind: bytes | None) -> Iterator[tuple[int, bytes]]:
    """(clip, payload) of records of one kind; the payloads of the others are skipped."""
    count = 0
    while (tag := _exactly(file, 4, path)) != b"END ":
        if tag not in (b"VIS ", b"SND "):
            raise _damaged(path, f"record {count}")
        _, clip, length, crc = _RECORD.unpack(tag + _exactly(file, _RECORD.size - 4, path))
        if length > _LIMIT:
            raise _damaged(path, f"record {count}")
        payload = _exactly(file, length, path)
        if _checksum(tag, clip, payload) != crc:
            raise _damaged(path, f"record {count}")
        count += 1
        if tag == kind:
            yield clip, payload
    # the reader of the end record reads the count again
    expected = file.read(4)
    file.seek(-len(expected), 1)
    if expected != struct.pack("<I", count):
        raise _damaged(path, "its end")


def _arrays(payload: bytes, path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of one record, by name."""
    try:
        # a small payload may unpack to any size, so the size is limited
        unpacker = zlib.decompressobj()
        data = unpacker.decompress(payload, _LIMIT)
        if not unpacker.eof:
            raise ValueError("too large")

        (length,) = struct.unpack_from("<H", data)
        at = 2 + length
        arrays = {}
        for name, dtype, shape in json.loads(data[2:at]):
            if dtype not in _DTYPES or min([0, *shape]) < 0:
                raise ValueError(f"array {name}")
            kind = np.dtype(dtype).newbyteorder("<")
            # Python's integers: the product of a damaged shape may overflow int64
            size = int(np.prod(shape, dtype=object)) * kind.itemsize
            array = np.frombuffer(data[at : at + size], kind).reshape(shape)
            arrays[str(name)] = array.astype(dtype)
            at += size
        # nothing behind the last array may be left
        if at != len(data):
            raise ValueError("length")
    except (ValueError, TypeError, KeyError, struct.error, zlib.error) as error:
        raise _damaged(path, "a record") from error
    return arrays


def _exactly(file: IO[bytes], count: int, path: Path) -> bytes:
    data = file.read(count)
    # a file that is shorter than its records say
    if len(data) != count:
        raise FeatureFileError(
            f"{path} is cut off: {count - len(data)} bytes are missing",
            code="feature-file-damaged",
            hint=_HINT,
        )
    return data


def _damaged(path: Path, where: str) -> FeatureFileError:
    return FeatureFileError(
        f"{path} is damaged: {where} is invalid", code="feature-file-damaged", hint=_HINT
    )
