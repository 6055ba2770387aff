"""Labels that are not known: both names are said, and the nearest."""

import pytest

from scsampler_cli.datasets.label_names import guess, nearest, some, unknown_hint

KNOWN = ["Archery", "BasketballDunk", "HorseRace", "PlayingPiano", "PlayingViolin", "Surfing"]


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("archery", "Archery"),
        ("ARCHERY ", "Archery"),
        ("playing_piano", "PlayingPiano"),
        ("Horse race", "HorseRace"),
        ("Surfng", "Surfing"),
    ],
)
def test_case_blanks_and_a_slip_do_not_hide_the_label_that_is_meant(label: str, name: str) -> None:
    assert nearest(label, KNOWN)[0] == name


def test_what_is_unlike_all_labels_has_no_nearest() -> None:
    assert nearest("yoga", KNOWN) == []
    assert nearest("", KNOWN) == []
    assert nearest("yoga", []) == []
    # a name without letters is compared as it is
    assert nearest("+", ["-", "+"]) == ["+"]


def test_several_labels_of_one_form_are_all_given_and_the_nearest_is_first() -> None:
    assert nearest("archery", ["Archery", "archery_", "Surfing"]) == ["Archery", "archery_"]
    assert nearest("playing violn", KNOWN) == ["PlayingViolin", "PlayingPiano"]
    assert nearest("playing violn", KNOWN, most=1) == ["PlayingViolin"]


def test_a_hint_has_both_names_and_what_is_known() -> None:
    assert guess(["archery", "yoga"], KNOWN) == (
        "did you mean 'Archery' by 'archery'? labels are compared letter by letter"
    )
    assert guess(["yoga"], KNOWN) == ""
    assert unknown_hint(["yoga"], KNOWN[:2]) == "the classifier knows 'Archery', 'BasketballDunk'"
    assert unknown_hint(["surfing"], KNOWN).startswith("did you mean 'Surfing' by 'surfing'? ")
    assert unknown_hint(["surfing"], KNOWN).endswith("'Surfing'")


def test_long_lists_are_cut_and_counted() -> None:
    names = [f"class {number}" for number in range(400)]
    assert some(names).endswith("'class 5' and 394 more")
    assert some(names[:2]) == "'class 0', 'class 1'"
    text = guess([name.upper() for name in names[:9]], names)
    assert text.count(" by 'CLASS") == 6
    assert ", and 3 more?" in text
