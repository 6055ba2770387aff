"""The vectors of each video are kept: found when nothing changed, and never when anything did."""

import json
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from scsampler_cli import Finder, FindResult, FindSettings, ReadSettings
from scsampler_cli.cache.entries import UNFINISHED, scan_cache
from scsampler_cli.output.records import Failure
from tests.find.colours import ColourModel, colour_video
from tests.media.test_damage import spoiled
from tests.synthetic import texture, write_video

SETTINGS = FindSettings(top=5, apart_s=0)


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return colour_video(tmp_path / "v.mp4", ["blue", "red", "blue", "green"], 1)


def find(
    folder: Path, paths: object, model: ColourModel | None = None, **how: object
) -> tuple[FindResult, int]:
    """The result for "red", and how many pictures the model saw for it."""
    model = model or ColourModel()
    given = {"settings": SETTINGS, "device": "cpu", "precision": "fp32", **how}
    made = Finder(model, cache=folder / "cache", **given)  # type: ignore[arg-type]
    return made.find("red", paths), model.seen  # type: ignore[arg-type]


def entries(folder: Path) -> list[Path]:
    return sorted((folder / "cache").glob("*/embeddings-*"))


def only(result: FindResult) -> Failure:
    (failure,) = result.failures
    return failure


def test_a_second_sentence_computes_nothing(tmp_path: Path, video: Path) -> None:
    first, seen = find(tmp_path, video)
    assert (first.embedded, seen) == (1, 4)
    again, seen = find(tmp_path, video)
    assert (again.embedded, again.videos, seen) == (0, 1, 0)
    assert again.clips == first.clips
    assert set(again.timings_s) == {"cache", "compare"}
    model = ColourModel()
    other = Finder(model, cache=tmp_path / "cache", device="cpu", precision="fp32")
    blue = other.find("blue", video)
    assert (blue.embedded, model.seen, blue.clips[0].start in (0, 2)) == (0, 0, True)


def test_a_second_sentence_does_not_open_the_video(tmp_path: Path) -> None:
    frames = [texture(240, 320, seed) for seed in range(64)]
    path = write_video(tmp_path / "v.mkv", frames, fps=16, options={"crf": "10", "g": "16"})
    first, _ = find(tmp_path, path)
    data, facts = path.read_bytes(), path.stat()
    assert len(data) > 1 << 18
    # no decoder could read what is left of it
    end = 1 << 16
    path.write_bytes(data[:end] + bytes(len(data) - 2 * end) + data[-end:])
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    again, seen = find(tmp_path, path)
    assert (again.embedded, seen, again.clips) == (0, 0, first.clips)
    # one nanosecond later it is another file
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns + 1000))
    changed, _ = find(tmp_path, path)
    assert changed.embedded + len(changed.failures) == 1


def test_a_moved_file_and_a_copy_with_its_time_are_known(tmp_path: Path, video: Path) -> None:
    find(tmp_path, video)
    (tmp_path / "elsewhere").mkdir()
    copy = Path(shutil.copy2(video, tmp_path / "elsewhere" / "copy.mp4"))
    moved = video.rename(tmp_path / "moved.mp4")
    result, seen = find(tmp_path, [copy, moved])
    assert (result.videos, result.embedded, seen) == (2, 0, 0)
    assert {clip.path for clip in result.clips} == {str(copy), str(moved)}


def test_whatever_the_vectors_depend_on_is_in_the_key(tmp_path: Path, video: Path) -> None:
    find(tmp_path, video)
    assert find(tmp_path, video, ColourModel(version=1))[0].embedded == 1
    assert find(tmp_path, video, ColourModel(reads_clips=True))[0].embedded == 1
    narrow = FindSettings(picture_gap=0)
    assert find(tmp_path, video, settings=narrow)[0].embedded == 1
    assert find(tmp_path, video, precision="bf16")[0].embedded == 1
    assert find(tmp_path, video, reading=ReadSettings(video_stream=0))[0].embedded == 1
    assert find(tmp_path, video, reading=ReadSettings(max_frames=100))[0].embedded == 1
    # what is done with the vectors is not
    other = FindSettings(top=1, apart_s=3, prompts=("a {} one", "{}"))
    assert find(tmp_path, video, settings=other)[0].embedded == 0
    assert find(tmp_path, video, settings=FindSettings(picture_gap=2))[0].embedded == 0
    assert len(entries(tmp_path)) == 7


def test_another_content_of_the_same_length_is_another_video(tmp_path: Path, video: Path) -> None:
    find(tmp_path, video)
    data = bytearray(video.read_bytes())
    # of the movie header, which says nothing about the pictures
    at = data.index(b"Lavf")
    data[at : at + 4] = b"lavf"
    facts = video.stat()
    video.write_bytes(data)
    os.utime(video, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert find(tmp_path, video)[0].embedded == 1


@pytest.mark.parametrize(
    "damage", ["values", "zeros", "nan", "head", "facts", "times", "far", "missing"]
)
def test_a_damaged_entry_is_computed_again(tmp_path: Path, video: Path, damage: str) -> None:
    first, _ = find(tmp_path, video)
    (entry,) = entries(tmp_path)
    values, head = entry / "values.raw", entry / "entry.json"
    facts = json.loads(head.read_text())
    if damage == "values":
        values.write_bytes(values.read_bytes()[:-2])
    elif damage == "zeros":
        values.write_bytes(bytes(values.stat().st_size))
    elif damage == "nan":
        values.write_bytes(b"\xff" * values.stat().st_size)
    elif damage == "head":
        head.write_bytes(head.read_bytes()[:40])
    elif damage == "facts":
        head.write_text(json.dumps({**facts, "facts": {}}))
    elif damage in ("times", "far"):
        facts["facts"]["stretches"][1][0] = "soon" if damage == "times" else 1 << 70
        head.write_text(json.dumps(facts))
    else:
        values.unlink()
    again, seen = find(tmp_path, video)
    assert (again.embedded, seen, again.clips) == (1, 4, first.clips)
    # and kept again
    assert find(tmp_path, video)[0].embedded == 0
    assert len(entries(tmp_path)) == 1


def test_notes_and_damage_are_kept_with_the_vectors(tmp_path: Path) -> None:
    path = colour_video(tmp_path / "v.mp4", ["blue", "red"] * 4, keyframes_s=1)
    spoiled(path, set(range(7 * 16, 8 * 16)))
    # no keyframe stands for the last clip
    own = FindSettings(picture_gap=0)
    first, _ = find(tmp_path, path, settings=own)
    assert (first.embedded, first.failures) == (1, ())
    assert f"{path}: 1 of 8 clips without picture: not compared with the sentence" in first.notes
    assert all(str(path) in note for note in first.notes[1:])
    again, _ = find(tmp_path, path, settings=own)
    assert (again.embedded, again.notes) == (0, first.notes)
    # the kept vectors are no way around `strict`
    for _ in range(2):
        strict, _ = find(tmp_path, path, settings=own, reading=ReadSettings(strict=True))
        assert only(strict).record()["error"]["code"] == "strict-damage"
    assert len(entries(tmp_path)) == 1


def test_clips_without_a_picture_are_counted(tmp_path: Path) -> None:
    path = colour_video(tmp_path / "v.mp4", ["blue", "red"] * 4, keyframes_s=1)
    spoiled(path, set(range(16 * 3, 16 * 8)))
    result, _ = find(tmp_path, path, settings=FindSettings(picture_gap=0, apart_s=0))
    counted = f"{path}: 5 of 8 clips without picture: not compared with the sentence"
    assert counted in result.notes
    assert sorted(clip.start for clip in result.clips) == [0, 1, 2]


def test_a_video_of_which_nothing_can_be_decoded_is_an_error(tmp_path: Path, video: Path) -> None:
    spoiled(video, set(range(64)))
    for _ in range(2):
        result, _ = find(tmp_path, video)
        assert only(result).record()["error"]["code"] == "nothing-decodable"
    assert entries(tmp_path) == []


def test_a_file_that_changes_while_it_is_read_is_not_kept(tmp_path: Path, video: Path) -> None:
    class Touching(ColourModel):
        def of_pictures(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
            os.utime(video)
            return super().of_pictures(pictures)

    result, _ = find(tmp_path, video, Touching())
    assert only(result).record()["error"]["code"] == "file-changed"
    assert entries(tmp_path) == []
    assert find(tmp_path, video)[0].embedded == 1


SCRIPT = """
import resource, sys, time
from pathlib import Path
from scsampler_cli import Finder, FindSettings
from tests.find.colours import ColourModel

class Slow(ColourModel):
    def of_pictures(self, pictures):
        if self.seen and {waits}:
            print("waiting", flush=True)
            time.sleep(600)
        return super().of_pictures(pictures)

{before}
folder = Path(sys.argv[1])
finder = Finder(Slow(), cache=folder / "cache", device="cpu", precision="fp32")
result = finder.find("red", sys.argv[2:])
print(result.embedded, [failure.error.code for failure in result.failures], flush=True)
"""


def started(*arguments: object, waits: bool = False, before: str = "") -> subprocess.Popen[str]:
    script = textwrap.dedent(SCRIPT).format(waits=waits, before=before)
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_a_killed_run_loses_the_video_that_it_was_at(tmp_path: Path, video: Path) -> None:
    other = colour_video(tmp_path / "w.mp4", ["red", "green"], 1)
    process = started(tmp_path, video, other, waits=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "waiting\n"
    process.kill()
    process.wait()
    process.stdout.close()
    kinds = sorted(item.kind for item in scan_cache(tmp_path / "cache").items)
    assert kinds == ["embeddings", UNFINISHED]
    result, seen = find(tmp_path, [video, other])
    assert (result.videos, result.embedded, seen) == (2, 1, 2)


def test_two_processes_may_keep_the_same_video(tmp_path: Path, video: Path) -> None:
    processes = [started(tmp_path, video) for _ in range(2)]
    for process in processes:
        out, _ = process.communicate(timeout=300)
        assert process.returncode == 0
        assert out.endswith("[]\n")
    assert len(entries(tmp_path)) == 1
    assert find(tmp_path, video)[0].embedded == 0


def test_a_full_disk_is_an_error_and_leaves_nothing(tmp_path: Path, video: Path) -> None:
    # a limit of the system on the size of a file stands for the full disk
    process = started(tmp_path, video, before="resource.setrlimit(resource.RLIMIT_FSIZE, (16, 16))")
    out, _ = process.communicate(timeout=300)
    assert out == "0 ['cache-unusable']\n"
    assert [path for path in (tmp_path / "cache").rglob("*") if path.is_file()] == []


def test_a_cache_that_cannot_be_written_ends_the_work_before_it_begins(
    tmp_path: Path, video: Path
) -> None:
    (tmp_path / "cache").write_text("a file")
    model = ColourModel()
    result, seen = find(tmp_path, video, model)
    assert only(result).record()["error"]["code"] == "cache-unusable"
    assert seen == 0
