"""`scsampler train clips/` alone: a classifier and its sampler in one file, from end to end."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scsampler_cli.bench.load_models import _main_files
from scsampler_cli.cli import train_both
from scsampler_cli.cli.train_options import TrainOptions
from scsampler_cli.cli.train_words import result_lines
from scsampler_cli.datasets.example import Example
from scsampler_cli.model_zoo.bundled_weights import bundled_file
from scsampler_cli.model_zoo.weightfile import read_weights
from scsampler_cli.pipeline.models import ModelOptions
from scsampler_cli.scorer import Scorer
from scsampler_cli.tagger import Tagger
from tests.cli.running import check_failure
from tests.synthetic import pan, write_video

QUICK = ["--epochs", "2", "--per-epoch", "64", "--batch-size", "16", "--device", "cpu"]
COLOURS = {"blue": (0.2, 0.3, 1.0), "red": (1.0, 0.3, 0.2), "green": (0.3, 1.0, 0.2)}


def video(path: Path, colour: str, seed: int, seconds: float = 1.5) -> Path:
    tint = COLOURS[colour]
    frames = pan(int(25 * seconds), 1, 0, 64, 96, seed=seed)
    return write_video(path, ((frame * tint).astype("uint8") for frame in frames))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with clips/: two classes of five videos each, and a file that is no video."""
    folder = tmp_path_factory.mktemp("home")
    for label in ("blue", "red"):
        (folder / "clips" / label).mkdir(parents=True)
        for number in range(5):
            video(folder / "clips" / label / f"{number}.mp4", label, number)
    (folder / "clips" / "red" / "broken.mp4").write_text("no video")
    return folder


def words(*more: object) -> list[str]:
    return [sys.executable, "-m", "scsampler_cli", *map(str, more)]


def run(folder: Path, *more: object) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache"), "HOME": str(folder)}
    return subprocess.run(
        words(*more), capture_output=True, text=True, timeout=300, check=False, cwd=folder,
        env=environment,
    )  # fmt: skip


@pytest.fixture(scope="module")
def trained(home: Path) -> subprocess.CompletedProcess[str]:
    return run(home, "train", "clips/", *QUICK)


def test_a_folder_alone_gives_one_file_and_says_how_good_it_is(
    home: Path, trained: subprocess.CompletedProcess[str]
) -> None:
    # a video could not be read
    assert trained.returncode == 3, trained.stderr
    assert "Traceback" not in trained.stderr
    left = sorted(path.name for path in home.iterdir() if path.name.startswith("clips"))
    assert left == [
        "clips",
        "clips.classifier.curve.png",
        "clips.classifier.metrics.jsonl",
        "clips.rgb.curve.png",
        "clips.rgb.metrics.jsonl",
        "clips.safetensors",
    ]
    assert (home / "clips.safetensors").stat().st_size < 60_000, "the trunk is not in it"

    summary = json.loads(trained.stdout)
    assert summary["files"] == {"auto": "clips.safetensors"}
    assert summary["labels"] == ["blue", "red"]
    assert summary["videos"] == {"train": 8, "val": 2}
    assert summary["skipped"] == {"rows": 0, "videos": 1}
    assert summary["classifier"]["epochs"] == summary["sampler"]["epochs"] == 2
    assert summary["sampler"]["baselines"].keys() >= {"uniform", "oracle"}, "f measured it"
    for part in ("classifier", "sampler"):
        assert (home / summary[part]["metrics"]).is_file()
        assert (home / summary[part]["curve"]).is_file()
    said = trained.stderr
    assert said.count("broken.mp4") == 1, "the sampler does not try it again"
    assert "learnt from 8 videos of 2 classes: blue 4, red 4" in said
    assert "held out 2 videos" in said
    right = sum(row["right"] for row in summary["held_out"].values())
    assert f"right on {right} of 2 held-out videos ({right / 2:.0%}): blue " in said
    assert f"before the temperature {summary['calibration']['temperature']:.2f})" in said
    assert said.rstrip().splitlines()[-1] == (
        "scsampler classify --classifier clips.safetensors VIDEO"
    )


@pytest.mark.usefixtures("trained")
def test_classify_takes_the_file_whole(home: Path) -> None:
    seen = home / "clips" / "red" / "1.mp4"
    result = run(
        home, "classify", seen, "--classifier", "clips.safetensors", "--format", "json",
        "--device", "cpu",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    record = json.loads(result.stdout)
    assert record["tags"][0]["label"] == "red"
    assert record["classifier"]["weights"] == "clips.safetensors"
    [sampler] = record["samplers"]
    assert (sampler["input"], sampler["arch"]) == ("rgb", "lite0")
    assert sampler["weights"] == "clips.safetensors"
    assert sampler["sha256"] == record["classifier"]["sha256"]
    assert "visual sampler (rgb) from clips.safetensors" in result.stderr

    # another sampler can be named, and this one for any command
    other = run(
        home, "classify", seen, "--classifier", "clips.safetensors", "--visual-sampler", "none",
        "--strategy", "uniform", "--format", "json", "--device", "cpu",
    )  # fmt: skip
    assert json.loads(other.stdout)["samplers"] == []
    assert "clips.safetensors, trained" not in other.stderr
    score = run(
        home, "score", seen, "--visual-sampler", "clips.safetensors", "--format", "json",
        "--device", "cpu",
    )  # fmt: skip
    visual = [clip["visual"] for clip in json.loads(score.stdout)["clips"]]
    assert all(0 <= value <= 1 for value in visual)


@pytest.mark.usefixtures("trained")
def test_weights_says_what_is_in_the_file(home: Path) -> None:
    said = run(home, "weights", "clips.safetensors").stdout
    assert "shares the network imagenet_lite0" in said
    assert "holds its sampler, too: rgb (lite0, ac), 2 labels" in said
    assert "calibrated: temperature" in said
    [record] = json.loads(run(home, "weights", "clips.safetensors", "--format", "json").stdout)
    assert record["shares"] == "imagenet_lite0"
    assert record["sampler"]["kind"] == "rgb"
    assert record["calibration"]["videos"] == 2


@pytest.mark.usefixtures("trained")
def test_a_tagger_of_the_library_does_the_same(home: Path) -> None:
    notes: list[str] = []
    file = home / "clips.safetensors"
    tagger = Tagger(file, k=2, device="cpu", log=notes.append)
    assert tagger.samplers.visual is not None
    assert tagger.samplers.visual.inputs == ("rgb",)
    assert any("from clips.safetensors" in note for note in notes)
    assert tagger.tag(home / "clips" / "blue" / "0.mp4").tags[0][0] == "blue"
    scorer = Scorer(visual_sampler=str(file), device="cpu")
    assert scorer.samplers.visual is not None
    # one file, of which both networks have the digest
    assert scorer.samplers.visual.infos == tagger.samplers.visual.infos
    # sizes of packets are those of the default set
    assert Tagger(file, device="cpu").samplers.packets is None
    options = ModelOptions(classifier=str(file))
    assert options.auto_set == str(file)
    # bench measures the same sampler, with the packet sampler of the default set
    assert _main_files(options, tagger.classifier.name) == (
        file,
        bundled_file("actions6_packets"),
    )


@pytest.mark.usefixtures("trained")
def test_the_checks_before_a_run_do_not_import_torch(home: Path) -> None:
    code = (
        "import sys; from scsampler_cli.pipeline.models import ModelOptions; "
        "from scsampler_cli.config import SelectionSettings; "
        "options = ModelOptions(classifier='clips.safetensors'); "
        "plan = SelectionSettings().by_samplers(); "
        "note = options.check_samplers(plan, options.auto_set, shows_all=False); "
        "options.check(); print(note); assert 'torch' not in sys.modules"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=home,
        timeout=60,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert "no audio sampler" in result.stdout


@pytest.mark.usefixtures("trained")
def test_a_file_is_not_overwritten_without_a_word(home: Path) -> None:
    before = (home / "clips.safetensors").read_bytes()
    check_failure(run(home, "train", "clips", *QUICK), 1, "clips.safetensors already exists")
    assert (home / "clips.safetensors").read_bytes() == before
    assert not (home / "clips.training").exists()


def test_an_interrupted_run_goes_on_and_its_folder_is_gone_in_the_end(
    home: Path, tmp_path: Path
) -> None:
    output = tmp_path / "it.safetensors"
    cache = home / "cache" / "scsampler" / "train"
    more = ["train", home / "clips", "-o", output, "--cache", cache, *QUICK]
    long = [*more, "--epochs", "400", "--keep", "last"]
    process = subprocess.Popen(
        words(*long), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    metrics = tmp_path / "it.training" / "classifier.metrics.jsonl"
    for _ in range(1000):
        if metrics.exists() or process.poll() is not None:
            break
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (143, ""), err
    assert "--resume continues from it" in err
    assert err.splitlines()[-1] == "ended by SIGTERM"
    assert not output.exists()

    check_failure(run(tmp_path, *more), 1, "it has the checkpoints of an earlier run")
    other = run(tmp_path, *more, "--resume")
    assert other.returncode == 1
    assert "with other settings" in other.stderr, "one-cycle depends on the number of epochs"
    again = run(tmp_path, *more, "--overwrite")
    assert again.returncode == 3, again.stderr
    assert output.is_file()
    assert not (tmp_path / "it.training").exists()
    check_failure(run(tmp_path, *more, "--resume"), 1, "nothing to resume")


def test_resuming_after_the_classifier_is_done_trains_the_sampler(
    home: Path, tmp_path: Path, trained: subprocess.CompletedProcess[str]
) -> None:
    """As a run leaves it that is killed between both; the result is that of a run without a
    stop."""
    cache = ["--cache", home / "cache" / "scsampler" / "train"]
    folder = tmp_path / "it.training"
    folder.mkdir()
    # one that is killed before its first epoch leaves an empty folder
    early = run(
        home, "train", "clips", "-o", tmp_path / "it.safetensors", *cache, *QUICK, "--resume"
    )
    assert early.returncode == 3, early.stderr
    assert early.stderr.count("note: it has no checkpoint yet, and starts from the beginning") == 2
    (tmp_path / "it.safetensors").unlink()
    folder.mkdir()
    alone = ["--target", "classifier", "-o", folder / "classifier.safetensors"]
    assert run(home, "train", "clips", *alone, *cache, *QUICK).returncode == 3
    again = run(
        home, "train", "clips", "-o", tmp_path / "it.safetensors", *cache, *QUICK, "--resume"
    )
    assert again.returncode == 3, again.stderr
    assert again.stderr.count("epoch 1/2") == 1, "the sampler's"
    first, second = (
        read_weights(home / "clips.safetensors"),
        read_weights(tmp_path / "it.safetensors"),
    )
    assert first.sampler is not None
    assert second.sampler is not None
    assert first.metadata["sha256"] == second.metadata["sha256"]
    assert first.sampler.metadata["sha256"] == second.sampler.metadata["sha256"]
    assert json.loads(trained.stdout)["held_out"] == json.loads(again.stdout)["held_out"]
    assert not folder.exists()


def test_one_video_a_class_trains_and_nothing_is_held_out(home: Path, tmp_path: Path) -> None:
    for label in ("blue", "red"):
        (tmp_path / "few" / label).mkdir(parents=True)
        (tmp_path / "few" / label / "0.mp4").write_bytes(
            (home / "clips" / label / "0.mp4").read_bytes()
        )
    result = run(tmp_path, "train", "few", *QUICK)
    assert result.returncode == 0, result.stderr
    summary = json.loads(result.stdout)
    assert "held_out" not in summary
    assert "calibration" not in summary
    assert "no video was held out, so that the accuracy is unknown" in result.stderr
    assert "the probabilities are not calibrated" in result.stderr
    assert (tmp_path / "few.safetensors").is_file()


def test_a_single_class_is_refused_and_leaves_nothing(home: Path, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "red").symlink_to(home / "clips" / "red")
    check_failure(run(tmp_path, "train", "one", *QUICK, "--quiet"), 1, "1 class")
    assert not list(tmp_path.glob("one.*"))


def test_an_empty_path_is_not_the_current_folder(home: Path) -> None:
    for words_ in (["clips", "--background", ""], [""], ["clips", "--root", ""]):
        check_failure(run(home, "train", *words_, *QUICK), 2, "the path is empty")


def test_background_is_a_class_of_both_networks(home: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    for number in range(5):
        video(tmp_path / "other" / f"{number}.mp4", "green", 20 + number)
    output = tmp_path / "it.safetensors"
    result = run(tmp_path, "train", home / "clips", "--background", "other", "-o", output, *QUICK)
    assert result.returncode == 3, result.stderr
    file = read_weights(output)
    assert file.sampler is not None
    for metadata in (file.metadata, file.sampler.metadata):
        assert metadata["labels"] == ["blue", "red", "background"]
        assert metadata["background"] == "background"
        assert metadata["result"]["epoch"] == 2, "of a frozen trunk the last epoch is written"
    assert "of 2 classes and background: blue 4, red 4, background 4" in result.stderr
    assert json.loads(result.stdout)["calibration"]["videos"] == 3


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ("clips", "clips"),
        ("clips/", "clips"),
        ("clips/.", "clips"),
        ("clips.v2", "clips.v2"),
        ("clips/..", None),
        ("list.csv", "list"),
        ("/", "videos"),
    ],
)
def test_the_file_is_named_after_the_folder_or_the_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: str, name: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder in ("clips", "clips.v2"):
        (tmp_path / folder).mkdir()
    expected = f"{tmp_path.name if name is None else name}.safetensors"
    assert TrainOptions(data=Path(data)).file == Path(expected)
    assert TrainOptions(data=Path(data), output=Path("x.safetensors")).file.name == "x.safetensors"


def test_the_demo_still_trains_one_small_sampler() -> None:
    options = TrainOptions(demo=True)
    assert not options.trains_both
    assert (str(options.only_target), str(options.file)) == ("rgbr", "demo_rgbr.safetensors")


def test_several_processes_are_refused(home: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "WORLD_SIZE": "2", "RANK": "0", "LOCAL_RANK": "0"}
    result = subprocess.run(
        words("train", home / "clips", "-o", tmp_path / "w.safetensors"),
        capture_output=True, text=True, timeout=60, check=False, env=environment,
    )  # fmt: skip
    check_failure(result, 2, "a single network")


def summary_of(rows: dict[str, tuple[int, int]], file: Path) -> dict[str, object]:
    return {
        "files": {"auto": str(file)},
        "labels": list(rows),
        "held_out": {name: {"right": r, "videos": n} for name, (r, n) in rows.items()},
        "calibration": {"temperature": 1.5, "ece_before": 0.2, "ece_after": 0.04, "clips": 9},
    }


def test_what_is_said_names_groups_and_the_worst_of_many_classes(tmp_path: Path) -> None:
    (tmp_path / "w.safetensors").write_bytes(b"x" * 50_000)
    rows = {f"class {number:02}": (number % 4, 4) for number in range(40)}
    examples = [
        Example(Path(f"{label}{i}"), label, split, group=f"g{i}")
        for label in rows
        for i, split in enumerate(("train", "val"))
    ]
    lines = result_lines(
        summary_of(rows, tmp_path / "w.safetensors"), examples, has_background=False
    )
    said = [line.text for line in lines]
    assert said[0].startswith("learnt from 40 videos of 40 classes: class 00 1, class 01 1")
    assert said[0].endswith("and 10 more")
    assert "held out 40 videos of 1 group, of which nothing was learnt" in said[1]
    assert said[2].startswith(
        "right on 60 of 160 held-out videos (38%); the 30 classes with the lowest share: "
    )
    assert "class 00 0 of 4, class 04 0 of 4" in said[2]
    assert "class 03 3 of 4" not in said[2]
    assert "off by 4.0 points on average" in said[3]
    assert "(0.05 MB)" in said[4]
    assert said[5].startswith("scsampler classify --classifier ")


def test_what_is_said_of_the_limit_of_confidence(tmp_path: Path) -> None:
    (tmp_path / "w.safetensors").write_bytes(b"x")
    examples = [Example(Path(split), "a", split) for split in ("train", "val")]
    summary = summary_of({"a": (9, 10), "background": (10, 12)}, tmp_path / "w.safetensors")

    def said(**more: object) -> str:
        lines = result_lines(summary | more, examples, has_background=True)
        return "\n".join(line.text for line in lines)

    assert "too few held-out videos of classes or of background" in said()
    curve = {"false": 0.083, "kept": 0.9, "background_videos": 12, "class_videos": 10}
    with_limit = said(min_probability=0.45, confidence=curve)
    assert "below a confidence of 0.45 a video is unsure: 8% of 12 held-out videos" in with_limit
    assert "90% of the 10 others keep theirs" in with_limit


def test_the_files_of_both_runs_lie_in_one_folder() -> None:
    parts = train_both.parts(Path("a/b.safetensors"))
    assert list(map(str, parts.values())) == [
        "a/b.training/classifier.safetensors",
        "a/b.training/rgb.safetensors",
    ]
