"""Formats of other tools, from the command line."""

import json
import shutil
from pathlib import Path

import opentimelineio as otio
import pytest

from tests.cli.running import DEMO, Run, check_failure

LOOK = [*DEMO, "--strategy", "uniform", "--k", "2"]


@pytest.fixture(scope="module")
def folder(videos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two videos, and a file that is none."""
    folder = tmp_path_factory.mktemp("exchange") / "videos"
    shutil.copytree(videos, folder)
    (folder / "bad.mp4").write_text("this is text")
    return folder


@pytest.fixture(scope="module")
def lines(run: Run, folder: Path) -> Path:
    """Records of the folder, as JSON lines."""
    path = folder.parent / "tags.jsonl"
    assert run("classify", folder, *LOOK, "-o", path).returncode == 3
    return path


def test_all_videos_are_in_one_document_of_activitynet(
    run: Run, folder: Path, lines: Path, tmp_path: Path
) -> None:
    made = run(
        "classify", folder, *LOOK, "--format", "activitynet", "-o", tmp_path / "results.json"
    )
    assert made.returncode == 3, made.stderr
    assert "bad.mp4" in made.stderr
    text = (tmp_path / "results.json").read_text()
    results = json.loads(text)["results"]
    assert sorted(results) == ["loud", "silent"]
    records = {Path(r["path"]).stem: r for r in map(json.loads, lines.read_text().splitlines())}
    for name, found in results.items():
        clips = sorted(records[name]["clips"], key=lambda clip: clip["clip"])
        assert [(r["label"], r["score"], *r["segment"]) for r in found] == [
            (c["label"], c["probability"], c["start_s"], c["end_s"]) for c in clips
        ]
    # a run of JSON lines can be resumed; its records then give the same document
    merged = run("merge", lines, "--format", "activitynet")
    assert merged.stdout == text
    # the document has no place for a file that failed
    assert f"note: {folder / 'bad.mp4'}: failed, and so not in the output" in merged.stderr
    assert "not in the output" not in run("merge", lines, "--format", "csv").stderr


def test_all_videos_are_tasks_of_label_studio(run: Run, folder: Path, lines: Path) -> None:
    merged = run("merge", lines, "--format", "labelstudio")
    made = run("classify", folder, *LOOK, "--format", "labelstudio")
    assert made.stdout == merged.stdout
    tasks = json.loads(made.stdout)
    assert [Path(task["data"]["video"]).name for task in tasks] == ["loud.mp4", "silent.mkv"]
    assert all(len(task["predictions"][0]["result"]) == 2 for task in tasks)


def test_a_timeline_is_chosen_by_its_suffix(run: Run, videos: Path, tmp_path: Path) -> None:
    made = run("classify", videos / "loud.mp4", *LOOK, "-o", tmp_path / "cuts.otio")
    assert made.returncode == 0, made.stderr
    timeline = otio.adapters.read_from_file(str(tmp_path / "cuts.otio"))
    assert [track.kind for track in timeline.tracks] == ["Video", "Audio"]
    clips = list(timeline.tracks[0])
    assert len(clips) == 2
    for clip in clips:
        assert clip.media_reference.target_url == (videos / "loud.mp4").as_uri()
        available = clip.media_reference.available_range
        assert available.contains(clip.source_range)
    scored = run("score", videos, "--strategy", "uniform", "--visual-sampler", "none",
                 "--format", "otio", "-o", f"{tmp_path}/cuts/")  # fmt: skip
    assert scored.returncode == 0, scored.stderr
    assert sorted(path.name for path in (tmp_path / "cuts").rglob("*.otio")) == [
        "loud.mp4.otio",
        "silent.mkv.otio",
    ]


def test_what_a_format_cannot_hold_is_refused_before_any_work(
    run: Run, videos: Path, lines: Path, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        shutil.copy(videos / "loud.mp4", tmp_path / name / "x.mp4")
    both = [tmp_path / "a", tmp_path / "b", *LOOK, "--format", "activitynet"]
    check_failure(run("classify", *both), 2, "both have the ID x")
    one = videos / "loud.mp4"
    check_failure(run("score", one, "--format", "activitynet"), 2, "score gives none")
    check_failure(run("classify", one, *LOOK, "--format", "labelstudio", "--top", "2"), 2, "--top")
    check_failure(
        run("classify", one, "--format", "labelstudio", "--resume", "-o", "x.json"),
        2,
        "--resume needs an output of JSON lines",
    )
    check_failure(
        run("classify", "--list-classifiers", "--format", "activitynet"), 2, "labels of videos"
    )
    # two runs, one of each file: found before anything is on standard output
    parts = [tmp_path / f"{name}.jsonl" for name in ("a", "b")]
    text = next(line for line in lines.read_text().splitlines() if "loud.mp4" in line)
    for name, path in zip("ab", parts, strict=True):
        path.write_text(json.dumps({**json.loads(text), "path": f"{name}/x.mp4"}) + "\n")
    check_failure(run("merge", *parts, "--format", "activitynet"), 2, "both have the ID x")
    dense = [*DEMO, "--segments", "--strategy", "dense", "--max-k", "12"]
    check_failure(run("classify", one, *dense), 2, "dense classifies all")
    check_failure(run("merge", lines, "--format", "otio"), 2, "is not one of")
    check_failure(run("merge", lines, "-o", tmp_path / "x.otio"), 2, "one file for each video")


def test_a_failed_video_alone_gives_a_document_without_videos(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.mp4").touch()
    made = run("classify", tmp_path / "bad.mp4", *LOOK, "--format", "labelstudio")
    assert made.returncode == 1
    assert json.loads(made.stdout) == []
