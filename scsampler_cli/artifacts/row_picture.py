"""The small picture of a video in the index of a batch: a JPEG beside the page of the video.

A file of its own keeps the index small; the record does not name it. Not handled here: the rows.
"""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from scsampler_cli.artifacts.artifact_paths import row_picture
from scsampler_cli.files.marks import MARK, is_marked
from scsampler_cli.files.output_paths import write_whole

# width and height at most, pixels: twice those on the screen
_SIZE = 192, 120
_QUALITY = 75


def write_row_picture(page: Path, picture: bytes | None) -> str:
    """Write the picture of a video, or remove that of an earlier run where there is none now.

    Args:
        page: of the video.
        picture: JPEG of any size; None for none.

    Returns:
        why there is no picture, as a note; "" without a reason.
    """
    target = row_picture(page)
    try:
        # a link would lead elsewhere
        if target.is_symlink() or (target.exists() and not is_marked(target)):
            return f"no picture in the index: {target} was not made by scsampler"
        if picture is None:
            target.unlink(missing_ok=True)
        else:
            write_whole(target, _small(picture))
    except OSError as error:
        return f"no picture in the index: cannot write {target}: {error.strerror or error}"
    return ""


def _small(picture: bytes) -> bytes:
    data = io.BytesIO()
    with Image.open(io.BytesIO(picture)) as image:
        image.thumbnail(_SIZE)
        image.save(data, "JPEG", quality=_QUALITY, comment=MARK)
    return data.getvalue()
