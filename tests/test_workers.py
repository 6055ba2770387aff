"""Work over processes: order, errors, Ctrl-C, and how many are worth it."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from scsampler_cli import workers
from scsampler_cli.errors import InputError, WorkerError
from scsampler_cli.workers import default_jobs, mapped


def _square(power: int, value: int) -> tuple[int, int]:
    return value**power, os.getpid()


def _refuse(value: int) -> int:
    if value == 2:
        raise InputError(f"{value} is no use", hint="leave it out")
    return value


def _signal(value: int) -> int:
    os.kill(os.getpid(), signal.SIGINT)
    return value


def _exit(value: int) -> int:
    if value == 1:
        os._exit(9)
    return value


@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_results_come_in_the_order_of_the_items(jobs: int) -> None:
    found = list(mapped(partial(_square, 2), range(20), jobs))
    assert [value for value, _ in found] == [value**2 for value in range(20)]
    assert (os.getpid() in {pid for _, pid in found}) == (jobs == 1)


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_comes_through_whole(jobs: int) -> None:
    results = mapped(_refuse, range(5), jobs)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(InputError, match="2 is no use") as caught:
        next(results)
    assert caught.value.hint == "leave it out"


def test_ctrl_c_does_not_reach_the_work() -> None:
    assert list(mapped(_signal, [1, 2], 2)) == [1, 2]


def test_a_process_that_dies_is_an_error_in_words() -> None:
    with pytest.raises(WorkerError, match="has died"):
        list(mapped(_exit, range(4), 2))


PROGRAM = """
import os, signal, sys, time
from scsampler_cli.workers import mapped

def work(seconds):
    print(os.getpid(), flush=True)
    time.sleep(seconds)

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    print("begin", flush=True)
    try:
        list(mapped(work, [float(sys.argv[1])] * 4, 2))
    except KeyboardInterrupt:
        sys.exit(130)
else:
    time.sleep(1.5)  # a slow import
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    return path


def _started(program: Path, seconds: float) -> subprocess.Popen[str]:
    words = [sys.executable, str(program), str(seconds)]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        words, stdout=pipe, stderr=pipe, text=True, start_new_session=True, cwd=Path(__file__).parents[1]
    )


def _gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_ctrl_c_while_they_start_is_the_parents_alone(program: Path) -> None:
    process = _started(program, 0.1)
    assert process.stdout is not None
    assert process.stdout.readline() == "begin\n"
    time.sleep(1)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "")


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc who is alive")
def test_they_do_not_outlive_a_parent_that_is_killed(program: Path) -> None:
    process = _started(program, 600)
    assert process.stdout is not None
    assert process.stdout.readline() == "begin\n"
    workers_ids = [int(process.stdout.readline()) for _ in range(2)]
    assert not any(map(_gone, workers_ids))
    process.kill()
    process.wait()
    for _ in range(100):
        if all(map(_gone, workers_ids)):
            break
        time.sleep(0.1)
    assert all(map(_gone, workers_ids))


@pytest.mark.parametrize(
    ("items", "cores", "sharers", "jobs"),
    [(0, 4, 1, 1), (11, 4, 1, 1), (12, 4, 1, 2), (1000, 4, 1, 4), (1000, 4, 2, 2), (24, 64, 2, 2), (1000, 2, 8, 1)],
)
def test_as_many_as_are_worth_it(
    items: int, cores: int, sharers: int, jobs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "cores", lambda: cores)
    assert default_jobs(items, sharers) == jobs


def test_never_more_than_what_fits_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "cores", lambda: 192)
    assert default_jobs(10**6) == workers.MOST
