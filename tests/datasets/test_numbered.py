"""Lists of a path and a class number (mmaction2, SlowFast, TSN, TSM), unlike those of UCF101."""

from pathlib import Path

import pytest

from scsampler_cli.datasets.read_list import read
from scsampler_cli.errors import InputError
from tests.datasets.making import found, problems, write

MIXED = (
    "part_0/a1.mp4 0\npart_0/a2.mp4 1\npart_0/a3.mp4 2\n"
    "part_1/b1.mp4 0\npart_1/b2.mp4 1\npart_1/b3.mp4 2\n"
)
VIDEOS = [
    "part_0/a1.mp4",
    "part_0/a2.mp4",
    "part_0/a3.mp4",
    "part_1/b1.mp4",
    "part_1/b2.mp4",
    "part_1/b3.mp4",
]


def labels(path: Path) -> list[str]:
    return [example.label for example in read(path).examples]


@pytest.mark.parametrize("name", ["train.txt", "train.lst", "train.csv"])
@pytest.mark.parametrize(
    "line",
    [
        "{} {}",
        "{}\t{}",
        "{},{}",
        "{} , {}",
        '"{}" {}',
        '"{}",{}',
        "'{}' {}",
        "{} 163 {}",
        '"{}",163,{}',
    ],
)
def test_the_numbers_are_the_classes_where_a_folder_has_several(
    tmp_path: Path, name: str, line: str
) -> None:
    rows = [row.split() for row in MIXED.splitlines()]
    path = write(tmp_path / name, "".join(line.format(*row) + "\n" for row in rows), VIDEOS)
    assert labels(path) == ["0", "1", "2", "0", "1", "2"]
    (note,) = read(path).notes
    assert "3 of them" in note
    assert note.startswith("the second number" if "163" in line else "the numbers are the classes")
    assert note.endswith("the folder part_0 has videos of several")


@pytest.mark.parametrize("name", ["my video.mp4", "a, b.mp4", "take 3 5.mp4", "it's.mp4"])
@pytest.mark.parametrize("line", ["{} 7", "{},7", '"{}" 7', '"{}",7'])
def test_names_may_have_blanks_commas_and_numbers(tmp_path: Path, name: str, line: str) -> None:
    path = write(tmp_path / "train.txt", line.format(name) + "\nother.mp4 8\n", [name, "other.mp4"])
    assert found(read(path), tmp_path) == [(name, "7", "train"), ("other.mp4", "8", "train")]


def test_absolute_paths_and_videos_without_a_folder(tmp_path: Path) -> None:
    path = write(tmp_path / "list.txt", f"{tmp_path}/x/a.mp4 0\nb.mp4 1\n", ["x/a.mp4", "b.mp4"])
    assert labels(path) == ["0", "1"]


def test_folders_that_agree_with_the_numbers_name_the_classes(tmp_path: Path) -> None:
    path = write(tmp_path / "list.txt", "run/a.mp4 0\njump/b.mp4 1\n", ["run/a.mp4", "jump/b.mp4"])
    assert labels(path) == ["run", "jump"]
    assert read(path).notes == ("the folders are the classes, each with a number of its own",)
    assert [example.label for example in read(path, "numbers").examples] == ["0", "1"]


def test_the_list_for_validation_counts_when_the_two_are_told_apart(tmp_path: Path) -> None:
    write(tmp_path / "val_list.txt", "run/c.mp4 1\n", ["run/c.mp4"])
    path = write(
        tmp_path / "train_list.txt", "run/a.mp4 0\njump/b.mp4 1\n", ["run/a.mp4", "jump/b.mp4"]
    )
    listing = read(path)
    assert found(listing, tmp_path) == [
        ("run/a.mp4", "0", "train"),
        ("jump/b.mp4", "1", "train"),
        ("run/c.mp4", "1", "val"),
    ]
    assert "val_list.txt is used for validation" in listing.notes


def test_one_number_for_several_folders_is_a_class(tmp_path: Path) -> None:
    path = write(
        tmp_path / "list.txt",
        "x/a.mp4 0\ny/b.mp4 0\nz/c.mp4 1\n",
        ["x/a.mp4", "y/b.mp4", "z/c.mp4"],
    )
    assert labels(path) == ["0", "0", "1"]


@pytest.mark.parametrize(
    ("text", "form", "wrong"),
    [
        (MIXED, "ucf101", "the folder part_0 has the numbers 0 and 1 and 2"),
        ("x/a.mp4 1\ny/b.mp4 1\n", "ucf101", "the folders x and y have the number 1"),
        (
            "A/v_A_g01_c01.avi 1\nA/v_A_g02_c01.avi 2\n",
            "auto",
            "the folder A has the numbers 1 and 2",
        ),
    ],
)
def test_a_list_that_claims_to_be_ucf101s_and_is_not_is_refused(
    tmp_path: Path, text: str, form: str, wrong: str
) -> None:
    with pytest.raises(InputError, match=wrong) as caught:
        read(write(tmp_path / "list.txt", text), form)
    assert caught.value.hint == "the form 'numbers' takes the numbers for the classes"


def test_ucf101s_own_lists_stay_what_they_are(tmp_path: Path) -> None:
    names = [
        f"{label}/v_{label}_g{group:02d}_c01.avi"
        for label in ("Archery", "Diving")
        for group in (8, 9)
    ]
    path = write(
        tmp_path / "trainlist01.txt",
        "".join(f"{n} {1 + n.count('Diving') // 2}\n" for n in names),
        names,
    )
    assert labels(path) == ["Archery", "Archery", "Diving", "Diving"]
    assert read(path).notes == ()
    # mmaction2 numbers the same classes from 0
    path = write(
        tmp_path / "train_split.txt", "".join(f"{n} {n.count('Diving') // 2}\n" for n in names)
    )
    assert labels(path) == ["Archery", "Archery", "Diving", "Diving"]
    write(tmp_path / "classInd.txt", "1 Archery\n2 Diving\n")
    assert labels(path) == ["Archery", "Archery", "Diving", "Diving"]
    assert read(path).notes == ("the numbers count from 0, those of classInd.txt from 1",)


@pytest.mark.parametrize(
    ("name", "text", "first"),
    [
        ("labels.txt", "run\njump\nswim\n", 0),
        ("label_map.txt", "run\r\njump\r\nswim\r\n", 0),
        ("classInd.txt", "1 run\n2 jump\n3 swim\n", 0),
        ("classInd.txt", "1 run\n2 jump\n3 swim\n", 1),
        ("labels.txt", "run\njump\nswim\n", 1),
    ],
)
def test_names_of_classes_are_taken_from_beside_the_list(
    tmp_path: Path, name: str, text: str, first: int
) -> None:
    rows = [row.split() for row in MIXED.splitlines()]
    path = write(
        tmp_path / "train.txt", "".join(f"{video} {int(n) + first}\n" for video, n in rows), VIDEOS
    )
    write(tmp_path / name, text)
    assert labels(path) == ["run", "jump", "swim"] * 2
    assert any(f"names of the classes: {name}" in note for note in read(path).notes)


def test_several_classes_for_a_video_are_refused(tmp_path: Path) -> None:
    for text in ("a.mp4 1\nb.mp4 1 2\n", "a.mp4 1 2 3\nb.mp4 2 3 4\n"):
        with pytest.raises(InputError, match="numbers after a path"):
            read(write(tmp_path / "list.txt", text))


def test_bad_lines_are_said(tmp_path: Path) -> None:
    write(tmp_path / "labels.txt", "run\njump\n")
    text = "a.mp4 0\nb.mp4 -1\nc.mp4\nd.mp4 5\na.mp4 0\ngone.mp4 1\n"
    listing = read(write(tmp_path / "train.txt", text, ["a.mp4", "b.mp4", "c.mp4", "d.mp4"]))
    assert [example.label for example in listing.examples] == ["run"]
    assert problems(listing) == [
        "train.txt:2: class -1: numbers of classes begin at 0",
        "train.txt:3: not of the form 'video.mp4 1': 'c.mp4'",
        "train.txt:4: class 5 is not in the list of names",
        "train.txt:5: listed before in line 1",
        f"train.txt:6: no such file: {tmp_path}/gone.mp4",
    ]


def test_recordings_stay_together(tmp_path: Path) -> None:
    names = [f"v/a_g{group:02d}_c{clip}.mp4" for group in range(1, 7) for clip in (1, 2)]
    path = write(
        tmp_path / "train.txt",
        "".join(f"{n} 0\n" for n in names) + "v/b.mp4 1\n",
        [*names, "v/b.mp4"],
    )
    assert [e.path.name for e in read(path).examples if e.split == "val"] == [
        "a_g05_c1.mp4",
        "a_g05_c2.mp4",
    ]
