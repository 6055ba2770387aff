"""Footage of none of the classes: where it comes from, and what it must not be."""

from pathlib import Path

import pytest

from scsampler_cli.config import BACKGROUND
from scsampler_cli.datasets.example import labels_of
from scsampler_cli.datasets.read_list import read
from scsampler_cli.errors import InputError
from tests.datasets.making import found, problems, touch, write


@pytest.fixture
def classes(tmp_path: Path) -> Path:
    """Two classes of two videos, in one folder each."""
    touch(tmp_path / "clips", [f"{label}/{i}.mp4" for label in "yz" for i in range(2)])
    return tmp_path / "clips"


def test_a_folder_gives_all_videos_in_it_and_every_fifth_is_for_validation(
    tmp_path: Path, classes: Path
) -> None:
    touch(tmp_path / "other", ["a.mp4", "b.mkv", "deep/c.mp4", "d.mp4", "e.mp4", "notes.txt"])
    listing = read(classes, background=[tmp_path / "other"])
    extra = [row for row in found(listing, tmp_path) if row[1] == BACKGROUND]
    assert [name for name, _, _ in extra] == [
        f"other/{name}" for name in ("a.mp4", "b.mkv", "d.mp4", "e.mp4", "deep/c.mp4")
    ]
    assert [split for _, _, split in extra] == ["train"] * 4 + ["val"]
    assert listing.background
    assert labels_of(listing.examples, True) == ["y", "z", BACKGROUND]


def test_lists_files_and_several_of_them(tmp_path: Path, classes: Path) -> None:
    table = write(
        tmp_path / "b.csv",
        "path,label,split,group\nb0.mp4,ignored,val,g\nb1.mp4,,,g\nnone.mp4,,,\n",
        ["b0.mp4", "b1.mp4"],
    )
    text = write(tmp_path / "b.txt", "c0.mp4\n\nc 1.mp4\n", ["c0.mp4", "c 1.mp4"])
    # a file that is named is checked at once, and must not be empty
    (tmp_path / "single.mp4").write_bytes(b"0")
    listing = read(classes, background=[table, text, tmp_path / "single.mp4"])
    extra = [(name, side) for name, label, side in found(listing, tmp_path) if label == BACKGROUND]
    assert extra == [
        ("b0.mp4", "val"),
        ("b1.mp4", "val"),
        ("c0.mp4", "train"),
        ("c 1.mp4", "train"),
        ("single.mp4", "train"),
    ]
    assert problems(listing) == [f"b.csv:4: no such file: {tmp_path}/none.mp4"]


def test_rows_without_a_label_are_background_in_training_alone(tmp_path: Path) -> None:
    path = write(tmp_path / "l.csv", "path,label\na.mp4,x\nb.mp4,\n", ["a.mp4", "b.mp4"])
    listing = read(path)
    assert found(listing, tmp_path) == [("a.mp4", "x", "train"), ("b.mp4", BACKGROUND, "train")]
    assert listing.background
    assert listing.notes == ("rows without a label: 1, taken as background",)
    assert labels_of(listing.examples, True) == ["x", BACKGROUND]
    measured = read(path, learnt=False)
    assert not measured.background
    assert problems(measured) == ["l.csv:3: label is empty"]


def test_a_class_of_that_name_next_to_background_is_refused(tmp_path: Path) -> None:
    touch(tmp_path, [f"clips/{label}/0.mp4" for label in ("x", BACKGROUND)])
    touch(tmp_path, ["other/0.mp4"])
    with pytest.raises(InputError) as caught:
        read(tmp_path / "clips", background=[tmp_path / "other"])
    assert caught.value.code == "background-label"
    alone = read(tmp_path / "clips")
    assert not alone.background
    assert "a class like the others" in alone.notes[0]


def test_background_of_which_nothing_is_left_is_refused(tmp_path: Path, classes: Path) -> None:
    with pytest.raises(InputError, match="listed before") as caught:
        read(classes, background=[classes / "y"])
    assert caught.value.code == "no-usable-videos"
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no video in it"):
        read(classes, background=[tmp_path / "empty"])
    with pytest.raises(InputError, match="nowhere"):
        read(classes, background=[tmp_path / "nowhere"])
    write(tmp_path / "gone.csv", "path\ngone.mp4\n", [])
    with pytest.raises(InputError, match=r"gone\.mp4") as caught:
        read(classes, background=[tmp_path / "gone.csv"])
    assert caught.value.code == "no-usable-videos"


def test_background_that_is_for_validation_alone_is_refused(tmp_path: Path, classes: Path) -> None:
    held_out = write(tmp_path / "val.csv", "path,split\nv.mp4,val\n", ["v.mp4"])
    with pytest.raises(InputError, match="no training video") as caught:
        read(classes, background=[held_out])
    assert caught.value.code == "no-usable-videos"
    # rows of a test split are videos, which neither training nor validation may use
    tests = write(tmp_path / "test.csv", "path,split\nt.mp4,test\n", ["t.mp4"])
    write(tmp_path / "b.txt", "b.mp4\n", ["b.mp4"])
    listing = read(classes, background=[tests, tmp_path / "b.txt"])
    assert listing.background
    assert "test split: 1 left out" in listing.notes
