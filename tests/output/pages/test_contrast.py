"""Contrast of colours: text 4.5 to 1, lines and bars 3 to 1 (WCAG 2 AA), light and dark."""

import re
from importlib.resources import files

import pytest

STYLE = (files("scsampler_cli.output.pages") / "style.css").read_text(encoding="utf-8")
LIGHT, DARK = (
    dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6})", block))
    for block in re.findall(r":root \{(.*?)\}", STYLE, re.S)[:2]
)
TEXT, DRAWN = (
    # the colours of labels are also those of words
    ("ink", "soft", "link", "bad", "taken", *("la", "lb", "lc", "ld", "le", "lf", "lg", "lh")),
    ("visual", "audio", "packets", "combined", "confidence", "truth", "control"),
)


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("names", "least"), [(TEXT, 4.5), (DRAWN, 3.0)])
def test_every_colour_stands_out_from_every_ground(
    colours: dict[str, str], names: tuple[str, ...], least: float
) -> None:
    grounds = ("ground", "panel", "glow") if least > 3 else ("ground",)
    found = {
        (name, ground): contrast(colours[name], colours[ground])
        for name in names
        for ground in grounds
    }
    assert {pair: ratio for pair, ratio in found.items() if ratio < least} == {}
