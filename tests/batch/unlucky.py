"""As `driver`, with threads in an unlucky order: rows come late, the process ends still later.

A thread that finds that its rows are not taken calls Ray's native code, past all checks in Python.
"""

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

from scsampler_cli.batch.ray.ray_pool import RayPool
from scsampler_cli.batch.ray.stream import Row, Stream
from tests.batch import driver

LATE_S, LATER_S = 0.5, 3.0


class _Late(Stream):
    def __init__(self, rows: Callable[[], Any]) -> None:
        import ray

        self._native = ray._private.worker.global_worker.core_worker
        super().__init__(rows)

    def _put(self, item: Row | BaseException | None) -> bool:
        time.sleep(LATE_S)
        taken = super()._put(item)
        if not taken:
            time.sleep(LATE_S)
            # Ray ends the process with exit code 1 here if it is shut down
            self._native.get_worker_id()
        return taken


class _Lingering(RayPool):
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        super().__exit__(kind, error, trace)
        time.sleep(LATER_S)


if __name__ == "__main__":
    sys.modules["scsampler_cli.batch.ray.ray_pool"].Stream = _Late  # type: ignore[attr-defined]
    sys.modules["scsampler_cli.batch.ray.ray_pool"].RayPool = _Lingering  # type: ignore[misc]
    driver.main()
