"""Lists of videos, with line numbers where they are wrong."""

from pathlib import Path

import pytest

from scsampler_cli.datasets import labels_of, read_csv
from scsampler_cli.errors import InputError


def listed(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "data.csv"
    path.write_text(text)
    return path


def test_paths_are_relative_to_the_list_and_splits_are_kept(tmp_path: Path) -> None:
    examples = read_csv(listed(tmp_path, "label,path,split\na,x.mp4,train\nb,/abs/y.mp4,val\n"))
    assert [(e.path, e.label, e.split) for e in examples] == [
        (tmp_path / "x.mp4", "a", "train"),
        (Path("/abs/y.mp4"), "b", "val"),
    ]
    assert labels_of(examples) == ["a", "b"]


def test_without_a_split_every_fifth_of_a_class_is_for_validation(tmp_path: Path) -> None:
    rows = "".join(f"{label}{i}.mp4,{label}\n" for i in range(5) for label in "ab")
    examples = read_csv(listed(tmp_path, f"path,label\n{rows}"))
    assert [e.path.name for e in examples if e.split == "val"] == ["a4.mp4", "b4.mp4"]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("file,class\nx,a\n", "no column label and path"),
        ("path,label\nx.mp4,a\n,b\n", r"data\.csv:3: path or label is empty"),
        ("path,label,split\nx.mp4,a,test\n", r"data\.csv:2: split 'test'"),
        ("", "no column"),
    ],
)
def test_bad_lists_are_refused(tmp_path: Path, text: str, word: str) -> None:
    with pytest.raises(InputError, match=word):
        read_csv(listed(tmp_path, text))


def test_a_missing_list_is_said() -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_csv(Path("nowhere.csv"))


def test_one_class_is_not_enough(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="1 classes"):
        labels_of(read_csv(listed(tmp_path, "path,label\nx.mp4,a\n")))
