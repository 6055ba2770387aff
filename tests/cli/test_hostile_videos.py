"""`train` and `bench` with videos that crash or hang their decoder.

Checked: failed rows, exit codes, and signals, as for `classify`.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.batch.test_batch import gone, workers
from tests.cli.running import DEMO
from tests.synthetic import pan, write_video

ROOT = Path(__file__).parents[2]
HEALTHY = [f"{label}-{i}.mp4" for i in range(3) for label in ("spinning", "shaking")]
TRAIN = [
    "train", "list.csv", "--target", "md", "--arch", "shufflenet26", "--init", "scratch",
    "--clip-frames", 8, "--frame-stride", 2, "--epochs", 1, "--per-epoch", 8,
    "--batch-size", 4, "--device", "cpu", "-o", "w.safetensors",
]  # fmt: skip
BENCH = [
    "bench",
    "list.csv",
    *DEMO,
    "--k",
    1,
    "--timed",
    0,
    "--sheet",
    0,
    "--no-empirical",
    "--format",
    "json",
]


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("healthy")
    for number, name in enumerate(HEALTHY):
        write_video(folder / name, pan(40, 3, number, 64, 96, seed=number))
    return folder


@pytest.fixture
def place(healthy: Path, tmp_path: Path) -> Path:
    """A working folder in whose processes FFmpeg does what the names of videos say."""
    (tmp_path / "patch").mkdir()
    (tmp_path / "patch" / "sitecustomize.py").write_text(
        "from tests.batch.hostile import harm\nharm()\n"
    )
    for name in HEALTHY:
        (tmp_path / name).hardlink_to(healthy / name)
    return tmp_path


def listed(place: Path, *hostile: str) -> None:
    """A list with hostile videos first, whose bytes are their own."""
    rows = ["path,label,split"]
    for name in hostile:
        (place / name).write_bytes((place / HEALTHY[0]).read_bytes() + name.encode())
        rows.append(f"{name},spinning,{'train' if name.endswith('t.mp4') else 'val'}")
    rows += [
        f"{name},{name.partition('-')[0]},{'val' if '2' in name else 'train'}" for name in HEALTHY
    ]
    (place / "list.csv").write_text("\n".join(rows) + "\n")


def started(place: Path, words: list[object], *more: object) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "PYTHONPATH": f"{place / 'patch'}:{ROOT}",
        "XDG_CACHE_HOME": str(place / "home"),
    }
    line = [sys.executable, "-m", "scsampler_cli", *words, "--cache", "cache", *more]
    return subprocess.Popen(
        list(map(str, line)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=place,
        env=environment,
        start_new_session=True,
    )


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + 120
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.05)


def test_train_leaves_out_what_crashes_and_what_hangs(place: Path) -> None:
    listed(place, "crash-t.mp4", "hang-v.mp4")
    process = started(place, TRAIN, "--jobs", 2, "--timeout", 5)
    out, errors = process.communicate(timeout=240)
    assert process.returncode == 3, errors
    assert json.loads(out)["skipped"] == {"rows": 0, "videos": 2}
    said = [line for line in errors.splitlines() if line.startswith("error: ")]
    assert len(said) == 2
    assert "list.csv:2: " in said[0]
    assert "crash-t.mp4: the process that worked on it was killed by SIGSEGV" in said[0]
    assert "list.csv:3: " in said[1]
    assert "hang-v.mp4: not done after 5" in said[1]
    assert "skipped: 0 rows of the list and 2 videos, named above" in errors
    assert "Traceback" not in errors
    (place / "hang-v.begun").unlink()
    process = started(place, TRAIN, "--resume", "--epochs", 2, "--timeout", 3)
    out, errors = process.communicate(timeout=240)
    assert process.returncode == 3, errors
    assert json.loads(out)["epochs"] == 2, "the same videos failed, so that the run is the same"
    assert (place / "hang-v.begun").exists(), "tried again"


def test_bench_leaves_out_what_crashes_and_a_worker_that_is_killed(place: Path) -> None:
    listed(place, "hang-v.mp4", "crash-v.mp4")
    process = started(place, BENCH)
    wait_for((place / "hang-v.begun").exists, process)
    (worker,) = workers(process.pid)
    os.kill(worker, signal.SIGKILL)
    out, errors = process.communicate(timeout=240)
    assert process.returncode == 3, errors
    (run,) = json.loads(out)["runs"]
    assert run["videos"] == 2
    reasons = {Path(failure["path"]).name: failure["reason"] for failure in run["failures"]}
    assert list(reasons) == ["hang-v.mp4", "crash-v.mp4"]
    assert "was killed by SIGKILL" in reasons["hang-v.mp4"]
    assert "was killed by SIGSEGV" in reasons["crash-v.mp4"]
    assert "Traceback" not in errors


@pytest.mark.parametrize("words", [TRAIN, BENCH], ids=["train", "bench"])
def test_an_interrupt_finishes_what_is_under_way_and_a_second_one_does_not(
    words: list[object], place: Path
) -> None:
    listed(place, "hang-t.mp4" if words is TRAIN else "hang-v.mp4")
    process = started(place, words)
    wait_for(lambda: any(place.glob("hang-*.begun")), process)
    theirs = workers(process.pid)
    assert len(theirs) == 1
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does it
    time.sleep(1)
    assert process.poll() is None, process.communicate()
    os.killpg(process.pid, signal.SIGINT)
    out, errors = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert "interrupted: finishing 1 file in progress; once more ends this at once" in errors
    assert errors.splitlines()[-1] == "interrupted"
    assert "Traceback" not in errors
    assert gone(theirs)


@pytest.mark.parametrize("words", [TRAIN, BENCH], ids=["train", "bench"])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_whatever_ends_it_leaves_no_process_behind(
    number: signal.Signals, code: int, words: list[object], place: Path
) -> None:
    listed(place, "hang-t.mp4" if words is TRAIN else "hang-v.mp4")
    process = started(place, words)
    wait_for(lambda: any(place.glob("hang-*.begun")), process)
    theirs = workers(process.pid)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == code
    if number == signal.SIGTERM:
        assert errors.splitlines()[-1] == "ended by SIGTERM"
    end = time.monotonic() + 30
    while not gone(theirs):
        assert time.monotonic() < end
        time.sleep(0.05)
