"""Class names as text with commas, as files, and what is refused of them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scsampler_cli import Tagger
from scsampler_cli.classifiers.labels import is_list, label_files, named_by, read_labels
from scsampler_cli.classifiers.text_image.label_wording import Wording, sentences
from scsampler_cli.config.prompts import checked_prompts
from scsampler_cli.errors import InputError, SettingsError


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a goal, a dog", ("a goal", "a dog")),
        ('a goal, "a red, round ball"', ("a goal", "a red, round ball")),
        ('"he says ""go""", a dog', ('he says "go"', "a dog")),
        ('a "big" dog, a cat', ('a "big" dog', "a cat")),
        ("dog", ("dog",)),
        ("Mr. Bean", ("Mr. Bean",)),
        ('"car/truck"', ("car/truck",)),
        ('"v1.0"', ("v1.0",)),
        ("car/truck, bike", ("car/truck", "bike")),
        ("犬, кошка, שלום, 😀", ("犬", "кошка", "שלום", "😀")),
        ("a goal\na dog", ("a goal", "a dog")),
    ],
)
def test_names_with_commas(text: str, names: tuple[str, ...]) -> None:
    assert read_labels(text) == names
    assert label_files(text) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the list of labels is empty"),
        ("  ", "the list of labels is empty"),
        ("a,, b", "label 2 is empty"),
        ("a, b,", "label 3 is empty"),
        ("a, b, a", "'a' is listed twice"),
        ('"a, b', "unexpected end of data"),
        ("names.txt", "names.txt: No such file"),
        ("sub/names", "sub/names: No such file"),
    ],
)
def test_what_is_no_list_of_different_names(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_labels(text)


def test_a_file_of_that_name_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a, b").write_text("one\ntwo, three\n")
    (tmp_path / "dog").write_text("poodle\nbeagle\n")
    assert read_labels("a, b") == ("one", "two, three"), "a line is a name, commas and all"
    assert read_labels("dog") == ("poodle", "beagle")
    assert label_files("dog", None, ("x", "y"), "cat") == [Path("dog")]
    # a path of the library is a file, whatever its name
    assert not is_list(Path("cat"))
    with pytest.raises(InputError, match="cat: No such file"):
        read_labels(Path("cat"))


def test_lists_of_the_library_stay_as_they_are() -> None:
    assert named_by(["a, b", "names.txt"]) == ("a, b", "names.txt")
    assert named_by(None) is None


# what a name may hold: anything but line ends, which separate names
NAMES = st.lists(
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1)
    .map(str.strip)
    .filter(bool),
    min_size=1,
    max_size=5,
    unique=True,
)


@given(NAMES)
def test_names_in_quotes_come_back(names: list[str]) -> None:
    quoted = ", ".join('"{}"'.format(name.replace('"', '""')) for name in names)
    assert read_labels(quoted) == tuple(names)


def test_prompts() -> None:
    assert sentences("a {dog}", ["a photo of {}", "{} and {}"]) == [
        "a photo of a {dog}",
        "a {dog} and a {dog}",
    ]
    for prompts in (("a photo",), ("{}", "{}")):
        with pytest.raises(SettingsError) as caught:
            Wording(prompts=prompts)
        assert caught.value.code == "prompt-invalid"


def test_a_single_text_is_not_taken_for_its_letters() -> None:
    with pytest.raises(SettingsError, match="not a list of texts"):
        checked_prompts("a video of {}")
    with pytest.raises(SettingsError, match="not a list of texts"):
        Tagger("demo", prompts="a video of {}")
