"""What may be written where something is already."""

import os
from pathlib import Path

import pytest

from scsampler_cli.errors import OutputError
from scsampler_cli.places import check_file, check_free, free_name, is_special, is_taken


def test_only_what_would_be_lost_is_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "full").write_text("x")
    (tmp_path / "empty").touch()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "dangling").symlink_to(tmp_path / "nothing")
    found = {name: is_taken(tmp_path / name) for name in ("full", "empty", "pipe", "dangling", "missing")}
    assert found == {"full": True, "empty": False, "pipe": False, "dangling": False, "missing": False}
    assert not is_taken(Path("/dev/null"))


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/stderr", "/dev/fd/7", "/proc/self/fd/1", "/proc/12/fd/3"])
def test_an_open_descriptor_is_written_as_it_is_whatever_it_leads_to(name: str) -> None:
    assert is_special(Path(name))


def test_files_in_the_way_are_named_and_counted(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a", "b", "c")]
    check_free(files, "-o", overwrite=False)
    for file in files[1:]:
        file.write_text("x")
    with pytest.raises(OutputError, match=r"b is there already, and so are 1 more") as caught:
        check_free(files, "--reel", overwrite=False)
    assert "--overwrite" in str(caught.value.hint)
    assert "--reel" in str(caught.value.hint)
    check_free(files, "-o", overwrite=True)
    check_free(files, "-o", overwrite=False, is_own=lambda path: path.name in "bc")
    with pytest.raises(OutputError, match="c is there already"):
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
