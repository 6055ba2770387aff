"""A batch and everything that can happen to it, with a task that costs nothing."""

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

Records = list[dict]


def started(
    preexec: Callable[[], object] | None = None, driver: str = "driver", **given: object
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", f"tests.batch.{driver}", json.dumps(given, default=str)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        preexec_fn=preexec,
        start_new_session=True,
    )


def run(**given: object) -> tuple[int, str, str]:
    process = started(**given)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def read(path: Path) -> Records:
    return [json.loads(line) for line in path.read_text().splitlines()]


def folder(tmp_path: Path, names: list[str]) -> Path:
    videos = tmp_path / "videos"
    videos.mkdir(parents=True)
    for name in names:
        (videos / name).write_bytes(b"x")
    return videos


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.02)


def lines(path: Path) -> int:
    return path.read_text().count("\n") if path.exists() else 0


def children(pid: int) -> list[int]:
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def workers(pid: int) -> list[int]:
    """Those of a batch, without multiprocessing's own helper."""
    return [
        child
        for child in children(pid)
        if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]


def gone(pids: list[int]) -> bool:
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)


MIXED = ["a", "bad-1", "b", "bug-1", "c", "crash-1", "d", "slow-1", "e"]


def test_processes_and_order_do_not_change_the_records(tmp_path: Path) -> None:
    videos = folder(tmp_path, MIXED)
    outs = []
    for name, given in (
        ("one", {}),
        ("four", {"jobs": 4}),
        ("any", {"jobs": 4, "as_finished": True}),
    ):
        code, _, errors = run(paths=[videos], output=tmp_path / f"{name}.jsonl", **given)
        assert code == 3
        assert errors.count("error: ") == 3
        outs.append(read(tmp_path / f"{name}.jsonl"))
    assert outs[0] == outs[1] == sorted(outs[2], key=lambda record: record["path"])
    assert [Path(record["path"]).name for record in outs[0]] == sorted(MIXED)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "any.jsonl",
        "four.jsonl",
        "one.jsonl",
        "videos",
    ]


def test_what_a_run_says_is_as_much_as_was_asked_for(tmp_path: Path) -> None:
    videos = folder(tmp_path, ["a", "bad-1", "bug-1", "complain-1"])
    log = tmp_path / "run.log"
    given = {
        "paths": [videos],
        "output": tmp_path / "out.jsonl",
        "log_file": log,
        "overwrite": True,
    }
    _, _, quiet = run(quiet=True, **given)
    assert quiet.splitlines() == [
        f"error: {videos}/bad-1: not a video",
        "hint: look",
        f"error: {videos}/bug-1: unexpected ZeroDivisionError: by zero",
        "hint: please report it, with the traceback (--debug)",
    ]
    _, _, normal = run(**given)
    note, end = sorted(set(normal.splitlines()) - set(quiet.splitlines()), reverse=True)
    assert note == "note: loaded"
    assert end.startswith("2 tagged, 2 failed in ")
    _, _, verbose = run(verbose=1, **given)
    assert verbose.startswith("scsampler ")
    assert "classify, 4 inputs" in verbose.splitlines()[0]
    assert f"{videos}/a: started by process 1" in verbose
    assert f"{videos}/a: ok after " in verbose
    assert "error at MB" not in verbose
    _, _, very = run(verbose=2, debug=True, **given)
    assert f"{videos}/complain-1: [h264] error at MB 3 (2 times)" in very
    assert "Traceback" in very
    logged = log.read_text().splitlines()
    assert sum(line.endswith("NOTE note: loaded") for line in logged) == 4
    assert sum("[h264] error at MB 3 (2 times)" in line for line in logged) == 4
    assert all(line[:2] == "20" for line in logged)


def kept(out: Path) -> Records:
    """Whole lines of the output, and of what waits beside it."""
    there = [path for path in (out, out.with_name("out.jsonl.waiting")) if path.exists()]
    lines = [line for path in there for line in path.read_bytes().splitlines(keepends=True)]
    return [json.loads(line) for line in lines if line.endswith(b"\n")]


def test_kill_9_of_parent_or_worker_at_any_time_loses_and_doubles_nothing(tmp_path: Path) -> None:
    names = [f"slow-{i:02d}" if i % 3 else f"{i:02d}" for i in range(20)] + ["bad-1"]
    videos = folder(tmp_path, names)
    run(paths=[videos], output=tmp_path / "whole.jsonl", jobs=4)
    out = tmp_path / "out.jsonl"
    chance = random.Random(5)
    for _ in range(6):
        before = kept(out)
        process = started(paths=[videos], output=out, jobs=2, resume=True)
        time.sleep(chance.uniform(0.8, 2.5))
        theirs = workers(process.pid) if process.poll() is None else []
        if theirs and chance.random() < 0.5:
            os.kill(chance.choice(theirs), signal.SIGKILL)
            time.sleep(chance.uniform(0, 0.5))
        process.kill()
        process.wait()
        deadline = time.monotonic() + 30
        while not gone(theirs):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        after = kept(out)
        assert all(record in after for record in before if record["status"] == "ok")
    code, _, errors = run(paths=[videos], output=out, jobs=2, resume=True)
    assert code == 3
    assert "resuming: " in errors
    assert read(out) == read(tmp_path / "whole.jsonl")


def test_resuming_repairs_skips_and_starts_anew_where_it_must(tmp_path: Path) -> None:
    videos = folder(tmp_path, ["a", "b", "c", "bad-1"])
    out = tmp_path / "out.jsonl"
    given = {"paths": [videos], "output": out, "resume": True}
    assert run(**given)[0] == 3
    whole = out.read_bytes()
    out.write_bytes(whole[:-20])
    code, _, errors = run(**given)
    assert (code, out.read_bytes()) == (3, whole)
    assert "resuming: 3 of 4 files done before" in errors
    (videos / "b").write_bytes(b"yy")
    (videos / "d").write_bytes(b"x")
    code, _, errors = run(**given)
    assert "resuming: 3 of 5 files done before; 1 record made again" in errors
    assert sorted(Path(record["path"]).name for record in read(out)) == [
        "a",
        "b",
        "bad-1",
        "c",
        "d",
    ]
    out.write_text(out.read_text().replace('"run": "', '"run": "0'))
    code, _, errors = run(**given)
    assert "made with other settings" in errors
    assert "starting again; the earlier records are in" in errors
    assert len(read(out)) == len(read(tmp_path / "out.jsonl.old")) == 5


def test_an_interrupt_finishes_what_is_under_way_and_a_second_one_does_not(tmp_path: Path) -> None:
    videos = folder(tmp_path, ["a", *(f"long-{i}" for i in range(7))])
    out, log = tmp_path / "out.jsonl", tmp_path / "batch.log"
    process = started(paths=[videos], output=out, jobs=2, log_file=log)
    # one file at least is done then
    wait_for(lambda: log.exists() and "long-1: started by" in log.read_text(), process)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does it
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "finishing" in errors
    assert "--resume continues" in errors
    assert [record["status"] for record in read(out)] == ["ok"] * lines(out)
    assert 2 <= lines(out) < 8
    assert run(paths=[videos], output=out, resume=True)[0] == 0
    assert lines(out) == 8

    (videos / "hang-1").write_bytes(b"x")
    log = tmp_path / "run.log"
    process = started(paths=[videos / "hang-1"], output=out, log_file=log)
    wait_for(lambda: log.exists() and "started by" in log.read_text(), process)
    theirs = workers(process.pid)
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert gone(theirs)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_termination_is_clean(tmp_path: Path, number: signal.Signals, code: int) -> None:
    videos = folder(tmp_path, [*(f"slow-{i}" for i in range(6)), "zzz"])
    out = tmp_path / "out.jsonl"
    process = started(paths=[videos], output=out, jobs=2)
    wait_for(lambda: lines(out) > 0, process)
    theirs = workers(process.pid)
    os.killpg(process.pid, number)
    _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors.splitlines()[-1]) == (code, f"ended by {number.name}")
    assert gone(theirs)
    assert {record["status"] for record in read(out)} == {"ok"}


def test_what_was_to_be_ignored_is_ignored(tmp_path: Path) -> None:
    videos = folder(tmp_path, ["slow-1", "slow-2"])
    process = started(
        lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
        paths=[videos],
        output=tmp_path / "o.jsonl",
    )
    wait_for(lambda: lines(tmp_path / "o.jsonl") > 0, process)
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=60)
    assert process.returncode == 0


def test_a_reader_that_leaves_ends_it(tmp_path: Path) -> None:
    videos = folder(tmp_path, [f"slow-{i}" for i in range(20)])
    process = started(paths=[videos], jobs=2)
    assert process.stdout is not None
    process.stdout.readline()
    theirs = workers(process.pid)
    process.stdout.close()
    assert process.wait(timeout=60) == 141
    assert gone(theirs)


def test_inputs_and_outputs_that_vanish_on_the_way(tmp_path: Path) -> None:
    videos = folder(tmp_path, [f"slow-{i}" for i in range(7)])
    out = tmp_path / "out.jsonl"
    process = started(paths=[videos], output=out)
    wait_for(lambda: lines(out) > 0, process)
    (videos / "slow-6").unlink()
    process.communicate(timeout=40)
    assert process.returncode == 3
    assert read(out)[6]["error"]["type"] == "InputError"
    assert "No such file" in read(out)[6]["error"]["message"]

    out.unlink()
    process = started(paths=[videos], output=out)
    wait_for(lambda: lines(out) > 0, process)
    out.unlink()
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "was removed or replaced" in errors
    assert "Traceback" not in errors


def test_few_open_files_are_enough_or_said(tmp_path: Path) -> None:
    videos = folder(tmp_path, [f"{i:02d}" for i in range(16)])

    def limited(number: int) -> Callable[[], None]:
        return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (number, number))

    process = started(limited(40), paths=[videos], output=tmp_path / "out.jsonl", jobs=16)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert "Too many open files: going on with" in errors
    assert len(read(tmp_path / "out.jsonl")) == 16
    process = started(limited(14), paths=[videos], output=tmp_path / "none.jsonl", jobs=16)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Traceback" not in errors
    assert "Too many open files" in errors


def test_two_runs_do_not_write_one_file(tmp_path: Path) -> None:
    videos = folder(tmp_path, [f"slow-{i}" for i in range(12)])
    out = tmp_path / "out.jsonl"
    first = started(paths=[videos], output=out)
    wait_for(lambda: lines(out) > 0, first)
    code, _, errors = run(paths=[videos], output=out)
    assert code == 1
    assert "another scsampler is writing" in errors
    first.communicate(timeout=40)
    assert len(read(out)) == 12


def test_outputs_never_meet_inputs_or_each_other(tmp_path: Path) -> None:
    videos = folder(tmp_path, ["a", "b"])
    out = tmp_path / "out.jsonl"
    for given, word in (
        ({"output": videos / "b"}, "b is both input and output"),
        ({"output": out, "log_file": videos / "b"}, "b is both input and output"),
        (
            {"output": out, "log_file": tmp_path / "videos" / ".." / "out.jsonl"},
            "is named twice, by -o and --log-file",
        ),
    ):
        code, _, errors = run(paths=[videos], **given)
        assert code == 2
        assert word in errors
    assert [(videos / name).read_bytes() for name in ("a", "b")] == [b"x", b"x"]
    assert not out.exists()


def test_no_limit_of_memory_can_be_asked_for(tmp_path: Path) -> None:
    videos = folder(tmp_path, ["a"])
    assert run(paths=[videos], max_memory_gb=float("inf"))[0] == 0
    code, _, errors = run(paths=[folder(tmp_path / "slow", ["slow-1"])], max_memory_gb=0.001)
    assert code == 1
    assert "the limit is 0.001" in errors


def test_only_a_file_is_resumed(tmp_path: Path) -> None:
    videos = folder(tmp_path, ["a"])
    code, _, errors = run(paths=[videos], resume=True)
    assert code == 2
    assert errors.splitlines()[-1] == "hint: add -o FILE.jsonl"
