"""Progress of a whole run: the time left is that of all steps."""

import io
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from scsampler_cli.cli import progress, run_progress
from scsampler_cli.cli.run_progress import Course, RunBars, Step


class Clock:
    """A monotonic clock that the test sets."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(run_progress, "time", found)
    monkeypatch.setattr(progress, "time", found)
    return found


STEPS = (Step("reading", 10), Step("classifying", 20), Step("learning", 30, is_even=True))


def report(course: Course, clock: Clock, stage: str, units: range, total: int, s: float) -> None:
    """Reports of a step, each so many seconds after the one before."""
    for done in units:
        clock.now += s
        course.follow(stage, done, total)


def test_the_time_left_is_that_of_all_steps(time: Clock) -> None:
    course = Course(STEPS)
    assert course.left_s is None
    # a video takes two seconds, of a cost of 1: the later steps of a cost of 50 take 100 s
    report(course, time, "reading", range(1, 6), 10, 2.0)
    assert course.left_s == pytest.approx(5 * 2 + 50 * 2)
    assert course.share == pytest.approx(5 / 60)
    # half of the time of the unit in progress is over
    time.now += 1
    assert course.left_s == pytest.approx(4 * 2 + 1 + 50 * 2)
    # no unit takes a negative time
    time.now += 100
    assert course.left_s == pytest.approx(4 * 2 + 50 * 2)


def test_the_time_in_which_models_are_loaded_is_not_that_of_a_video(time: Clock) -> None:
    course = Course(STEPS)
    time.now += 60
    course.follow("reading", 1, 10)
    assert course.left_s is None
    report(course, time, "reading", range(2, 4), 10, 2.0)
    assert course.left_s == pytest.approx(7 * 2 + 50 * 2)


def test_a_single_video_that_is_done_leaves_nothing(time: Clock) -> None:
    course = Course([Step("measuring", 1)])
    course.follow("measuring", 1, 1)
    assert course.left_s == 0


def test_what_is_measured_replaces_the_rough_costs(time: Clock) -> None:
    course = Course(STEPS)
    report(course, time, "reading", range(1, 11), 10, 2.0)
    assert course.left_s == pytest.approx(50 * 2)
    # classifying takes a fifth of what its cost says
    report(course, time, "classifying", range(1, 11), 20, 0.4)
    # seconds and costs so far, without the very first unit
    learning = 30 * (9 * 2 + 10 * 0.4) / 19
    assert course.left_s == pytest.approx(10 * 0.4 + learning)
    report(course, time, "classifying", range(11, 21), 20, 0.4)
    # of the last step only its own rate counts: 100 steps of 0.1 s
    report(course, time, "learning", range(1, 51), 100, 0.1)
    assert course.left_s == pytest.approx(50 * 0.1)
    assert course.share == pytest.approx(45 / 60)
    report(course, time, "learning", range(51, 101), 100, 0.1)
    assert course.left_s == 0
    assert course.share == 1


def test_videos_that_were_read_before_promise_nothing(time: Clock) -> None:
    course = Course(STEPS)
    # 90 of 100 are in the cache: the first report is of the 91st
    report(course, time, "reading", range(91, 93), 100, 3.0)
    assert course.left_s == pytest.approx(8 * 3 + 50 * 3 * 10, rel=0.01)
    # a bench finds out only on the way: of the later videos each takes 5 s
    bench = Course([Step("measuring", 100)])
    report(bench, time, "measuring", range(1, 61), 100, 0.01)
    report(bench, time, "measuring", range(61, 91), 100, 5.0)
    assert bench.left_s == pytest.approx(10 * 5, rel=0.1)


def test_steps_that_have_nothing_to_do_are_skipped_and_repeated_ones_count_twice(
    time: Clock,
) -> None:
    # two data sets, of which the second has one video; the first one is not timed
    steps = (Step("measuring", 4), Step("timing", 2), Step("measuring", 1), Step("timing", 2))
    course = Course(steps)
    report(course, time, "measuring", range(1, 5), 4, 1.0)
    assert course.position == "step 1 of 4"
    report(course, time, "measuring", range(1, 2), 1, 1.0)
    assert course.position == "step 3 of 4"
    assert course.left_s == pytest.approx(2)
    report(course, time, "timing", range(1, 3), 2, 1.0)
    assert course.share == 1

    # both with a single video
    twice = Course([Step("measuring", 1), Step("measuring", 1)])
    assert twice.follow("measuring", 1, 1)
    assert twice.follow("measuring", 1, 1)
    assert twice.position == "step 2 of 2"


def test_a_step_that_was_not_declared_is_shown_and_costs_nothing(time: Clock) -> None:
    course = Course(STEPS)
    report(course, time, "downloading", range(1, 3), 4, 1.0)
    assert course.stage == "downloading"
    # how long the others take is not known yet
    assert course.left_s is None
    assert course.position == "step 1 of 4"
    assert course.share == 0


def drawn(screen: RunBars, width: int) -> list[str]:
    """Its lines at so many columns without colour."""
    terminal = Console(
        file=io.StringIO(), width=width, height=24, force_terminal=True, no_color=True
    )
    screen._console = terminal
    terminal.print(screen._draw())
    text = re.sub(r"\x1b\[[0-9;]*m", "", terminal.file.getvalue())  # type: ignore[attr-defined]
    return [line.rstrip() for line in text.splitlines()]


@pytest.mark.parametrize(
    ("width", "end"), [(80, "step 1 of 3, 0:01:50 left"), (50, "0:01:50 left"), (24, "")]
)
def test_a_line_has_the_step_and_the_time_left_and_fits(time: Clock, width: int, end: str) -> None:
    screen = RunBars(True, STEPS)
    assert drawn(screen, width)[0].startswith("starting")
    report(screen._course, time, "reading", range(1, 6), 10, 2.0)
    screen.watch(Path("a.mp4"), "index", 60, total=60)
    screen.watch(Path("b.mp4"), "score", 3, total=9)
    head, *files = drawn(screen, width)
    assert head.startswith("reading videos 5")
    assert head.endswith(end)
    assert max(map(len, [head, *files])) <= width
    # the length of a video is no progress
    assert len(files) == 1
    if width == 80:
        assert re.fullmatch(r"  b\.mp4 +scoring +3/9", files[0])
    screen.finished(Path("b.mp4"))
    assert len(drawn(screen, width)) == 1


def test_the_log_says_which_steps_began_and_ended(
    time: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(run_progress, "console", SimpleNamespace(detail=said.append))
    with RunBars(True, STEPS) as screen:
        for done in range(1, 4):
            time.now += 1
            screen("reading", done, 3)
        for done in range(1, 101):
            time.now += 0.1
            screen("learning", done, 100, detail="loss 0.2")
        assert drawn(screen, 80)[0].startswith("training 100/100 loss 0.2 ")
    assert said == [
        "step 1 of 3: reading videos, 3 in all",
        "reading videos: 3 done in 3.0 s",
        "step 3 of 3: training, 100 in all",
        "training: 100 done in 10 s",
    ]
