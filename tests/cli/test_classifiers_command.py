"""`scsampler classifiers`, and every kind of classifier through `scsampler classify`."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from scsampler_cli.classifiers import registry
from scsampler_cli.classifiers.networks import build
from tests.classifiers.making import FIELDS, Small, save_exported, save_onnx, save_scripted
from tests.classifiers.test_registry import PLUGIN, install
from tests.cli.running import Run

ROOT = Path(__file__).parent.parent.parent
DOCUMENT = (ROOT / "scsampler_cli" / "classifiers" / "README.md").read_text()


def tags(result: subprocess.CompletedProcess[str]) -> list[tuple[str, float]]:
    assert result.returncode == 0, result.stderr
    return [(tag["label"], tag["probability"]) for tag in json.loads(result.stdout)["tags"]]


@pytest.fixture(scope="module")
def r2plus1d(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One R(2+1)D-18 of five classes in four forms.

    Files: a state dict, a torch.export program, an ONNX model and a TorchScript archive.
    """
    folder = tmp_path_factory.mktemp("r2plus1d")
    torch.manual_seed(0)
    network = build("r2plus1d_18", 5).eval()
    clip = torch.rand(2, 3, 4, 32, 32)
    torch.save(network.state_dict(), folder / "state.pth")
    torch.export.save(torch.export.export(network, (clip,)), folder / "exported.pt2")
    torch.onnx.export(network, (clip[:1],), str(folder / "onnx.onnx"), dynamo=True, verbose=False)
    torch.jit.save(torch.jit.trace(network, clip), str(folder / "scripted.pt"))
    fields = (
        FIELDS.replace("16, 16", "36, 48")
        .replace("crop = 16", "crop = 32")
        .replace('"a", "b", "c"', '"a","b","c","d","e"')
    )
    for name in ("state", "exported", "onnx", "scripted"):
        (folder / f"{name}.toml").write_text(fields)
    return folder


def test_one_network_in_four_forms_gives_the_same_tags(
    run: Run, videos: Path, r2plus1d: Path
) -> None:
    fp32 = ["--precision", "fp32"]  # which some CPUs do not take by themselves

    def ask(*more: str | Path) -> list[tuple[str, float]]:
        return tags(
            run(
                "classify",
                videos / "loud.mp4",
                "--k",
                "3",
                "--strategy",
                "uniform",
                "--format",
                "json",
                *fp32,
                *more,
            )
        )

    wanted = ask("--classifier", r2plus1d / "state.pth", "--arch", "r2plus1d_18")
    assert len(wanted) == 5
    for name in ("exported.pt2", "onnx.onnx", "scripted.pt"):
        found = ask("--classifier", r2plus1d / name)
        assert [label for label, _ in found] == [label for label, _ in wanted], name
        assert [p for _, p in found] == pytest.approx([p for _, p in wanted], abs=1e-5), name


def test_a_model_file_without_a_description_says_what_is_missing_and_prints_a_template(
    run: Run, videos: Path, tmp_path: Path
) -> None:
    save_onnx(Small().eval(), tmp_path / "mine.onnx")
    result = run("classify", videos / "loud.mp4", "--classifier", tmp_path / "mine.onnx")
    assert result.returncode == 1
    assert result.stdout == ""
    error, hint, *template = result.stderr.splitlines()
    fields = "stride, resize, mean, std, activation, labels"
    assert error == f"error: mine.onnx lacks the spec fields {fields}"
    assert "mine.toml" in hint
    assert "KEY=VALUE (--spec)" in hint
    (tmp_path / "mine.toml").write_text(
        "\n".join(template).replace('"labels.txt"', '["a", "b", "c"]')
    )
    assert (
        len(
            tags(
                run(
                    "classify",
                    videos / "loud.mp4",
                    "--classifier",
                    tmp_path / "mine.onnx",
                    "--format",
                    "json",
                )
            )
        )
        == 3
    )


def test_flags_do_without_a_description(run: Run, videos: Path, tmp_path: Path) -> None:
    save_scripted(Small().eval(), tmp_path / "mine.pt")
    fields = [line.replace(" ", "") for line in FIELDS.splitlines() if line]
    flags = [word for field in fields for word in ("--spec", field)]
    result = run(
        "classify",
        videos / "loud.mp4",
        "--classifier",
        tmp_path / "mine.pt",
        *flags,
        "--format",
        "json",
    )
    assert {label for label, _ in tags(result)} == {"a", "b", "c"}


@pytest.mark.parametrize(
    ("spatial", "aggregate"),
    [("full", ["top-mean", "--top-m", "2"]), ("three", ["log-mean"])],
    ids=["full", "three"],
)
def test_views_and_aggregates_are_in_the_record(
    run: Run, videos: Path, spatial: str, aggregate: list[str]
) -> None:
    arguments = [
        "--classifier",
        "demo",
        "--spatial",
        spatial,
        "--aggregate",
        *aggregate,
        "--temperature",
        "2",
    ]
    result = run(
        "classify",
        videos / "loud.mp4",
        "--k",
        "3",
        "--strategy",
        "uniform",
        "--format",
        "json",
        *arguments,
    )
    assert result.returncode == 0, result.stderr
    record = json.loads(result.stdout)
    assert record["settings"]["answer"] == {
        "spatial": spatial, "temperature": 2.0, "aggregate": aggregate[0],
        "top_m": 2 if aggregate[0] == "top-mean" else None, "min_probability": None,
    }  # fmt: skip
    assert (record["classifier"]["crops"], record["classifier"]["crop"]) == (
        (3, [56, 56]) if spatial == "three" else (1, [64, 64])
    )


def test_all_with_a_name_are_listed_with_what_they_take(run: Run) -> None:
    result = run("classifiers", "--format", "json")
    assert result.returncode == 0, result.stderr
    records = {record["name"]: record for record in json.loads(result.stdout)}
    assert set(records) == set(registry.names())
    six = records["ir_csn_152"]
    assert (six["frames"], six["stride"], six["size"], six["labels"]) == (32, 2, [224, 224], 400)
    assert (six["gmacs"], six["mparams"], six["weights"]) == (74.05, 29.7, "downloadable")
    table = run("classify", "--list-classifiers")
    assert table.returncode == 0
    heading, *lines = table.stdout.splitlines()
    assert heading.split() == [
        "name",
        "clip",
        "labels",
        "GMACs",
        "M",
        "params",
        "weights",
        "description",
    ]
    assert [line.split()[0] for line in lines] == list(records)
    assert "32 x 2 x 224" in next(line for line in lines if line.startswith("ir_csn_152 "))
    rows = list(
        csv.DictReader(io.StringIO(run("classify", "--list-classifiers", "--format", "csv").stdout))
    )
    assert [row["name"] for row in rows] == list(records)


def test_a_check_reports_range_sums_and_speed(run: Run, tmp_path: Path) -> None:
    save_exported(Small().eval(), tmp_path / "good.pt2")
    (tmp_path / "good.toml").write_text(FIELDS)
    result = run("classifiers", "demo", tmp_path / "good.pt2", "--check")
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("sums 1.0000 to 1.0000, not a number: 0; repeatable") == 2
    assert result.stdout.count("clips/s") == 2
    record = json.loads(
        run("classifiers", tmp_path / "good.pt2", "--check", "--format", "jsonl").stdout
    )
    assert record["check"]["problems"] == []
    assert record["labels"] == 3
    assert record["mparams"] is not None


def test_a_check_that_fails_is_told_and_has_an_exit_code(run: Run, tmp_path: Path) -> None:
    network = Small().eval()
    torch.nn.init.zeros_(network.conv.weight)
    save_scripted(network, tmp_path / "bad.pt")
    (tmp_path / "bad.toml").write_text(FIELDS)
    result = run("classifiers", "demo", tmp_path / "bad.pt", "--check")
    assert result.returncode == 3
    assert "all clips get the same answer" in result.stdout
    assert "all clips get the same answer" in result.stderr
    assert run("classifiers", tmp_path / "bad.pt", "--check").returncode == 1


def isolated(site: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(site)}
    command = [sys.executable, "-m", "scsampler_cli", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, env=environment, cwd=site, check=False, timeout=300
    )


def test_a_broken_plug_in_is_listed_with_its_reason_and_two_of_one_name_with_both(
    tmp_path: Path,
) -> None:
    (tmp_path / "bright_plugin.py").write_text(PLUGIN)
    install(
        tmp_path,
        "good",
        {"brightness": "bright_plugin:Brightness", "twice": "bright_plugin:factory"},
    )
    install(tmp_path, "bad", {"oops": "no_such_module:factory", "twice": "bright_plugin:factory"})
    result = isolated(tmp_path, "classifiers")
    assert result.returncode == 0
    lines = {line.split()[0]: line for line in result.stdout.splitlines()}
    assert "No module named 'no_such_module'" in lines["oops"]
    assert re.search(r"claimed by bad \(.*\) and good \(", lines["twice"])
    assert "2 x 1 x 8" in lines["brightness"]
    assert "demo" in lines
    assert isolated(tmp_path, "classifiers", "brightness", "--check").returncode == 0
    chosen = isolated(tmp_path, "classifiers", "twice", "--check")
    assert chosen.returncode == 1
    assert "bad" in chosen.stderr
    assert "good" in chosen.stderr


def test_the_documents_plug_in_installs_and_runs(tmp_path: Path, videos: Path) -> None:
    text = DOCUMENT.split("## A plug-in in twenty lines")[1]
    project, module = re.findall(r"```(?:toml|python)\n(.*?)```", text, re.DOTALL)[:2]
    assert sum(bool(line.strip()) for line in (project + module).splitlines()) <= 20
    source, site = tmp_path / "source", tmp_path / "site"
    source.mkdir()
    (source / "pyproject.toml").write_text(project)
    (source / "brightness.py").write_text(module)
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation",
         "--no-index", "--target", str(site), str(source)], check=True,
    )  # fmt: skip
    result = isolated(
        site, "classify", videos / "loud.mp4", "--classifier", "brightness", "--format", "json"
    )
    assert result.returncode == 0, result.stderr
    record = json.loads(result.stdout)
    assert record["classifier"]["name"] == "brightness"
    assert {tag["label"] for tag in record["tags"]} == {"dark", "bright"}
    assert sum(tag["probability"] for tag in record["tags"]) == pytest.approx(1, abs=1e-3)
    listed = isolated(site, "classifiers", "brightness", "--check")
    assert listed.returncode == 0, listed.stderr
    assert "scsampler-brightness" in listed.stdout
    elsewhere = isolated(
        source,
        "classify",
        videos / "loud.mp4",
        "--classifier",
        "brightness:Brightness",
        "--format",
        "json",
    )
    assert json.loads(elsewhere.stdout)["tags"] == record["tags"]
