"""One clip's features as a picture with titles: its RGB picture, I-frames, motion, residuals, mel.

Motion is drawn twice: as colours on white (the hue is the direction, the saturation the speed, as
the wheel in the legend shows) and as arrows. Motion and residuals are scaled to what this clip has,
since most clips would be blank on a fixed scale; the titles have the scales. Residuals are drawn
around grey. The bands of mel are drawn from low (bottom) to high, over the time of the window.

Not handled here: which clip has which features; see `features.read_features`.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from scsampler_cli.errors import FeatureFileError
from scsampler_cli.features.read_features import ClipFeatures, read_features
from scsampler_cli.features.render_panels import Panel, drawn
from scsampler_cli.files.marks import marked_png
from scsampler_cli.files.output_paths import not_written, write_whole

_ROW = 128
"""Height of a picture, pixels."""
_MAX_PICTURES = 6
"""Most pictures in a panel."""
_LEAST_SPEED = 0.5
"""Pixels per frame at which colours are full at the least: noise of a still clip stays pale."""
_LEAST_RESIDUAL = 8.0
"""Grey levels that are full contrast at the least, for the same reason."""
# share of the values that the scales cover: single blocks are much faster than all others
_MOST = 0.98


def motion_colours(motion: NDArray[np.floating], full_speed: float) -> NDArray[np.uint8]:
    """Motion [gh, gw, 2] in pixels per frame -> uint8 [gh, gw, 3], white where nothing moves.

    Args:
        motion: x to the right, y down.
        full_speed: pixels per frame of full colour.
    """
    x, y = motion[..., 0].astype(np.float32), motion[..., 1].astype(np.float32)
    # 0 to 6, one unit for each of red, yellow, green, cyan, blue, magenta
    hue = (np.arctan2(y, x) / (2 * np.pi)) % 1 * 6
    saturation = np.minimum(np.hypot(x, y) / full_speed, 1)
    # the wheel of hues at full value, paler where it is slower
    wheel = np.stack([np.abs(hue - 3) - 1, 2 - np.abs(hue - 2), 2 - np.abs(hue - 4)], axis=-1)
    colours = 1 - saturation[..., None] * (1 - np.clip(wheel, 0, 1))
    return (colours * 255).round().astype(np.uint8)


def render(clip: ClipFeatures) -> NDArray[np.uint8]:
    """uint8 [h, w, 3]: a panel for each input of the clip, under a title with its time."""
    title = f"Clip {clip.clip}, {clip.start:.2f} s to {clip.end:.2f} s"
    panels = []
    for name, panel in (
        ("rgb", lambda rows: Panel(_pictures_title("Picture of the clip", rows), _scaled(rows))),
        ("if", lambda rows: Panel(_pictures_title("I-frames", rows), _scaled(rows))),
        ("md", _motion_panel),
        ("rgbr", _residual_panel),
        ("mel", _mel_panel),
    ):
        if name in clip.arrays:
            panels.append(panel(clip[name]))
    return drawn(title, panels)


def _pictures_title(name: str, rows: NDArray[np.generic]) -> str:
    """Name of a panel, and how many of its pictures are there."""
    if not len(rows):
        return f"{name}: none in this clip"
    shown = min(len(rows), _MAX_PICTURES)
    return name if shown == len(rows) else f"{name}: {shown} of {len(rows)}"


def _spread(rows: NDArray[np.generic]) -> NDArray[np.generic]:
    """At most _MAX_PICTURES of the rows, evenly spaced."""
    count = min(len(rows), _MAX_PICTURES)
    return rows[[(2 * i + 1) * len(rows) // (2 * count) for i in range(count)]]


def _scaled(rows: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    return [_at_row_height(picture) for picture in _spread(rows)]


def _motion_panel(motion: NDArray[np.floating]) -> Panel:
    title = _pictures_title("Motion, from P-frames", motion)
    if not len(motion):
        return Panel(title, [])
    speed = np.hypot(motion[..., 0].astype(np.float32), motion[..., 1].astype(np.float32))
    full = max(float(np.quantile(speed, _MOST)), _LEAST_SPEED)
    chosen = _spread(motion)
    return Panel(
        title,
        [_at_row_height(motion_colours(field, full)) for field in chosen],
        arrows=[field.astype(np.float32) / full for field in chosen],
        legend=_wheel(),
        legend_text=f"full colour and longest arrows: {full:.1f} pixels a frame or more",
    )


def _wheel() -> NDArray[np.uint8]:
    """uint8 [64, 64, 3]: the colour of each direction, as seen from the middle."""
    axis = np.linspace(-1.05, 1.05, 64, dtype=np.float32)
    y, x = np.meshgrid(axis, axis, indexing="ij")
    colours = motion_colours(np.stack([x, y], axis=-1), 1.0)
    colours[np.hypot(x, y) > 1] = 255
    return colours


def _residual_panel(residual: NDArray[np.int8]) -> Panel:
    title = _pictures_title("Residuals, from P-frames", residual)
    if not len(residual):
        return Panel(title, [])
    chosen = _spread(residual).astype(np.float32)
    # most of a residual is 0: the scale follows what is not
    size = np.abs(chosen)
    seen = size[size > 0]
    full = max(float(np.quantile(seen, _MOST)), _LEAST_RESIDUAL) if len(seen) else _LEAST_RESIDUAL
    grey = (128 + chosen * (127 / full)).clip(0, 255).astype(np.uint8)
    return Panel(
        title,
        [_at_row_height(picture) for picture in grey],
        legend=np.repeat(np.linspace(0, 255, 64).astype(np.uint8)[None, :, None], 10, 0).repeat(
            3, axis=2
        ),
        legend_text=f"-{full:.0f} to +{full:.0f} grey levels",
    )


def _mel_panel(mel: NDArray[np.float32]) -> Panel:
    """Panel of [n, 40, 200], n = 0 or 1."""
    if not len(mel):
        return Panel("Log-mel spectrogram: no sound in this clip", [])
    # log of the offset that `features.mel` adds: silence
    low = float(np.log(0.01))
    high = max(float(mel.max()), 0.0)
    # loud is dark, on a light ground
    grey = 255 - ((mel[0, ::-1] - low) / (high - low) * 255).clip(0, 255).astype(np.uint8)
    enlarged = np.repeat(np.repeat(grey, 3, axis=0), 3, axis=1)
    return Panel(
        "Log-mel spectrogram of two clips' time, centred on this clip: 40 bands, low at the bottom",
        [np.repeat(enlarged[..., None], 3, axis=2)],
        marks=(0.25, 0.75),
        legend_text="dark: loud. Between the lines: this clip",
    )


def _at_row_height(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Nearest-pixel scaling to the height of a row: cells of motion stay visible as cells."""
    height, width = picture.shape[:2]
    scaled_width = max(1, round(width * _ROW / height))
    y = np.arange(_ROW) * height // _ROW
    x = np.arange(scaled_width) * width // scaled_width
    return picture[y[:, None], x[None, :]]


def render_file(features: Path, clip: int, target: Path) -> Path:
    """Draw one clip of a feature file of either format.

    Returns:
        `target`, a PNG.

    Raises:
        FeatureFileError: the file has no such clip.
        OutputError: the picture cannot be written.
    """
    found = next((one for one in read_features(features).clips() if one.clip == clip), None)
    if found is None:
        raise FeatureFileError(
            f"{features} has no clip {clip}",
            code="clip-missing",
            hint="clips count from 0",
        )
    png = io.BytesIO()
    Image.fromarray(render(found)).save(png, format="png")
    try:
        write_whole(target, marked_png(png.getvalue()))
    except OSError as error:
        raise not_written(target, error) from error
    return target
