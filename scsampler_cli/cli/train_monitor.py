"""Messages and progress of a training run, and what Ctrl-C does during it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from scsampler_cli.cli import console, signals
from scsampler_cli.errors import ScsamplerError
from scsampler_cli.text import duration

if TYPE_CHECKING:
    from scsampler_cli.cli.run_progress import RunBars
    from scsampler_cli.datasets.example import Example


class Monitor:
    """Reports progress on stderr, and turns Ctrl-C during training into a checkpoint.

    Args:
        bars: progress of the whole run, which may train several networks.
        epochs: number of epochs of this network.
        debug: True to print the tracebacks of videos that fail.
    """

    def __init__(self, bars: RunBars, epochs: int, *, debug: bool) -> None:
        self._bars, self._epochs, self._debug = bars, epochs, debug
        self._is_learning = False
        self.stopped_by: int | None = None
        """The signal after which training ends."""
        self.failures: list[Path] = []

    @contextmanager
    def _signals(self) -> Iterator[None]:
        # handlers to restore after training
        before = {
            number: signal.signal(number, self._on_signal)
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        """End training after the current step; at once before the first one, or if repeated."""
        # before the first step there is nothing that a checkpoint could keep
        if self.stopped_by is not None or not self._is_learning:
            if number == signal.SIGTERM:
                raise signals.Terminated(number)
            raise KeyboardInterrupt
        self.stopped_by = number

    def __enter__(self) -> Monitor:
        self._held = self._signals()
        self._held.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._held.__exit__(None, None, None)

    def callbacks(self) -> Any:
        """The functions that the library calls during the run."""
        from scsampler_cli.train.context import Callbacks

        return Callbacks(
            self._bars,
            self._step,
            self._epoch_done,
            on_failure=self._failed,
            on_note=console.on_note,
            should_stop=lambda: self.stopped_by is not None,
        )

    def _step(self, done: int, total: int, loss: float) -> None:
        self._is_learning = True
        self._bars("learning", done, total, detail=f"loss {loss:.3f}")

    def _epoch_done(self, record: dict[str, Any]) -> None:
        # a line that stays above the progress bar
        console.note(epoch_line(record, self._epochs, self._bars.left_s))

    def _failed(self, example: Example, error: ScsamplerError) -> None:
        self.failures.append(example.path)
        with self._bars.hidden():
            where = f"{example.source}:{example.line}: " if example.line else ""
            # many messages already begin with the path
            path = "" if str(example.path) in str(error) else f"{example.path}: "
            console.show_error(error, where + path)
            if self._debug:
                console.show_notes(error)


def epoch_line(record: dict[str, Any], epochs: int, left_s: float | None) -> str:
    """One line about an epoch.

    Args:
        record: the record of the epoch.
        epochs: number of epochs in all.
        left_s: estimated seconds until the whole run is done; None where they are not known.

    Example: epoch 3/8  loss 0.412  video 78.3% (uniform 55.0, dense 50.0)  41 s, 3 min 25 s left
    """
    parts = [f"epoch {record['epoch']}/{epochs}", f"loss {record['loss']:.3f}"]
    if "video_accuracy" in record:
        # accuracy of the baselines with as many clips, such as "uniform 55.0"
        baselines = [f"{name} {100 * value:.1f}" for name, value in record["baselines"].items()]
        compared = f" ({', '.join(baselines)})" if baselines else ""
        parts.append(f"video {record['video_accuracy']:.1%}{compared}")
    if "clip_accuracy" in record:
        parts.append(f"clips {record['clip_accuracy']:.1%}")
    left = "" if left_s is None else f", {duration(left_s)} left"
    return "  ".join([*parts, f"{duration(record['seconds'])}{left}"])
