"""Text in the encodings that Windows writes, and lists with a zero byte after each name."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scsampler_cli.classifiers.labels import read_labels
from scsampler_cli.classifiers.model_spec import read_fields
from scsampler_cli.datasets.read_list import read
from scsampler_cli.errors import InputError
from scsampler_cli.files.text_files import names, read_text
from scsampler_cli.pipeline.selection_inputs import read_histogram
from tests.datasets.making import touch

ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
LISTS = (
    "wanted.mp4\r\nb.mp4\r\n",
    "videos/wanted.mp4",
    "/data/clips/\n.\nx\n",
    "x\n",
    "é.mp4\n",
    "動画\n録画\n",
    "動画\r\n録画\r\n",
    "日 本 語 の 動 画.mp4\n上/動画.mp4\n",
    "Ā.mp4\nĀb.mp4\n",
    "\u3000a.mp4\n",
    "😀.mp4\n",
)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("text", LISTS)
def test_a_list_is_read_in_any_encoding(text: str, encoding: str, mark: str) -> None:
    wanted = [line.rstrip("\r") for line in text.split("\n") if line]
    assert names((mark + text).encode(encoding), "list") == wanted


@pytest.mark.parametrize(
    "listed",
    [
        ["./a.mp4", "./b.mp4"],
        ["a"],
        ["."],
        [".", "./a"],
        ["a", "clips"],
        ["a\nb.mp4", "c"],
        ["ab.mp4", "b.mp4\n"],
        ["caf\udce9.mp4", "a"],
        ["動画.mp4", "b.mp4"],
        ["xxxxxxxxx"] * 3,
    ],
)
@pytest.mark.parametrize("end", [b"", b"\0"])
def test_names_with_a_zero_byte_after_each_stay_whole(listed: list[str], end: bytes) -> None:
    assert names(b"\0".join(map(os.fsencode, listed)) + end, "list") == listed


@given(
    st.lists(
        st.text(
            st.characters(min_codepoint=32, exclude_categories=("Cs",)), min_size=2, max_size=9
        ),
        min_size=1,
    )
)
def test_any_names_but_those_of_one_letter_stay_whole(listed: list[str]) -> None:
    assert names("".join(f"{name}\0" for name in listed).encode(), "list") in (
        listed,
        [listed[0].lstrip("\ufeff"), *listed[1:]],
    )


@given(
    st.lists(st.text("ab/. \u00e9\u52d5", min_size=1, max_size=9).filter(str.strip), min_size=1),
    st.sampled_from(ENCODINGS[1:]),
)
def test_utf_16_is_never_cut_into_letters(listed: list[str], encoding: str) -> None:
    data = "".join(f"{name}.mp4\r\n" for name in listed).encode(encoding)
    assert names(data, "list") == [f"{name}.mp4" for name in listed]
    try:
        cut = names(data[:-1], "list")
    except InputError:
        return
    assert "/" not in cut


def test_what_can_be_read_in_two_ways_is_refused() -> None:
    for data in (b"a\0b\0", b"v\0i\0d\0.\0m\0p\x004", b"\xff\xfea"):
        with pytest.raises(InputError) as caught:
            names(data, "the list")
        assert "UTF-8" in str(caught.value.hint)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_every_text_file_is_read_in_any_encoding(tmp_path: Path, encoding: str, mark: str) -> None:
    def write(name: str, text: str) -> Path:
        (tmp_path / name).write_bytes((mark + text).encode(encoding))
        return tmp_path / name

    touch(tmp_path, ["A/x.mp4", "A/y.mp4", "B/z.mp4"])
    assert read_labels(write("labels.txt", "run\r\njump\r\n")) == ("run", "jump")
    write("m.toml", "frames = 16\r\nlayout = 'NTCHW'\r\n")
    assert read_fields(tmp_path / "m.onnx", []) == {"frames": 16, "layout": "NTCHW"}
    assert read_histogram(write("h.txt", "0.5\r\n0.5\r\n")) == (0.5, 0.5)
    for name, text in (
        ("a.csv", "path,label\r\nA/x.mp4,A\r\nB/z.mp4,B\r\n"),
        ("b.txt", "A/x.mp4 1\r\nB/z.mp4 2\r\n"),
        ("c.txt", "A/x.mp4 0\r\nA/y.mp4 1\r\n"),
    ):
        listing = read(write(name, text))
        assert (len(listing.examples), listing.problems) == (2, [])


def test_long_lists_are_read_in_parts_whatever_is_cut(tmp_path: Path) -> None:
    for shift in range(4):
        text = " " * shift + "path,label\n" + "😀.mp4,a\n" * 9000
        (tmp_path / "a.csv").write_bytes(text.encode("utf-16-le"))
        touch(tmp_path, ["😀.mp4"])
        assert len(read(tmp_path / "a.csv").problems) == 8999


def test_zero_bytes_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "labels.txt"
    path.write_bytes(b"run\0jump\0")
    with pytest.raises(InputError, match="not a text file"):
        read_text(path)
    with pytest.raises(InputError, match="not a text file"):
        read_labels(path)
