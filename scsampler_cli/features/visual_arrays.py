"""Visual features as named arrays, as the feature file stores them, and back.

A clip that has the picture of the clip before it is stored without the pixels.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from scsampler_cli.features.clip import PICTURE_SOURCES, ClipVisual

_SOURCES = ("", *PICTURE_SOURCES)
"""Sources of a picture by their number in a file."""
_UNKNOWN = np.zeros(0, np.int64)


class VisualPacker:
    """Turns the clips of one file into arrays, in clip order."""

    def __init__(self) -> None:
        self._pictures: NDArray[np.uint8] | None = None
        """`ClipVisual.pictures` of the last clip."""

    def arrays(self, clip: ClipVisual) -> dict[str, NDArray[Any]]:
        """The arrays of one clip.

        "size" is int64 [2], height and width; "picture" is int64 [3]: display position, number of
        the source, and 1 where "rgb" is empty because the clip before has the same picture.
        "if_frame" and "p_frame" are the display positions of the I- and P-frames.
        """
        is_repeated = clip.pictures is self._pictures
        self._pictures = clip.pictures
        source = _SOURCES.index(clip.picture_source)
        return {
            "size": np.array([clip.height, clip.width], np.int64),
            "if": clip.iframes,
            "md": clip.motion,
            "rgbr": clip.residual,
            "rgb": clip.pictures[:0] if is_repeated else clip.pictures,
            "picture": np.array([clip.picture_frame, source, is_repeated], np.int64),
            "if_frame": clip.iframe_positions,
            "p_frame": clip.p_frame_positions,
        }


class VisualUnpacker:
    """Turns the arrays of one file back into clips; clips with one picture share its array."""

    def __init__(self) -> None:
        self._pictures = np.zeros((0, 1, 1, 3), np.uint8)

    def clip(self, clip: int, arrays: dict[str, NDArray[Any]]) -> ClipVisual:
        """The features of one clip.

        Raises:
            KeyError, ValueError, IndexError: arrays are missing or wrong.
        """
        height, width = arrays["size"].tolist()
        frame, source, is_repeated = arrays["picture"].tolist()
        if not is_repeated:
            self._pictures = arrays["rgb"]
        return ClipVisual(
            clip,
            height,
            width,
            iframes=arrays["if"],
            motion=arrays["md"],
            residual=arrays["rgbr"],
            pictures=self._pictures,
            picture_frame=frame,
            picture_source=_SOURCES[source],
            # files of earlier versions lack them
            iframe_positions=arrays.get("if_frame", _UNKNOWN),
            p_frame_positions=arrays.get("p_frame", _UNKNOWN),
        )
