"""The cache: found when nothing changed, never when anything did, and never half."""

import os
from pathlib import Path

import numpy as np
import pytest

from scsampler_cli.cache.video_cache import Cache
from scsampler_cli.errors import OutputError


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "video.mp4"
    path.write_bytes(b"a video")
    return path


def store(cache: Cache, video: Path, settings: dict[str, object], *clips: np.ndarray) -> None:
    with cache.writer(video, "md", settings) as writer:
        for rows in clips:
            writer.add(rows)
        writer.notes = ["seen"]


def test_rows_come_back_by_clip(tmp_path: Path, video: Path) -> None:
    cache = Cache(tmp_path / "cache")
    first, nothing, third = (
        np.ones((2, 3), np.int8),
        np.zeros((0, 3), np.int8),
        np.full((1, 3), 7, np.int8),
    )
    store(cache, video, {"p_frames": 4}, first, nothing, third)
    entry = cache.find(video, "md", {"p_frames": 4})
    assert entry is not None
    assert entry.clips == 3
    assert [list(entry.rows(i)) for i in range(3)] == [[0, 1], [], [2]]
    assert entry.values[2].tolist() == [7, 7, 7]
    assert entry.values.dtype == np.int8
    assert entry.notes == ("seen",)


def test_another_file_setting_or_name_is_not_found(tmp_path: Path, video: Path) -> None:
    cache = Cache(tmp_path / "cache")
    store(cache, video, {"p_frames": 4}, np.ones((1, 3), np.int8))
    assert cache.find(video, "md", {"p_frames": 2}) is None
    assert cache.find(video, "rgbr", {"p_frames": 4}) is None
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(video.read_bytes())
    assert cache.find(copy, "md", {"p_frames": 4}) is not None, (
        "the same content under another name"
    )
    stamp = video.stat()
    video.write_bytes(b"A video")  # as long as before, and as old
    os.utime(video, ns=(stamp.st_atime_ns, stamp.st_mtime_ns + 1))
    assert cache.find(video, "md", {"p_frames": 4}) is None


def test_an_exception_leaves_nothing(tmp_path: Path, video: Path) -> None:
    cache = Cache(tmp_path / "cache")

    def interrupted() -> None:
        with cache.writer(video, "md", {}) as writer:
            writer.add(np.ones((1, 3), np.int8))
            raise KeyError

    with pytest.raises(KeyError):
        interrupted()
    assert cache.find(video, "md", {}) is None
    assert [p for p in (tmp_path / "cache").rglob("*") if p.is_file()] == []


@pytest.mark.parametrize("name", ["values.raw", "entry.json"])
def test_a_truncated_entry_is_made_anew(tmp_path: Path, video: Path, name: str) -> None:
    cache = Cache(tmp_path / "cache")
    store(cache, video, {}, np.ones((4, 3), np.int8))
    (file,) = (tmp_path / "cache").rglob(name)
    file.write_bytes(file.read_bytes()[:5])
    assert cache.find(video, "md", {}) is None
    store(cache, video, {}, np.full((4, 3), 2, np.int8))
    entry = cache.find(video, "md", {})
    assert entry is not None
    assert entry.values[3].tolist() == [2, 2, 2]


def test_a_video_without_any_rows_is_an_entry_too(tmp_path: Path, video: Path) -> None:
    cache = Cache(tmp_path / "cache")
    store(cache, video, {}, np.zeros((0, 3), np.int8), np.zeros((0, 3), np.int8))
    entry = cache.find(video, "md", {})
    assert entry is not None
    assert (entry.clips, len(entry.values)) == (2, 0)


@pytest.mark.parametrize("error", [FileNotFoundError, FileExistsError])
def test_a_folder_removed_within_mkdir_is_made_again(
    tmp_path: Path, video: Path, monkeypatch: pytest.MonkeyPatch, error: type[OSError]
) -> None:
    real = Path.mkdir
    failures = [error(), error()]

    def mkdir(self: Path, *args: object, **kwargs: object) -> None:
        if failures:
            raise failures.pop()
        real(self, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "mkdir", mkdir)
    cache = Cache(tmp_path / "cache")
    store(cache, video, {}, np.ones((1, 3), np.int8))
    assert cache.find(video, "md", {}) is not None
    assert failures == []


def test_a_file_in_the_way_of_the_cache_is_an_error(tmp_path: Path, video: Path) -> None:
    (tmp_path / "cache").touch()
    with pytest.raises(OutputError, match="cannot write the cache"):
        store(Cache(tmp_path / "cache"), video, {}, np.ones((1, 3), np.int8))
