"""CSV lists: rows, what is wrong with them, and which side a video stands on."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scsampler_cli.datasets.example import Listing
from scsampler_cli.datasets.read_list import read
from scsampler_cli.datasets.rows import Row
from scsampler_cli.datasets.splits import assign_splits
from scsampler_cli.errors import InputError
from tests.datasets.making import found, problems, write


def listed(tmp_path: Path, text: str, videos: str = "") -> Listing:
    return read(write(tmp_path / "data.csv", text, videos.split()))


def numbered(label: str, count: int) -> str:
    return " ".join(f"{label}{i}.mp4" for i in range(count))


def test_paths_are_relative_to_the_list_and_splits_are_kept(tmp_path: Path) -> None:
    text = f"label,path,split\na,sub/x.mp4,train\na,{tmp_path}/y.mp4,val\n"
    listing = listed(tmp_path, text, "sub/x.mp4 y.mp4")
    assert found(listing, tmp_path) == [("sub/x.mp4", "a", "train"), ("y.mp4", "a", "val")]
    assert [(e.line, e.source) for e in listing.examples] == [(2, "data.csv"), (3, "data.csv")]
    assert listing.split_given
    assert not listing.notes


def test_paths_are_relative_to_a_root_that_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "lists.csv", "path,label\nx.mp4,a\n")
    write(tmp_path / "notes.txt", "", ["videos/x.mp4"])
    assert found(read(path, root=tmp_path / "videos"), tmp_path) == [("videos/x.mp4", "a", "train")]
    with pytest.raises(InputError, match="no such folder") as caught:
        read(path, root=tmp_path / "nowhere")
    assert caught.value.hint


def test_columns_in_any_order_others_passed_over_blanks_trimmed(tmp_path: Path) -> None:
    listing = listed(tmp_path, 'Label, id, Path\na , 7, "x, y.mp4"\n', "z.mp4")
    assert problems(listing) == [f"data.csv:2: no such file: {tmp_path}/x, y.mp4"]
    (tmp_path / "x, y.mp4").touch()
    assert found(read(tmp_path / "data.csv"), tmp_path) == [("x, y.mp4", "a", "train")]


def test_without_a_split_every_fifth_of_a_class_is_for_validation(tmp_path: Path) -> None:
    rows = "".join(f"{label}{i}.mp4,{label}\n" for i in range(5) for label in "ab")
    listing = listed(tmp_path, f"path,label\n{rows}", f"{numbered('a', 5)} {numbered('b', 5)}")
    assert [e.path.name for e in listing.examples if e.split == "val"] == ["a4.mp4", "b4.mp4"]
    assert not listing.split_given


def test_another_seed_takes_another_fifth(tmp_path: Path) -> None:
    text = "path,label\n" + "".join(f"a{i}.mp4,a\n" for i in range(11))
    path = write(tmp_path / "data.csv", text, numbered("a", 11).split())
    taken = [
        [e.line - 2 for e in read(path, seed=seed).examples if e.split == "val"]
        for seed in range(6)
    ]
    assert taken == [[4, 9], [3, 8], [2, 7], [1, 6], [0, 5, 10], [4, 9]]


def test_a_video_keeps_its_side_when_another_one_is_missing(tmp_path: Path) -> None:
    text = "path,label\n" + "".join(f"a{i}.mp4,a\n" for i in range(6))
    listing = listed(tmp_path, text, "a1.mp4 a4.mp4 a5.mp4")
    assert found(listing, tmp_path) == [
        ("a1.mp4", "a", "train"),
        ("a4.mp4", "a", "val"),
        ("a5.mp4", "a", "train"),
    ]


def test_an_empty_split_cell_is_filled_in(tmp_path: Path) -> None:
    text = "path,label,split\nx.mp4,a,val\n" + "".join(f"a{i}.mp4,a,\n" for i in range(5))
    listing = listed(tmp_path, text, f"x.mp4 {numbered('a', 5)}")
    assert [e.path.name for e in listing.examples if e.split == "val"] == ["x.mp4", "a4.mp4"]


def test_whole_groups_go_to_one_side(tmp_path: Path) -> None:
    text = "path,label,group\n" + "".join(f"a{i}.mp4,a,g{i % 6}\n" for i in range(12))
    listing = listed(tmp_path, text, numbered("a", 12))
    assert {e.group for e in listing.examples if e.split == "val"} == {"g4"}
    assert sum(e.split == "val" for e in listing.examples) == 2


@pytest.mark.parametrize(("groups", "val"), [("xxyy", "yy"), ("zyxzy", "x"), ("xxx", "")])
def test_of_few_groups_the_last_is_for_validation_if_another_is_left(
    tmp_path: Path, groups: str, val: str
) -> None:
    text = "path,label,group\n" + "".join(f"a{i}.mp4,a,{group}\n" for i, group in enumerate(groups))
    listing = listed(tmp_path, text, numbered("a", len(groups)))
    assert "".join(e.group for e in listing.examples if e.split == "val") == val


def test_a_group_follows_those_of_its_rows_that_say_a_split(tmp_path: Path) -> None:
    text = "path,label,group,split\na0.mp4,a,g,\na1.mp4,a,h,\na2.mp4,a,g,val\na3.mp4,a,i,\n"
    listing = listed(tmp_path, text, numbered("a", 4))
    assert [(e.group, e.split) for e in listing.examples] == [
        ("g", "val"),
        ("h", "train"),
        ("g", "val"),
        ("i", "val"),
    ]


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from(["", *"uvwxyz"])), min_size=1, max_size=40
    )
)
def test_a_group_of_several_classes_is_never_divided(pairs: list[tuple[str, str]]) -> None:
    rows = [
        Row("data.csv", i, f"{i}.mp4", label=label, split="", group=group)
        for i, (label, group) in enumerate(pairs)
    ]
    side_of = assign_splits(rows, 0)
    for group in "uvwxyz":
        assert (
            len({side for side, row in zip(side_of, rows, strict=True) if row.group == group}) <= 1
        )


def test_groups_of_other_classes_count_for_the_fifth(tmp_path: Path) -> None:
    names = [f"{label}{i}.mp4" for label in "ab" for i in range(5)]
    text = "path,label,group\n" + "".join(
        f"{name},{name[0]},{(int(name[1]) + 2 * (name[0] == 'b')) % 5}\n" for name in names
    )
    listing = listed(tmp_path, text, " ".join(names))
    assert [e.path.stem for e in listing.examples if e.split == "val"] == ["a4", "b2"]


def test_groups_on_both_sides_are_warned_of_once(tmp_path: Path) -> None:
    rows = [("g", "train"), ("g", "val"), ("h", "val"), ("h", "train"), ("i", "train"), ("", "val")]
    text = "path,label,group,split\n" + "".join(
        f"a{i}.mp4,a,{g},{s}\n" for i, (g, s) in enumerate(rows)
    )
    listing = listed(tmp_path, text, numbered("a", 6))
    assert listing.notes == (
        "groups both in train and in val: 2; validation will look better than it is",
    )
    assert len(listing.examples) == 6


def test_validation_has_several_names_and_test_rows_are_left_out(tmp_path: Path) -> None:
    splits = ("train", "Validation", "valid", "validate", "test", "TEST")
    text = "path,label,split\n" + "".join(f"a{i}.mp4,a,{split}\n" for i, split in enumerate(splits))
    listing = listed(tmp_path, text, numbered("a", 6))
    assert [e.split for e in listing.examples] == ["train", "val", "val", "val"]
    assert listing.notes == ("test split: 2 left out",)
    assert not listing.problems


@pytest.mark.parametrize(
    ("row", "what"),
    [
        (",a,", "path is empty"),
        ("good.mp4, ,", "listed before in line 2 with the label 'a'"),
        (",,train", "path and label are empty"),
        ("x.mp4,a,dev", "split 'dev' is neither train nor val"),
        ("x.mp4,a", "columns: 2 instead of 3"),
        ("x.mp4,a,train,more", "columns: 4 instead of 3"),
        ('"x.mp4,a,train', "not a CSV row (unexpected end of data)"),
        ('"x"y.mp4,a,train', "not a CSV row (',' expected after '\"')"),
        ("gone.mp4,a,train", "no such file: FOLDER/gone.mp4"),
        (".,a,train", "not a file: FOLDER"),
        (f"{'x' * 300},a,train", f"no such file: FOLDER/{'x' * 300}"),
        ("good.mp4,a,train", "listed before in line 2"),
        ("./sub/../good.mp4,a,train", "listed before in line 2"),
        ("good.mp4,b,val", "listed before in line 2 with the label 'a'"),
        ("good.mp4,a,test", "listed before in line 2"),
    ],
)
def test_a_bad_row_is_said_with_its_line_and_skipped(tmp_path: Path, row: str, what: str) -> None:
    text = f"path,label,split\ngood.mp4,a,train\n\n{row}\nlast.mp4,a,val\n"
    listing = listed(tmp_path, text, "good.mp4 x.mp4 last.mp4 sub/y.mp4")
    assert problems(listing) == [f"data.csv:4: {what.replace('FOLDER', str(tmp_path))}"]
    assert [e.line for e in listing.examples] == [2, 5]


def test_bytes_that_are_not_utf_8_spoil_their_own_row(tmp_path: Path) -> None:
    write(tmp_path / "data.csv", "", ["x.mp4"])
    (tmp_path / "data.csv").write_bytes(b"path,label\nbad\xff.mp4,a\nx.mp4,a\n\xed\xa0\x80.mp4,a\n")
    listing = read(tmp_path / "data.csv")
    assert problems(listing) == ["data.csv:2: not UTF-8", "data.csv:4: not UTF-8"]
    assert found(listing, tmp_path) == [("x.mp4", "a", "train")]


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n\n"])
def test_a_byte_order_mark_and_any_line_end_will_do(tmp_path: Path, end: str) -> None:
    listing = listed(tmp_path, f"\ufeffpath,label{end}ä.mp4,ä{end}", "ä.mp4")
    assert found(listing, tmp_path) == [("ä.mp4", "ä", "train")]
    assert not listing.problems


def test_problems_stand_in_the_order_of_the_list(tmp_path: Path) -> None:
    listing = listed(tmp_path, "path,label\ngone.mp4,a\n,a\ngone2.mp4,a\n")
    assert [problem.line for problem in listing.problems] == [2, 3, 4]


def test_a_label_without_training_videos_is_left_out(tmp_path: Path) -> None:
    text = "path,label,split\nx.mp4,a,train\ny.mp4,b,val\ngone.mp4,b,train\nz.mp4,b,val\n"
    listing = listed(tmp_path, text, "x.mp4 y.mp4 z.mp4")
    assert found(listing, tmp_path) == [("x.mp4", "a", "train")]
    assert (
        problems(listing)[-1] == "data.csv:3: label 'b' has no training video (2 in val left out)"
    )


def test_a_list_for_comparison_alone_needs_no_training_videos(tmp_path: Path) -> None:
    listing = listed(tmp_path, "path,label,split\nx.mp4,a,val\n", "x.mp4")
    assert found(listing, tmp_path) == [("x.mp4", "a", "val")]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("file,class\nx,a\n", "no column label and path"),
        ("path,class\nx,a\n", "no column label$"),
        ('"path,label\nx,a\n', "no column"),
        ("", "0 bytes"),
        ("\n \n", "no line of text"),
        ("path,label\nx\0.mp4,a\n", "not a text file"),
    ],
)
def test_what_is_no_list_is_refused_with_a_hint(tmp_path: Path, text: str, word: str) -> None:
    with pytest.raises(InputError, match=word) as caught:
        listed(tmp_path, text)
    assert caught.value.hint


def test_a_missing_list_is_said() -> None:
    with pytest.raises(InputError, match="No such file"):
        read(Path("nowhere.csv"))
