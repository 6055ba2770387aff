"""Lists of Kinetics: where files are looked for, and which list goes with which."""

import os
from pathlib import Path

import pytest

from scsampler_cli.datasets.read_list import read
from scsampler_cli.errors import InputError
from tests.datasets.making import found, problems, touch, write

HEADER = "label,youtube_id,time_start,time_end,split,is_cc\n"


def row(video: str, split: str = "train", label: str = "high kick") -> str:
    return f"{label},{video},8,18,{split},0\n"


@pytest.mark.parametrize(
    "name",
    [
        "high kick/x_000008_000018.mp4",
        "train/high kick/x_000008_000018.webm",
        "train/x_000008_000018.mkv",
        "x_000008_000018.mp4",
        "x.MP4",
    ],
)
def test_files_are_found_where_downloads_put_them(tmp_path: Path, name: str) -> None:
    listing = read(write(tmp_path / "k.csv", HEADER + row("x"), [name]))
    assert found(listing, tmp_path) == [(name, "high kick", "train")]


def test_the_first_place_and_the_first_suffix_win(tmp_path: Path) -> None:
    names = [f"high kick/x_000008_000018.{suffix}" for suffix in ("webm", "txt", "mkv", "mp4.part")]
    listing = read(write(tmp_path / "k.csv", HEADER + row("x"), [*names, "x.mp4"]))
    assert found(listing, tmp_path) == [("high kick/x_000008_000018.mkv", "high kick", "train")]


@pytest.mark.parametrize("folder", ["val", "validate"])
def test_the_root_may_be_elsewhere_and_splits_have_several_names(
    tmp_path: Path, folder: str
) -> None:
    touch(
        tmp_path,
        [f"videos/{folder}/high kick/x_000008_000018.mp4", "videos/train/y_000008_000018.mp4"],
    )
    text = HEADER + row("x", "validate") + row("y") + row("z", "test")
    listing = read(write(tmp_path / "k.csv", text), root=tmp_path / "videos")
    assert [e.split for e in listing.examples] == ["val", "train"]
    assert listing.notes == ("test split: 1 left out",)


def test_what_is_missing_or_wrong_is_said_with_its_line(tmp_path: Path) -> None:
    bad = (
        "a,x,ten,18,train,0\na,x,inf,18,train,0\n,x,8,18,train,0\n"
        "a,,8,18,train,0\na,x,8,18,dev,0\na,x,8\n"
    )
    again = row("y") + row("y", label="b") + row("y")
    listing = read(write(tmp_path / "k.csv", HEADER + row("x") + bad + again, ["y.mp4"]))
    assert problems(listing) == [
        f"k.csv:2: no such file: {tmp_path}/high kick/x_000008_000018.*",
        "k.csv:3: time_start 'ten' or time_end '18' is not a number",
        "k.csv:4: time_start 'inf' or time_end '18' is not a number",
        "k.csv:5: label or youtube_id is empty",
        "k.csv:6: label or youtube_id is empty",
        "k.csv:7: split 'dev' is neither train nor val",
        "k.csv:8: columns: 3 instead of 6",
        "k.csv:10: listed before in line 9 with the label 'high kick'",
        "k.csv:11: listed before in line 9",
    ]
    assert len(listing.examples) == 1


@pytest.mark.parametrize(
    ("train", "val"),
    [
        ("train.csv", "val.csv"),
        ("train.csv", "validate.csv"),
        ("kinetics_train.csv", "kinetics_val.csv"),
    ],
)
def test_a_list_of_training_videos_brings_its_partner(tmp_path: Path, train: str, val: str) -> None:
    write(tmp_path / val, HEADER + row("y", "val") + row("gone", "val"), ["x.mp4", "y.mp4"])
    listing = read(write(tmp_path / train, HEADER + row("x")))
    assert found(listing, tmp_path) == [
        ("x.mp4", "high kick", "train"),
        ("y.mp4", "high kick", "val"),
    ]
    assert [(problem.source, problem.line) for problem in listing.problems] == [(val, 3)]
    assert listing.split_given
    alone = read(tmp_path / val)
    assert found(alone, tmp_path) == [("y.mp4", "high kick", "val")]


def test_without_a_split_column_the_names_of_the_files_tell(tmp_path: Path) -> None:
    header = "label,youtube_id,time_start,time_end\n"
    write(tmp_path / "val.csv", f"{header}a,y,0,9\n", ["x.mp4", "y.mp4"])
    listing = read(write(tmp_path / "train.csv", f"{header}a,x,0,9\n"))
    assert found(listing, tmp_path) == [("x.mp4", "a", "train"), ("y.mp4", "a", "val")]


def test_a_list_with_both_splits_stands_alone(tmp_path: Path) -> None:
    write(tmp_path / "val.csv", HEADER + row("z", "val"), ["x.mp4", "y.mp4", "z.mp4"])
    listing = read(write(tmp_path / "train.csv", HEADER + row("x") + row("y", "val")))
    assert [e.path.name for e in listing.examples] == ["x.mp4", "y.mp4"]


def test_a_video_of_both_lists_stays_in_the_first(tmp_path: Path) -> None:
    write(tmp_path / "val.csv", HEADER + row("x", "val"), ["x.mp4"])
    listing = read(write(tmp_path / "train.csv", HEADER + row("x")))
    assert problems(listing) == ["val.csv:2: listed before in train.csv:2"]


def test_a_missing_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no column label$"):
        read(write(tmp_path / "test.csv", "youtube_id,time_start,time_end,split\nx,0,9,test\n"))


def test_each_folder_is_listed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    videos = [f"l{i % 7}/v{i}_000008_000018.mp4" for i in range(700)]
    text = HEADER + "".join(row(f"v{i}", label=f"l{i % 9}") for i in range(900))
    path = write(tmp_path / "k.csv", text, videos)
    listed: list[str] = []
    listdir = os.listdir
    monkeypatch.setattr(os, "listdir", lambda folder: listed.append(folder) or listdir(folder))  # type: ignore[func-returns-value]
    listing = read(path)
    assert sorted(listed) == sorted([str(tmp_path), *(f"{tmp_path}/l{i}" for i in range(7))])
    assert len(listing.examples) + len(listing.problems) == 900
