"""`Rates`: measured seconds and units of work of each stage, video by video."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

Item = TypeVar("Item")


class Rates:
    """Seconds and units of work of each stage, video by video."""

    def __init__(self) -> None:
        self._seconds: dict[str, list[float]] = defaultdict(list)
        self._units: dict[str, list[int]] = defaultdict(list)
        # stage -> seconds in the current video
        self._current: dict[str, float] = {}

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the time of the block to a stage of the current video."""
        start = time.perf_counter()
        yield
        spent = time.perf_counter() - start
        self._current[stage] = self._current.get(stage, 0.0) + spent

    def timed_items(self, stage: str, items: Iterable[Item]) -> Iterator[Item]:
        """Yield the items; the time to produce them is added to a stage of the current video."""
        stream = iter(items)
        while True:
            # only `next` is timed, not what the caller does with the item
            with self.timed(stage):
                # None ends the stream: no item is None
                item = next(stream, None)
            if item is None:
                return
            yield item

    def close(self, units: Mapping[str, int]) -> None:
        """End the current video.

        Args:
            units: units of work of each stage in it.
        """
        for stage, count in units.items():
            self._seconds[stage].append(self._current.get(stage, 0.0))
            self._units[stage].append(count)
        self._current = {}

    def record(self) -> dict[str, Any]:
        """The fields as a JSON object."""
        return {"seconds": dict(self._seconds), "units": dict(self._units)}

    def add(self, record: Mapping[str, Any]) -> None:
        """Add the record of other videos, which another process measured."""
        for stage, seconds in record["seconds"].items():
            self._seconds[stage] += seconds
            # the order of videos is the same in both lists
            self._units[stage] += record["units"][stage]

    def total(self, stage: str) -> float:
        """Seconds over all videos."""
        return sum(self._seconds[stage])

    def units(self, stage: str) -> int:
        """Units of work over all videos."""
        return sum(self._units[stage])

    def rate(self, stage: str) -> float:
        """Seconds per unit, over all videos; 0 where there was no work."""
        return self.total(stage) / max(1, self.units(stage))

    def spread(self, stage: str) -> tuple[float, float]:
        """Smallest and largest rate of a video, in seconds per unit."""
        videos = zip(self._seconds[stage], self._units[stage], strict=True)
        rates = [seconds / max(1, units) for seconds, units in videos]
        return min(rates), max(rates)
