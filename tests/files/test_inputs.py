"""Arguments to files."""

import os
from pathlib import Path

import pytest

from scsampler_cli.errors import InputError
from scsampler_cli.files import text_files
from scsampler_cli.files.inputs import check_readable, find_inputs


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("b.mp4", "a.MKV", "notes.txt", "sub/c.webm", "sub/deep/d.avi", ".hidden.mp4"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return tmp_path


def names(paths: list[Path], root: Path) -> list[str]:
    return [str(path.relative_to(root)) for path in paths]


def test_folders_are_searched_through_and_sorted(tree: Path) -> None:
    assert names(find_inputs([str(tree)]), tree) == [
        "a.MKV",
        "b.mp4",
        "sub/c.webm",
        "sub/deep/d.avi",
    ]


def test_a_glob_overrules_the_suffixes(tree: Path) -> None:
    assert names(find_inputs([str(tree)], "*.txt"), tree) == ["notes.txt"]


def test_files_are_taken_as_named_in_order_and_once(tree: Path) -> None:
    wanted = [str(tree / "notes.txt"), str(tree / "b.mp4"), str(tree / "sub"), str(tree / "b.mp4")]
    assert names(find_inputs(wanted), tree) == [
        "notes.txt",
        "b.mp4",
        "sub/c.webm",
        "sub/deep/d.avi",
    ]


def test_a_list_comes_from_standard_input(tree: Path) -> None:
    listed = text_files.names(
        f"{tree}/b.mp4\n\n{tree}/sub\nwith space.mp4\r\n".encode(), "the list"
    )
    found = find_inputs(["-"], None, listed)
    assert found[0] == tree / "b.mp4"
    assert found[-1] == Path("with space.mp4")
    assert len(found) == 4


def test_missing_paths_stay_for_a_failed_record() -> None:
    assert find_inputs(["nowhere.mp4"]) == [Path("nowhere.mp4")]


@pytest.mark.parametrize("glob", [None, "*.xyz"])
def test_a_folder_without_videos_is_an_error_with_a_hint(tmp_path: Path, glob: str | None) -> None:
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(InputError, match=r"no video|no file") as caught:
        find_inputs([str(tmp_path)], glob)
    assert "pattern" in str(caught.value.hint)


def test_an_empty_list_is_an_error() -> None:
    with pytest.raises(InputError, match="no input"):
        find_inputs(["-"], None, [])


def test_unreadable_files_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    os.mkfifo(tmp_path / "pipe.mp4")
    for name, word in (
        ("missing.mp4", "No such file"),
        ("empty.mp4", "0 bytes"),
        ("pipe.mp4", "regular"),
        (".", "a folder without videos"),
    ):
        with pytest.raises(InputError, match=word):
            check_readable(tmp_path / name)


def test_a_folder_that_may_not_be_read_becomes_a_failed_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tests often run as root, who may read everything: listing the folder is made to fail."""
    (tmp_path / "open").mkdir()
    (tmp_path / "open" / "a.mp4").write_bytes(b"x")
    (tmp_path / "shut").mkdir()
    scandir = os.scandir

    def refusing(path: str | Path):
        if Path(path).name == "shut":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    assert find_inputs([str(tmp_path)]) == [tmp_path / "open" / "a.mp4", tmp_path / "shut"]
    assert find_inputs([str(tmp_path / "shut")]) == [tmp_path / "shut"]


def test_an_empty_folder_among_others_becomes_a_failed_record(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    found = find_inputs([str(tmp_path / "nothing"), str(tree / "b.mp4")])
    assert found == [tmp_path / "nothing", tree / "b.mp4"]
    with pytest.raises(InputError, match="a folder without videos"):
        check_readable(found[0])


def searched(*paths: Path, glob: str | None = None) -> tuple[list[Path], list[str]]:
    notes: list[str] = []
    return find_inputs([str(path) for path in paths], glob, (), on_note=notes.append), notes


def test_linked_folders_are_entered_once(
    tree: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "far.mp4").write_bytes(b"x")
    (tree / "aaa").symlink_to(elsewhere)
    (tree / "again").symlink_to(elsewhere)
    (tree / "first").symlink_to("sub")
    found, notes = searched(tree)
    assert names(found, tree) == ["a.MKV", "b.mp4", "aaa/far.mp4", "sub/c.webm", "sub/deep/d.avi"]
    assert f"{tree}: linked folders that were entered before left out: again, first" in notes


def test_links_that_lead_back_or_up_end(
    tree: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "far.mp4").write_bytes(b"x")
    (elsewhere / "back").symlink_to(tree)
    (elsewhere / "round").symlink_to("round")
    (tree / "away").symlink_to(elsewhere)
    for name, target in (("here", "."), ("up", ".."), ("disk", "/"), ("sub/top", "..")):
        (tree / name).symlink_to(target)
    found, notes = searched(tree)
    assert names(found, tree) == ["a.MKV", "b.mp4", "away/far.mp4", "sub/c.webm", "sub/deep/d.avi"]
    assert f"{tree}: links to a folder above left out: away/back, disk, here and 2 more" in notes
    assert f"{tree}: links that lead nowhere left out: away/round" in notes


def test_hidden_folders_are_not_entered_unless_they_are_named(tree: Path) -> None:
    for name in (
        ".git/x.mp4",
        "@eaDir/b.mp4/x.mp4",
        ".Trash/x.mp4",
        "$RECYCLE.BIN/x.mp4",
        "sub/._c.mp4",
    ):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(b"x")
    (tree / ".linked").symlink_to("sub")
    found, notes = searched(tree)
    assert names(found, tree) == ["a.MKV", "b.mp4", "sub/c.webm", "sub/deep/d.avi"]
    assert notes == [
        f"{tree}: hidden files left out: .hidden.mp4, sub/._c.mp4",
        f"{tree}: hidden folders left out: $RECYCLE.BIN, .Trash, .git and 2 more",
    ]
    assert names(searched(tree / ".git", tree / ".hidden.mp4")[0], tree) == [
        ".git/x.mp4",
        ".hidden.mp4",
    ]


def test_a_file_that_is_named_in_two_ways_is_done_once(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tree / "link").symlink_to("sub")
    monkeypatch.chdir(tree)
    found, notes = searched(
        Path("b.mp4"), tree / "b.mp4", Path("link/c.webm"), Path("sub"), Path("sub/../b.mp4")
    )
    assert found == [Path("b.mp4"), Path("link/c.webm"), Path("sub/deep/d.avi")]
    assert notes == [
        f"named twice, done once: {tree}/b.mp4 is b.mp4, "
        "sub/../b.mp4 is b.mp4, sub/c.webm is link/c.webm"
    ]


def test_links_to_files_are_files_of_their_own_and_told(tree: Path) -> None:
    (tree / "z.mp4").symlink_to("b.mp4")
    (tree / "gone.mp4").symlink_to("nowhere.mp4")
    found, notes = searched(tree)
    assert names(found, tree) == [
        "a.MKV",
        "b.mp4",
        "gone.mp4",
        "z.mp4",
        "sub/c.webm",
        "sub/deep/d.avi",
    ]
    assert any(
        f"each is done: {tree}/z.mp4 is {os.path.realpath(tree)}/b.mp4" in note for note in notes
    )
    with pytest.raises(
        InputError, match=r"gone.mp4 is a link to nowhere.mp4, which does not exist"
    ):
        check_readable(tree / "gone.mp4")


def test_a_list_never_names_the_whole_disk(tree: Path) -> None:
    (tree / "disk").symlink_to("/")
    for name in ("/", "//", str(tree / "disk"), "/.."):
        with pytest.raises(InputError, match="the whole disk"):
            find_inputs(["-"], None, [str(tree / "b.mp4"), name])
