"""`scsampler cache` as a process: every format, what it removes, and what it imports."""

import csv
import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from scsampler_cli.cache.video_cache import Cache
from scsampler_cli.cli.environment import train_cache_dir

ROOT = Path(__file__).parent.parent.parent
SCRIPT = (
    "import sys\nfrom scsampler_cli.__main__ import main\nsys.argv = ['scsampler', *sys.argv[1:]]\n"
    "try:\n    main()\nexcept SystemExit as stop:\n    code = stop.code\n"
    "heavy = [m for m in ('torch', 'av', 'numpy', 'rich') if m in sys.modules]\n"
    "assert not heavy, heavy\nsys.exit(code)"
)


def run(home: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home),
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-c", SCRIPT, "cache", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, env=environment, cwd=home, check=False
    )


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home whose default cache keeps two entries of one video and one of another."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for days, (name, kind) in enumerate((("a", "md"), ("a", "rgbr"), ("b", "rgbr")), start=1):
        video = tmp_path / f"{name}.mp4"
        video.write_text(name)
        with Cache(train_cache_dir()).writer(video, kind, {}) as writer:
            writer.add(np.ones((1000, 10), np.int8))
        for head in train_cache_dir().glob(f"*/{kind}-*/entry.json"):
            if time.time() - head.stat().st_mtime < 3600:
                os.utime(head, (time.time() - days * 86400,) * 2)
    return tmp_path


def test_the_table_has_a_line_for_each_kind_and_one_for_all(home: Path) -> None:
    result = run(home)
    assert (result.returncode, result.stderr) == (0, "")
    heading, *lines = result.stdout.splitlines()
    assert heading.split() == "kind videos entries MB oldest use newest use description".split()
    assert [line.split()[:3] for line in lines] == [
        ["rgbr", "2", "2"],
        ["md", "1", "1"],
        ["all", "2", "3"],
    ]


@pytest.mark.parametrize("form", ["json", "jsonl", "csv"])
def test_other_forms_hold_the_same(home: Path, form: str) -> None:
    text = run(home, "--format", form).stdout
    rows = (
        json.loads(text)
        if form == "json"
        else [json.loads(line) for line in text.splitlines()]
        if form == "jsonl"
        else list(csv.DictReader(io.StringIO(text)))
    )
    assert [row["kind"] for row in rows] == ["rgbr", "md", "all"]
    assert {row["path"] for row in rows} == {str(home / "scsampler" / "train")}
    size = sum(path.stat().st_size for path in (home / "scsampler").rglob("*") if path.is_file())
    assert int(rows[-1]["bytes"]) == size
    assert rows[-1]["oldest_use"] < rows[-1]["newest_use"]
    assert all(row["oldest_use"].endswith("Z") for row in rows)


def test_pruning_removes_and_tells_what_it_removed(home: Path) -> None:
    dry = run(home, "--prune", "25h", "--dry-run", "--format", "json")
    assert dry.stderr == "note: nothing was removed (--dry-run)\n"
    done = run(home, "--prune", "25h", "--format", "json")
    assert dry.stdout == done.stdout
    (total,) = (record for record in json.loads(done.stdout) if record["kind"] == "all")
    assert (total["removed"], total["entries"], total["in_use"]) == (2, 1, 0)
    assert total["removed_bytes"] > 20_000
    assert [path.name[:3] for path in (home / "scsampler" / "train").glob("*/*")] == ["md-"]
    assert run(home, "--prune", "0").returncode == 0
    assert list((home / "scsampler" / "train").iterdir()) == []


def test_what_stays_beyond_the_limit_is_told(home: Path) -> None:
    cache = home / "scsampler" / "train"
    with Cache(cache).in_use():
        assert Cache(cache).find(home / "b.mp4", "rgbr", {}) is not None
        result = run(home, "--prune", "0")
    assert result.returncode == 0
    using, over = result.stderr.splitlines()
    assert using.startswith("note: 1 entry stays (0.0 MB): a run is using them")
    assert over.startswith("note: the cache holds 0.0 MB, more than 0.0")


def test_what_is_not_ours_is_told(home: Path) -> None:
    (home / "scsampler" / "train" / "holiday.jpg").touch()
    assert "1 files or folders in it are not scsampler's, and stay" in run(home).stderr


def test_a_cache_that_is_not_there_is_empty_by_default_and_an_error_where_it_was_named(
    tmp_path: Path,
) -> None:
    result = run(tmp_path)
    assert (result.returncode, result.stdout.splitlines()[1].split()) == (
        0,
        ["all", "0", "0", "0.0", "-", "-"],
    )
    assert list(tmp_path.iterdir()) == []
    result = run(tmp_path, "--cache", tmp_path / "none")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith(
        f"error: the cache {tmp_path / 'none'} cannot be read: No such file"
    )


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--dry-run"], "has no effect without --prune"),
        (["--prune", "10"], "expected a size or an age"),
    ],
)
def test_wrong_use_is_refused(home: Path, arguments: list[str], word: str) -> None:
    result = run(home, *arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert word in result.stderr.splitlines()[0]
    assert len(list((home / "scsampler" / "train").glob("*/*"))) == 3
