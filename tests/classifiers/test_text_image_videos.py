"""A text-image model that knows six shapes tags real videos of them, in plain words."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from scsampler_cli import SelectionSettings, Tagger
from tests.colour_clip import NOTHING, SHAPES, write_shape_video

WHERE = {"device": "cpu", "precision": "fp32"}
PARTS = [(None, 16.0), ("a green triangle", 16.0), (None, 16.0), ("a purple ring", 8.0)]


@pytest.fixture(scope="session")
def model(colour_clip: Path) -> Path:
    return colour_clip


@pytest.mark.parametrize("name", SHAPES)
def test_each_shape_is_the_tag_of_its_video(model: Path, name: str, tmp_path: Path) -> None:
    video = write_shape_video(tmp_path / "v.mp4", [(name, 8.0)], seed=7)
    labels = ", ".join(sorted(SHAPES))
    tagger = Tagger(model, labels=labels, selection=SelectionSettings(strategy="dense"), **WHERE)
    result = tagger.tag(video)
    assert result.label == name
    assert result.tags[0][1] > 0.9


def test_segments_are_where_the_shapes_are(model: Path, tmp_path: Path) -> None:
    """The label of the background, an empty wall, competes with the shapes and is no tag."""
    video = write_shape_video(tmp_path / "v.mp4", PARTS, seed=3)
    tagger = Tagger(
        model,
        labels=tuple(SHAPES),
        background_labels=(NOTHING,),
        segments=True,
        selection=SelectionSettings(strategy="dense"),
        **WHERE,
    )
    result = tagger.tag(video)
    assert NOTHING not in {label for label, _ in result.tags}
    found = [
        (each.label, float(each.exact_start), float(each.exact_end)) for each in result.segments
    ]
    assert [label for label, _, _ in found] == ["a green triangle", "a purple ring"]
    # clips of four frames at 10 frames a second, 8 frames apart, are 3.2 s long
    for (_, start, end), (wanted_start, wanted_end) in zip(
        found, [(16, 32), (48, 56)], strict=True
    ):
        assert abs(start - wanted_start) <= 3.2
        assert abs(end - wanted_end) <= 3.2


def test_the_command_line_takes_the_labels_as_a_list(model: Path, tmp_path: Path) -> None:
    video = write_shape_video(tmp_path / "v.mp4", [("a red circle", 8.0)], seed=5, sound_hz=440)
    command = [sys.executable, "-m", "scsampler_cli", "classify", str(video)]
    options = ["--classifier", str(model), "--labels", "a red circle, a blue square"]
    options += ["--device", "cpu", "--format", "json"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert record["tags"][0]["label"] == "a red circle"
    assert {tag["label"] for tag in record["tags"]} <= {"a red circle", "a blue square"}
