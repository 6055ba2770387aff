"""Live progress of a run with steps, such as reading, classifying and training.

Its bar and its time left are those of the whole run, not of one step. Steps are declared before the
run, each with a rough cost; what is measured on the way replaces the rough costs.
Not handled here: how a bar is drawn, see `progress`.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scsampler_cli.cli import console
from scsampler_cli.cli.progress import Screen, Stage, bar_line, clock, file_lines
from scsampler_cli.cli.stage_words import INDEX, STARTING, stage_words
from scsampler_cli.text import duration

if TYPE_CHECKING:
    from rich.console import RenderableType

_MEMORY = 0.9
"""What a report leaves of the weight of the reports before it, within a step: a run that finds its
first videos in the cache must not promise that all are."""


@dataclass(frozen=True)
class Step:
    """A step of a run."""

    stage: str
    """Name under which its progress is reported."""
    cost: float
    """Rough cost of the whole step. The unit is that of the other steps of the run."""
    is_even: bool = False
    """True where all units take the same time, as steps of an optimiser do: the rate is the mean
    over the whole step. Else later units count more."""


class Course:
    """How far a run is, and the time that is left.

    Args:
        steps: in their order. One that is never reported, because it has nothing to do, is skipped.
    """

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = list(steps)
        # of the step in progress; -1 before the first report
        self._at = -1
        self.done = self.total = 0
        self._last_report = time.monotonic()
        # of the step in progress: seconds and units, later ones with more weight
        self._step_s = self._step_units = 0.0
        # of the whole run: seconds, and the cost of what was done in them
        self._run_s = self._run_cost = 0.0

    @property
    def stage(self) -> str | None:
        """The step in progress; None before the first report."""
        return self._steps[self._at].stage if self._at >= 0 else None

    @property
    def position(self) -> str:
        """The step among all steps.

        Example: step 2 of 3.
        """
        return f"step {self._at + 1} of {len(self._steps)}"

    def follow(self, stage: str, done: int, total: int) -> bool:
        """Take in a report: `done` of `total` units of a step.

        Returns:
            True where a new step has started.
        """
        # the second data set has the same steps as the first one
        is_again = done < self.done or done == self.done == self.total
        is_new, is_first = stage != self.stage or is_again, self.stage is None
        if is_new:
            self._begin(stage)
        now = time.monotonic()
        if is_first:
            # the time before it is that in which processes start and load their models
            self.done, self.total, self._last_report = done, total, now
            return True
        # the first report of a step may count units that were done before the run
        units = min(done, 1) if is_new else done - self.done
        spent, self._last_report = now - self._last_report, now
        memory = 1.0 if self._steps[self._at].is_even else _MEMORY
        self._step_s = self._step_s * memory + spent
        self._step_units = self._step_units * memory + units
        self.done, self.total = done, total
        self._run_s += spent
        self._run_cost += units * self._unit_cost
        return is_new

    def _begin(self, stage: str) -> None:
        # the next step of this name; those between have nothing to do
        later = range(self._at + 1, len(self._steps))
        found = next((at for at in later if self._steps[at].stage == stage), None)
        if found is None:
            # a step that was not declared
            found = self._at + 1
            self._steps.insert(found, Step(stage, 0.0))
        self._at = found
        self._step_s = self._step_units = 0.0

    @property
    def _unit_cost(self) -> float:
        return self._steps[self._at].cost / self.total if self.total else 0.0

    @property
    def left_s(self) -> float | None:
        """Seconds until the whole run is done; None as long as nothing is known."""
        later = sum(step.cost for step in self._steps[self._at + 1 :])
        if self._at >= 0 and self.done == self.total and not later:
            return 0.0
        if self._at < 0 or not self._step_units:
            return None
        unit_s = self._step_s / self._step_units
        # seconds for a cost of 1; without it, the later steps cannot be estimated
        if later and not self._run_cost:
            return None
        later_s = later * self._run_s / self._run_cost if later else 0.0
        # the unit in progress has been worked on since the last report
        waited = min(unit_s, time.monotonic() - self._last_report)
        return max(0.0, (self.total - self.done) * unit_s - waited) + later_s

    @property
    def share(self) -> float:
        """Estimated share of the run that is done, 0 to 1."""
        whole = sum(step.cost for step in self._steps)
        if self._at < 0 or not whole:
            return 0.0
        before = sum(step.cost for step in self._steps[: self._at])
        return min(1.0, (before + self.done * self._unit_cost) / whole)


class RunBars(Screen):
    """Progress of a whole run. An instance is a progress callback of the library.

    Args:
        quiet: True to draw nothing. The time left is known all the same.
        steps: of the run, in their order.
    """

    def __init__(self, quiet: bool, steps: Sequence[Step]) -> None:
        self._course, self._detail = Course(steps), ""
        self._current: dict[Path, Stage] = {}
        # times of the begin of the step in progress, and of the last report
        self._step_began = self._last_report = time.monotonic()
        super().__init__(quiet)

    def __enter__(self) -> RunBars:
        super().__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._log_end(self._course.stage, self._course.done)
        super().__exit__(*error)

    @property
    def left_s(self) -> float | None:
        """Seconds until the whole run is done; None as long as nothing is known."""
        return self._course.left_s

    def __call__(self, stage: str, done: int, total: int, *, detail: str = "") -> None:
        """Show the progress of a step; `detail` is an intermediate result, such as the loss."""
        self._detail = detail
        before = self._course.stage, self._course.done
        is_new = self._course.follow(stage, done, total)
        if is_new:
            self._log_end(*before)
            console.detail(f"{self._course.position}: {stage_words(stage)}, {total} in all")
        self._last_report = time.monotonic()
        if is_new:
            self._refresh()

    def _log_end(self, stage: str | None, done: int) -> None:
        """Log what a step has done until the last report; the next one begins then."""
        spent, self._step_began = self._last_report - self._step_began, self._last_report
        if stage is not None:
            console.detail(f"{stage_words(stage)}: {done} done in {duration(spent)}")

    def watch(self, path: Path, stage: str, done: int, *, total: int) -> None:
        """The progress callback of the files that are processed now."""
        # a stage whose progress is unknown is of no use here
        if stage != INDEX and self._current.setdefault(path, Stage()).follow(stage, done, total):
            self._refresh()

    def finished(self, path: Path) -> None:
        """Leave out a file that is done."""
        self._current.pop(path, None)

    def _draw(self) -> RenderableType:
        from rich.console import Group

        course = self._course
        if course.stage is None:
            head = bar_line(STARTING, 0, None, after=[""], console=self._console)
        else:
            name = f"{stage_words(course.stage)} {course.done}/{course.total} {self._detail}"
            left = f"{clock(course.left_s)} left"
            head = bar_line(
                name.rstrip(),
                course.share,
                1.0,
                # on a narrow terminal the step goes first
                after=[f"{course.position}, {left}", left],
                console=self._console,
            )
        # a copy: the thread that draws runs while files come and go
        return Group(head, *file_lines(list(self._current.items()), self._console))
