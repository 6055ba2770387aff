"""Settings of a search: what is out of range is refused with a hint."""

import math

import pytest

from scsampler_cli.config.find_settings import MAX_TOP, FindSettings
from scsampler_cli.errors import SettingsError


def test_the_defaults() -> None:
    settings = FindSettings()
    assert (settings.top, settings.apart_s, settings.picture_gap) == (20, 10, 2)
    assert settings.prompts == ("{}",)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"top": 0}, "out-of-range"),
        ({"top": MAX_TOP + 1}, "out-of-range"),
        ({"top": 2.5}, "arguments-invalid"),
        ({"top": True}, "arguments-invalid"),
        ({"apart_s": -1}, "out-of-range"),
        ({"apart_s": math.nan}, "out-of-range"),
        ({"apart_s": math.inf}, "out-of-range"),
        ({"picture_gap": -0.5}, "out-of-range"),
        ({"picture_gap": math.nan}, "out-of-range"),
        ({"picture_gap": 3601}, "out-of-range"),
        ({"prompts": ()}, "arguments-invalid"),
        ({"prompts": "{}"}, "arguments-invalid"),
        ({"prompts": ("a photo",)}, "prompt-invalid"),
        ({"prompts": ("{}", "{}")}, "prompt-invalid"),
        ({"prompts": (1,)}, "prompt-invalid"),
    ],
)
def test_wrong_settings_are_refused(arguments: dict[str, object], code: str) -> None:
    with pytest.raises(SettingsError) as caught:
        FindSettings(**arguments)  # type: ignore[arg-type]
    assert caught.value.code == code
    assert caught.value.hint


@pytest.mark.parametrize(
    "arguments",
    [{"top": MAX_TOP}, {"apart_s": 0}, {"picture_gap": 0}, {"picture_gap": None}],
)
def test_the_limits_themselves_are_allowed(arguments: dict[str, object]) -> None:
    FindSettings(**arguments)  # type: ignore[arg-type]
