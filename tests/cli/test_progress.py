"""Progress on a terminal: what is told, within 80 columns."""

import io
import re
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from scsampler_cli.cli import console, progress
from scsampler_cli.cli.progress import Bars, BatchBars, Stage, clock, shortened


class Clock:
    """A monotonic clock that the test sets."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(progress, "time", found)
    return found


class Terminal(io.StringIO):
    """Standard error that says it is one."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    found = Terminal()
    monkeypatch.setattr(
        progress, "sys", SimpleNamespace(stderr=found)
    )  # pytest has its own sys.stderr
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")
    return found


def drawn(screen: Bars | BatchBars, width: int = 80) -> list[str]:
    """Its lines at so many columns without colour."""
    console = Console(
        file=io.StringIO(), width=width, height=24, force_terminal=True, no_color=True
    )
    screen._console = console
    console.print(screen._draw())
    text = re.sub(r"\x1b\[[0-9;]*m", "", console.file.getvalue())  # type: ignore[attr-defined]
    return [line.rstrip() for line in text.splitlines()]


def test_a_stage_tells_clips_a_second_and_the_time_left(time: Clock, terminal: Terminal) -> None:
    screen = Bars(quiet=False)
    screen("score", 1, 6930)
    time.now += 10
    screen("score", 930, 6930)
    [line] = drawn(screen)
    assert line.startswith("scoring ")
    assert line.endswith("930/6930 93 clips/s 0:01:05 left")
    assert len(line) <= 80


def test_a_new_stage_is_timed_from_its_beginning(time: Clock) -> None:
    stage = Stage()
    stage.follow("score", 50, 100)
    time.now += 1000
    stage.follow("classify", 2, 10)
    time.now += 2
    stage.follow("classify", 4, 10)
    assert stage.words() == ("4/10", "2 clips/s", "0:00:03")


def test_a_batch_tells_done_failed_left_and_the_files_under_way(
    time: Clock, terminal: Terminal
) -> None:
    screen = BatchBars(False, 100)
    screen.done_before(10, 1)
    for number in range(12):
        screen.finished(Path(f"{number}.mp4"), ok=number != 3)
    screen.watch(Path("somewhere/a.mp4"), "score", 1, total=400)
    screen.watch(
        Path("a_name_that_is_much_too_long_for_a_line_of_eighty_columns_season_3_episode_17.mp4"),
        "classify",
        1,
        total=10,
    )
    time.now += 60
    screen.watch(Path("somewhere/a.mp4"), "score", 200, total=400)
    lines = drawn(screen)
    assert lines[0].startswith("files: 20 done, 2 failed, 78 left ")
    assert re.search(r"0:0\d:\d\d left$", lines[0])
    assert re.fullmatch(r"  a\.mp4 +scoring +200/400 +3\.33 clips/s", lines[1])
    assert re.fullmatch(r"  a_name.*\.\.\..*episode_17\.mp4 +classifying +1/10", lines[2])
    assert len(lines) == 3
    assert max(map(len, lines)) <= 80


def test_a_file_that_is_done_is_not_under_way(terminal: Terminal) -> None:
    screen = BatchBars(False, 2)
    screen.watch(Path("a.mp4"), "score", 1, total=4)
    screen.finished(Path("a.mp4"), ok=True)
    assert len(drawn(screen)) == 1


def test_more_files_than_lines_are_counted(terminal: Terminal) -> None:
    screen = BatchBars(False, 1000)
    for number in range(64):
        screen.watch(Path(f"{number}.mp4"), "score", 1, total=4)
    lines = drawn(screen)
    assert len(lines) <= 24
    assert lines[-1].split()[:2] == ["and", str(64 - (len(lines) - 2))]


def test_a_name_cannot_draw_on_the_terminal(terminal: Terminal) -> None:
    screen = BatchBars(False, 2)
    screen.watch(Path("[bold]a\x1b[2J\nb.mp4"), "score", 1, total=4)
    text = "\n".join(drawn(screen))
    assert "\x1b" not in text
    assert "[bold]a" in text


def test_in_a_pipe_nothing_is_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    with BatchBars(False, 3) as screen:
        screen.watch(Path("a.mp4"), "score", 1, total=4)
    with Bars(quiet=False) as stage:
        stage("score", 1, 2)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "-:--:--"), (75.2, "0:01:15"), (360000, "100:00:00")]
)
def test_time_left(seconds: float | None, text: str) -> None:
    assert clock(seconds) == text


def test_shortened_names_keep_their_end() -> None:
    assert shortened("short.mp4", 16) == "short.mp4"
    assert len(shortened("x" * 50 + "017.mp4", 16)) == 16
    assert shortened("x" * 50 + "017.mp4", 16).endswith("017.mp4")


def test_what_is_written_meanwhile_stays(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The screen forgets how many lines it had drawn before a message that takes two of them."""
    with BatchBars(False, 9) as screen:
        for name in "abc":
            screen.watch(Path(f"{name}.mp4"), "score", 1, total=4)
        drawn_before = screen._live
        with screen.hidden():
            pass
        assert screen._live is not None
        assert screen._live is not drawn_before
        assert screen._live.is_started


def drawings() -> int:
    """Threads that draw on the screen, those aside that have been told to end."""
    found = [
        thread for thread in threading.enumerate() if type(thread).__name__ == "_RefreshThread"
    ]
    return sum(not thread.done.is_set() for thread in found)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "make", [lambda: Bars(quiet=False), lambda: BatchBars(False, 9)], ids=["stages", "batch"]
)
def test_a_message_that_room_was_made_for_leaves_one_drawing(
    make: Callable[[], Bars | BatchBars], terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    """A message clears the screen within a context that has cleared it: one drawing returns."""
    with make() as screen:
        assert drawings() == 1
        for _ in range(3):
            with screen.hidden():
                console.say("a message")
                assert drawings() == 0
            assert drawings() == 1
    assert drawings() == 0
    assert capsys.readouterr().err == "a message\n" * 3


@pytest.mark.parametrize("width", [80, 60, 40, 20])
def test_what_does_not_fit_is_left_out_whole(width: int, time: Clock, terminal: Terminal) -> None:
    screen = Bars(quiet=False)
    screen("learning", 1, 1000, detail="loss 0.784")
    time.now += 100
    screen("learning", 712, 1000, detail="loss 0.784")
    [line] = drawn(screen, width)
    assert len(line) <= width
    told = {
        80: "712/1000 7.12 steps/s 0:00:40 left",
        60: "712/1000 7.12 steps/s 0:00:40 left",
        40: "0:00:40 left",
        20: "",
    }
    assert line.lstrip("training los0.784…").strip("━╸╺ ") == told[width]  # noqa: B005
    batch = BatchBars(False, 100)
    for number in range(12):
        batch.finished(Path(f"{number}.mp4"), ok=number != 3)
    batch.watch(
        Path("a_name_that_is_much_too_long_season_3_episode_17.mp4"), "score", 200, total=400
    )
    assert max(map(len, drawn(batch, width))) <= width
