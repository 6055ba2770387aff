"""A classifier and a sampler with a background class, from the command line to every format."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from jsonschema import Draft202012Validator

from scsampler_cli.classifiers.networks import build as build_classifier
from scsampler_cli.model_zoo.weightfile import write_weights
from scsampler_cli.output import schemas
from scsampler_cli.output.tables import render
from scsampler_cli.output.writers import CUT_FORMATS, DOCUMENT_FORMATS
from scsampler_cli.pipeline.tags import background_notes
from scsampler_cli.samplers.networks import build
from tests.cli.running import Run, check_failure

LABELS = ["walking", "background", "running"]
STATED = {"labels": LABELS, "background": "background"}
SPEC = {
    "frames": 8,
    "stride": 2,
    "resize": 36,
    "crop": [32, 32],
    "mean": [0.5] * 3,
    "std": [0.5] * 3,
}
SCHEMA = {name: Draft202012Validator(schemas.schema(name)) for name in ("classify", "score")}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    torch.manual_seed(0)
    network = build_classifier("tiny3d", 3)
    with torch.no_grad():
        # so that background is the most probable label of most clips
        list(network.parameters())[-1].copy_(torch.tensor([0.0, 0.7, 0.0]))
    about = {"kind": "classifier", "arch": "tiny3d", "spec": SPEC, **STATED}
    write_weights(folder / "f.safetensors", network.state_dict(), about)
    sampler = build("shufflenet26", "md", 3).eval()
    about = {"kind": "sampler", "input": "md", "arch": "shufflenet26", "objective": "ac", **STATED}
    write_weights(folder / "s.safetensors", sampler.state_dict(), about)
    return folder


def options(models: Path) -> list[str | Path]:
    return [
        *("--classifier", models / "f.safetensors", "--visual-sampler", models / "s.safetensors"),
        *("--audio-sampler", "none", "--k", "2", "--device", "cpu", "--precision", "fp32"),
    ]


@pytest.fixture(scope="module")
def record(run: Run, videos: Path, models: Path) -> dict:
    found = run("classify", videos / "loud.mp4", *options(models), "--top", "9", "--format", "json")
    assert found.returncode == 0, found.stderr
    return json.loads(found.stdout)


def test_the_record_has_the_share_and_no_such_tag(record: dict) -> None:
    assert [error.message for error in SCHEMA["classify"].iter_errors(record)] == []
    assert {tag["label"] for tag in record["tags"]} == {"walking", "running"}
    assert sum(tag["probability"] for tag in record["tags"]) == pytest.approx(1, abs=1e-4)
    # what a clip shows is a fact of its own; the share is the mean over the clips
    shown = [clip["probability"] for clip in record["clips"] if clip["label"] == "background"]
    assert len(shown) == 2
    assert record["background"] == pytest.approx(np.mean(shown), abs=1e-4)
    assert record["classifier"]["background"] == "background"
    assert record["samplers"][0]["score"] == "background"


def test_a_note_says_where_most_of_the_selection_is_background(record: dict) -> None:
    (note,) = [note for note in record["notes"] if "background" in note]
    assert f"are mostly background ({record['background']:.0%}): perhaps" in note
    half = np.array([0.5, 0.5, 0], np.float32)
    assert background_notes(half, 0.5) == background_notes(half, None) == []
    (nothing,) = background_notes(np.zeros(3, np.float32), 1.0)
    assert nothing == "the selected clips are nothing but background: no class has a probability"


def test_each_format_copes(run: Run, videos: Path, models: Path, record: dict) -> None:
    line = f"{record['background']:6.1%}  background (mean over the selected clips; no tag)"
    assert line in render(record)
    path = videos / "loud.mp4"
    rows = csv.DictReader(
        io.StringIO(run("classify", path, *options(models), "--format", "csv").stdout)
    )
    row = next(rows)
    assert float(row["background"]) == record["background"]
    assert (row["label2"], row["label3"]) != ("", "background")
    for form in (*CUT_FORMATS, *DOCUMENT_FORMATS):
        found = run("classify", path, *options(models), "--format", form)
        assert found.returncode == 0, found.stderr
        assert "background and is left out" in found.stderr.replace("are left", "is left")
        assert "background" not in found.stdout


def test_a_page_has_the_share(run: Run, videos: Path, models: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    found = run("classify", videos / "loud.mp4", *options(models), "--report", page)
    assert found.returncode == 0, found.stderr
    assert "none of the classes" in page.read_text(encoding="utf-8")


def test_saliency_is_what_is_not_background_or_the_papers(
    run: Run, videos: Path, models: Path
) -> None:
    sampler = ("--visual-sampler", models / "s.safetensors", "--precision", "fp32")
    found = {}
    for saliency in ("auto", "class"):
        result = run(
            *("score", videos / "loud.mp4", *sampler, "--device", "cpu"),
            *("--saliency", saliency, "--format", "json"),
        )
        assert result.returncode == 0, result.stderr
        record = found[saliency] = json.loads(result.stdout)
        assert [error.message for error in SCHEMA["score"].iter_errors(record)] == []
    assert found["auto"]["samplers"][0]["score"] == "background"
    assert found["class"]["samplers"][0]["score"] == "class"
    for one, other in zip(found["auto"]["clips"], found["class"]["clips"], strict=True):
        # walking + running, and the larger of both
        assert one["visual"] > other["visual"] >= one["visual"] / 2 - 1e-4


def test_a_choice_of_saliency_without_effect_is_an_error(
    run: Run, videos: Path, models: Path
) -> None:
    path, chosen = videos / "loud.mp4", ("--saliency", "class", "--device", "cpu")
    demo = run("score", path, "--visual-sampler", "demo", *chosen)
    why = "saliency 'class' has no effect: no sampler in use has a background class"
    check_failure(demo, 2, why)
    uniform = run("classify", path, "--classifier", "demo", "--strategy", "uniform", *chosen)
    check_failure(uniform, 2, "--saliency has no effect with strategy 'uniform'")


def test_lists_name_the_background_class(run: Run, models: Path) -> None:
    for command, name in (("weights", "s"), ("weights", "f"), ("classifiers", "f")):
        file = models / f"{name}.safetensors"
        assert "2 + background" in run(command, file).stdout
        record = json.loads(run(command, file, "--format", "json").stdout)
        record = record[0] if isinstance(record, list) else record
        assert (record["labels"], record["background"]) == (3, "background")


def test_a_label_of_its_own_keeps_the_class(
    run: Run, videos: Path, models: Path, record: dict, tmp_path: Path
) -> None:
    (tmp_path / "labels.txt").write_text("gehen\nnichts\nlaufen\n")
    labels = ("--labels", tmp_path / "labels.txt")
    found = run("classify", videos / "loud.mp4", *options(models), *labels, "--format", "json")
    other = json.loads(found.stdout)
    assert {tag["label"] for tag in other["tags"]} == {"gehen", "laufen"}
    assert other["classifier"]["background"] == "nichts"
    assert other["background"] == record["background"]


def test_a_multi_label_classifier_has_no_background(run: Run, videos: Path, models: Path) -> None:
    found = run("classify", videos / "loud.mp4", *options(models), "--spec", "activation=sigmoid")
    assert found.returncode != 0
    assert "multi-label and has a background class" in found.stderr
