"""Several passes over files by the same processes: order, loaded models, errors, Ctrl-C."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from scsampler_cli.batch.bounds import Bounds
from scsampler_cli.batch.pool import WorkerPool
from scsampler_cli.batch.process_map import DONE, Making, Pool
from scsampler_cli.batch.task import Progress, Record
from scsampler_cli.errors import InputError, OutputError
from tests.batch.here import processes
from tests.batch.test_batch import children, gone, wait_for


def loaded(say: object) -> dict[str, int]:
    return {"files": 0}


def count(held: dict[str, int], path: Path, progress: Progress) -> Record:
    held["files"] += 1
    return {**DONE, "files": held["files"], "pid": os.getpid(), "path": str(path)}


def slow_first(held: object, path: Path, progress: Progress) -> Record:
    time.sleep(0 if path.name[-1] != "0" else 1)
    return {**DONE, "path": str(path)}


def refuse(held: object, path: Path, progress: Progress) -> Record:
    if path.name == "1":
        raise InputError(f"{path} is no use", hint="leave it out")
    return DONE


def full(held: object, path: Path, progress: Progress) -> Record:
    raise OutputError("cannot write the cache", hint="make room")


def make(held: object, path: Path, progress: Progress) -> Record:
    path.write_text("made")
    return DONE


def hang(held: object, path: Path, progress: Progress) -> Record:
    path.with_suffix(".begun").touch()
    time.sleep(600)
    return DONE


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    found = [tmp_path / str(number) for number in range(6)]
    for path in found:
        path.write_text("x")
    return found


def test_processes_keep_what_they_have_loaded_until_they_are_dismissed(files: list[Path]) -> None:
    with processes(1, loaded) as pool:
        first = [outcome.record for outcome in pool.each(files, count)]
        second = [outcome.record for outcome in pool.each(files, count)]
        pool.dismiss()
        assert gone([first[0]["pid"]])
        third = [outcome.record for outcome in pool.each(files[:1], count)]
    assert [record["files"] for record in (*first, *second)] == list(range(1, 13))
    assert [record["files"] for record in third] == [1]
    assert (
        {record["pid"] for record in first}
        == {record["pid"] for record in second}
        != {third[0]["pid"]}
    )
    assert os.getpid() not in {record["pid"] for record in first}


def test_outcomes_come_in_the_order_of_the_files(files: list[Path]) -> None:
    with processes(2, loaded) as pool:
        for do in (count, slow_first):
            assert [outcome.record["path"] for outcome in pool.each(files, do)] == [
                str(path) for path in files
            ]


def test_a_file_fails_alone_and_what_cannot_be_written_ends_the_round(files: list[Path]) -> None:
    with processes(2, loaded) as pool:
        errors = [outcome.error for outcome in pool.each(files, refuse)]
        assert [type(error) for error in errors] == [type(None), InputError, *[type(None)] * 4]
        assert errors[1] is not None
        assert errors[1].hint == "leave it out"
        with pytest.raises(OutputError, match="cannot write the cache") as caught:
            list(pool.each(files, full))
    assert caught.value.hint == "make room"


def test_files_that_are_to_be_made_need_not_be_there(tmp_path: Path) -> None:
    wanted = [tmp_path / "a", tmp_path / "b"]
    with WorkerPool(
        Making("test"), 2, Bounds(0, None), note=print, detail=print, watch=lambda *_, **__: None
    ) as worker_pool:
        outcomes = list(Pool(worker_pool, _alone).each(wanted, make))
    assert [outcome.error for outcome in outcomes] == [None, None]
    assert [path.read_text() for path in wanted] == ["made"] * 2
    with processes(1) as pool:
        (outcome,) = pool.each([tmp_path / "c"], make)
    assert isinstance(outcome.error, InputError)


@contextmanager
def _alone(stop: Any) -> Iterator[None]:
    yield


def test_a_stop_finishes_what_is_under_way_and_raises(files: list[Path]) -> None:
    @contextmanager
    def at_once(stop: Any) -> Iterator[None]:
        stopping.append(stop)
        yield

    stopping: list[Any] = []
    told: list[str] = []
    with processes(1, loaded, attended=at_once, note=told.append) as pool:
        outcomes = pool.each(files, count)
        assert next(outcomes).record["files"] == 1
        stopping[0]()
        with pytest.raises(KeyboardInterrupt):
            list(outcomes)
        with pytest.raises(KeyboardInterrupt):
            list(pool.each(files, count))


PROGRAM = """
import signal, sys, time
from pathlib import Path
from tests.batch.here import processes
from tests.batch.test_process_map import hang, loaded

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    print("begin", flush=True)
    try:
        with processes(2, loaded) as pool:
            list(pool.each([Path(name) for name in sys.argv[1:]], hang))
    except KeyboardInterrupt:
        sys.exit(130)
else:
    time.sleep(1.5)  # a slow import
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("moment", ["while they start", "while they work"])
def test_ctrl_c_is_the_parents_alone_and_nobody_outlives_a_parent_that_is_killed(
    moment: str, number: signal.Signals, files: list[Path], tmp_path: Path
) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    pipe, root = subprocess.PIPE, Path(__file__).parents[2]
    process = subprocess.Popen(
        [sys.executable, str(program), *map(str, files)],
        stdout=pipe,
        stderr=pipe,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(root)},
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begin\n"
    if moment == "while they work":
        wait_for(files[1].with_suffix(".begun").exists, process)
    else:
        wait_for(lambda: len(children(process.pid)) > 1, process)
    theirs = children(process.pid)
    if number == signal.SIGINT:
        os.killpg(process.pid, number)  # as a terminal does it
    else:
        process.kill()
    _, said = process.communicate(timeout=60)
    assert process.returncode == (130 if number == signal.SIGINT else -9)
    if number == signal.SIGINT:
        assert said == ""
    end = time.monotonic() + 30
    while not gone(theirs):
        assert time.monotonic() < end
        time.sleep(0.05)
