"""`--labels`, `--prompt` and `--background-labels` with a text-image model, in every command."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import Run, check_failure
from tests.colour_clip import write_shape_video

RED, BLUE, WALL = "a red circle", "a blue square", "an empty wall"
VIDEOS = [
    (name, shape, split)
    for split in ("train", "val")
    for name, shape in (("circle", RED), ("square", BLUE))
]
"""Name, what it shows, and folder of each video."""


@pytest.fixture(scope="module")
def one_shape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Videos with one shape each, a list of them, and a file of labels."""
    folder = tmp_path_factory.mktemp("one_shape")
    (folder / "train").mkdir()
    (folder / "val").mkdir()
    rows = []
    for seed, (name, shape, split) in enumerate(VIDEOS):
        # a sampler learns from videos whose clips differ
        parts = [(shape, 7), (None, 7)] if split == "train" else [(shape, 7)]
        write_shape_video(folder / split / f"{name}.mp4", parts, seed=seed)
        rows.append(f"{split}/{name}.mp4,{shape},{split}")
    (folder / "list.csv").write_text("\n".join(["path,label,split", *rows]) + "\n")
    (folder / "labels.txt").write_text(f"{RED}\n{BLUE}\n{WALL}\n")
    return folder


@pytest.fixture(scope="module")
def model(colour_clip: Path) -> list[str]:
    return ["--classifier", str(colour_clip), "--device", "cpu"]


def records(path: Path) -> dict[str, Any]:
    return {Path(one["path"]).stem: one for one in map(json.loads, path.read_text().splitlines())}


def test_videos_get_the_labels_that_fit_and_other_labels_are_other_settings(
    run: Run, one_shape: Path, model: list[str], tmp_path: Path
) -> None:
    out = tmp_path / "tags.jsonl"
    words = ["classify", one_shape / "val", *model, "-o", out]
    result = run(*words, "--labels", one_shape / "labels.txt", "--jobs", "2")
    assert result.returncode == 0, result.stderr
    found = records(out)
    assert found["circle"]["tags"][0]["label"] == RED
    assert found["square"]["tags"][0]["label"] == BLUE
    sentences = found["circle"]["classifier"]
    assert sentences["prompts"] == ["a photo of {}"]

    # the same labels in another form are the same settings
    result = run(*words, "--labels", f"{RED}, {BLUE}, {WALL}", "--resume")
    assert result.returncode == 0, result.stderr
    assert "2 kept" in result.stderr
    result = run(*words, "--labels", f"{RED}, {BLUE}", "--resume")
    assert "made with other settings" in result.stderr
    assert {len(one["tags"]) for one in records(out).values()} == {2}


def test_labels_of_any_script_and_with_commas_are_tags_as_they_are_written(
    run: Run, one_shape: Path, model: list[str]
) -> None:
    labels = ["a red, round circle", "水に飛び込む犬", "ein «rotes» Œuf"]
    text = ", ".join(f'"{label}"' if "," in label else label for label in labels)
    video = one_shape / "val" / "circle.mp4"
    result = run("classify", video, *model, "--labels", text, "--format", "json")
    assert result.returncode == 0, result.stderr
    tags = json.loads(result.stdout)["tags"]
    assert {tag["label"] for tag in tags} == set(labels)
    assert sum(tag["probability"] for tag in tags) == pytest.approx(1, abs=1e-4)


def test_prompts_and_labels_of_the_background_change_the_answer_and_are_recorded(
    run: Run, shapes: Path, model: list[str]
) -> None:
    given = ["--labels", f"{RED}, {BLUE}", "--background-labels", WALL]
    given += ["--prompt", "{}", "--prompt", "video of {}"]
    result = run("classify", shapes / "b.mp4", *model, *given, "--format", "json")
    assert result.returncode == 0, result.stderr
    record = json.loads(result.stdout)
    assert [tag["label"] for tag in record["tags"]] == [RED, BLUE]
    assert record["classifier"]["prompts"] == ["{}", "video of {}"]
    assert record["classifier"]["background_labels"] == [WALL]
    assert record["background"] is not None


@pytest.mark.parametrize(
    ("words", "code", "message", "hint"),
    [
        ([], 1, "it needs labels", "--labels"),
        (["--labels", RED], 2, "competes with nothing", "--background-labels"),
        (["--labels", "nowhere.txt"], 1, "nowhere.txt", "--labels"),
        (["--labels", f"{RED},{RED}"], 1, "listed twice", "--labels"),
        (["--labels", f"{RED},,{BLUE}"], 1, "is empty", "--labels"),
        (["--labels", ""], 1, "labels", "--labels"),
        (["--labels", f"{RED}, {'red ' * 60}"], 1, "reads 40", "--prompt"),
        (["--labels", f"{RED},{BLUE}", "--prompt", "a photo"], 2, "has no {}", "--prompt"),
        (["--labels", f"{RED},{BLUE}", "--background-labels", RED], 1, "label of the", "--labels"),
        (["--classifier", "demo", "--prompt", "a {}"], 2, "prompts have no effect", "leave"),
        (["--classifier", "demo", "--background-labels", WALL], 2, "have no effect", "leave"),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, list) else None,
)
def test_labels_that_cannot_be_meant_are_refused(
    run: Run, one_shape: Path, model: list[str], words: list[str], code: int, message: str,
    hint: str,
) -> None:  # fmt: skip
    result = run("classify", one_shape / "val" / "circle.mp4", *model, *words)
    check_failure(result, code, message)
    assert hint in result.stderr.splitlines()[-1]


def test_the_model_is_checked_with_its_labels_and_not_without(run: Run, colour_clip: Path) -> None:
    words = ["classifiers", colour_clip, "--device", "cpu", "--check", "--format", "json"]
    result = run(*words, "--labels", f"{RED}, {BLUE}", "--background-labels", WALL)
    assert result.returncode == 0, result.stderr
    (record,) = json.loads(result.stdout)
    assert (record["name"], record["labels"]) == (str(colour_clip), 3)
    result = run(*words)
    assert result.returncode == 1
    assert "it needs labels" in result.stderr
    assert "(--labels)" in result.stderr


def test_a_bench_measures_it(run: Run, one_shape: Path, model: list[str], tmp_path: Path) -> None:
    words = ["--k", "1", "--timed", "0", "--sheet", "0", "--no-empirical", "--format", "json"]
    words += ["--cache", str(tmp_path), "--labels", f"{RED}, {BLUE}", "--prompt", "video of {}"]
    result = run("bench", one_shape / "list.csv", *model, *words)
    assert result.returncode == 0, result.stderr
    (measured,) = json.loads(result.stdout)["runs"]
    rows = {row["key"]: row for row in measured["tables"]["strategies"]["rows"]}
    assert rows["dense"]["top1"] == 100


def test_a_sampler_learns_from_its_answers(
    run: Run, one_shape: Path, model: list[str], tmp_path: Path
) -> None:
    words = ["--target", "md", "--arch", "shufflenet26", "--init", "scratch", "--epochs", "1"]
    words += ["--objective", "sal-rank", "--clips-per-video", "2", "--batch-size", "4"]
    words += ["--per-epoch", "8"]
    given = ["--labels", one_shape / "labels.txt", "--background-labels", "a yellow star"]
    out = tmp_path / "mine.safetensors"
    result = run(
        "train", one_shape / "list.csv", *model, *words, *given, "--cache", tmp_path, "-o", out
    )
    assert result.returncode == 0, result.stderr
    (listed,) = json.loads(run("weights", out, "--format", "json").stdout)
    assert "sal-rank" in json.dumps(listed)
