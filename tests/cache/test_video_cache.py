"""The cache: found when nothing changed, never when anything did, and never half."""

import json
import os
import re
from pathlib import Path

import numpy as np
import pytest

from scsampler_cli.bench.cached_scores import FEATURES, SCORES
from scsampler_cli.bench.cached_vectors import VECTORS
from scsampler_cli.cache.listing import WHAT
from scsampler_cli.cache.video_cache import Cache, quick_identity
from scsampler_cli.errors import OutputError
from scsampler_cli.find.kept_vectors import EMBEDDINGS


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


def test_facts_come_back_with_the_rows(tmp_path: Path, video: Path) -> None:
    cache = Cache(tmp_path / "cache")
    facts = {"times": [1, None, 2], "name": "é"}
    with cache.writer(video, "md", {}) as writer:
        writer.add(np.ones((1, 3), np.float16))
        writer.facts = facts
    entry = cache.find(video, "md", {})
    assert entry is not None
    assert entry.facts == facts
    (head,) = (tmp_path / "cache").rglob("entry.json")
    # as versions without facts wrote it
    older = json.loads(head.read_text())
    del older["facts"]
    head.write_text(json.dumps(older))
    entry = cache.find(video, "md", {})
    assert entry is not None
    assert entry.facts == {}


def test_the_quick_identity_is_that_of_size_time_and_both_ends(tmp_path: Path) -> None:
    path = tmp_path / "v.mp4"
    data = bytearray(range(256)) * 1024
    path.write_bytes(data)
    os.utime(path, ns=(5, 7))
    known = quick_identity(path)
    assert re.fullmatch(r"[0-9a-f]{32}", known)

    def changed(at: int | None, mtime_ns: int = 7, more: bytes = b"") -> bool:
        altered = bytearray(data)
        if at is not None:
            altered[at] ^= 1
        path.write_bytes(altered + more)
        os.utime(path, ns=(5, mtime_ns))
        return quick_identity(path) != known

    assert not changed(None)
    # 64 KiB at each end are read; the middle is not
    assert changed(0)
    assert changed((1 << 16) - 1)
    assert not changed(1 << 16)
    assert not changed(len(data) - (1 << 16) - 1)
    assert changed(len(data) - (1 << 16))
    assert changed(len(data) - 1)
    assert changed(None, mtime_ns=8)
    assert changed(None, more=b"\0")
    # a small file is read whole
    for size in (0, 1, 1 << 16, (1 << 17) - 1):
        path.write_bytes(bytes(size))
        os.utime(path, ns=(5, 7))
        small = quick_identity(path)
        if size:
            path.write_bytes(bytes(size - 1) + b"x")
            os.utime(path, ns=(5, 7))
            assert quick_identity(path) != small


def test_the_quick_identity_finds_an_entry_under_another_name(tmp_path: Path, video: Path) -> None:
    quick = Cache(tmp_path / "cache", quick_identity)
    store(quick, video, {}, np.ones((1, 3), np.int8))
    assert Cache(tmp_path / "cache").find(video, "md", {}) is None, "it has another folder"
    moved = video.rename(tmp_path / "moved.mp4")
    assert quick.find(moved, "md", {}) is not None
    os.utime(moved, ns=(5, 7))
    assert quick.find(moved, "md", {}) is None


def test_every_kind_that_is_kept_has_its_words() -> None:
    """Kinds are the names that the sources give to `find` and `writer`."""
    assert {VECTORS, EMBEDDINGS, SCORES, FEATURES} <= set(WHAT)
