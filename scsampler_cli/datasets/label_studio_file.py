"""The file of a video that a task of Label Studio names by an address."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from scsampler_cli.datasets.lookup import has_video_suffix
from scsampler_cli.files.urls import is_url

# Label Studio puts eight digits of a random number in front of the name of an uploaded file
_UPLOADED = re.compile(r"[0-9a-f]{8}-(.+)")
_LOCAL, _UPLOADS = "/data/local-files/", "/data/upload/"


def names_video(address: str) -> bool:
    """Whether an address ends in the name of a video."""
    return has_video_suffix(next(_names(address)))


def find_file(address: str, root: Path) -> str:
    """Path of the file of an address; where there is none, the path that is expected.

    Args:
        address: a path, an URL, or an address of a file that Label Studio serves or was given.
        root: folder that paths begin in. The file may also lie in the root itself, under its name.
    """
    # os.path.join leaves an absolute path as it is
    # no name of a file has a zero byte
    names = [name.replace("\0", "") for name in _names(address)]
    places = [os.path.join(root, name) for name in names]  # noqa: PTH118
    # os.path.isfile is False where pathlib raises
    return next((place for place in places if os.path.isfile(place)), places[0])  # noqa: PTH113


def _names(address: str) -> Iterator[str]:
    """Possible paths of a file from the root, the most specific first; at least one."""
    # "?" and "#" of a plain path are part of it
    is_served = is_url(address) or address.startswith((_LOCAL, _UPLOADS))
    if not is_served:
        yield address
        yield os.path.basename(address)  # noqa: PTH119
        return
    try:
        parts = urlsplit(address)
        # bytes that are not UTF-8 stay the bytes that they are
        path = unquote(parts.path, errors="surrogateescape")
        query = parse_qs(parts.query, errors="surrogateescape")
    except ValueError:
        # not an address, such as one with half of an IPv6 number
        path, query = address, {}
    if _LOCAL in path and query.get("d"):
        path = query["d"][0]
        yield path
        # an absolute path lacks its "/", as it counts from LOCAL_FILES_DOCUMENT_ROOT
        yield f"/{path}"
    name = os.path.basename(path)  # noqa: PTH119
    uploaded = _UPLOADED.fullmatch(name)
    if _UPLOADS in path and uploaded:
        yield uploaded[1]
    yield name
