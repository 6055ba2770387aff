"""`scsampler find`: what it finds, what it writes, and what it refuses."""

import csv
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import pytest
from jsonschema import Draft202012Validator

from scsampler_cli.output import schemas
from scsampler_cli.transcode.program import find_ffmpeg
from tests.batch.test_batch import gone, workers
from tests.cli.running import Run, check_failure

ROOT = Path(__file__).parents[2]
RED, BLUE, YELLOW = "a red circle", "a blue square", "a yellow star"
SCHEMA = Draft202012Validator(schemas.schema("find"))


@pytest.fixture(scope="module")
def folder(shapes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """a.mp4, b.mp4 and a file that is no video."""
    place = tmp_path_factory.mktemp("archive")
    shutil.copytree(shapes, place, dirs_exist_ok=True)
    (place / "c.mp4").write_text("this is text")
    return place


@pytest.fixture(scope="module")
def where(colour_clip: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The options of all runs: the model, and a cache that they share."""
    cache = tmp_path_factory.mktemp("vectors")
    return ["--classifier", str(colour_clip), "--device", "cpu", "--cache", str(cache)]


@pytest.fixture(scope="module")
def first(
    run: Run, folder: Path, where: list[str], tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], str, Path]:
    """The first search of the folder: its result, its messages, and its file."""
    out = tmp_path_factory.mktemp("out") / "found.json"
    log = out.with_name("find.log")
    result = run("find", RED, folder, "--apart", "0", "-o", out, "--log-file", log, *where)
    assert result.returncode == 3, result.stderr
    assert result.stdout == ""
    return json.loads(out.read_text()), result.stderr, out


def lines_of(errors: str, start: str) -> list[str]:
    return [line for line in errors.splitlines() if line.startswith(start)]


def test_the_best_clips_show_what_the_sentence_says(
    first: tuple[dict[str, Any], str, Path], folder: Path
) -> None:
    record, _, _ = first
    assert list(SCHEMA.iter_errors(record)) == []
    clips = record["clips"]
    assert [clip["rank"] for clip in clips] == list(range(1, len(clips) + 1))
    values = [clip["similarity"] for clip in clips]
    assert values == sorted(values, reverse=True)
    shown = {str(folder / "a.mp4"): (6, 10), str(folder / "b.mp4"): (10, 14)}
    fits = [shown[c["path"]][0] <= c["picture_s"] < shown[c["path"]][1] for c in clips]
    # the circles come first, and nothing else between them
    assert sum(fits) >= 2
    assert fits == sorted(fits, reverse=True)
    assert {clip["path"] for clip, fit in zip(clips, fits, strict=True) if fit} == set(shown)
    for clip in clips:
        assert clip["start_s"] < clip["end_s"]


def test_a_broken_video_among_others_is_named_once(
    first: tuple[dict[str, Any], str, Path], folder: Path
) -> None:
    record, errors, out = first
    broken = str(folder / "c.mp4")
    (error,) = lines_of(errors, "error: ")
    assert error.count(broken) == 1
    assert "hint: " in errors
    assert "2 searched, 1 failed" in errors
    (failure,) = record["failures"]
    assert failure["path"] == broken
    assert failure["error"]["code"] == "not-a-video"
    assert failure["error"]["type"] == "VideoError"
    assert (record["videos"], record["embedded"]) == (2, 2)
    assert "not a video" in out.with_name("find.log").read_text()


@pytest.fixture(scope="module")
def second(
    run: Run,
    first: object,
    folder: Path,
    where: list[str],
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[str, str, Path]:
    """Another sentence, with page and reel: standard output, messages, and their folder."""
    place = tmp_path_factory.mktemp("made")
    made = ["--report", place / "page.html", "--reel", place / "reel.mp4", "--reel-pad", "0.5"]
    videos = [folder / "a.mp4", folder / "b.mp4"]
    result = run("find", YELLOW, *videos, "--top", "2", *made, *where)
    assert result.returncode == 0, result.stderr
    return result.stdout, result.stderr, place


def test_a_second_sentence_computes_nothing(second: tuple[str, str, Path], folder: Path) -> None:
    table, errors, _ = second
    assert "vectors: 0 videos computed now, 2 kept from before" in table
    assert "2 found clips, the best of 2 videos" in table
    (best,) = re.findall(r"(?m)^ +1 .*$", table)
    assert best.endswith("b.mp4")
    assert "2 searched" in errors
    assert "page.html and " in errors


def test_the_page_has_a_picture_and_a_link_for_each_clip(
    second: tuple[str, str, Path], folder: Path
) -> None:
    page = (second[2] / "page.html").read_text()
    assert page.count("data:image/jpeg;base64,") == 2
    assert YELLOW in page
    (best, *_) = re.findall(r'(?:href|src|data-[a-z]+)="([^"]*\.mp4[^"]*)"', page)
    assert (second[2] / best.partition("#")[0]).resolve() == (folder / "b.mp4").resolve()


def test_the_reel_has_the_clips_and_what_is_around_them(second: tuple[str, str, Path]) -> None:
    with av.open(second[2] / "reel.mp4") as reel:
        duration = (reel.duration or 0) / av.time_base
    # two clips of 3.2 seconds; half a second at both ends, but not before the start of a video
    assert 2 * 3.2 + 0.5 <= duration <= 2 * (3.2 + 1) + 0.2


@pytest.mark.parametrize("suffix", [".json", ".jsonl", ".csv", ".txt", ".doc"])
def test_the_suffix_of_the_file_decides_its_format(
    run: Run, first: object, folder: Path, where: list[str], suffix: str, tmp_path: Path
) -> None:
    out = tmp_path / f"found{suffix}"
    result = run("find", BLUE, folder / "a.mp4", "--top", "1", "-q", "-o", out, *where)
    if suffix == ".doc":
        check_failure(result, 2, "the suffix .doc names no format")
        assert "--format" in result.stderr
        assert not out.exists()
        return
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    if suffix == ".txt":
        assert out.read_text().startswith(BLUE)
        return
    if suffix == ".csv":
        (found,) = csv.DictReader(io.StringIO(out.read_text("utf-8-sig")))
    elif suffix == ".jsonl":
        (found,) = map(json.loads, out.read_text().splitlines())
    else:
        record = json.loads(out.read_text())
        assert record["embedded"] == 0
        (found,) = record["clips"]
        found["sentence"] = record["sentence"]
    assert found["sentence"] == BLUE
    assert found["path"] == str(folder / "a.mp4")
    assert 16 <= float(found["picture_s"]) < 20


def test_two_processes_find_the_same_as_one(
    run: Run, first: tuple[dict[str, Any], str, Path], folder: Path, where: list[str]
) -> None:
    words = ["--apart", "0", "--jobs", "2", "--format", "json"]
    result = run("find", RED, folder, *words, *where)
    assert result.returncode == 3, result.stderr
    record = json.loads(result.stdout)
    assert record["embedded"] == 0
    for field in set(record) - {"embedded", "timings_s"}:
        assert record[field] == first[0][field], field


def test_clips_apart_pictures_and_prompts_are_those_of_the_options(
    run: Run, first: tuple[dict[str, Any], str, Path], folder: Path, where: list[str]
) -> None:
    given = ["--apart", "4", "--prompt", "a photo of {}", "--prompt", "video of {}"]
    result = run("find", RED, folder / "a.mp4", "--format", "json", *given, *where)
    assert result.returncode == 0, result.stderr
    apart = json.loads(result.stdout)
    assert apart["embedded"] == 0, "prompts change the sentence and no picture"
    assert apart["settings"]["find"]["prompts"] == ["a photo of {}", "video of {}"]
    times = sorted((clip["start_s"], clip["end_s"]) for clip in apart["clips"])
    assert len(times) >= 2
    assert all(later[0] - earlier[1] >= 4 for earlier, later in pairwise(times))
    before = first[0]["clips"]
    similarity = next(c["similarity"] for c in before if c["path"] == apart["clips"][0]["path"])
    assert apart["clips"][0]["similarity"] != similarity

    result = run(
        "find", RED, folder / "a.mp4", "--format", "json", "--picture-gap", "0", "-v", *where
    )
    record = json.loads(result.stdout)
    assert record["embedded"] == 1, "other pictures"
    assert record["settings"]["find"]["picture_gap"] == 0
    assert 6 <= record["clips"][0]["picture_s"] < 10
    assert "a.mp4: ok after" in result.stderr


def test_all_videos_broken_is_a_failure_with_a_result(
    run: Run, where: list[str], tmp_path: Path
) -> None:
    for name in ("one.mp4", "two.mp4"):
        (tmp_path / name).write_text("this is text")
    out, page = tmp_path / "out.json", tmp_path / "page.html"
    result = run("find", RED, tmp_path, "-o", out, "--report", page, "--debug", *where)
    assert result.returncode == 1
    assert "Traceback (most recent call last)" in result.stderr, "of the worker processes"
    assert len(lines_of(result.stderr, "error: ")) == 2
    record = json.loads(out.read_text())
    assert list(SCHEMA.iter_errors(record)) == []
    assert record["clips"] == []
    assert record["model"]["name"] == "colour_clip"
    assert "No clip was found" in page.read_text()
    names = [Path(failure["path"]).name for failure in record["failures"]]
    assert names == ["one.mp4", "two.mp4"]


def test_a_note_of_the_model_is_shown_once_beside_rows(
    run: Run, shapes: Path, tmp_path: Path
) -> None:
    # imported late: transformers takes seconds
    from tests.text_models import make_xclip

    make_xclip(tmp_path / "xclip")
    where = ("--classifier", tmp_path / "xclip", "--cache", tmp_path / "cache")
    result = run("find", RED, shapes / "a.mp4", "--format", "csv", *where)
    assert result.returncode == 0, result.stderr
    assert len(lines_of(result.stderr, "note: xclip adapts a sentence to each clip")) == 1
    assert result.stdout.startswith("sentence,rank,path")


def test_odd_names_come_from_a_list_and_go_into_every_form(
    run: Run, folder: Path, where: list[str], tmp_path: Path
) -> None:
    # the last name has a byte that is not UTF-8
    names = [str(tmp_path / name) for name in ('a "q" b.mp4', "two\nlines.mp4", "not-\udcff.mp4")]
    for name in names:
        shutil.copy2(folder / "b.mp4", name)
    stdin = "\0".join(names) + "\0"
    made = ["--report", tmp_path / "page.html", "--format", "json"]
    result = run("find", YELLOW, "-", "--top", "3", *made, *where, stdin=stdin)
    assert result.returncode == 0, result.stderr
    record = json.loads(result.stdout)
    assert sorted(clip["path"] for clip in record["clips"]) == sorted(names)
    assert all(clip["picture_s"] < 4 for clip in record["clips"])
    assert record["embedded"] <= 1, "a copy that keeps its time has the vectors of the others"
    page = (tmp_path / "page.html").read_text(errors="surrogateescape")
    assert page.count("data:image/jpeg;base64,") == 3
    result = run("find", YELLOW, *names, "--format", "table", *where)
    assert result.returncode == 0, result.stderr
    assert "two lines.mp4" in result.stdout or "two\\nlines.mp4" in result.stdout


def test_without_the_program_ffmpeg_no_reel_is_promised(
    run: Run, folder: Path, where: list[str], tmp_path: Path
) -> None:
    assert find_ffmpeg().is_file()
    (tmp_path / "imageio_ffmpeg.py").write_text("raise ImportError('hidden')\n")
    words = ["find", RED, folder / "a.mp4", "--reel", tmp_path / "reel.mp4", *where]
    result = subprocess.run(
        [sys.executable, "-m", "scsampler_cli", *map(str, words)],
        capture_output=True,
        text=True,
        env={"PATH": "", "HOME": str(tmp_path), "PYTHONPATH": f"{tmp_path}:{ROOT}"},
        check=False,
    )
    check_failure(result, 1, "ffmpeg")


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ([""], 2, "the sentence is empty"),
        (["  \n"], 2, "the sentence is empty"),
        ([RED, "--prompt", "a photo"], 2, "has no {}"),
        ([RED, "--prompt", "{}", "--prompt", "{}"], 2, "given twice"),
        ([RED, "--top", "100000"], 2, "top 100000 is not within"),
        ([RED, "--reel-pad", "1"], 2, "--reel-pad has no effect without --reel"),
        ([RED, "--glob", "*.mkv"], 2, "--glob has no effect without a folder"),
        ([RED, "--overwrite"], 2, "--overwrite has no effect without a file"),
        ([RED, "-o", "x.srt"], 2, "srt is a format of classify"),
        ([RED, "-o", "taken.json"], 1, "taken.json already exists"),
        ([RED, "--report", "taken.html"], 1, "taken.html already exists"),
        ([RED, "-o", "a.mp4", "--format", "json", "--overwrite"], 2, "both input and output"),
        ([RED, "--reel", "a.mp4", "--overwrite"], 2, "both input and output"),
        (
            [
                *(RED, "--classifier", "video_model", "--overwrite", "--format", "json"),
                *("-o", "video_model/config.json"),
            ],
            2,
            "both input and output",
        ),
        ([RED, "-o", "x.json", "--log-file", "x.json"], 2, "x.json"),
        ([RED, "--classifier", "hf:some/model"], 1, "does not hold 'some/model'"),
        ([RED], 1, "does not hold 'openai/clip-vit-base-patch32'"),
        ([RED, "--classifier", "mc3_18"], 1, "'mc3_18' is not a folder with a text-image model"),
        ([RED, "--classifier", "video_model"], 1, "does not compare pictures with sentences"),
        ([RED, "--spec", "activation=softmax"], 2, "activation has no effect"),
        ([" ".join(["red"] * 100)], 1, "reads 40"),
        ([RED, "--cache", "taken.json"], 1, "the cache taken.json cannot be made"),
    ],
    ids=lambda value: " ".join(value)[:50] if isinstance(value, list) else None,
)
def test_what_cannot_be_done_is_refused_before_any_video_is_read(
    folder: Path, colour_clip: Path, tmp_path: Path, words: list[str], code: int, message: str
) -> None:
    shutil.copy(folder / "a.mp4", tmp_path / "a.mp4")
    (tmp_path / "taken.json").write_text("mine")
    (tmp_path / "taken.html").write_text("mine")
    (tmp_path / "video_model").mkdir()
    (tmp_path / "video_model" / "config.json").write_text('{"model_type": "videomae"}')
    named = "--classifier" in words or words == [RED]
    more = [] if named else ["--classifier", str(colour_clip)]
    before = {path.name: path.read_bytes() for path in tmp_path.glob("*.*")}
    result = subprocess.run(
        [sys.executable, "-m", "scsampler_cli", "find", words[0], "a.mp4", *words[1:], *more],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "HF_HOME": str(tmp_path / "hub"), "XDG_CACHE_HOME": str(tmp_path / "x")},
        check=False,
    )
    check_failure(result, code, message)
    if words[1:2] == ["--classifier"] and words[2].startswith("hf:"):
        assert "hf download some/model" in result.stderr
    assert {path.name: path.read_bytes() for path in tmp_path.glob("*.*")} == before


@pytest.mark.parametrize(
    ("path", "code", "message"),
    [
        ([], 2, "no video beside"),
        (["none.mp4"], 1, "none.mp4"),
        (["empty.mp4"], 1, "empty.mp4 is empty"),
        (["folder"], 1, "folder"),
        (["https://example.org/v.mp4"], 1, "is a URL"),
    ],
)
def test_a_path_without_a_video_is_refused(
    run: Run, where: list[str], tmp_path: Path, path: list[str], code: int, message: str
) -> None:
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "folder").mkdir()
    paths = [one if "://" in one else tmp_path / one for one in path]
    check_failure(run("find", RED, *paths, *where), code, message)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["a.mp4", RED], "'a.mp4' is a file or folder, and 'a red circle' is none"),
        (["a", "red", "circle", "a.mp4"], "'red' is no file and no folder"),
    ],
)
def test_a_sentence_in_another_place_or_without_quotes_is_no_path(
    run: Run, shapes: Path, words: list[str], message: str
) -> None:
    paths = [shapes / word if word == "a.mp4" else word for word in words]
    result = run("find", *paths, "--classifier", "none")
    check_failure(result, 2, message.replace("'a.mp4'", repr(str(shapes / "a.mp4"))))
    assert "the sentence comes first, in quotes" in result.stderr


def test_without_transformers_the_message_says_what_to_install(
    folder: Path, where: list[str], tmp_path: Path
) -> None:
    (tmp_path / "transformers.py").write_text("raise ImportError('hidden')\n")
    result = subprocess.run(
        [sys.executable, "-m", "scsampler_cli", "find", RED, str(folder / "a.mp4"), *where],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{ROOT}"},
        check=False,
    )
    check_failure(result, 1, "transformers")
    assert "pip install" in result.stderr


# Interrupts


def started(place: Path, *words: object) -> subprocess.Popen[str]:
    """A search in whose processes FFmpeg does what the names of videos say."""
    (place / "patch").mkdir(exist_ok=True)
    (place / "patch" / "sitecustomize.py").write_text(
        "from tests.batch.hostile import harm\nharm()\n"
    )
    line = [sys.executable, "-m", "scsampler_cli", "find", RED, *words]
    return subprocess.Popen(
        list(map(str, line)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=place,
        env={**os.environ, "PYTHONPATH": f"{place / 'patch'}:{ROOT}"},
        start_new_session=True,
        # a background job of a shell ignores interrupts
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_after_an_interrupt_the_next_run_goes_on_from_what_is_kept(
    run: Run, folder: Path, colour_clip: Path, tmp_path: Path, number: signal.Signals
) -> None:
    videos = tmp_path / "videos"
    videos.mkdir()
    shutil.copy2(folder / "a.mp4", videos / "a.mp4")
    shutil.copy2(folder / "b.mp4", videos / "hang-b.mp4")
    where = ["--classifier", colour_clip, "--device", "cpu", "--cache", tmp_path / "cache"]
    process = started(tmp_path, videos, "-o", "out.json", *where)
    end = time.monotonic() + 120
    while not (videos / "hang-b.begun").exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.05)
    theirs = workers(process.pid)
    if number == signal.SIGINT:
        os.killpg(process.pid, number)  # as a terminal does it
        time.sleep(1)
        assert process.poll() is None, process.communicate()
        os.killpg(process.pid, number)
    else:
        process.kill()
    printed, errors = process.communicate(timeout=60)
    assert printed == ""
    assert process.returncode == (130 if number == signal.SIGINT else -9), errors
    assert "Traceback" not in errors
    end = time.monotonic() + 30
    while not gone(theirs):
        assert time.monotonic() < end
        time.sleep(0.05)
    assert not (tmp_path / "out.json").exists()
    assert list(tmp_path.glob("*.json*")) == []

    (videos / "hang-b.begun").unlink()
    result = run("find", RED, videos, "-o", tmp_path / "out.json", *where)
    assert result.returncode == 0, result.stderr
    record = json.loads((tmp_path / "out.json").read_text())
    assert (record["videos"], record["embedded"]) == (2, 1)
