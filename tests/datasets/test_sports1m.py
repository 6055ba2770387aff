"""Lists of Sports-1M: addresses, labels by number, the list for validation."""

from pathlib import Path

import pytest

from scsampler_cli.datasets.read_list import read
from tests.datasets.making import found, problems, touch, write

WATCH = "https://www.youtube.com/watch?v="


@pytest.mark.parametrize(
    "address",
    [
        f"{WATCH}UDqivjS-lpI",
        "http://youtube.com/watch?a=b&v=UDqivjS-lpI&t=9",
        "https://youtu.be/UDqivjS-lpI",
        "UDqivjS-lpI",
    ],
)
def test_addresses_and_bare_ids(tmp_path: Path, address: str) -> None:
    listing = read(write(tmp_path / "list.txt", f"{address} 12\r\n", ["UDqivjS-lpI.mp4"]))
    assert found(listing, tmp_path) == [("UDqivjS-lpI.mp4", "12", "train")]


def test_the_first_label_is_used_and_named(tmp_path: Path) -> None:
    touch(tmp_path, ["videos/x.webm", "videos/polo/y.mp4"])
    write(tmp_path / "labels.txt", "boomerang\npolo\n")
    text = f"{WATCH}x 0,1\n{WATCH}y 1, 0\n{WATCH}z 1\n{WATCH}w 2\n"
    listing = read(write(tmp_path / "train_partition.txt", text), root=tmp_path / "videos")
    assert found(listing, tmp_path / "videos") == [
        ("x.webm", "boomerang", "train"),
        ("polo/y.mp4", "polo", "train"),
    ]
    assert listing.notes == ("videos with several labels: 2; the first label is used",)
    assert problems(listing) == [
        f"train_partition.txt:3: no such file: {tmp_path}/videos/z.*",
        "train_partition.txt:4: label 2 is not in labels.txt",
    ]


def test_as_published_the_names_lie_one_folder_above(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(tmp_path, ["original/x.mp4"])
    write(tmp_path / "labels.txt", "boomerang\n")
    write(tmp_path / "original" / "train_partition.txt", f"{WATCH}x 0\n")
    monkeypatch.chdir(tmp_path / "original")
    assert [e.label for e in read(Path("train_partition.txt")).examples] == ["boomerang"]


def test_the_test_partition_is_used_for_validation(tmp_path: Path) -> None:
    write(tmp_path / "test_partition.txt", f"{WATCH}y 1\n{WATCH}x 1\n", ["x.mp4", "y.mp4"])
    listing = read(write(tmp_path / "train_partition.txt", f"{WATCH}x 1\n"))
    assert found(listing, tmp_path) == [("x.mp4", "1", "train"), ("y.mp4", "1", "val")]
    assert listing.notes == ("test_partition.txt is used for validation",)
    assert problems(listing) == ["test_partition.txt:2: listed before in train_partition.txt:1"]


def test_without_it_every_fifth_is(tmp_path: Path) -> None:
    text = "".join(f"{WATCH}v{i} 7\n" for i in range(5))
    listing = read(write(tmp_path / "all_urls.txt", text, [f"v{i}.mp4" for i in range(5)]))
    assert [e.split for e in listing.examples] == ["train"] * 4 + ["val"]


def test_bad_lines_are_said(tmp_path: Path) -> None:
    lines = [
        f"{WATCH}x 1",
        f"{WATCH}x",
        f"{WATCH}x one",
        "https://vimeo.com/7 1",
        f"{WATCH}x 1,",
        f"{WATCH}x {'9' * 5000}",
    ]
    listing = read(write(tmp_path / "list.txt", "\n".join(lines), ["x.mp4"]))
    assert [problem.line for problem in listing.problems] == [2, 3, 4, 5, 6]
    assert problems(listing)[0] == f"list.txt:2: not of the form '{WATCH}ID 12,13': '{WATCH}x'"
