"""Items made by a thread: the same, in order, bounded, and ended with the caller."""

import threading
import time
from collections.abc import Iterator

import pytest

from scsampler_cli.pipeline.prefetch import prefetch


def counting(made: list[int], closed: list[str], most: int = 1000) -> Iterator[int]:
    try:
        for i in range(most):
            made.append(i)
            yield i
    finally:
        closed.append(threading.current_thread().name)


def until(condition, seconds: float = 10) -> bool:  # type: ignore[no-untyped-def]
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    return bool(condition())


@pytest.mark.parametrize("most", [1, 3, 100])
def test_the_same_items_in_order(most: int) -> None:
    assert list(prefetch(iter(range(50)), most)) == list(range(50))
    assert list(prefetch([], most)) == []


def test_it_works_ahead_and_no_further_than_allowed() -> None:
    made: list[int] = []
    stream = prefetch(counting(made, []), 5)
    assert next(stream) == 0
    assert until(lambda: len(made) >= 6)  # five wait
    time.sleep(0.1)
    assert len(made) <= 7  # and one is in hand
    stream.close()  # type: ignore[attr-defined]


def test_an_error_comes_where_it_would_have() -> None:
    def failing() -> Iterator[int]:
        yield 1
        yield 2
        raise KeyError("three")

    stream = prefetch(failing(), 4)
    assert [next(stream), next(stream)] == [1, 2]
    with pytest.raises(KeyError, match="three"):
        next(stream)


def test_a_caller_that_stops_ends_the_thread_which_closes_what_it_read() -> None:
    made: list[int] = []
    closed: list[str] = []
    before = threading.active_count()
    for item in prefetch(counting(made, closed), 2):
        if item == 3:
            break
    assert until(lambda: closed == ["prefetch"])
    assert len(made) <= 8
    assert until(lambda: threading.active_count() == before)


def test_reading_and_computing_go_on_side_by_side() -> None:
    """Two threads meet: each item is made only when the caller works on the one before."""
    working = threading.Event()

    def reading() -> Iterator[int]:
        yield 0
        assert working.wait(10)  # would never come if the caller were waiting for this item
        yield 1

    stream = prefetch(reading(), 2)
    assert next(stream) == 0
    working.set()
    assert next(stream) == 1
