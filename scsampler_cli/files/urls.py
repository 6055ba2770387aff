"""URLs where a local path is wanted: distinguished from paths, and shown as they were given."""

from __future__ import annotations

import os
import re
from pathlib import Path, PosixPath
from urllib.parse import unquote, urlsplit

from scsampler_cli.errors import InputError, OutputError

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_COLLAPSED = re.compile(
    r"(https?|ftps?|sftp|rtsps?|rtmps?|rtp|srt|udp|tcp|mms|s3|gs|gcs|az|abfss?|hdfs|dbfs|file):/(?=[^/])",
    re.IGNORECASE,
)
"""A URL that was a path in between, which has one slash; of an unknown scheme it cannot be told from a path."""
_STREAMS = frozenset("rtsp rtsps rtmp rtmps rtp srt udp tcp mms".split())


class Url(PosixPath):
    """A URL among paths. A path keeps one of the slashes after the colon; this one shows them all."""

    def __str__(self) -> str:
        """With two slashes after the colon, three where no host follows (file:///home)."""
        scheme, _, rest = super().__str__().partition(":")
        return f"{scheme}:{'//' if scheme.lower() == 'file' else '/'}{rest}"


def local_path(name: str | Path) -> Path:
    """The path that a name stands for; a `Url` where it is one and no local file has that name.

    Args:
        name: as the user gave it.
    """
    text = os.fspath(name)
    return Url(text) if is_url(text) else Path(name)


def is_url(text: str) -> bool:
    """Whether a name is a URL, and not that of a local file."""
    return bool(_URL.match(text) or _COLLAPSED.match(text)) and not os.path.lexists(text)


def check_read(name: str | Path) -> None:
    """Refuse a URL where a local file or folder is to be read.

    Raises:
        InputError: it is a URL.
    """
    path = local_path(name)
    if isinstance(path, Url):
        raise InputError(
            f"{path} is a URL, and only local files are read",
            code="remote-url",
            hint=instead(str(path)),
        )


def check_written(name: str | Path) -> None:
    """Refuse a URL where a local file or folder is to be written.

    Raises:
        OutputError: it is a URL.
    """
    path = local_path(name)
    if isinstance(path, Url):
        raise OutputError(
            f"{path} is a URL, and only local files are written",
            code="remote-url",
            hint="name a local file or folder",
        )


def instead(url: str) -> str:
    """What to do with a URL, in words."""
    scheme = urlsplit(url).scheme.lower()
    if scheme == "file":
        return f"give the path alone: {unquote(urlsplit(url).path)}"
    if scheme in _STREAMS:
        return "record the stream to a file first, with ffmpeg say"
    return "download it first"
