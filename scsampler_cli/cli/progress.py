"""Live progress on stderr: of one stage, or of a batch and the files that are processed now.

Not handled here: a run with steps, see `run_progress`.

Only on a terminal; nothing is printed into a pipe. It fits into 80 columns, and is the same without
colour: words and numbers have all that the bars show.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from scsampler_cli.cli import console
from scsampler_cli.cli.stage_words import INDEX, OPENING, UNITS, stage_words
from scsampler_cli.text import printable

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.live import Live

_SCORED_SHARE = 0.9
"""Share of a video's processing time that scoring takes, for the time left of a batch."""
_REFRESHES_PER_S = 4
_SPARE_LINES = 6
"""Lines of the terminal that the list of files leaves free."""
_MIN_BAR = 4
"""Columns."""
_STAGE_COLUMNS = 13
"""Columns of the longest words for a stage of one video."""


def clock(seconds: float | None) -> str:
    """Seconds as hours, minutes and seconds.

    Example: 75.2 -> 0:01:15, None -> -:--:--.
    """
    if seconds is None:
        return "-:--:--"
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def shortened(name: str, width: int) -> str:
    """A name in at most `width` columns. Its end stays, where the number and the suffix are.

    Example: "a_very_long_name_017.mp4", 16 -> "a_ver...017.mp4".
    """
    if len(name) <= width:
        return name
    tail = width * 3 // 5
    return f"{name[: width - tail - 3]}...{name[-tail:]}"


@dataclass
class Stage:
    """Progress of one stage of a file."""

    name: str = OPENING
    done: int = 0
    total: int | None = None
    began: float = field(default_factory=time.monotonic)

    def follow(self, name: str, done: int, total: int) -> bool:
        """Take in a report.

        Returns:
            True for a new stage, or one that has started again: its time starts now.
        """
        # fewer units than before: the stage has started again
        new = name != self.name or done < self.done
        if new:
            self.name, self.began = name, time.monotonic()
        self.done, self.total = done, total
        return new

    @property
    def rate(self) -> float | None:
        """Units per second; None as long as it is unknown."""
        # one unit alone gives no rate: the time is measured from its own report
        spent = time.monotonic() - self.began
        return self.done / spent if self.done > 1 and spent > 0 else None

    @property
    def left_s(self) -> float | None:
        """Seconds until the stage is done, at the rate so far."""
        return None if not self.rate or self.total is None else (self.total - self.done) / self.rate

    @property
    def share(self) -> float:
        """Estimated share of the work on the file that is done, 0 to 1."""
        # these stages come after scoring, and their units differ in length
        if self.name in ("classify", "extras"):
            return _SCORED_SHARE
        return _SCORED_SHARE * self.done / self.total if self.total else 0.0

    def words(self) -> tuple[str, str, str]:
        """(done of total, rate, time left) as text; empty if unknown."""
        if self.total is None:
            return "", "", ""
        unit = UNITS.get(self.name, "")
        rate = "" if self.rate is None else f"{self.rate:.3g} {unit}/s".replace(" /", "/")
        return f"{self.done}/{self.total}", rate, clock(self.left_s)


class Screen:
    """A part of the terminal that is drawn several times per second. A context manager.

    Subclasses set what they draw before `super().__init__`, which draws once.
    """

    def __init__(self, quiet: bool) -> None:
        self._live: Live | None = None if quiet or not sys.stderr.isatty() else self._make()

    def _make(self) -> Live:
        from rich.console import Console
        from rich.live import Live

        # redirect_stdout would send results to stderr
        self._console = Console(stderr=True, highlight=False)
        return Live(
            console=self._console,
            get_renderable=self._draw,
            # nothing of it stays on the screen at the end
            transient=True,
            refresh_per_second=_REFRESHES_PER_S,
            redirect_stdout=False,
            redirect_stderr=False,
            # a drawing that is higher than the screen could not be erased
            vertical_overflow="crop",
        )

    def _draw(self) -> RenderableType:
        raise NotImplementedError

    def _refresh(self) -> None:
        """Draw now: a new stage is shown even if it is short."""
        if self._live is not None and self._live.is_started:
            self._live.refresh()

    def __enter__(self) -> Screen:
        if self._live is not None:
            self._live.start(refresh=True)
            # every message of this process is then printed above the drawing
            console.make_room(self.hidden)
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            console.make_room(None)
            self._live.stop()

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """A context in which nothing is drawn, so that results and messages can be printed.

        Contexts may be nested, since each message opens one.
        """
        if self._live is None or not self._live.is_started:
            yield
            return
        # erases the drawing, since it is transient
        self._live.stop()
        yield
        # a new one: the old one would erase as many printed lines as it had drawn itself
        self._live = self._make()
        self._live.start(refresh=True)


class Bars(Screen):
    """Progress of one stage after another. An instance is a progress callback of the library.

    Args:
        quiet: True to draw nothing.
    """

    def __init__(self, quiet: bool) -> None:
        self._stage, self._detail = Stage(), ""
        super().__init__(quiet)

    def __enter__(self) -> Bars:
        super().__enter__()
        return self

    def __call__(self, stage: str, done: int, total: int, *, detail: str = "") -> None:
        """Show the progress of a stage; `detail` is an intermediate result, such as the loss."""
        self._detail = detail
        if self._stage.follow(stage, done, total):
            console.detail(f"{stage_words(stage)}, {total} in all")
            self._refresh()

    def _draw(self) -> RenderableType:
        return _line(self._stage, self._detail, self._console)


class BatchBars(Screen):
    """Progress of a batch: numbers of files, and the stage of each file that is processed now.

    Args:
        quiet: True to draw nothing.
        inputs: number of files.
    """

    def __init__(self, quiet: bool, inputs: int) -> None:
        self._inputs = inputs
        self._done = self._failed = self._done_before = 0
        self._current: dict[Path, Stage] = {}
        self._began = time.monotonic()
        super().__init__(quiet)

    def __enter__(self) -> BatchBars:
        super().__enter__()
        return self

    def done_before(self, done: int, failed: int) -> None:
        """Count the records of an earlier run: all of them, and those of failed files."""
        self._done, self._failed, self._done_before = done, failed, done
        self._began = time.monotonic()

    def watch(self, path: Path, stage: str, done: int, *, total: int) -> None:
        """The progress callback of a batch."""
        found = self._current.setdefault(path, Stage())
        if stage != INDEX and found.follow(stage, done, total):
            self._refresh()

    def finished(self, path: Path, ok: bool) -> None:
        """Count a file whose record is written."""
        # a file that failed at once was never reported
        self._current.pop(path, None)
        self._done += 1
        self._failed += not ok

    @property
    def left_s(self) -> float | None:
        """Seconds until all files are done, at the rate so far; None as long as it is unknown."""
        # a copy: the thread that draws runs while files come and go
        current = list(self._current.values())
        # in files; a file that is not done counts by its share
        worked = self._done - self._done_before + sum(stage.share for stage in current)
        if worked <= 0:
            return None
        left = self._inputs - self._done_before - worked
        return (time.monotonic() - self._began) / worked * left

    def summary(self) -> str:
        """Numbers of files that are done, failed and left, as text."""
        failed = f", {self._failed} failed" if self._failed else ""
        return f"{self._done - self._failed} done{failed}, {self._inputs - self._done} left"

    def _draw(self) -> RenderableType:
        current = list(self._current.items())
        # a single file has no line for the batch
        if self._inputs == 1:
            stage = current[0][1] if current else Stage()
            return _line(stage, "", self._console)
        from rich.console import Group

        head = bar_line(
            f"files: {self.summary()}",
            self._done,
            self._inputs,
            after=[f"{clock(self.left_s)} left"],
            console=self._console,
        )
        return Group(head, *file_lines(current, self._console))


def file_lines(files: Sequence[tuple[Path, Stage]], console: Console) -> list[RenderableType]:
    """A line for each file that is processed now, as many as the terminal has room for."""
    # the size may change while the program runs
    screen = console.size
    room = max(1, screen.height - _SPARE_LINES)
    lines: list[RenderableType] = [
        _named(path, stage, screen.width) for path, stage in files[:room]
    ]
    if len(files) > room:
        lines.append(f"  and {len(files) - room} more")
    return lines


def _line(stage: Stage, detail: str, console: Console) -> RenderableType:
    """One stage over the whole width of the terminal."""
    count, rate, left = stage.words()
    name = f"{stage_words(stage.name)} {detail}".rstrip()
    left = left and f"{left} left"
    # on a narrow terminal the rate goes first, then the count
    texts = ((count, rate, left), (count, left), (left,))
    after = [" ".join(filter(None, parts)) for parts in texts]
    return bar_line(name, stage.done, stage.total, after=after, console=console)


def bar_line(
    before: str, done: float, total: float | None, *, after: Sequence[str], console: Console
) -> RenderableType:
    """A bar between two texts, over the whole width of the terminal.

    Args:
        before: text on the left.
        done: units done.
        total: units in all; None if unknown.
        after: versions of the text on the right, from long to short; the first one that fits is
            shown.
        console: the terminal.
    """
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    # a column between each two parts, and the last one of the screen, stay empty
    room = console.width - len(before) - 3
    text_after = next((text for text in after if len(text) + _MIN_BAR <= room), "")
    width = max(_MIN_BAR, room - len(text_after))
    line = Table.grid(padding=(0, 1))
    line.add_row(
        Text(before, no_wrap=True),
        ProgressBar(total, done, width, pulse=total is None),
        Text(text_after, no_wrap=True),
    )
    return line


def _named(path: Path, stage: Stage, width: int) -> RenderableType:
    """One line for a file: its name, the stage, the count and the rate."""
    from rich.text import Text

    count, rate, _ = stage.words()
    what = f"{stage_words(stage.name):<{_STAGE_COLUMNS}} {count:>11} {rate:>14}"
    name_columns = max(8, width - len(what) - 4)
    # a name may hold escape sequences
    name = shortened(printable(path.name), name_columns)
    return Text(f"  {name:<{name_columns}} {what}".rstrip(), no_wrap=True, overflow="crop")
