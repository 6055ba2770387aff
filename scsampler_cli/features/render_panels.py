"""Panels of pictures with titles and legends, drawn on white."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

_GAP = 8
"""Pixels between pictures, and around panels."""
_TITLE, _TEXT = 18, 13
"""Sizes of text, pixels."""
_TITLE_HEIGHT, _TEXT_HEIGHT = 30, 22
"""Heights of lines, pixels."""
_LEGEND_WIDTH = 190
_LEAST_WIDTH = 640
_PAPER, _INK, _SOFT, _FRAME, _MARK = "#ffffff", "#16181d", "#5b6270", "#c4c9d2", "#d1242f"
_ARROW_PX = 20
"""Pixels between two arrows, and length of an arrow of full speed."""
# arrows of slower motion would be dots
_LEAST_ARROW = 0.1


@dataclass(frozen=True)
class Panel:
    """A row of pictures of one kind."""

    title: str
    pictures: Sequence[NDArray[np.uint8]]
    """uint8 [h, w, 3], all of one height; none: the title alone is drawn."""
    arrows: Sequence[NDArray[np.float32]] = ()
    """float32 [gh, gw, 2] for each picture: x right, y down; length 1 is full speed."""
    legend: NDArray[np.uint8] | None = None
    """uint8 [h, w, 3], to the right of the pictures."""
    legend_text: str = ""
    marks: Sequence[float] = field(default=())
    """Vertical lines, as shares of a picture's width."""

    @property
    def size(self) -> tuple[int, int]:
        """(height, width), pixels."""
        if not self.pictures:
            return _TEXT_HEIGHT + _GAP, 0
        width = sum(picture.shape[1] + _GAP for picture in self.pictures)
        return _TEXT_HEIGHT + self.pictures[0].shape[0] + 2 * _GAP, width


def drawn(title: str, panels: Sequence[Panel]) -> NDArray[np.uint8]:
    """uint8 [h, w, 3]: the panels one below the other, under a title."""
    pictures_width = max(panel.size[1] for panel in panels) if panels else 0
    width = max(2 * _GAP + pictures_width + _LEGEND_WIDTH, _LEAST_WIDTH)
    height = 2 * _GAP + _TITLE_HEIGHT + sum(panel.size[0] for panel in panels)
    sheet = Image.new("RGB", (width, height), _PAPER)
    pen = ImageDraw.Draw(sheet)
    # the font that comes with Pillow: the titles are plain ASCII
    pen.text((_GAP, _GAP), title, _INK, ImageFont.load_default(_TITLE))
    top = _GAP + _TITLE_HEIGHT
    for panel in panels:
        _draw(sheet, panel, top)
        top += panel.size[0]
    return np.asarray(sheet)


def _draw(sheet: Image.Image, panel: Panel, top: int) -> None:
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(_TEXT)
    pen.text((_GAP, top), panel.title, _INK if panel.pictures else _SOFT, font)
    left, top = _GAP, top + _TEXT_HEIGHT
    for number, picture in enumerate(panel.pictures):
        height, width = picture.shape[:2]
        sheet.paste(Image.fromarray(picture), (left, top))
        if panel.arrows:
            _draw_arrows(pen, panel.arrows[number], (left, top, width, height))
        for share in panel.marks:
            x = left + round(share * width)
            pen.line((x, top, x, top + height), _MARK, 2)
        # white pictures need an edge on white
        pen.rectangle((left - 1, top - 1, left + width, top + height), outline=_FRAME)
        left += width + _GAP
    # legends are one below the other
    left = sheet.width - _LEGEND_WIDTH
    if panel.legend is not None:
        sheet.paste(Image.fromarray(panel.legend), (left, top))
        top += panel.legend.shape[0] + 4
    if panel.legend_text and panel.pictures:
        # a width of text for a line: words are not broken
        for line in _lines(panel.legend_text, pen, font):
            pen.text((left, top), line, _SOFT, font)
            top += _TEXT_HEIGHT - 4


def _lines(
    text: str, pen: ImageDraw.ImageDraw, font: ImageFont.FreeTypeFont | ImageFont.ImageFont
) -> list[str]:
    """A text in lines that fit beside the pictures."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if pen.textlength(longer, font) <= _LEGEND_WIDTH - 2 * _GAP:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _draw_arrows(
    pen: ImageDraw.ImageDraw, motion: NDArray[np.float32], place: tuple[int, int, int, int]
) -> None:
    """Arrows at even distances over a picture.

    Args:
        pen: draws on the sheet.
        motion: float32 [gh, gw, 2].
        place: left, top, width and height of the picture.
    """
    left, top, width, height = place
    rows, columns = motion.shape[:2]
    for y in range(_ARROW_PX // 2, height, _ARROW_PX):
        for x in range(_ARROW_PX // 2, width, _ARROW_PX):
            dx, dy = motion[y * rows // height, x * columns // width].tolist()
            length = float(np.hypot(dx, dy))
            if length < _LEAST_ARROW:
                continue
            # an arrow does not reach over the next one
            factor = _ARROW_PX / 2 * min(1.0, 1 / length)
            start = left + x - dx * factor, top + y - dy * factor
            end = left + x + dx * factor, top + y + dy * factor
            pen.line((*start, *end), _INK, 1)
            # the head grows with the arrow
            size = 2 + 3 * min(1.0, length)
            for angle in (np.arctan2(dy, dx) + 2.6, np.arctan2(dy, dx) - 2.6):
                side = end[0] + size * float(np.cos(angle)), end[1] + size * float(np.sin(angle))
                pen.line((*end, *side), _INK, 1)
