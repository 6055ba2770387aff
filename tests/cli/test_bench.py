"""`scsampler bench` as a process: from labelled videos to a report, and what it refuses."""

import csv
import json
import shutil
from importlib.metadata import version
from pathlib import Path

import pytest
import torch

from scsampler_cli.classifiers.networks import build
from scsampler_cli.media.demo import write_demo_video
from scsampler_cli.model_zoo.bundled_weights import bundled_file
from scsampler_cli.model_zoo.weightfile import write_weights
from scsampler_cli.samplers.networks import build as build_sampler
from tests.cli.running import DEMO, Run, check_failure, on_terminal


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A list of four short demo videos, one of them for training, a bad row and a bad video."""
    folder = tmp_path_factory.mktemp("set")
    rows = ["path,label,split"]
    for i, (label, split) in enumerate(
        (("spinning", "val"), ("shaking", "val"), ("sliding", "val"), ("zooming", "train"))
    ):
        write_demo_video(folder / f"v{i}.mp4", label, 70 + i, seconds=7.0)
        rows.append(f"v{i}.mp4,{label},{split}")
    (folder / "junk.mp4").write_bytes(b"not a video")
    rows += ["junk.mp4,spinning,val", "nowhere.mp4,spinning,val"]
    (folder / "set.csv").write_text("\n".join(rows) + "\n")
    return folder / "set.csv"


@pytest.fixture(scope="module")
def report(run: Run, listed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report, and the record that was printed with it."""
    place = tmp_path_factory.mktemp("report")
    result = run(
        "bench",
        f"mine={listed}",
        *DEMO,
        "--k",
        "4",
        "--timed",
        "1",
        "--sheet-of",
        listed.parent / "v1.mp4",
        "-o",
        place / "out",
        "--format",
        "json",
    )
    assert result.returncode == 3, result.stderr  # two were left out
    assert "nowhere.mp4" in result.stderr
    assert "junk.mp4" in result.stderr
    assert f"report: {place / 'out' / 'report.html'}" in result.stderr
    (place / "printed.json").write_text(result.stdout)
    return place


def test_the_report_has_it_all(report: Path) -> None:
    printed = json.loads((report / "printed.json").read_text())
    written = json.loads((report / "out" / "report.json").read_text())
    assert printed == written
    assert written["command"].startswith("scsampler bench mine=")
    (one,) = written["runs"]
    assert (one["data"], one["classifier"]["name"], one["videos"]) == ("mine", "demo", 3)
    rejected, failed = one["failures"]
    assert rejected["path"].startswith("set.csv:7")
    assert "no such file" in rejected["reason"]
    assert Path(failed["path"]).name == "junk.mp4"
    videos = list(
        csv.DictReader((report / "out" / "tables" / "run1_videos.csv").read_text().splitlines())
    )
    assert [Path(row["path"]).name for row in videos] == ["v0.mp4", "v1.mp4", "v2.mp4"]
    assert all(len(row["visual clips"].split()) == 4 for row in videos)
    assert [row["visual clips"] for row in one["answers"]["rows"]] == [
        row["visual clips"] for row in videos
    ]
    assert {row["key"] for row in one["tables"]["strategies"]["rows"]} >= {
        "av-union-list",
        "empirical",
        "dense",
        "oracle",
    }
    assert {"strategies", "inputs", "combinations"} == set(one["tables"])
    assert {"positions", "clips", "share", "alpha", "runtime", "stride"} == set(one["figures"])
    assert one["settings"]["machine"]["threads"] >= 1
    assert one["settings"]["versions"]["torch"] == version("torch")
    assert all(check["same_clips"] and check["same_tag"] for check in one["costs"]["checks"])
    assert (report / "out" / "figures" / "run1_sheet.png").is_file()
    assert "v1.mp4</p>" in (report / "out" / "report.html").read_text()


def test_a_replay_is_the_same_but_for_what_is_asked_anew(
    run: Run, report: Path, tmp_path: Path
) -> None:
    same = run("bench", "--replay", report / "out", "--k", "4", "--format", "json")
    assert same.returncode == 3
    old = json.loads((report / "printed.json").read_text())
    new = json.loads(same.stdout)
    assert new["runs"] == old["runs"]
    other = run(
        "bench", "--replay", report / "out", "--k", "2", "-o", tmp_path / "k2", "--format", "csv"
    )
    rows = {row["key"]: row for row in csv.DictReader(other.stdout.splitlines())}
    assert float(rows["visual"]["clips"]) == 2
    assert (tmp_path / "k2" / "known").is_dir()


def test_two_reports_become_one_data_set(run: Run, report: Path, tmp_path: Path) -> None:
    """The same report with other names of videos stands for a second one."""
    shutil.copytree(report / "out", tmp_path / "other")
    about = tmp_path / "other" / "known" / "run1" / "run.json"
    about.write_text(about.read_text().replace("/v", "/w"))
    result = run(
        "bench", "--replay", report / "out", "--replay", tmp_path / "other", "--pool", "both"
    )
    assert "== both, demo ==" in result.stdout
    assert "6 videos" in result.stdout
    assert "K = 4" in result.stdout  # as it was asked first
    assert "By data set and classifier" in result.stdout
    twice = run("bench", "--replay", report / "out", "--replay", report / "out", "--pool", "both")
    check_failure(twice, 2, "several of the runs")


def test_a_folder_with_something_in_it_is_kept_unless_asked(
    run: Run, report: Path, listed: Path
) -> None:
    result = run("bench", listed, *DEMO, "-o", report / "out")
    check_failure(result, 1, "not empty")
    resumed = run(
        "bench",
        listed,
        *DEMO,
        "--k",
        "4",
        "--timed",
        "0",
        "--sheet",
        "0",
        "-o",
        report / "out",
        "--resume",
    )
    assert resumed.returncode == 3
    assert "Accuracy against cost" in resumed.stdout
    assert json.loads((report / "out" / "report.json").read_text())["runs"][0]["costs"] is None


def test_several_data_sets_and_classifiers(run: Run, listed: Path, tmp_path: Path) -> None:
    """Of another geometry, and of another label space that knows one of the sets alone."""
    small = {
        "frames": 8,
        "stride": 2,
        "resize": 36,
        "crop": [32, 32],
        "mean": [0.5] * 3,
        "std": [0.5] * 3,
    }
    about = {
        "kind": "classifier",
        "arch": "tiny3d",
        "labels": ["spinning", "tennis"],
        "spec": small,
    }
    other = tmp_path / "other.safetensors"
    write_weights(other, build("tiny3d", 2).state_dict(), about)
    (tmp_path / "second.csv").write_text(f"path,label\n{listed.parent / 'v1.mp4'},shaking\n")
    result = run(
        "bench",
        f"first={listed}",
        tmp_path / "second.csv",
        "--classifier",
        "demo",
        "--classifier",
        other,
        "--device",
        "cpu",
        "--visual-sampler",
        "demo",
        "--audio-sampler",
        "demo",
        "--timed",
        "0",
        "--sheet",
        "0",
        "--k",
        "2",
        "--format",
        "json",
    )
    assert result.returncode == 3, result.stderr
    assert "note: tiny3d (other) has none of the labels of second ('shaking')" in result.stderr
    found = json.loads(result.stdout)
    assert [(run["data"], run["classifier"]["name"], run["videos"]) for run in found["runs"]] == [
        ("first", "demo", 3),
        ("second", "demo", 1),
        ("first", "tiny3d (other)", 1),
    ]
    assert [row["classifier"] for row in found["across"]["summary"]["rows"]] == [
        "demo",
        "demo",
        "tiny3d (other)",
    ]
    assert {"run1", "run2", "run3"} <= set(found["across"]["cross"]["rows"][0])


def test_other_samplers_and_networks(run: Run, listed: Path) -> None:
    weights = Path(__file__).parents[2] / "weights"
    result = run(
        "bench",
        listed,
        *DEMO,
        "--visual-sampler",
        "demo",
        "--audio-sampler",
        "none",
        "--timed",
        "0",
        "--sheet",
        "0",
        "--k",
        "3",
        "--sampler",
        "ears and eyes=demo",
        "--network",
        weights / "demo_mel.safetensors",
        "--no-empirical",
        "--no-keep-features",
        "--format",
        "json",
    )
    assert result.returncode == 3, result.stderr
    found = json.loads(result.stdout)
    cross = {row["sampler"] for row in found["across"]["cross"]["rows"]}
    samplers = {"SCSampler", "ears and eyes"}
    assert cross == samplers | {
        *("search", "Random", "Uniform", "Dense", "surest 3 of all clips"),
    }
    (one,) = found["runs"]
    assert "empirical" not in {row["key"] for row in one["tables"]["strategies"]["rows"]}
    assert "audio" not in {row["key"] for row in one["tables"]["strategies"]["rows"]}
    assert one["settings"]["features"]["inputs"] == ["md", "rgbr", "mel"]


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        ([], 2, "give one of"),
        (["x.csv", "--demo"], 2, "give one of"),
        (["/nowhere.csv"], 1, "/nowhere.csv"),
        (["--replay", "/nowhere"], 1, "no benchmark to replay"),
        (["--demo", "--sampler", "=x"], 2, "no name"),
        (
            ["--demo", "--sampler", "a=demo", "--sampler", "a=actions6"],
            2,
            "two samplers have the name 'a'",
        ),
        (["--demo", "--network", "/nowhere.safetensors"], 1, "/nowhere.safetensors"),
        (["--demo", "--joint", "/nowhere.safetensors"], 1, "/nowhere.safetensors"),
        (["--speed", "a.mp4", "b.mp4"], 2, "one video"),
        (["--speed", "/nowhere.mp4"], 1, "/nowhere.mp4"),
        (["--speed", "--size", "0x0"], 2, "invalid size"),
        (["x.csv", "--minutes", "3"], 2, "--minutes has no effect without --speed"),
        (["x.csv", "--dense-minutes", "3"], 2, "--dense-minutes has no effect without --speed"),
        (["--speed", "x.mp4", "--codec", "av1"], 2, "--codec has no effect"),
        (["--speed", "x.mp4", "--gop", "2s"], 2, "--gop has no effect on a named video"),
        (["x.csv", "--pool", "all"], 2, "--pool has no effect"),
        (["--replay", "x", "--sampler", "a=b"], 2, "--sampler has no effect on a replay"),
        (["--replay", "x", *DEMO[2:]], 2, "--device has no effect on a replay"),
        (["--replay", "x", "--spatial", "three"], 2, "--spatial has no effect on a replay"),
        (["x.csv", "--resume"], 2, "--resume has no effect without -o"),
        (["--demo", "-o", "report.html"], 1, "is a file"),
    ],
)
def test_what_cannot_be_is_refused_in_a_line(
    run: Run, arguments: list[str], code: int, word: str
) -> None:
    more = [] if "--replay" in arguments else DEMO
    check_failure(run("bench", *arguments, *more), code, word)


def test_not_one_video_is_an_error(run: Run, listed: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text("path,label\n")
    check_failure(
        run("bench", tmp_path / "empty.csv", *DEMO, "-o", tmp_path / "out"), 1, "empty.csv"
    )
    assert not (tmp_path / "out").exists()
    (tmp_path / "train.csv").write_text(
        f"path,label,split\n{listed.parent / 'v0.mp4'},spinning,train\n"
    )
    check_failure(run("bench", tmp_path / "train.csv", *DEMO), 1, "no videos of the split val")
    stray = run(
        "bench", listed, *DEMO, "--sheet-of", "elsewhere.mp4", "-q", "-o", tmp_path / "stray"
    )
    assert stray.returncode == 1
    assert "elsewhere.mp4 is not among the videos" in stray.stderr
    (tmp_path / "junk.mp4").write_bytes(b"no")
    (tmp_path / "bad.csv").write_text("path,label\njunk.mp4,spinning\n")
    result = run("bench", tmp_path / "bad.csv", *DEMO)
    assert result.returncode == 1
    assert "could be evaluated" in result.stderr
    (tmp_path / "other.csv").write_text(f"path,label\n{listed.parent / 'v0.mp4'},tennis\n")
    check_failure(run("bench", tmp_path / "other.csv", *DEMO, "-q"), 1, "no classifier has a label")


def test_speed_measures_every_stage(run: Run, listed: Path) -> None:
    result = run(
        "bench", "--speed", listed.parent / "v0.mp4", *DEMO, "--repeats", "1", "--format", "json"
    )
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    assert found["schema"] == "scsampler.speed/1"
    (one,) = found["runs"]
    stages = {row["stage"]: row for row in one["stages"]["rows"]}
    readers = {"decode, vectors", "MD", "IF", "RGB-R", "MD + RGB-R", "sound, mel"}
    assert {"demux", "decode", "classifier", "decode the chosen clips", *readers} <= set(stages)
    assert sum(name.startswith("sampler ") for name in stages) == 3
    assert all(row["per_second"] > 0 for row in stages.values())
    assert stages["decode"]["of_decode"] == 1
    ends = {row["stage"]: row for row in one["ends"]["rows"]}
    assert ends["Dense"]["speed_up"] == 1
    assert ends["SCSampler"]["speed_up"] == pytest.approx(
        ends["Dense"]["seconds"] / ends["SCSampler"]["seconds"]
    )
    assert ends["SCSampler"]["scoring_ms"] > 0
    (chosen,) = one["chosen"]["rows"]
    assert chosen["clips"] == 10
    assert 0 < chosen["decoded"] <= chosen["group_frames"]
    *parts, together = one["capacity"]["rows"]
    assert {"index", "read MD + RGB-R", "read the sound", "decode the chosen clips"} <= {
        row["part"] for row in parts
    }
    assert together["machine_hours"] == pytest.approx(sum(row["machine_hours"] for row in parts))
    assert one["memory"]["rows"][-1]["peak_mb"] > 100


def test_three_crops_are_measured_resumed_replayed_and_pooled(
    run: Run, listed: Path, tmp_path: Path
) -> None:
    rows = "".join(
        f"{listed.parent / f'v{i}.mp4'},{label}\n"
        for i, label in enumerate(("spinning", "shaking"))
    )
    (tmp_path / "two.csv").write_text(f"path,label\n{rows}")
    command = (
        "bench",
        tmp_path / "two.csv",
        *DEMO,
        "--spatial",
        "three",
        "--k",
        "3",
        "-o",
        tmp_path / "out",
    )
    first = run(*command, "--timed", "1", "--sheet", "1", "--format", "json")
    assert first.returncode == 0, first.stderr
    (one,) = json.loads(first.stdout)["runs"]
    assert one["classifier"]["crops"] == 3
    assert one["costs"]["classify_s"] > 0
    assert all(check["same_clips"] and check["same_tag"] for check in one["costs"]["checks"])
    again = run(*command, "--timed", "0", "--sheet", "0", "--resume", "--format", "csv")
    assert again.returncode == 0, again.stderr
    assert [row["top1"] for row in csv.DictReader(again.stdout.splitlines())] == [
        str(row["top1"]) for row in one["tables"]["strategies"]["rows"]
    ]
    shutil.copytree(tmp_path / "out", tmp_path / "other")
    about = tmp_path / "other" / "known" / "run1" / "run.json"
    about.write_text(about.read_text().replace("/v", "/w"))
    pooled = run(
        "bench",
        "--replay",
        tmp_path / "out",
        "--replay",
        tmp_path / "other",
        "--pool",
        "both",
        "--k",
        "2",
    )
    assert pooled.returncode == 0, pooled.stderr
    assert "4 videos" in pooled.stdout
    assert "K = 2" in pooled.stdout


def test_dense_can_be_measured_on_the_first_minutes(run: Run, listed: Path) -> None:
    video = listed.parent / "v0.mp4"
    result = run(
        "bench",
        "--speed",
        video,
        *DEMO,
        "--repeats",
        "1",
        "--dense-minutes",
        "0.05",
        "--format",
        "json",
    )
    assert result.returncode == 0, result.stderr
    (one,) = json.loads(result.stdout)["runs"]
    (note,) = [note for note in one["ends"]["notes"] if note.startswith("Dense was run on")]
    assert (
        "run on 5 of the" in note
    )  # those that begin within three seconds, of 16 frames at 25 frames/s
    assert one["ends"]["rows"][1]["speed_up"] == 1


@pytest.fixture(scope="module")
def eyes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sampler on pictures, which has not learnt anything."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("eyes") / "eyes.safetensors"
    meta = {"kind": "sampler", "input": "rgb", "arch": "lite0", "labels": ["spinning", "shaking"]}
    write_weights(path, build_sampler("lite0", "rgb", 2).state_dict(), meta)
    return path


def test_pictures_are_compared_with_the_inputs_of_the_paper(
    run: Run, listed: Path, eyes: Path, tmp_path: Path
) -> None:
    result = run(
        "bench",
        listed,
        "--classifier",
        "demo",
        *("--visual-sampler", eyes, "--audio-sampler", "none", "--no-empirical"),
        *("--network", bundled_file("demo_rgbr"), "--picture-gap", "1"),
        *("--timed", "1", "--sheet", "0", "-o", tmp_path / "out", "--format", "json"),
    )
    assert result.returncode == 3, result.stderr
    (one,) = json.loads(result.stdout)["runs"]
    rows = {row["features"]: row for row in one["tables"]["inputs"]["rows"]}
    assert set(rows) == {"RGB", "RGB-R"}
    assert rows["RGB"]["architecture"] == "Lite0"
    (network,) = one["samplers"][0]["networks"]
    assert network["gmacs"] == pytest.approx(0.1254, abs=0.0001)
    # of 10 clips some share a picture, which counts once
    assert 0 < rows["RGB"]["sampler_gmacs"] < 10 * network["gmacs"]
    assert {"rgb", "rgbr"} <= set(one["costs"]["read_s"])
    assert all(check["same_clips"] for check in one["costs"]["checks"])
    assert one["settings"]["features"]["picture_gap"] == 1
    again = run("bench", "--replay", tmp_path / "out", "--format", "json")
    assert json.loads(again.stdout)["runs"][0]["tables"] == one["tables"]


def test_speed_times_the_scoring_with_keyframes_near_and_far(run: Run, eyes: Path) -> None:
    words = ("bench", "--speed", "--minutes", "0.1", "--size", "96x64", "--classifier", "demo")
    result = run(
        *words,
        *("--visual-sampler", eyes, "--audio-sampler", "none"),
        *("--repeats", "1", "--format", "json"),
    )
    assert result.returncode == 0, result.stderr
    (one,) = json.loads(result.stdout)["runs"]
    default, often, seldom = one["scoring"]["rows"]
    assert "RGB Lite0 AC" in one["scoring"]["notes"][0]
    assert (often["keyframes"], seldom["keyframes"]) == (3, 1)
    assert default["file"] == Path(one["video"]).name
    for row in (default, often, seldom):
        assert row["faster"] == pytest.approx(row["paper_ms"] / row["ms"])
    stages = {row["stage"]: row for row in one["stages"]["rows"]}
    assert stages["sampler RGB Lite0 AC"]["unit"] == "pictures"
    assert stages["RGB"]["per_second"] > 0
    assert "read RGB" in {row["part"] for row in one["capacity"]["rows"]}


def test_speed_makes_its_own_video(run: Run) -> None:
    result = run(
        "bench",
        "--speed",
        "--minutes",
        "0.1",
        "--size",
        "96x64",
        "--codec",
        "mpeg4",
        *("--gop", "2s"),
        *DEMO,
        "--repeats",
        "1",
    )
    assert result.returncode == 0, result.stderr
    assert "mpeg4, 96x64, 180 frames, 6.0 s" in result.stdout
    assert "Peak memory" in result.stdout


def test_a_terminal_sees_how_far_it_is(cache: Path, listed: Path) -> None:
    folder = cache / "two"
    folder.mkdir()
    (folder / "two.csv").write_text(
        "".join(f"{line}\n" for line in ("path,label", f"{listed.parent / 'v0.mp4'},spinning"))
    )
    _, shown = on_terminal(
        cache, "bench", folder / "two.csv", *DEMO, "--timed", "0", "--sheet", "0", stdout=-1
    )
    assert "evaluating videos 1/1" in shown
    assert "step 1 of 1, 0:00:00 left" in shown
