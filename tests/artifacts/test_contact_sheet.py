"""Contact sheets: a place for each clip, whatever its name and picture."""

import io

import numpy as np
import pytest
from PIL import Image

from scsampler_cli.artifacts.contact_sheet import Cell, contact_sheet


def jpeg(colour: tuple[int, int, int], size: tuple[int, int] = (192, 144)) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", size, colour).save(data, "JPEG")
    return data.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


def test_each_clip_has_its_place_with_text_below() -> None:
    cells = [Cell(jpeg((20 * i, 0, 255 - 20 * i)), ("0:01", "spinning 90%")) for i in range(7)]
    sheet = opened(contact_sheet("v.mp4", cells))
    width, top = (sheet.width - 12) / 5, 12 + 30
    tall = (sheet.height - top) / 2
    for i in range(7):
        column, row = i % 5, i // 5
        seen = sheet.getpixel((round(12 + column * width + 96), round(top + row * tall + 72)))
        assert np.abs(np.subtract(seen, (20 * i, 0, 255 - 20 * i))).max() < 12
    below = np.asarray(sheet)[top + 144 : top + 144 + 32, 12:200]
    assert below.min() < 100, "there is text"
    assert below.max() > 240


def test_pictures_of_any_shape_stay_in_their_place() -> None:
    cells = [Cell(jpeg((255, 0, 0), size), ()) for size in ((10, 300), (500, 20), (192, 144))]
    assert opened(contact_sheet("v", cells)).width == 12 + 3 * 204
    assert opened(contact_sheet("v", [Cell(None, ("not decoded",))])).width == 12 + 204
    assert opened(contact_sheet("nothing", [])).height > 0


@pytest.mark.parametrize("text", ["Ελληνικά 视频 فيديو ☃", "\udcff\x00\n\x1b[2J", "x" * 5000, ""])
def test_any_name_can_be_drawn(text: str) -> None:
    assert opened(contact_sheet(text, [Cell(jpeg((9, 9, 9)), (text, text))])).width == 12 + 204


def test_letters_beyond_ascii_are_drawn_and_not_replaced_by_boxes() -> None:
    shown = {word: contact_sheet(word, []) for word in ("é", "è", "Ω", "ж")}
    assert len(set(shown.values())) == len(shown)


def test_the_same_cells_give_the_same_bytes() -> None:
    cells = [Cell(jpeg((1, 2, 3)), ("a", "b"))]
    assert contact_sheet("v", cells) == contact_sheet("v", cells)
