"""What the program has made of a video, read again: whether the frames are all there is not left to its word."""

from __future__ import annotations

from pathlib import Path

from scsampler_cli.errors import VideoError
from scsampler_cli.media.index import StreamIndex, scan


def written(part: Path, path: Path) -> StreamIndex:
    """Index of what was written.

    Args:
        part: the file.
        path: the video that it was made of.

    Raises:
        VideoError: there is no frame in it.
    """
    try:
        return scan(part)
    except VideoError as error:
        raise VideoError(
            f"{path}: none of the requested frames can be decoded",
            code="reel-not-decodable",
            hint="it may be damaged or encrypted",
        ) from error
