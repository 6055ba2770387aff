"""No existing file is replaced without --overwrite, by any option that names a file."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from scsampler_cli.cli import train_checks
from scsampler_cli.cli.app import app
from scsampler_cli.cli.option_hints import full_hint
from scsampler_cli.cli.train_options import TrainOptions
from scsampler_cli.errors import OutputError
from scsampler_cli.files.marks import is_marked
from tests.cli.running import DEMO, Run, check_failure

PRECIOUS = b"precious, and nothing of scsampler's\n"
QUICK = [*DEMO, "--strategy", "uniform", "-k", "1"]
FAILURE = {"type": "VideoError", "code": "video", "message": "m", "hint": None}
RECORD = {
    "schema": "scsampler.score/1",
    "path": "a.mp4",
    "status": "error",
    "error": FAILURE,
    "run": "0",
}


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def everything(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.mark.parametrize(
    ("command", "words", "taken"),
    [
        ("classify", "-o {}/x.json", "x.json"),
        ("classify", "-o {}/x.jsonl", "x.jsonl"),
        ("classify", "-o {}/x.jsonl --resume", "x.jsonl"),
        ("classify", "-o {}/x.jsonl --overwrite", "x.jsonl.waiting"),
        ("classify", "-o {}/x.csv", "x.csv"),
        ("classify", "-o {}/x.txt", "x.txt"),
        ("classify", "-o {}/x.edl", "x.edl"),
        ("classify", "-o {}/cuts/ --format srt", "cuts/loud.mp4.srt"),
        ("score", "-o {}/x.ffmeta", "x.ffmeta"),
        ("score", "-o {}/x.jsonl", "x.jsonl"),
        ("classify", "--report {}/x.html", "x.html"),
        ("classify", "--report {}/x.html -o {}/x.jsonl --resume", "x.html"),
        ("score", "--report {}/x.html", "x.html"),
        ("classify", "--thumbnails {}/sheets", "sheets/loud.mp4.jpg"),
        ("classify", "--frames {}/shots", "shots/manifest.jsonl"),
        ("classify", "--frames {}/shots", "shots/loud.mp4/manifest.jsonl"),
        ("classify", "--frames {}/shots", "shots/loud.mp4/frame-00000008.jpg"),
        ("classify", "--frames {}/shots -o {}/x.jsonl --resume", "shots/manifest.jsonl"),
        ("classify", "--reel {}/best.mp4", "best.mp4"),
        ("classify", "--reel {}/reels/", "reels/loud.mp4.reel.mp4"),
        ("classify", "--log-file {}/x.log", "x.log"),
        ("find", "-o {}/x.json", "x.json"),
        ("find", "-o {}/x.csv", "x.csv"),
        ("find", "--report {}/x.html", "x.html"),
        ("find", "--reel {}/best.mp4", "best.mp4"),
        ("find", "--log-file {}/x.log", "x.log"),
        ("extract", "-o {}/x.scf", "x.scf"),
        ("extract", "-o {}/x.npz", "x.npz"),
        ("extract", "-o {}/features/", "features/loud.mp4.scf"),
        ("extract", "-o {}/features/ --format npz", "features/loud.mp4.npz"),
        ("extract", "-o {}/features/ --records {}/r.jsonl --resume", "features/loud.mp4.scf"),
        ("extract", "-o {}/x.scf --render 3", "x.3.png"),
        ("extract", "-o {}/x.scf --reencode", "x.340x256.mp4"),
        ("extract", "-o {}/x.scf --records {}/r.json", "r.json"),
        ("extract", "-o {}/x.scf --log-file {}/x.log", "x.log"),
    ],
)
def test_a_file_of_somebody_elses_is_refused(
    run: Run, videos: Path, tmp_path: Path, command: str, words: str, taken: str
) -> None:
    place = tmp_path / taken
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(PRECIOUS)
    given = [word.format(tmp_path) for word in words.split()]
    first = {"classify": [*QUICK], "find": ["a goal"]}.get(command, [])
    result = run(command, *first, videos / "loud.mp4", *given)
    check_failure(result, 1, "already exists")
    assert "another name" in result.stderr
    assert everything(tmp_path) == {taken: PRECIOUS}


@pytest.mark.parametrize(
    ("words", "taken"),
    [
        ("-o {}/x.jsonl", "x.jsonl"),
        ("-o {}/x.csv", "x.csv"),
        ("-o {}/x.csv --inputs {}/in --holes {}/holes.txt", "holes.txt"),
        ("--log-file {}/x.log", "x.log"),
    ],
)
def test_so_it_is_by_merge(run: Run, tmp_path: Path, words: str, taken: str) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.mp4").write_text("x")
    (tmp_path / "part.jsonl").write_text(json.dumps(RECORD) + "\n")
    (tmp_path / taken).write_bytes(PRECIOUS)
    before = everything(tmp_path)
    given = [word.format(tmp_path) for word in words.split()]
    check_failure(run("merge", tmp_path / "part.jsonl", *given), 1, "already exists")
    assert everything(tmp_path) == before
    assert (
        run("merge", tmp_path / "part.jsonl", *given, "--overwrite").returncode == 3
    )  # its record is a failure
    assert everything(tmp_path)[taken] != PRECIOUS


@pytest.mark.parametrize(
    "taken", ["w.safetensors", "w.safetensors.ckpt", "w.metrics.jsonl", "w.curve.png"]
)
def test_so_it_is_by_train(tmp_path: Path, taken: str) -> None:
    """All is refused before torch is imported, by a check that the command begins with."""
    (tmp_path / "list.csv").write_text("path,label\n")
    (tmp_path / taken).write_bytes(PRECIOUS)

    def check(*more: str) -> None:
        words = [
            str(tmp_path / "list.csv"), "--target", "rgbr", "-o", str(tmp_path / "w.safetensors"),
            *more,
        ]  # fmt: skip
        context = typer.main.get_command(app).commands["train"].make_context("train", words)  # type: ignore[attr-defined]
        train_checks.check(TrainOptions(**context.params))

    with pytest.raises(OutputError, match="already exists") as caught:
        check()
    hint = full_hint(caught.value.code, str(caught.value), caught.value.hint) or ""
    assert "--overwrite" in hint
    assert ("--resume" in hint) == taken.endswith("ckpt")
    check("--overwrite")
    check("--resume")
    with pytest.raises(OutputError, match="is an input of this run"):
        check("--overwrite", "--init", str(tmp_path / taken))
    assert (tmp_path / taken).read_bytes() == PRECIOUS


def test_so_it_is_by_bench(run: Run, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("path,label\n")
    (tmp_path / "out" / "known").mkdir(parents=True)
    (tmp_path / "out" / "known" / "mine.txt").write_bytes(PRECIOUS)
    words = ["bench", tmp_path / "list.csv", "-o", tmp_path / "out"]
    check_failure(run(*words), 1, "is not empty")
    check_failure(run(*words, "--resume"), 1, "has no report that could be continued")
    check_failure(run(*words, "--overwrite"), 1, "belongs to no report")
    (tmp_path / "out" / "known").rename(tmp_path / "out" / "other")
    inside = tmp_path / "out" / "list.csv"
    inside.write_text("path,label\n")
    check_failure(
        run("bench", inside, "-o", tmp_path / "out", "--overwrite"), 1, "is in the output folder"
    )
    assert (tmp_path / "out" / "other" / "mine.txt").read_bytes() == PRECIOUS


def test_records_of_the_command_are_kept_and_those_that_waited_too(
    run: Run, tmp_path: Path
) -> None:
    out = tmp_path / "s.jsonl"
    first, second = (json.dumps({**RECORD, "path": name}) + "\n" for name in ("a.mp4", "b.mp4"))
    out.write_text(first + second[:20])
    Path(f"{out}.waiting").write_text(second)
    result = run("score", tmp_path / "missing.mp4", "-o", out)
    assert result.returncode == 1
    assert f"kept in {out}.old" in result.stderr
    assert Path(f"{out}.old").read_text() == first + second
    assert [record["path"] for record in lines(out)] == [str(tmp_path / "missing.mp4")]
    assert not Path(f"{out}.waiting").exists()
    check_failure(
        run("extract", tmp_path / "missing.mp4", "--records", out),
        1,
        "holds records of score, not of",
    )
    assert run("score", tmp_path / "missing.mp4", "-o", out, "--overwrite").returncode == 1
    assert not Path(f"{out}.old2").exists()


def test_a_single_file_that_is_missing_takes_no_records_from_a_run_that_goes_on(
    run: Run, videos: Path, tmp_path: Path
) -> None:
    out = tmp_path / "s.jsonl"
    score = ["score", "--visual-sampler", "none", "--strategy", "uniform", "-o", out]
    assert run(*score, videos / "loud.mp4").returncode == 0
    before = lines(out)
    assert run(*score, tmp_path / "missing.mp4", "--resume").returncode == 1
    assert [record["status"] for record in lines(out)] == ["ok", "error"]
    assert lines(out)[0] == before[0]
    again = run(*score, tmp_path / "missing.mp4")
    assert again.returncode == 1
    # a failure from before anything was loaded says no run, and is no reason to begin anew
    assert "run" not in lines(out)[0]
    resumed = run(*score, videos / "loud.mp4", "--resume")
    assert "resuming: 0 of 1 file done before" in resumed.stderr
    assert [record["status"] for record in lines(out)] == ["error", "ok"]


def test_resumed_it_replaces_its_own_files_and_no_others(
    run: Run, videos: Path, tmp_path: Path
) -> None:
    out, page, reel = tmp_path / "t.jsonl", tmp_path / "t.html", tmp_path / "t.mkv"
    sheet = tmp_path / "sheets" / "loud.mp4.jpg"
    made = ["--report", page, "--reel", reel, "--thumbnails", tmp_path / "sheets"]
    command = ["classify", videos / "loud.mp4", *QUICK, "-o", out, *made]
    assert run(*command).returncode == 0
    assert all(is_marked(path) for path in (page, reel, sheet))
    out.write_text("")  # as if killed after the files and before the record
    assert run(*command, "--resume").returncode == 0
    (record,) = lines(out)
    assert set(record["files"]) == {"report", "thumbnails", "reel"}
    again = run(*command)
    check_failure(again, 1, "t.html already exists")
    reel.write_bytes(PRECIOUS)
    check_failure(run(*command, "--resume"), 1, "t.mkv already exists")
    assert reel.read_bytes() == PRECIOUS
    assert lines(out) == [record]


@pytest.mark.parametrize(
    ("words", "same"),
    [
        ("-o {v} --format json", "v.mp4"),
        ("-o {v} --format jsonl", "v.mp4"),
        ("--log-file {v}", "v.mp4"),
        ("--reel {v}", "v.mp4"),
        ("-o {d}/labels.txt --labels {d}/labels.txt", "labels.txt"),
        ("-o {d}/h.txt --strategy empirical --histogram {d}/h.txt", "h.txt"),
        ("-o {d}/w.json --visual-sampler {d}/w.json", "w.json"),
    ],
)
def test_what_is_read_is_never_written_even_if_asked(
    run: Run, videos: Path, tmp_path: Path, words: str, same: str
) -> None:
    (tmp_path / "v.mp4").write_bytes((videos / "loud.mp4").read_bytes())
    for name in ("labels.txt", "h.txt", "w.json"):
        (tmp_path / name).write_text("1\n")
    before = everything(tmp_path)
    given = words.format(v=tmp_path / "v.mp4", d=tmp_path).split()
    result = run("classify", tmp_path / "v.mp4", "--classifier", "demo", "--overwrite", *given)
    check_failure(result, 2, "both input and output")
    assert f"{same} is" in result.stderr
    assert everything(tmp_path) == before


@pytest.mark.parametrize(
    ("words", "word"),
    [
        (["classify", "{v}", "-o", "tags.xyz"], "suffix .xyz names no format"),
        (["score", "{v}", "-o", "tags"], "a name without a suffix names no format"),
        (["find", "a goal", "{v}", "-o", "found"], "a name without a suffix names no format"),
        (["find", "a goal", "{v}", "-o", "found.edl"], "edl is a format of classify"),
        (["find", "a goal", "{v}", "--report", "page.txt"], "page.txt"),
        (["extract", "{v}", "--records", "r.html"], "suffix .html names no format"),
        (["extract", "{v}", "-o", "features.h5"], "does not end in .scf or .npz"),
        (["extract", "{v}", "-o", "features"], "does not end in .scf or .npz"),
        (["extract", "{v}", "-o", "x.scf", "--format", "npz"], "does not end in .npz"),
        (["merge", "{v}", "-o", "all.xml"], "suffix .xml names no format"),
        (["merge", "{v}", "--inputs", "{v}", "--holes", "-"], "both go to standard output"),
        (["score", "{v}", "--log-file", "-"], "needs a file"),
    ],
)
def test_a_name_that_says_no_form_is_wrong_use(
    run: Run, videos: Path, cache: Path, words: list[str], word: str
) -> None:
    check_failure(run(*(part.format(v=videos / "loud.mp4") for part in words)), 2, word)


def test_a_log_of_ours_goes_on(run: Run, tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    for _ in range(2):
        assert run("score", tmp_path / "missing.mp4", "--log-file", log).returncode == 1
    assert log.read_text().count("No such file") == 2
    log.write_bytes(PRECIOUS)
    assert run("score", tmp_path / "missing.mp4", "--log-file", log, "--overwrite").returncode == 1
    assert log.read_text().count("No such file") == 1
    assert "precious" not in log.read_text()


@pytest.mark.parametrize(
    "line",
    [
        "-o - --format json > out",
        "-o /dev/stdout --format json >> out",
        "-o /dev/fd/3 --format json 3>> out",
        "-o pipe.json & cat pipe.json >> out; wait $!",
        "-o /dev/null && echo '{}' >> out",
        "-o out --format json --overwrite",
    ],
)
def test_streams_pipes_and_devices_go_on_working(videos: Path, tmp_path: Path, line: str) -> None:
    """What was in a file that is appended to stays."""
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "out").write_text("\n" if ">>" in line else "x" * 9999)
    score = (
        f"'{sys.executable}' -m scsampler_cli score '{videos}/loud.mp4' "
        "--strategy uniform --visual-sampler none"
    )
    result = subprocess.run(
        ["bash", "-c", f"{score} {line}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env=os.environ | {"PYTHONPATH": ROOT},
    )
    assert result.returncode == 0, result.stderr
    text = (tmp_path / "out").read_text()
    assert text.startswith("\n" if ">>" in line else "{")
    json.loads(text)


ROOT = str(Path(__file__).parents[2])
