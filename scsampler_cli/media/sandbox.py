"""Open one local file with FFmpeg, and nothing else: no network, no device, no file that it names.

FFmpeg opens other files that a file names (playlists, edit scripts, external tracks), and
interprets its name (protocols, patterns of image names). Here only demuxers that read the one file
are allowed, and its name is never a protocol or a pattern.

Not handled here: selecting and reading a stream; see `media.container`.
"""

from __future__ import annotations

import errno
import io
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path

import av
import av.container
import av.error
from av.format import ContainerFormat

from scsampler_cli.config import ReadSettings
from scsampler_cli.errors import InputError, LimitError, ScsamplerError, VideoError
from scsampler_cli.media.boxes import claimed_frames

LINKING_DEMUXERS = frozenset(
    "hls dash concat imf webm_dash_manifest sdp rtsp rtp sap vobsub mlv image2".split()
)
"""Demuxers that open files which a file names, or its neighbours.

Demuxers of devices are not in this list; they have a flag.
"""
_PATTERN = frozenset("%*?[]{}")
"""Characters that FFmpeg may interpret as a pattern of names."""
_RESOURCE_ERRORS = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOMEM))
"""Error numbers that never mean a fault of the file."""
_TEST_READ_BYTES = 1 << 26
"""Bytes read to find out whether an error comes from the disk or from the file's content."""
_LIST_MARKS = (
    b"#EXTM3U",
    b"ffconcat",
    b"[playlist]",
    b"v=0",
    b"# VobSub",
    b"<MPD",
    b"<CompositionPlaylist",
)
"""First bytes of files that list other files; the last two are the start of their root element."""


@contextmanager
def open_local(
    path: Path, reading: ReadSettings, more: dict[str, str] | None = None
) -> Iterator[av.container.InputContainer]:
    """Open one local file; it is closed at the end.

    Args:
        path: the file.
        reading: limits of its pictures.
        more: further options for FFmpeg.

    Raises:
        InputError: the file does not exist, may not be read, or memory or file handles are short.
        VideoError: FFmpeg cannot read it.
        LimitError: its header claims more frames than allowed.
    """
    _refuse_devices(path)
    _refuse_claims(path, reading)
    # closes the file and the container, in reverse order
    with ExitStack() as held:
        try:
            source, formats = _source(path, held)
            container = av.open(
                source,
                "r",
                options={**_options(reading, formats), **(more or {})},
                # metadata of any encoding must not stop the opening
                metadata_errors="replace",
            )
            held.enter_context(container)
        except (av.error.FFmpegError, OSError, ValueError, MemoryError) as error:
            raise _open_error(path, error) from error
        yield container


def _refuse_devices(path: Path) -> None:
    """Refuse pipes and devices.

    To open one may take for ever, and none can be read a second time.
    """
    # a file that does not exist is reported when it is opened
    with suppress(OSError):
        if not stat.S_ISREG(path.stat().st_mode):
            raise InputError(
                f"{path}: not a file",
                code="not-a-file",
                hint="a device, pipe or folder is not read; copy it to a file",
            )


def _refuse_claims(path: Path, reading: ReadSettings) -> None:
    """Refuse a header that claims too many frames, before FFmpeg allocates memory for them."""
    # a file that cannot be read is reported when it is opened
    with suppress(OSError):
        claimed = claimed_frames(path) if reading.max_frames else 0
        if claimed > reading.max_frames:
            raise too_many_frames(path, f"its header claims {claimed} frames", reading)


def too_many_frames(path: Path, what: str, reading: ReadSettings) -> LimitError:
    """The error for a video that is longer than allowed."""
    return LimitError(
        f"{path}: {what}, the limit is {reading.max_frames}",
        code="video-too-long",
        hint="raise the limit, if the file is what it says it is",
    )


def _source(path: Path, held: ExitStack) -> tuple[str | io.FileIO, str]:
    """Name or open file for FFmpeg, and the allowed formats.

    A name that could be a pattern is kept from FFmpeg: it gets the open file, and a plain name with
    the same suffix.
    """
    if not _PATTERN.intersection(str(path)):
        # "file:" keeps a name such as "concat:a|b" from being read as a protocol
        return f"file:{path}", f"{_formats()},image2"
    file = held.enter_context(path.open("rb", buffering=0))
    file.name = f"video{path.suffix if path.suffix[1:].isalnum() else ''}"
    return file, _formats()


@cache
def _formats() -> str:
    """Names of the demuxers that read one file, separated by commas."""
    names = av.formats_available - LINKING_DEMUXERS
    return ",".join(sorted(name for name in names if not _is_device(name)))


def _is_device(name: str) -> bool:
    try:
        return ContainerFormat(name, "r").no_file
    except ValueError:
        # a format that is only written
        return False


def _options(reading: ReadSettings, formats: str) -> dict[str, str]:
    options = {
        "protocol_whitelist": "file",
        "format_whitelist": formats,
        # for image2, which reads single pictures in formats without a signature
        "pattern_type": "none",
        # for MP4, whose tracks may lie in other files
        "enable_drefs": "0",
    }
    return {**options, **pixel_limit(reading)}


def pixel_limit(reading: ReadSettings) -> dict[str, str]:
    """FFmpeg's option that refuses larger pictures before it allocates memory for them.

    Some decoders count the margins that they add, so the option is twice the limit;
    `container.decode_packets` is exact.
    """
    if not reading.max_pixels:
        return {}
    # the option is an int of 32 bits
    return {"max_pixels": str(min(2 * reading.max_pixels + (1 << 16), (1 << 31) - 1))}


def reason(error: Exception) -> str:
    """FFmpeg's message, without its error number and the name of the function that failed."""
    return str(getattr(error, "strerror", None) or error)


def _open_error(path: Path, error: Exception) -> ScsamplerError:
    """The error that explains why a file could not be opened."""
    number = getattr(error, "errno", None)
    # what FFmpeg reports may hide that the file itself cannot be read
    read_error = _read_error(path)
    if isinstance(error, av.error.FFmpegError) and number == errno.ENOMEM:
        return VideoError(
            f"{path}: its header asks for more memory than FFmpeg allows",
            code="ffmpeg-memory-refused",
            hint="the header may be damaged; if memory is short just now, try again",
        )
    if isinstance(error, MemoryError) or number in _RESOURCE_ERRORS:
        return InputError(
            f"{path}: cannot be opened ({reason(error)})",
            code="file-unreadable",
            hint="the system is short of memory or open files: try again",
        )
    # FFmpeg's errors are OSErrors, too, and are about the content
    is_system_error = isinstance(error, OSError) and not isinstance(error, av.error.FFmpegError)
    if read_error is not None or is_system_error:
        return InputError(
            f"{path}: cannot be opened ({reason(read_error or error)})",
            code="file-unreadable",
            hint="check the path, its permissions and the disk",
        )
    if _is_list(path):
        return VideoError(
            f"{path}: a playlist or a description of other files; it is not followed",
            code="playlist",
            hint="name the files that it lists",
        )
    return VideoError(
        f"{path}: not a video that FFmpeg can read ({reason(error)})",
        code="not-a-video",
        hint=(
            "the file may be cut off, empty, or something else under a video's name; try to play it"
        ),
    )


def _read_error(path: Path) -> OSError | None:
    """The error when reading the file itself, or None where it can be read."""
    try:
        with path.open("rb", buffering=0) as file:
            left = _TEST_READ_BYTES
            while left > 0 and (data := file.read(1 << 20)):
                left -= len(data)
    except OSError as error:
        return error
    return None


def _is_list(path: Path) -> bool:
    """True for a file that lists other files.

    Only the message needs it: FFmpeg has refused the file already.
    """
    with path.open("rb") as file:
        # without a byte order mark
        head = file.read(1024).lstrip(b"\xef\xbb\xbf \r\n")
    if head.startswith(_LIST_MARKS):
        return True
    return head.startswith(b"<?xml") and any(mark in head for mark in _LIST_MARKS[-2:])
