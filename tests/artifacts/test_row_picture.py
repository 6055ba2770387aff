"""The small picture of a video in the index: beside its page, and never over another's file."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scsampler_cli.artifacts.artifact_paths import relative_link, row_picture
from scsampler_cli.artifacts.row_picture import write_row_picture
from scsampler_cli.files.marks import is_marked


def jpeg(width: int, height: int) -> bytes:
    data = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8)
    Image.fromarray(pixels).save(data, "JPEG")
    return data.getvalue()


@pytest.mark.parametrize("size", [(256, 144), (48, 144), (432, 144), (16, 16)])
def test_it_is_small_and_marked(tmp_path: Path, size: tuple[int, int]) -> None:
    page = tmp_path / "v.mp4.html"
    assert write_row_picture(page, jpeg(*size)) == ""
    written = tmp_path / "v.mp4.html.jpg"
    assert is_marked(written)
    # noise compresses worst
    assert written.stat().st_size < 16_000
    with Image.open(written) as picture:
        assert picture.width <= 192
        assert picture.height <= 120
        assert picture.width / picture.height == pytest.approx(size[0] / size[1], rel=0.05)


def test_a_picture_of_an_earlier_run_is_replaced_or_removed(tmp_path: Path) -> None:
    page = tmp_path / "v.html"
    write_row_picture(page, jpeg(100, 60))
    assert write_row_picture(page, jpeg(30, 60)) == ""
    with Image.open(row_picture(page)) as picture:
        assert picture.size == (30, 60)
    assert write_row_picture(page, None) == ""
    assert not row_picture(page).exists()
    assert write_row_picture(page, None) == ""


def test_a_file_of_somebody_else_and_a_link_stay(tmp_path: Path) -> None:
    page, other = tmp_path / "v.html", tmp_path / "other.jpg"
    row_picture(page).write_bytes(b"a photograph")
    note = f"no picture in the index: {row_picture(page)} was not made by scsampler"
    assert write_row_picture(page, jpeg(9, 9)) == note
    assert write_row_picture(page, None) == note
    assert row_picture(page).read_bytes() == b"a photograph"
    row_picture(page).unlink()
    row_picture(page).symlink_to(other)
    assert write_row_picture(page, jpeg(9, 9)) == note
    assert not other.exists()


def test_a_picture_that_cannot_be_written_is_a_note(tmp_path: Path) -> None:
    page = tmp_path / "nowhere" / "v.html"
    note = write_row_picture(page, jpeg(9, 9))
    assert note.startswith(f"no picture in the index: cannot write {page}.jpg: No such file")


def test_the_longest_name_has_a_picture(tmp_path: Path) -> None:
    page = tmp_path / ("v" * 250 + ".html")
    assert write_row_picture(page, jpeg(9, 9)) == ""
    assert row_picture(page).is_file()


def test_links_to_any_name_from_any_folder(tmp_path: Path) -> None:
    page = tmp_path / "a" / "pages" / "p.html"
    for name, quoted in (
        ("x y#?%.mp4", "x%20y%23%3F%25.mp4"),
        ("n\udcff.mp4", "n%FF.mp4"),
        ("\"'<>.mp4", "%22%27%3C%3E.mp4"),
    ):
        assert relative_link(tmp_path / "b" / name, page) == f"../../b/{quoted}"
