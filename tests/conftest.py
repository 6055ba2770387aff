"""Settings made before any test: test processes share the cores; idle OpenMP threads sleep.

Without them each process starts a thread for every core, and the tests wait for each other.
"""

import fcntl
import os
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from scsampler_cli.cli.environment import let_idle_threads_sleep
from tests.program import put_first
from tests.synthetic import static, tone, write_video

if TYPE_CHECKING:
    from playwright.sync_api import Browser

let_idle_threads_sleep()
SIDE_BY_SIDE = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
settings.register_profile("scsampler", deadline=None)  # a busy machine is no failure
settings.load_profile("scsampler")
os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // SIDE_BY_SIDE)))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first: one that is left for the end keeps a single process busy."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


BROWSER_OPTIONS = [
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """One browser for all tests of pages."""
    found = next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    if found is None:
        pytest.skip("no Chromium or Chrome on this machine")
    # imported late: few tests need it
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=BROWSER_OPTIONS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def colour_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CLIP that knows six coloured shapes, trained once for all processes of a test run."""
    # imported late: transformers takes seconds, and few tests need it
    from tests.colour_clip import make_colour_clip

    place = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        place = place.parent
    folder = place / "colour_clip"
    with (place / "colour_clip.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "model.safetensors").exists():
            make_colour_clip(folder)
    return folder


@pytest.fixture(scope="session", autouse=True)
def _named_program(tmp_path_factory: pytest.TempPathFactory) -> None:
    put_first(tmp_path_factory.mktemp("program"))


@pytest.fixture(scope="module")
def secret(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video that nothing but its own name may reach."""
    return write_video(
        tmp_path_factory.mktemp("other") / "secret.mp4", static(10, 64, 64), audio=tone(0.4, 300)
    )


@pytest.fixture
def door() -> Iterator[tuple[int, list[object]]]:
    """A port that listens on this machine, and who knocked."""
    knocks: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def wait() -> None:
            while True:
                try:
                    connection, who = server.accept()
                except OSError:
                    return
                knocks.append(who)
                connection.close()

        threading.Thread(target=wait, daemon=True).start()
        yield server.getsockname()[1], knocks
        server.shutdown(socket.SHUT_RDWR)
