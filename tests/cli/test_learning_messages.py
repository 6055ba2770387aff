"""What `train` and `bench` print: -v, -q, --log-file, and a summary for people on a terminal."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from scsampler_cli.media.demo import write_demo_video
from tests.cli.running import DEMO, Run, check_failure, on_terminal

SMALL = (
    *("--target", "md", "--arch", "shufflenet26", "--clip-frames", "8", "--per-epoch", "8"),
    *("--init", "scratch", "--batch-size", "4", "--epochs", "2", "--device", "cpu"),
)


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A list of two short videos for each of two classes."""
    folder = tmp_path_factory.mktemp("learning")
    rows = ["path,label"]
    for number, label in enumerate(("spinning", "shaking", "spinning", "shaking")):
        write_demo_video(folder / f"v{number}.mp4", label, 60 + number, seconds=2.0)
        rows.append(f"v{number}.mp4,{label}")
    (folder / "set.csv").write_text("\n".join(rows) + "\n")
    return folder / "set.csv"


def test_train_logs_its_steps_and_quiet_prints_nothing(
    run: Run, listed: Path, tmp_path: Path
) -> None:
    log = tmp_path / "train.log"
    result = run(
        *("train", listed, *SMALL, "-o", tmp_path / "a.safetensors", "-v", "--log-file", log)
    )
    assert result.returncode == 0, result.stderr
    lines = result.stderr.splitlines()
    assert "step 1 of 2: reading videos, 4 in all" in lines
    assert any(re.fullmatch(r"reading videos: 4 done in .* s", line) for line in lines)
    # two steps in each of two epochs
    assert "step 2 of 2: training, 4 in all" in lines
    assert any(re.fullmatch(r".*v0\.mp4: ok after \d+\.\d s", line) for line in lines)
    # the time left is that of the whole run
    assert re.search(r"epoch 1/2  loss [\d.]+  \S+ s, \S+ s left", result.stderr)
    assert re.search(r"epoch 2/2  loss [\d.]+  \S+ s, 0\.0 s left", result.stderr)
    [note] = [line for line in lines if line.startswith("note: no validation videos")]
    assert "1 of 5 videos of a class is for validation" in note
    assert "name the videos for it in the list, by the split val" in note
    # a pipe gets JSON, as before
    assert json.loads(result.stdout)["epochs"] == 2
    assert [line.split(" ", 3)[3] for line in log.read_text().splitlines()] == lines

    quiet = run(
        *("train", listed, *SMALL, "-o", tmp_path / "b.safetensors", "-q", "--log-file", log),
        *("--format", "table"),
    )
    assert quiet.returncode == 0
    assert quiet.stderr == ""
    # appended, with all that -q hides
    assert log.read_text().count("step 2 of 2: training") == 2
    words = quiet.stdout.splitlines()
    assert words[0].startswith("md: learnt from 4 videos of 2 labels in ")
    assert words[1].startswith("no video was held out, so that the accuracy is unknown: 1 of 5 ")
    assert words[2].startswith(f"{tmp_path / 'b.safetensors'} (")
    assert "b.metrics.jsonl, b.curve.png, b.safetensors.ckpt" in words[3]
    assert words[4] == (
        f"scsampler classify --classifier CLASSIFIER --visual-sampler "
        f"{tmp_path / 'b.safetensors'} VIDEO"
    )


def test_on_a_terminal_train_prints_words_and_no_json(listed: Path, cache: Path) -> None:
    options = (*SMALL, "-o", cache / "c.safetensors")
    _, shown = on_terminal(cache, "train", listed, *options)
    assert "md: learnt from 4 videos of 2 labels" in shown
    assert '"target"' not in shown
    # the bar of the whole run
    assert "training" in shown
    assert "step 2 of 2" in shown
    printed, _ = on_terminal(
        cache, "train", listed, *options, "--overwrite", stdout=subprocess.PIPE
    )
    assert json.loads(printed)["target"] == "md"


def test_bench_logs_its_steps_and_quiet_prints_nothing(
    run: Run, listed: Path, tmp_path: Path
) -> None:
    log = tmp_path / "bench.log"
    options = (*DEMO, "--timed", "0", "--visual-sampler", "demo", "--audio-sampler", "none")
    result = run("bench", listed, *options, "-v", "--log-file", log, "-o", tmp_path / "report")
    assert result.returncode == 0, result.stderr
    lines = result.stderr.splitlines()
    assert "step 1 of 1: evaluating videos, 4 in all" in lines
    assert any(re.fullmatch(r".*v3\.mp4: ok after \d+\.\d s", line) for line in lines)
    assert any(re.fullmatch(r"evaluating videos: 4 done in .* s", line) for line in lines)
    assert any(line.startswith("tables and figures: done in ") for line in lines)
    assert [line.split(" ", 3)[3] for line in log.read_text().splitlines()] == lines

    replay = ("bench", "--replay", tmp_path / "report", "--log-file", log)
    quiet = run(*replay, "-q")
    assert quiet.returncode == 0
    assert quiet.stderr == ""
    assert f"{tmp_path / 'report'}: 1 run of an earlier report" in log.read_text()
    assert "paper" not in quiet.stdout
    # the paper's table has this architecture with two inputs
    assert "67.9" in run(*replay, "--paper").stdout


def test_labels_that_differ_in_a_letter_are_both_named(
    run: Run, listed: Path, tmp_path: Path
) -> None:
    videos = listed.parent
    few, none = tmp_path / "few.csv", tmp_path / "none.csv"
    few.write_text(f"path,label\n{videos / 'v0.mp4'},spinning\n{videos / 'v1.mp4'},Shaking\n")
    none.write_text(f"path,label\n{videos / 'v0.mp4'},Spinning\n{videos / 'v1.mp4'},Shaking\n")
    options = (*DEMO, "--timed", "0", "--visual-sampler", "none", "--audio-sampler", "none")
    result = run("bench", few, *options, "--format", "json")
    assert result.returncode == 3
    assert "demo does not know the label 'Shaking' (nearest: 'shaking')" in result.stderr
    assert "did you mean 'shaking' by 'Shaking'?" in result.stderr
    [failure] = json.loads(result.stdout)["runs"][0]["failures"]
    assert "nearest: 'shaking'" in failure["reason"]
    check_failure(run("bench", none, *options), 1, "no classifier has a label")
    said = run("bench", none, *options).stderr
    assert "demo has none of the labels of none ('Shaking', 'Spinning')" in said
    assert "'spinning' by 'Spinning'" in said


@pytest.mark.parametrize("command", ["train", "bench"])
def test_a_log_is_never_a_file_of_the_run(
    run: Run, listed: Path, tmp_path: Path, command: str
) -> None:
    def refused(log: Path, word: str) -> None:
        options = SMALL if command == "train" else DEMO
        output = tmp_path / ("w.safetensors" if command == "train" else "report")
        check_failure(run(command, listed, *options, "-o", output, "--log-file", log), 2, word)
        assert not output.exists()

    refused(listed, "both input and output")
    refused(tmp_path / ("w.curve.png" if command == "train" else "report/log.txt"), "this run")
    other = tmp_path / "notes.txt"
    other.write_text("mine\n")
    options = (*SMALL, "-o", tmp_path / "x.safetensors") if command == "train" else DEMO
    check_failure(run(command, listed, *options, "--log-file", other), 1, "is not a log")
    assert other.read_text() == "mine\n"
