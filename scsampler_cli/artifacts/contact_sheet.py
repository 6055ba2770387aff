"""A contact sheet: the selected clips of a video in one picture, with time, label and saliency.

The font is DejaVu Sans, which comes with matplotlib and has more scripts than Pillow's own font.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib import get_data_path
from PIL import Image, ImageDraw, ImageFont

from scsampler_cli.files.marks import MARK
from scsampler_cli.text import printable

COLUMNS = 5
"""Columns of pictures: ten clips are two rows."""
# width and height of a picture's place, pixels
_CELL = 192, 144
# pixels between pictures, of a line of text, and of the title
_GAP, _LINE, _TITLE = 12, 16, 30
# sizes of text, pixels
_SMALL, _LARGE = 12, 16
_PAPER, _INK, _SOFT, _EMPTY = "#ffffff", "#16181d", "#5b6270", "#e4e7ec"
_QUALITY = 90


@dataclass(frozen=True)
class Cell:
    """A clip on a sheet."""

    picture: bytes | None
    """JPEG; None where there is none."""
    lines: tuple[str, ...]
    """Text below the picture, the first line darker."""


def contact_sheet(title: str, cells: Sequence[Cell]) -> bytes:
    """A JPEG of the cells, row by row; the same cells give the same bytes."""
    columns = min(COLUMNS, max(1, len(cells)))
    # rounded up
    rows = -(-len(cells) // columns)
    text_height = _LINE * max((len(cell.lines) for cell in cells), default=0)
    # distance from one cell to the next, horizontally and vertically
    step = _CELL[0] + _GAP, _CELL[1] + text_height + _GAP
    sheet = Image.new("RGB", (_GAP + columns * step[0], _GAP + _TITLE + rows * step[1]), _PAPER)
    pen = ImageDraw.Draw(sheet)
    letters = Path(get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")
    small, large = ImageFont.truetype(letters, _SMALL), ImageFont.truetype(letters, _LARGE)
    pen.text((_GAP, _GAP), _fitting(pen, title, large, width=sheet.width - 2 * _GAP), _INK, large)
    for number, cell in enumerate(cells):
        left, top = _GAP + number % columns * step[0], _GAP + _TITLE + number // columns * step[1]
        _place(sheet, cell.picture, left, top=top)
        for count, line in enumerate(cell.lines):
            at = left, top + _CELL[1] + 3 + count * _LINE
            pen.text(
                at, _fitting(pen, line, small, width=_CELL[0]), _SOFT if count else _INK, small
            )
    data = io.BytesIO()
    sheet.save(data, "JPEG", quality=_QUALITY, comment=MARK)
    return data.getvalue()


def _place(sheet: Image.Image, picture: bytes | None, left: int, *, top: int) -> None:
    """Paste a picture into the middle of its cell."""
    sheet.paste(_EMPTY, (left, top, left + _CELL[0], top + _CELL[1]))
    if picture is None:
        return
    with Image.open(io.BytesIO(picture)) as image:
        image.thumbnail(_CELL)
        sheet.paste(
            image, (left + (_CELL[0] - image.width) // 2, top + (_CELL[1] - image.height) // 2)
        )


def _fitting(
    pen: ImageDraw.ImageDraw, text: str, font: ImageFont.FreeTypeFont, *, width: int
) -> str:
    """The beginning of a text that fits into a width in pixels, in characters that can be drawn."""
    # halves of surrogate pairs stand for undecodable bytes of file names; Pillow refuses them
    text = printable(text).encode("utf-8", "replace").decode()
    if pen.textlength(text, font) <= width:
        return text
    while text and pen.textlength(f"{text}...", font) > width:
        text = text[:-1]
    return f"{text}..."
