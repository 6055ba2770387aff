"""Live progress on stderr: how far one stage is, or a batch and the files under way.

On a terminal only; in a pipe there is silence. Drawn within 80 columns, told in words and numbers: colour adds nothing that is
not said without it.
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
from scsampler_cli.text import printable

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.live import Live

STAGES = {
    "score": "looking",
    "listen": "listening",
    "classify": "classifying",
    "extract": "extracting",
}
UNITS = {**dict.fromkeys(STAGES, "clips"), "rendering": "frames"}
STAGES |= {"extras": "drawing"}
BEGUN = "opening"
_LOOKED = 0.9
"""Share of a video's time that has passed when it has been looked at, for the time left of a batch (our choice)."""
_REFRESHES = 4
"""Of the screen in a second."""
_SPARE_LINES = 6
"""Of the screen, that files under way leave to the rest."""

_SHORTEST_BAR = 4
"""Columns."""


def clock(seconds: float | None) -> str:
    """Time left.

    Example: 75.2 -> 0:01:15, None -> -:--:--.
    """
    if seconds is None:
        return "-:--:--"
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def shortened(name: str, width: int) -> str:
    """A name within so many columns, its end kept: there the numbers and the suffix are.

    Example: "a_very_long_name_017.mp4", 16 -> "a_ver...017.mp4".
    """
    if len(name) <= width:
        return name
    tail = width * 3 // 5
    return f"{name[: width - tail - 3]}...{name[-tail:]}"


@dataclass
class Stage:
    """How far one stage of a file is."""

    name: str = BEGUN
    done: int = 0
    total: int | None = None
    began: float = field(default_factory=time.monotonic)

    def follow(self, name: str, done: int, total: int) -> bool:
        """Take in a report; a new stage, and one that begins anew, is timed from here. Returns whether it is one."""
        new = name != self.name or done < self.done
        if new:
            self.name, self.began = name, time.monotonic()
        self.done, self.total = done, total
        return new

    @property
    def rate(self) -> float | None:
        """Of its units in a second."""
        spent = time.monotonic() - self.began
        return self.done / spent if self.done > 1 and spent > 0 else None

    @property
    def left_s(self) -> float | None:
        """Seconds until it is done, at the rate so far."""
        return None if not self.rate or self.total is None else (self.total - self.done) / self.rate

    @property
    def share(self) -> float:
        """Of the work on its file that is done."""
        if self.name in ("classify", "extras"):
            return _LOOKED
        return _LOOKED * self.done / self.total if self.total else 0.0

    def words(self) -> tuple[str, str, str]:
        """(how many of how many, how many a second, time left)."""
        if self.total is None:
            return "", "", ""
        unit = UNITS.get(self.name, "")
        rate = "" if self.rate is None else f"{self.rate:.3g} {unit}/s".replace(" /", "/")
        return f"{self.done}/{self.total}", rate, clock(self.left_s)


class _Screen:
    """A part of the terminal that is drawn again and again, until it is closed. A context manager.

    What is to be drawn must be there before this is made: it is drawn once at once.
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
            transient=True,
            refresh_per_second=_REFRESHES,
            redirect_stdout=False,
            redirect_stderr=False,
            vertical_overflow="crop",
        )

    def _draw(self) -> RenderableType:
        raise NotImplementedError

    def _refresh(self) -> None:
        """A new stage is shown at once, however short it is."""
        if self._live is not None and self._live.is_started:
            self._live.refresh()

    def __enter__(self) -> _Screen:
        if self._live is not None:
            self._live.start(refresh=True)
            console.make_room(self.hidden)
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            console.make_room(None)
            self._live.stop()

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Clear the screen's part while something is written: a result on the same terminal must not run into it.

        It may be entered while it is entered: a message makes room for itself, wherever it comes from.
        """
        if self._live is None or not self._live.is_started:
            yield
            return
        self._live.stop()
        yield
        # a new one: the old one remembers how many lines it had drawn, and would take that many of what was written
        self._live = self._make()
        self._live.start(refresh=True)


class Bars(_Screen):
    """One stage after another. Itself the progress callback of the library.

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
        """Show how far a stage is, and in words what comes out of it."""
        self._detail = detail
        if self._stage.follow(stage, done, total):
            self._refresh()

    def _draw(self) -> RenderableType:
        return _line(self._stage, self._detail, self._console)


class BatchBars(_Screen):
    """A batch: how many files are done, have failed and are left, and what is done with those under way.

    Args:
        quiet: True to draw nothing.
        inputs: files in all.
    """

    def __init__(self, quiet: bool, inputs: int) -> None:
        self._inputs, self._done, self._failed, self._before = inputs, 0, 0, 0
        self._under_way: dict[Path, Stage] = {}
        self._began = time.monotonic()
        super().__init__(quiet)

    def __enter__(self) -> BatchBars:
        super().__enter__()
        return self

    def done_before(self, done: int, failed: int) -> None:
        """An earlier run has left records: how many, and how many of them of failures."""
        self._done, self._failed, self._before = done, failed, done
        self._began = time.monotonic()

    def watch(self, path: Path, stage: str, done: int, *, total: int) -> None:
        """The progress callback of a batch."""
        if self._under_way.setdefault(path, Stage()).follow(stage, done, total):
            self._refresh()

    def finished(self, path: Path, ok: bool) -> None:
        """A file has its record."""
        self._under_way.pop(path, None)
        self._done += 1
        self._failed += not ok

    @property
    def left_s(self) -> float | None:
        """Seconds until all is done, as files went so far; asked by the thread that draws, while files come and go."""
        worked = (
            self._done - self._before + sum(stage.share for stage in list(self._under_way.values()))
        )
        return (
            (time.monotonic() - self._began) / worked * (self._inputs - self._before - worked)
            if worked > 0
            else None
        )

    def told(self) -> str:
        """How many files are done, have failed and are left, in words."""
        failed = f", {self._failed} failed" if self._failed else ""
        return f"{self._done - self._failed} done{failed}, {self._inputs - self._done} left"

    def _draw(self) -> RenderableType:
        under_way = list(self._under_way.items())
        if self._inputs == 1:
            return _line(under_way[0][1] if under_way else Stage(), "", self._console)
        from rich.console import Group

        head = _beside(
            f"files: {self.told()}",
            self._done,
            self._inputs,
            after=[f"{clock(self.left_s)} left"],
            console=self._console,
        )
        screen = self._console.size
        room = max(1, screen.height - _SPARE_LINES)
        lines = [_named(path, stage, screen.width) for path, stage in under_way[:room]]
        more = [f"  and {len(under_way) - room} more under way"] if len(under_way) > room else []
        return Group(head, *lines, *more)


def _line(stage: Stage, detail: str, console: Console) -> RenderableType:
    """One stage over the whole width."""
    count, rate, left = stage.words()
    name = f"{STAGES.get(stage.name, stage.name)} {detail}".rstrip()
    left = left and f"{left} left"
    after = [
        " ".join(filter(None, parts)) for parts in ((count, rate, left), (count, left), (left,))
    ]
    return _beside(name, stage.done, stage.total, after=after, console=console)


def _beside(
    before: str, done: int, total: int | None, *, after: Sequence[str], console: Console
) -> RenderableType:
    """A bar between two texts, as wide as there is room.

    Args:
        before: first text.
        done: of the total.
        total: None where it is not known.
        after: wordings of the second text, from long to short: the first one that fits is taken, or none.
        console: what it is drawn on.
    """
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    # a column between each two parts, and the last one of the screen, stay empty
    room = console.width - len(before) - 3
    told = next((text for text in after if len(text) + _SHORTEST_BAR <= room), "")
    width = max(_SHORTEST_BAR, room - len(told))
    line = Table.grid(padding=(0, 1))
    line.add_row(
        Text(before, no_wrap=True),
        ProgressBar(total, done, width, pulse=total is None),
        Text(told, no_wrap=True),
    )
    return line


def _named(path: Path, stage: Stage, width: int) -> RenderableType:
    """A file under way, in one line."""
    from rich.text import Text

    count, rate, _ = stage.words()
    what = f"{STAGES.get(stage.name, stage.name):<11} {count:>11} {rate:>14}"
    name = shortened(printable(path.name), max(8, width - len(what) - 4))
    return Text(
        f"  {name:<{max(8, width - len(what) - 4)}} {what}".rstrip(), no_wrap=True, overflow="crop"
    )
