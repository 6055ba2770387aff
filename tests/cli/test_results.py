"""What the commands give, on real videos with real networks."""

import csv
import io
import json
import os
import shutil
from pathlib import Path

import pytest

from tests.cli.running import DEMO, Run, check_failure


def test_the_demo_names_the_class_and_finds_the_action(run: Run) -> None:
    result = run("classify", "--demo", "--k", "10", "--format", "json")
    assert result.returncode == 0, result.stderr
    record = json.loads(result.stdout)
    assert record["tags"][0]["label"] == record["demo"]["label"]
    assert len(record["clips"]) == 10
    assert record["demo"]["clips_in_action"] >= 8
    assert "10 selected clips lie in those segments" in result.stderr
    assert [clip["why"].split()[0] for clip in record["clips"]] == ["visual"] * 8 + ["audio"] * 2
    assert all(clip["visual"] is not None and clip["audio"] is not None for clip in record["clips"])


def test_a_record_is_complete_and_the_same_every_time(run: Run, videos: Path) -> None:
    records = [
        json.loads(
            run("classify", videos / "loud.mp4", *DEMO, "--k", "3", "--format", "json").stdout
        )
        for _ in range(2)
    ]
    for record in records:
        assert set(record.pop("timings_s")) == {"index", "score", "classify"}
    assert records[0] == records[1]
    record = records[0]
    assert record["schema"] == "scsampler.classify/1"
    assert record["video"]["frames"] == 80
    assert record["video"]["clips"] == 5
    assert record["video"]["audio"]["codec"] == "aac"
    assert [clip["start_s"] for clip in record["clips"]] == [
        clip["first_frame"] / 25 for clip in record["clips"]
    ]
    assert all(clip["end_s"] - clip["start_s"] == pytest.approx(0.64) for clip in record["clips"])
    assert len(record["tags"]) == 5
    assert record["classifier"]["weights"] == "demo_classifier.safetensors"
    assert len(record["classifier"]["sha256"]) == 64
    assert [sampler["input"] for sampler in record["samplers"]] == ["md", "rgbr", "mel"]
    assert record["settings"]["selection"]["strategy"] == "av-union-list"
    assert record["settings"]["device"] == "cpu"
    assert record["settings"]["precision"] in ("bf16", "fp32")
    assert {"torch", "av", "ffmpeg", "scsampler"} <= set(record["versions"])


def test_a_folder_gives_one_record_a_video_and_notes_on_stderr(
    run: Run, videos: Path, tmp_path: Path
) -> None:
    out = tmp_path / "tags.jsonl"
    result = run("classify", videos, *DEMO, "-o", out)
    assert result.returncode == 0, result.stderr
    assert result.stdout == ""
    records = [json.loads(line) for line in out.read_text().splitlines()]
    assert [Path(record["path"]).name for record in records] == ["loud.mp4", "silent.mkv"]
    assert any("no sound" in note for note in records[1]["notes"])
    assert "no sound" in result.stderr


def test_a_bad_file_is_one_record_and_the_rest_goes_on(
    run: Run, videos: Path, tmp_path: Path
) -> None:
    shutil.copytree(videos, tmp_path / "mixed")
    (tmp_path / "mixed" / "bad.mp4").write_text("this is text")
    result = run("classify", tmp_path / "mixed", *DEMO, "--format", "jsonl")
    assert result.returncode == 3
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert [record["status"] for record in records] == ["error", "ok", "ok"]
    assert records[0]["error"]["type"] == "VideoError"
    assert records[0]["error"]["hint"]
    assert result.stderr.count("error: ") == 1


def test_an_empty_folder_is_a_record_among_others(run: Run, videos: Path, tmp_path: Path) -> None:
    result = run(
        "classify",
        tmp_path,
        videos / "loud.mp4",
        *DEMO,
        "--strategy",
        "uniform",
        "--format",
        "jsonl",
    )
    assert result.returncode == 3
    assert [json.loads(line)["status"] for line in result.stdout.splitlines()] == ["error", "ok"]


def test_a_list_with_nul_between_the_names(run: Run, videos: Path, tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"new\nline \xff.mp4")
    shutil.copy(videos / "loud.mp4", odd)
    stdin = f"{odd}\0{videos / 'loud.mp4'}\0"
    result = run(
        "classify",
        "-",
        *DEMO,
        "--strategy",
        "uniform",
        "--k",
        "1",
        "--format",
        "jsonl",
        stdin=stdin,
    )
    assert result.returncode == 0, result.stderr
    paths = [json.loads(line)["path"] for line in result.stdout.splitlines()]
    assert paths == [str(odd), str(videos / "loud.mp4")]


def test_a_list_on_standard_input_and_csv(run: Run, videos: Path) -> None:
    result = run(
        "classify",
        "-",
        *DEMO,
        "--format",
        "csv",
        "--strategy",
        "uniform",
        stdin=f"{videos / 'loud.mp4'}\n",
    )
    assert result.returncode == 0, result.stderr
    (row,) = csv.DictReader(io.StringIO(result.stdout))
    assert row["status"] == "ok"
    assert float(row["probability1"]) > 0


def test_the_table_is_for_80_columns(run: Run, videos: Path) -> None:
    result = run("classify", videos / "loud.mp4", *DEMO, "--top", "3")
    assert result.returncode == 0
    assert "5 of 5 clips selected" in result.stdout
    assert max(map(len, result.stdout.splitlines()[1:])) <= 80
    assert "\x1b" not in result.stdout + result.stderr


@pytest.mark.parametrize(
    "strategy",
    [
        "av-intersect-list",
        "av-convex-list",
        "av-convex-score",
        "visual",
        "audio",
        "random",
        "uniform",
        "dense",
        "empirical",
    ],
)
def test_every_strategy_runs(run: Run, videos: Path, tmp_path: Path, strategy: str) -> None:
    (tmp_path / "histogram.txt").write_text("1\n2\n1\n")
    extra = ["--histogram", tmp_path / "histogram.txt"] if strategy == "empirical" else []
    extra += [] if strategy == "dense" else ["--k", "2"]
    result = run("score", videos / "loud.mp4", "--visual-sampler", "demo",
                 "--audio-sampler", "demo", "--strategy", strategy, "--format", "json",
                 *extra)  # fmt: skip
    assert result.returncode == 0, result.stderr
    clips = json.loads(result.stdout)["clips"]
    taken = [clip for clip in clips if clip["taken"]]
    assert len(taken) == (5 if strategy == "dense" else 2)
    assert sorted(clip["rank"] for clip in clips) == [1, 2, 3, 4, 5]
    assert sorted(clip["rank"] for clip in taken) == list(range(1, len(taken) + 1))


def test_scores_are_the_same_from_the_video_and_from_its_features(
    run: Run, videos: Path, tmp_path: Path
) -> None:
    samplers = ["--visual-sampler", "demo", "--audio-sampler", "demo"]
    made = run(
        "extract",
        videos / "loud.mp4",
        "-o",
        tmp_path / "loud.scf",
        "--render",
        "2",
        "--format",
        "json",
    )
    assert made.returncode == 0, made.stderr
    record = json.loads(made.stdout)
    assert record["inputs"] == ["rgb", "if", "md", "rgbr", "mel"]
    assert (tmp_path / "loud.2.png").read_bytes().startswith(b"\x89PNG")
    direct = json.loads(run("score", videos / "loud.mp4", *samplers, "--format", "json").stdout)
    stored = json.loads(run("score", tmp_path / "loud.scf", *samplers, "--format", "json").stdout)
    assert direct["clips"] == stored["clips"]
    assert direct["video"] == stored["video"]


def test_a_sampler_left_out_is_said_once_and_a_silent_video_for_itself(
    run: Run, videos: Path
) -> None:
    both = [
        videos / "loud.mp4",
        videos / "sub" / "silent.mkv",
        "--visual-sampler",
        "demo",
        "--format",
        "jsonl",
    ]
    deaf = run("score", *both, "--audio-sampler", "none")
    assert [line for line in deaf.stderr.splitlines() if "audio" in line] == [
        "note: no audio sampler: av-union-list uses the visual sampler alone"
    ]
    told = [json.loads(line)["notes"] for line in deaf.stdout.splitlines()]
    assert all(
        "no audio sampler: av-union-list uses the visual sampler alone" in of_one for of_one in told
    )
    assert (
        "audio" not in run("score", *both, "--audio-sampler", "none", "--strategy", "visual").stderr
    )
    assert "audio" not in run("score", *both, "--audio-sampler", "none", "--quiet").stderr
    heard = run("score", *both, "--audio-sampler", "demo")
    notes = [json.loads(line)["notes"] for line in heard.stdout.splitlines()]
    assert [any("no audio scores" in note for note in of_one) for of_one in notes] == [False, True]


def test_features_extracted_in_another_way_say_so(run: Run, videos: Path, tmp_path: Path) -> None:
    samplers = ["--visual-sampler", "demo", "--audio-sampler", "demo"]
    other = ["--p-frames", "2", "--short-side", "64"]
    run("extract", videos / "loud.mp4", "-o", tmp_path / "loud.scf", *other)
    stored = json.loads(run("score", tmp_path / "loud.scf", *samplers, "--format", "json").stdout)
    assert any("p_frames 2, not 1" in note for note in stored["notes"])
    assert any("short_side 64, not 128" in note for note in stored["notes"])
    asked = [*samplers, *other, "--format", "json"]
    direct = json.loads(run("score", videos / "loud.mp4", *asked).stdout)
    stored = json.loads(run("score", tmp_path / "loud.scf", *asked).stdout)
    assert direct["clips"] == stored["clips"]
    assert direct["settings"] == stored["settings"]
    assert stored["notes"] == direct["notes"] == []


def test_every_nth_clip_of_a_feature_file(run: Run, videos: Path, tmp_path: Path) -> None:
    samplers = ["--visual-sampler", "demo", "--audio-sampler", "none", "--format", "json"]
    run("extract", videos / "loud.mp4", "-o", tmp_path / "all.scf", "--what", "md,rgbr")
    run(
        "extract",
        videos / "loud.mp4",
        "-o",
        tmp_path / "half.scf",
        "--what",
        "md,rgbr",
        "--clip-stride",
        "2",
    )
    found = {
        (name, stride): json.loads(
            run("score", tmp_path / name, *samplers, "--clip-stride", stride).stdout
        )
        for name, stride in (("all.scf", "2"), ("half.scf", "1"), ("half.scf", "4"))
    }
    assert [clip["clip"] for clip in found["all.scf", "2"]["clips"]] == [0, 2, 4]
    assert found["all.scf", "2"]["clips"] == found["half.scf", "1"]["clips"]
    assert found["half.scf", "1"]["settings"]["selection"]["clip_stride"] == 2
    assert [clip["clip"] for clip in found["half.scf", "4"]["clips"]] == [0, 4]
    check_failure(
        run("score", tmp_path / "half.scf", *samplers[:4], "--clip-stride", "3"),
        1,
        "extracted with clip stride 2: it lacks clips of stride 3",
    )


def test_as_many_tags_in_csv_as_asked_for_and_standard_output_by_name(
    run: Run, videos: Path
) -> None:
    result = run(
        "classify",
        videos / "loud.mp4",
        *DEMO,
        "--top",
        "6",
        "--strategy",
        "uniform",
        "--format",
        "csv",
        "-o",
        "-",
    )
    assert result.returncode == 0, result.stderr
    (row,) = csv.DictReader(io.StringIO(result.stdout))
    assert float(row["probability6"]) >= 0


def test_features_that_were_not_extracted_are_missed(
    run: Run, videos: Path, tmp_path: Path
) -> None:
    run("extract", videos / "loud.mp4", "-o", tmp_path / "x.scf", "--what", "md")
    samplers = ["--visual-sampler", "demo", "--audio-sampler", "demo"]
    check_failure(run("score", tmp_path / "x.scf", *samplers), 1, "the sampler needs rgbr")
    run(
        "extract", videos / "sub" / "silent.mkv", "-o", tmp_path / "silent.scf", "--what", "md,rgbr"
    )
    silent = run("score", tmp_path / "silent.scf", *samplers, "--format", "json")
    assert silent.returncode == 0, silent.stderr  # there is no sound that could have been extracted
    assert any("no audio scores" in note for note in json.loads(silent.stdout)["notes"])


def test_a_folder_is_extracted_into_a_folder(run: Run, videos: Path, tmp_path: Path) -> None:
    result = run("extract", videos, "-o", tmp_path / "out", "--what", "md,mel", "--format", "jsonl")
    assert result.returncode == 0, result.stderr
    found = sorted(str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("*.scf"))
    assert found == ["loud.mp4.scf", "sub/silent.mkv.scf"]


def test_a_clip_stride_scores_every_nth_clip(run: Run, videos: Path) -> None:
    result = run("score", videos / "loud.mp4", "--visual-sampler", "demo",
                 "--audio-sampler", "none", "--clip-stride", "2", "--format", "json")  # fmt: skip
    assert [clip["clip"] for clip in json.loads(result.stdout)["clips"]] == [0, 2, 4]
