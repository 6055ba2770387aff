"""The contents of a cache, and pruning, while other processes write and read."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from scsampler_cli.cache.entries import UNFINISHED, CacheItem, in_use, scan_cache
from scsampler_cli.cache.prune import Limit, Pruned, parse_limit, prune
from scsampler_cli.cache.video_cache import Cache
from scsampler_cli.errors import InputError, SettingsError

DAY = 24 * 3600.0
EVERYTHING = Limit(bytes=0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty cache."""
    path = tmp_path / "cache"
    path.mkdir()
    return path


def video(folder: Path, name: str = "v") -> Path:
    path = folder.parent / f"{name}.mp4"
    path.write_bytes(name.encode())
    return path


def store(
    folder: Path, name: str = "v", kind: str = "md", rows: int = 100, used_s_ago: float = 0
) -> Path:
    """An entry of a video, as runs write them; returns its folder."""
    path, settings, before = video(folder, name), {"rows": rows}, set(folder.glob("*/*"))
    with Cache(folder).writer(path, kind, settings) as writer:
        writer.add(np.ones((rows, 10), np.int8))
    (entry,) = set(folder.glob("*/*")) - before
    aged(entry / "entry.json", used_s_ago)
    return entry


def aged(path: Path, seconds: float) -> None:
    moment = time.time() - seconds
    os.utime(path, (moment, moment))


def pruned(folder: Path, limit: Limit, dry_run: bool = False) -> Pruned:
    return prune(folder, scan_cache(folder), limit, dry_run=dry_run)


def tree(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_entries_are_listed_by_kind_video_size_and_last_use(folder: Path) -> None:
    store(folder, "a", "md", 100, used_s_ago=DAY)
    store(folder, "b", "rgbr", 300)
    features = Cache(folder).file(video(folder, "b"), "features", {}, suffix=".scf")
    features.write_bytes(b"x" * 77)
    contents = scan_cache(folder)
    assert sorted(kept.kind for kept in contents.items) == ["features", "md", "rgbr"]
    assert len({kept.video for kept in contents.items}) == 2
    assert contents.bytes == sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
    (old,) = (kept for kept in contents.items if kept.kind == "md")
    assert abs(time.time() - DAY - old.used) < 60
    assert (contents.foreign, contents.busy_since) == (0, None)


def test_using_an_entry_or_a_feature_file_is_seen(folder: Path) -> None:
    entry = store(folder, "a", "md", 100, used_s_ago=DAY)
    cache, path = Cache(folder), video(folder, "a")
    features = cache.file(path, "features", {}, suffix=".scf")
    features.write_bytes(b"x")
    aged(features, DAY)
    values_from = (entry / "values.raw").stat().st_mtime_ns
    assert all(time.time() - kept.used > DAY - 60 for kept in scan_cache(folder).items)
    assert cache.find(path, "md", {"rows": 100}) is not None
    assert cache.file(path, "features", {}, suffix=".scf") == features
    assert all(time.time() - kept.used < 60 for kept in scan_cache(folder).items)
    assert (entry / "values.raw").stat().st_mtime_ns == values_from


def test_pruned_to_a_size_the_least_recently_used_go_first(folder: Path) -> None:
    for hours, name in enumerate("dcba"):
        store(folder, name, "md", 1000, used_s_ago=3600 * (hours + 1))
    sizes = {kept.bytes for kept in scan_cache(folder).items}
    found = pruned(folder, Limit(bytes=2 * max(sizes)))
    assert [kept.used for kept in found.removed] == sorted(kept.used for kept in found.removed)
    left = {kept.video for kept in scan_cache(folder).items}
    assert len(left) == 2
    for name, stays in (("d", True), ("c", True), ("b", False), ("a", False)):
        assert (Cache(folder).find(video(folder, name), "md", {"rows": 1000}) is not None) == stays
    assert {path.name for path in folder.iterdir()} == left, (
        "folders of videos without entries go, too"
    )


def test_pruned_to_an_age_only_older_ones_go(folder: Path) -> None:
    store(folder, "old", used_s_ago=31 * DAY)
    new = store(folder, "new", used_s_ago=29 * DAY)
    assert len(pruned(folder, parse_limit("30d")).removed) == 1
    assert list(folder.glob("*/md-*")) == [new]


def test_a_dry_run_tells_the_same_and_removes_nothing(folder: Path) -> None:
    store(folder, "a", used_s_ago=100)
    store(folder, "b", used_s_ago=50)
    before = tree(folder)
    told = pruned(folder, EVERYTHING, dry_run=True)
    assert tree(folder) == before
    assert pruned(folder, EVERYTHING) == told
    assert tree(folder) == set()


def test_a_reader_keeps_the_values_that_it_has_opened(folder: Path) -> None:
    store(folder, "a")
    entry = Cache(folder).find(video(folder, "a"), "md", {"rows": 100})
    assert entry is not None
    aged(next(folder.glob("*/md-*/entry.json")), 10)
    assert len(pruned(folder, EVERYTHING).removed) == 1
    assert entry.values.sum() == 1000


def test_what_a_run_uses_or_makes_stays_and_the_rest_goes(folder: Path) -> None:
    store(folder, "unused", used_s_ago=100)
    store(folder, "used", used_s_ago=100)
    with in_use(folder):
        assert Cache(folder).find(video(folder, "used"), "md", {"rows": 100}) is not None
        store(folder, "made")
        found = pruned(folder, EVERYTHING)
        assert (len(found.removed), len(found.in_use)) == (1, 2)
        assert Cache(folder).find(video(folder, "unused"), "md", {"rows": 100}) is None
        for name in ("used", "made"):
            assert Cache(folder).find(video(folder, name), "md", {"rows": 100}) is not None
    assert len(pruned(folder, EVERYTHING).removed) == 2


HOLD = (
    "import sys, time; from pathlib import Path; from scsampler_cli.cache.entries import in_use\n"
    "with in_use(Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(60)"
)


def test_a_run_that_was_killed_holds_nothing(folder: Path) -> None:
    run = subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE)
    try:
        assert run.stdout is not None
        run.stdout.readline()
        (lock,) = folder.glob(".using-*")
        aged(lock, 3600)
        assert scan_cache(folder).busy_since == pytest.approx(time.time() - 3600, abs=60)
    finally:
        run.kill()
        run.wait()
    assert scan_cache(folder).busy_since is None
    assert tree(folder) == set()


def test_what_was_used_since_it_was_listed_stays(folder: Path) -> None:
    store(folder, "a", used_s_ago=100)
    contents = scan_cache(folder)
    assert Cache(folder).find(video(folder, "a"), "md", {"rows": 100}) is not None
    assert prune(folder, contents, EVERYTHING, dry_run=False) == Pruned((), (), ())
    assert Cache(folder).find(video(folder, "a"), "md", {"rows": 100}) is not None


def test_what_vanishes_meanwhile_is_no_error(folder: Path) -> None:
    store(folder, "a", used_s_ago=100)
    contents = scan_cache(folder)
    ghost = CacheItem("md", "0" * 32, "md-" + "0" * 16, bytes=5, used=1.0)
    assert pruned(folder, EVERYTHING).removed
    both = type(contents)((*contents.items, ghost), 0, None)
    assert prune(folder, both, EVERYTHING, dry_run=False) == Pruned((), (), ())


def test_leftovers_of_killed_runs_go_when_they_are_a_day_old(folder: Path) -> None:
    entry = store(folder, "a", used_s_ago=3 * DAY)
    part = entry.parent / ".part-abc_1x"
    part.mkdir()
    (part / "values.raw").write_bytes(b"x" * 500)
    half = entry.parent / "4711-features-0123456789abcdef.scf.part"
    half.write_bytes(b"y" * 600)
    kinds = [kept.kind for kept in scan_cache(folder).items]
    assert sorted(kinds) == ["md", UNFINISHED, UNFINISHED]
    assert {kept.kind for kept in pruned(folder, EVERYTHING).removed} == {"md"}
    assert part.exists()
    assert half.exists()
    for path in (part / "values.raw", part, half):
        aged(path, 2 * DAY)
    assert len(pruned(folder, EVERYTHING).removed) == 2
    assert tree(folder) == set()


def test_what_is_not_ours_is_neither_counted_nor_touched(folder: Path) -> None:
    entry = store(folder, "a", used_s_ago=100)
    of_video, digest = entry.parent, "0123456789abcdef"
    outside = folder.parent / "outside"
    outside.mkdir()
    (outside / "entry.json").write_text("{}")
    (outside / "values.raw").write_text("precious")
    strange = [
        folder / "README",
        folder / ("g" * 32),
        folder / "photos",
        of_video / "notes.txt",
        of_video / "md-xyz",
    ]
    for path in strange:
        path.mkdir()
    (folder / ("e" * 32)).symlink_to(outside, target_is_directory=True)
    (of_video / f"rgbr-{digest}").symlink_to(outside, target_is_directory=True)
    (of_video / f"features-{digest}.scf").symlink_to(outside / "values.raw")
    (of_video / ".part-link").symlink_to(outside, target_is_directory=True)
    os.mkfifo(of_video / f"scores-{digest}.scf")
    mixed = of_video / f"mel-{digest}"  # an entry with a file of somebody else
    mixed.mkdir()
    for name in ("entry.json", "values.raw", "mine.txt"):
        (mixed / name).write_text(name)
    linked = of_video / f"if-{digest}"
    linked.mkdir()
    (linked / "entry.json").write_text("{}")
    (linked / "values.raw").symlink_to(outside / "values.raw")
    half = of_video / f"packets-{digest}"  # an entry is complete when it gets its name
    half.mkdir()
    (half / "entry.json").write_text("{}")
    contents = scan_cache(folder)
    assert [kept.kind for kept in contents.items] == ["md"]
    assert contents.foreign == 13
    before = tree(folder)
    assert len(pruned(folder, EVERYTHING).removed) == 1
    gone = before - tree(folder)
    assert gone == {
        str(path.relative_to(folder))
        for path in (entry, entry / "entry.json", entry / "values.raw")
    }
    assert (outside / "values.raw").read_text() == "precious"


def test_an_entry_that_becomes_a_link_is_left_alone(folder: Path) -> None:
    entry = store(folder, "a", used_s_ago=100)
    contents = scan_cache(folder)
    elsewhere = entry.rename(folder.parent / "elsewhere")
    entry.symlink_to(elsewhere, target_is_directory=True)
    os.utime(entry, (1, 1), follow_symlinks=False)
    assert prune(folder, contents, EVERYTHING, dry_run=False) == Pruned((), (), ())
    assert {path.name for path in elsewhere.iterdir()} == {"entry.json", "values.raw"}
    assert entry.is_symlink()


def test_the_cache_itself_may_be_a_link(folder: Path) -> None:
    store(folder, "a", used_s_ago=100)
    link = folder.parent / "link"
    link.symlink_to(folder, target_is_directory=True)
    assert len(pruned(link, EVERYTHING).removed) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_what_cannot_be_removed_is_told(folder: Path) -> None:
    entry = store(folder, "a", used_s_ago=100)
    entry.parent.chmod(0o500)
    try:
        ((kept, why),) = pruned(folder, EVERYTHING).failed
    finally:
        entry.parent.chmod(0o700)
    assert (kept.kind, why) == ("md", "Permission denied")


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name in ("none", "file"):
        with pytest.raises(InputError, match="cannot be read"):
            scan_cache(tmp_path / name)


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("10GB", Limit(bytes=10e9)),
        ("1.5 gib", Limit(bytes=1.5 * 2**30)),
        ("500MB", Limit(bytes=5e8)),
        ("0", Limit(bytes=0)),
        ("30d", Limit(age_s=30 * DAY)),
        ("12h", Limit(age_s=DAY / 2)),
        ("2w", Limit(age_s=14 * DAY)),
    ],
)
def test_limits_are_sizes_or_ages(text: str, limit: Limit) -> None:
    assert parse_limit(text) == limit


@pytest.mark.parametrize(
    "text", ["", "10", "-5GB", "GB", "10 parsecs", "5m", "1e9", "nan", "٣GB", "10GB30d"]
)
def test_anything_else_is_an_error(text: str) -> None:
    with pytest.raises(SettingsError, match="expected a size or an age"):
        parse_limit(text)


WORK = """
import sys, time
from pathlib import Path
import numpy as np
from scsampler_cli.cache.video_cache import Cache
folder, video = Path(sys.argv[1]), Path(sys.argv[2])
cache, end, made, lost = Cache(folder), time.monotonic() + 3, 0, 0
while time.monotonic() < end:
    settings = {"turn": made}
    with cache.writer(video, "md", settings) as writer:
        writer.add(np.full((50, 10), made % 100, np.int8))
    made += 1
    entry = cache.find(video, "md", settings)
    if entry is None:
        lost += 1
    else:
        assert entry.values.sum() == 500 * ((made - 1) % 100)
print(made, lost)
"""


def test_writers_and_readers_live_beside_a_prune_that_removes_everything(folder: Path) -> None:
    arguments = [sys.executable, "-c", WORK, str(folder), str(video(folder))]
    runs = [
        subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    removed = 0
    while any(run.poll() is None for run in runs):
        found = pruned(folder, EVERYTHING)
        assert found.failed == ()
        removed += len(found.removed)
    for run in runs:
        said, complaint = run.communicate()
        assert complaint == ""
        assert int(said.split()[0]) > 10
    assert removed > 10
    pruned(folder, EVERYTHING)
    assert tree(folder) == set()
