"""URLs in the place of local paths: they are distinguished from paths, and refused."""

from __future__ import annotations

import os
import re
from pathlib import Path, PosixPath
from urllib.parse import unquote, urlsplit

from scsampler_cli.errors import InputError, OutputError

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
# A URL that went through pathlib has one slash left. Only known schemes: any other text with ":/"
# may be a path.
_COLLAPSED = re.compile(
    r"(https?|ftps?|sftp|rtsps?|rtmps?|rtp|srt|udp|tcp|mms|s3|gs|gcs|az|abfss?|hdfs|dbfs|file):/(?=[^/])",
    re.IGNORECASE,
)
# schemes of live streams, which cannot be downloaded
_STREAMS = frozenset("rtsp rtsps rtmp rtmps rtp srt udp tcp mms".split())


class Url(PosixPath):
    """A URL among paths. pathlib keeps one of the slashes after the colon; this class shows all."""

    def __str__(self) -> str:
        """The URL, with two slashes after the colon, or three without a host (file:///home)."""
        scheme, _, rest = super().__str__().partition(":")
        return f"{scheme}:{'//' if scheme.lower() == 'file' else '/'}{rest}"


def local_path(name: str | Path) -> Path:
    """The path of a name: a `Url` for a URL, unless a local file has that name.

    Args:
        name: as the user wrote it.
    """
    text = os.fspath(name)
    return Url(text) if is_url(text) else Path(name)


def is_url(text: str) -> bool:
    """Whether a name is a URL, and not that of a local file."""
    # lexists: it asks the system only for the few names that look like URLs
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
    """The hint for a URL: how to get a local file of it."""
    scheme = urlsplit(url).scheme.lower()
    if scheme == "file":
        return f"give the path alone: {unquote(urlsplit(url).path)}"
    if scheme in _STREAMS:
        return "record the stream to a file first, with ffmpeg say"
    return "download it first"
