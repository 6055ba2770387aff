"""Telling the forms apart, and lists of any bytes and of any length."""

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scsampler_cli.datasets.example import SPLITS, Listing
from scsampler_cli.datasets.read_list import FORMS, read
from scsampler_cli.errors import InputError, SettingsError
from tests.datasets.making import touch, write

LISTS = {
    "csv": "path,label\nA/x.mp4,A\n",
    "kinetics": "label,youtube_id,time_start,time_end,split\nA,x,0,9,train\n",
    "ucf101": "A/x.mp4 1\n",
    "numbers": "x.mp4 1\n",
    "sports1m": "https://www.youtube.com/watch?v=x 3\n",
    "activitynet": '{"database":\n{"x": {"annotations": [{"label": "A", "segment": [0, 9]}]}}}\n',
    "labelstudio": '[{"id": 1, "video": "x.mp4", "tag": "A", "annotator": 1}]\n',
}


@pytest.mark.parametrize("form", LISTS)
@pytest.mark.parametrize("blank", ["", "\ufeff\r\n\n"])
def test_a_list_tells_its_own_form(tmp_path: Path, form: str, blank: str) -> None:
    path = write(tmp_path / "list.txt", blank + LISTS[form], ["A/x.mp4", "x.mp4"])
    assert len(read(path).examples) == 1
    assert read(path) == read(path, form)
    # without a suffix that tells a list, a header still does
    bare = write(tmp_path / "list", blank + LISTS[form])
    assert len(read(bare, form).examples) == 1


def test_a_folder_tells_its_own_form(tmp_path: Path) -> None:
    touch(tmp_path, ["A/x.mp4"])
    assert read(tmp_path) == read(tmp_path, "folder")


@pytest.mark.parametrize(
    ("name", "text"),
    [("list.txt", "A x.mp4\n"), ("list.txt", "word\n"), ("list.md", LISTS["ucf101"])],
)
def test_an_unknown_form_is_refused_and_the_forms_are_named(
    tmp_path: Path, name: str, text: str
) -> None:
    with pytest.raises(InputError, match="unknown list format") as caught:
        read(write(tmp_path / name, text))
    assert caught.value.hint == (
        "name its format: csv, folder, kinetics, ucf101, numbers, sports1m, activitynet, "
        "labelstudio"
    )


def test_a_form_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "data.csv", LISTS["csv"])
    with pytest.raises(InputError, match="is a file, which does not fit the list format folder"):
        read(path, "folder")
    with pytest.raises(InputError, match="is a folder, which does not fit the list format csv"):
        read(tmp_path, "csv")
    with pytest.raises(SettingsError, match="unknown list format 'hmdb51'"):
        read(path, "hmdb51")


PIECES = st.sampled_from(
    [
        *(line.encode() for text in LISTS.values() for line in text.splitlines()),
        *(
            b"x",
            b"train",
            b"val",
            b"test",
            b"99",
            b"nan",
            b"1e999",
            b"/",
            b"..",
            b",",
            b'"',
            b" ",
            b"\t",
        ),
        *(b"\n", b"\r\n", b"\xef\xbb\xbf", b"\xff", b"\0", b"\x85"),
    ]
)


@pytest.mark.parametrize("form", [form for form in FORMS if form != "folder"])
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    head=st.sampled_from([b"", *(text.encode() for text in LISTS.values())]),
    tail=st.binary() | st.lists(PIECES).map(b"".join),
)
def test_any_bytes_are_a_listing_or_an_input_error(
    tmp_path: Path, form: str, head: bytes, tail: bytes
) -> None:
    touch(tmp_path, ["A/x.mp4", "x.mp4"])
    for name in ("train.txt", "test.txt", "val.txt", "labels.txt", "classInd.txt"):
        (tmp_path / name).write_bytes(head + tail)
    try:
        listing = read(tmp_path / "train.txt", form)
    except InputError:
        return
    assert isinstance(listing, Listing)
    assert all(example.split in SPLITS and example.path.is_file() for example in listing.examples)


@pytest.mark.parametrize("form", ["csv", "kinetics", "ucf101", "numbers", "sports1m"])
def test_long_lists_are_quick(tmp_path: Path, form: str) -> None:
    """A million lines take about ten seconds on a slow machine; here a tenth, with a margin."""
    rows = {
        "csv": "A/{}.mp4,A\n",
        "kinetics": "A{},x,0,9,train\n",
        "ucf101": "A/{}_g1_.mp4 1\n",
        "numbers": "A/{}_g1_.mp4 1\n",
        "sports1m": "https://www.youtube.com/watch?v={} 3\n",
    }
    path = write(
        tmp_path / "list.txt",
        LISTS[form] + "".join(map(rows[form].format, range(100_000))),
        ["A/x.mp4", "x.mp4"],
    )
    start = time.process_time()
    listing = read(path, form)
    assert time.process_time() - start < 10
    assert len(listing.examples) + len(listing.problems) == 100_001
