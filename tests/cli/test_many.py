"""Many files: the same records from any number of processes, any name, outputs in their place."""

import json
import os
import shutil
from pathlib import Path

from tests.cli.running import DEMO, Run, check_failure

NAMES = [
    b"-dash.mp4",
    b"new\nline.mp4",
    b"caf\xe9.mp4",
    b"100%d.mp4",
    b"concat:a|b.mp4",
    b"a b'\"$(x).mp4",
]


def records(path: Path) -> list[dict]:
    found = [json.loads(line) for line in path.read_text().splitlines()]
    for record in found:
        record.pop("timings_s", None)
    return found


def test_names_of_any_bytes_and_any_number_of_processes(
    run: Run, videos: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in NAMES:
        shutil.copy(videos / "loud.mp4", os.fsencode(folder) + b"/" + name)
    whole = (videos / "sub" / "silent.mkv").read_bytes()
    (folder / "cut.mkv").write_bytes(whole[: len(whole) // 2])
    (folder / "text.mp4").write_text("no video")
    one = run("classify", folder, *DEMO, "-o", tmp_path / "one.jsonl")
    three = run("classify", folder, *DEMO, "-o", tmp_path / "three.jsonl", "--jobs", "3", "--hash")
    assert one.returncode == three.returncode == 3, one.stderr
    found, again = records(tmp_path / "one.jsonl"), records(tmp_path / "three.jsonl")
    assert [record["source"].pop("sha256", "")[:2] != "" for record in again] == [
        r["status"] == "ok" for r in again
    ]
    assert found == again
    healthy = [os.fsencode(record["path"]) for record in found if record["status"] == "ok"]
    assert {path.rsplit(b"/", 1)[1] for path in healthy} == {*NAMES, b"cut.mkv"}
    (cut,) = (record for record in found if record["path"].endswith("cut.mkv"))
    assert cut["frames_missing"] + cut["decode_errors"] > 0


def test_resumed_with_other_settings_it_starts_anew_and_says_what_changed(
    run: Run, videos: Path, tmp_path: Path
) -> None:
    out = tmp_path / "tags.jsonl"
    assert run("classify", videos, *DEMO, "-o", out).returncode == 0
    before = out.read_bytes()
    same = run("classify", videos, *DEMO, "-o", out, "--resume", "--jobs", "2", "--timeout", "500")
    assert (same.returncode, out.read_bytes()) == (0, before)
    assert "resuming: 2 of 2 files done before" in same.stderr
    other = run("classify", videos, *DEMO, "-o", out, "--resume", "-k", "3")
    assert "settings.selection.k 10, now 3" in other.stderr
    assert Path(f"{out}.old").read_bytes() == before
    assert [len(record["clips"]) for record in records(out)] == [3, 3]


def test_limits_and_strictness_are_said_with_the_option_that_lifts_them(
    run: Run, videos: Path, tmp_path: Path
) -> None:
    whole = (videos / "sub" / "silent.mkv").read_bytes()
    (tmp_path / "cut.mkv").write_bytes(whole[: len(whole) // 2])
    result = run(
        "score", tmp_path / "cut.mkv", "--strict", "--max-frames", "15", "--video-stream", "0"
    )
    check_failure(result, 1, "frames are missing")
    assert "--strict" in result.stderr.splitlines()[-1]
    check_failure(
        run("score", tmp_path / "cut.mkv", "--max-memory", "0.05"),
        1,
        "of memory, the limit is 0.05",
    )


def test_features_stay_in_their_folder(run: Run, videos: Path, tmp_path: Path) -> None:
    features, outside, log = tmp_path / "features", tmp_path / "outside", tmp_path / "records.jsonl"
    features.mkdir()
    outside.mkdir()
    (features / "sub").symlink_to(outside)
    (features / "loud.mp4.scf.part").symlink_to(outside / "planted")
    (features / "loud.mp4.0.png.part").symlink_to(outside / "planted")
    given = ("extract", videos, "-o", features, "--records", log, "--what", "md", "--render", "0")
    result = run(*given)
    assert result.returncode == 3
    assert "a link leads to" in result.stderr
    assert list(outside.iterdir()) == []
    assert sorted(p.name for p in features.iterdir()) == ["loud.mp4.0.png", "loud.mp4.scf", "sub"]
    (features / "sub").unlink()
    (features / "loud.mp4.scf").unlink()
    result = run(*given, "--resume")
    assert result.returncode == 0
    assert "resuming: 0 of 2 files done before; 2 records made again" in result.stderr
    assert [record["status"] for record in records(log)] == ["ok", "ok"]
    assert (features / "sub" / "silent.mkv.scf").is_file()
