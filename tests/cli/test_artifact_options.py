"""--report, --thumbnails, --reel and extract --reencode: their files, for one video or many."""

import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import av
import pytest
from PIL import Image

from scsampler_cli.transcode.program import find_ffmpeg
from tests.cli.running import DEMO, Run, check_failure

ROOM = Path(sys.executable).parent


@pytest.fixture
def many(videos: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "many"
    (folder / "below").mkdir(parents=True)
    shutil.copy(videos / "loud.mp4", folder / "a b#?.mp4")
    shutil.copy(videos / "loud.mp4", folder / "below" / "c.mp4")
    (folder / "broken.mp4").write_bytes(b"no video")
    return folder


def pictures(page: str) -> int:
    return len(re.findall(r'src="data:image/jpeg;base64,', page))


def test_one_video_gives_a_page_a_sheet_and_a_reel(run: Run, videos: Path, tmp_path: Path) -> None:
    outputs = [
        "--report",
        tmp_path / "out.html",
        "--thumbnails",
        tmp_path / "sheets",
        "--reel",
        tmp_path / "best.mp4",
    ]
    result = run("classify", videos / "loud.mp4", *DEMO, "--k", 2, *outputs, "--format", "json")
    assert result.returncode == 0, result.stderr
    record = json.loads(result.stdout)
    assert set(record["files"]) == {"report", "thumbnails", "reel"}
    page = Path(record["files"]["report"]).read_text()
    assert pictures(page) >= 2
    assert record["tags"][0]["label"] in page
    sheet = Image.open(io.BytesIO(Path(record["files"]["thumbnails"]).read_bytes()))
    assert sheet.width == 12 + 2 * 204
    with av.open(record["files"]["reel"]) as reel:
        frames = sum(1 for _ in reel.decode(video=0))
        assert reel.streams.audio
    assert frames == sum(clip["frames"] for clip in record["clips"])
    assert "extras" in record["timings_s"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["best.mp4", "out.html", "sheets"]


def test_a_padded_reel_is_longer(run: Run, videos: Path, tmp_path: Path) -> None:
    lengths = []
    for pad in (0, 0.4):
        target = tmp_path / f"{pad}.mkv"
        more = ["--reel-pad", pad] if pad else []
        assert (
            run(
                "classify", videos / "loud.mp4", *DEMO, "--k", 1, "--reel", target, *more
            ).returncode
            == 0
        )
        with av.open(str(target)) as reel:
            lengths.append(sum(1 for _ in reel.decode(video=0)))
    assert lengths[1] > lengths[0]


def test_many_videos_give_an_index_and_a_page_each(run: Run, many: Path, tmp_path: Path) -> None:
    more = ["--report", tmp_path / "all.html", "--thumbnails", tmp_path / "sheets", "--jobs", 2]
    taken = tmp_path / "all_pages" / "a b#?.mp4.html.jpg"
    taken.parent.mkdir()
    taken.write_bytes(b"a photograph")
    result = run("classify", many, *DEMO, *more, "-o", tmp_path / "o.jsonl")
    assert result.returncode == 3
    index = (tmp_path / "all.html").read_text()
    assert "all_pages/a%20b%23%3F.mp4.html" in index
    assert "all_pages/below/c.mp4.html" in index
    assert "not a video" in index
    below = tmp_path / "all_pages" / "below" / "c.mp4.html"
    assert 'href="../../all.html"' in below.read_text()
    # the small picture of a row lies beside the page, and replaces nothing
    assert '"all_pages/below/c.mp4.html.jpg"' in index
    with Image.open(f"{below}.jpg") as picture:
        assert picture.height <= 120
    assert taken.read_bytes() == b"a photograph"
    assert "%23%3F.mp4.html.jpg" not in index
    assert f"no picture in the index: {taken} was not made" in (tmp_path / "o.jsonl").read_text()
    assert {
        path.relative_to(tmp_path / "sheets").as_posix()
        for path in (tmp_path / "sheets").rglob("*.jpg")
    } == {
        "a b#?.mp4.jpg",
        "below/c.mp4.jpg",
    }
    for line in (tmp_path / "o.jsonl").read_text().splitlines():
        record = json.loads(line)
        assert record["status"] == "error" or Path(record["files"]["report"]).is_file()


def test_resuming_makes_what_is_missing_and_the_index_has_all(
    run: Run, many: Path, tmp_path: Path
) -> None:
    command = ["classify", many, *DEMO, "-o", tmp_path / "o.jsonl"]
    assert run(*command).returncode == 3
    again = [*command, "--resume", "--report", tmp_path / "all.html"]
    assert "2 records made again" in run(*again).stderr
    page = tmp_path / "all_pages" / "below" / "c.mp4.html"
    page.unlink()
    (tmp_path / "all.html").unlink()
    result = run(*again)
    assert "1 record made again" in result.stderr
    assert page.is_file()
    index = (tmp_path / "all.html").read_text()
    assert all(
        name in index for name in ("all_pages/a%20b", "all_pages/below/c.mp4.html", "broken.mp4")
    )


def test_scores_have_a_page_too_and_so_have_feature_files(
    run: Run, videos: Path, tmp_path: Path
) -> None:
    samplers = ["--visual-sampler", "demo", "--audio-sampler", "demo", "--device", "cpu"]
    assert (
        run("score", videos / "loud.mp4", *samplers, "--report", tmp_path / "v.html").returncode
        == 0
    )
    assert pictures((tmp_path / "v.html").read_text()) > 0
    assert run("extract", videos / "loud.mp4", "-o", tmp_path / "v.scf").returncode == 0
    assert (
        run("score", tmp_path / "v.scf", *samplers, "--report", tmp_path / "f.html").returncode == 0
    )
    assert pictures((tmp_path / "f.html").read_text()) == 0


def test_extract_reencodes_first(run: Run, videos: Path, tmp_path: Path) -> None:
    more = ["--reencode", "-o", tmp_path / "v.scf", "--format", "json"]
    record = json.loads(run("extract", videos / "loud.mp4", *more).stdout)
    assert record["reencoded"] == str(tmp_path / "v.340x256.mp4")
    assert record["path"] == str(videos / "loud.mp4")
    assert record["video"]["codec"] == "mpeg4"
    with av.open(record["reencoded"]) as box:
        assert (box.streams.video[0].width, box.streams.video[0].height) == (340, 256)
        assert box.streams.audio
        keys = [i for i, frame in enumerate(box.decode(video=0)) if frame.key_frame]
    assert record["video"]["frames"] == 80
    assert keys == list(range(0, 80, 12))


@pytest.mark.parametrize(
    ("words", "code", "word"),
    [
        (["--report", "x.txt"], 2, "does not end in .html"),
        (["--reel-pad", "1"], 2, "no effect without --reel"),
        (["--reel", "x.gif"], 2, "x.gif"),
        (["--report", "nowhere/x.html"], 1, "there is no folder nowhere"),
        (["--thumbnails", "file"], 1, "is a file, but a folder is needed here"),
        (["--thumbnails", "-"], 1, "several files cannot go to standard output"),
        (["--frames", "-"], 1, "several files cannot go to standard output"),
        (["--report", "same.html", "--log-file", "same.html"], 2, "named twice"),
    ],
)
def test_what_cannot_be_made_is_refused_at_once(
    run: Run, videos: Path, cache: Path, words: list[str], code: int, word: str
) -> None:
    (cache / "file").write_text("")
    check_failure(run("classify", videos / "loud.mp4", *DEMO, *words), code, word)


def test_a_reel_of_several_videos_needs_a_folder(run: Run, videos: Path, tmp_path: Path) -> None:
    check_failure(
        run("classify", videos, *DEMO, "--reel", tmp_path / "x.mp4"), 2, "may be several videos"
    )
    result = run("classify", videos, *DEMO, "--reel", f"{tmp_path}/reels/", "--format", "jsonl")
    made = {
        path.relative_to(tmp_path / "reels").as_posix()
        for path in (tmp_path / "reels").rglob("*.mp4")
    }
    assert made == {"loud.mp4.reel.mp4", "sub/silent.mkv.reel.mp4"}
    assert len(result.stdout.splitlines()) == 2


@pytest.fixture(scope="module")
def without_program(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Run:
    """Run scsampler without ffmpeg: the packaged one is hidden, and there is none on the PATH."""
    folder = tmp_path_factory.mktemp("hidden")
    (folder / "imageio_ffmpeg.py").write_text("raise ImportError('hidden')\n")

    def call(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "scsampler_cli", *map(str, arguments)],
            capture_output=True,
            text=True,
            cwd=cache,
            # workers inherit it
            env={**os.environ, "PATH": "/nowhere", "PYTHONPATH": str(folder)},
            check=False,
        )

    return call


def test_features_of_a_reencoded_video_need_the_program_and_one_line_says_how_to_get_it(
    without_program: Run, videos: Path
) -> None:
    assert find_ffmpeg().is_file()
    result = without_program("extract", videos / "loud.mp4", "--reencode")
    check_failure(result, 1, "ffmpeg")
    assert "install" in result.stderr


def test_without_the_program_the_tags_of_a_single_video_are_kept(
    without_program: Run, videos: Path, tmp_path: Path
) -> None:
    command = [
        "classify",
        videos / "loud.mp4",
        *DEMO,
        "--reel",
        tmp_path / "r.mp4",
        "--thumbnails",
        tmp_path / "sheets",
    ]
    result = without_program(*command, "--format", "json")
    assert result.returncode == 3
    assert "warning: no reel can be made: there is no program ffmpeg" in result.stderr
    assert "hint: apt install ffmpeg" in result.stderr
    record = json.loads(result.stdout)
    assert (record["status"], record["files_failed"]["reel"]["type"]) == ("ok", "ProgramError")
    assert record["tags"]
    assert record["notes"][-1] == "no reel: there is no program ffmpeg"
    assert list(record["files"]) == ["thumbnails"]
    assert not (tmp_path / "r.mp4").exists()
    table = without_program(*command, "--overwrite")
    assert table.returncode == 3
    assert "loud.mp4" in table.stdout


def test_without_the_program_the_tags_of_a_batch_are_kept_and_the_reels_made_later(
    without_program: Run, run: Run, videos: Path, tmp_path: Path
) -> None:
    command = [
        "classify",
        videos,
        *DEMO,
        "--reel",
        f"{tmp_path}/reels/",
        "-o",
        tmp_path / "o.jsonl",
    ]
    result = without_program(*command)
    assert result.returncode == 3
    assert result.stderr.count("warning: ") == 1
    records = [json.loads(line) for line in (tmp_path / "o.jsonl").read_text().splitlines()]
    assert [(record["status"], list(record["files_failed"])) for record in records] == [
        ("ok", ["reel"])
    ] * 2
    again = run(*command, "--resume")
    assert again.returncode == 0, again.stderr
    assert len(list((tmp_path / "reels").rglob("*.mp4"))) == 2


def test_a_sheet_or_a_page_that_cannot_be_made_takes_nothing_from_the_tags(
    run: Run, videos: Path, tmp_path: Path
) -> None:
    (tmp_path / "sheets" / "loud.mp4.jpg").mkdir(parents=True)
    one = run(
        "classify",
        videos / "loud.mp4",
        *DEMO,
        "--thumbnails",
        tmp_path / "sheets",
        "--format",
        "json",
    )
    assert one.returncode == 3, one.stderr
    assert list(json.loads(one.stdout)["files_failed"]) == ["thumbnails"]
    (tmp_path / "all_pages" / "loud.mp4.html").mkdir(parents=True)
    (tmp_path / "all_pages" / "sub" / "silent.mkv.html").mkdir(parents=True)
    both = run("score", videos, "--report", tmp_path / "all.html", "--format", "jsonl")
    assert both.returncode == 3, both.stderr  # every one has failed pages, and none has failed
    records = [json.loads(line) for line in both.stdout.splitlines()]
    assert [(record["status"], list(record["files_failed"])) for record in records] == [
        ("ok", ["report"])
    ] * 2


def test_a_link_in_the_folder_of_pages_leads_nowhere_and_the_tags_are_kept(
    run: Run, many: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "all_pages").mkdir()
    (tmp_path / "all_pages" / "below").symlink_to(elsewhere)
    (many / "broken.mp4").unlink()
    command = [
        "classify",
        many,
        *DEMO,
        "--report",
        tmp_path / "all.html",
        "-o",
        tmp_path / "o.jsonl",
    ]
    result = run(*command)
    records = {
        Path(r["path"]).name: r
        for r in map(json.loads, (tmp_path / "o.jsonl").read_text().splitlines())
    }
    assert result.returncode == 3
    assert "error: " in result.stderr
    assert records["c.mp4"]["status"] == "ok"
    assert records["c.mp4"]["tags"]
    assert records["c.mp4"]["files_failed"]["report"]["type"] == "OutputError"
    assert records["c.mp4"]["notes"][-1].startswith("no report: ")
    assert "files_failed" not in records["a b#?.mp4"]
    assert list(elsewhere.iterdir()) == []
    (tmp_path / "all_pages" / "below").unlink()
    assert "1 record made again" in run(*command, "--resume").stderr
    assert (tmp_path / "all_pages" / "below" / "c.mp4.html").is_file()


def test_labels_without_a_classifier_are_refused(run: Run, videos: Path, cache: Path) -> None:
    (cache / "labels.txt").write_text("a\nb\n")
    check_failure(
        run("classify", videos / "loud.mp4", "--labels", "labels.txt"),
        2,
        "labels need a classifier whose classes they name",
    )
