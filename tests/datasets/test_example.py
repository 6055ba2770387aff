"""Problems as text, and the classes that can be learnt."""

from pathlib import Path

import pytest

from scsampler_cli.datasets.example import Example, Problem, labels_of
from scsampler_cli.errors import InputError


def test_a_problem_says_where_it_is() -> None:
    assert (
        str(Problem("data.csv", 12, "path is empty", code="list-row-invalid"))
        == "data.csv:12: path is empty"
    )
    assert (
        str(Problem("videos", 0, "run: no video in this folder", code="no-video-files"))
        == "videos: run: no video in this folder"
    )


def test_labels_are_those_of_the_training_videos_in_order() -> None:
    examples = [
        Example(Path(f"{label}.mp4"), label, split)
        for label, split in zip("cabd", ("train",) * 3 + ("val",), strict=True)
    ]
    assert labels_of(examples) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("splits", "word"),
    [
        ([], "0 training videos of 0 classes"),
        (["train"], "1 training video of 1 class: not enough"),
        (["val", "val"], "0 training videos of 0 classes"),
        (["train", "val"], "1 training video of 1 class:"),
    ],
)
def test_too_few_classes_are_refused_with_a_hint(splits: list[str], word: str) -> None:
    examples = [Example(Path(f"{i}.mp4"), str(i), split) for i, split in enumerate(splits)]
    with pytest.raises(InputError, match=word) as caught:
        labels_of(examples)
    assert caught.value.hint
