"""Before any test: processes that run tests side by side share out the cores, and their idle OpenMP threads sleep.

Each would otherwise start a thread for every core, and the tests then take turns instead of running side by side.
"""

import os

import pytest

from scsampler_cli.cli.environment import let_idle_threads_sleep

let_idle_threads_sleep()
SIDE_BY_SIDE = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // SIDE_BY_SIDE)))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first: one that is left for the end keeps a single process busy."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
