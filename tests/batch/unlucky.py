"""As `driver`, with threads in an unlucky order: rows come late, the process ends still later."""

import sys
import time
from types import TracebackType
from typing import Any

from scsampler_cli.batch.ray.ray_pool import RayPool
from scsampler_cli.batch.ray.stream import Stream
from tests.batch import driver

LATE_S, LATER_S = 0.5, 3.0


class _Late(Stream):
    def _put(self, item: Any) -> bool:
        time.sleep(LATE_S)
        taken = super()._put(item)
        time.sleep(0 if taken else LATE_S)
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
