"""Files that scsampler makes are known by their mark."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from scsampler_cli.artifacts.contact_sheet import Cell, contact_sheet
from scsampler_cli.files.marks import MARK, is_marked, marked_png
from scsampler_cli.output.pages.document import document


def test_a_marked_png_is_the_same_picture() -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (20, 30, 3), np.uint8)
    plain = io.BytesIO()
    Image.fromarray(pixels).save(plain, "PNG")
    with Image.open(io.BytesIO(marked_png(plain.getvalue()))) as picture:
        assert np.array_equal(np.asarray(picture), pixels)
        assert picture.info["Comment"] == MARK  # type: ignore[attr-defined]


def test_pages_and_sheets_have_the_mark_and_other_files_have_not(tmp_path: Path) -> None:
    made = {
        "page": document("t", "<p>", "video_page.js").encode(),
        "sheet": contact_sheet("t", [Cell(None, ("a",))]),
    }
    for name, data in {**made, "other": b"<html>" * 1000, "empty": b""}.items():
        (tmp_path / name).write_bytes(data)
        assert is_marked(tmp_path / name) == (name in made)
    assert not is_marked(tmp_path / "missing")
    assert not is_marked(tmp_path)
