"""The figure of a training run: no axis without anything on it."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from scsampler_cli.train import history

EPOCHS = [{"epoch": i, "loss": 1 / (i + 1)} for i in range(3)]
MEASURES = [
    ({}, 1),
    ({"baselines": {}}, 1),
    ({"video_accuracy": 0.5, "clip_accuracy": 0.4, "baselines": {"uniform": 0.5}}, 2),
    ({"clip_accuracy": 0.4}, 2),
]


def boxes(png: bytes) -> int:
    """Number of frames of axes: the left edges, at a column that all of them share."""
    pixels = Image.open(io.BytesIO(png)).convert("L")
    best = 0
    for x in range(20, 120):
        column = [pixels.getpixel((x, y)) < 60 for y in range(pixels.height)]
        runs, length = 0, 0
        for dark in [*column, False]:
            length = length + 1 if dark else 0
            runs += length == 150
        best = max(best, runs)
    return best


@pytest.mark.parametrize(("measures", "axes"), MEASURES)
def test_a_run_without_validation_has_one_axis(
    tmp_path: Path, measures: dict[str, Any], axes: int
) -> None:
    output = tmp_path / "w.safetensors"
    history.write(output, [{**epoch, **measures} for epoch in EPOCHS])
    _, curve = history.files_of(output)
    assert boxes(curve.read_bytes()) == axes
