"""extract --format npz: files for NumPy, in batches too, with all P-frames by default."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from scsampler_cli import read_features
from tests.cli.running import Run, check_failure


def test_the_suffix_or_the_option_decides(run: Run, videos: Path, tmp_path: Path) -> None:
    one = run("extract", videos / "loud.mp4", "-o", tmp_path / "x.npz", "--format", "json")
    assert one.returncode == 0, one.stderr
    record = json.loads(one.stdout)
    assert (record["output"], record["settings"]["p_frames"]) == (str(tmp_path / "x.npz"), 0)
    folder = tmp_path / "all"
    more = ["--format", "npz", "--records", tmp_path / "r.jsonl"]
    assert run("extract", videos, "-o", f"{folder}/", *more).returncode == 0
    assert {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()} == {
        "loud.mp4.npz",
        "sub/silent.mkv.npz",
    }
    assert (folder / "loud.mp4.npz").read_bytes() == (tmp_path / "x.npz").read_bytes()
    silent = read_features(folder / "sub" / "silent.mkv.npz")
    assert silent["mel"].shape == (0, 40, 200)
    assert set(silent["mel_row"].tolist()) == {-1}


def test_all_p_frames_are_there_and_match_those_of_the_other_format(
    run: Run, videos: Path, tmp_path: Path
) -> None:
    commands = {
        "few.scf": [],
        "all.npz": [],
        "all.scf": ["--p-frames", "0"],
        "few.npz": ["--p-frames", "1"],
    }
    found = {}
    for name, more in commands.items():
        assert run("extract", videos / "loud.mp4", "-o", tmp_path / name, *more).returncode == 0
        found[name] = read_features(tmp_path / name)
    for kind in ("all", "few"):
        arrays, stored = found[f"{kind}.npz"], found[f"{kind}.scf"]
        assert list(arrays) == list(stored)
        assert all(np.array_equal(arrays[name], stored[name]) for name in arrays)
    everything, few = found["all.npz"], found["few.npz"]
    assert len(everything["md"]) > len(few["md"]) == len(few["clip"])
    # every frame is an I-, P- or B-frame at its own place
    frames = [*everything["if_frame"], *everything["md_frame"]]
    assert len(frames) == len(set(frames))
    assert everything["if_frame"][0] == 0
    assert set(few["md_frame"]) < set(everything["md_frame"])
    # a row lies in the clip whose row it is
    for clip in range(len(everything["clip"])):
        first, end = everything["md_offsets"][clip : clip + 2]
        inside = everything["md_frame"][first:end] - everything["first_frame"][clip]
        assert ((inside >= 0) & (inside < everything["frame_count"][clip])).all()


def test_a_resumed_batch_keeps_its_files_and_makes_those_of_another_format(
    run: Run, videos: Path, tmp_path: Path
) -> None:
    command = ["extract", videos, "-o", f"{tmp_path}/f/", "--what", "md", "--p-frames", "1"]
    records = ["--records", tmp_path / "r.jsonl"]
    assert run(*command, *records, "--format", "npz").returncode == 0
    again = run(*command, *records, "--format", "npz", "--resume")
    assert "2 of 2 files done before" in again.stderr
    (tmp_path / "f" / "loud.mp4.npz").unlink()
    again = run(*command, *records, "--format", "npz", "--resume")
    assert "1 record made again" in again.stderr
    assert (tmp_path / "f" / "loud.mp4.npz").is_file()
    other = run(*command, *records, "--resume")
    assert "2 records made again" in other.stderr
    assert (tmp_path / "f" / "loud.mp4.scf").is_file()


def test_a_clip_is_drawn_from_either_format(run: Run, videos: Path, tmp_path: Path) -> None:
    drawings = []
    for name in ("x.npz", "y.scf"):
        more = ["--p-frames", "0", "--render", "1"]
        assert run("extract", videos / "loud.mp4", "-o", tmp_path / name, *more).returncode == 0
        drawings.append((tmp_path / name).with_suffix(".1.png").read_bytes())
    assert drawings[0] == drawings[1]


def test_score_and_classify_say_what_they_take(run: Run, videos: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    assert run("extract", videos / "loud.mp4", "-o", path, "--what", "rgb").returncode == 0
    scored = run("score", path, "--visual-sampler", "demo", "--device", "cpu", "-q")
    check_failure(scored, 1, "NumPy arrays")
    assert ".scf" in scored.stderr
    tagged = run("classify", path, "--classifier", "demo", "--device", "cpu", "-q")
    check_failure(tagged, 1, "holds features, not a video")


def test_features_are_read_without_torch(run: Run, videos: Path, tmp_path: Path) -> None:
    assert run("extract", videos / "loud.mp4", "-o", tmp_path / "x.npz").returncode == 0
    script = (
        "import sys, scsampler_cli\n"
        f"features = scsampler_cli.read_features({str(tmp_path / 'x.npz')!r})\n"
        "print(features['md'].shape, features['start_s'][1])\n"
        "print([name for name in ('torch', 'av', 'typer') if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert result.stdout.splitlines()[0].endswith(", 6, 8, 2) 0.64")
    assert result.stdout.splitlines()[1] == "[]"
