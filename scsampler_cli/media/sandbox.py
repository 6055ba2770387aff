"""Open one local file for FFmpeg, and nothing else: no network, no device, no file that it names.

FFmpeg follows what a file says (playlists, edit scripts, external tracks) and what its name says
(protocols, patterns of image names). Here only demuxers that read the one file are allowed, and its
name is never a protocol or a pattern. But: which stream is read, and what is in it, is for
`media.container` and those above.
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
"""Demuxers that open what a file names, or its neighbours; those of devices are known by a flag of
theirs."""
_PATTERN = frozenset("%*?[]{}")
"""Characters by which FFmpeg may take a name for a pattern of names."""
_OURS = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOMEM))
"""Failures that are never the file's fault."""
_TRIED = 1 << 26
"""Bytes read to find out whether an error is the disk's or the file's (our choice)."""
_LISTS = (
    b"#EXTM3U",
    b"ffconcat",
    b"[playlist]",
    b"v=0",
    b"# VobSub",
    b"<MPD",
    b"<CompositionPlaylist",
)
"""What files that list other files begin with, or their root element."""


@contextmanager
def open_local(
    path: Path, reading: ReadSettings, more: dict[str, str] | None = None
) -> Iterator[av.container.InputContainer]:
    """Open one local file; it is closed on the way out.

    Args:
        path: the file.
        reading: how large its pictures may be.
        more: further options of FFmpeg.

    Raises:
        InputError: it cannot be opened at all: it is not there, may not be read, or something other
            than the file is short.
        VideoError: FFmpeg can make nothing of it.
        LimitError: its header claims more frames than allowed.
    """
    _refuse_devices(path)
    _refuse_claims(path, reading)
    with ExitStack() as held:
        try:
            source, formats = _source(path, held)
            container = av.open(
                source,
                "r",
                options={**_options(reading, formats), **(more or {})},
                metadata_errors="replace",
            )
            held.enter_context(container)
        except (av.error.FFmpegError, OSError, ValueError, MemoryError) as error:
            raise _refusal(path, error) from error
        yield container


def _refuse_devices(path: Path) -> None:
    """Opening a pipe or a device waits, perhaps for ever, and neither can be read a second time."""
    with suppress(OSError):  # told when it is opened
        if not stat.S_ISREG(path.stat().st_mode):
            raise InputError(
                f"{path}: not a file",
                code="not-a-file",
                hint="a device, pipe or folder is not read; copy it to a file",
            )


def _refuse_claims(path: Path, reading: ReadSettings) -> None:
    with suppress(OSError):  # told when it is opened
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
    """What to hand to FFmpeg, and the formats that it may find there.

    A name that could be a pattern is kept from FFmpeg: it gets the open file, and a plain name with
    the same ending.
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
    return ",".join(
        sorted(name for name in av.formats_available - LINKING_DEMUXERS if not _is_device(name))
    )


def _is_device(name: str) -> bool:
    try:
        return ContainerFormat(name, "r").no_file
    except ValueError:
        return False  # it writes only


def _options(reading: ReadSettings, formats: str) -> dict[str, str]:
    options = {
        "protocol_whitelist": "file",
        "format_whitelist": formats,
        "pattern_type": "none",  # image2 reads single pictures in formats that have no mark of their own
        "enable_drefs": "0",
    }
    return {**options, **pixel_limit(reading)}


def pixel_limit(reading: ReadSettings) -> dict[str, str]:
    """FFmpeg's option that refuses larger pictures before memory is taken for them.

    Some decoders count the margins that they add, so it is twice what is allowed;
    `container.decode_packets` is exact.
    """
    return (
        {"max_pixels": str(min(2 * reading.max_pixels + (1 << 16), (1 << 31) - 1))}
        if reading.max_pixels
        else {}
    )


def reason(error: Exception) -> str:
    """What FFmpeg says, without its error number and the name of the function that failed."""
    return str(getattr(error, "strerror", None) or error)


def _refusal(path: Path, error: Exception) -> ScsamplerError:
    number = getattr(error, "errno", None)
    found = _unreadable(path)
    if isinstance(error, av.error.FFmpegError) and number == errno.ENOMEM:
        return VideoError(
            f"{path}: its header asks for more memory than FFmpeg allows",
            code="ffmpeg-memory-refused",
            hint="the header may be damaged; if memory is short just now, try again",
        )
    if isinstance(error, MemoryError) or number in _OURS:
        return InputError(
            f"{path}: cannot be opened ({reason(error)})",
            code="file-unreadable",
            hint="the system is short of memory or open files: try again",
        )
    if found is not None or (
        isinstance(error, OSError) and not isinstance(error, av.error.FFmpegError)
    ):
        why = reason(found or error)
        return InputError(
            f"{path}: cannot be opened ({why})",
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
            "the file may be cut off, empty, or something else under a video's name; try to play "
            "it"
        ),
    )


def _unreadable(path: Path) -> OSError | None:
    """Why the file itself cannot be read, or None where it can."""
    try:
        with path.open("rb", buffering=0) as file:
            left = _TRIED
            while left > 0 and (data := file.read(1 << 20)):
                left -= len(data)
    except OSError as error:
        return error
    return None


def _is_list(path: Path) -> bool:
    """For the message alone: the whitelists have refused it."""
    with path.open("rb") as file:
        head = file.read(1024).lstrip(b"\xef\xbb\xbf \r\n")
    return head.startswith(_LISTS) or (
        head.startswith(b"<?xml") and any(mark in head for mark in _LISTS[-2:])
    )
