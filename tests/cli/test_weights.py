"""`scsampler weights` as a process: every format, exit codes, a quick help."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from scsampler_cli.model_zoo.bundled_weights import bundled_dir, bundled_file
from scsampler_cli.model_zoo.public import PUBLIC
from tests.cli.running import Run

SHIPPED = sorted(path.stem for path in bundled_dir().glob("*.safetensors"))


def test_the_table_lists_what_ships_and_what_is_public(run: Run) -> None:
    result = run("weights")
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    heading, *lines = result.stdout.splitlines()
    assert heading.split() == [
        "name",
        "kind",
        "arch",
        "objective",
        "labels",
        "MB",
        "sha256",
        "where",
        "trained",
        "on",
    ]
    # an indented line says more about the file above it
    names = [line.split()[0] for line in lines if not line.startswith(" ")]
    assert names == [*SHIPPED, *PUBLIC]
    assert "  shares the network imagenet_lite0, which comes with scsampler" in lines


def test_json_of_a_named_file_has_the_whole_metadata_and_digest(run: Run) -> None:
    result = run("weights", bundled_file("demo_md"), "--format", "json")
    assert result.returncode == 0, result.stderr
    (record,) = json.loads(result.stdout)
    assert (record["name"], record["where"]) == (str(bundled_file("demo_md")), "file")
    assert record["metadata"]["settings"]["recipe"]["epochs"] == 12
    assert len(record["sha256"]) == 64


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv"])
def test_a_damaged_file_is_one_row_and_the_other_is_listed(
    run: Run, tmp_path: Path, form: str
) -> None:
    (tmp_path / "bad.safetensors").write_bytes(b"garbage" * 9)
    result = run("weights", tmp_path / "bad.safetensors", bundled_file("demo_md"), "--format", form)
    assert result.returncode == 3
    assert result.stderr.startswith(f"error: weight file {tmp_path / 'bad.safetensors'} is damaged")
    assert result.stderr.splitlines()[1].startswith("hint: ")
    assert "Traceback" not in result.stderr
    if form == "table":
        lines = result.stdout.splitlines()[1:]
        assert ["error: " in line for line in lines] == [True, False]
        return
    rows = (
        json.loads(result.stdout)
        if form == "json"
        else [json.loads(line) for line in result.stdout.splitlines()]
        if form == "jsonl"
        else list(csv.DictReader(io.StringIO(result.stdout)))
    )
    assert [row["status"] for row in rows] == ["error", "ok"]


def test_its_help_imports_nothing_heavy() -> None:
    script = (
        "import sys\nfrom scsampler_cli.__main__ import main\n"
        "sys.argv = ['scsampler', 'weights', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = ('torch', 'torchvision', 'numpy', 'av')\n"
        "print([name for name in heavy if name in sys.modules], file=sys.stderr)"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert result.stderr.strip() == "[]"
    assert "scsampler weights" in result.stdout
