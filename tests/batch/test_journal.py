"""A file of JSON lines is whole after anything."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scsampler_cli.batch.journal import Journal, encode_line
from scsampler_cli.errors import OutputError


def record(name: str, **more: object) -> dict:
    return {"schema": "scsampler.classify/1", "path": name, "status": "ok", **more}


def written(path: Path, *names: str) -> Path:
    journal = Journal(path, keep=False)
    for name in names:
        journal.append(encode_line(record(name)))
    journal.close()
    return path


def names(path: Path) -> list[str]:
    journal = Journal(path, keep=True)
    found = [found["path"] for _, found in journal.lines()]
    journal.close()
    return found


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_half_a_line_is_cut_off_wherever_it_broke(tmp_path: Path, cut: int) -> None:
    path = written(tmp_path / "a.jsonl", "one", "two", "three")
    data = path.read_bytes()
    last = len(encode_line(record("three")))
    path.write_bytes(data[: len(data) - last + cut])
    assert names(path) == ["one", "two"]
    assert path.read_bytes() == data[: len(data) - last]


def test_zeros_that_a_power_cut_leaves_are_cut_off(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", "one")
    whole = path.read_bytes()
    path.write_bytes(whole + bytes(4096))
    assert names(path) == ["one"]
    assert path.read_bytes() == whole


@pytest.mark.parametrize(
    "content", [b"hello", b"hello\n", b'{"schema": "other"}\n', b"[\n{}\n]\n", b"1,2\n3,4"]
)
def test_a_file_of_something_else_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.jsonl"
    path.write_bytes(content)
    with pytest.raises(OutputError, match=r"line 1 of .* is not a record"):
        names(path)
    assert path.read_bytes() == content


def test_a_full_disk_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path / "a.jsonl", "one")
    journal = Journal(path, keep=True)
    list(journal.lines())
    real, calls = os.pwrite, []

    def full(fd: int, data: bytes, at: int) -> int:
        calls.append(len(data))
        if len(calls) > 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(fd, data[:5], at)

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(OutputError, match="No space left"):
        journal.append(encode_line(record("two")))
    journal.close()
    assert len(calls) == 2
    assert names(path) == ["one"]
    assert path.read_bytes() == encode_line(record("one"))


def test_a_file_that_was_deleted_or_replaced_is_noticed(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", "one")
    for change in (path.unlink, lambda: path.write_bytes(b"")):
        journal = Journal(path, keep=True)
        path.unlink()
        if change != path.unlink:
            change()
        with pytest.raises(OutputError, match="removed or replaced"):
            journal.append(encode_line(record("two")))
        journal.close()


def test_one_process_at_a_time_writes(tmp_path: Path) -> None:
    journal = Journal(written(tmp_path / "a.jsonl", "one"), keep=True)
    with pytest.raises(OutputError, match="another scsampler"):
        Journal(journal.path, keep=False)
    journal.close()
    assert names(journal.path) == ["one"]


def test_lines_are_dropped_and_the_file_goes_on(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", "one", "two", "three")
    path.chmod(0o640)
    journal = Journal(path, keep=True)
    places = [place for place, _ in journal.lines()]
    first, third = journal.keep_only([places[0], places[2]])
    assert json.loads(journal.read(third))["path"] == "three"
    assert journal.read(first) == encode_line(record("one"))
    journal.append(encode_line(record("four")))
    journal.close()
    assert names(path) == ["one", "three", "four"]
    assert path.stat().st_mode & 0o777 == 0o640
    assert [p.name for p in tmp_path.iterdir()] == ["a.jsonl"]


def test_what_is_set_aside_is_never_overwritten(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", "one")
    for name in ("a.jsonl.old", "a.jsonl.old2"):
        journal = Journal(path, keep=True)
        assert journal.set_aside() == tmp_path / name
        journal.append(encode_line(record(name)))
        journal.close()
    assert names(path) == ["a.jsonl.old2"]
    assert names(tmp_path / "a.jsonl.old") == ["one"]
    assert names(tmp_path / "a.jsonl.old2") == ["a.jsonl.old"]


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputError, match="symbolic links"):
        Journal(tmp_path / "a.jsonl", keep=False)
    assert not (tmp_path / "elsewhere").exists()


def test_names_that_are_not_utf_8_come_back(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.mp4")
    assert names(written(tmp_path / "a.jsonl", name)) == [name]


def test_kill_9_in_the_midst_of_writing_loses_no_line_that_was_done(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    program = (
        "import sys; from pathlib import Path\n"
        "from scsampler_cli.batch.journal import Journal, encode_line\n"
        "journal = Journal(Path(sys.argv[1]), keep=True); at = len(list(journal.lines()))\n"
        "while True:\n"
        "    record = {'schema': 'scsampler.classify/1', 'path': str(at), 'status': 'ok',\n"
        "              'x': 'y' * (at * 977 % 60000)}\n"
        "    journal.append(encode_line(record)); print(at, flush=True); at += 1\n"
    )
    told = -1
    for _ in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(0.1)
        process.send_signal(signal.SIGKILL)
        said = [first, *process.stdout.read().splitlines()]
        process.wait()
        assert int(first) in (told + 1, told + 2)
        told = int(said[-1])
        journal = Journal(path, keep=True)
        there = [int(found["path"]) for _, found in journal.lines()]
        journal.close()
        assert there == list(range(len(there)))
        assert len(there) in (told + 1, told + 2)
