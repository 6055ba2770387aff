"""Names of files beside others, and what may be written where something is already."""

import os
from pathlib import Path

import pytest

from scsampler_cli.batch.journal import Journal, encode_line
from scsampler_cli.errors import InputError, OutputError
from scsampler_cli.files import output_paths
from scsampler_cli.files.output_paths import (
    check_file,
    check_free,
    check_output,
    check_working_folder,
    free_name,
    is_special,
    is_taken,
    sibling,
    write_whole,
)


def test_a_sibling_has_the_whole_name_while_the_disk_takes_it(tmp_path: Path) -> None:
    assert sibling(tmp_path / "a.mp4", ".part") == tmp_path / "a.mp4.part"
    assert sibling(tmp_path / "a.mp4", ".part.mp4", "a") == tmp_path / "a.part.mp4"
    assert len(sibling(tmp_path / ("x" * 250), ".part").name) == 255


@pytest.mark.parametrize("letter", ["x", "é", "動", "\udcff"])
def test_a_longer_name_is_cut_and_still_its_own(tmp_path: Path, letter: str) -> None:
    size = len(os.fsencode(letter))
    longest = letter * (255 // size)
    made = sibling(tmp_path / longest, ".part")
    assert len(os.fsencode(made.name)) <= 255
    assert made.name.endswith(".part")
    made.touch()  # the disk takes it
    assert made == sibling(tmp_path / longest, ".part")
    assert made != sibling(tmp_path / (longest[:-1] + "y"), ".part")


def test_the_disk_says_how_long_a_name_may_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "pathconf", lambda folder, name: 100)  # as on encrypted disks
    assert len(sibling(tmp_path / ("x" * 99), ".part").name) == 100
    assert sibling(Path("gone") / "a", ".part") == Path("gone/a.part")


def test_names_up_to_the_longest_are_written_and_longer_ones_are_our_error(tmp_path: Path) -> None:
    write_whole(tmp_path / ("x" * 255), b"1")
    assert (tmp_path / ("x" * 255)).read_bytes() == b"1"
    with pytest.raises(OutputError, match="File name too long") as caught:
        check_output(tmp_path / ("x" * 256))
    assert "255 bytes" in str(caught.value.hint)


def test_a_journal_of_the_longest_name_can_be_set_aside_and_made_smaller(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 249 + ".jsonl")
    journal = Journal(path, keep=False)
    line = encode_line({"schema": "scsampler.score/1", "path": "a", "status": "ok"})
    first = journal.append(line)
    journal.append(line)
    assert len(journal.keep_only([first])) == 1
    old = [journal.set_aside()]
    journal.append(line)
    old.append(journal.set_aside())
    journal.close()
    assert [each.read_bytes() for each in old] == [line, line]
    assert path.read_bytes() == b""


def test_a_link_that_leads_to_itself_is_no_folder_to_write_in(tmp_path: Path) -> None:
    (tmp_path / "round").symlink_to("round")
    output_paths.check_within(
        tmp_path / "round" / "a.srt", tmp_path
    )  # nothing to raise but our own errors
    with pytest.raises(OutputError):
        check_output(tmp_path / "round" / "a.srt")


def test_a_folder_that_was_deleted_is_called_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    check_working_folder()
    (tmp_path / "gone").rmdir()
    with pytest.raises(InputError, match="the working folder was deleted"):
        check_working_folder()


def test_only_what_would_be_lost_is_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "full").write_text("x")
    (tmp_path / "empty").touch()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "dangling").symlink_to(tmp_path / "nothing")
    found = {
        name: is_taken(tmp_path / name) for name in ("full", "empty", "pipe", "dangling", "missing")
    }
    assert found == {
        "full": True,
        "empty": False,
        "pipe": False,
        "dangling": False,
        "missing": False,
    }
    assert not is_taken(Path("/dev/null"))


@pytest.mark.parametrize(
    "name", ["/dev/stdout", "/dev/stderr", "/dev/fd/7", "/proc/self/fd/1", "/proc/12/fd/3"]
)
def test_an_open_descriptor_is_written_as_it_is_whatever_it_leads_to(name: str) -> None:
    assert is_special(Path(name))


def test_files_in_the_way_are_named_and_counted(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a", "b", "c")]
    check_free(files, "-o", overwrite=False)
    for file in files[1:]:
        file.write_text("x")
    with pytest.raises(OutputError, match=r"b already exists, and so are 1 more") as caught:
        check_free(files, "--reel", overwrite=False)
    assert "replace it" in str(caught.value.hint)
    assert "--reel" in str(caught.value.hint)
    check_free(files, "-o", overwrite=True)
    check_free(files, "-o", overwrite=False, is_own=lambda path: path.name in "bc")
    with pytest.raises(OutputError, match="c already exists"):
        check_free(files, "-o", overwrite=False, is_own=lambda path: path.name == "b")


def test_what_is_kept_gets_a_name_that_is_free(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    assert free_name(file).name == "x.jsonl.old"
    (tmp_path / "x.jsonl.old").symlink_to("nowhere")
    assert free_name(file).name == "x.jsonl.old2"


def test_a_file_does_not_take_the_place_of_a_device(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "page.html")
    for target in (tmp_path / "page.html", Path("/dev/null")):
        with pytest.raises(OutputError, match="a device or a pipe"):
            check_file(target)
