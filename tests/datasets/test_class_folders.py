"""Folders of videos: labels, splits, links."""

import os
from pathlib import Path

import pytest

from scsampler_cli.datasets.read_list import read
from scsampler_cli.errors import InputError
from tests.datasets.making import found, problems, touch


def test_the_label_is_the_folder_and_only_videos_count(tmp_path: Path) -> None:
    touch(
        tmp_path,
        [
            "b/y.mp4",
            "a/x.MKV",
            "a/deep/z.avi",
            "a/notes.txt",
            "a/.hidden.mp4",
            "a/.git/w.mp4",
            ".trash/v.mp4",
        ],
    )
    listing = read(tmp_path)
    assert found(listing, tmp_path) == [
        ("a/x.MKV", "a", "train"),
        ("a/deep/z.avi", "a", "train"),
        ("b/y.mp4", "b", "train"),
    ]
    assert (listing.problems, listing.split_given) == ([], False)
    assert listing.notes == (
        f"{tmp_path}: hidden folders left out: .trash",
        f"{tmp_path}/a: hidden files left out: .hidden.mp4",
        f"{tmp_path}/a: hidden folders left out: .git",
    )
    assert listing.examples[0].line == 0


def test_every_fifth_is_for_validation(tmp_path: Path) -> None:
    touch(tmp_path, [f"{label}/{i}.mp4" for label in "ab" for i in range(6)])
    assert [
        str(e.path.relative_to(tmp_path)) for e in read(tmp_path).examples if e.split == "val"
    ] == [
        "a/4.mp4",
        "b/4.mp4",
    ]


@pytest.mark.parametrize("name", ["val", "valid", "validation", "Val"])
def test_folders_for_the_splits(tmp_path: Path, name: str) -> None:
    touch(tmp_path, ["train/a/x.mp4", f"{name}/a/y.mp4", "test/a/z.mp4"])
    listing = read(tmp_path)
    assert sorted(found(listing, tmp_path)) == sorted(
        [("train/a/x.mp4", "a", "train"), (f"{name}/a/y.mp4", "a", "val")]
    )
    assert listing.notes == ("test split: the folder test is left out",)
    assert listing.split_given


def test_without_a_folder_for_validation_some_are_taken_from_train(tmp_path: Path) -> None:
    touch(tmp_path, [f"train/a/{i}.mp4" for i in range(5)] + ["test/a/5.mp4"])
    listing = read(tmp_path)
    assert [e.split for e in listing.examples] == ["train"] * 4 + ["val"]
    assert not listing.split_given


def test_a_class_may_be_called_train(tmp_path: Path) -> None:
    touch(tmp_path, ["train/x.mp4", "bus/y.mp4"])
    assert found(read(tmp_path), tmp_path) == [
        ("bus/y.mp4", "bus", "train"),
        ("train/x.mp4", "train", "train"),
    ]


def test_a_folder_beside_train_and_val_is_said(tmp_path: Path) -> None:
    touch(tmp_path, ["train/a/x.mp4", "val/a/y.mp4", "annotations/a/z.mp4"])
    listing = read(tmp_path)
    assert len(listing.examples) == 2
    assert problems(listing) == [f"{tmp_path.name}: annotations: neither train nor val"]


def test_empty_labels_and_videos_without_a_label_are_said(tmp_path: Path) -> None:
    touch(tmp_path, ["a/x.mp4", "loose.mp4", "readme.txt"])
    (tmp_path / "b").mkdir()
    listing = read(tmp_path)
    assert problems(listing) == [f"{tmp_path.name}: {tmp_path}/b: no video in this folder"]
    assert listing.notes == ("videos beside the folders of the labels: 1 left out",)


@pytest.mark.parametrize("names", [[], ["x.mp4"], [".hidden/x.mp4"]])
def test_a_folder_without_labels_is_refused(tmp_path: Path, names: list[str]) -> None:
    touch(tmp_path, names)
    with pytest.raises(InputError, match="no folder of videos") as caught:
        read(tmp_path)
    assert caught.value.hint


def test_links_that_lead_back_neither_hang_nor_count_twice(tmp_path: Path) -> None:
    touch(tmp_path, ["a/x.mp4", "a/y.mp4"])
    (tmp_path / "up").symlink_to("..")
    (tmp_path / "here").symlink_to(".")
    (tmp_path / "self").symlink_to("self")
    (tmp_path / "same").symlink_to("a")
    (tmp_path / "a" / "loop").symlink_to("../a")
    listing = read(tmp_path)
    assert found(listing, tmp_path) == [("a/x.mp4", "a", "train"), ("a/y.mp4", "a", "train")]
    assert [problem.what for problem in listing.problems] == [
        f"{tmp_path}/here: the same folder as {os.path.realpath(tmp_path)}",
        f"{tmp_path}/same: the same folder as {tmp_path}/a",
        f"{tmp_path}/up: the same folder as {os.path.realpath(tmp_path.parent)}",
    ]


def test_links_to_other_folders_and_files_are_followed(tmp_path: Path) -> None:
    touch(tmp_path, ["elsewhere/x.mp4", "set/b/y.mp4"])
    (tmp_path / "set" / "a").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "set" / "b" / "gone.mp4").symlink_to("nowhere.mp4")
    listing = read(tmp_path / "set")
    assert found(listing, tmp_path / "set") == [
        ("a/x.mp4", "a", "train"),
        ("b/y.mp4", "b", "train"),
    ]
    assert problems(listing) == [f"set: no such file: {tmp_path}/set/b/gone.mp4"]


def test_names_that_are_not_utf_8_do_for_videos_but_not_for_labels(tmp_path: Path) -> None:
    touch(tmp_path, [os.fsdecode(b"a/\xff.mp4"), os.fsdecode(b"\xff/x.mp4")])
    listing = read(tmp_path)
    assert [os.fsencode(e.path.name) for e in listing.examples] == [b"\xff.mp4"]
    assert [problem.what.split(": ")[1] for problem in listing.problems] == [
        "a label must be UTF-8"
    ]


def test_a_folder_that_may_not_be_read_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(tmp_path, ["a/x.mp4", "b/y.mp4"])
    scandir = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("b"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    listing = read(tmp_path)
    assert len(listing.examples) == 1
    assert "Permission denied" in str(listing.problems[0])
    assert len(listing.problems) == 1


def test_a_video_counts_once_and_under_its_own_label(tmp_path: Path) -> None:
    touch(tmp_path, ["set/b/x.mp4", "set/b/deep/y.mp4", "set/a/z.mp4", "elsewhere/w.mp4"])
    (tmp_path / "set" / "a" / "all").symlink_to("../b")
    (tmp_path / "set" / "a" / "deep").symlink_to("../b/deep")
    (tmp_path / "set" / "a" / "x.mp4").symlink_to("../b/x.mp4")
    (tmp_path / "set" / "a" / "more").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "set" / "b" / "again.mp4").symlink_to(tmp_path / "elsewhere" / "w.mp4")
    listing = read(tmp_path / "set")
    assert found(listing, tmp_path / "set") == [
        ("a/z.mp4", "a", "train"),
        ("a/more/w.mp4", "a", "train"),
        ("b/x.mp4", "b", "train"),
        ("b/deep/y.mp4", "b", "train"),
    ]
    root = tmp_path / "set"
    assert listing.notes == (
        f"{root}/a: links to other folders of the data set left out: all, deep",
    )
    assert problems(listing) == [
        f"set: {root}/a/x.mp4 is the same file as {root}/b/x.mp4",
        f"set: {root}/b/again.mp4 is the same file as {root}/a/more/w.mp4",
    ]


def test_a_list_counts_a_file_once_whatever_links_lead_to_it(tmp_path: Path) -> None:
    touch(tmp_path, ["x.mp4", "sub/y.mp4"])
    (tmp_path / "link.mp4").symlink_to("x.mp4")
    (tmp_path / "other").symlink_to("sub")
    path = tmp_path / "data.csv"
    path.write_text(
        "path,label,split\nlink.mp4,a,train\nsub/y.mp4,a,train\nx.mp4,a,val\nother/y.mp4,a,val\n"
    )
    assert problems(read(path, learnt=False)) == [
        f"data.csv:2: {tmp_path}/link.mp4 is the same file as {tmp_path}/x.mp4",
        f"data.csv:5: {tmp_path}/other/y.mp4 is the same file as {tmp_path}/sub/y.mp4",
    ]
