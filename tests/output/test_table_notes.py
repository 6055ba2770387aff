"""Notes below a table are broken between words."""

from scsampler_cli.output.tables import render
from tests.output.test_writers import CLASSIFY

NOTE = (
    "the Kinetics-400 weights of r2plus1d_18 are not cached and cannot be downloaded (the "
    "server's name cannot be found; is this machine connected to the network?)"
)


def test_a_long_note_fits_into_80_columns_and_no_word_is_split() -> None:
    text = render({**CLASSIFY, "notes": ["short", NOTE]})
    lines = text.splitlines()
    assert "  note: short" in lines
    start = next(number for number, line in enumerate(lines) if "Kinetics-400" in line)
    assert " ".join(line.strip() for line in lines[start:]) == f"note: {NOTE}"
    assert max(map(len, lines[start:])) <= 80
    assert all(line.startswith("    ") for line in lines[start + 1 :])


def test_a_path_is_never_split() -> None:
    path = "/data/" + "a-long-folder-name/" * 6 + "video.mp4"
    assert path in render({**CLASSIFY, "notes": [f"{path}: no sound"]})
