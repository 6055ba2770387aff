"""One clip's features as a picture: its RGB picture, I-frames, motion, residuals and mel, one row
each.

Motion is a colour wheel: the hue is the direction (red to the right, then clockwise yellow, green,
cyan to the left, and so on), the brightness is the speed, full at 10 pixels a frame. Residuals are
drawn around grey, mel in grey from quiet to loud.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from scsampler_cli.errors import FeatureFileError
from scsampler_cli.features.clip import ClipAudio, ClipVisual
from scsampler_cli.features.store import read_sound, read_visual
from scsampler_cli.files.marks import marked_png
from scsampler_cli.files.output_paths import fresh, not_written, sibling

FULL_SPEED_PX = 10.0
"""Pixels per frame that are drawn at full brightness."""
ROW = 128
"""Height of a row, pixels."""
_GAP = 4
"""Pixels between pictures."""
_MAX_PICTURES = 8
"""Most pictures in a row."""


def motion_colours(motion: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Motion [gh, gw, 2] in pixels per frame -> uint8 [gh, gw, 3]."""
    x, y = motion[..., 0].astype(np.float32), motion[..., 1].astype(np.float32)
    # 0 to 6, one unit for each of red, yellow, green, cyan, blue, magenta
    hue = (np.arctan2(y, x) / (2 * np.pi)) % 1 * 6
    value = np.minimum(np.hypot(x, y) / FULL_SPEED_PX, 1)
    # HSV to RGB at full saturation
    wheel = np.stack([np.abs(hue - 3) - 1, 2 - np.abs(hue - 2), 2 - np.abs(hue - 4)], axis=-1)
    return (np.clip(wheel, 0, 1) * value[..., None] * 255).astype(np.uint8)


def render(visual: ClipVisual | None, sound: ClipAudio | None) -> NDArray[np.uint8]:
    """uint8 [h, w, 3]: a row for each input that the clip has; a black square if it has none."""
    rows: list[NDArray[np.uint8]] = []
    if visual is not None:
        rows.append(_row(visual.pictures))
        rows.append(_row(visual.iframes))
        rows.append(_row([motion_colours(motion) for motion in visual.motion[:_MAX_PICTURES]]))
        # doubled, since most residuals are small; 128 is 0
        grey = visual.residual[:_MAX_PICTURES].astype(np.int16) * 2 + 128
        rows.append(_row(grey.clip(0, 255).astype(np.uint8)))
    if sound is not None and sound.mel is not None:
        rows.append(_spectrogram(sound.mel))
    rows = [row for row in rows if row.size]
    width = max((row.shape[1] for row in rows), default=ROW)
    # rows of different width are padded on the right
    padded = [np.pad(row, ((0, _GAP), (0, width - row.shape[1]), (0, 0))) for row in rows]
    return np.concatenate(padded) if padded else np.zeros((ROW, ROW, 3), np.uint8)


def _spectrogram(mel: NDArray[np.float32]) -> NDArray[np.uint8]:
    """float32 [40, 200] -> uint8 [120, 600, 3], low bands at the bottom."""
    # log of the offset that `features.mel` adds: silence
    low, high = float(np.log(0.01)), float(max(mel.max(), 0))
    grey = ((mel[::-1] - low) / (high - low) * 255).clip(0, 255).astype(np.uint8)
    enlarged = np.repeat(np.repeat(grey, 3, axis=0), 3, axis=1)
    return np.repeat(enlarged[..., None], 3, axis=2)


def _row(pictures: Sequence[NDArray[np.uint8]] | NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8 [128, w, 3]: the first pictures [h, w, 3], one after the other; empty for none."""
    if not len(pictures):
        return np.zeros((0, 0, 3), np.uint8)
    scaled = []
    for picture in pictures[:_MAX_PICTURES]:
        scaled.append(np.pad(_at_row_height(picture), ((0, 0), (0, _GAP), (0, 0))))
    return np.concatenate(scaled, axis=1)


def _at_row_height(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Nearest-pixel scaling to the height of a row."""
    height, width = picture.shape[:2]
    scaled_width = max(1, round(width * ROW / height))
    y = np.arange(ROW) * height // ROW
    x = np.arange(scaled_width) * width // scaled_width
    return picture[y[:, None], x[None, :]]


def render_file(features: Path, clip: int, target: Path) -> Path:
    """Draw one clip of a feature file.

    Returns:
        `target`, a PNG.

    Raises:
        FeatureFileError: the file has no such clip.
        OutputError: the picture cannot be written.
    """
    visual = next((found for found in read_visual(features) if found.clip == clip), None)
    sound = next((found for found in read_sound(features) if found.clip == clip), None)
    if visual is None and sound is None:
        raise FeatureFileError(
            f"{features} has no clip {clip}",
            code="clip-missing",
            hint="clips count from 0",
        )
    png = io.BytesIO()
    Image.fromarray(render(visual, sound)).save(png, format="png")
    part = sibling(target, ".part")
    try:
        with fresh(part).open("xb") as file:
            file.write(marked_png(png.getvalue()))
        part.replace(target)
    except OSError as error:
        raise not_written(target, error) from error
    return target
