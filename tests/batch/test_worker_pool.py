"""Whatever happens to a process, each file has exactly one outcome, and nothing is left behind."""

import os
import re
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from scsampler_cli.batch.bounds import TIMEOUT_S, Bounds
from scsampler_cli.batch.outcome import Outcome
from scsampler_cli.batch.pool import WorkerPool
from scsampler_cli.batch.process import Job
from scsampler_cli.errors import SettingsError, VideoError, WorkerError
from tests.batch.tasks import HalfFit, Obedient, Told, Unfit

FREE = Bounds(0, None)


def made(folder: Path, names: Sequence[str]) -> list[tuple[int, Path]]:
    files = [folder / name for name in names]
    for file in files:
        file.write_bytes(b"x")
    return list(enumerate(files))


def done(
    files: list[tuple[int, Path]], jobs: int = 1, bounds: Bounds = FREE, notes: list | None = None
) -> list[Outcome]:
    say = (notes if notes is not None else []).append
    with WorkerPool(
        Obedient(), jobs, bounds, note=say, detail=lambda _: None, watch=lambda *_, **__: None
    ) as worker_pool:
        outcomes = list(worker_pool.run(files))
    assert sorted(outcome.index for outcome in outcomes) == [index for index, _ in files]
    return sorted(outcomes, key=lambda outcome: outcome.index)


def error(outcome: Outcome) -> tuple[str, str]:
    assert outcome.record["status"] == "error"
    assert outcome.record["error"]["hint"]
    return outcome.record["error"]["type"], outcome.record["error"]["message"]


def test_each_file_has_one_outcome_whatever_it_does_to_its_process(tmp_path: Path) -> None:
    names = [
        "a",
        "crash-1",
        "kill-1",
        "leave-1",
        "exit-1",
        "bad-1",
        "bug-1",
        "memory-1",
        "nan-1",
        "b",
    ]
    notes: list[str] = []
    first, *failed, last = done(made(tmp_path, names), jobs=2, notes=notes)
    assert first.record["status"] == last.record["status"] == "ok"
    assert [error(outcome)[0] for outcome in failed] == [
        *["WorkerError"] * 3,
        "SystemExit",
        "VideoError",
        "ZeroDivisionError",
        "MemoryLimitError",
        "ValueError",
    ]
    why = [error(outcome)[1] for outcome in failed]
    assert why[0] == f"{tmp_path}/crash-1: the process that worked on it was killed by SIGSEGV"
    assert why[1].endswith("was killed by SIGKILL")
    assert why[2].endswith("ended with exit code 7")
    assert notes == ["loaded"]
    assert all(outcome.record["source"]["size"] == 1 for outcome in (first, *failed, last))
    assert "ZeroDivisionError" in str(failed[5].traceback)


def test_time_and_memory_have_limits(tmp_path: Path) -> None:
    hung, babbling, fine = done(
        made(tmp_path, ["hang-1", "babble-1", "a"]), jobs=2, bounds=Bounds(4, None)
    )
    for outcome in (hung, babbling):
        kind, message = error(outcome)
        assert kind == "TimeLimitError"
        assert message.startswith(f"{outcome.path}: not done after 4")
    assert len(str(babbling.record["ffmpeg"])) < 1000
    assert 4 <= hung.seconds < 30
    assert fine.record["status"] == "ok"
    swollen, fine = done(made(tmp_path, ["swell-1", "a"]), bounds=Bounds(120, 500_000_000))
    kind, message = error(swollen)
    assert kind == "MemoryLimitError"
    assert "the limit is 0.5" in message
    assert fine.record["status"] == "ok"


def test_the_default_deadline_grows_with_the_video() -> None:
    job = Job(0, Path("a"), None, start=100.0)
    assert Bounds(None, None).deadline(job) == 100 + TIMEOUT_S
    job.seconds = 4 * 3600
    assert Bounds(None, None).deadline(job) == 100 + 4 * TIMEOUT_S
    assert Bounds(60, None).deadline(job) == 160
    assert Bounds(0, None).deadline(job) == float("inf")


def test_what_native_code_says_is_in_the_record_and_bounded(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    complaints, deaf, quiet, printed = done(
        made(tmp_path, ["complain-1", "deafen-1", "a", "print-1"])
    )
    said = complaints.record["ffmpeg"]
    assert said[0] == "[h264] error at MB 0 (2 times)"
    assert said[19] == "[h264] error at MB 19"
    assert said[20] == "... and 5 more"
    assert deaf.record["ffmpeg"] == ["x" * 300]
    assert quiet.record["ffmpeg"] == printed.record["ffmpeg"] == []
    out, err = capfd.readouterr()
    assert out == ""
    assert err == "a plug-in prints\n"


def test_a_task_that_cannot_be_done_ends_the_batch(tmp_path: Path) -> None:
    def tried(how: str) -> None:
        with WorkerPool(
            Unfit(how), 2, FREE, note=print, detail=print, watch=lambda *_, **__: None
        ) as worker_pool:
            list(worker_pool.run(made(tmp_path, ["a", "b"])))

    with pytest.raises(SettingsError, match="k is 0") as refused:
        tried("settings")
    assert refused.value.hint == "1 and more"
    with pytest.raises(WorkerError, match="unexpected ZeroDivisionError: by zero") as bug:
        tried("bug")
    assert "Traceback" in bug.value.__notes__[0]
    with pytest.raises(
        WorkerError, match=r"killed by SIGKILL before it could begin \(libcuda fell over\)"
    ):
        tried("dies")


@pytest.mark.parametrize("refuses", [1, 2])
def test_what_is_done_is_not_lost_when_another_process_cannot_load(
    refuses: int, tmp_path: Path
) -> None:
    def both_have_spoken(text: str) -> None:
        if "started by" in text:
            while not (tmp_path / "finished").exists():
                time.sleep(0.01)
            time.sleep(0.5)  # both reports are there before the next look at either

    with WorkerPool(
        HalfFit(tmp_path, refuses),
        2,
        FREE,
        note=print,
        detail=both_have_spoken,
        watch=lambda *_, **__: None,
    ) as worker_pool:
        outcomes = worker_pool.run(made(tmp_path, ["a", "b"]))
        assert next(outcomes).path.name == "a"
        with pytest.raises(SettingsError, match="k is 0"):
            next(outcomes)


def test_work_is_told_what_the_batch_was_told(tmp_path: Path) -> None:
    with WorkerPool(
        Told(), 1, FREE, note=print, detail=print, watch=lambda *_, **__: None
    ) as worker_pool:
        files = made(tmp_path, ["a", "b"])
        first = [outcome.record["tags"] for outcome in worker_pool.run(files, "once", 2)]
        second = [outcome.record["tags"] for outcome in worker_pool.run(files)]
    assert first == [["once", 2]] * 2
    assert second == [[], []]


def test_a_failure_is_an_error_again(tmp_path: Path) -> None:
    bad, bug, fine = done(made(tmp_path, ["bad-1", "bug-1", "a"]))
    assert isinstance(bad.error, VideoError)
    assert (str(bad.error), bad.error.hint) == (f"{bad.path}: not a video", "look")
    assert isinstance(bug.error, WorkerError)
    assert "unexpected ZeroDivisionError" in str(bug.error)
    assert "Traceback" in bug.error.__notes__[0]
    assert fine.error is None


def test_a_stop_finishes_what_is_under_way(tmp_path: Path) -> None:
    files = made(tmp_path, [f"slow-{i}" for i in range(9)])
    notes: list[str] = []
    with WorkerPool(
        Obedient(),
        2,
        FREE,
        note=notes.append,
        detail=print,
        watch=lambda *_, **__: worker_pool.stop(),
    ) as worker_pool:
        outcomes = list(worker_pool.run(files))
    assert [outcome.record["status"] for outcome in outcomes] == ["ok"] * len(outcomes)
    assert 1 <= len(outcomes) <= 2
    assert "finishing" in notes[-1]


def test_processes_that_are_killed_at_any_time_are_replaced_and_none_is_left(
    tmp_path: Path,
) -> None:
    files = made(tmp_path, [f"slow-{i}" for i in range(8)])
    pids: dict[str, int] = {}

    def killer(text: str) -> None:
        if found := re.fullmatch(r"(process \d+) \(pid (\d+)\) started", text):
            pids[found[1]] = int(found[2])
            if len(pids) == 2:
                os.kill(pids[found[1]], signal.SIGKILL)  # while it loads
        elif found := re.search(r"slow-3: started by (process \d+)", text):
            os.kill(pids[found[1]], signal.SIGKILL)  # while it works

    with WorkerPool(
        Obedient(), 2, FREE, note=print, detail=killer, watch=lambda *_, **__: None
    ) as worker_pool:
        outcomes = list(worker_pool.run(files))
    failed = [outcome.path.name for outcome in outcomes if outcome.record["status"] != "ok"]
    assert sorted(outcome.index for outcome in outcomes) == list(range(8))
    assert failed == ["slow-3"]
    assert len(pids) == 4
    for pid in pids.values():
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_hash_is_part_of_what_a_file_is_known_by(tmp_path: Path) -> None:
    with WorkerPool(
        Obedient(), 1, FREE, note=print, detail=print, watch=lambda *_, **__: None, hashed=True
    ) as worker_pool:
        (outcome,) = worker_pool.run(made(tmp_path, ["a"]))
    assert (
        outcome.record["source"]["sha256"]
        == "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
    )
    assert "sha256" not in outcome.record
