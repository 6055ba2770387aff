"""Lists of UCF101: labels, groups, the class index, the list for validation."""

from pathlib import Path

from scsampler_cli.datasets.read_list import read
from tests.datasets.making import found, problems, touch, write


def name(label: str, group: int, clip: int = 1) -> str:
    return f"{label}/v_{label}_g{group:02d}_c{clip:02d}.avi"


def test_label_and_group_come_from_the_name(tmp_path: Path) -> None:
    path = write(tmp_path / "trainlist01.txt", f"{name('Archery', 8)} 3\r\n", [name("Archery", 8)])
    (example,) = read(path).examples
    assert (example.label, example.group, example.line) == ("Archery", "Archery/g08", 1)


def test_the_test_list_beside_it_is_used_for_validation(tmp_path: Path) -> None:
    touch(tmp_path, [f"UCF-101/{name('A', 1)}", f"UCF-101/{name('A', 2)}"])
    write(tmp_path / "testlist01.txt", f"{name('A', 1)}\n{name('A', 9)}\n")
    path = write(tmp_path / "trainlist01.txt", f"{name('A', 2)} 1\n")
    listing = read(path, root=tmp_path / "UCF-101")
    assert found(listing, tmp_path / "UCF-101") == [
        (name("A", 2), "A", "train"),
        (name("A", 1), "A", "val"),
    ]
    assert listing.notes == ("testlist01.txt is used for validation",)
    assert problems(listing) == [
        f"testlist01.txt:2: no such file: {tmp_path}/UCF-101/{name('A', 9)}"
    ]
    assert listing.split_given


def test_without_it_groups_are_split(tmp_path: Path) -> None:
    names = [name("A", group, clip) for group in range(1, 7) for clip in (1, 2)]
    listing = read(write(tmp_path / "trainlist01.txt", "\n".join(f"{n} 1" for n in names), names))
    assert [e.group for e in listing.examples if e.split == "val"] == ["A/g05", "A/g05"]
    assert not listing.split_given


def test_names_without_numbers_groups_or_with_blanks_will_do(tmp_path: Path) -> None:
    names = ["A/plain.avi", "A/with blank.avi", "A/deep/x.avi"]
    listing = read(
        write(tmp_path / "list.txt", "A/plain.avi\nA/with blank.avi 1\nA/deep/x.avi\t1\n", names)
    )
    assert [str(e.path.relative_to(tmp_path)) for e in listing.examples] == names
    assert {e.group for e in listing.examples} == {""}


def test_classes_are_checked_against_the_index(tmp_path: Path) -> None:
    write(tmp_path / "classInd.txt", "1 A\n2 B\nnonsense\n", [name(label, 1) for label in "ABC"])
    listing = read(
        write(tmp_path / "trainlist01.txt", f"{name('A', 1)} 1\n{name('B', 1)} 1\n{name('C', 1)}\n")
    )
    assert [e.label for e in listing.examples] == ["A"]
    assert problems(listing) == [
        "classInd.txt:3: not of the form '1 Class': 'nonsense'",
        "trainlist01.txt:2: class 'B' has number 2 in classInd.txt, not 1",
        "trainlist01.txt:3: class 'C' is not in classInd.txt",
    ]


def test_bad_lines_are_said(tmp_path: Path) -> None:
    text = f"{name('A', 1)} 1\nno folder.avi 1\n/absolute.avi 1\nA/ 1\n7\n{name('A', 1)} 1\n"
    listing = read(write(tmp_path / "trainlist01.txt", text, [name("A", 1)]))
    assert [problem.line for problem in listing.problems] == [2, 3, 4, 5, 6]
    assert (
        problems(listing)[0]
        == "trainlist01.txt:2: not of the form 'Class/file.avi 1': 'no folder.avi 1'"
    )
    assert problems(listing)[-1] == "trainlist01.txt:6: listed before in line 1"
