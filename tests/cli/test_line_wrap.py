"""Messages on a terminal are broken between words, and stay one line everywhere else."""

import errno
import fcntl
import os
import pty
import select
import struct
import sys
import termios
from collections.abc import Iterator
from types import SimpleNamespace
from typing import TextIO, cast

import pytest

from scsampler_cli.cli import console
from scsampler_cli.cli.line_wrap import columns, terminal_columns, wrapped
from scsampler_cli.errors import InputError

NOTE = (
    "note: the Kinetics-400 weights of r2plus1d_18 are not cached and cannot be downloaded (the "
    "name of the server cannot be found: is this machine connected to the network?)"
)
PATH = "/data/" + "a_long_name_of_a_folder/" * 4 + "video.mp4"


@pytest.mark.parametrize("width", [40, 80])
def test_no_word_is_split_and_no_line_is_too_long(width: int) -> None:
    lines = wrapped(NOTE, width)
    assert " ".join(line.strip() for line in lines) == NOTE
    assert max(map(len, lines)) <= width
    assert len(lines) > 1


@pytest.mark.parametrize("width", [40, 80])
def test_a_path_that_is_too_long_stays_whole_on_a_line_of_its_own(width: int) -> None:
    lines = wrapped(f"error: cannot read {PATH}: the file is damaged", width)
    assert any(line.strip() == PATH + ":" for line in lines)
    assert lines[-1].endswith("the file is damaged")


def test_a_message_that_fits_is_unchanged_also_with_several_blanks() -> None:
    line = "epoch 3/8  loss 0.412  video 78.3%  41.0 s, 205 s left"
    assert wrapped(line, len(line)) == [line]
    assert wrapped(line, len(line) - 1) == [line[: line.rindex(" ")], "  left"]
    assert wrapped("", 80) == [""]
    assert wrapped("  indented", 80) == ["  indented"]


def test_wide_characters_take_two_columns() -> None:
    assert columns("tags") == 4
    assert columns("\u6771\u4eac") == 4
    assert columns("e\u0301") == 1
    assert wrapped("\u6771\u4eac \u6771\u4eac", 8) == ["\u6771\u4eac", "  \u6771\u4eac"]


@pytest.fixture(params=[40, 80])
def terminal(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[int, int]]:
    """(columns, the end that a person reads) of a terminal that is standard error."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, request.param, 0, 0))
    with os.fdopen(slave, "w") as stream:
        monkeypatch.setattr(console, "sys", SimpleNamespace(stderr=stream, exc_info=sys.exc_info))
        yield request.param, master
    os.close(master)


def shown(master: int) -> list[str]:
    """Lines on the terminal."""
    text = b""
    while select.select([master], [], [], 0.2)[0]:
        text += os.read(master, 1 << 16)
    return text.decode().replace("\r\n", "\n").removesuffix("\n").split("\n")


def test_a_note_and_an_error_fit_into_the_terminal(terminal: tuple[int, int]) -> None:
    width, master = terminal
    console.say(NOTE)
    assert shown(master) == wrapped(NOTE, width)
    console.show_failure("the file " + "is damaged " * 9, "copy it again " * 9, "video-damaged")
    lines = shown(master)
    assert max(map(len, lines)) <= width
    assert [line[:6] for line in lines if line[0] != " "] == ["error:", "hint: "]


def test_commands_and_tracebacks_are_never_broken(terminal: tuple[int, int]) -> None:
    _, master = terminal
    command = "scsampler classify --classifier my_classifier.safetensors folder/of/videos/ --k 20"
    console.say(command, is_whole=True)
    assert shown(master) == [command]
    example = "def make_classifier():\n    return " + "a + b + " * 12 + "c"
    console.show_error(InputError("no", code="video-damaged", hint="see", example=example))
    assert shown(master)[2:] == example.splitlines()
    console.print_traceback(example)
    assert shown(master) == example.splitlines()


def test_in_a_pipe_a_message_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    console.say(NOTE)
    assert capsys.readouterr().err == NOTE + "\n"


def test_a_stream_without_a_size_is_no_terminal() -> None:
    def fileno() -> int:
        raise OSError(errno.ENOTTY, "not a terminal")

    stream = SimpleNamespace(isatty=lambda: True, fileno=fileno)
    assert terminal_columns(cast(TextIO, stream)) == 0
