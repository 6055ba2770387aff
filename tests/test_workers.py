"""Work over processes: order, errors, Ctrl-C, and how many are worth it."""

import os
import signal
from functools import partial

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
