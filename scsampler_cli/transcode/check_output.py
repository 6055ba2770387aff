"""Index of a file that the ffmpeg program wrote: its exit code does not show missing frames."""

from __future__ import annotations

from pathlib import Path

from scsampler_cli.errors import VideoError
from scsampler_cli.media.index import StreamIndex, scan


def index_output(part: Path, path: Path) -> StreamIndex:
    """Index a file that the program wrote.

    Args:
        part: the file.
        path: the video from which it was made, for the message.

    Raises:
        VideoError: it has no frame.
    """
    try:
        return scan(part)
    except VideoError as error:
        raise VideoError(
            f"{path}: none of the requested frames can be decoded",
            code="reel-not-decodable",
            hint="it may be damaged or encrypted",
        ) from error
